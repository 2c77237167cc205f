//! A journal as people look at it: steps, their attempts, what each did, what it cost and how long it took.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{
    Cursor, Entry, Event, Facts, FellBack, GaveUp, Interrupted, JournalError, Recording, Retry, TornTail,
};
use crate::failure::Failure;
use crate::ids::{BudgetName, Digest, RunId, SkillId, StepId};
use crate::outcome::{Cost, OutcomeCode, Status, StructuredOutcome};
use crate::units::{Fuel, Money, Timestamp};

/// A run.
#[derive(Debug, Clone, Serialize)]
pub struct RunView {
    /// The run.
    pub run: RunId,
    /// The workflow's name.
    pub workflow: String,
    /// BLAKE3 of the workflow's text.
    pub workflow_digest: Digest,
    /// When it began.
    pub started: Timestamp,
    /// Microseconds until the last entry. Time between a kill and a resumption does not count.
    pub took_us: u64,
    /// How it ended; null when it was killed, or still goes on.
    pub outcome: Option<OutcomeView>,
    /// The most that may be charged.
    pub ceiling: Money,
    /// The named budget that it was taken from.
    pub budget: Option<BudgetName>,
    /// Where the money went.
    pub cost: Cost,
    /// What is held now.
    pub held: Money,
    /// The wall times at which it was resumed.
    pub resumed: Vec<Timestamp>,
    /// The fingerprint of the engine's rules.
    pub engine: Digest,
    /// The digest of the stub world; null for the live one.
    pub stubs: Option<Digest>,
    /// Bytes of the journal's whole lines.
    pub bytes: usize,
    /// Entries; texts that are stored on lines of their own do not count.
    pub entries: usize,
    /// Bytes of a last line that is torn; null for none.
    pub torn_bytes: Option<usize>,
    /// The steps, in the order in which they appear.
    pub steps: Vec<StepView>,
}

/// How a run ended.
#[derive(Debug, Clone, Serialize)]
pub struct OutcomeView {
    /// How.
    pub status: Status,
    /// `OK`, or why.
    pub code: OutcomeCode,
    /// For people; empty for `OK`.
    pub message: String,
}

/// A step, or one element of a `foreach`.
#[derive(Debug, Clone, Serialize)]
pub struct StepView {
    /// The step.
    pub step: StepId,
    /// The element, counted from 0; null outside a `foreach`.
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
    /// What it was billed.
    pub charged: Money,
    /// What it lost.
    pub absorbed: Money,
    /// What it did, by index.
    pub calls: Vec<CallView>,
    /// The pause before the next attempt.
    pub retry: Option<Retry>,
    /// Why there is none, where its failure may be tried again.
    pub gave_up: Option<GaveUp>,
    /// The value that stands in for its output.
    pub fell_back: Option<FellBack>,
}

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
    /// Microseconds since the start of the run.
    pub at_us: u64,
    /// Microseconds until its result; null for one that has none.
    pub took_us: Option<u64>,
    /// `OK`, or what it came to; null for a call that was cut off.
    pub code: Option<OutcomeCode>,
    /// The upstream's status.
    pub status: Option<u16>,
    /// What was held for it.
    pub held: Money,
    /// Tokens that its answer could have, where the budget afforded fewer than were asked for.
    pub clamped_to: Option<u32>,
    /// What of the money held was spent.
    pub spent: Money,
    /// What was billed beyond it.
    pub overrun: Money,
    /// The whole request, the value that was seen, or the text that was written.
    #[serde(skip)]
    pub request: Value,
    /// The whole answer, or the failure.
    #[serde(skip)]
    pub answer: Value,
}

impl RunView {
    /// Looks at a journal, whether its run has ended or not.
    ///
    /// # Errors
    ///
    /// [`JournalError::Corrupt`] for one without a beginning.
    pub fn of(recording: &Recording) -> Result<Self, JournalError> {
        let facts = recording.facts()?;
        let run = facts.run();
        let started = facts.started();
        let last = recording.entries().last();
        let resumed = recording.entries().iter().filter_map(|entry| match &entry.event {
            Event::RunResumed(resumed) => Some(resumed.wall),
            _ => None,
        });
        Ok(Self {
            run: run.run,
            workflow: run.workflow.clone(),
            workflow_digest: run.workflow_digest,
            started,
            took_us: last.map_or(0, |entry| micros(started, entry.stamp.at)),
            outcome: last.and_then(outcome),
            ceiling: run.ceiling,
            budget: run.budget.clone(),
            cost: facts.cost(),
            held: facts.held(),
            resumed: resumed.collect(),
            engine: run.engine,
            stubs: run.stubs,
            bytes: recording.len_bytes(),
            entries: recording.entries().len(),
            torn_bytes: recording.torn().map(|TornTail { bytes, .. }| bytes),
            steps: steps(recording.entries(), &facts),
        })
    }

