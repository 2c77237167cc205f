//! Money held for one thing that is about to happen. The types make sure that it cannot be forgotten.

use super::BudgetTracker;
use super::books::AttemptKey;
use crate::units::Money;

/// Money held before anything left. Dropped, it goes back. It ends once:
///
/// ```compile_fail,E0382
/// # fn twice(reservation: aos_core::budget::Reservation) {
/// let in_flight = reservation.sent();
/// reservation.refund(); // it has left
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a reservation that is dropped goes back"]
pub struct Reservation(Option<Hold>);

/// Money held for something that has left. Dropped, all of it counts as spent. It ends once:
///
/// ```compile_fail,E0382
/// # fn twice(in_flight: aos_core::budget::InFlight, price: aos_core::units::Money) {
/// in_flight.settle(price);
/// in_flight.settle(price); // it is settled
/// # }
/// ```
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
    key: AttemptKey,
    amount: Money,
}

impl Hold {
    fn settle(self, actual: Money) -> Settled {
        self.tracker.lock().settle(self.key, self.amount, actual)
    }
}

impl Reservation {
    pub(super) const fn new(tracker: BudgetTracker, key: AttemptKey, amount: Money) -> Self {
        Self(Some(Hold { tracker, key, amount }))
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
        self.0.take().map_or_else(Settled::default, |hold| hold.settle(actual))
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(hold) = self.0.take() {
            hold.settle(Money::ZERO);
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(hold) = self.0.take() {
            let all = hold.amount;
            hold.settle(all);
        }
    }
}
