//! Why a journal cannot be written or read.

use std::io;

use crate::failure::{ErrorCode, Failure};

/// A journal that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The operating system refused.
    #[error("the journal {what}: {reason}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The operating system's words.
        reason: String,
    },
    /// The disk or its quota is full.
    #[error("the journal {what}: {reason}")]
    Full {
        /// What was tried.
        what: &'static str,
        /// The operating system's words.
        reason: String,
    },
    /// Another process writes it.
    #[error("the journal is locked by another process: {reason}")]
    Locked {
        /// The operating system's words.
        reason: String,
    },
    /// A line is not what was written.
    #[error("line {line} of the journal {what}")]
    Corrupt {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A version of the format that this build does not read.
    #[error("the journal has format {found}, and this build reads format {}", super::FORMAT_VERSION)]
    Version {
        /// The version of the journal.
        found: u64,
    },
    /// The run has no end.
    #[error("the journal has no run-ended entry: its run was killed, or still goes on{}", torn_words(*torn))]
    Incomplete {
        /// Bytes of a last line that was not written to its end.
        torn: usize,
    },
    /// The engine's rules differ.
    #[error("the journal was recorded under the engine {recorded}, and this is {own}")]
    Foreign {
        /// The fingerprint in the journal.
        recorded: String,
        /// The fingerprint of this engine.
        own: String,
    },
}

fn torn_words(bytes: usize) -> String {
    if bytes == 0 { String::new() } else { format!("; its last {bytes} bytes are a line that is torn") }
}

impl JournalError {
    /// What the operating system refused.
    #[must_use]
    pub fn of_file(what: &'static str, error: &io::Error) -> Self {
        let reason = error.to_string();
        match ErrorCode::of_file(error, ErrorCode::JournalIo) {
            ErrorCode::DiskFull => Self::Full { what, reason },
            _ => Self::Io { what, reason },
        }
    }

    /// The word of the catalogue.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Io { .. } | Self::Locked { .. } => ErrorCode::JournalIo,
            Self::Full { .. } => ErrorCode::DiskFull,
            Self::Corrupt { .. } => ErrorCode::JournalCorrupt,
            Self::Version { .. } => ErrorCode::RecordingVersionUnsupported,
            Self::Incomplete { .. } => ErrorCode::ReplayIncomplete,
            Self::Foreign { .. } => ErrorCode::RecordingForeign,
        }
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let failure = Self::new(error.code(), error.to_string());
        match error {
            JournalError::Corrupt { line, .. } => failure.with_details(serde_json::json!({ "line": line })),
            _ => failure,
        }
    }
}
