//! A recorded run that is made again with something else happening at named calls: what would it have done?
//!
//! Nothing of it is a replay: attempts follow that the recorded run never made. A request that the journal knows gets its
//! recorded answer, wherever it is asked again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::lanes::{Lane, Recorded, RecordedCall};
use super::{
    CallClass, CallResult, Cursor, Injected, Injections, Intent, JournalError, Recording, Replayer,
    RunStarted, StepEnded,
};
use crate::ids::Digest;
use crate::outcome::Spending;
use crate::units::Timestamp;

/// What a journal knows, and what is to happen instead.
#[derive(Debug)]
pub struct Rehearsal {
    replayer: Replayer,
    by_request: BTreeMap<Digest, Vec<Place>>,
    injections: Injections,
    asked: Mutex<BTreeSet<Place>>,
}

type Place = (Cursor, u32);

/// What the journal knows of a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// What was held for it, by what it was for.
    pub held_for: Spending,
    /// Tokens that its answer could have, where they were fewer than were asked for.
    pub clamped_to: Option<u32>,
    /// How long it took.
    pub took: Duration,
    /// Its result; none for a call in which the recorded attempt was cut off.
    pub result: Option<Arc<CallResult>>,
}

impl Rehearsal {
    /// Prepares a journal.
    ///
    /// # Errors
    ///
    /// [`JournalError::Corrupt`] for one without a beginning.
    pub fn new(recording: Recording, injections: Injections) -> Result<Self, JournalError> {
        let replayer = Replayer::unfinished(recording)?;
        let mut asked_in_order = BTreeMap::new();
        for (cursor, lane) in replayer.lanes().iter() {
            for call in lane.calls().filter(|call| call.intent.class == CallClass::Effect) {
                let place = (cursor.clone(), call.intent.index);
                asked_in_order.insert(call.stamp.seq, (digest(&call.intent), place));
            }
        }
        let mut by_request: BTreeMap<Digest, Vec<Place>> = BTreeMap::new();
        for (request, place) in asked_in_order.into_values() {
            by_request.entry(request).or_default().push(place);
        }
        Ok(Self { replayer, by_request, injections, asked: Mutex::default() })
    }

    /// The run's first entry.
    #[must_use]
    pub fn run_started(&self) -> &RunStarted {
        self.replayer.run_started()
    }

    /// When the run began.
    #[must_use]
    pub const fn started(&self) -> Timestamp {
        self.replayer.facts().started()
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
        let here = (cursor.clone(), intent.index);
        let lanes = self.replayer.lanes();
        let call_at = |(cursor, index): &Place| lanes.get(cursor)?.call(*index);
        let is_answered = |place: &&Place| call_at(place).is_some_and(|call| call.result.is_some());
        // A call without a result counts where the attempt was cut off, and not where the run was killed.
        let cut = lanes.get(cursor).is_some_and(Lane::was_cut_off);
        let is_same =
            |call: &RecordedCall| call.intent.call == intent.call && call.intent.request == intent.request;
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let place = if call_at(&here).is_some_and(|call| is_same(call) && (call.result.is_some() || cut)) {
            here
        } else {
            let places = self.by_request.get(&digest(intent))?;
            let fresh = places.iter().filter(is_answered).find(|place| !asked.contains(*place));
            fresh.or_else(|| places.iter().rfind(is_answered))?.clone()
        };
        let call = call_at(&place)?;
        asked.insert(place);
        let Intent { held_for, clamped_to, .. } = call.intent;
        Some(Known { held_for, clamped_to, took: call.took, result: call.result.clone() })
    }

    /// Whether the recorded attempt made the call of this index.
    #[must_use]
    pub fn holds(&self, cursor: &Cursor, index: u32) -> bool {
        self.replayer.lanes().get(cursor).is_some_and(|lane| lane.call(index).is_some())
    }

    /// What the guest saw at this place.
    #[must_use]
    pub fn observed(&self, cursor: &Cursor, index: u32, call: &str) -> Option<Value> {
        match &self.replayer.lanes().get(cursor)?.crossings.get(&index)?.recorded {
            Recorded::Observed(observed) if observed.call == call => Some(observed.value.clone()),
            _ => None,
        }
    }

    /// How the recorded attempt ended.
    #[must_use]
    pub fn ended(&self, cursor: &Cursor) -> Option<StepEnded> {
        self.replayer.ended(cursor)
    }
}

fn digest(intent: &Intent) -> Digest {
    Digest::of(json!({"call": intent.call, "request": intent.request}).to_string().as_bytes())
}
