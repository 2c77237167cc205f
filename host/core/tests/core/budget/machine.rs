//! The ledger beside its model: everything that is done to one is done to both, and after each step they agree.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aos_core::budget::{
    AttemptAccount, Balance, BudgetTracker, FailedSteps, InFlight, Limits, Refusal, Reservation, Settled,
    StepAccount,
};
use aos_core::ids::StepId;
use aos_core::units::{Fuel, MAX_EXACT_INTEGER, Money};

use super::asked::{Asked, most_that};
use super::model::{Fate, Model, Refused, Sums, Verdict};
use super::operation::{self, Amount, Bill, Ceilings, Operation};

const MOST: u128 = MAX_EXACT_INTEGER as u128;

/// A hold as the ledger gave it out.
enum Handle {
    Reserved(Reservation),
    InFlight(InFlight),
    Gone,
}

/// Both, and what the ledger gave out, in the model's order.
pub(crate) struct Machine {
    pub(crate) model: Model,
    tracker: BudgetTracker,
    ceilings: Ceilings,
    stopped: Arc<AtomicBool>,
    steps: Vec<StepAccount>,
    accounts: Vec<Option<AttemptAccount>>,
    handles: Vec<Handle>,
}

impl Machine {
    pub(crate) fn new(ceilings: Ceilings) -> Self {
        let model = Model::new(
            ceilings.of(ceilings.charged).into(),
            ceilings.absorbed.map(|absorbed| ceilings.of(absorbed).into()),
        );
        let limits = Limits {
            ceiling: money(model.ceiling),
            absorbed_ceiling: money(model.absorbed_ceiling.unwrap_or(7)),
            failed_steps: ceilings.absorbed.map_or(FailedSteps::Charge, |_| FailedSteps::Absorb),
        };
        let stopped = Arc::new(AtomicBool::new(false));
        let tracker = stoppable(BudgetTracker::with_limits(limits), &stopped);
        let (steps, accounts, handles) = (Vec::new(), Vec::new(), Vec::new());
        let mut machine = Self { model, tracker, ceilings, stopped, steps, accounts, handles };
        machine.open_step(None);
        machine
    }

    /// Does something to both, and looks whether they still agree. False when there was nothing to do it to.
    pub(crate) fn run(&mut self, operation: &Operation) -> bool {
        let done = self.apply(operation).is_some();
        self.check();
        done
    }

    fn apply(&mut self, operation: &Operation) -> Option<()> {
        if self.model.open_attempts().is_empty() {
            self.open_attempt(self.steps.len() - 1);
        }
        let attempt = |pick| pick_of(&self.model.open_attempts(), pick);
        let reserved = |pick| pick_of(&self.model.holds_that_are(Fate::Reserved), pick);
        let in_flight = |pick| pick_of(&self.model.holds_that_are(Fate::InFlight), pick);
        match *operation {
            Operation::OpenStep(ceiling) => self.open_step(ceiling),
            Operation::OpenAttempt(pick) => self.open_attempt(pick % self.steps.len()),
            Operation::Reserve(pick, amount) => self.reserve(attempt(pick)?, amount),
            Operation::ReserveQuote(pick, ref asked) => self.reserve_quote(attempt(pick)?, asked),
            Operation::BuyFuel(pick, fuel) => self.buy_fuel(attempt(pick)?, fuel),
            Operation::Refund(pick) => self.give_back(reserved(pick)?, Reservation::refund),
            Operation::DropReserved(pick) => self.give_back(reserved(pick)?, drop),
            Operation::Send(pick) => self.send(reserved(pick)?),
            Operation::Settle(pick, bill) => self.settle(in_flight(pick)?, bill),
            Operation::DropInFlight(pick) => self.drop_in_flight(in_flight(pick)?),
            Operation::Succeed(pick) => self.close(attempt(pick)?, Verdict::Succeeded),
            Operation::Fail(pick) => self.close(attempt(pick)?, Verdict::Failed),
            Operation::DropAccount(pick) => self.close(attempt(pick)?, Verdict::None),
            Operation::Stop(stop) => {
                self.model.stopped = stop;
                self.stopped.store(stop, Ordering::Relaxed);
            }
            Operation::Kill => self.kill(),
        }
        Some(())
    }

