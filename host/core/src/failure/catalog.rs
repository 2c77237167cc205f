//! What the catalogue says of a code, and how to ask it.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::code::ROWS;
use super::{ErrorCategory, ErrorCode};
use crate::units::whole_millis;

/// How loudly a failure should be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Expected in good runs.
    Notice,
    /// May pass by itself.
    Warning,
    /// The work was not done.
    Error,
    /// Someone should look now.
    Critical,
}

/// Who can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// The author of the component.
    Skill,
    /// The author of the workflow or its input.
    Caller,
    /// The service that was called.
    Upstream,
    /// This program.
    Host,
    /// The one who runs this program.
    Operator,
}

/// Whether and how the same attempt is made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetryClass {
    /// It would fail again.
    Never,
    /// After a pause that grows.
    Backoff,
    /// After the pause that the upstream asks for, at least.
    Hint,
    /// As backoff, with longer pauses.
    Overload,
    /// As backoff, where doing it twice does no more than doing it once (RFC 9110, section 9.2.2).
    Idempotent,
    /// One more time.
    Once,
    /// Not before someone changed something.
    AfterChange,
}

impl RetryClass {
    /// Whether the host tries again by itself.
    #[must_use]
    pub const fn is_retried(self) -> bool {
        self.schedule().0 > 1
    }

    /// The word, as in `after-change`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Backoff => "backoff",
            Self::Hint => "hint",
            Self::Overload => "overload",
            Self::Idempotent => "idempotent",
            Self::Once => "once",
            Self::AfterChange => "after-change",
        }
    }

    /// Attempts in all, the pause before the second, and the longest pause.
    #[must_use]
    pub const fn schedule(self) -> (u32, Duration, Duration) {
        match self {
            Self::Never | Self::AfterChange => (1, Duration::ZERO, Duration::ZERO),
            Self::Backoff | Self::Idempotent => (4, Duration::from_millis(100), Duration::from_secs(5)),
            Self::Hint => (4, Duration::from_secs(1), Duration::from_secs(60)),
            Self::Overload => (4, Duration::from_secs(2), Duration::from_secs(120)),
            Self::Once => (2, Duration::from_millis(100), Duration::from_secs(5)),
        }
    }
}

/// What becomes of the money that was held for the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Settlement {
    /// None was held.
    Nothing,
    /// All of it goes back: nothing was sent, or the upstream says that it did nothing.
    Refund,
    /// All of it counts as spent: the upstream may have acted.
    Hold,
    /// What was really used counts as spent.
    Actual,
}

/// One line of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The code.
    pub code: ErrorCode,
    /// Its word.
    pub word: &'static str,
    /// Its class.
    pub category: ErrorCategory,
    /// How loudly to tell it.
    pub severity: Severity,
    /// Whether and how the host tries again.
    pub retry: RetryClass,
    /// Who can do something about it.
    pub fault: Fault,
    /// What becomes of the money held.
    pub settlement: Settlement,
    /// The nearest HTTP status.
    pub http_status: u16,
    /// The nearest gRPC status.
    pub grpc_status: &'static str,
    /// What happened, in one line.
    pub meaning: &'static str,
    /// What to do about it, in one line.
    pub advice: &'static str,
    /// What happened, what to do, and an example, as Markdown.
    pub page: &'static str,
}

impl Row {
    /// Whether the host tries again by itself.
    #[must_use]
    pub const fn is_retried(&self) -> bool {
        self.retry.is_retried()
    }

    /// The row as programs read it: an object by [`SCHEMA`].
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (attempts, base, cap) = self.retry.schedule();
        json!({
            "code": self.code, "category": self.category, "severity": self.severity, "retry": self.retry,
            "retryable": self.is_retried(), "attempts": attempts, "base_ms": whole_millis(base),
            "cap_ms": whole_millis(cap), "fault": self.fault, "settlement": self.settlement,
            "http_status": self.http_status, "grpc_status": self.grpc_status, "meaning": self.meaning,
            "advice": self.advice,
        })
    }
}

/// The JSON Schema of a list of rows, as [`Catalog::to_json`] makes it.
pub const SCHEMA: &str = include_str!("../../../../docs/failures.schema.json");

/// All codes, to be asked at run time.
#[derive(Debug, Clone, Copy)]
pub struct Catalog(&'static [Row]);

/// The failure catalogue.
#[must_use]
pub const fn catalog() -> Catalog {
    Catalog(ROWS)
}

impl Catalog {
    /// Every row, in the order of the table.
    pub fn rows(self) -> impl Iterator<Item = &'static Row> {
        self.0.iter()
    }

    /// The row of a code.
    #[must_use]
    pub const fn get(self, code: ErrorCode) -> Row {
        code.row()
    }

    /// The rows of a class.
    pub fn by_category(self, category: ErrorCategory) -> impl Iterator<Item = &'static Row> {
        self.rows().filter(move |row| row.category == category)
    }

    /// The rows that the host tries again by itself.
    pub fn retryable(self) -> impl Iterator<Item = &'static Row> {
        self.rows().filter(|row| row.is_retried())
    }

    /// All rows as programs read them: a list by [`SCHEMA`].
    #[must_use]
    pub fn to_json(self) -> Value {
        self.rows().map(Row::to_json).collect()
    }
}
