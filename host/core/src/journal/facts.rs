//! What a journal's entries add up to. An outcome is made of these facts alone, so that a live run and its replay
//! cannot tell different stories.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::step_facts::StepFacts;
use super::tally::{OpenAttempt, OpenCall, Tally};
use super::unanswered::{self, UNANSWERED};
use super::{
    CallClass, CallResult, Cursor, Emitted, Entry, Event, Intent, PinnedSkill, RetryBucket, RunStarted,
    Stamp, StepEnded, StepStarted,
};
use crate::failure::{ErrorCode, Failure};
use crate::ids::{SkillId, StepId};
use crate::outcome::{
    AttemptCost, Cost, Observability, OutcomeCode, OutcomeMetadata, SCHEMA, SideEffect, Status,
    StructuredOutcome,
};
use crate::units::{Fuel, Money, Timestamp, whole_millis};

/// The facts of a run so far.
#[derive(Debug, Clone)]
pub struct Facts {
    run: Box<RunStarted>,
    started: Timestamp,
    last: Timestamp,
    steps: BTreeMap<StepId, StepFacts>,
    effects: Vec<Arc<SideEffect>>,
    tally: Tally,
    unanswered: u64,
    retries_left: RetryBucket,
}

/// What a run ends with, beside the facts of its steps.
#[derive(Debug, Clone)]
pub struct RunEnding {
    /// How.
    pub status: Status,
    /// Why, when it did not succeed.
    pub failure: Option<Failure>,
    /// The step that the failure comes from.
    pub step: Option<StepId>,
    /// What it gave.
    pub output: Value,
}

impl Facts {
    /// The facts of a run that has just begun.
    #[must_use]
    pub fn new(run: Box<RunStarted>, started: Timestamp) -> Self {
        let (steps, effects) = (BTreeMap::new(), Vec::new());
        let (tally, retries_left) = (Tally::default(), RetryBucket::default());
        Self { run, started, last: started, steps, effects, tally, unanswered: 0, retries_left }
    }

    /// The run's first entry.
    #[must_use]
    pub fn run(&self) -> &RunStarted {
        &self.run
    }

    /// When the run began.
    #[must_use]
    pub const fn started(&self) -> Timestamp {
        self.started
    }

    /// When the last entry was written.
    #[must_use]
    pub const fn last(&self) -> Timestamp {
        self.last
    }

    /// Money that is held now. At the end of a run it is nothing.
    #[must_use]
    pub const fn held(&self) -> Money {
        self.tally.held
    }

