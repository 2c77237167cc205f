//! Gives a run its recorded answers, and finds the first place at which it does something else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::lanes::{Lane, Recorded};
use super::{
    CallClass, CallResult, Cursor, Divergence, Emitted, Entry, Event, Facts, Intent, Interrupted,
    JournalError, Recording, RunStarted, Stamp, StepEnded, StepStarted,
};
use crate::failure::{ErrorCode, Failure};
use crate::ids::{Digest, SkillId};
use crate::outcome::StructuredOutcome;
use crate::units::Fuel;

/// The journal of a run that is repeated.
#[derive(Debug)]
pub struct Replayer {
    lanes: Mutex<BTreeMap<Cursor, Lane>>,
    facts: Facts,
    end: Stamp,
    outcome: Option<StructuredOutcome>,
    fuel: FuelProof,
    replaced: BTreeSet<SkillId>,
}

/// Whether fuel is part of what a replay proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FuelProof {
    /// It is: the recording engine counted as this one does.
    Compared,
    /// It is not: another engine recorded it, and the journal's figures stand as they are.
    FromJournal,
}

/// What the journal holds for a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Recalled {
    /// The guest got an answer, or a failure as a value.
    Result(Arc<CallResult>),
    /// The call was cut off.
    CutOff,
}

impl Replayer {
    /// Prepares a recording for its replay.
    ///
    /// # Errors
    ///
    /// [`JournalError::Incomplete`] for a run without an end, [`JournalError::Corrupt`] for one without a beginning.
    pub fn new(recording: Recording) -> Result<Self, JournalError> {
        if !matches!(recording.entries().last(), Some(Entry { event: Event::RunEnded(_), .. })) {
            return Err(JournalError::Incomplete { torn: recording.torn().map_or(0, |torn| torn.bytes) });
        }
        Self::unfinished(recording)
    }

    /// Prepares a recording whose run may have been killed.
    pub(super) fn unfinished(recording: Recording) -> Result<Self, JournalError> {
        let facts = recording.facts()?;
        let mut lanes: BTreeMap<Cursor, Lane> = BTreeMap::new();
        let (mut end, mut outcome) = (Stamp { seq: 0, at: facts.started() }, None);
        for Entry { stamp, cursor, event } in recording.into_entries() {
            end = stamp;
            match (cursor, event) {
                (Some(cursor), event) => lanes.entry(cursor).or_default().add(stamp, event),
                (None, Event::RunEnded(ended)) => outcome = Some(ended.outcome),
                (None, _) => {}
            }
        }
        let (lanes, fuel) = (Mutex::new(lanes), FuelProof::Compared);
        Ok(Self { lanes, facts, end, outcome, fuel, replaced: BTreeSet::new() })
    }

    /// Takes fuel from the journal instead of comparing it.
    #[must_use]
    pub fn with_recorded_fuel(self) -> Self {
        Self { fuel: FuelProof::FromJournal, ..self }
    }

    /// Lets other components stand for these skills: their digests are not compared, and neither is fuel.
    #[must_use]
    pub fn with_replaced(self, replaced: BTreeSet<SkillId>) -> Self {
        Self { replaced, ..self.with_recorded_fuel() }
    }

    /// Whether fuel is compared.
    #[must_use]
    pub const fn fuel(&self) -> FuelProof {
        self.fuel
    }

    /// The first attempt whose end was a matter of its fuel: it ran out of it, or was cut off after so much of it.
    #[must_use]
    pub fn ended_by_fuel(&self) -> Option<Cursor> {
        let by_fuel = |lane: &Lane| lane.ended.as_ref().is_some_and(|(_, ended)| ended.by_fuel());
        self.lanes().iter().find(|(_, lane)| by_fuel(lane)).map(|(cursor, _)| cursor.clone())
    }

    /// The run's first entry.
    #[must_use]
    pub fn run_started(&self) -> &RunStarted {
        self.facts.run()
    }

    /// What the entries add up to.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// When the run ended.
    #[must_use]
    pub const fn end(&self) -> Stamp {
        self.end
    }

    /// How an attempt began, if it did.
    #[must_use]
    pub fn started(&self, cursor: &Cursor) -> Option<StepStarted> {
        self.lanes().get(cursor)?.started.as_ref().map(|(_, event)| event.clone())
    }

    /// How an attempt ended, if it did.
    #[must_use]
    pub fn ended(&self, cursor: &Cursor) -> Option<StepEnded> {
        self.lanes().get(cursor)?.ended.as_ref().map(|(_, event)| event.clone())
    }

