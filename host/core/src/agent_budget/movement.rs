//! What happens to a named budget.

use serde::{Deserialize, Serialize};

use crate::budget::FailedSteps;
use crate::ids::RunId;
use crate::journal::Facts;
use crate::outcome::Cost;
use crate::units::{Money, Timestamp};

/// One movement of a named budget, as it stands on its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Movement {
    /// Someone said how much it has.
    Set {
        /// The most that all runs together may be charged.
        ceiling: Money,
        /// The most that their failed attempts may lose together.
        absorbed_ceiling: Money,
    },
    /// A run has taken its ceilings.
    Taken {
        /// The run.
        run: RunId,
        /// What it may be charged beyond what it was charged before.
        ceiling: Money,
        /// What its failed attempts may lose beyond what they lost before.
        absorbed_ceiling: Money,
        /// Where its journal is, for whoever has to settle it.
        journal: Option<String>,
    },
    /// A run has given back what it did not spend.
    Settled {
        /// The run.
        run: RunId,
        /// What it spent, in all.
        spent: RunSpending,
        /// Whether someone else settled it, as it had died.
        by_hand: bool,
    },
    /// Nothing more is reserved under it.
    Stopped {
        /// Why; may be empty.
        why: String,
    },
    /// It goes on.
    Started,
}

/// What a run has spent, over its whole life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSpending {
    /// Charged.
    pub charged: Money,
    /// Lost by failed attempts.
    pub absorbed: Money,
    /// Billed by providers beyond what was held.
    pub overrun: Money,
}

impl RunSpending {
    /// What a journal says that was spent. All that is held without a verdict may be gone, and counts as that of a failed
    /// attempt.
    #[must_use]
    pub fn of(facts: &Facts) -> Self {
        let Cost { charged, absorbed, overrun, .. } = facts.cost();
        match facts.run().failed_steps {
            FailedSteps::Absorb => Self { charged, absorbed: absorbed.saturating_add(facts.held()), overrun },
            FailedSteps::Charge => Self { charged: charged.saturating_add(facts.held()), absorbed, overrun },
        }
    }

    /// Of each sum the larger one.
    #[must_use]
    pub fn or_more(&self, other: &Self) -> Self {
        Self {
            charged: self.charged.max(other.charged),
            absorbed: self.absorbed.max(other.absorbed),
            overrun: self.overrun.max(other.overrun),
        }
    }
}

/// A movement with its place and time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Counted from 0.
    pub seq: u64,
    /// The wall time; it may step back.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub movement: Movement,
}
