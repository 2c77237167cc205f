//! `map`: each element of an array, reshaped.

use serde::Deserialize;
use serde_json::Value;

use super::{elements, keys};
use crate::fault::Fault;
use crate::given::given;
use crate::path::Path;

/// The arguments: a path, or the keys to pick.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Map {
    path: Option<Path>,
    pick: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    default: Option<Value>,
}

impl Map {
    /// Each element's value at `path`, or its members of the keys in `pick`.
    pub(super) fn run(self, data: Value) -> Result<Value, Fault> {
        let elements = elements("map", data)?;
        match (self.path, self.pick) {
            (Some(path), None) => {
                let default = self.default.unwrap_or_default();
                let at = |element: &Value| path.find(element).unwrap_or(&default).clone();
                Ok(elements.iter().map(at).collect())
            }
            (None, Some(keys)) if self.default.is_none() => keys::pick_each("map", elements, &keys),
            _ => Err(Fault::MapArgs),
        }
    }
}
