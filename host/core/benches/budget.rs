//! What the ledger costs: pairs of a reservation and its settlement a second, alone and with eight threads on one ledger,
//! and all that a model call does with money.
//!
//! One thread is measured by the time that it has a processor, so that what else the machine does counts little; several
//! threads are measured by the clock, as they wait for each other. What is printed are medians.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, reads the clock, and ends where it cannot go on"
)]

#[expect(dead_code, reason = "nothing is compared with a baseline here")]
#[path = "../../../tests/benches/replay/measure.rs"]
mod measure;

use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use aos_core::budget::{AttemptAccount, BudgetTracker, ModelPrice, PriceList, TokenCount};
use aos_core::ids::StepId;
use aos_core::units::Money;

use self::measure::{Samples, Stopwatch};

/// Times that everything is measured.
const REPETITIONS: usize = 15;

/// How often a thing is done at a time.
const TIMES: u32 = 400_000;

/// Threads on one ledger.
const THREADS: u32 = 8;

/// Something whose time is taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Measured {
    Alone,
    Together,
    Find,
    Quote,
    Hold,
    Price,
    Call,
}

fn main() {
    repeat(&mut Samples::default());
    let mut samples = Samples::default();
    (0..REPETITIONS).for_each(|_| repeat(&mut samples));
    print(&samples);
}

fn repeat(samples: &mut Samples<Measured>) {
    let prices = PriceList::bundled().unwrap();
    let price = prices.model("gpt-4o-mini").unwrap();
    let quote = price.quote(4_000, 1_000);
    let used = TokenCount { input: 1_000, cached: 500, cache_write: 0, output: 400 };
    let account = account(&BudgetTracker::new(Money::MAX));
    let mut add = |what, took| samples.add(what, took, TIMES);
    add(Measured::Alone, of_each(|| pair(&account)));
    add(Measured::Together, together());
    add(Measured::Find, of_each(|| prices.model(black_box("gpt-4o-mini")).is_some()));
    add(Measured::Quote, of_each(|| black_box(price).quote(black_box(4_000), black_box(1_000))));
    add(
        Measured::Hold,
        of_each(|| account.reserve_quote(black_box(&quote)).unwrap().0.sent().settle(Money::ZERO)),
    );
    add(Measured::Price, of_each(|| black_box(price).of(black_box(used))));
    add(Measured::Call, of_each(|| call(&account, price, used)));
    account.succeed();
}

fn account(tracker: &BudgetTracker) -> AttemptAccount {
    tracker.step(&StepId::new("step").unwrap(), Some(Money::MAX), Money::ZERO).open_attempt()
}

/// Nothing stays spent, so that the ledger is the same at the end.
fn pair(account: &AttemptAccount) {
    let held = account.reserve(black_box(Money::from_nanos(1).unwrap())).unwrap();
    black_box(held.sent().settle(black_box(Money::ZERO)));
}

/// All that a model call does with money.
fn call(account: &AttemptAccount, price: &ModelPrice, used: TokenCount) {
    let quote = black_box(price).quote(black_box(4_000), black_box(1_000));
    let (held, fitted) = account.reserve_quote(&quote).unwrap();
    let in_flight = held.sent();
    let spent = price.of(black_box(used));
    let settled = in_flight.settle(spent.total());
    black_box((fitted, spent.within(settled.spent), settled));
}

fn of_each<T>(mut what: impl FnMut() -> T) -> Duration {
    let watch = Stopwatch::start();
    for _ in 0..TIMES {
        black_box(what());
    }
    watch.read()
}

fn together() -> Duration {
    let tracker = BudgetTracker::new(Money::MAX);
    let begin = Barrier::new(THREADS as usize + 1);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    let account = account(&tracker);
                    begin.wait();
                    (0..TIMES / THREADS).for_each(|_| pair(&account));
                    account.succeed();
                })
            })
            .collect();
        let began = Instant::now();
        begin.wait();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        began.elapsed()
    })
}

fn print(samples: &Samples<Measured>) {
    let nanos = |what| samples.median(&what) * 1_000.0;
    println!("Medians of {REPETITIONS} repetitions, each of {TIMES} times.\n");
    println!("| on one ledger | ns | a second |\n|---|--:|--:|");
    let each = [
        ("reserve and settle, one thread", Measured::Alone),
        ("reserve and settle, 8 threads", Measured::Together),
        ("the money of a model call, one thread", Measured::Call),
    ];
    for (name, what) in each {
        println!("| {name} | {:.0} | {:.0} |", nanos(what), 1e9 / nanos(what));
    }
    println!("\n| part of a model call | ns |\n|---|--:|");
    let parts = [
        ("find the price (once a call, beside the rest)", Measured::Find),
        ("quote", Measured::Quote),
        ("hold as much as fits, and settle", Measured::Hold),
        ("price of what was used", Measured::Price),
    ];
    for (name, what) in parts {
        println!("| {name} | {:.0} |", nanos(what));
    }
}
