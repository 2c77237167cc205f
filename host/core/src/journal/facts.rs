//! What a journal's entries add up to. An outcome is made of these facts alone, so that a live run and its replay
//! cannot tell different stories.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::unanswered::{self, UNANSWERED};
use super::{
    CallClass, CallResult, Cursor, Emitted, Entry, Event, Intent, PinnedSkill, RunStarted, Stamp, StepEnded,
    StepStarted,
};
use crate::failure::{ErrorCode, Failure};
use crate::ids::{SkillId, StepId};
use crate::outcome::{
    Cost, Observability, OutcomeCode, OutcomeMetadata, SCHEMA, SideEffect, Status, StructuredOutcome,
};
use crate::units::{Fuel, Money, Timestamp, whole_millis};

/// The facts of a run so far.
#[derive(Debug, Clone)]
pub struct Facts {
    run: Box<RunStarted>,
    started: Timestamp,
    last: Timestamp,
    steps: BTreeMap<StepId, StepFacts>,
    effects: Vec<SideEffect>,
    cost: Cost,
    held: Money,
    unanswered: u64,
}

/// The facts of one step so far.
#[derive(Debug, Clone, Default)]
pub struct StepFacts {
    /// When its first attempt began.
    pub started: Option<Timestamp>,
    /// How its last attempt ended.
    pub ended: Option<(Stamp, StepEnded)>,
    /// Fuel used, over all attempts.
    pub fuel: Fuel,
    /// Fuel granted, over all attempts.
    pub fuel_granted: Fuel,
    /// Attempts after the first.
    pub retries: u32,
    cost: Cost,
    held: Money,
    open: BTreeMap<(Cursor, u32), Open>,
    /// The attempts of calls that would act again, and of which nobody knows what became.
    unknown: Vec<Cursor>,
    effects: Vec<usize>,
}

