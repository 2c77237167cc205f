//! What checking needs all along: the text, where its values stand, and the faults so far.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::failure::ErrorCode;
use crate::ids::NameInvalid;
use crate::units::MAX_EXACT_INTEGER;
use crate::workflow::positions::Positions;
use crate::workflow::{Fault, OutcomesRead};

/// Longest deadline or pause: a day.
pub(super) const MAX_MILLIS: u64 = 24 * 60 * 60 * 1000;

/// Checks one file.
pub(super) struct Checker {
    pub(super) text: Arc<str>,
    pub(super) positions: Positions,
    /// Which step each name stands for, by its place in the file.
    pub(super) names: BTreeMap<String, usize>,
    /// Which outcomes the expressions so far read.
    pub(super) outcomes: OutcomesRead,
    faults: Vec<Fault>,
}

impl Checker {
    pub(super) fn new(text: Arc<str>, positions: Positions) -> Self {
        Self {
            text,
            positions,
            names: BTreeMap::new(),
            outcomes: OutcomesRead::default(),
            faults: Vec::new(),
        }
    }

    pub(super) fn into_faults(self) -> Vec<Fault> {
        self.faults
    }

    /// Notes a fault of the value at a pointer.
    pub(super) fn fault(&mut self, code: ErrorCode, pointer: &str, message: impl Into<String>) {
        let span = self.positions.of(pointer);
        self.fault_at(code, pointer, message, span);
    }

    /// Notes a fault of a part of the value at a pointer.
    pub(super) fn fault_at(
        &mut self,
        code: ErrorCode,
        pointer: &str,
        message: impl Into<String>,
        span: Range<usize>,
    ) {
        self.push(Fault::new(code, message, &self.text, span).at(pointer));
    }

    pub(super) fn push(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// A name, or a fault.
    pub(super) fn name<T>(&mut self, pointer: &str, name: Result<T, NameInvalid>) -> Option<T> {
        name.map_err(|error| self.fault(ErrorCode::NameInvalid, pointer, error.to_string())).ok()
    }

    /// Milliseconds from one to a day, or a fault.
    pub(super) fn millis(&mut self, pointer: &str, millis: Option<u64>) -> Option<Duration> {
        let millis = millis?;
        if millis == 0 || millis > MAX_MILLIS {
            let message = format!("{millis} ms is not from 1 to {MAX_MILLIS}");
            self.fault(ErrorCode::WorkflowInvalid, pointer, message);
        }
        Some(Duration::from_millis(millis))
    }

    /// YAML takes longer integers than JSON readers agree on.
    pub(super) fn numbers(&mut self, pointer: &str, value: &Value) {
        match value {
            Value::Number(number) => {
                let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
                let past = magnitude.map_or_else(|| self.is_long_integer(pointer), |m| m > MAX_EXACT_INTEGER);
                if past {
                    let message = format!("the integer {number} is past 2^53 - 1 and would change; quote it");
                    self.fault(ErrorCode::JsonNumberRange, pointer, message);
                }
            }
            Value::Array(elements) => {
                let elements = elements.iter().enumerate();
                elements.for_each(|(place, element)| self.numbers(&format!("{pointer}/{place}"), element));
            }
            Value::Object(members) => {
                let escape = |key: &str| key.replace('~', "~0").replace('/', "~1");
                members
                    .iter()
                    .for_each(|(key, member)| self.numbers(&format!("{pointer}/{}", escape(key)), member));
            }
            _ => {}
        }
    }

    /// Whether the file writes more digits than 64 bits hold: such an integer was read as a double.
    fn is_long_integer(&self, pointer: &str) -> bool {
        let rest = self.text.get(self.positions.of(pointer).start..).unwrap_or_default();
        let rest = rest.trim_start_matches(['-', '+']);
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        digits > 15 && !rest.get(digits..).is_some_and(|after| after.starts_with(['.', 'e', 'E']))
    }

    /// Where a part of a value stands in the file: exactly, when the file writes it as it is, else where the value is.
    pub(super) fn span_within(&self, pointer: &str, part: &str) -> Range<usize> {
        let whole = self.positions.of(pointer);
        let rest = self.text.get(whole.start..).filter(|_| !part.is_empty());
        match rest.and_then(|rest| rest.find(part)) {
            Some(offset) => whole.start + offset..whole.start + offset + part.len(),
            None => whole,
        }
    }
}
