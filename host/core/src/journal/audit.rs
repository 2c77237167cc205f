//! The ledger of a journal, added up once more: every movement is covered by a hold, every hold is settled in full, and no
//! ceiling is ever passed. A journal that was made up has to be made up without a gap.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Because, CallResult, Cursor, Divergence, Entry, Event, Recording, RetryBucket, RunStarted, StepEnded,
};
use crate::budget::FailedSteps;
use crate::failure::ErrorCode;
use crate::ids::StepId;
use crate::outcome::Status;
use crate::units::Money;

/// Adds up a journal.
///
/// # Errors
///
/// [`Divergence`] at the first entry whose money does not follow from the entries before it.
pub fn audit(recording: &Recording) -> Result<(), Divergence> {
    let Ok(run) = recording.run_started() else { return Ok(()) };
    let (mut ledger, mut attempts) = (Ledger::default(), BTreeMap::new());
    let mut retries_left = RetryBucket::default();
    for Entry { cursor, event, .. } in recording.entries() {
        let Some(cursor) = cursor else { continue };
        let followed =
            follow(&mut attempts, cursor, event).and_then(|began| draw(&mut retries_left, event, began));
        followed.map_err(|what| {
            let what = format!("the journal is not one of a run: {what}");
            Divergence::unmatched(ErrorCode::ReplayDivergence, what).at(cursor, None)
        })?;
        let index = match event {
            Event::Intent(intent) => Some(intent.index),
            Event::Result(result) => Some(result.index),
            _ => None,
        };
        let refuse = |what: &str| {
            let what = format!("the money of the journal does not add up: {what}");
            Divergence::unmatched(ErrorCode::ReplayDivergence, what).at(cursor, index)
        };
        ledger.apply(run, cursor, event).map_err(refuse)?;
    }
    Ok(())
}

/// What was read of an attempt.
#[derive(Default)]
struct Seen {
    started: bool,
    failed: Option<bool>,
    retried: bool,
    gave_up: bool,
    fell_back: bool,
    crossings: BTreeSet<u32>,
    open: BTreeSet<u32>,
}

impl Seen {
    /// Whether it is still to be decided what follows on it.
    fn may_go_on(&self) -> bool {
        self.failed == Some(true) && !self.retried && !self.gave_up && !self.fell_back
    }
}

/// Each attempt begins once, crosses with each index once, answers what was asked, ends once, and follows on a failed one.
/// Gives whether the attempt had begun.
fn follow(
    attempts: &mut BTreeMap<Cursor, Seen>,
    cursor: &Cursor,
    event: &Event,
) -> Result<bool, &'static str> {
    let before = cursor.attempt.checked_sub(1).ok_or("attempts are counted from 1")?;
    if before > 0 && !attempts.contains_key(cursor) {
        let before = attempts.get(&Cursor { attempt: before, ..cursor.clone() });
        if !before.is_some_and(|before| before.retried) {
            return Err("an attempt follows on none that asked for it");
        }
    }
    let seen = attempts.entry(cursor.clone()).or_default();
    let runs = seen.started && seen.failed.is_none();
    let holds = match event {
        Event::StepStarted(_) => {
            let first = !seen.started && seen.failed.is_none();
            seen.started = true;
            first
        }
        Event::Intent(intent) => {
            seen.crossings.insert(intent.index) && seen.open.insert(intent.index) && runs
        }
        Event::Result(result) => seen.open.remove(&result.index) && runs,
        Event::Observed(observed) => seen.crossings.insert(observed.index) && runs,
        Event::Emitted(emitted) => seen.crossings.insert(emitted.index) && runs,
        Event::StepEnded(ended) => seen.failed.replace(ended.failure.is_some()).is_none(),
        Event::Retry(_) => seen.may_go_on() && !std::mem::replace(&mut seen.retried, true),
        Event::GaveUp(_) => seen.may_go_on() && !std::mem::replace(&mut seen.gave_up, true),
        Event::FellBack(_) => {
            seen.failed == Some(true) && !seen.retried && !std::mem::replace(&mut seen.fell_back, true)
        }
        Event::RunStarted(_) | Event::RunResumed(_) | Event::RunEnded(_) => true,
    };
    if holds {
        Ok(seen.started)
    } else {
        Err("an entry stands where none of its kind can stand, or a second time")
    }
}

/// A run retries as long as it has retries left, and gives up for want of them only when it has none.
fn draw(left: &mut RetryBucket, event: &Event, began: bool) -> Result<(), &'static str> {
    match event {
        Event::StepEnded(ended) if began && ended.status == Status::Success => left.succeeded(),
        Event::Retry(_) if !left.has_one() => return Err("the run has no retries left, and makes one"),
        Event::Retry(_) => left.take(),
        Event::GaveUp(gave_up) if gave_up.because == Because::BucketEmpty && left.has_one() => {
            return Err("the run has retries left, and says that it has none");
        }
        _ => {}
    }
    Ok(())
}

#[derive(Default)]
struct Ledger {
    held: Money,
    charged: Money,
    absorbed: Money,
    overrun: Money,
    attempts: BTreeMap<Cursor, Attempt>,
    /// What each step has used, whatever became of it.
    used: BTreeMap<StepId, Money>,
    ceilings: BTreeMap<StepId, Option<Money>>,
}

