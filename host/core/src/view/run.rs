//! A run, as far as its entries tell.

use std::collections::BTreeMap;

use serde_json::Value;

use super::failures::failures;
use super::planned::planned;
use super::{
    AttemptView, CallView, Counts, Document, FailureView, Head, MoneyPoint, OutcomeView, Place, PlannedStep,
    SkillView, StepView,
};
use crate::ids::{Digest, StepId};
use crate::journal::{Cursor, Entry, Event, Facts, JournalError, JournalReader, Recording};
use crate::outcome::{OutcomeCode, Status, StructuredOutcome};
use crate::units::{Fuel, Timestamp};
use crate::workflow::Workflow;

/// A run, as far as its entries tell.
#[derive(Debug, Clone)]
pub struct RunView {
    facts: Facts,
    plan: Option<Vec<PlannedStep>>,
    outcome: Option<Box<StructuredOutcome>>,
    resumed: Vec<Timestamp>,
    steps: Vec<StepView>,
    places: BTreeMap<(StepId, Option<u32>), usize>,
    money: Vec<MoneyPoint>,
    seq: u64,
    entries: usize,
    file: FileView,
}

/// What the file of a journal says beside its entries.
#[derive(Debug, Clone, Copy)]
struct FileView {
    bytes: usize,
    torn_bytes: Option<usize>,
    seal: Digest,
}

impl RunView {
    /// Looks at a journal, whether its run has ended or not.
    ///
    /// # Errors
    ///
    /// [`JournalError::Corrupt`] for one without a beginning.
    pub fn of(recording: &Recording) -> Result<Self, JournalError> {
        let mut view = Self::begin(recording.entries().first())?;
        recording.entries().iter().skip(1).for_each(|entry| view.apply(entry));
        view.file = FileView {
            bytes: recording.len_bytes(),
            torn_bytes: recording.torn().map(|torn| torn.bytes),
            seal: recording.seal().digest(),
        };
        Ok(view)
    }

    /// Looks at the first entry of a journal.
    ///
    /// # Errors
    ///
    /// [`JournalError::Corrupt`] when it is none.
    pub fn begin(first: Option<&Entry>) -> Result<Self, JournalError> {
        let Some(Entry { stamp, event: Event::RunStarted(run), .. }) = first else {
            let what = "is not a run-started entry".to_owned();
            return Err(JournalError::Corrupt { line: 1, what });
        };
        let plan = Workflow::parse(run.workflow_text.as_bytes()).ok().map(|workflow| planned(&workflow));
        let facts = Facts::new(run.clone(), stamp.at);
        Ok(Self {
            money: vec![MoneyPoint::of(&facts, (0, stamp.seq))],
            facts,
            plan,
            outcome: None,
            resumed: Vec::new(),
            steps: Vec::new(),
            places: BTreeMap::new(),
            seq: stamp.seq,
            entries: 1,
            file: FileView { bytes: 0, torn_bytes: None, seal: Digest::from_bytes([0; 32]) },
        })
    }

    /// Adds the entry that follows.
    pub fn apply(&mut self, entry: &Entry) {
        self.facts.apply(entry);
        (self.seq, self.entries) = (entry.stamp.seq, self.entries + 1);
        let at = (micros(self.facts.started(), entry.stamp.at), entry.stamp.seq);
        let point = MoneyPoint::of(&self.facts, at);
        if self.money.last().is_none_or(|last| !last.says_as_much_as(&point)) {
            self.money.push(point);
        }
        match (&entry.event, &entry.cursor) {
            (Event::RunEnded(ended), _) => self.outcome = Some(Box::new(ended.outcome.clone())),
            (Event::RunResumed(resumed), _) => self.resumed.push(resumed.wall),
            (event, Some(cursor)) => {
                if let Some(attempt) = self.step(cursor).attempt(cursor.attempt, at.0) {
                    attempt.add(event, at);
                }
            }
            _ => {}
        }
    }

    /// Takes note of how far the file was read.
    pub fn stands_at(&mut self, reader: &JournalReader) {
        self.file = FileView {
            bytes: reader.len_bytes(),
            torn_bytes: Some(reader.rest_bytes()).filter(|rest| *rest > 0),
            seal: reader.seal().digest(),
        };
    }

    fn step(&mut self, cursor: &Cursor) -> &mut StepView {
        let (steps, key) = (&mut self.steps, (cursor.step.clone(), cursor.item));
        let place = *self.places.entry(key).or_insert_with(|| {
            let (step, item) = (cursor.step.clone(), cursor.item);
            steps.push(StepView { step, item, attempts: Vec::new() });
            steps.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "it was found, or just pushed")]
        &mut self.steps[place]
    }

