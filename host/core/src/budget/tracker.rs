//! The ledger of a run: one lock, five sums, and the rule that no reservation passes a ceiling.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::AttemptAccount;
use crate::failure::{ErrorCode, Failure};
use crate::skill::ResourceContract;
use crate::units::{Fuel, Money, OutOfRange};

/// What a run may spend and has spent. A clone shares the same sums.
///
/// `available + held + charged = ceiling` holds after every operation, and `absorbed` stands beside it.
#[derive(Debug, Clone)]
pub struct BudgetTracker {
    sums: Arc<Mutex<Balance>>,
}

/// The sums at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// The most that was held at one time.
    pub peak_held: Money,
}

impl Balance {
    /// What may still be reserved.
    #[must_use]
    pub fn available(&self) -> Money {
        let to_charge = self.ceiling.saturating_sub(self.held.saturating_add(self.charged));
        let to_lose = self.absorbed_ceiling.saturating_sub(self.held.saturating_add(self.absorbed));
        to_charge.min(to_lose)
    }
}

/// Why a reservation is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{wanted} do not fit: {available} are available under the {limit} of {ceiling}")]
pub struct Refusal {
    /// `BUDGET_EXCEEDED` or `ABSORBED_CEILING_EXCEEDED`.
    pub code: ErrorCode,
    /// What was asked for.
    pub wanted: Money,
    /// What is left.
    pub available: Money,
    /// The ceiling that stands in the way.
    pub ceiling: Money,
    /// Its name.
    pub limit: &'static str,
    /// False when it would not fit into an untouched budget either.
    pub fits_later: bool,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let details = serde_json::json!({
            "wanted": refusal.wanted, "available": refusal.available, "ceiling": refusal.ceiling,
            "fits_later": refusal.fits_later,
        });
        Self::new(refusal.code, refusal.to_string()).with_details(details)
    }
}

/// Fuel that an attempt may use, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FuelGrant {
    /// Units.
    pub fuel: Fuel,
    /// Their price, which is to be reserved.
    pub price: Money,
    /// True when the contract gives more than the budget affords.
    pub cut_by_budget: bool,
}

impl BudgetTracker {
    /// A ledger that charges at most `ceiling`, and loses at most as much again to failed attempts.
    #[must_use]
    pub fn new(ceiling: Money) -> Self {
        Self::with_absorbed_ceiling(ceiling, ceiling)
    }

    /// A ledger with a ceiling in whole cents.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] above nine million dollars.
    pub fn with_ceiling_cents(cents: u64) -> Result<Self, OutOfRange> {
        Money::from_cents(cents).map(Self::new)
    }

    /// A ledger with a ceiling for charges and another one for what failed attempts lose.
    #[must_use]
    pub fn with_absorbed_ceiling(ceiling: Money, absorbed_ceiling: Money) -> Self {
        let nothing = Money::ZERO;
        let sums = Balance {
            ceiling,
            absorbed_ceiling,
            held: nothing,
            charged: nothing,
            absorbed: nothing,
            refunded: nothing,
            peak_held: nothing,
        };
        Self { sums: Arc::new(Mutex::new(sums)) }
    }

    /// The ledger of a run that goes on: what stood in it is what its journal adds up to.
    #[must_use]
    pub fn restored(balance: Balance) -> Self {
        Self { sums: Arc::new(Mutex::new(balance)) }
    }

    /// The sums now.
    #[must_use]
    pub fn balance(&self) -> Balance {
        *self.lock()
    }

    /// An account for one attempt. What it spends is charged when the attempt succeeds, and absorbed when not.
    pub fn open_attempt(&self) -> AttemptAccount {
        AttemptAccount::new(self.clone())
    }

    /// The account of an attempt that goes on, which has spent this much already. It is held, as all that is spent.
    pub fn reopen_attempt(&self, spent: Money) -> AttemptAccount {
        AttemptAccount::restored(self.clone(), spent)
    }

    /// The fuel that an attempt gets: what its contract says, or what is affordable after `estimate` is set aside.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when the estimate does not fit, or not one unit of fuel beside it.
    pub fn grant_fuel(
        &self,
        contract: &ResourceContract,
        estimate: Money,
        price_per_million: u64,
    ) -> Result<FuelGrant, Refusal> {
        let balance = self.balance();
        let rest = balance.available().checked_sub(estimate).ok_or_else(|| refusal(&balance, estimate))?;
        let affordable = affordable_fuel(rest, price_per_million);
        if affordable == Fuel::ZERO {
            let unit = Money::of_units(1, price_per_million).unwrap_or(Money::MAX);
            return Err(refusal(&balance, estimate.saturating_add(unit)));
        }
        let fuel = contract.fuel.min(affordable);
        let price = Money::of_units(fuel.units(), price_per_million).unwrap_or(Money::MAX);
        Ok(FuelGrant { fuel, price, cut_by_budget: affordable < contract.fuel })
    }

    pub(super) fn reserve(&self, amount: Money) -> Result<(), Refusal> {
        let mut sums = self.lock();
        let held = sums.held.checked_add(amount);
        let fits = |taken: Money, ceiling: Money| {
            held.and_then(|held| held.checked_add(taken)).is_some_and(|sum| sum <= ceiling)
        };
        if !fits(sums.charged, sums.ceiling) || !fits(sums.absorbed, sums.absorbed_ceiling) {
            return Err(refusal(&sums, amount));
        }
        sums.held = sums.held.saturating_add(amount);
        sums.peak_held = sums.peak_held.max(sums.held);
        Ok(())
    }

    pub(super) fn refund(&self, amount: Money) {
        let mut sums = self.lock();
        sums.held = sums.held.saturating_sub(amount);
        sums.refunded = sums.refunded.saturating_add(amount);
    }

    pub(super) fn charge(&self, amount: Money) {
        let mut sums = self.lock();
        sums.held = sums.held.saturating_sub(amount);
        sums.charged = sums.charged.saturating_add(amount);
    }

    pub(super) fn absorb(&self, amount: Money) {
        let mut sums = self.lock();
        sums.held = sums.held.saturating_sub(amount);
        sums.absorbed = sums.absorbed.saturating_add(amount);
    }

    /// The sums are plain numbers, whole after every statement, so a panic elsewhere cannot leave them half done.
    fn lock(&self) -> MutexGuard<'_, Balance> {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refusal(balance: &Balance, wanted: Money) -> Refusal {
    let over = |taken: Money, ceiling: Money| {
        let sum = balance.held.checked_add(taken).and_then(|sum| sum.checked_add(wanted));
        sum.is_none_or(|sum| sum > ceiling)
    };
    let (code, ceiling, limit) = if over(balance.charged, balance.ceiling) {
        (ErrorCode::BudgetExceeded, balance.ceiling, "ceiling")
    } else {
        (ErrorCode::AbsorbedCeilingExceeded, balance.absorbed_ceiling, "absorbed ceiling")
    };
    let fits_later = wanted <= balance.ceiling && wanted <= balance.absorbed_ceiling;
    Refusal { code, wanted, available: balance.available(), ceiling, limit, fits_later }
}

/// The most fuel whose price, rounded up, is at most `money`.
fn affordable_fuel(money: Money, price_per_million: u64) -> Fuel {
    if price_per_million == 0 {
        return Fuel::MAX;
    }
    let units = u128::from(money.nanos()) * 1_000_000 / u128::from(price_per_million);
    u64::try_from(units).map_or(Fuel::MAX, Fuel::saturating)
}
