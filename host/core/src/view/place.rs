//! Places in a run, as people write them, and the documents that lie there.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::ids::StepId;
use crate::journal::Cursor;

/// An attempt, or one crossing of it: `STEP[/ITEM]:ATTEMPT[:INDEX]`, such as `fetch:1:0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The attempt.
    pub cursor: Cursor,
    /// The crossing, counted from 0; none for the attempt itself.
    pub index: Option<u32>,
}

/// Text that is no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no place: the form is STEP[/ITEM]:ATTEMPT[:INDEX], such as fetch:1:0")]
pub struct PlaceInvalid(pub String);

/// What was given and what came back at a place; null where there is nothing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document {
    /// Of a call the whole request, or the text that was written; of an attempt or a run its input.
    pub request: Value,
    /// Of a call the whole answer, the failure, or the value that was seen; of an attempt or a run its output.
    pub answer: Value,
}

impl Document {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.request.is_null() && self.answer.is_null()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cursor { step, item, attempt } = &self.cursor;
        write!(f, "{step}")?;
        if let Some(item) = item {
            write!(f, "/{item}")?;
        }
        write!(f, ":{attempt}")?;
        self.index.map_or(Ok(()), |index| write!(f, ":{index}"))
    }
}

impl FromStr for Place {
    type Err = PlaceInvalid;

    fn from_str(text: &str) -> Result<Self, PlaceInvalid> {
        let invalid = || PlaceInvalid(text.to_owned());
        // Rust's own reading of numbers takes a sign as well.
        let number = |digits: &str| {
            let found = digits.parse::<u32>().ok();
            found.filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit())).ok_or_else(invalid)
        };
        let mut parts = text.split(':');
        let (Some(step), Some(attempt), index, None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(invalid());
        };
        let (step, item) = match step.split_once('/') {
            Some((step, item)) => (step, Some(number(item)?)),
            None => (step, None),
        };
        let step = StepId::new(step).map_err(|_| invalid())?;
        let cursor = Cursor { step, item, attempt: number(attempt)? };
        Ok(Self { cursor, index: index.map(number).transpose()? })
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