/// What an attempt that has not ended holds.
#[derive(Default)]
struct Attempt {
    /// For its fuel.
    fuel: Money,
    /// For calls without a result.
    calls: BTreeMap<u32, Money>,
    /// What calls with a result have spent.
    spent: Money,
}

impl Ledger {
    fn apply(&mut self, run: &RunStarted, cursor: &Cursor, event: &Event) -> Result<(), &'static str> {
        match event {
            Event::StepStarted(event) => {
                let price = Money::of_units(event.fuel_granted.units(), run.fuel_price).unwrap_or(Money::MAX);
                if event.held != price {
                    return Err("the fuel that is granted has another price");
                }
                let before = self.ceilings.insert(cursor.step.clone(), event.ceiling);
                if before.is_some_and(|before| before != event.ceiling) {
                    return Err("a step has two ceilings");
                }
                self.attempts.entry(cursor.clone()).or_default().fuel = event.held;
                self.hold(run, cursor, event.held)
            }
            Event::Intent(event) => {
                if !event.held_for.is_zero() && event.held_for.total() != event.held {
                    return Err("the parts of a hold are not the whole");
                }
                let attempt = self.attempts.entry(cursor.clone()).or_default();
                attempt.calls.insert(event.index, event.held);
                self.hold(run, cursor, event.held)
            }
            Event::Result(event) => self.settle(cursor, event),
            Event::StepEnded(event) => self.end(run, cursor, event),
            _ => Ok(()),
        }
    }

    fn hold(&mut self, run: &RunStarted, cursor: &Cursor, amount: Money) -> Result<(), &'static str> {
        self.held = self.held.checked_add(amount).ok_or("more is held than there is")?;
        let taken = self.held.saturating_add(self.overrun);
        let within = |more: Money, ceiling: Money| taken.checked_add(more).is_some_and(|sum| sum <= ceiling);
        let may_lose = run.failed_steps == FailedSteps::Charge || within(self.absorbed, run.absorbed_ceiling);
        let used = self.used.entry(cursor.step.clone()).or_default();
        *used = used.saturating_add(amount);
        let ceiling = self.ceilings.get(&cursor.step).copied().flatten();
        let of_step = ceiling.is_none_or(|ceiling| *used <= ceiling);
        // What holds nothing is allowed under any ceiling, also one that is used up.
        let fits = within(self.charged, run.ceiling) && may_lose && of_step;
        if fits || amount == Money::ZERO { Ok(()) } else { Err("a ceiling is passed") }
    }

    fn settle(&mut self, cursor: &Cursor, event: &CallResult) -> Result<(), &'static str> {
        let attempt = self.attempts.entry(cursor.clone()).or_default();
        let held = attempt.calls.remove(&event.index).ok_or("a result settles what is not held")?;
        if event.spent.checked_add(event.refunded) != Some(held) {
            return Err("a call is not settled in full");
        }
        if event.spent_on.total() != event.spent {
            return Err("the parts of what was spent are not the whole");
        }
        if event.overrun > Money::ZERO && event.spent != held {
            return Err("more is billed than was held, and not all of that is spent");
        }
        attempt.spent = attempt.spent.saturating_add(event.spent);
        self.held = self.held.saturating_sub(event.refunded);
        self.overrun = self.overrun.saturating_add(event.overrun);
        self.give_back(cursor, event.refunded);
        let used = self.used.entry(cursor.step.clone()).or_default();
        *used = used.saturating_add(event.overrun);
        Ok(())
    }

    fn give_back(&mut self, cursor: &Cursor, amount: Money) {
        let used = self.used.entry(cursor.step.clone()).or_default();
        *used = used.saturating_sub(amount);
    }

    fn end(&mut self, run: &RunStarted, cursor: &Cursor, event: &StepEnded) -> Result<(), &'static str> {
        let Attempt { fuel, calls, spent } = self.attempts.remove(cursor).unwrap_or_default();
        let price = Money::of_units(event.fuel.units(), run.fuel_price).unwrap_or(Money::MAX).min(fuel);
        if event.fuel_refunded != fuel.saturating_sub(price) {
            return Err("the fuel that was used has another price");
        }
        // What left and has no answer counts as spent.
        let open = calls.values().fold(Money::ZERO, |sum, held| sum.saturating_add(*held));
        let spent = spent.saturating_add(open).saturating_add(price);
        let bills = event.status == Status::Success || run.failed_steps == FailedSteps::Charge;
        let (charged, absorbed) = if bills { (spent, Money::ZERO) } else { (Money::ZERO, spent) };
        if (event.charged, event.absorbed) != (charged, absorbed) {
            return Err("an attempt is billed something else than it spent");
        }
        self.held = self.held.saturating_sub(event.fuel_refunded).saturating_sub(spent);
        self.give_back(cursor, event.fuel_refunded);
        self.charged = self.charged.saturating_add(charged);
        self.absorbed = self.absorbed.saturating_add(absorbed);
        Ok(())
    }
}
