//! The account of one attempt: what it reserves and spends, until it is known whether it succeeded.

use super::books::{AttemptKey, Verdict};
use super::{BudgetTracker, Fitted, InFlight, Quote, Refusal, Reservation};
use crate::failure::ErrorCode;
use crate::units::{Fuel, Money};

/// Money of one attempt. What is settled stays held until the attempt ends; an account that is dropped without a
/// verdict counts as failed. It ends once:
///
/// ```compile_fail,E0382
/// # fn twice(account: aos_core::budget::AttemptAccount) {
/// account.succeed();
/// account.fail(); // it has succeeded
/// # }
/// ```
#[derive(Debug)]
#[must_use = "an account without a verdict counts as failed"]
pub struct AttemptAccount {
    tracker: BudgetTracker,
    key: AttemptKey,
    closed: bool,
}

/// Fuel that an attempt may use, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FuelGrant {
    /// Units.
    pub fuel: Fuel,
    /// Their price, which is held.
    pub price: Money,
    /// Which ceiling affords less than was asked for, if one does: `BUDGET_EXCEEDED` or `STEP_CEILING_EXCEEDED`.
    pub cut_by: Option<ErrorCode>,
}

impl AttemptAccount {
    pub(super) const fn new(tracker: BudgetTracker, key: AttemptKey) -> Self {
        Self { tracker, key, closed: false }
    }

    /// A hold that stands in the ledger already, of something that left before the run was killed.
    pub fn held_before(&self, amount: Money) -> InFlight {
        self.tracker.lock().reopen(self.key);
        Reservation::new(self.tracker.clone(), self.key, amount).sent()
    }

    /// Holds the worst case of something that is about to happen.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when a ceiling would be passed, or the budget is stopped; nothing is held then.
    pub fn reserve(&self, amount: Money) -> Result<Reservation, Refusal> {
        self.tracker.check_stopped(amount)?;
        self.tracker.lock().reserve(self.key, amount)?;
        Ok(Reservation::new(self.tracker.clone(), self.key, amount))
    }

    /// Holds the worst case of a call, or as much of it as the rest affords where the call may be given less.
    ///
    /// # Errors
    ///
    /// As [`AttemptAccount::reserve`], for all that was asked for.
    pub fn reserve_quote(&self, quote: &Quote) -> Result<(Reservation, Fitted), Refusal> {
        let wanted = quote.worst().total();
        self.tracker.check_stopped(wanted)?;
        let mut books = self.tracker.lock();
        let Some(fitted) = quote.fit(books.available(self.key)) else {
            let fits_later = quote.fit(books.most(self.key)).is_some();
            return Err(books.refused(self.key, wanted, fits_later));
        };
        let amount = fitted.parts.total();
        books.reserve(self.key, amount)?;
        drop(books);
        Ok((Reservation::new(self.tracker.clone(), self.key, amount), fitted))
    }

    /// Buys fuel: `most` units, or as many as are affordable after `estimate` is set aside for calls.
    ///
    /// # Errors
    ///
    /// [`Refusal`] when the estimate does not fit, or not one unit of fuel beside it where `most` is any.
    pub fn buy_fuel(
        &self,
        most: Fuel,
        estimate: Money,
        price_per_million: u64,
    ) -> Result<(FuelGrant, Reservation), Refusal> {
        self.tracker.check_stopped(estimate)?;
        let mut books = self.tracker.lock();
        let rest = books.available(self.key).checked_sub(estimate);
        let affordable = rest.map_or(Fuel::ZERO, |rest| affordable_fuel(rest, price_per_million));
        // What uses no fuel needs money for its estimate alone.
        let least_fuel = most.units().min(1);
        if rest.is_none() || affordable.units() < least_fuel {
            let unit = Money::of_units(least_fuel, price_per_million).unwrap_or(Money::MAX);
            let least = estimate.checked_add(unit);
            let fits_later = least.is_some_and(|least| least <= books.most(self.key));
            return Err(books.refused(self.key, least.unwrap_or(Money::MAX), fits_later));
        }
        let by_step = books.is_bound_by_step(self.key);
        let cut_by = (affordable < most).then_some(if by_step {
            ErrorCode::StepCeilingExceeded
        } else {
            ErrorCode::BudgetExceeded
        });
        let fuel = most.min(affordable);
        let price = Money::of_units(fuel.units(), price_per_million).unwrap_or(Money::MAX);
        books.reserve(self.key, price)?;
        drop(books);
        let reservation = Reservation::new(self.tracker.clone(), self.key, price);
        Ok((FuelGrant { fuel, price, cut_by }, reservation))
    }

    /// The ledger that this account belongs to.
    #[must_use]
    pub const fn tracker(&self) -> &BudgetTracker {
        &self.tracker
    }

    /// The attempt succeeded: what it spent is charged. Returns that sum.
    pub fn succeed(mut self) -> Money {
        self.close(Verdict::Succeeded)
    }

    /// The attempt failed: what it spent is absorbed, or charged where the run books failures so. Returns that sum.
    pub fn fail(mut self) -> Money {
        self.close(Verdict::Failed)
    }

    fn close(&mut self, end: Verdict) -> Money {
        self.closed = true;
        self.tracker.lock().close(self.key, end)
    }
}

impl Drop for AttemptAccount {
    fn drop(&mut self) {
        if !self.closed {
            self.close(Verdict::Failed);
        }
    }
}

/// The most fuel whose price, rounded up, is at most `money`.
fn affordable_fuel(money: Money, price_per_million: u64) -> Fuel {
    if price_per_million == 0 {
        return Fuel::MAX;
    }
    let units = u128::from(money.nanos()) * 1_000_000 / u128::from(price_per_million);
    u64::try_from(units).map_or(Fuel::MAX, Fuel::saturating)
}
