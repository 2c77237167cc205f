//! Arithmetic on two values.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

use super::{
    kind,
    meter::{Site, Stop},
    number, order, text,
    tree::{Arithmetic, Comparison},
};

type Result<T = Value> = std::result::Result<T, Stop>;

/// Computes `left operator right`.
pub(super) fn compute(site: Site<'_>, operator: Arithmetic, left: Cow<'_, Value>, right: &Value) -> Result {
    match (operator, &*left, right) {
        (_, Value::Number(left), Value::Number(right)) => numbers(site, operator, left, right),
        (Arithmetic::Add, _, _) => add(site, left, right),
        (Arithmetic::Subtract, Value::Array(left), Value::Array(right)) => subtract(site, left, right),
        (Arithmetic::Multiply, Value::Object(_), Value::Object(_)) => merge(site, left, right),
        (Arithmetic::Divide, Value::String(left), Value::String(right)) => text::split(site, left, right),
        (Arithmetic::Multiply, Value::String(_), Value::Number(_))
        | (Arithmetic::Multiply, Value::Number(_), Value::String(_)) => {
            Err(site.fail("string repetition is left to a `json_transform` step"))
        }
        _ => Err(mismatch(site, operator, &left, right)),
    }
}

/// Whether `left operator right` holds.
pub(super) fn holds(site: Site<'_>, operator: Comparison, left: &Value, right: &Value) -> Result<bool> {
    let order = order::compare(site, left, right)?;
    Ok(match operator {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
    })
}

/// Computes `-value`.
pub(super) fn negate(site: Site<'_>, value: &Value) -> Result {
    match value {
        Value::Number(number) => made(site, -number::double(number)),
        _ => Err(site.fail(format!("cannot negate {}", kind::describe(value)))),
    }
}

/// The computed number as a value.
pub(super) fn made(site: Site<'_>, number: f64) -> Result {
    site.make(0)?;
    number::made(number).ok_or_else(|| site.fail(format!("result {number} is out of range")))
}

fn numbers(site: Site<'_>, operator: Arithmetic, left: &Number, right: &Number) -> Result {
    let (left, right) = (number::double(left), number::double(right));
    match operator {
        Arithmetic::Add => made(site, left + right),
        Arithmetic::Subtract => made(site, left - right),
        Arithmetic::Multiply => made(site, left * right),
        Arithmetic::Divide if right == 0.0 => Err(site.fail("cannot divide by zero")),
        Arithmetic::Divide => made(site, left / right),
        Arithmetic::Remainder => remainder(site, left, right),
    }
}

/// The remainder of the truncated numbers, with the sign of the left one.
fn remainder(site: Site<'_>, left: f64, right: f64) -> Result {
    let (left, right) = (left as i64, right as i64);
    if right == 0 {
        return Err(site.fail("cannot take the remainder of a division by zero"));
    }
    // The one division that overflows leaves no remainder.
    made(site, left.checked_rem(right).unwrap_or_default() as f64)
}

fn add(site: Site<'_>, left: Cow<'_, Value>, right: &Value) -> Result {
    match (&*left, right) {
        (Value::Null, _) => return site.copy(right),
        (_, Value::Null) => return site.own(left),
        (Value::String(_), Value::String(_))
        | (Value::Array(_), Value::Array(_))
        | (Value::Object(_), Value::Object(_)) => {}
        _ => return Err(mismatch(site, Arithmetic::Add, &left, right)),
    }
    let mut sum = site.own(left)?;
    match (&mut sum, right) {
        (Value::String(sum), Value::String(text)) => {
            site.made(text.len() as u64)?;
            sum.push_str(text);
        }
        (Value::Array(sum), Value::Array(items)) => {
            for item in items {
                sum.push(site.copy(item)?);
            }
        }
        (Value::Object(sum), Value::Object(members)) => {
            for (name, value) in members {
                let value = site.copy(value)?;
                site.insert(sum, name, value)?;
            }
        }
        _ => {}
    }
    Ok(sum)
}

fn subtract(site: Site<'_>, left: &[Value], right: &[Value]) -> Result {
    site.make(0)?;
    let mut kept = Vec::new();
    'items: for item in left {
        for removed in right {
            if order::compare(site, item, removed)?.is_eq() {
                continue 'items;
            }
        }
        site.touch(1)?;
        kept.push(site.copy(item)?);
    }
    Ok(Value::Array(kept))
}

fn merge(site: Site<'_>, left: Cow<'_, Value>, right: &Value) -> Result {
    let mut merged = site.own(left)?;
    if let (Value::Object(merged), Value::Object(right)) = (&mut merged, right) {
        merge_into(site, merged, right)?;
    }
    Ok(merged)
}

/// Objects are merged as deep as both sides have one; anything else on the right replaces.
fn merge_into(site: Site<'_>, merged: &mut Map<String, Value>, right: &Map<String, Value>) -> Result<()> {
    for (name, value) in right {
        match (merged.get_mut(name), value) {
            (Some(Value::Object(inner)), Value::Object(value)) => {
                site.touch(1)?;
                merge_into(site, inner, value)?;
            }
            _ => {
                let value = site.copy(value)?;
                site.insert(merged, name, value)?;
            }
        }
    }
    Ok(())
}

fn mismatch(site: Site<'_>, operator: Arithmetic, left: &Value, right: &Value) -> Stop {
    let (left, right) = (kind::describe(left), kind::describe(right));
    site.fail(match operator {
        Arithmetic::Add => format!("cannot add {left} and {right}"),
        Arithmetic::Subtract => format!("cannot subtract {right} from {left}"),
        Arithmetic::Multiply => format!("cannot multiply {left} by {right}"),
        Arithmetic::Divide => format!("cannot divide {left} by {right}"),
        Arithmetic::Remainder => format!("cannot take the remainder of {left} by {right}"),
    })
}
