//! What a run that was killed has behind it: its attempts draw from it until it ends, and then go on live.

use std::collections::BTreeMap;

use super::lanes::Lane;
use super::{CallClass, Cursor, Entry, Intent, Interrupted, JournalError, Recording, Replayer, Stamp};
use crate::failure::Failure;
use crate::ids::StepId;
use crate::units::{Money, Timestamp};

/// The journal of a run that goes on.
#[derive(Debug)]
pub struct Past {
    replayer: Replayer,
    begun: BTreeMap<(StepId, Option<u32>), Timestamp>,
}

impl Past {
    /// Prepares the journal of a run that has no end.
    ///
    /// # Errors
    ///
    /// [`JournalError::Corrupt`] for one without a beginning.
    pub fn new(recording: Recording) -> Result<Self, JournalError> {
        let mut begun = BTreeMap::new();
        for Entry { stamp, cursor, .. } in recording.entries() {
            if let Some(cursor) = cursor {
                begun.entry((cursor.step.clone(), cursor.item)).or_insert(stamp.at);
            }
        }
        Ok(Self { replayer: Replayer::unfinished(recording)?, begun })
    }

    /// What answers from the journal.
    #[must_use]
    pub const fn replayer(&self) -> &Replayer {
        &self.replayer
    }

    /// The place of the last entry.
    #[must_use]
    pub const fn last(&self) -> Stamp {
        self.replayer.end()
    }

    /// When the first attempt of a step, or of an element of one, began.
    #[must_use]
    pub fn begun(&self, step: &StepId, item: Option<u32>) -> Option<Timestamp> {
        self.begun.get(&(step.clone(), item)).copied()
    }

    /// Whether the journal has anything of an attempt.
    #[must_use]
    pub fn knows(&self, cursor: &Cursor) -> bool {
        self.replayer.knows(cursor)
    }

    /// The index of an attempt's last recorded crossing.
    #[must_use]
    pub fn last_crossing(&self, cursor: &Cursor) -> Option<u32> {
        self.replayer.lanes().get(cursor)?.crossings.keys().next_back().copied()
    }

    /// Whether the journal has this crossing.
    #[must_use]
    pub fn has(&self, cursor: &Cursor, index: u32) -> bool {
        self.replayer.lanes().get(cursor).is_some_and(|lane| lane.crossings.contains_key(&index))
    }

    /// When an attempt began.
    #[must_use]
    pub fn started_at(&self, cursor: &Cursor) -> Option<Timestamp> {
        self.replayer.lanes().get(cursor)?.started.as_ref().map(|(stamp, _)| stamp.at)
    }

    /// When the pause before the next attempt began.
    #[must_use]
    pub fn retry_at(&self, cursor: &Cursor) -> Option<Timestamp> {
        self.replayer.lanes().get(cursor)?.retry.as_ref().map(|(at, _)| *at)
    }

    /// What an attempt without an end has spent on calls that have one.
    #[must_use]
    pub fn spent(&self, cursor: &Cursor) -> Money {
        let lanes = self.replayer.lanes();
        let calls = lanes.get(cursor).into_iter().flat_map(Lane::calls);
        calls
            .filter_map(|call| call.result.as_ref())
            .fold(Money::ZERO, |sum, result| sum.saturating_add(result.spent))
    }

    /// The intent of a call.
    #[must_use]
    pub fn intent(&self, cursor: &Cursor, index: u32) -> Option<Intent> {
        let lanes = self.replayer.lanes();
        lanes.get(cursor)?.call(index).map(|call| call.intent.clone())
    }

    /// Whether making an attempt again, which has ended, does no more than making it once.
    #[must_use]
    pub fn is_repeatable(&self, cursor: &Cursor) -> bool {
        let lanes = self.replayer.lanes();
        let mut calls = lanes.get(cursor).into_iter().flat_map(Lane::calls);
        calls.all(|call| {
            let failure = call.result.as_ref().and_then(|result| result.failure.as_ref());
            let undone = failure.is_some_and(Failure::did_nothing);
            call.intent.class == CallClass::Denied || call.intent.repeatable || undone
        })
    }
}

impl Replayer {
    /// Whether the recorded attempt was cut off inside of this crossing.
    #[must_use]
    pub fn was_cut_off_in(&self, cursor: &Cursor, index: u32) -> bool {
        self.interrupted(cursor) == Some(Interrupted::Call(index))
    }
}