    fn open_step(&mut self, ceiling: Option<u64>) {
        let ceiling = ceiling.map(|ceiling| self.ceilings.of(ceiling).into());
        let place = self.model.open_step(ceiling);
        let (name, ceiling) = (name(place), ceiling.map(money));
        self.steps.push(self.tracker.step(&name, ceiling, Money::ZERO));
        // Whoever asks for it again gets the same one, whatever is said of it then.
        *self.steps.last_mut().unwrap() = self.tracker.step(&name, Some(Money::ZERO), Money::MAX);
    }

    fn open_attempt(&mut self, step: usize) {
        self.model.open_attempt(step);
        self.accounts.push(Some(self.steps[step].open_attempt()));
    }

    fn reserve(&mut self, attempt: usize, amount: Amount) {
        let amount = self.amount(attempt, amount);
        let before = self.model.sums();
        let expected = self.model.reserve(attempt, amount);
        match self.account(attempt).reserve(money(amount)) {
            Ok(reservation) => {
                assert!(expected.is_ok(), "{expected:?}");
                assert_eq!(reservation.amount(), money(amount));
                self.handles.push(Handle::Reserved(reservation));
                assert_eq!(self.model.sums().held, before.held + amount);
            }
            Err(refusal) => assert_eq!(plain(&refusal), expected.unwrap_err()),
        }
    }

    fn reserve_quote(&mut self, attempt: usize, asked: &Asked) {
        let (worst, all) = (asked.worst().min(MOST), asked.tokens());
        let fits = asked.fit(self.model.available(attempt)).filter(|_| !self.model.stopped);
        let taken = self.account(attempt).reserve_quote(&asked.quote());
        let Some(tokens) = fits else {
            let ever = asked.fit(self.model.most(attempt)).is_some();
            assert_eq!(plain(&taken.unwrap_err()), self.refused(attempt, worst, ever));
            return;
        };
        let (reservation, fitted) = taken.unwrap();
        let price = asked.price(tokens);
        assert_eq!(fitted.clamped_to.map(u64::from), (tokens < all).then_some(tokens));
        assert_eq!(fitted.parts.total(), money(price));
        self.took(attempt, price, reservation);
    }

    fn buy_fuel(&mut self, attempt: usize, fuel: operation::Fuel) {
        let operation::Fuel { most, estimate, price } = fuel;
        let estimate = self.amount(attempt, estimate);
        let (of_run, of_step) = self.model.left(attempt);
        let costs = |units: u64| (u128::from(units) * u128::from(price)).div_ceil(1_000_000);
        let fits = |units| estimate + costs(units) <= of_run.min(of_step);
        let affordable = most_that(MAX_EXACT_INTEGER, fits).filter(|units| *units >= most.min(1));
        let granted = affordable.filter(|_| !self.model.stopped);
        let bought = self.account(attempt).buy_fuel(Fuel::new(most).unwrap(), money(estimate), price);
        let Some(affordable) = granted else {
            let wanted = if self.model.stopped { estimate } else { estimate + costs(most.min(1)) };
            let ever = wanted <= self.model.most(attempt);
            assert_eq!(plain(&bought.unwrap_err()), self.refused(attempt, wanted.min(MOST), ever));
            return;
        };
        let (grant, reservation) = bought.unwrap();
        let by = if of_step < of_run { "STEP_CEILING_EXCEEDED" } else { "BUDGET_EXCEEDED" };
        assert_eq!(grant.cut_by.map(|code| code.as_str()), (affordable < most).then_some(by));
        assert_eq!(grant.fuel.units(), affordable.min(most));
        assert_eq!(grant.price, money(costs(affordable.min(most))));
        self.took(attempt, costs(affordable.min(most)), reservation);
    }

    fn took(&mut self, attempt: usize, amount: u128, reservation: Reservation) {
        assert_eq!(reservation.amount(), money(amount));
        self.model.reserve(attempt, amount).unwrap();
        self.handles.push(Handle::Reserved(reservation));
    }

    /// What the model says to something that does not fit, also where it is more than money can say.
    fn refused(&self, attempt: usize, wanted: u128, fits_later: bool) -> Refused {
        let (available, ceiling) = (self.model.available(attempt), self.model.ceiling);
        let beyond = Refused { code: "BUDGET_EXCEEDED", wanted, available, ceiling, fits_later };
        self.model.refusal(attempt, wanted, fits_later).unwrap_or(beyond)
    }