    /// One crossing.
    #[must_use]
    pub fn call(&self, cursor: &Cursor, index: u32) -> Option<&CallView> {
        let step = self.steps.iter().find(|step| step.step == cursor.step && step.item == cursor.item)?;
        let attempt = step.attempts.iter().find(|attempt| attempt.attempt == cursor.attempt)?;
        attempt.calls.iter().find(|call| call.index == index)
    }
}

fn outcome(entry: &Entry) -> Option<OutcomeView> {
    let Event::RunEnded(ended) = &entry.event else { return None };
    let StructuredOutcome { status, code, message, .. } = &ended.outcome;
    Some(OutcomeView { status: *status, code: *code, message: message.clone() })
}

fn steps(entries: &[Entry], facts: &Facts) -> Vec<StepView> {
    let mut steps: Vec<StepView> = Vec::new();
    let mut places: BTreeMap<(StepId, Option<u32>), usize> = BTreeMap::new();
    for entry in entries {
        let Some(Cursor { step, item, attempt }) = &entry.cursor else { continue };
        let place = *places.entry((step.clone(), *item)).or_insert_with(|| {
            steps.push(StepView { step: step.clone(), item: *item, attempts: Vec::new() });
            steps.len() - 1
        });
        let at = micros(facts.started(), entry.stamp.at);
        if let Some(attempt) = steps.get_mut(place).and_then(|step| step.attempt(*attempt, at)) {
            attempt.add(&entry.event, at);
        }
    }
    for attempt in steps.iter_mut().flat_map(|step| &mut step.attempts) {
        attempt.calls.sort_by_key(|call| call.index);
    }
    steps
}

impl StepView {
    fn attempt(&mut self, attempt: u32, at: u64) -> Option<&mut AttemptView> {
        let known = self.attempts.iter().position(|known| known.attempt == attempt);
        if known.is_none() {
            self.attempts.push(AttemptView { attempt, begun_us: at, ..AttemptView::default() });
        }
        let place = known.unwrap_or(self.attempts.len() - 1);
        // Found, or just pushed.
        self.attempts.get_mut(place)
    }
}

impl AttemptView {
    fn add(&mut self, event: &Event, at: u64) {
        match event {
            Event::StepStarted(event) => {
                self.skill = Some(event.skill.clone());
                self.digest = Some(event.digest);
                self.fuel_granted = event.fuel_granted;
            }
            Event::Intent(event) => self.calls.push(CallView {
                class: event.class.as_str(),
                target: event.target.clone(),
                held: event.held,
                clamped_to: event.clamped_to,
                request: event.request.clone(),
                ..CallView::at(event.index, &event.call, at)
            }),
            Event::Result(event) => {
                if let Some(call) = self.calls.iter_mut().find(|call| call.index == event.index) {
                    call.took_us = Some(at.saturating_sub(call.at_us));
                    call.code = Some(event.code);
                    call.status = event.status;
                    call.spent = event.spent;
                    call.overrun = event.overrun;
                    let failure = || serde_json::to_value(&event.failure).unwrap_or_default();
                    call.answer = event.answer.clone().unwrap_or_else(failure);
                }
            }
            Event::Observed(event) => self.calls.push(CallView {
                class: "observe",
                code: Some(OutcomeCode::Ok),
                answer: event.value.clone(),
                ..CallView::at(event.index, &event.call, at)
            }),
            Event::Emitted(event) => self.calls.push(CallView {
                class: "emit",
                target: event.target.clone(),
                code: Some(OutcomeCode::Ok),
                request: event.text.clone(),
                ..CallView::at(event.index, &event.call, at)
            }),
            Event::StepEnded(event) => {
                self.took_us = Some(at.saturating_sub(self.begun_us));
                self.status = Some(event.status);
                self.code = Some(event.code);
                self.failure = event.failure.clone();
                self.interrupted = event.interrupted;
                self.fuel = event.fuel;
                self.charged = event.charged;
                self.absorbed = event.absorbed;
            }
            Event::Retry(event) => self.retry = Some(event.clone()),
            Event::GaveUp(event) => self.gave_up = Some(event.clone()),
            Event::FellBack(event) => self.fell_back = Some(event.clone()),
            Event::RunStarted(_) | Event::RunResumed(_) | Event::RunEnded(_) => {}
        }
    }
}

impl CallView {
    fn at(index: u32, call: &str, at_us: u64) -> Self {
        Self {
            index,
            class: "",
            call: call.to_owned(),
            target: String::new(),
            at_us,
            took_us: None,
            code: None,
            status: None,
            held: Money::ZERO,
            clamped_to: None,
            spent: Money::ZERO,
            overrun: Money::ZERO,
            request: Value::Null,
            answer: Value::Null,
        }
    }
}

fn micros(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.since(from).as_micros()).unwrap_or(u64::MAX)
}
