//! From a value of a type to JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Number, Value};

use super::{Case, Field, Shape, WitType, WitValue};
use crate::failure::{ErrorCode, Failure};
use crate::units::MAX_EXACT_INTEGER;

/// The JSON of a value, or null for nothing.
pub(super) fn payload(ty: Option<&WitType>, value: Option<&WitValue>) -> Result<Value, Failure> {
    match (ty, value) {
        (None, None) => Ok(Value::Null),
        (Some(ty), Some(value)) => write(ty, value),
        _ => Err(mismatch()),
    }
}

/// The JSON of a value. Where it cannot be written, the failure's pointer says where that is.
fn write(ty: &WitType, value: &WitValue) -> Result<Value, Failure> {
    Ok(match (&ty.shape, value) {
        (Shape::Bool, WitValue::Bool(is_set)) => Value::Bool(*is_set),
        (Shape::Signed(_), WitValue::Signed(integer)) => match integer.unsigned_abs() <= MAX_EXACT_INTEGER {
            true => Value::from(*integer),
            false => Value::String(integer.to_string()),
        },
        (Shape::Unsigned(_), WitValue::Unsigned(integer)) => match *integer <= MAX_EXACT_INTEGER {
            true => Value::from(*integer),
            false => Value::String(integer.to_string()),
        },
        (Shape::Float32, WitValue::Float32(float)) => number(f64::from(*float))?,
        (Shape::Float64, WitValue::Float64(float)) => number(*float)?,
        (Shape::Char, WitValue::Char(character)) => Value::String(character.to_string()),
        (Shape::String, WitValue::String(text)) => Value::String(text.clone()),
        (Shape::Bytes, WitValue::Bytes(bytes)) => Value::String(STANDARD.encode(bytes)),
        (Shape::List(element), WitValue::List(values)) => {
            elements(values.iter().map(|value| (&**element, value)))?
        }
        (Shape::Tuple(types), WitValue::Tuple(values)) if types.len() == values.len() => {
            elements(types.iter().zip(values))?
        }
        (Shape::Record(fields), WitValue::Record(values)) if fields.len() == values.len() => {
            record(fields, values)?
        }
        (Shape::Variant(cases), WitValue::Variant(place, carried)) => {
            variant(cases.get(*place).ok_or_else(mismatch)?, carried.as_deref())?
        }
        (Shape::Enum(cases), WitValue::Enum(place)) => name(cases, *place)?,
        (Shape::Option(_), WitValue::Option(None)) => Value::Null,
        (Shape::Option(inner), WitValue::Option(Some(value))) if inner.takes_null() => {
            tagged("some", write(inner, value))?
        }
        (Shape::Option(inner), WitValue::Option(Some(value))) => write(inner, value)?,
        (Shape::Result { ok, .. }, WitValue::Result(Ok(value))) => {
            tagged("ok", payload(ok.as_deref(), value.as_deref()))?
        }
        (Shape::Result { error, .. }, WitValue::Result(Err(value))) => {
            tagged("error", payload(error.as_deref(), value.as_deref()))?
        }
        (Shape::Flags(flags), WitValue::Flags(set)) => {
            Value::Array(set.iter().map(|place| name(flags, *place)).collect::<Result<_, _>>()?)
        }
        _ => return Err(mismatch()),
    })
}

fn elements<'a>(values: impl Iterator<Item = (&'a WitType, &'a WitValue)>) -> Result<Value, Failure> {
    let written = values
        .enumerate()
        .map(|(place, (ty, value))| write(ty, value).map_err(|failure| within(&place.to_string(), failure)));
    written.collect::<Result<_, _>>().map(Value::Array)
}

fn record(fields: &[Field], values: &[WitValue]) -> Result<Value, Failure> {
    let written = fields.iter().zip(values).map(|(field, value)| {
        let written = write(&field.ty, value).map_err(|failure| within(&field.name, failure))?;
        Ok((field.name.clone(), written))
    });
    written.collect::<Result<_, _>>().map(Value::Object)
}

fn variant(case: &Case, carried: Option<&WitValue>) -> Result<Value, Failure> {
    match (&case.ty, carried) {
        (None, None) => Ok(Value::String(case.name.clone())),
        (Some(ty), Some(value)) => tagged(&case.name, write(ty, value)),
        _ => Err(mismatch()),
    }
}

fn tagged(name: &str, written: Result<Value, Failure>) -> Result<Value, Failure> {
    let written = written.map_err(|failure| within(name, failure))?;
    Ok(Value::Object(Map::from_iter([(name.to_owned(), written)])))
}

fn name(cases: &[Case], place: usize) -> Result<Value, Failure> {
    cases.get(place).map(|case| Value::String(case.name.clone())).ok_or_else(mismatch)
}

fn number(float: f64) -> Result<Value, Failure> {
    Number::from_f64(float).map(Value::Number).ok_or_else(|| {
        let message = format!("the function returned {float}, and JSON has no number for that");
        Failure::new(ErrorCode::OutputSchemaViolation, message).at("")
    })
}

/// The engine checks values by their types before anyone writes them.
fn mismatch() -> Failure {
    Failure::new(ErrorCode::HostBug, "a value is none of the type that the function has")
}

fn within(part: &str, failure: Failure) -> Failure {
    let part = part.replace('~', "~0").replace('/', "~1");
    let inner = failure.pointer.clone().unwrap_or_default();
    failure.at(format!("/{part}{inner}"))
}
