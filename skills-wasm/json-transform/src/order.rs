//! The order of JSON values, as jq has it: null, false, true, numbers, strings, arrays, objects.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// Compares two values. Equal means the same value; 1 and 1.0 are.
pub(crate) fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => numbers(left, right),
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Array(left), Value::Array(right)) => lists(left.iter(), right.iter()),
        (Value::Object(left), Value::Object(right)) => {
            left.keys().cmp(right.keys()).then_with(|| lists(left.values(), right.values()))
        }
        _ => rank(left).cmp(&rank(right)),
    }
}

/// Whether two values are of one type, false and true being of one.
pub(crate) fn same_type(left: &Value, right: &Value) -> bool {
    std::mem::discriminant(left) == std::mem::discriminant(right)
}

fn lists<'a>(
    left: impl ExactSizeIterator<Item = &'a Value>,
    right: impl ExactSizeIterator<Item = &'a Value>,
) -> Ordering {
    let lengths = left.len().cmp(&right.len());
    let unequal = left.zip(right).map(|(left, right)| compare(left, right)).find(|order| order.is_ne());
    unequal.unwrap_or(lengths)
}

fn numbers(left: &Number, right: &Number) -> Ordering {
    let (left_float, left_integer) = parts(left);
    let (right_float, right_integer) = parts(right);
    left_float.partial_cmp(&right_float).unwrap_or(Ordering::Equal).then(left_integer.cmp(&right_integer))
}

/// A number as the nearest double, and as an integer. Doubles first, integers second is the exact order of all
/// numbers, and so a total one, which sorting relies on.
fn parts(number: &Number) -> (f64, i128) {
    let float = number.as_f64().unwrap_or_default();
    (float, number.as_i128().unwrap_or(float as i128))
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(false) => 1,
        Value::Bool(true) => 2,
        Value::Number(_) => 3,
        Value::String(_) => 4,
        Value::Array(_) => 5,
        Value::Object(_) => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_is_that_of_jq() {
        let sorted = json!([
            null, false, true, -1.5, -1, 0, 0.5, 9007199254740992_i64, 9007199254740993_i64, 1e300, "", "a", "é",
            [], [0], [0, 0], [1], {}, {"a": 2}, {"a": 3}, {"a": 1, "b": 1}, {"b": 0}
        ]);
        let sorted = sorted.as_array().unwrap();
        for (place, left) in sorted.iter().enumerate() {
            for (other, right) in sorted.iter().enumerate() {
                assert_eq!(compare(left, right), place.cmp(&other), "{left} {right}");
            }
        }
        assert_eq!(compare(&json!([1, {"a": 2.0}]), &json!([1.0, {"a": 2}])), Ordering::Equal);
        assert_eq!(compare(&json!(-0.0), &json!(0)), Ordering::Equal);
    }
}
