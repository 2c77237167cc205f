//! A recorded run that is made again with something else happening at named calls: what would it have done?
//!
//! Nothing of it is a replay: attempts follow that the recorded run never made. A request that the journal knows gets its
//! recorded answer, wherever it is asked again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::{
    CallClass, CallResult, Cursor, Event, Facts, Injected, Injections, Intent, JournalError, Observed,
    Recording, RunStarted, StepEnded,
};
use crate::ids::Digest;
use crate::units::{Money, Timestamp};

/// What a journal knows, and what is to happen instead.
#[derive(Debug)]
pub struct Rehearsal {
    facts: Facts,
    calls: BTreeMap<Place, KnownCall>,
    by_request: BTreeMap<Digest, Vec<Place>>,
    observed: BTreeMap<Place, Observed>,
    ended: BTreeMap<Cursor, StepEnded>,
    injections: Injections,
    asked: Mutex<BTreeSet<Place>>,
}

type Place = (Cursor, u32);

#[derive(Debug)]
struct KnownCall {
    request: Digest,
    at: Timestamp,
    held: Money,
    result: Option<(Timestamp, CallResult)>,
}

/// What the journal knows of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// What was held for it.
    pub held: Money,
    /// How long it took.
    pub took: Duration,
    /// Its result; none for a call in which the recorded attempt was cut off.
    pub result: Option<CallResult>,
}

impl Rehearsal {
    /// Prepares a journal.
    ///
    /// # Errors
    ///
    /// [`JournalError::Corrupt`] for one without a beginning.
    pub fn new(recording: &Recording, injections: Injections) -> Result<Self, JournalError> {
        let mut rehearsal = Self {
            facts: recording.facts()?,
            calls: BTreeMap::new(),
            by_request: BTreeMap::new(),
            observed: BTreeMap::new(),
            ended: BTreeMap::new(),
            injections,
            asked: Mutex::default(),
        };
        for entry in recording.entries() {
            let Some(cursor) = &entry.cursor else { continue };
            match &entry.event {
                Event::Intent(intent) if intent.class == CallClass::Effect => {
                    let (place, request) = ((cursor.clone(), intent.index), digest(intent));
                    rehearsal.by_request.entry(request).or_default().push(place.clone());
                    let call = KnownCall { request, at: entry.stamp.at, held: intent.held, result: None };
                    rehearsal.calls.insert(place, call);
                }
                Event::Result(result) => {
                    if let Some(call) = rehearsal.calls.get_mut(&(cursor.clone(), result.index)) {
                        call.result = Some((entry.stamp.at, result.clone()));
                    }
                }
                Event::Observed(observed) => {
                    rehearsal.observed.insert((cursor.clone(), observed.index), observed.clone());
                }
                Event::StepEnded(ended) => {
                    rehearsal.ended.insert(cursor.clone(), (**ended).clone());
                }
                _ => {}
            }
        }
        Ok(rehearsal)
    }

    /// The run's first entry.
    #[must_use]
    pub fn run_started(&self) -> &RunStarted {
        self.facts.run()
    }

    /// When the run began.
    #[must_use]
    pub const fn started(&self) -> Timestamp {
        self.facts.started()
    }

    /// What is to happen at a call instead of what was recorded.
    #[must_use]
    pub fn injected(&self, cursor: &Cursor, index: u32) -> Option<&Injected> {
        self.injections.at(cursor, index)
    }

    /// What the journal knows of a request: what was recorded at this very place, or else at the first place where the
    /// same was asked and that nobody asked yet, or else at the last one.
    #[must_use]
    pub fn answer(&self, cursor: &Cursor, intent: &Intent) -> Option<Known> {
        let (here, request) = ((cursor.clone(), intent.index), digest(intent));
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        // A call without a result counts where the attempt was cut off, and not where the run was killed.
        let cut = self.ended.get(cursor).is_some_and(|ended| ended.interrupted.is_some());
        let is_here = |call: &KnownCall| call.request == request && (call.result.is_some() || cut);
        let place = if self.calls.get(&here).is_some_and(is_here) {
            here
        } else {
            let places = self.by_request.get(&request)?;
            let answered = |place: &&Place| self.calls.get(*place).is_some_and(|call| call.result.is_some());
            let fresh = places.iter().filter(answered).find(|place| !asked.contains(*place));
            fresh.or_else(|| places.iter().rfind(answered))?.clone()
        };
        let call = self.calls.get(&place)?;
        asked.insert(place);
        let took = call.result.as_ref().map_or(Duration::ZERO, |(at, _)| at.since(call.at));
        Some(Known { held: call.held, took, result: call.result.as_ref().map(|(_, result)| result.clone()) })
    }

    /// Whether the recorded attempt made the call of this index.
    #[must_use]
    pub fn holds(&self, cursor: &Cursor, index: u32) -> bool {
        self.calls.contains_key(&(cursor.clone(), index))
    }

    /// What the guest saw at this place.
    #[must_use]
    pub fn observed(&self, cursor: &Cursor, index: u32, call: &str) -> Option<Value> {
        let observed = self.observed.get(&(cursor.clone(), index))?;
        (observed.call == call).then(|| observed.value.clone())
    }

    /// How the recorded attempt ended.
    #[must_use]
    pub fn ended(&self, cursor: &Cursor) -> Option<&StepEnded> {
        self.ended.get(cursor)
    }
}

fn digest(intent: &Intent) -> Digest {
    Digest::of(json!({"call": intent.call, "request": intent.request}).to_string().as_bytes())
}
