//! `merge`: an object with the members of another.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::fault::Fault;

/// The arguments.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Merge {
    with: Map<String, Value>,
    #[serde(default = "yes")]
    deep: bool,
}

impl Merge {
    /// The data with the members of `with`, which win. Deep: where both have an object, the two are merged.
    pub(super) fn run(self, data: Value) -> Result<Value, Fault> {
        match data {
            Value::Object(mut object) if self.deep => {
                merge(&mut object, self.with);
                Ok(Value::Object(object))
            }
            Value::Object(mut object) => {
                object.extend(self.with);
                Ok(Value::Object(object))
            }
            other => Err(Fault::data("merge", "an object", &other, "/data".to_owned())),
        }
    }
}

fn merge(object: &mut Map<String, Value>, with: Map<String, Value>) {
    for (key, value) in with {
        match (object.get_mut(&key), value) {
            (Some(Value::Object(inner)), Value::Object(with)) => merge(inner, with),
            (Some(member), value) => *member = value,
            (None, value) => {
                object.insert(key, value);
            }
        }
    }
}

fn yes() -> bool {
    true
}
