//! `filter`: the elements of an array that fit.

use std::cmp::Ordering;

use serde::Deserialize;
use serde_json::Value;

use super::elements;
use crate::fault::Fault;
use crate::given::given;
use crate::order::{compare, same_type};
use crate::path::Path;

/// The arguments.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    #[serde(default)]
    path: Path,
    op: Op,
    #[serde(default, deserialize_with = "given")]
    value: Option<Value>,
}

/// How an element's value is held against `value`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Contains,
    Exists,
    In,
}

impl Filter {
    /// The elements whose value at `path` fits, in their order.
    pub(super) fn run(self, data: Value) -> Result<Value, Fault> {
        let value = self.value()?;
        let mut elements = elements("filter", data)?;
        elements.retain(|element| self.op.fits(self.path.find(element), &value));
        Ok(Value::Array(elements))
    }

    fn value(&self) -> Result<Value, Fault> {
        match (self.op, &self.value) {
            (Op::Exists, None) => Ok(Value::Bool(true)),
            (Op::Exists, Some(value)) if !value.is_boolean() => {
                Err(Fault::FilterValue("a boolean value for exists"))
            }
            (Op::In, value) if !value.as_ref().is_some_and(Value::is_array) => {
                Err(Fault::FilterValue("an array as value for in"))
            }
            (_, Some(value)) => Ok(value.clone()),
            (_, None) => Err(Fault::FilterValue("a value for every op but exists")),
        }
    }
}

impl Op {
    fn fits(self, found: Option<&Value>, value: &Value) -> bool {
        // What is not there is unlike everything, and neither more nor less than anything.
        let Some(found) = found else {
            return matches!(self, Self::Ne)
                || (matches!(self, Self::Exists) && *value == Value::Bool(false));
        };
        let order = compare(found, value);
        match self {
            Self::Eq => order == Ordering::Equal,
            Self::Ne => order != Ordering::Equal,
            Self::Lt => order.is_lt() && same_type(found, value),
            Self::Le => order.is_le() && same_type(found, value),
            Self::Gt => order.is_gt() && same_type(found, value),
            Self::Ge => order.is_ge() && same_type(found, value),
            Self::Contains => contains(found, value),
            Self::Exists => *value == Value::Bool(true),
            Self::In => value.as_array().is_some_and(|values| holds(values, found)),
        }
    }
}

/// A text holds a part, an array an element, an object a key.
fn contains(found: &Value, value: &Value) -> bool {
    match (found, value) {
        (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
        (Value::Array(elements), value) => holds(elements, value),
        (Value::Object(object), Value::String(key)) => object.contains_key(key),
        _ => false,
    }
}

fn holds(values: &[Value], value: &Value) -> bool {
    values.iter().any(|held| compare(held, value) == Ordering::Equal)
}
