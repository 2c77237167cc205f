//! `extract`: the value at a path.

use serde::Deserialize;
use serde_json::Value;

use crate::fault::Fault;
use crate::given::given;
use crate::path::Path;

/// The arguments.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Extract {
    path: Path,
    #[serde(default, deserialize_with = "given")]
    default: Option<Value>,
}

impl Extract {
    /// The value at `path`, or `default` where nothing is.
    pub(super) fn run(self, data: &Value) -> Result<Value, Fault> {
        let found = self.path.find(data).cloned().or(self.default);
        found.ok_or(Fault::Nothing { path: self.path })
    }
}
