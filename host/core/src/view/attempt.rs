//! A step, or one element of a `foreach`, and its attempts.

use serde::Serialize;
use serde_json::Value;

use super::CallView;
use crate::failure::Failure;
use crate::ids::{Digest, SkillId, StepId};
use crate::journal::{Event, FellBack, GaveUp, Interrupted, Retry};
use crate::outcome::{OutcomeCode, Status};
use crate::units::{Fuel, Money};

/// A step, or one element of a `foreach`.
#[derive(Debug, Clone)]
pub struct StepView {
    /// The step.
    pub step: StepId,
    /// The element, counted from 0; none outside a `foreach`.
    pub item: Option<u32>,
    /// Its attempts, in order.
    pub attempts: Vec<AttemptView>,
}

/// One attempt.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AttemptView {
    /// Counted from 1.
    pub attempt: u32,
    /// The skill; null for an attempt that never began.
    pub skill: Option<SkillId>,
    /// BLAKE3 of its component.
    pub digest: Option<Digest>,
    /// Microseconds since the start of the run.
    pub begun_us: u64,
    /// Microseconds until its end; null for one that has none.
    pub took_us: Option<u64>,
    /// How it ended.
    pub status: Option<Status>,
    /// `OK`, or why it ended.
    pub code: Option<OutcomeCode>,
    /// Everything that is known of its failure.
    pub failure: Option<Failure>,
    /// Where it was cut off.
    pub interrupted: Option<Interrupted>,
    /// Fuel granted.
    pub fuel_granted: Fuel,
    /// Fuel used.
    pub fuel: Fuel,
    /// The most bytes of memory that its guest had; null where the journal does not say.
    pub memory_bytes: Option<u64>,
    /// Milliseconds that it might take; null for an attempt that never began.
    pub deadline_ms: Option<u64>,
    /// What was held for its fuel.
    pub held: Money,
    /// What of it was spent.
    pub fuel_cost: Money,
    /// What it was billed.
    pub charged: Money,
    /// What it lost.
    pub absorbed: Money,
    /// The pause before the next attempt.
    pub retry: Option<Retry>,
    /// Why there is none, where its failure may be tried again.
    pub gave_up: Option<GaveUp>,
    /// The value that stands in for its output.
    pub fell_back: Option<FellBack>,
    /// What it did, by index.
    #[serde(skip)]
    pub calls: Vec<CallView>,
    /// What its skill got.
    #[serde(skip)]
    pub input: Value,
    /// What it gave.
    #[serde(skip)]
    pub output: Value,
    /// The `seq` of the entry that changed it, or one of its calls, last.
    #[serde(skip)]
    pub changed: u64,
}

impl StepView {
    pub(super) fn attempt(&mut self, attempt: u32, at: u64) -> Option<&mut AttemptView> {
        let known = self.attempts.iter().rposition(|known| known.attempt == attempt);
        if known.is_none() {
            self.attempts.push(AttemptView { attempt, begun_us: at, ..AttemptView::default() });
        }
        let place = known.unwrap_or(self.attempts.len() - 1);
        // Found, or just pushed.
        self.attempts.get_mut(place)
    }

    /// How it ended: its last attempt, or, of a step with elements, all of them together; none where it has no end.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        let last = self.attempts.last()?;
        match &last.fell_back {
            Some(FellBack { failure: None, .. }) => Some(Status::Partial),
            _ if last.retry.is_some() => None,
            _ => last.status,
        }
    }

    /// The `seq` of the entry that changed it last.
    pub(super) fn changed(&self) -> u64 {
        self.attempts.iter().map(|attempt| attempt.changed).max().unwrap_or_default()
    }
}

impl AttemptView {
    /// Adds what an entry says; `at` is the time in microseconds, and the entry's `seq`.
    pub(super) fn add(&mut self, event: &Event, at: (u64, u64)) {
        self.changed = at.1;
        match event {
            Event::StepStarted(event) => {
                self.skill = Some(event.skill.clone());
                self.digest = Some(event.digest);
                self.fuel_granted = event.fuel_granted;
                self.deadline_ms = Some(event.deadline_ms);
                self.held = event.held;
                self.input = event.input.clone();
            }
            Event::Intent(event) => self.call(CallView::intent(event, at)),
            Event::Result(event) => {
                if let Some(call) = self.calls.iter_mut().rfind(|call| call.index == event.index) {
                    call.result(event, at);
                }
            }
            Event::Observed(event) => self.call(CallView::observed(event, at)),
            Event::Emitted(event) => self.call(CallView::emitted(event, at)),
            Event::StepEnded(event) => {
                self.took_us = Some(at.0.saturating_sub(self.begun_us));
                self.status = Some(event.status);
                self.code = Some(event.code);
                self.failure = event.failure.clone();
                self.interrupted = event.interrupted;
                self.fuel = event.fuel;
                self.fuel_cost = self.held.saturating_sub(event.fuel_refunded);
                self.memory_bytes = event.memory_bytes;
                self.charged = event.charged;
                self.absorbed = event.absorbed;
                self.output = event.output.clone().unwrap_or_default();
                self.calls.iter_mut().for_each(|call| call.attempt_ended(at.1));
            }
            Event::Retry(event) => self.retry = Some(event.clone()),
            Event::GaveUp(event) => self.gave_up = Some(event.clone()),
            Event::FellBack(event) => self.fell_back = Some(event.clone()),
            Event::RunStarted(_) | Event::RunResumed(_) | Event::RunEnded(_) => {}
        }
    }

    /// Requests that are under way at one time are written in any order.
    fn call(&mut self, call: CallView) {
        let place = self.calls.partition_point(|known| known.index < call.index);
        self.calls.insert(place, call);
    }

    /// Whether its skill was called.
    #[must_use]
    pub const fn began(&self) -> bool {
        self.skill.is_some()
    }
}