    /// To reserve and to give back changes nothing but what was refunded, and the most that was held.
    fn give_back(&mut self, hold: usize, way: impl FnOnce(Reservation)) {
        let before = self.tracker.balance();
        let Handle::Reserved(reservation) = self.take(hold) else { panic!("{hold} is reserved") };
        way(reservation);
        let (_, refunded, _) = self.model.end(hold, Fate::Refunded);
        let after = self.tracker.balance();
        assert_eq!(before.held.nanos() - after.held.nanos(), u64::try_from(refunded).unwrap());
        assert_eq!((after.charged, after.absorbed), (before.charged, before.absorbed));
    }

    fn send(&mut self, hold: usize) {
        let Handle::Reserved(reservation) = self.take(hold) else { panic!("{hold} is reserved") };
        let in_flight = reservation.sent();
        assert_eq!(in_flight.amount(), money(self.model.amount_of(hold)));
        self.handles[hold] = Handle::InFlight(in_flight);
        self.model.send(hold);
    }

    fn settle(&mut self, hold: usize, bill: Bill) {
        let held = self.model.amount_of(hold);
        let bill = match bill {
            Bill::Just(bill) => self.ceilings.of(bill).into(),
            Bill::Part(part) => held * u128::from(part) / 255,
            Bill::About(more) => about(held, more),
        };
        let Handle::InFlight(in_flight) = self.take(hold) else { panic!("{hold} is in flight") };
        let Settled { spent, refunded, overrun } = in_flight.settle(money(bill));
        let expected = self.model.end(hold, Fate::Billed(bill));
        assert_eq!((spent, refunded, overrun), (money(expected.0), money(expected.1), money(expected.2)));
    }

    fn drop_in_flight(&mut self, hold: usize) {
        drop(self.take(hold));
        self.model.end(hold, Fate::Billed(self.model.amount_of(hold)));
    }

    /// Ends an attempt; without a verdict, as its account is dropped.
    fn close(&mut self, attempt: usize, verdict: Verdict) {
        let account = self.accounts[attempt].take().unwrap();
        let (spent, meant) = match verdict {
            Verdict::Succeeded => (Some(account.succeed()), Verdict::Succeeded),
            Verdict::Failed => (Some(account.fail()), Verdict::Failed),
            Verdict::None => {
                drop(account);
                (None, Verdict::Failed)
            }
        };
        let expected = self.model.close(attempt, meant);
        assert_eq!(spent.unwrap_or(money(expected)), money(expected));
    }

    /// What is held for an attempt that is over is settled before; all that was about to leave may have left.
    fn kill(&mut self) {
        for hold in self.open_holds() {
            if !self.model.open_attempts().contains(&self.model.attempt_of(hold)) {
                self.end(hold);
            }
        }
        if (0..self.steps.len()).any(|step| self.model.used_by(step) > MOST) {
            return; // Money cannot say what was used.
        }
        let failed_steps = self.tracker.failed_steps();
        let tracker = BudgetTracker::restored(self.expected(), failed_steps);
        let old = std::mem::replace(&mut self.tracker, stoppable(tracker, &self.stopped));
        let ceilings = self.model.steps().iter().map(|ceiling| ceiling.map(money));
        self.steps = ceilings
            .enumerate()
            .map(|(step, ceiling)| self.tracker.step(&name(step), ceiling, money(self.model.used_by(step))))
            .collect();
        for attempt in self.model.open_attempts() {
            let step = &self.steps[self.model.step_of(attempt)];
            let account = step.reopen_attempt(money(self.model.spent_by(attempt)));
            self.accounts[attempt] = Some(account);
        }
        for hold in self.open_holds() {
            let account = self.account(self.model.attempt_of(hold));
            self.handles[hold] = Handle::InFlight(account.held_before(money(self.model.amount_of(hold))));
        }
        self.model.holds_that_are(Fate::Reserved).into_iter().for_each(|hold| self.model.send(hold));
        drop(old);
    }

