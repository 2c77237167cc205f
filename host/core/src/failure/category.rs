//! Classes of failures: what the runtime does about one follows from its class.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The class of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCategory {
    /// May pass by itself: tried again, with growing pauses.
    Transient,
    /// The upstream or the workflow says no, and will again.
    Permanent,
    /// A limit was reached: money, fuel, memory, rate.
    Resource,
    /// This host refused, for want of a grant.
    Permission,
    /// The data is wrong; a JSON pointer says where.
    Validation,
    /// The component misbehaved.
    Skill,
    /// A proof does not hold: journal, digest, replay. Nothing is trusted further.
    Integrity,
    /// This host is at fault.
    Infrastructure,
    /// Someone asked for the stop.
    Cancelled,
}

impl ErrorCategory {
    /// All of them, in the order of the catalogue's documentation.
    pub const ALL: [Self; 9] = [
        Self::Transient,
        Self::Permanent,
        Self::Resource,
        Self::Permission,
        Self::Validation,
        Self::Skill,
        Self::Integrity,
        Self::Infrastructure,
        Self::Cancelled,
    ];

    /// The word, as in `TRANSIENT`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "TRANSIENT",
            Self::Permanent => "PERMANENT",
            Self::Resource => "RESOURCE",
            Self::Permission => "PERMISSION",
            Self::Validation => "VALIDATION",
            Self::Skill => "SKILL",
            Self::Integrity => "INTEGRITY",
            Self::Infrastructure => "INFRASTRUCTURE",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl fmt::Display for ErrorCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
