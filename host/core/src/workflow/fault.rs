//! What is wrong in a workflow file, each with its place.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::failure::{ErrorCode, Failure};

/// Faults that are listed in a failure's details.
const MAX_LISTED: usize = 50;

/// One thing that is wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The word of the catalogue.
    pub code: ErrorCode,
    /// What is wrong.
    pub message: String,
    /// The way out, where one is known.
    pub help: Option<String>,
    /// Where in the data, as a JSON pointer (RFC 6901); empty for the file as a whole.
    pub pointer: String,
    /// Where in the text, in bytes.
    pub span: Range<usize>,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
}

/// A workflow file that breaks the format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowInvalid {
    text: Arc<str>,
    faults: Vec<Fault>,
}

impl WorkflowInvalid {
    /// Sorts faults by their place.
    pub(super) fn new(text: Arc<str>, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| fault.span.start);
        Self { text, faults }
    }

    /// All faults, in the order of the text; at least one.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The text that the spans refer to.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The code of the first fault.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.faults.first().map_or(ErrorCode::WorkflowInvalid, |fault| fault.code)
    }
}

impl fmt::Display for WorkflowInvalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.faults.first() else {
            return f.write_str("the workflow is invalid");
        };
        write!(f, "line {} column {}: {}", first.line, first.column, first.message)?;
        match self.faults.len() {
            0 | 1 => Ok(()),
            count => write!(f, " (and {} more)", count - 1),
        }
    }
}

impl std::error::Error for WorkflowInvalid {}

impl From<WorkflowInvalid> for Failure {
    fn from(invalid: WorkflowInvalid) -> Self {
        let faults: Vec<Value> = invalid.faults.iter().take(MAX_LISTED).map(Fault::to_json).collect();
        let mut failure = Self::new(invalid.code(), invalid.to_string());
        failure.pointer = invalid.faults.first().map(|fault| fault.pointer.clone());
        failure.with_details(json!({ "faults": faults }))
    }
}

impl Fault {
    /// A fault at a place of the text.
    pub(super) fn new(code: ErrorCode, message: impl Into<String>, text: &str, span: Range<usize>) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        let line = before.matches('\n').count() + 1;
        Self { code, message: message.into(), help: None, pointer: String::new(), span, line, column }
    }

    pub(super) fn with_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    pub(super) fn at(mut self, pointer: &str) -> Self {
        pointer.clone_into(&mut self.pointer);
        self
    }

    fn to_json(&self) -> Value {
        json!({
            "code": self.code, "message": self.message, "help": self.help, "pointer": self.pointer,
            "line": self.line, "column": self.column,
        })
    }
}
