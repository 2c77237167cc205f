//! `sort`: the elements of an array in order.

use serde::Deserialize;
use serde_json::Value;

use super::elements;
use crate::fault::Fault;
use crate::order::compare;
use crate::path::Path;

/// The arguments.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sort {
    #[serde(default)]
    by: Path,
    #[serde(default)]
    order: Order,
}

/// Which end comes first.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Order {
    #[default]
    Asc,
    Desc,
}

impl Sort {
    /// The elements by their value at `by`, null where nothing is. Equal ones keep their order, both ways.
    pub(super) fn run(self, data: Value) -> Result<Value, Fault> {
        let mut elements = elements("sort", data)?;
        match self.order {
            Order::Asc => elements.sort_by(|left, right| compare(self.key(left), self.key(right))),
            Order::Desc => elements.sort_by(|left, right| compare(self.key(right), self.key(left))),
        }
        Ok(Value::Array(elements))
    }

    fn key<'v>(&self, element: &'v Value) -> &'v Value {
        self.by.find(element).unwrap_or(&Value::Null)
    }
}
