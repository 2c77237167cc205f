//! The ledger of a run: books under one lock, and the handles that move money in them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::books::Books;
use super::sync::{Arc, Mutex, MutexGuard};
use super::{AttemptAccount, Refusal};
use crate::failure::ErrorCode;
use crate::ids::StepId;
use crate::units::{Money, OutOfRange};

/// What a run may spend and has spent. A clone shares the same sums.
///
/// `held + charged` is at most the ceiling, and `held + absorbed` at most a ceiling of its own, after every operation.
/// What is available is what both leave, less what providers billed beyond what they could.
#[derive(Clone)]
pub struct BudgetTracker(Arc<Shared>);

struct Shared {
    books: Mutex<Books>,
    is_stopped: Option<StopFlag>,
}

/// Says whether someone has stopped the budget. It is asked at every reservation.
pub type StopFlag = Box<dyn Fn() -> bool + Send + Sync>;

/// Where the money of failed attempts is booked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailedSteps {
    /// As absorbed: it goes back to the budget, and counts against a ceiling of its own.
    #[default]
    Absorb,
    /// As charged, like that of any other attempt: the ceiling alone bounds what leaves.
    Charge,
}

impl FailedSteps {
    /// Whether it is what a workflow gets that says nothing.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What a run may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most that may be charged.
    pub ceiling: Money,
    /// The most that failed attempts may lose. With [`FailedSteps::Charge`] it is not looked at.
    pub absorbed_ceiling: Money,
    /// Where the money of failed attempts is booked.
    pub failed_steps: FailedSteps,
}

/// The sums at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Balance {
    /// The most that may be charged.
    pub ceiling: Money,
    /// The most that failed attempts may lose.
    pub absorbed_ceiling: Money,
    /// Reserved, or spent by an attempt that has not ended.
    pub held: Money,
    /// Spent by attempts that succeeded.
    pub charged: Money,
    /// Spent by attempts that failed.
    pub absorbed: Money,
    /// Given back, in all.
    pub refunded: Money,
    /// Billed beyond what was held, in all.
    pub overrun: Money,
    /// The most that was held at one time.
    pub peak_held: Money,
}

impl Balance {
    /// What may still be reserved.
    #[must_use]
    pub fn available(&self) -> Money {
        let taken = self.held.saturating_add(self.overrun);
        let to_charge = self.ceiling.saturating_sub(taken.saturating_add(self.charged));
        let to_lose = self.absorbed_ceiling.saturating_sub(taken.saturating_add(self.absorbed));
        to_charge.min(to_lose)
    }
}

impl Limits {
    /// A ceiling, and as much again for what failed attempts lose.
    #[must_use]
    pub const fn new(ceiling: Money) -> Self {
        Self { ceiling, absorbed_ceiling: ceiling, failed_steps: FailedSteps::Absorb }
    }

    fn untouched(self) -> Balance {
        let absorbed_ceiling = match self.failed_steps {
            FailedSteps::Absorb => self.absorbed_ceiling,
            FailedSteps::Charge => Money::MAX,
        };
        Balance { ceiling: self.ceiling, absorbed_ceiling, ..Balance::default() }
    }
}

impl BudgetTracker {
    /// A ledger that charges at most `ceiling`, and loses at most as much again to failed attempts.
    #[must_use]
    pub fn new(ceiling: Money) -> Self {
        Self::with_limits(Limits::new(ceiling))
    }

    /// A ledger with a ceiling in whole cents.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] above nine million dollars.
    pub fn with_ceiling_cents(cents: u64) -> Result<Self, OutOfRange> {
        Money::from_cents(cents).map(Self::new)
    }

    /// A ledger with these limits.
    #[must_use]
    pub fn with_limits(limits: Limits) -> Self {
        Self::of(Books::new(limits.untouched(), limits.failed_steps), None)
    }

    /// The ledger of a run that goes on: what stands in it is what its journal adds up to.
    #[must_use]
    pub fn restored(balance: Balance, failed_steps: FailedSteps) -> Self {
        let limits =
            Limits { ceiling: balance.ceiling, absorbed_ceiling: balance.absorbed_ceiling, failed_steps };
        let absorbed_ceiling = limits.untouched().absorbed_ceiling;
        Self::of(Books::new(Balance { absorbed_ceiling, ..balance }, failed_steps), None)
    }

    /// The same ledger, which reserves nothing more once `flag` says that it is stopped. To be called before anything
    /// else has a handle on it.
    #[must_use]
    pub fn stopped_by(self, flag: StopFlag) -> Self {
        let books = Books::clone(&self.lock());
        Self::of(books, Some(flag))
    }

    fn of(books: Books, is_stopped: Option<StopFlag>) -> Self {
        Self(Arc::new(Shared { books: Mutex::new(books), is_stopped }))
    }

    /// The sums now.
    #[must_use]
    pub fn balance(&self) -> Balance {
        self.lock().balance()
    }

    /// Where it books the money of failed attempts.
    #[must_use]
    pub fn failed_steps(&self) -> FailedSteps {
        self.lock().failed_steps()
    }

    /// The account of a step, which may have a ceiling of its own over all its attempts. `used` is what it has used
    /// before, in a run that goes on. The step of a name is opened once; asked for again, it is the same one.
    #[must_use]
    pub fn step(&self, name: &StepId, ceiling: Option<Money>, used: Money) -> StepAccount {
        let step = self.lock().step(name, ceiling, used);
        StepAccount { tracker: self.clone(), step }
    }

    /// Whether someone has stopped it.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.is_stopped.as_ref().is_some_and(|flag| flag())
    }

    pub(super) fn check_stopped(&self, wanted: Money) -> Result<(), Refusal> {
        if !self.is_stopped() {
            return Ok(());
        }
        let ceiling = self.balance().ceiling;
        let available = Money::ZERO;
        Err(Refusal { code: ErrorCode::BudgetStopped, wanted, available, ceiling, fits_later: true })
    }

    /// The sums are plain numbers, and every operation ends with them in order, so a panic elsewhere cannot leave them
    /// half done.
    pub(super) fn lock(&self) -> MutexGuard<'_, Books> {
        self.0.books.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl fmt::Debug for BudgetTracker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BudgetTracker").field(&self.balance()).finish()
    }
}

/// The account of one step.
#[derive(Debug, Clone)]
pub struct StepAccount {
    tracker: BudgetTracker,
    step: usize,
}

impl StepAccount {
    /// An account for one attempt. What it spends is charged when the attempt succeeds, and booked as failed when not.
    pub fn open_attempt(&self) -> AttemptAccount {
        self.reopen_attempt(Money::ZERO)
    }

    /// The account of an attempt that goes on, which has spent this much already. It is held, as all that is spent.
    pub fn reopen_attempt(&self, spent: Money) -> AttemptAccount {
        let key = self.tracker.lock().open_attempt(self.step, spent);
        AttemptAccount::new(self.tracker.clone(), key)
    }
}
