//! What follows on an attempt that failed: another one, none, or a value that stands in for its output.

use super::{Cursor, Divergence, FellBack, GaveUp, Replayer, Retry, StepEnded};
use crate::failure::ErrorCode;
use crate::ids::StepId;
use crate::outcome::{OutcomeCode, Status};

/// What was decided of a failure that may be tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Another attempt follows.
    Again(Retry),
    /// None follows.
    GiveUp(GaveUp),
}

impl StepEnded {
    /// The value of `on_error` stands in for the output; where there is none, that is the failure.
    pub fn fall_back(&mut self, event: &FellBack) {
        match &event.failure {
            None => {
                self.status = Status::Partial;
                self.output = Some(event.output.clone());
            }
            Some(failure) => {
                self.code = OutcomeCode::Error(failure.code);
                self.failure = Some(failure.clone());
            }
        }
    }
}

impl Replayer {
    /// Whether the journal has anything of an attempt.
    #[must_use]
    pub fn knows(&self, cursor: &Cursor) -> bool {
        self.lanes().contains_key(cursor)
    }

    /// Whether the journal has anything of this element of a step, or of a later one.
    #[must_use]
    pub fn knows_from(&self, step: &StepId, item: u32) -> bool {
        let first = Cursor { step: step.clone(), item: Some(item), attempt: 0 };
        let lanes = self.lanes();
        let next = lanes.range(first..).next().map(|(cursor, _)| cursor);
        next.is_some_and(|cursor| cursor.step == *step && cursor.item.is_some())
    }

    /// What followed on an attempt that failed; nothing where it could not be tried again.
    #[must_use]
    pub fn decision(&self, cursor: &Cursor) -> Option<Decision> {
        let lanes = self.lanes();
        let lane = lanes.get(cursor)?;
        let again = lane.retry.as_ref().map(|(_, retry)| Decision::Again(retry.clone()));
        again.or_else(|| lane.gave_up.clone().map(Decision::GiveUp))
    }

    /// What the journal holds of the value that stood in for the output of an attempt.
    #[must_use]
    pub fn recorded_fallback(&self, cursor: &Cursor) -> Option<FellBack> {
        let mut lanes = self.lanes();
        let lane = lanes.get_mut(cursor)?;
        lane.fell_back_met |= lane.fell_back.is_some();
        lane.fell_back.clone()
    }

    /// Compares the value that stands in for the output of an attempt.
    ///
    /// # Errors
    ///
    /// [`Divergence`] when it differs, or the journal holds none.
    pub fn fell_back(&self, cursor: &Cursor, actual: &FellBack) -> Result<(), Divergence> {
        let Some(recorded) = self.recorded_fallback(cursor) else {
            let what = "the journal holds no value of on_error here";
            return Err(Divergence::unmatched(ErrorCode::ReplayExhausted, what).at(cursor, None));
        };
        let shape = |event: &FellBack| serde_json::json!({"output": event.output, "failure": event.failure});
        let found = Divergence::between("the value of on_error", &shape(&recorded), &shape(actual));
        found.map_or(Ok(()), |found| Err(found.at(cursor, None)))
    }
}
