//! The account of one attempt: what it reserves and spends, until it is known whether it succeeded.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{BudgetTracker, InFlight, Refusal, Reservation};
use crate::units::Money;

/// Money of one attempt. What is settled stays held until the attempt ends; an account that is dropped without a
/// verdict counts as failed.
#[derive(Debug)]
#[must_use = "an account without a verdict counts as failed"]
pub struct AttemptAccount {
    tracker: BudgetTracker,
    spent: Spent,
    closed: bool,
}

/// What an attempt has spent, shared with its reservations.
#[derive(Debug, Clone, Default)]
pub(super) struct Spent(Arc<AtomicU64>);

impl Spent {
    /// The tracker's ceilings keep the sum within [`Money::MAX`].
    pub(super) fn add(&self, amount: Money) {
        self.0.fetch_add(amount.nanos(), Ordering::AcqRel);
    }

    fn take(&self) -> Money {
        Money::from_nanos(self.0.swap(0, Ordering::AcqRel)).unwrap_or(Money::MAX)
    }
}

impl AttemptAccount {
    pub(super) fn new(tracker: BudgetTracker) -> Self {
        Self { tracker, spent: Spent::default(), closed: false }
    }

    pub(super) fn restored(tracker: BudgetTracker, spent: Money) -> Self {
        let account = Self::new(tracker);
        account.spent.add(spent);
        account
    }

    /// A hold that stands in the ledger already, of something that left before the run was killed.
    pub fn held_before(&self, amount: Money) -> InFlight {
        Reservation::new(self.tracker.clone(), self.spent.clone(), amount).sent()
    }

    /// Holds the worst case of something that is about to happen.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when a ceiling would be passed; nothing is held then.
    pub fn reserve(&self, amount: Money) -> Result<Reservation, Refusal> {
        self.tracker.reserve(amount)?;
        Ok(Reservation::new(self.tracker.clone(), self.spent.clone(), amount))
    }

    /// The ledger that this account belongs to.
    #[must_use]
    pub const fn tracker(&self) -> &BudgetTracker {
        &self.tracker
    }

    /// The attempt succeeded: what it spent is charged. Returns that sum.
    pub fn succeed(mut self) -> Money {
        self.closed = true;
        let spent = self.spent.take();
        self.tracker.charge(spent);
        spent
    }

    /// The attempt failed: what it spent is absorbed. Returns that sum.
    pub fn fail(mut self) -> Money {
        self.close_as_failed()
    }

    fn close_as_failed(&mut self) -> Money {
        self.closed = true;
        let spent = self.spent.take();
        self.tracker.absorb(spent);
        spent
    }
}

impl Drop for AttemptAccount {
    fn drop(&mut self) {
        if !self.closed {
            self.close_as_failed();
        }
    }
}
