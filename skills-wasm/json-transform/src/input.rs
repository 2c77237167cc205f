//! The data, and what to do with it.

use serde::Deserialize;
use serde_json::Value;

use crate::fault::Fault;
use crate::jq;
use crate::operation::{self, Name};

/// The input, as `input.schema.json` describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    data: Value,
    filter: Option<String>,
    multiple: Option<bool>,
    operation: Option<Name>,
    args: Option<Value>,
}

impl Input {
    /// Reads the JSON text of the input.
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        serde_json::from_str(text).map_err(Fault::Input)
    }

    /// Does what the input asks for.
    pub(crate) fn result(self) -> Result<Value, Fault> {
        match (self.filter, self.operation) {
            (Some(filter), None) if self.args.is_none() => {
                jq::run(&filter, self.data, self.multiple.unwrap_or_default())
            }
            (None, Some(name)) if self.multiple.is_none() => operation::run(name, self.args, self.data),
            _ => Err(Fault::Choice),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_and_an_operation_exclude_each_other() {
        let wrong = [
            r#"{"data": 1}"#,
            r#"{"data": 1, "filter": ".", "operation": "sort"}"#,
            r#"{"data": 1, "filter": ".", "args": {}}"#,
            r#"{"data": [], "operation": "sort", "multiple": true}"#,
        ];
        for input in wrong {
            assert!(matches!(Input::read(input).unwrap().result(), Err(Fault::Choice)), "{input}");
        }
    }

    #[test]
    fn data_must_be_there_and_may_be_null() {
        assert!(matches!(Input::read(r#"{"filter": "."}"#), Err(Fault::Input(_))));
        assert_eq!(Input::read(r#"{"data": null, "filter": "."}"#).unwrap().result().unwrap(), Value::Null);
    }
}
