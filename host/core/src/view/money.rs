//! The money of a run over time.

use serde::{Serialize, Serializer};

use crate::journal::Facts;
use crate::units::Money;

/// What the ledger said after an entry that moved money. In JSON it is an array: microseconds since the start of the
/// run, held, charged, absorbed, overrun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneyPoint {
    /// Microseconds since the start of the run.
    pub at_us: u64,
    /// Held.
    pub held: Money,
    /// Billed so far.
    pub charged: Money,
    /// Lost so far.
    pub absorbed: Money,
    /// Billed beyond what was held, so far.
    pub overrun: Money,
    /// The `seq` of the entry.
    pub seq: u64,
}

impl MoneyPoint {
    pub(super) fn of(facts: &Facts, (at_us, seq): (u64, u64)) -> Self {
        let (held, cost) = (facts.held(), facts.cost());
        Self { at_us, held, charged: cost.charged, absorbed: cost.absorbed, overrun: cost.overrun, seq }
    }

    /// Whether nothing moved between both.
    pub(super) fn says_as_much_as(&self, other: &Self) -> bool {
        Self { at_us: other.at_us, seq: other.seq, ..*self } == *other
    }
}

impl Serialize for MoneyPoint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { at_us, held, charged, absorbed, overrun, seq: _ } = *self;
        (at_us, held, charged, absorbed, overrun).serialize(serializer)
    }
}
