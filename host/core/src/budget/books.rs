//! The sums of a run, of its steps and of its attempts, and the rule that no reservation passes a ceiling. Everything
//! happens under one lock, which the tracker holds: each operation is one step for every thread.

use std::collections::BTreeMap;

use super::{Balance, FailedSteps, Refusal, Settled};
use crate::failure::ErrorCode;
use crate::ids::StepId;
use crate::units::Money;

/// How an attempt ended, as far as money goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Succeeded,
    Failed,
}

/// Which attempt, within one run's books.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AttemptKey(usize);

/// All sums of one run.
#[derive(Debug, Clone)]
pub(super) struct Books {
    run: Balance,
    failed_steps: FailedSteps,
    steps: Vec<StepSums>,
    names: BTreeMap<StepId, usize>,
    attempts: Vec<AttemptSums>,
    free: Vec<usize>,
}

/// What a step may use, and has used over all its attempts, whatever became of them.
#[derive(Debug, Clone)]
struct StepSums {
    ceiling: Option<Money>,
    /// In nano-dollars. With what failed and what was billed beyond its hold it can be more than money can say.
    used: u128,
}

#[derive(Debug, Clone)]
struct AttemptSums {
    step: usize,
    /// Settled, and held until the attempt ends.
    spent: Money,
    /// Holds that are not settled.
    open: usize,
    /// How it ended. A hold that is settled later follows it.
    end: Option<Verdict>,
}

impl Books {
    pub(super) fn new(run: Balance, failed_steps: FailedSteps) -> Self {
        let (steps, attempts, free) = (Vec::new(), Vec::new(), Vec::new());
        Self { run, failed_steps, steps, names: BTreeMap::new(), attempts, free }
    }

    pub(super) const fn failed_steps(&self) -> FailedSteps {
        self.failed_steps
    }

    pub(super) const fn balance(&self) -> Balance {
        self.run
    }

    /// Opens a step, or finds it again.
    pub(super) fn step(&mut self, name: &StepId, ceiling: Option<Money>, used: Money) -> usize {
        if let Some(step) = self.names.get(name) {
            return *step;
        }
        self.steps.push(StepSums { ceiling, used: used.nanos().into() });
        self.names.insert(name.clone(), self.steps.len() - 1);
        self.steps.len() - 1
    }

    pub(super) fn open_attempt(&mut self, step: usize, spent: Money) -> AttemptKey {
        let attempt = AttemptSums { step, spent, open: 0, end: None };
        let free = self.free.pop().and_then(|slot| Some((slot, self.attempts.get_mut(slot)?)));
        AttemptKey(match free {
            Some((slot, place)) => {
                *place = attempt;
                slot
            }
            None => {
                self.attempts.push(attempt);
                self.attempts.len() - 1
            }
        })
    }

    /// What may still be reserved for an attempt: the least that any ceiling leaves.
    pub(super) fn available(&self, attempt: AttemptKey) -> Money {
        let of_step = self.step_of(attempt).map_or(Money::MAX, StepSums::available);
        self.run.available().min(of_step)
    }

    /// Whether it is the step's ceiling that leaves the least.
    pub(super) fn is_bound_by_step(&self, attempt: AttemptKey) -> bool {
        self.step_of(attempt).is_some_and(|step| step.available() < self.run.available())
    }

    pub(super) fn reserve(&mut self, attempt: AttemptKey, amount: Money) -> Result<(), Refusal> {
        if let Some(refusal) = self.refusal(attempt, amount) {
            return Err(refusal);
        }
        self.run.held = self.run.held.saturating_add(amount);
        self.run.peak_held = self.run.peak_held.max(self.run.held);
        if let Some(step) = self.step_mut(attempt) {
            step.used += u128::from(amount.nanos());
        }
        self.reopen(attempt);
        Ok(())
    }

    /// Takes up a hold that stands in the sums already.
    pub(super) fn reopen(&mut self, attempt: AttemptKey) {
        if let Some(sums) = self.attempts.get_mut(attempt.0) {
            sums.open += 1;
        }
    }

    /// Ends a hold: `actual` of it is spent, at most all, and the rest goes back.
    pub(super) fn settle(&mut self, attempt: AttemptKey, held: Money, actual: Money) -> Settled {
        let spent = actual.min(held);
        let (refunded, overrun) = (held.saturating_sub(spent), actual.saturating_sub(held));
        self.run.held = self.run.held.saturating_sub(refunded);
        self.run.refunded = self.run.refunded.saturating_add(refunded);
        self.run.overrun = self.run.overrun.saturating_add(overrun);
        if let Some(step) = self.step_mut(attempt) {
            step.used = step.used.saturating_sub(refunded.nanos().into()) + u128::from(overrun.nanos());
        }
        let end = self.attempts.get_mut(attempt.0).and_then(|sums| {
            sums.open = sums.open.saturating_sub(1);
            if sums.end.is_none() {
                sums.spent = sums.spent.saturating_add(spent);
            }
            sums.end
        });
        if let Some(end) = end {
            self.book(end, spent);
            self.release(attempt);
        }
        Settled { spent, refunded, overrun }
    }