#[derive(Debug, Clone)]
struct Open {
    call: String,
    target: String,
    held: Money,
    /// Whether making it again would act again.
    acts: bool,
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
        let (last, cost, held) = (started, Cost::default(), Money::ZERO);
        Self { run, started, last, steps, effects, cost, held, unanswered: 0 }
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
        self.held
    }

    /// Where the run's money went.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        self.cost
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

    /// Requests of an attempt that have left so far, that have no answer, and that would act again.
    #[must_use]
    pub fn unanswered(&self, cursor: &Cursor) -> u64 {
        let Some(step) = self.steps.get(&cursor.step) else { return 0 };
        let open = step.open.iter().filter(|((of, _), open)| of == cursor && open.acts).count();
        (open + step.unknown.iter().filter(|of| *of == cursor).count()) as u64
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
            Event::Retry(_) => self.of(cursor).retries += 1,
            Event::Observed(_) | Event::RunStarted(_) | Event::RunResumed(_) | Event::RunEnded(_) => {}
        }
    }

    fn of(&mut self, cursor: &Cursor) -> &mut StepFacts {
        self.steps.entry(cursor.step.clone()).or_default()
    }

    fn step_started(&mut self, cursor: &Cursor, stamp: Stamp, event: &StepStarted) {
        let step = self.of(cursor);
        step.started.get_or_insert(stamp.at);
        step.fuel_granted = step.fuel_granted.saturating_add(event.fuel_granted);
        self.hold(cursor, event.held);
    }

    fn intent(&mut self, cursor: &Cursor, event: &Intent) {
        let open = Open {
            call: event.call.clone(),
            target: event.target.clone(),
            held: event.held,
            acts: event.class == CallClass::Effect && !event.repeatable,
        };
        self.of(cursor).open.insert((cursor.clone(), event.index), open);
        self.hold(cursor, event.held);
    }

    fn result(&mut self, cursor: &Cursor, event: &CallResult) {
        self.refund(cursor, event.refunded);
        let open = self.of(cursor).open.remove(&(cursor.clone(), event.index));
        let is_unknown = event.code == OutcomeCode::Error(ErrorCode::UnknownOutcome);
        if is_unknown && open.as_ref().is_some_and(|open| open.acts) {
            self.of(cursor).unknown.push(cursor.clone());
        }
        let (call, target) = open.map(|open| (open.call, open.target)).unwrap_or_default();
        self.did(SideEffect {
            step: cursor.step.clone(),
            item: cursor.item,
            attempt: cursor.attempt,
            index: event.index,
            call,
            target,
            status: event.status,
            code: event.code,
            charge: event.spent,
        });
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
        });
    }

    fn step_ended(&mut self, cursor: &Cursor, stamp: Stamp, event: &StepEnded) {
        self.abandon_open_calls(cursor, event.code);
        self.unanswered = self.unanswered.saturating_add(event.unanswered());
        self.refund(cursor, event.fuel_refunded);
        let settled = event.charged.saturating_add(event.absorbed);
        self.held = self.held.saturating_sub(settled);
        self.cost.charged = self.cost.charged.saturating_add(event.charged);
        self.cost.absorbed = self.cost.absorbed.saturating_add(event.absorbed);
        let step = self.of(cursor);
        step.held = step.held.saturating_sub(settled);
        step.cost.charged = step.cost.charged.saturating_add(event.charged);
        step.cost.absorbed = step.cost.absorbed.saturating_add(event.absorbed);
        step.fuel = step.fuel.saturating_add(event.fuel);
        step.ended = Some((stamp, event.clone()));
    }

    /// A call that was cut off may have done its work: it is listed, with all that was held for it.
    fn abandon_open_calls(&mut self, cursor: &Cursor, code: OutcomeCode) {
        let step = self.of(cursor);
        let cut_off: Vec<_> = step.open.extract_if(.., |(of, _), _| of == cursor).collect();
        for ((_, index), open) in cut_off {
            self.did(SideEffect {
                step: cursor.step.clone(),
                item: cursor.item,
                attempt: cursor.attempt,
                index,
                call: open.call,
                target: open.target,
                status: None,
                code,
                charge: open.held,
            });
        }
    }

    /// Lists every call that is open, as one that ended with this code: a run ends here that its journal cannot tell.
    pub fn abandon_all(&mut self, code: OutcomeCode) {
        let open = self.steps.values().flat_map(|step| step.open.keys().map(|(cursor, _)| cursor.clone()));
        let cursors: BTreeSet<Cursor> = open.collect();
        for cursor in &cursors {
            self.unanswered = self.unanswered.saturating_add(self.unanswered(cursor));
            self.abandon_open_calls(cursor, code);
        }
    }

    fn did(&mut self, effect: SideEffect) {
        let place = self.effects.len();
        self.steps.entry(effect.step.clone()).or_default().effects.push(place);
        self.effects.push(effect);
    }

    fn hold(&mut self, cursor: &Cursor, amount: Money) {
        self.held = self.held.saturating_add(amount);
        self.cost.peak_held = self.cost.peak_held.max(self.held);
        let step = self.of(cursor);
        step.held = step.held.saturating_add(amount);
        step.cost.peak_held = step.cost.peak_held.max(step.held);
    }

    fn refund(&mut self, cursor: &Cursor, amount: Money) {
        self.held = self.held.saturating_sub(amount);
        self.cost.refunded = self.cost.refunded.saturating_add(amount);
        let step = self.of(cursor);
        step.held = step.held.saturating_sub(amount);
        step.cost.refunded = step.cost.refunded.saturating_add(amount);
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
            cost_cents: step.cost.charged.cents_rounded_up(),
            cost: step.cost,
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
            cost_cents: self.cost.charged.cents_rounded_up(),
            cost: self.cost,
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
            PinnedSkill::Component { digest, version } => Some(OutcomeMetadata {
                skill_id: skill.clone(),
                skill_version: version.clone(),
                skill_digest: *digest,
            }),
            PinnedSkill::Refused { .. } => None,
        }
    }

    fn observability(&self, step: Option<&StepId>, retries: u32) -> Observability {
        Observability { retries, ..Observability::of(&self.run.seed, step) }
    }
}