    /// Where an attempt was cut off, if it was.
    #[must_use]
    pub fn interrupted(&self, cursor: &Cursor) -> Option<Interrupted> {
        self.lanes().get(cursor)?.ended.as_ref().and_then(|(_, ended)| ended.interrupted)
    }

    /// Compares the beginning of an attempt.
    ///
    /// # Errors
    ///
    /// [`Divergence`] when skill, component or input differ, or it never began.
    pub fn step_started(&self, cursor: &Cursor, actual: &StepStarted) -> Result<Stamp, Divergence> {
        let lanes = self.lanes();
        let recorded = lanes.get(cursor).and_then(|lane| lane.started.as_ref());
        let Some((stamp, recorded)) = recorded else {
            let what = "the journal holds no such attempt";
            return Err(Divergence::unmatched(ErrorCode::ReplayExhausted, what).at(cursor, None));
        };
        let shape = |event: &StepStarted, digest: Digest| json!({"skill": event.skill, "digest": digest, "input": event.input});
        let digest = if self.replaced.contains(&recorded.skill) { recorded.digest } else { actual.digest };
        same("the beginning of the attempt", &shape(recorded, recorded.digest), &shape(actual, digest))
            .map_err(|found| found.at(cursor, None))?;
        Ok(*stamp)
    }

    /// Whether an attempt crossed with this index.
    #[must_use]
    pub fn holds(&self, cursor: &Cursor, index: u32) -> bool {
        self.lanes().get(cursor).is_some_and(|lane| lane.crossings.contains_key(&index))
    }

    /// The recorded result of a call, after its whole request was compared.
    ///
    /// # Errors
    ///
    /// [`Divergence`] when the call or its request differ, or the journal holds none there.
    pub fn recall(&self, cursor: &Cursor, actual: &Intent) -> Result<Recalled, Divergence> {
        self.take(cursor, actual.index, &actual.call, |recorded| match recorded {
            Recorded::Call(call) => {
                alike("the request", asked(&call.intent), asked(actual), |(call, class, target, request)| {
                    json!({"call": call, "class": class, "target": target, "request": request})
                })?;
                Ok(call.result.clone().map_or(Recalled::CutOff, Recalled::Result))
            }
            other => Err(other_door(other, &actual.call)),
        })
    }

    /// What the guest saw; `None` where it was cut off while it waited.
    ///
    /// # Errors
    ///
    /// [`Divergence`] when the journal holds another crossing there, or none.
    pub fn observed(&self, cursor: &Cursor, index: u32, call: &str) -> Result<Option<Value>, Divergence> {
        if self.was_cut_off_in(cursor, index) {
            return Ok(None);
        }
        self.take(cursor, index, call, |recorded| match recorded {
            Recorded::Observed(observed) if observed.call == call => Ok(Some(observed.value.clone())),
            other => Err(other_door(other, call)),
        })
    }

    /// Compares what the guest wrote.
    ///
    /// # Errors
    ///
    /// [`Divergence`] when it differs, or the journal holds another crossing there, or none.
    pub fn emitted(&self, cursor: &Cursor, actual: &Emitted) -> Result<(), Divergence> {
        self.take(cursor, actual.index, &actual.call, |recorded| match recorded {
            Recorded::Emitted(emitted) => alike(
                "the text",
                written(emitted),
                written(actual),
                |(call, target, text)| json!({"call": call, "target": target, "text": text}),
            ),
            other => Err(other_door(other, &actual.call)),
        })
    }

    /// Compares the end of an attempt and finds calls that were not made. Money, and what an interruption left, are
    /// the journal's.
    ///
    /// # Errors
    ///
    /// [`Divergence`] when the end differs, a recorded crossing was not made, or the attempt ended twice.
    pub fn step_ended(&self, cursor: &Cursor, actual: &StepEnded) -> Result<(Stamp, StepEnded), Divergence> {
        let mut lanes = self.lanes();
        let lane = lanes.get_mut(cursor);
        let Some((lane, (stamp, recorded))) =
            lane.and_then(|lane| lane.ended.clone().map(|ended| (lane, ended)))
        else {
            let what = "the journal holds no end of this attempt";
            return Err(Divergence::unmatched(ErrorCode::ReplayExhausted, what).at(cursor, None));
        };
        if let Some((index, crossing)) = lane.crossings.iter().find(|(_, crossing)| !crossing.taken) {
            let what = format!("the journal holds a call of {} that was not made", crossing.recorded.call());
            return Err(Divergence::unmatched(ErrorCode::ReplayDivergence, what).at(cursor, Some(*index)));
        }
        let shape = |event: &StepEnded, (fuel, memory): (Fuel, Option<u64>)| {
            json!({"status": event.status, "code": event.code, "failure": event.failure, "output": event.output,
                   "fuel": fuel, "memory_bytes": memory, "interrupted": event.interrupted})
        };
        let expected = (recorded.fuel, recorded.memory_bytes);
        // A journal from before memory was recorded says nothing of it.
        let computed = match self.fuel {
            FuelProof::Compared => (actual.fuel, recorded.memory_bytes.and(actual.memory_bytes)),
            FuelProof::FromJournal => expected,
        };
        same("the end of the attempt", &shape(&recorded, expected), &shape(actual, computed))
            .map_err(|found| found.at(cursor, None))?;
        lane.closed = true;
        Ok((stamp, recorded))
    }

