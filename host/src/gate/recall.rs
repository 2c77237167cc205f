//! What the journal answers in a replay, and where a replay goes no further.

use std::collections::BTreeSet;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::journal::{CallResult, Divergence, Intent, Interrupted, Recalled, Replayer, StepEnded};
use aos_core::outcome::OutcomeCode;
use aos_core::units::Fuel;
use serde::Deserialize as _;

use super::crossing::{Side, no_world};
use super::{Gate, HostCall};
use crate::sandbox::Stop;

impl Gate {
    /// The recorded run was interrupted inside of this call, and so is this one.
    pub(super) fn cut_off(&self, index: u32) -> Stop {
        self.progress().in_flight = Some(index);
        self.recorded_end().map_or_else(|| Stop::new(no_world()), |ended| Stop::new(ended.recorded_failure()))
    }

    /// Why a replay goes no further at a crossing that it does not find. A panic of the host is not repeated, and neither is
    /// the place where a skill in Rust was cut off, which has no fuel: the attempt ends before the first crossing that the
    /// recorded one did not come to.
    pub(super) fn parted(&self, replayer: &Replayer, index: u32, found: Divergence) -> Stop {
        let ended_before = |ended: StepEnded| {
            let panicked =
                ended.interrupted.is_some() && ended.code == OutcomeCode::Error(ErrorCode::HostPanic);
            panicked || ended.interrupted == Some(Interrupted::Fuel(Fuel::ZERO))
        };
        if !replayer.holds(&self.0.cursor, index) && self.recorded_end().is_some_and(ended_before) {
            return self.cut_off(index);
        }
        Stop::new(found.into())
    }

    /// The failure with which the recorded attempt ended when it was cut off inside of one of these calls, none of which
    /// the guest waited in.
    #[must_use]
    pub(crate) fn cut_off_aside(&self, indices: &BTreeSet<u32>) -> Option<Failure> {
        let ended = self.recorded_end()?;
        let Some(Interrupted::Call(index)) = ended.interrupted else { return None };
        indices.contains(&index).then(|| ended.recorded_failure())
    }

    /// The failure with which a recorded attempt ended that was cut off where it used no fuel: a skill in Rust, outside of its
    /// calls.
    #[must_use]
    pub(crate) fn cut_outside_of_calls(&self) -> Option<Failure> {
        let Side::Replay(_) = &self.0.side else { return None };
        let ended = self.recorded_end()?;
        (ended.interrupted == Some(Interrupted::Fuel(Fuel::ZERO))).then(|| ended.recorded_failure())
    }

    /// Whether the recorded attempt has no crossing beyond those that were made again.
    #[must_use]
    pub(crate) fn is_at_recorded_end(&self) -> bool {
        let made = self.progress().crossings();
        !self.was_begun(made)
    }

    pub(super) fn recall<C: HostCall>(
        &self,
        replayer: &Replayer,
        intent: &Intent,
    ) -> Result<Option<Result<C::Answer, Failure>>, Stop> {
        let recalled = replayer.recall(&self.0.cursor, intent);
        let recalled = recalled.map_err(|found| self.parted(replayer, intent.index, found))?;
        self.progress().acted.leaves(intent.repeatable);
        let Recalled::Result(result) = recalled else {
            return Ok(None);
        };
        self.answered::<C>(&result, intent.repeatable).map(Some)
    }

    /// What a recorded result means for the guest.
    pub(super) fn answered<C: HostCall>(
        &self,
        result: &CallResult,
        repeatable: bool,
    ) -> Result<Result<C::Answer, Failure>, Stop> {
        let unreadable = || Failure::new(ErrorCode::JournalCorrupt, "a recorded answer cannot be read");
        match (&result.answer, &result.failure) {
            (_, Some(failure)) if result.ends_attempt => Err(Stop::new(failure.clone())),
            (Some(answer), verdict) => {
                self.progress().ended(result.index, verdict.clone(), repeatable);
                Ok(Ok(C::Answer::deserialize(answer).map_err(|_| Stop::new(unreadable()))?))
            }
            (None, Some(failure)) => {
                self.progress().ended(result.index, Some(failure.clone()), repeatable);
                Ok(Err(failure.clone()))
            }
            (None, None) => Err(Stop::new(unreadable())),
        }
    }
}
