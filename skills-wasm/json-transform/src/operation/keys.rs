//! `pick` and `omit`: the members of an object, or of each object of an array, by their keys.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::fault::Fault;

/// The arguments of both.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    keys: Vec<String>,
}

impl Keys {
    /// Keeps the members of these keys. A key that is not there adds nothing.
    pub(super) fn pick(self, data: Value) -> Result<Value, Fault> {
        match data {
            Value::Array(elements) => pick_each("pick", elements, &self.keys),
            data => members("pick", data, "/data").map(|object| picked(object, &self.keys)),
        }
    }

    /// Drops the members of these keys.
    pub(super) fn omit(self, data: Value) -> Result<Value, Fault> {
        let without = |object| omitted(object, &self.keys);
        match data {
            Value::Array(elements) => each("omit", elements, without),
            data => members("omit", data, "/data").map(without),
        }
    }
}

/// Each element, with the members of these keys only.
pub(super) fn pick_each(
    operation: &'static str,
    elements: Vec<Value>,
    keys: &[String],
) -> Result<Value, Fault> {
    each(operation, elements, |object| picked(object, keys))
}

fn each(
    operation: &'static str,
    elements: Vec<Value>,
    f: impl Fn(Map<String, Value>) -> Value,
) -> Result<Value, Fault> {
    let objects = elements.into_iter().enumerate();
    objects.map(|(index, value)| members(operation, value, &format!("/data/{index}")).map(&f)).collect()
}

fn members(operation: &'static str, value: Value, pointer: &str) -> Result<Map<String, Value>, Fault> {
    match value {
        Value::Object(object) => Ok(object),
        other => Err(Fault::data(operation, "an object, or an array of objects", &other, pointer.to_owned())),
    }
}

fn picked(mut object: Map<String, Value>, keys: &[String]) -> Value {
    object.retain(|key, _| keys.contains(key));
    Value::Object(object)
}

fn omitted(mut object: Map<String, Value>, keys: &[String]) -> Value {
    object.retain(|key, _| !keys.contains(key));
    Value::Object(object)
}
