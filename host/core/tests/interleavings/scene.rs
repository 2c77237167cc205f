//! Three threads on one ledger: what they do, and the comparison of what comes of it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use aos_core::budget::{BudgetTracker, FailedSteps, Limits};
use aos_core::ids::StepId;
use aos_core::units::Money;

use super::model::Verdict;
use super::money;
use super::sequence::Sequence;
use super::thread::{Thread, seen};

/// One thing that a thread does, which happens at one moment. Its holds are numbered, those that it begins with first.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// Opens an attempt, which is the thread's from then on.
    Open,
    Reserve(u64),
    Refund(usize),
    /// Sends a hold, and settles it at a price.
    Settle(usize, u64),
    /// Sends a hold, and drops it.
    Lose(usize),
    /// Ends the thread's attempt; with no verdict, as its account is dropped.
    Close(Verdict),
    Look,
}

/// What came of an act. A hold that was refused is nothing to act upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Came {
    Done,
    Nothing,
    Refused { code: &'static str, available: u128, fits_later: bool },
    Settled([u128; 3]),
    Closed(u128),
    Seen(Seen),
}

/// Held, charged, absorbed, refunded, overrun, and the most that was held.
pub(crate) type Seen = [u128; 6];

/// What came of all acts, by threads, and the sums after them.
pub(crate) type Outcome = ([Vec<Came>; 3], Seen);

/// What a thread begins with, and what it does.
#[derive(Clone)]
pub(crate) struct Script {
    /// Its attempt, of those that are open before.
    pub(crate) attempt: Option<usize>,
    /// Its holds, of those that are made before.
    pub(crate) holds: Vec<usize>,
    pub(crate) acts: Vec<Act>,
}

/// The ledger as it is before, and the threads.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) ceiling: u64,
    /// None where failures are charged.
    pub(crate) absorbed: Option<u64>,
    pub(crate) of_step: Option<u64>,
    pub(crate) attempts: usize,
    /// The attempt and the amount of each.
    pub(crate) holds: Vec<(usize, u64)>,
    pub(crate) threads: [Script; 3],
}

/// A thread with an attempt of its own, or with none.
pub(crate) fn script(attempt: Option<usize>, holds: &[usize], acts: &[Act]) -> Script {
    Script { attempt, holds: holds.to_vec(), acts: acts.to_vec() }
}

impl Scene {
    /// A ledger of 100, and as much for what failed attempts lose.
    pub(crate) fn of(threads: [Script; 3]) -> Self {
        let attempts = threads.iter().filter_map(|thread| thread.attempt).max().map_or(0, |last| last + 1);
        Self { ceiling: 100, absorbed: Some(100), of_step: None, attempts, holds: Vec::new(), threads }
    }

    /// Plays it in every interleaving. What comes of each has to come of some order of the acts; and each of those has to
    /// be met, or the search was none.
    pub(crate) fn play(self) {
        let expected = Arc::new(self.in_every_order());
        let (met, played) = (Arc::new(Mutex::new(BTreeSet::new())), Arc::new(Mutex::new(0_u64)));
        let (all, seen, count) = (Arc::clone(&expected), Arc::clone(&met), Arc::clone(&played));
        loom::model(move || {
            let outcome = self.interleave();
            assert!(all.contains(&outcome), "no order of the acts comes to this: {outcome:?}");
            seen.lock().unwrap().insert(outcome);
            *count.lock().unwrap() += 1;
        });
        let (met, played) = (met.lock().unwrap(), played.lock().unwrap());
        assert_eq!(*met, *expected, "every order is met");
        println!("{played} interleavings come to the {} outcomes of all orders", met.len());
    }

    fn in_every_order(&self) -> BTreeSet<Outcome> {
        let (mut outcomes, mut open) = (BTreeSet::new(), vec![Sequence::new(self)]);
        while let Some(sequence) = open.pop() {
            let before = open.len();
            open.extend((0..3).filter_map(|thread| sequence.then(thread)));
            if open.len() == before {
                outcomes.insert(sequence.outcome());
            }
        }
        outcomes
    }

    /// Plays it on the real ledger, with the threads taking turns as loom makes them.
    fn interleave(&self) -> Outcome {
        let tracker = BudgetTracker::with_limits(Limits {
            ceiling: money(self.ceiling),
            absorbed_ceiling: money(self.absorbed.unwrap_or(0)),
            failed_steps: self.absorbed.map_or(FailedSteps::Charge, |_| FailedSteps::Absorb),
        });
        let step = tracker.step(&StepId::new("step").unwrap(), self.of_step.map(money), Money::ZERO);
        let accounts: Vec<_> = (0..self.attempts).map(|_| Arc::new(step.open_attempt())).collect();
        let hold = |(attempt, amount): &(usize, u64)| accounts[*attempt].reserve(money(*amount)).ok();
        let mut holds: Vec<_> = self.holds.iter().map(hold).collect();
        let threads = self.threads.clone().map(|script| {
            let account = script.attempt.map(|attempt| Arc::clone(&accounts[attempt]));
            let mine = script.holds.iter().map(|hold| holds[*hold].take()).collect();
            (Thread::new(tracker.clone(), step.clone(), account, mine), script.acts)
        });
        drop(accounts);
        let threads = threads.map(|(thread, acts)| loom::thread::spawn(move || thread.run(&acts)));
        let ends = threads.map(|thread| thread.join().unwrap());
        let sums = seen(&tracker);
        let came = ends.map(|(came, thread)| {
            drop(thread);
            came
        });
        assert_eq!(tracker.balance().held, Money::ZERO, "at the end nothing is held");
        (came, sums)
    }
}
