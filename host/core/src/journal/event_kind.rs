//! The words in the `type` of a journal's lines.

use super::Event;

impl Event {
    /// The words of all kinds.
    pub const KINDS: [&str; 12] = [
        "run-started",
        "step-started",
        "intent",
        "result",
        "observed",
        "emitted",
        "step-ended",
        "retry",
        "gave-up",
        "fell-back",
        "run-resumed",
        "run-ended",
    ];

    /// The word in the line's `type`, one of [`Event::KINDS`].
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::RunStarted(_) => "run-started",
            Self::StepStarted(_) => "step-started",
            Self::Intent(_) => "intent",
            Self::Result(_) => "result",
            Self::Observed(_) => "observed",
            Self::Emitted(_) => "emitted",
            Self::StepEnded(_) => "step-ended",
            Self::Retry(_) => "retry",
            Self::GaveUp(_) => "gave-up",
            Self::FellBack(_) => "fell-back",
            Self::RunResumed(_) => "run-resumed",
            Self::RunEnded(_) => "run-ended",
        }
    }
}