    /// Ends an attempt: what it has spent is charged or absorbed. Holds that are open follow when they are settled.
    pub(super) fn close(&mut self, attempt: AttemptKey, end: Verdict) -> Money {
        let Some(sums) = self.attempts.get_mut(attempt.0) else { return Money::ZERO };
        sums.end = Some(end);
        let spent = std::mem::take(&mut sums.spent);
        self.book(end, spent);
        self.release(attempt);
        spent
    }

    fn book(&mut self, end: Verdict, spent: Money) {
        let run = &mut self.run;
        run.held = run.held.saturating_sub(spent);
        let sum = match (end, self.failed_steps) {
            (Verdict::Succeeded, _) | (Verdict::Failed, FailedSteps::Charge) => &mut run.charged,
            (Verdict::Failed, FailedSteps::Absorb) => &mut run.absorbed,
        };
        *sum = sum.saturating_add(spent);
    }

    /// Gives the place of an attempt that is over to another one.
    fn release(&mut self, attempt: AttemptKey) {
        if self.attempts.get(attempt.0).is_some_and(|sums| sums.open == 0 && sums.end.is_some()) {
            self.free.push(attempt.0);
        }
    }

    fn step_of(&self, attempt: AttemptKey) -> Option<&StepSums> {
        self.steps.get(self.attempts.get(attempt.0)?.step)
    }

    fn step_mut(&mut self, attempt: AttemptKey) -> Option<&mut StepSums> {
        self.steps.get_mut(self.attempts.get(attempt.0)?.step)
    }

    /// What could be reserved for an attempt if nothing had been spent yet: the least of its ceilings.
    pub(super) fn most(&self, attempt: AttemptKey) -> Money {
        let most = self.run.ceiling.min(self.run.absorbed_ceiling);
        self.step_of(attempt).and_then(|step| step.ceiling).map_or(most, |ceiling| ceiling.min(most))
    }

    /// Why something does not fit that is known not to. An amount beyond what money can say fits nowhere.
    pub(super) fn refused(&self, attempt: AttemptKey, wanted: Money, fits_later: bool) -> Refusal {
        let (code, available, ceiling) =
            (ErrorCode::BudgetExceeded, self.available(attempt), self.run.ceiling);
        let beyond = Refusal { code, wanted, available, ceiling, fits_later };
        self.refusal(attempt, wanted).map_or(beyond, |refusal| Refusal { fits_later, ..refusal })
    }

    /// The ceiling that stands in the way, the run's before the step's.
    fn refusal(&self, attempt: AttemptKey, wanted: Money) -> Option<Refusal> {
        let run = &self.run;
        let step = self.step_of(attempt);
        let fits_later = wanted <= self.most(attempt);
        let refused = |code, taken: Money, ceiling: Money| {
            let available = ceiling.saturating_sub(taken);
            (wanted > available).then_some(Refusal { code, wanted, available, ceiling, fits_later })
        };
        let charged = run.held.saturating_add(run.charged);
        let absorbed = run.held.saturating_add(run.absorbed);
        refused(ErrorCode::BudgetExceeded, charged, run.ceiling)
            .or_else(|| refused(ErrorCode::AbsorbedCeilingExceeded, absorbed, run.absorbed_ceiling))
            // Only what was billed beyond its hold stands in the way.
            .or_else(|| refused(ErrorCode::CostOverrun, charged.saturating_add(run.overrun), run.ceiling))
            .or_else(|| {
                refused(ErrorCode::CostOverrun, absorbed.saturating_add(run.overrun), run.absorbed_ceiling)
            })
            .or_else(|| step.and_then(|step| refused(ErrorCode::StepCeilingExceeded, step.used(), step.ceiling?)))
    }
}

impl StepSums {
    fn available(&self) -> Money {
        self.ceiling.map_or(Money::MAX, |ceiling| ceiling.saturating_sub(self.used()))
    }

    /// At most what money can say, which no ceiling passes.
    fn used(&self) -> Money {
        u64::try_from(self.used).ok().and_then(|used| Money::from_nanos(used).ok()).unwrap_or(Money::MAX)
    }
}
