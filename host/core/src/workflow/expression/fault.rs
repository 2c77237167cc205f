//! What is wrong with the text of an expression, and where.
//!
//! A fault is found before a workflow runs. What can only be seen with values is an
//! [`EvaluationError`](super::EvaluationError).

use std::ops::Range;

/// Why the text of an expression is refused, with the bytes at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionFault {
    /// The bytes at fault, within the text that was given; empty where something is missing.
    pub span: Range<usize>,
    /// What is wrong, in one lowercase fragment.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Which kind of fault it is.
    pub kind: FaultKind,
}

/// The kinds of [`ExpressionFault`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The text is not jq.
    Syntax,
    /// The text is jq that workflow expressions leave out.
    NotSupported,
    /// The text passes one of the bounds in [`limit`](super::limit).
    Limit,
}

/// The way on for all that workflow expressions leave out.
const USE_A_SKILL: &str = "jq that needs more is a `json_transform` step";

impl ExpressionFault {
    pub(super) fn syntax(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: None, kind: FaultKind::Syntax }
    }

    pub(super) fn limit(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), help: Some(USE_A_SKILL.into()), kind: FaultKind::Limit }
    }

    /// Refuses `construct`, which reads as the subject of a sentence.
    pub(super) fn not_supported(span: Range<usize>, construct: impl AsRef<str>) -> Self {
        let message = format!("{} is not part of workflow expressions", construct.as_ref());
        Self { span, message, help: Some(USE_A_SKILL.into()), kind: FaultKind::NotSupported }
    }

    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same fault in a text that begins `by` bytes earlier.
    pub(super) fn shifted(mut self, by: usize) -> Self {
        self.span = shifted(&self.span, by);
        self
    }
}

/// The same bytes in a text that begins `by` bytes earlier.
pub(super) fn shifted(span: &Range<usize>, by: usize) -> Range<usize> {
    span.start.saturating_add(by)..span.end.saturating_add(by)
}
