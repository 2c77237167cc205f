//! JSON to jaq's values and back.

use jaq_json::{Num, Val};
use num_traits::ToPrimitive;
use serde_json::{Map, Number, Value};

use crate::fault::Fault;
use crate::result::{MAX_DEPTH, Problem, Unfit};

/// Digits of a number that a message shows.
const SHOWN_DIGITS: usize = 40;

/// The data, as jaq holds it. Objects are read in the order of their keys.
pub(super) fn read(data: Value) -> Result<Val, Fault> {
    serde_json::from_value(data).map_err(Fault::Input)
}

/// A value of the filter, as JSON.
///
/// # Errors
///
/// jaq's values are more than JSON: whatever JSON has no place for is an error, and never changed to fit.
pub(super) fn write(value: &Val) -> Result<Value, Unfit> {
    within(value, MAX_DEPTH)
}

fn within(value: &Val, levels: usize) -> Result<Value, Unfit> {
    match value {
        Val::Null => Ok(Value::Null),
        Val::Bool(value) => Ok(Value::Bool(*value)),
        Val::Num(number) => write_number(number).map(Value::Number),
        Val::TStr(text) => write_text(text).map(Value::String),
        Val::BStr(_) => Err(Problem::NotText.here()),
        // Checked on the way down: the value may be deeper than the stack.
        Val::Arr(_) | Val::Obj(_) if levels == 0 => Err(Problem::TooDeep.here()),
        Val::Arr(items) => {
            let items =
                items.iter().enumerate().map(|(index, item)| inside(item, levels, &index.to_string()));
            items.collect::<Result<_, _>>().map(Value::Array)
        }
        Val::Obj(members) => {
            let members = members.iter().map(|(key, member)| {
                let key = write_key(key)?;
                Ok((key.clone(), inside(member, levels, &key)?))
            });
            members.collect::<Result<Map<_, _>, _>>().map(Value::Object)
        }
    }
}

fn inside(value: &Val, levels: usize, step: &str) -> Result<Value, Unfit> {
    within(value, levels.saturating_sub(1)).map_err(|unfit| unfit.inside(step))
}

fn write_number(number: &Num) -> Result<Number, Unfit> {
    let inexact = || Problem::Inexact(shown(number)).here();
    let float = match number {
        Num::Int(integer) => return integer.to_i64().map(Number::from).ok_or_else(inexact),
        Num::BigInt(integer) => return integer.to_i64().map(Number::from).ok_or_else(inexact),
        Num::Float(float) => *float,
        Num::Dec(digits) => digits.parse().unwrap_or(f64::NAN),
    };
    Number::from_f64(float).ok_or_else(|| Problem::NotFinite(shown(number)).here())
}

fn write_key(key: &Val) -> Result<String, Unfit> {
    match key {
        Val::TStr(text) => write_text(text),
        other => Err(Problem::Key(other.to_string().chars().take(SHOWN_DIGITS).collect()).here()),
    }
}

fn write_text(bytes: &[u8]) -> Result<String, Unfit> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Problem::NotText.here())
}

fn shown(number: &Num) -> String {
    number.to_string().chars().take(SHOWN_DIGITS).collect()
}
