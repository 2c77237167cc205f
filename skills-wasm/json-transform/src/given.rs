//! The difference between a null that was given and nothing at all.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Reads a member that is there, null included. With `#[serde(default)]`, one that is not there is `None`.
pub(crate) fn given<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(input).map(Some)
}
