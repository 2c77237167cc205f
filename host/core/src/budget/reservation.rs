//! Money held for one thing that is about to happen. The types make sure that it cannot be forgotten.

use super::BudgetTracker;
use super::account::Spent;
use crate::units::Money;

/// Money held before anything left. Dropped, it goes back.
#[derive(Debug)]
#[must_use = "a reservation that is dropped goes back"]
pub struct Reservation(Option<Hold>);

/// Money held for something that has left. Dropped, all of it counts as spent.
#[derive(Debug)]
#[must_use = "money in flight that is dropped counts as spent"]
pub struct InFlight(Option<Hold>);

/// What became of a hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settled {
    /// Counted as spent; at most what was held.
    pub spent: Money,
    /// Given back.
    pub refunded: Money,
    /// Billed beyond what was held: a provider that charged more than it could.
    pub overrun: Money,
}

#[derive(Debug)]
struct Hold {
    tracker: BudgetTracker,
    spent: Spent,
    amount: Money,
}

impl Reservation {
    pub(super) fn new(tracker: BudgetTracker, spent: Spent, amount: Money) -> Self {
        Self(Some(Hold { tracker, spent, amount }))
    }

    /// How much is held.
    #[must_use]
    pub fn amount(&self) -> Money {
        self.0.as_ref().map_or(Money::ZERO, |hold| hold.amount)
    }

    /// It leaves now: from here on the money counts as spent unless it is settled.
    pub fn sent(mut self) -> InFlight {
        InFlight(self.0.take())
    }

    /// Nothing left: all of it goes back, as when it is dropped.
    pub fn refund(self) {
        drop(self);
    }
}

impl InFlight {
    /// How much is held.
    #[must_use]
    pub fn amount(&self) -> Money {
        self.0.as_ref().map_or(Money::ZERO, |hold| hold.amount)
    }

    /// Counts `actual` as spent, at most what was held, and gives back the rest.
    pub fn settle(mut self, actual: Money) -> Settled {
        let Some(hold) = self.0.take() else {
            return Settled::default();
        };
        let spent = actual.min(hold.amount);
        let refunded = hold.amount.saturating_sub(spent);
        hold.spent.add(spent);
        hold.tracker.refund(refunded);
        Settled { spent, refunded, overrun: actual.saturating_sub(hold.amount) }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(hold) = self.0.take() {
            hold.tracker.refund(hold.amount);
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(hold) = self.0.take() {
            hold.spent.add(hold.amount);
        }
    }
}
