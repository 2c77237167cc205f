//! What of a run is under way, and nothing of what is over: it stays small however long the run is.

use std::collections::BTreeMap;

use crate::ids::{SkillId, StepId};
use crate::journal::{Cursor, Entry, Event, RunStarted};
use crate::units::{Money, Timestamp};
use crate::workflow::Workflow;

/// What of a run is under way. An entry costs the same work however many were before it.
#[derive(Debug, Clone, Default)]
pub struct UnderWay {
    started: Option<Timestamp>,
    last: Option<Timestamp>,
    steps: Option<usize>,
    skills: BTreeMap<StepId, SkillId>,
    ended: usize,
    items: usize,
    ceiling: Money,
    held: Money,
    charged: Money,
    open: BTreeMap<u64, OpenAttempt>,
    places: BTreeMap<(StepId, Option<u32>), u64>,
}

/// An attempt that has no end, or the pause before one.
#[derive(Debug, Clone)]
pub struct OpenAttempt {
    /// The step.
    pub step: StepId,
    /// The element, counted from 0; none outside a `foreach`.
    pub item: Option<u32>,
    /// The attempt, counted from 1; of a pause, the one that follows it.
    pub attempt: u32,
    /// The skill; none where the workflow's text cannot be read.
    pub skill: Option<SkillId>,
    /// When the attempt, or the pause, began.
    pub since: Timestamp,
    /// Milliseconds of the pause; none for an attempt.
    pub pause_ms: Option<u64>,
    /// What is held for its fuel and its calls, and not spent.
    pub held: Money,
    /// What its calls have spent.
    pub used: Money,
    calls: BTreeMap<u32, OpenCall>,
}

/// A call that has no result.
#[derive(Debug, Clone)]
pub struct OpenCall {
    /// Which door.
    pub call: String,
    /// What it is aimed at.
    pub target: String,
}

impl UnderWay {
    /// Adds the entry that follows.
    pub fn apply(&mut self, entry: &Entry) {
        self.last = Some(entry.stamp.at);
        let Some(cursor) = &entry.cursor else {
            match &entry.event {
                Event::RunStarted(run) => self.begin(run, entry.stamp.at),
                Event::RunEnded(_) => (self.open, self.places) = Default::default(),
                _ => {}
            }
            return;
        };
        match &entry.event {
            Event::StepStarted(event) => {
                self.held = self.held.saturating_add(event.held);
                let skill = Some(event.skill.clone());
                self.put(OpenAttempt { skill, held: event.held, ..OpenAttempt::new(cursor, entry) }, entry);
            }
            Event::Intent(event) => {
                self.held = self.held.saturating_add(event.held);
                if let Some(attempt) = self.attempt(cursor) {
                    attempt.held = attempt.held.saturating_add(event.held);
                    let (call, target) = (event.call.clone(), event.target.clone());
                    attempt.calls.insert(event.index, OpenCall { call, target });
                }
            }
            Event::Result(event) => {
                self.held = self.held.saturating_sub(event.refunded);
                if let Some(attempt) = self.attempt(cursor) {
                    let settled = event.refunded.saturating_add(event.spent);
                    attempt.held = attempt.held.saturating_sub(settled);
                    attempt.used = attempt.used.saturating_add(event.spent);
                    attempt.calls.remove(&event.index);
                }
            }
            Event::StepEnded(event) => {
                let gone = event.charged.saturating_add(event.absorbed).saturating_add(event.fuel_refunded);
                self.held = self.held.saturating_sub(gone);
                self.charged = self.charged.saturating_add(event.charged);
                *self.counter(cursor) += 1;
                if let Some(place) = self.places.remove(&key(cursor)) {
                    self.open.remove(&place);
                }
            }
            Event::Retry(event) => {
                let counter = self.counter(cursor);
                *counter = counter.saturating_sub(1);
                let (skill, pause_ms) = (self.skills.get(&cursor.step).cloned(), Some(event.delay_ms));
                let attempt = cursor.attempt.saturating_add(1);
                let pause = OpenAttempt { attempt, skill, pause_ms, ..OpenAttempt::new(cursor, entry) };
                self.put(pause, entry);
            }
            _ => {}
        }
    }

    fn begin(&mut self, run: &RunStarted, at: Timestamp) {
        (self.started, self.ceiling) = (Some(at), run.ceiling);
        let workflow = Workflow::parse(run.workflow_text.as_bytes()).ok();
        self.steps = workflow.as_ref().map(|workflow| workflow.steps().len());
        let steps = workflow.iter().flat_map(|workflow| workflow.steps());
        self.skills = steps.map(|step| (step.id.clone(), step.skill.clone())).collect();
    }

    /// An attempt takes the place of the pause before it.
    fn put(&mut self, attempt: OpenAttempt, entry: &Entry) {
        let key = (attempt.step.clone(), attempt.item);
        let place = *self.places.entry(key).or_insert(entry.stamp.seq);
        self.open.insert(place, attempt);
    }

    fn attempt(&mut self, cursor: &Cursor) -> Option<&mut OpenAttempt> {
        self.open.get_mut(self.places.get(&key(cursor))?)
    }

    /// Steps count apart from elements of a `foreach`.
    const fn counter(&mut self, cursor: &Cursor) -> &mut usize {
        if cursor.item.is_some() { &mut self.items } else { &mut self.ended }
    }

    /// Attempts and pauses, those that have been there the longest first.
    pub fn open(&self) -> impl ExactSizeIterator<Item = &OpenAttempt> {
        self.open.values()
    }

    /// Steps that have ended, whatever they went through.
    #[must_use]
    pub const fn ended(&self) -> usize {
        self.ended
    }

    /// Steps of the workflow; none where its text cannot be read by this build.
    #[must_use]
    pub const fn steps(&self) -> Option<usize> {
        self.steps
    }

    /// Elements of a `foreach` that have ended.
    #[must_use]
    pub const fn items(&self) -> usize {
        self.items
    }

    /// When the run began; none before its first entry.
    #[must_use]
    pub const fn started(&self) -> Option<Timestamp> {
        self.started
    }

    /// When the last entry was written; none before the first.
    #[must_use]
    pub const fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// The most that may be charged.
    #[must_use]
    pub const fn ceiling(&self) -> Money {
        self.ceiling
    }

    /// Billed so far.
    #[must_use]
    pub const fn charged(&self) -> Money {
        self.charged
    }

    /// Held now.
    #[must_use]
    pub const fn held(&self) -> Money {
        self.held
    }
}

impl OpenAttempt {
    fn new(cursor: &Cursor, entry: &Entry) -> Self {
        Self {
            step: cursor.step.clone(),
            item: cursor.item,
            attempt: cursor.attempt,
            skill: None,
            since: entry.stamp.at,
            pause_ms: None,
            held: Money::ZERO,
            used: Money::ZERO,
            calls: BTreeMap::new(),
        }
    }

    /// The last call that has no result.
    #[must_use]
    pub fn call(&self) -> Option<&OpenCall> {
        self.calls.last_key_value().map(|(_, call)| call)
    }
}

fn key(cursor: &Cursor) -> (StepId, Option<u32>) {
    (cursor.step.clone(), cursor.item)
}
