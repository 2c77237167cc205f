//! What the entries of one step add up to.

use std::collections::BTreeMap;

use super::tally::{OpenAttempt, Tally};
use super::{Cursor, FellBack, Stamp, StepEnded};
use crate::outcome::{AttemptCost, Cost};
use crate::units::{Fuel, Money, Timestamp};

/// The facts of one step so far.
#[derive(Debug, Clone, Default)]
pub struct StepFacts {
    /// When its first attempt began.
    pub started: Option<Timestamp>,
    /// How it ended: its last attempt, or all of its elements together.
    pub ended: Option<(Stamp, StepEnded)>,
    /// The places at which elements of a `foreach` ended that failed, as far as nothing followed on that.
    pub(super) failed_items: BTreeMap<u32, u64>,
    /// Fuel used, over all attempts.
    pub fuel: Fuel,
    /// Fuel granted, over all attempts.
    pub fuel_granted: Fuel,
    /// Attempts after the first.
    pub retries: u32,
    pub(super) tally: Tally,
    pub(super) open: BTreeMap<Cursor, OpenAttempt>,
    pub(super) attempts: Vec<AttemptCost>,
    pub(super) effects: Vec<usize>,
}

impl StepFacts {
    /// What the step has used over all its attempts: held, charged, absorbed, or billed beyond it.
    #[must_use]
    pub fn used(&self) -> Money {
        let Cost { charged, absorbed, overrun, .. } = self.tally.cost;
        [charged, absorbed, overrun].into_iter().fold(self.tally.held, Money::saturating_add)
    }

    pub(super) fn fell_back(&mut self, cursor: &Cursor, event: &FellBack) {
        if let (None, Some((_, ended))) = (cursor.item, &mut self.ended) {
            ended.fall_back(event);
        }
    }
}
