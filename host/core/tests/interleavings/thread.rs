//! A thread on the real ledger.

use std::sync::Arc;

use aos_core::budget::{AttemptAccount, BudgetTracker, InFlight, Refusal, Reservation, Settled, StepAccount};

use super::model::Verdict;
use super::money;
use super::scene::{Act, Came, Seen};

/// What it has.
pub(crate) struct Thread {
    tracker: BudgetTracker,
    step: StepAccount,
    account: Option<Arc<AttemptAccount>>,
    holds: Vec<Option<Reservation>>,
}

impl Thread {
    pub(crate) const fn new(
        tracker: BudgetTracker,
        step: StepAccount,
        account: Option<Arc<AttemptAccount>>,
        holds: Vec<Option<Reservation>>,
    ) -> Self {
        Self { tracker, step, account, holds }
    }

    /// What came of its acts, and what it has afterwards.
    pub(crate) fn run(mut self, acts: &[Act]) -> (Vec<Came>, Self) {
        let came = acts.iter().map(|act| self.act(*act)).collect();
        (came, self)
    }

    fn act(&mut self, act: Act) -> Came {
        let mut take = |hold: usize| self.holds[hold].take();
        match act {
            Act::Open => {
                self.account = Some(Arc::new(self.step.open_attempt()));
                Came::Done
            }
            Act::Reserve(amount) => {
                let reserved = self.account.as_ref().unwrap().reserve(money(amount));
                let came = reserved.as_ref().map_or_else(refused, |_| Came::Done);
                self.holds.push(reserved.ok());
                came
            }
            Act::Refund(hold) => take(hold).map_or(Came::Nothing, |hold| {
                hold.refund();
                Came::Done
            }),
            Act::Settle(hold, bill) => {
                take(hold).map_or(Came::Nothing, |hold| settled(hold.sent().settle(money(bill))))
            }
            Act::Lose(hold) => take(hold).map_or(Came::Nothing, |hold| {
                drop::<InFlight>(hold.sent());
                Came::Done
            }),
            Act::Close(verdict) => close(Arc::into_inner(self.account.take().unwrap()).unwrap(), verdict),
            Act::Look => Came::Seen(seen(&self.tracker)),
        }
    }
}

fn refused(refusal: &Refusal) -> Came {
    let (code, available) = (refusal.code.as_str(), refusal.available.nanos().into());
    Came::Refused { code, available, fits_later: refusal.fits_later }
}

fn settled(Settled { spent, refunded, overrun }: Settled) -> Came {
    Came::Settled([spent, refunded, overrun].map(|part| part.nanos().into()))
}

fn close(account: AttemptAccount, verdict: Verdict) -> Came {
    let spent = match verdict {
        Verdict::Succeeded => account.succeed(),
        Verdict::Failed => account.fail(),
        Verdict::None => {
            drop(account);
            return Came::Done;
        }
    };
    Came::Closed(spent.nanos().into())
}

/// The sums now, under their ceilings.
pub(crate) fn seen(tracker: &BudgetTracker) -> Seen {
    let sums = tracker.balance();
    assert!(sums.held.nanos() + sums.charged.nanos() <= sums.ceiling.nanos(), "{sums:?}");
    assert!(sums.held.nanos() + sums.absorbed.nanos() <= sums.absorbed_ceiling.nanos(), "{sums:?}");
    [sums.held, sums.charged, sums.absorbed, sums.refunded, sums.overrun, sums.peak_held]
        .map(|sum| sum.nanos().into())
}
