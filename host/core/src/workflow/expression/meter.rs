//! Counts the steps and the bytes of one evaluation, and ends it at the bound.

use std::{borrow::Cow, cell::Cell, ops::Range};

use serde_json::{Map, Value};

use super::{
    error::EvaluationError,
    limit::{MADE_BYTES, MEMBER_BYTES, STEPS, VALUE_BYTES},
};

/// How many touches make a step.
const TOUCHES: u64 = 16;

/// Bytes of text that one touch reads.
const TOUCHED_BYTES: usize = 64;

/// Why the walk over an expression does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// The evaluation ends with an error.
    Error(Box<EvaluationError>),
    /// Whoever asked for values has enough of them, and is up the stack.
    Enough,
}

/// What is left of the steps and the bytes of one evaluation.
pub(super) struct Meter {
    touches: Cell<u64>,
    bytes: Cell<u64>,
}

/// Where in the expression the evaluation stands: what is counted and what fails is put down to it.
#[derive(Clone, Copy)]
pub(super) struct Site<'s> {
    meter: &'s Meter,
    span: &'s Range<usize>,
}

impl Meter {
    pub(super) fn new() -> Self {
        Self { touches: Cell::new(STEPS * TOUCHES), bytes: Cell::new(MADE_BYTES) }
    }

    pub(super) fn site<'s>(&'s self, span: &'s Range<usize>) -> Site<'s> {
        Site { meter: self, span }
    }
}

impl Site<'_> {
    /// Counts a step.
    pub(super) fn step(&self) -> Result<(), Stop> {
        self.touched(TOUCHES)
    }

    /// Counts a look at `count` values.
    pub(super) fn touch(&self, count: usize) -> Result<(), Stop> {
        self.touched(u64::try_from(count).unwrap_or(u64::MAX))
    }

    /// Counts the reading of `bytes` bytes of text.
    pub(super) fn read(&self, bytes: usize) -> Result<(), Stop> {
        self.touch(1 + bytes / TOUCHED_BYTES)
    }

    fn touched(&self, touches: u64) -> Result<(), Stop> {
        match self.meter.touches.get().checked_sub(touches) {
            Some(left) => self.meter.touches.set(left),
            None => return Err(self.limit(format!("evaluation takes more than {STEPS} steps"))),
        }
        Ok(())
    }

    /// Counts one made value with `text` bytes of text.
    pub(super) fn make(&self, text: usize) -> Result<(), Stop> {
        self.made(VALUE_BYTES.saturating_add(text as u64))
    }

    /// Counts one member of a made object, besides its value.
    pub(super) fn make_member(&self, name: &str) -> Result<(), Stop> {
        self.made(MEMBER_BYTES.saturating_add(name.len() as u64))
    }

    /// Counts `bytes` made bytes.
    pub(super) fn made(&self, bytes: u64) -> Result<(), Stop> {
        match self.meter.bytes.get().checked_sub(bytes) {
            Some(left) => self.meter.bytes.set(left),
            None => return Err(self.limit(format!("evaluation makes more than {MADE_BYTES} bytes"))),
        }
        Ok(())
    }

    /// The value for keeps: copied, and counted, unless it was made before.
    pub(super) fn own(&self, value: Cow<'_, Value>) -> Result<Value, Stop> {
        match value {
            Cow::Owned(value) => Ok(value),
            Cow::Borrowed(value) => self.copy(value),
        }
    }

    /// A counted copy of the value.
    pub(super) fn copy(&self, value: &Value) -> Result<Value, Stop> {
        self.count(value)?;
        Ok(value.clone())
    }

    fn count(&self, value: &Value) -> Result<(), Stop> {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => self.make(0),
            Value::String(text) => self.make(text.len()),
            Value::Array(items) => {
                self.make(0)?;
                items.iter().try_for_each(|item| self.count(item))
            }
            Value::Object(members) => {
                self.make(0)?;
                members.iter().try_for_each(|(name, value)| {
                    self.make_member(name)?;
                    self.count(value)
                })
            }
        }
    }

    /// Adds a counted member to a made object.
    pub(super) fn insert(&self, map: &mut Map<String, Value>, name: &str, value: Value) -> Result<(), Stop> {
        self.make_member(name)?;
        map.insert(name.to_owned(), value);
        Ok(())
    }

    /// The values do not fit: an error that `?` catches.
    pub(super) fn fail(&self, message: impl Into<String>) -> Stop {
        Stop::Error(Box::new(EvaluationError::failed(self.span.clone(), message)))
    }

    /// A bound is passed: an error that nothing catches.
    pub(super) fn limit(&self, message: impl Into<String>) -> Stop {
        Stop::Error(Box::new(EvaluationError::limit(self.span.clone(), message)))
    }
}

impl Stop {
    /// Whether `?` catches it.
    pub(super) fn is_failure(&self) -> bool {
        matches!(self, Self::Error(error) if error.kind == super::error::EvaluationErrorKind::Failed)
    }
}