    /// The run as a whole.
    #[must_use]
    pub fn head(&self) -> Head {
        let (run, file) = (self.facts.run(), self.file);
        let attempts = self.steps.iter().flat_map(|step| &step.attempts);
        let cost = self.facts.cost();
        Head {
            run: run.run,
            workflow: run.workflow.clone(),
            workflow_digest: run.workflow_digest,
            started: self.facts.started(),
            took_us: micros(self.facts.started(), self.facts.last()),
            outcome: self.outcome.as_deref().map(OutcomeView::of),
            ceiling: run.ceiling,
            absorbed_ceiling: run.absorbed_ceiling,
            failed_steps: run.failed_steps,
            budget: run.budget.clone(),
            cost,
            supposed: attempts.clone().flat_map(|attempt| &attempt.calls).any(CallView::is_supposed),
            total: cost.charged.saturating_add(cost.absorbed).saturating_add(cost.overrun),
            held: self.facts.held(),
            fuel: attempts.clone().fold(Fuel::ZERO, |sum, attempt| sum.saturating_add(attempt.fuel)),
            resumed: self.resumed.clone(),
            engine: run.engine,
            stubs: run.stubs,
            prices: run.prices,
            skills: run.skills.iter().map(|(id, skill)| (id.clone(), SkillView::of(skill))).collect(),
            counts: self.counts(),
            bytes: file.bytes,
            entries: self.entries,
            torn_bytes: file.torn_bytes,
            seal: file.seal,
        }
    }

    /// The `seq` of the last entry.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// How the run ended, whole.
    #[must_use]
    pub fn outcome(&self) -> Option<&StructuredOutcome> {
        self.outcome.as_deref()
    }

    /// The steps of the workflow, in the order of its file; none where its text cannot be read by this build.
    #[must_use]
    pub fn plan(&self) -> Option<&[PlannedStep]> {
        self.plan.as_deref()
    }

    /// Steps and elements, in the order in which they appear.
    #[must_use]
    pub fn steps(&self) -> &[StepView] {
        &self.steps
    }

    /// The money over time: a point for each entry that moved some, and one at the beginning.
    #[must_use]
    pub fn money(&self) -> &[MoneyPoint] {
        &self.money
    }

    /// What failed, by code.
    #[must_use]
    pub fn failures(&self) -> Vec<FailureView> {
        failures(&self.steps)
    }

    /// An attempt.
    #[must_use]
    pub fn attempt(&self, cursor: &Cursor) -> Option<&AttemptView> {
        let place = self.places.get(&(cursor.step.clone(), cursor.item))?;
        let step = self.steps.get(*place)?;
        step.attempts.iter().find(|attempt| attempt.attempt == cursor.attempt)
    }

    /// One crossing.
    #[must_use]
    pub fn call(&self, cursor: &Cursor, index: u32) -> Option<&CallView> {
        self.attempt(cursor)?.calls.iter().find(|call| call.index == index)
    }

    /// What was given and what came back at a place; of the run, where none is named.
    #[must_use]
    pub fn document(&self, place: Option<&Place>) -> Option<Document> {
        let Some(Place { cursor, index }) = place else {
            let output = self.outcome.as_ref().map_or(Value::Null, |outcome| outcome.output.clone());
            return Some(Document { request: self.facts.run().input.clone(), answer: output });
        };
        let (request, answer) = match index {
            Some(index) => {
                let call = self.call(cursor, *index)?;
                (&call.request, &call.answer)
            }
            None => {
                let attempt = self.attempt(cursor)?;
                (&attempt.input, &attempt.output)
            }
        };
        Some(Document { request: request.clone(), answer: answer.clone() })
    }

    /// The workflow's text.
    #[must_use]
    pub fn workflow_text(&self) -> &str {
        &self.facts.run().workflow_text
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        let mut open: BTreeMap<&StepId, Option<Status>> = BTreeMap::new();
        for step in &self.steps {
            counts.add(step);
            let status = step.status();
            // A step with elements is over when all of them are, which an entry without an element says.
            open.entry(&step.step)
                .and_modify(|known| {
                    if step.item.is_none() {
                        *known = status;
                    }
                })
                .or_insert(if step.item.is_none() { status } else { None });
        }
        counts.steps = self.plan.as_ref().map_or(open.len(), Vec::len);
        counts.waiting = counts.steps.saturating_sub(open.len());
        for status in open.values() {
            *match status {
                Some(Status::Success) => &mut counts.success,
                Some(Status::Partial) => &mut counts.partial,
                Some(Status::Failure) => &mut counts.failure,
                Some(Status::Skipped) => &mut counts.skipped,
                None => &mut counts.under_way,
            } += 1;
        }
        counts
    }
}

impl Counts {
    fn add(&mut self, step: &StepView) {
        self.items += usize::from(step.item.is_some());
        let began = step.attempts.iter().filter(|attempt| attempt.began()).count();
        self.attempts += began;
        self.retries += began.saturating_sub(1);
        for call in step.attempts.iter().flat_map(|attempt| &attempt.calls) {
            self.effects += usize::from(call.acts());
            let failed = call.code.is_some_and(|code| code != OutcomeCode::Ok);
            let sent = call.acts() && !call.unsent;
            self.sent += usize::from(sent);
            self.failed += usize::from(sent && failed);
            self.unsent += usize::from(!sent && failed);
            self.unanswered += usize::from(call.code.is_none() && !call.cut_off);
        }
    }
}

pub(super) fn micros(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.since(from).as_micros()).unwrap_or(u64::MAX)
}
