//! One failure: its code, and everything that is known of how it happened.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ErrorCategory, ErrorCode, RetryClass, Settlement};

/// Bytes of a message that are kept: a line for people, not a dump.
const MAX_MESSAGE: usize = 512;

/// The finer word of a replay that cannot be made since an engine with other rules counted the fuel that ended the run.
pub const FUEL_OF_ANOTHER_ENGINE: &str = "fuel-of-another-engine";

/// The finer word of a replay that cannot be made since the fuel that ended the run is another for another build.
pub const FUEL_OF_ANOTHER_BUILD: &str = "fuel-of-another-build";

/// The finer word of a failure that the file of a named budget is the cause of.
pub const BUDGET_FILE: &str = "budget-file";

/// The finer word of a failure that a folder of components, as they are or compiled, is the cause of.
pub const COMPONENT_FILE: &str = "component-file";

/// The finer word of a failure to begin a journal: there is nothing to go on with.
pub const NEW_JOURNAL: &str = "new-journal";

/// Why something ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// The word of the catalogue.
    pub code: ErrorCode,
    /// The class; it differs from the catalogue's only for `SKILL_ERROR`, where the skill names it.
    pub category: ErrorCategory,
    /// What happened, at most 512 bytes.
    pub message: String,
    /// Whether the host may try again by itself.
    pub retryable: bool,
    /// The pause that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The HTTP status, where an upstream answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Whether bytes of a request may have left.
    pub request_sent: bool,
    /// A finer word: a trap's name, a provider's code, what a skill calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subcode: Option<String>,
    /// The host call that failed, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<u32>,
    /// Where in the data, as a JSON pointer (RFC 6901).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

impl Failure {
    /// A failure by the catalogue.
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let row = code.row();
        Self {
            code,
            category: row.category,
            message: shorten(message.into()),
            retryable: row.retry.is_retried(),
            retry_after_ms: None,
            status: None,
            request_sent: false,
            subcode: None,
            call: None,
            pointer: None,
            details: None,
        }
    }

    /// With the fact that bytes may have left.
    #[must_use]
    pub fn sent(mut self) -> Self {
        self.request_sent = true;
        self
    }

    /// With a finer word.
    #[must_use]
    pub fn with_subcode(mut self, subcode: impl Into<String>) -> Self {
        self.subcode = Some(shorten(subcode.into()));
        self
    }

    /// With the place in the data.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(shorten(pointer.into()));
        self
    }

    /// With more to know.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }

    /// With one more member of what there is to know.
    #[must_use]
    pub fn with_detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        let mut members = self.detail_members();
        members.insert(name.to_owned(), value.into());
        self.details = Some(Value::Object(members));
        self
    }

    /// Whether and how it is tried again: the catalogue's class, but for `SKILL_ERROR`, where it follows from the class
    /// that the skill names.
    #[must_use]
    pub const fn retry_class(&self) -> RetryClass {
        match (self.code, self.category) {
            (ErrorCode::SkillError, ErrorCategory::Transient) => RetryClass::Idempotent,
            (ErrorCode::SkillError, ErrorCategory::Resource) if self.retry_after_ms.is_some() => {
                RetryClass::Hint
            }
            (code, _) => code.row().retry,
        }
    }

    /// Whether a call that came to this did nothing: its request never left, or the upstream says that it refused it.
    #[must_use]
    pub fn did_nothing(&self) -> bool {
        !self.request_sent || self.code.row().settlement == Settlement::Refund
    }

    /// What to do about it, in one line: the catalogue's advice, where the finer word does not tell more.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        advice(self.code, self.subcode.as_deref())
    }

    /// Everything that an outcome shows beside code, category and message: null when there is nothing. What the host
    /// knows stands over what a skill says under the same name.
    #[must_use]
    pub fn outcome_details(&self) -> Value {
        let mut all = self.detail_members();
        let mut add = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                all.insert(name.to_owned(), value);
            }
        };
        add("subcode", self.subcode.clone().map(Value::from));
        add("pointer", self.pointer.clone().map(Value::from));
        add("status", self.status.map(Value::from));
        add("call", self.call.map(Value::from));
        if all.is_empty() { Value::Null } else { Value::Object(all) }
    }

    fn detail_members(&self) -> Map<String, Value> {
        match self.details.clone() {
            Some(Value::Object(members)) => members,
            Some(other) => Map::from_iter([("value".to_owned(), other)]),
            None => Map::new(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Failure {}

/// What to do about a code, in one line: the catalogue's advice, where the finer word does not tell more.
#[must_use]
pub fn advice(code: ErrorCode, subcode: Option<&str>) -> &'static str {
    match (code, subcode) {
        (ErrorCode::ReplayIncomplete, Some(FUEL_OF_ANOTHER_ENGINE)) => {
            "use the version of the program that wrote it"
        }
        (ErrorCode::ReplayIncomplete, Some(FUEL_OF_ANOTHER_BUILD)) => {
            "try the build on a run that no fuel ended; without --skill, this one is replayed as it was"
        }
        (ErrorCode::LedgerInvariant, Some(BUDGET_FILE)) => {
            "move the file away and make the budget anew (aos budget set); what its runs spent stands in their journals"
        }
        (ErrorCode::JournalIo, Some(BUDGET_FILE | COMPONENT_FILE | NEW_JOURNAL)) => {
            "see the operating system's words, mend the file or its folder, and try again"
        }
        (ErrorCode::DiskFull, Some(BUDGET_FILE | COMPONENT_FILE | NEW_JOURNAL)) => {
            "free space where the message says, and try again"
        }
        (code, _) => code.row().advice,
    }
}

fn shorten(text: String) -> String {
    if text.len() <= MAX_MESSAGE {
        return text;
    }
    let mut end = MAX_MESSAGE - '…'.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut text = text;
    text.truncate(end);
    text.push('…');
    text
}
