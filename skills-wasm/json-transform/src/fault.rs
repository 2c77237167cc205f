//! Why the skill failed, and what it tells the host of it.

use serde_json::{Value, json};

use crate::bindings::SkillError;
use crate::bindings::aos::skill::types::ErrorCategory;
use crate::jq::Position;
use crate::path::Path;
use crate::result::Unfit;

/// Why the skill failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The input is not what the schema says.
    #[error("input does not fit its schema: {0}")]
    Input(serde_json::Error),
    /// A filter and an operation, or neither, or what belongs to the other one.
    #[error("input needs either filter, with or without multiple, or operation, with or without args")]
    Choice,
    /// The filter's text is longer than is read.
    #[error("filter is {bytes} bytes long, and {most} are the most")]
    FilterTooLong {
        /// Its length.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// The filter's text does not make a filter.
    #[error("{message} at line {}, column {} of the filter", position.line, position.column)]
    Syntax {
        /// Where in the text.
        position: Position,
        /// What is wrong there.
        message: String,
    },
    /// The filter raised an error.
    #[error("filter failed: {0}")]
    Filter(String),
    /// The filter did not yield exactly one value.
    #[error(
        "filter yields {0} values where one is wanted; with multiple: true the result is the array of all"
    )]
    Count(usize),
    /// The filter goes on yielding.
    #[error("filter yields more than {0} values")]
    TooMany(usize),
    /// `args` are not what the operation takes.
    #[error("args do not fit the operation: {0}")]
    Args(serde_json::Error),
    /// `map` takes one of two arguments.
    #[error("args of map need exactly one of path and pick")]
    MapArgs,
    /// `value` of the operation `filter` is not there, or not of the kind that `op` takes.
    #[error("args of filter need {0}")]
    FilterValue(&'static str),
    /// The data is not of the kind that the operation takes.
    #[error("{operation} needs {wanted}, and finds {found}")]
    Data {
        /// The operation.
        operation: &'static str,
        /// What it takes.
        wanted: &'static str,
        /// What the data is.
        found: &'static str,
        /// Where in the input.
        pointer: String,
    },
    /// `extract` found nothing.
    #[error("data has nothing at {path}, and no default is given")]
    Nothing {
        /// Where nothing is.
        path: Path,
    },
    /// `flatten` would lose a value.
    #[error("flatten makes the key {0:?} twice; another separator may help")]
    SameKey(String),
    /// The result may not leave.
    #[error(transparent)]
    Result(#[from] Unfit),
    /// The output could not be written.
    #[error("output cannot be written: {0}")]
    Output(serde_json::Error),
}

impl Fault {
    /// The fault of data at `pointer` that is not of the kind that the operation takes.
    pub(crate) fn data(
        operation: &'static str,
        wanted: &'static str,
        value: &Value,
        pointer: String,
    ) -> Self {
        Self::Data { operation, wanted, found: kind(value), pointer }
    }

    fn pointer(&self) -> Option<String> {
        let pointer = match self {
            Self::Input(_) | Self::Choice => "",
            Self::FilterTooLong { .. } | Self::Syntax { .. } | Self::Count(_) | Self::TooMany(_) => "/filter",
            Self::Args(_) | Self::MapArgs => "/args",
            Self::FilterValue(_) => "/args/value",
            Self::Nothing { .. } => "/args/path",
            Self::SameKey(_) => "/data",
            Self::Data { pointer, .. } => pointer,
            Self::Filter(_) | Self::Result(_) | Self::Output(_) => return None,
        };
        Some(pointer.to_owned())
    }

    fn details(&self) -> Option<String> {
        match self {
            Self::Syntax { position: Position { line, column }, .. } => {
                Some(json!({"line": line, "column": column}).to_string())
            }
            _ => None,
        }
    }
}

impl From<Fault> for SkillError {
    fn from(fault: Fault) -> Self {
        Self {
            message: fault.to_string(),
            category: ErrorCategory::Validation,
            code: Some("TRANSFORM_ERROR".to_owned()),
            cause: None,
            pointer: fault.pointer(),
            retry_after_ms: None,
            details: fault.details(),
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transform;

    fn error(input: &Value) -> SkillError {
        transform(&input.to_string()).unwrap_err().into()
    }

    #[test]
    fn every_fault_claims_the_one_code() {
        for input in
            [json!({}), json!({"data": 1, "filter": "error"}), json!({"data": 1, "operation": "sort"})]
        {
            let error = error(&input);
            assert_eq!((error.code.as_deref(), error.cause), (Some("TRANSFORM_ERROR"), None));
            assert_eq!(error.category, ErrorCategory::Validation);
        }
    }

    #[test]
    fn a_wrong_filter_is_shown_where_it_is_wrong() {
        let error = error(&json!({"data": 1, "filter": "map(\n  .a |\n)"}));
        assert_eq!(error.message, "expected term, found \")\" at line 3, column 1 of the filter");
        assert_eq!(error.pointer.as_deref(), Some("/filter"));
        assert_eq!(error.details.as_deref(), Some(r#"{"column":1,"line":3}"#));
    }

    #[test]
    fn wrong_data_and_args_are_shown_where_they_lie() {
        let pointer = |input| error(&input).pointer;
        let element = json!({"data": [{}, 1], "operation": "pick", "args": {"keys": []}});
        assert_eq!(pointer(element).as_deref(), Some("/data/1"));
        let nothing = json!({"data": [], "operation": "extract", "args": {"path": "0"}});
        assert_eq!(pointer(nothing).as_deref(), Some("/args/path"));
        assert_eq!(pointer(json!({"data": [], "operation": "merge"})).as_deref(), Some("/args"));
        assert_eq!(pointer(json!({"data": [], "filter": ".[]"})).as_deref(), Some("/filter"));
    }
}