    /// Compares the outcome, after everything recorded was met.
    ///
    /// # Errors
    ///
    /// [`Divergence`] for an attempt that the replay never made, or an outcome that differs.
    pub fn finish(&self, outcome: &StructuredOutcome) -> Result<(), Divergence> {
        if let Some((cursor, _)) =
            self.lanes().iter().find(|(_, lane)| lane.fell_back.is_some() && !lane.fell_back_met)
        {
            let what = "the journal holds a value of on_error that was not needed";
            return Err(Divergence::unmatched(ErrorCode::ReplayDivergence, what).at(cursor, None));
        }
        if let Some((cursor, _)) = self.lanes().iter().find(|(_, lane)| !lane.closed) {
            let what = "the journal holds an attempt that was not made";
            return Err(Divergence::unmatched(ErrorCode::ReplayDivergence, what).at(cursor, None));
        }
        // Outcomes that are alike have the same canonical bytes: it is by these that one differs from the other.
        if self.outcome.as_ref() == Some(outcome) {
            return Ok(());
        }
        same("the outcome", &json!(self.outcome), &json!(outcome))
    }

    fn take<T>(
        &self,
        cursor: &Cursor,
        index: u32,
        call: &str,
        compare: impl FnOnce(&Recorded) -> Result<T, Divergence>,
    ) -> Result<T, Divergence> {
        let mut lanes = self.lanes();
        let crossing = lanes.get_mut(cursor).and_then(|lane| lane.crossings.get_mut(&index));
        let Some(crossing) = crossing else {
            let what = format!("the journal holds no call here, and {call} was called");
            return Err(Divergence::unmatched(ErrorCode::ReplayExhausted, what).at(cursor, Some(index)));
        };
        crossing.taken = true;
        compare(&crossing.recorded).map_err(|found| found.at(cursor, Some(index)))
    }

    pub(super) fn lanes(&self) -> MutexGuard<'_, BTreeMap<Cursor, Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StepEnded {
    /// Its end was a matter of its fuel, or of the money that its fuel would have cost.
    fn by_fuel(&self) -> bool {
        let ran_out = self.failure.as_ref().is_some_and(|failure| match failure.code {
            ErrorCode::FuelExhausted => true,
            ErrorCode::BudgetExceeded | ErrorCode::StepCeilingExceeded => {
                failure.subcode.as_deref() == Some("fuel")
            }
            _ => false,
        });
        // A skill in Rust is cut off at no fuel, and has none to compare.
        ran_out || matches!(self.interrupted, Some(Interrupted::Fuel(fuel)) if fuel > Fuel::ZERO)
    }

    /// The failure that a cut-off attempt ended with.
    #[must_use]
    pub fn recorded_failure(&self) -> Failure {
        self.failure
            .clone()
            .unwrap_or_else(|| Failure::new(ErrorCode::HostBug, "an attempt was cut off without a reason"))
    }
}

/// What of a call is compared.
fn asked(intent: &Intent) -> (&str, CallClass, &str, &Value) {
    (&intent.call, intent.class, &intent.target, &intent.request)
}

/// What of a text is compared.
fn written(emitted: &Emitted) -> (&str, &str, &Value) {
    (&emitted.call, &emitted.target, &emitted.text)
}

/// Compares part by part. Nearly always they are alike, so that values are made of them only when they are not.
fn alike<T: PartialEq>(
    what: &str,
    recorded: T,
    actual: T,
    shape: impl Fn(T) -> Value,
) -> Result<(), Divergence> {
    if recorded == actual { Ok(()) } else { same(what, &shape(recorded), &shape(actual)) }
}

fn same(what: &str, recorded: &Value, actual: &Value) -> Result<(), Divergence> {
    Divergence::between(what, recorded, actual).map_or(Ok(()), Err)
}

fn other_door(recorded: &Recorded, call: &str) -> Divergence {
    let what = format!("the journal holds a call of {}, and {call} was called", recorded.call());
    Divergence::unmatched(ErrorCode::ReplayDivergence, what)
}
