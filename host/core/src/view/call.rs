//! One crossing of the gate, as people look at it.

use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::journal::{CallResult, Emitted, Intent, Observed};
use crate::outcome::OutcomeCode;
use crate::units::Money;

/// One crossing of the gate.
#[derive(Debug, Clone, Serialize)]
pub struct CallView {
    /// Counted from 0 within the attempt.
    pub index: u32,
    /// `effect`, `denied`, `observe` or `emit`.
    pub class: &'static str,
    /// Which door.
    pub call: String,
    /// What it was aimed at.
    pub target: String,
    /// Whether making it twice does no more than making it once.
    pub repeatable: bool,
    /// Microseconds since the start of the run.
    pub at_us: u64,
    /// Microseconds until its result; null for one that has none.
    pub took_us: Option<u64>,
    /// `OK`, or what it came to; null for a call that is under way, or was cut off.
    pub code: Option<OutcomeCode>,
    /// The upstream's status.
    pub status: Option<u16>,
    /// What was held for it.
    pub held: Money,
    /// Tokens that its answer could have, where the budget afforded fewer than were asked for.
    pub clamped_to: Option<u32>,
    /// What of the money held was spent: all of it, where the call was cut off.
    pub spent: Money,
    /// What was billed beyond it.
    pub overrun: Money,
    /// Whether its failure says that it did nothing: it never left, or the upstream refused it.
    pub did_nothing: bool,
    /// Whether it never left: it was refused, or there was no connection.
    pub unsent: bool,
    /// Whether its attempt ended before its result came: nobody knows what became of it.
    pub cut_off: bool,
    /// Why it failed, in one line.
    pub message: Option<String>,
    /// The whole request, the value that was seen, or the text that was written.
    #[serde(skip)]
    pub request: Value,
    /// The whole answer, or the failure.
    #[serde(skip)]
    pub answer: Value,
    /// The `seq` of the entry that changed it last.
    #[serde(skip)]
    pub changed: u64,
}

impl CallView {
    pub(super) fn intent(event: &Intent, at: (u64, u64)) -> Self {
        Self {
            class: event.class.as_str(),
            target: event.target.clone(),
            repeatable: event.repeatable,
            held: event.held,
            clamped_to: event.clamped_to,
            request: event.request.clone(),
            ..Self::at(event.index, &event.call, at)
        }
    }

    pub(super) fn result(&mut self, event: &CallResult, (at, seq): (u64, u64)) {
        self.took_us = Some(at.saturating_sub(self.at_us));
        self.code = Some(event.code);
        self.status = event.status;
        self.spent = event.spent;
        self.overrun = event.overrun;
        self.did_nothing = event.failure.as_ref().is_some_and(Failure::did_nothing);
        self.unsent = event.failure.as_ref().is_some_and(|failure| !failure.request_sent);
        self.message = event.failure.as_ref().map(|failure| failure.message.clone());
        let failure = || serde_json::to_value(&event.failure).unwrap_or_default();
        self.answer = event.answer.clone().unwrap_or_else(failure);
        self.changed = seq;
    }

    /// Its attempt has ended, whether its result has come or not. One that was cut off costs all that was held for it.
    pub(super) fn attempt_ended(&mut self, seq: u64) {
        if self.code.is_none() {
            (self.cut_off, self.spent, self.changed) = (true, self.held, seq);
        }
    }

    pub(super) fn observed(event: &Observed, at: (u64, u64)) -> Self {
        Self {
            class: "observe",
            code: Some(OutcomeCode::Ok),
            answer: event.value.clone(),
            ..Self::at(event.index, &event.call, at)
        }
    }

    pub(super) fn emitted(event: &Emitted, at: (u64, u64)) -> Self {
        Self {
            class: "emit",
            target: event.target.clone(),
            code: Some(OutcomeCode::Ok),
            request: event.text.clone(),
            ..Self::at(event.index, &event.call, at)
        }
    }

    fn at(index: u32, call: &str, (at_us, changed): (u64, u64)) -> Self {
        Self {
            index,
            class: "",
            call: call.to_owned(),
            target: String::new(),
            repeatable: true,
            at_us,
            took_us: None,
            code: None,
            status: None,
            held: Money::ZERO,
            clamped_to: None,
            spent: Money::ZERO,
            overrun: Money::ZERO,
            did_nothing: false,
            unsent: false,
            cut_off: false,
            message: None,
            request: Value::Null,
            answer: Value::Null,
            changed,
        }
    }

    /// Whether nobody knows what it cost, and all that was held for it counts as spent.
    pub(super) fn is_supposed(&self) -> bool {
        self.code != Some(OutcomeCode::Ok) && self.spent > Money::ZERO && self.spent == self.held
    }

    /// Whether it is something that the world may have noticed: an effect that was allowed.
    #[must_use]
    pub fn acts(&self) -> bool {
        self.class == "effect"
    }
}
