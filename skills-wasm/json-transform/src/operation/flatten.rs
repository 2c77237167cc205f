//! `flatten`: an array without the brackets inside, or an object with one level of keys.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::fault::Fault;

/// The arguments.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Flatten {
    depth: Option<usize>,
    #[serde(default = "dot")]
    separator: String,
}

impl Flatten {
    /// An array loses one level, an object all, unless `depth` says how many.
    pub(super) fn run(self, data: Value) -> Result<Value, Fault> {
        match data {
            Value::Array(elements) => {
                let mut flat = Vec::new();
                spread(elements, self.depth.unwrap_or(1), &mut flat);
                Ok(Value::Array(flat))
            }
            Value::Object(object) => {
                let mut flat = Map::new();
                self.join(object, "", self.depth.unwrap_or(usize::MAX), &mut flat)?;
                Ok(Value::Object(flat))
            }
            other => Err(Fault::data("flatten", "an array or an object", &other, "/data".to_owned())),
        }
    }

    /// Adds the members of `object` under `prefix`. An empty object stays, or its key would be lost.
    fn join(
        &self,
        object: Map<String, Value>,
        prefix: &str,
        levels: usize,
        flat: &mut Map<String, Value>,
    ) -> Result<(), Fault> {
        for (key, value) in object {
            let key = format!("{prefix}{key}");
            match value {
                Value::Object(inner) if levels > 0 && !inner.is_empty() => {
                    self.join(inner, &format!("{key}{}", self.separator), levels - 1, flat)?;
                }
                _ if flat.contains_key(&key) => return Err(Fault::SameKey(key)),
                value => {
                    flat.insert(key, value);
                }
            }
        }
        Ok(())
    }
}

fn spread(elements: Vec<Value>, levels: usize, flat: &mut Vec<Value>) {
    for element in elements {
        match element {
            Value::Array(inner) if levels > 0 => spread(inner, levels - 1, flat),
            other => flat.push(other),
        }
    }
}

fn dot() -> String {
    ".".to_owned()
}