    /// Where the run's money went.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        self.tally.cost
    }

    /// The facts of a step, if it has any.
    #[must_use]
    pub fn step(&self, step: &StepId) -> Option<&StepFacts> {
        self.steps.get(step)
    }

    /// The place of the entry with which a step ended last.
    #[must_use]
    pub fn ended_at(&self, step: &StepId) -> Option<u64> {
        self.steps.get(step)?.ended.as_ref().map(|(stamp, _)| stamp.seq)
    }

    /// How many retries the run has left.
    #[must_use]
    pub const fn retries_left(&self) -> RetryBucket {
        self.retries_left
    }

    /// Of these elements of a `foreach`, the one whose failure stands first in the journal.
    #[must_use]
    pub fn first_failed(&self, step: &StepId, among: &BTreeSet<u32>) -> Option<u32> {
        let failed = self.steps.get(step)?.failed_items.iter().filter(|(item, _)| among.contains(item));
        failed.min_by_key(|(_, seq)| **seq).map(|(item, _)| *item)
    }

    /// Requests of an attempt that have left so far, that have no answer, and that would act again.
    #[must_use]
    pub fn unanswered(&self, cursor: &Cursor) -> u64 {
        let Some(step) = self.steps.get(&cursor.step) else { return 0 };
        let Some(attempt) = step.open.get(cursor) else { return 0 };
        attempt.calls.values().filter(|call| call.acts).count() as u64 + attempt.unknown
    }

    /// Adds an entry.
    pub fn apply(&mut self, entry: &Entry) {
        self.last = entry.stamp.at;
        let Some(cursor) = &entry.cursor else { return };
        match &entry.event {
            Event::StepStarted(event) => self.step_started(cursor, entry.stamp, event),
            Event::Intent(event) => self.intent(cursor, event),
            Event::Result(event) => self.result(cursor, event),
            Event::Emitted(event) => self.emitted(cursor, event),
            Event::StepEnded(event) => self.step_ended(cursor, entry.stamp, event),
            Event::Retry(_) => self.retried(cursor),
            Event::FellBack(event) => self.of(cursor).fell_back(cursor, event),
            Event::Observed(_)
            | Event::GaveUp(_)
            | Event::RunStarted(_)
            | Event::RunResumed(_)
            | Event::RunEnded(_) => {}
        }
    }

    fn retried(&mut self, cursor: &Cursor) {
        self.retries_left.take();
        let step = self.of(cursor);
        step.retries += 1;
        cursor.item.and_then(|item| step.failed_items.remove(&item));
    }

    fn of(&mut self, cursor: &Cursor) -> &mut StepFacts {
        self.steps.entry(cursor.step.clone()).or_default()
    }

    fn open(&mut self, cursor: &Cursor) -> &mut OpenAttempt {
        self.of(cursor).open.entry(cursor.clone()).or_default()
    }

    /// Moves money of an attempt, of its step and of the run.
    fn each(&mut self, cursor: &Cursor, change: impl Fn(&mut Tally)) {
        change(&mut self.tally);
        let step = self.of(cursor);
        change(&mut step.tally);
        change(&mut step.open.entry(cursor.clone()).or_default().tally);
    }

    fn step_started(&mut self, cursor: &Cursor, stamp: Stamp, event: &StepStarted) {
        let step = self.of(cursor);
        step.started.get_or_insert(stamp.at);
        step.fuel_granted = step.fuel_granted.saturating_add(event.fuel_granted);
        let attempt = self.open(cursor);
        (attempt.began, attempt.fuel) = (true, event.held);
        self.each(cursor, |tally| tally.hold(event.held));
    }

    fn intent(&mut self, cursor: &Cursor, event: &Intent) {
        let Intent { held, held_for, clamped_to, .. } = *event;
        let (call, target) = (event.call.clone(), event.target.clone());
        let acts = event.class == CallClass::Effect && !event.repeatable;
        let open = OpenCall { call, target, held, held_for, clamped_to, acts };
        self.open(cursor).calls.insert(event.index, open);
        self.each(cursor, |tally| tally.hold(held));
    }

    fn result(&mut self, cursor: &Cursor, event: &CallResult) {
        self.each(cursor, |tally| {
            tally.refund(event.refunded);
            tally.cost.overrun = tally.cost.overrun.saturating_add(event.overrun);
        });
        let attempt = self.open(cursor);
        attempt.spent = attempt.spent.and(&event.spent_on);
        let Some(open) = attempt.calls.remove(&event.index) else { return };
        if open.acts && event.code == OutcomeCode::Error(ErrorCode::UnknownOutcome) {
            attempt.unknown += 1;
        }
        self.did(open.effect((cursor, event.index), event.status, event.code, event.spent));
    }

    fn emitted(&mut self, cursor: &Cursor, event: &Emitted) {
        self.did(SideEffect {
            step: cursor.step.clone(),
            item: cursor.item,
            attempt: cursor.attempt,
            index: event.index,
            call: event.call.clone(),
            target: event.target.clone(),
            status: None,
            code: OutcomeCode::Ok,
            charge: Money::ZERO,
            clamped_to: None,
        });
    }

    fn step_ended(&mut self, cursor: &Cursor, stamp: Stamp, event: &StepEnded) {
        self.abandon_open_calls(cursor, event.code);
        self.unanswered = self.unanswered.saturating_add(event.unanswered());
        let StepEnded { fuel_refunded, charged, absorbed, .. } = *event;
        let attempt = self.open(cursor);
        attempt.spent.fuel = attempt.fuel.saturating_sub(fuel_refunded);
        let spent = attempt.spent;
        self.each(cursor, |tally| {
            tally.refund(fuel_refunded);
            tally.end(charged, absorbed, &spent);
        });
        let step = self.of(cursor);
        let mut attempt_succeeded = false;
        if let Some(attempt) = step.open.remove(cursor).filter(|attempt| attempt.began) {
            attempt_succeeded = event.status == Status::Success;
            let cost = attempt.tally.cost;
            step.attempts.push(AttemptCost { item: cursor.item, attempt: cursor.attempt, cost });
        }
        step.fuel = step.fuel.saturating_add(event.fuel);
        match cursor.item {
            None => step.ended = Some((stamp, event.clone())),
            Some(item) if event.failure.is_some() => {
                step.failed_items.insert(item, stamp.seq);
            }
            Some(_) => {}
        }
        if attempt_succeeded {
            self.retries_left.succeeded();
        }
    }

    /// A call that was cut off may have done its work: it is listed, with all that was held for it.
    fn abandon_open_calls(&mut self, cursor: &Cursor, code: OutcomeCode) {
        let attempt = self.open(cursor);
        let cut_off = std::mem::take(&mut attempt.calls);
        for (index, open) in cut_off {
            let attempt = self.open(cursor);
            attempt.spent = attempt.spent.and(&open.held_for);
            let held = open.held;
            self.did(open.effect((cursor, index), None, code, held));
        }
    }

    /// Lists every call that is open, as one that ended with this code: a run ends here that its journal cannot tell.
    pub fn abandon_all(&mut self, code: OutcomeCode) {
        let cursors: Vec<Cursor> = self.steps.values().flat_map(|step| step.open.keys().cloned()).collect();
        for cursor in &cursors {
            self.unanswered = self.unanswered.saturating_add(self.unanswered(cursor));
            self.abandon_open_calls(cursor, code);
        }
    }

    fn did(&mut self, effect: SideEffect) {
        let place = self.effects.len();
        self.steps.entry(effect.step.clone()).or_default().effects.push(place);
        self.effects.push(Arc::new(effect));
    }

    /// The outcome of a step that has ended.
    #[must_use]
    pub fn step_outcome(&self, id: &StepId, skill: &SkillId) -> Option<StructuredOutcome> {
        let step = self.steps.get(id)?;
        let (stamp, ended) = step.ended.as_ref()?;
        let failure = ended.failure.as_ref();
        Some(StructuredOutcome {
            step_id: Some(id.clone()),
            status: ended.status,
            output: ended.output.clone().unwrap_or_default(),
            code: ended.code,
            details: failure.map(Failure::outcome_details).unwrap_or_default(),
            message: failure.map(|failure| failure.message.clone()).unwrap_or_default(),
            cost_cents: step.tally.cost.charged.cents_rounded_up(),
            cost: step.tally.cost,
            attempts: step.attempts.clone(),
            fuel: step.fuel,
            fuel_granted: step.fuel_granted,
            latency_ms: step.started.map(|started| whole_millis(stamp.at.since(started))).unwrap_or_default(),
            side_effects: step.effects.iter().filter_map(|place| self.effects.get(*place).cloned()).collect(),
            metadata: self.metadata(skill),
            observability: self.observability(Some(id), step.retries),
            timestamp: stamp.at,
            ..self.frame(failure)
        })
    }

    /// The outcome of the run at `now`, with the steps in the given order.
    #[must_use]
    pub fn run_outcome(
        &self,
        ending: RunEnding,
        steps: &[(StepId, SkillId)],
        now: Timestamp,
    ) -> StructuredOutcome {
        let failure = ending.failure.as_ref();
        let code = failure.map_or(OutcomeCode::Ok, |failure| OutcomeCode::Error(failure.code));
        let steps: Vec<_> = steps.iter().filter_map(|(id, skill)| self.step_outcome(id, skill)).collect();
        StructuredOutcome {
            status: ending.status,
            output: ending.output,
            code,
            message: failure
                .map(|failure| self.run_message(failure, ending.step.as_ref()))
                .unwrap_or_default(),
            details: self.run_details(failure.cloned(), ending.step.as_ref()),
            cost_cents: self.cost().charged.cents_rounded_up(),
            cost: self.cost(),
            fuel: steps.iter().fold(Fuel::ZERO, |sum, step| sum.saturating_add(step.fuel)),
            fuel_granted: steps.iter().fold(Fuel::ZERO, |sum, step| sum.saturating_add(step.fuel_granted)),
            latency_ms: whole_millis(now.since(self.started)),
            side_effects: self.effects.clone(),
            observability: self
                .observability(None, steps.iter().map(|step| step.observability.retries).sum()),
            timestamp: now,
            steps,
            ..self.frame(failure)
        }
    }

    /// The fields that every outcome of this run fills in the same way; the others stand empty.
    fn frame(&self, failure: Option<&Failure>) -> StructuredOutcome {
        StructuredOutcome {
            schema: SCHEMA.to_owned(),
            run_id: self.run.run,
            step_id: None,
            status: Status::Success,
            output: Value::Null,
            code: OutcomeCode::Ok,
            category: failure.map(|failure| failure.category),
            message: String::new(),
            details: Value::Null,
            retryable: failure.is_some_and(|failure| failure.retryable),
            retry_after_ms: failure.and_then(|failure| failure.retry_after_ms),
            cost_cents: 0,
            cost: Cost::default(),
            attempts: Vec::new(),
            fuel: Fuel::ZERO,
            fuel_granted: Fuel::ZERO,
            latency_ms: 0,
            side_effects: Vec::new(),
            metadata: None,
            observability: self.observability(None, 0),
            timestamp: self.started,
            steps: Vec::new(),
        }
    }

    fn run_message(&self, failure: &Failure, step: Option<&StepId>) -> String {
        let unanswered = unanswered::words(self.unanswered);
        match step {
            Some(step) => format!("step {step}: {}{unanswered}", failure.message),
            None => format!("{}{unanswered}", failure.message),
        }
    }

    /// What is known of the failure, with the step that it comes from and what was left open in all of the run.
    fn run_details(&self, failure: Option<Failure>, step: Option<&StepId>) -> Value {
        let Some(mut failure) = failure else { return Value::Null };
        if self.unanswered > 0 {
            failure = failure.with_detail(UNANSWERED, self.unanswered);
        }
        if let Some(step) = step {
            failure = failure.with_detail("step", json!(step));
        }
        failure.outcome_details()
    }

    fn metadata(&self, skill: &SkillId) -> Option<OutcomeMetadata> {
        match self.run.skills.get(skill)? {
            PinnedSkill::Component { digest, version, .. } => Some(OutcomeMetadata {
                skill_id: skill.clone(),
                skill_version: version.clone(),
                skill_digest: *digest,
            }),
            PinnedSkill::Refused { .. } => None,
        }
    }

    fn observability(&self, step: Option<&StepId>, retries: u32) -> Observability {
        Observability { retries, ..Observability::of(&self.run.trace(), step) }
    }
}
