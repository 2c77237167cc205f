//! Where a replay parts from its journal.

use serde_json::{Value, json};

use super::Cursor;
use crate::canonical;
use crate::failure::{ErrorCode, Failure};

/// Characters of a value that are shown.
const SHOWN: usize = 200;

/// The first difference between a replay and its journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Divergence {
    /// `REPLAY_DIVERGENCE`, or `REPLAY_EXHAUSTED` for a call too many.
    pub code: ErrorCode,
    /// Which attempt; none for the run as a whole.
    pub cursor: Option<Cursor>,
    /// The crossing within the attempt.
    pub index: Option<u32>,
    /// What differs.
    pub what: String,
    /// Where in it, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What the journal holds.
    pub recorded: Option<Value>,
    /// What the replay did.
    pub actual: Option<Value>,
}

impl Divergence {
    /// A difference between two values, or none.
    #[must_use]
    pub fn between(what: &str, recorded: &Value, actual: &Value) -> Option<Self> {
        let found = canonical::first_difference(recorded, actual)?;
        Some(Self {
            code: ErrorCode::ReplayDivergence,
            cursor: None,
            index: None,
            what: what.to_owned(),
            pointer: found.pointer,
            recorded: found.left.cloned(),
            actual: found.right.cloned(),
        })
    }

    /// Something that stands on one side only.
    #[must_use]
    pub fn unmatched(code: ErrorCode, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { code, cursor: None, index: None, what, pointer: String::new(), recorded: None, actual: None }
    }

    /// As programs read it: `first` is what the journal holds, `second` what the other one holds, or the replay did.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let cursor = self.cursor.as_ref();
        json!({
            "step": cursor.map(|cursor| cursor.step.as_str()), "item": cursor.and_then(|cursor| cursor.item),
            "attempt": cursor.map(|cursor| cursor.attempt), "call": self.index, "what": self.what,
            "pointer": self.pointer, "first": self.recorded, "second": self.actual,
        })
    }

    /// With its place.
    #[must_use]
    pub fn at(mut self, cursor: &Cursor, index: Option<u32>) -> Self {
        self.cursor = Some(cursor.clone());
        self.index = index;
        self
    }
}

impl From<Divergence> for Failure {
    fn from(divergence: Divergence) -> Self {
        let place = divergence.cursor.as_ref().map_or_else(
            || "the run".to_owned(),
            |cursor| match divergence.index {
                Some(index) => format!("step {} attempt {} call {index}", cursor.step, cursor.attempt),
                None => format!("step {} attempt {}", cursor.step, cursor.attempt),
            },
        );
        let pointer = &divergence.pointer;
        let mut message = format!("{place}: {}", divergence.what);
        if divergence.recorded.is_some() || divergence.actual.is_some() {
            let (recorded, actual) = (shown(divergence.recorded.as_ref()), shown(divergence.actual.as_ref()));
            message.push_str(&format!(" differs at {pointer:?}: recorded {recorded}, now {actual}"));
        }
        let details = json!({
            "step": divergence.cursor.as_ref().map(|cursor| cursor.step.as_str()),
            "item": divergence.cursor.as_ref().and_then(|cursor| cursor.item),
            "attempt": divergence.cursor.as_ref().map(|cursor| cursor.attempt),
            "call": divergence.index,
            "pointer": pointer,
            "recorded": divergence.recorded,
            "actual": divergence.actual,
        });
        Self::new(divergence.code, message).with_details(details)
    }
}

fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else {
        return "nothing".to_owned();
    };
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