    /// Ends everything that is open, and looks that nothing is held then.
    pub(crate) fn end_all(&mut self) {
        self.run(&Operation::Stop(false));
        let (holds, attempts) = (self.open_holds(), self.model.open_attempts());
        for (hold, attempt) in holds.iter().map(Some).chain(std::iter::repeat(None)).zip(&attempts) {
            self.close(*attempt, if attempt % 2 == 0 { Verdict::Succeeded } else { Verdict::Failed });
            hold.into_iter().for_each(|hold| self.end(*hold));
            self.check();
        }
        self.open_holds().into_iter().for_each(|hold| self.end(hold));
        self.check();
        assert_eq!(self.tracker.balance().held, Money::ZERO, "at the end nothing is held");
    }

    fn end(&mut self, hold: usize) {
        match &self.handles[hold] {
            Handle::Reserved(_) => self.give_back(hold, drop),
            Handle::InFlight(_) => self.drop_in_flight(hold),
            Handle::Gone => panic!("{hold} is open"),
        }
    }

    fn open_holds(&self) -> Vec<usize> {
        [Fate::Reserved, Fate::InFlight]
            .into_iter()
            .flat_map(|fate| self.model.holds_that_are(fate))
            .collect()
    }

    fn take(&mut self, hold: usize) -> Handle {
        std::mem::replace(&mut self.handles[hold], Handle::Gone)
    }

    fn account(&self, attempt: usize) -> &AttemptAccount {
        self.accounts[attempt].as_ref().unwrap()
    }

    fn amount(&self, attempt: usize, amount: Amount) -> u128 {
        match amount {
            Amount::Just(amount) => self.ceilings.of(amount).into(),
            Amount::Left(more) => about(self.model.available(attempt), more),
        }
    }

    /// The balance as the model has it. Only what is reported and not decided upon may end at the most that can be
    /// said.
    fn expected(&self) -> Balance {
        let Sums { held, charged, absorbed, refunded, overrun, peak_held } = self.model.sums();
        Balance {
            ceiling: money(self.model.ceiling),
            absorbed_ceiling: money(self.model.absorbed_ceiling.unwrap_or(MOST)),
            held: money(held),
            charged: money(charged),
            absorbed: money(absorbed),
            refunded: money(refunded.min(MOST)),
            overrun: money(overrun.min(MOST)),
            peak_held: money(peak_held),
        }
    }

    /// The two agree, and what has to hold of any ledger holds of this one.
    fn check(&self) {
        let balance = self.tracker.balance();
        assert_eq!(balance, self.expected());
        let sum = |parts: &[Money]| parts.iter().map(|part| u128::from(part.nanos())).sum::<u128>();
        let Balance { ceiling, absorbed_ceiling, held, charged, absorbed, overrun, .. } = balance;
        assert!(sum(&[held, charged]) <= sum(&[ceiling]), "{balance:?}");
        assert!(sum(&[held, absorbed]) <= sum(&[absorbed_ceiling]), "{balance:?}");
        assert!(held <= balance.peak_held, "{balance:?}");
        let left = sum(&[ceiling]).saturating_sub(sum(&[held, charged, overrun]));
        let to_lose = sum(&[absorbed_ceiling]).saturating_sub(sum(&[held, absorbed, overrun]));
        assert_eq!(sum(&[balance.available()]), left.min(to_lose), "{balance:?}");
    }
}

fn stoppable(tracker: BudgetTracker, stopped: &Arc<AtomicBool>) -> BudgetTracker {
    let stopped = Arc::clone(stopped);
    tracker.stopped_by(Box::new(move || stopped.load(Ordering::Relaxed)))
}

fn pick_of(list: &[usize], pick: usize) -> Option<usize> {
    list.get(pick % list.len().max(1)).copied()
}

fn name(step: usize) -> StepId {
    StepId::new(format!("step-{step}")).unwrap()
}

fn about(amount: u128, more: i8) -> u128 {
    amount.saturating_add_signed(more.into()).min(MOST)
}

pub(crate) fn money(nanos: u128) -> Money {
    Money::from_nanos(u64::try_from(nanos).unwrap()).unwrap()
}

fn plain(refusal: &Refusal) -> Refused {
    let Refusal { code, wanted, available, ceiling, fits_later } = refusal;
    Refused {
        code: code.as_str(),
        wanted: wanted.nanos().into(),
        available: available.nanos().into(),
        ceiling: ceiling.nanos().into(),
        fits_later: *fits_later,
    }
}
