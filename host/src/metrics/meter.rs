//! Adds one run up, entry by entry. What it adds up is told when an attempt ends, so that an entry costs next to nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aos_core::failure::{ErrorCategory, ErrorCode, Failure};
use aos_core::ids::{SkillId, StepId};
use aos_core::journal::{CallResult, Cursor, Entry, Event, Intent, StepEnded, StepStarted};
use aos_core::outcome::{OutcomeCode, StructuredOutcome};
use aos_core::units::{Money, Timestamp};

use super::REFUSALS;
use super::families::{AGAIN, Families, Kind};
use crate::gate::Mode;

/// What adds up one run.
pub(crate) struct RunMeter {
    families: Families,
    mode: Mode,
    began: Option<Timestamp>,
    steps: BTreeMap<StepId, Timestamp>,
    /// Steps that go through a list.
    lists: BTreeSet<StepId>,
    attempts: BTreeMap<Cursor, Attempt>,
    names: BTreeMap<String, Arc<str>>,
    sums: Sums,
}

struct Attempt {
    skill: SkillId,
    began: Timestamp,
    calls: BTreeMap<u32, (Timestamp, Arc<str>)>,
}

/// What was added up and is not told yet.
#[derive(Default)]
struct Sums {
    counts: BTreeMap<Count, u64>,
    times: Vec<(Time, f64)>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Count {
    Entry(&'static str),
    Call(Arc<str>, &'static str),
    Fuel(SkillId),
    Money(Kind),
    Refusal(ErrorCode),
    Decision(ErrorCode, &'static str),
    Run(&'static str, &'static str),
    Step(&'static str, &'static str),
}

enum Time {
    Call(Arc<str>),
    Skill(SkillId),
    Step,
    Run,
}

impl RunMeter {
    pub(super) fn new(families: Families, mode: Mode) -> Self {
        let (steps, lists, sums) = (BTreeMap::new(), BTreeSet::new(), Sums::default());
        let (attempts, names) = (BTreeMap::new(), BTreeMap::new());
        Self { families, mode, began: None, steps, lists, attempts, names, sums }
    }

    /// Adds an entry.
    pub(crate) fn add(&mut self, entry: &Entry) {
        self.count(Count::Entry(entry.event.kind()), 1);
        let at = entry.stamp.at;
        match (&entry.cursor, &entry.event) {
            (Some(cursor), Event::StepStarted(event)) => self.started(cursor, at, event),
            (Some(cursor), Event::Intent(event)) => self.intent(cursor, at, event),
            (Some(cursor), Event::Result(event)) => self.result(cursor, at, event),
            (Some(cursor), Event::StepEnded(event)) => self.ended(cursor, at, event),
            (_, Event::Retry(event)) => self.count(Count::Decision(event.code, AGAIN), 1),
            (_, Event::GaveUp(event)) => self.count(Count::Decision(event.code, event.because.as_str()), 1),
            (_, Event::RunStarted(_)) => self.began = Some(at),
            (_, Event::RunEnded(event)) => self.run_ended(at, &event.outcome),
            _ => {}
        }
    }

    /// As [`RunMeter::add`], and tells what was added up whenever an attempt has ended.
    pub(crate) fn add_live(&mut self, entry: &Entry) {
        self.add(entry);
        if matches!(entry.event, Event::StepEnded(_) | Event::RunEnded(_)) {
            self.tell();
        }
    }

    /// Takes note of what a process counted that was killed, and does not count it again.
    pub(crate) fn skip(&mut self, entries: &[Entry]) {
        entries.iter().for_each(|entry| self.add(entry));
        self.sums = Sums::default();
    }

    /// The run that should be repeated is another one: nothing of it counts but that.
    pub(crate) fn parted(&mut self, code: ErrorCode, category: ErrorCategory) {
        self.sums = Sums::default();
        self.count(Count::Run(code.as_str(), category.as_str()), 1);
    }

    /// Tells what was added up.
    pub(crate) fn tell(&mut self) {
        let Sums { counts, times } = std::mem::take(&mut self.sums);
        let (families, mode) = (&self.families, self.mode.as_str());
        for (what, by) in counts {
            match what {
                Count::Entry(kind) => families.entries.with_label_values(&[mode, kind]),
                Count::Call(call, code) => families.calls.with_label_values(&[mode, &*call, code]),
                Count::Fuel(skill) => families.fuel.with_label_values(&[mode, skill.as_str()]),
                Count::Money(kind) => families.money.with_label_values(&[mode, kind.as_str()]),
                Count::Refusal(code) => families.refusals.with_label_values(&[mode, code.as_str()]),
                Count::Decision(code, verdict) => {
                    families.retries.with_label_values(&[mode, code.as_str(), verdict])
                }
                Count::Run(code, category) => families.runs.with_label_values(&[mode, code, category]),
                Count::Step(code, category) => families.steps.with_label_values(&[mode, code, category]),
            }
            .inc_by(by);
        }
        for (what, seconds) in times {
            match what {
                Time::Call(call) => families.call_duration.with_label_values(&[mode, &*call]),
                Time::Skill(skill) => families.skill_duration.with_label_values(&[mode, skill.as_str()]),
                Time::Step => families.step_duration.with_label_values(&[mode]),
                Time::Run => families.run_duration.with_label_values(&[mode]),
            }
            .observe(seconds);
        }
    }

    fn started(&mut self, cursor: &Cursor, at: Timestamp, event: &StepStarted) {
        self.steps.entry(cursor.step.clone()).or_insert(at);
        let attempt = Attempt { skill: event.skill.clone(), began: at, calls: BTreeMap::new() };
        self.attempts.insert(cursor.clone(), attempt);
        self.money(Kind::Reserved, event.held);
    }

    fn intent(&mut self, cursor: &Cursor, at: Timestamp, event: &Intent) {
        let name = match self.names.get(&event.call) {
            Some(name) => Arc::clone(name),
            None => {
                let name: Arc<str> = event.call.as_str().into();
                self.names.insert(event.call.clone(), Arc::clone(&name));
                name
            }
        };
        if let Some(attempt) = self.attempts.get_mut(cursor) {
            attempt.calls.insert(event.index, (at, name));
        }
        self.money(Kind::Reserved, event.held);
    }

    fn result(&mut self, cursor: &Cursor, at: Timestamp, event: &CallResult) {
        let begun = self.attempts.get_mut(cursor).and_then(|attempt| attempt.calls.remove(&event.index));
        if let Some((began, call)) = begun {
            self.sums.times.push((Time::Call(Arc::clone(&call)), at.since(began).as_secs_f64()));
            self.count(Count::Call(call, event.code.as_str()), 1);
        }
        self.money(Kind::Refunded, event.refunded);
        self.money(Kind::Overrun, event.overrun);
        self.refused(event.code);
    }

    fn ended(&mut self, cursor: &Cursor, at: Timestamp, event: &StepEnded) {
        match self.attempts.remove(cursor) {
            Some(attempt) => {
                let took = at.since(attempt.began).as_secs_f64();
                self.sums.times.push((Time::Skill(attempt.skill.clone()), took));
                self.count(Count::Fuel(attempt.skill), event.fuel.units());
                // All other refusals of an attempt that began are results of its calls.
                if event.failure.as_ref().is_some_and(used_up_fuel) {
                    self.refused(event.code);
                }
            }
            // The end of a whole list has the code of one of its elements, which has told of it.
            None if cursor.item.is_none() && self.lists.contains(&cursor.step) => {}
            None => self.refused(event.code),
        }
        if cursor.item.is_some() {
            self.lists.insert(cursor.step.clone());
        }
        self.money(Kind::Refunded, event.fuel_refunded);
        self.money(Kind::Charged, event.charged);
        self.money(Kind::Absorbed, event.absorbed);
    }

    fn run_ended(&mut self, at: Timestamp, outcome: &StructuredOutcome) {
        // A replay takes another time than the run that it repeats: whoever makes it tells that.
        if let (Mode::Live, Some(began)) = (self.mode, self.began) {
            self.sums.times.push((Time::Run, at.since(began).as_secs_f64()));
        }
        let (code, category) = labels(outcome);
        self.count(Count::Run(code, category), 1);
        for step in &outcome.steps {
            let (code, category) = labels(step);
            self.count(Count::Step(code, category), 1);
            let began = step.step_id.as_ref().and_then(|id| self.steps.get(id));
            if let Some(began) = began {
                self.sums.times.push((Time::Step, step.timestamp.since(*began).as_secs_f64()));
            }
        }
    }

    fn money(&mut self, kind: Kind, amount: Money) {
        if amount > Money::ZERO {
            self.count(Count::Money(kind), amount.nanos());
        }
    }

    fn refused(&mut self, code: OutcomeCode) {
        if let OutcomeCode::Error(code) = code
            && REFUSALS.contains(&code)
        {
            self.count(Count::Refusal(code), 1);
        }
    }

    fn count(&mut self, what: Count, by: u64) {
        *self.sums.counts.entry(what).or_default() += by;
    }
}

/// Whether an attempt used up the fuel that a ceiling left it.
fn used_up_fuel(failure: &Failure) -> bool {
    let by_ceiling = matches!(failure.code, ErrorCode::BudgetExceeded | ErrorCode::StepCeilingExceeded);
    by_ceiling && failure.subcode.as_deref() == Some("fuel")
}

/// The code and the category of an outcome.
pub(super) fn labels(outcome: &StructuredOutcome) -> (&'static str, &'static str) {
    (outcome.code.as_str(), outcome.category.map_or("", ErrorCategory::as_str))
}
