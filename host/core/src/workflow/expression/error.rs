//! Why an expression gave no value, and which part of it is to blame.

use std::ops::Range;

use super::fault::shifted;

/// Why an evaluation ended without a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvaluationError {
    /// The bytes of the text that could not be evaluated.
    pub span: Range<usize>,
    /// What went wrong, in one lowercase fragment.
    pub message: String,
    /// Which kind of error it is.
    pub kind: EvaluationErrorKind,
}

/// The kinds of [`EvaluationError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvaluationErrorKind {
    /// The values do not fit what the expression does with them.
    Failed,
    /// The evaluation passed one of the bounds in [`limit`](super::limit); `?` does not catch it.
    Limit,
}

impl EvaluationError {
    pub(super) fn failed(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), kind: EvaluationErrorKind::Failed }
    }

    pub(super) fn limit(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), kind: EvaluationErrorKind::Limit }
    }

    /// The same error in a text that begins `by` bytes earlier.
    pub(super) fn shifted(mut self, by: usize) -> Self {
        self.span = shifted(&self.span, by);
        self
    }
}
