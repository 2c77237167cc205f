//! The ledger agrees with its model, whatever is done to it and in whatever order.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};

use super::machine::Machine;
use super::operation::{Ceilings, Operation, ceilings, operation};

/// Operations of the ordinary test run.
const USUALLY: u64 = 100_000;

/// Operations on one ledger, at most.
const LONGEST: usize = 160;

/// Says how many operations `just prove-budget` wants.
const OPERATIONS: &str = "AOS_BUDGET_OPERATIONS";

/// What is done to one ledger.
type Course = (Ceilings, Vec<Operation>);

fn course() -> impl Strategy<Value = Course> {
    (ceilings(), prop::collection::vec(operation(), 1..=LONGEST))
}

/// Returns how many operations were done.
fn follow((ceilings, operations): &Course) -> u64 {
    let mut machine = Machine::new(*ceilings);
    let done = operations.iter().filter(|operation| machine.run(operation)).count();
    machine.end_all();
    done as u64
}

/// Makes up courses until this many operations are done; `progress` hears after each how many that are.
fn prove(operations: u64, progress: impl Fn(u64)) {
    let done = Cell::new(0);
    let once = Config { cases: 1, max_shrink_iters: 100_000, failure_persistence: None, ..Config::default() };
    while done.get() < operations {
        let found = TestRunner::new(once.clone()).run(&course(), |course| {
            done.set(done.get() + follow(&course));
            progress(done.get());
            Ok(())
        });
        if let Err(TestError::Fail(why, course)) = found {
            panic!("{why}\n{course:?}");
        }
    }
}

#[test]
fn the_ledger_agrees_with_its_model_after_every_operation() {
    prove(USUALLY, |_| ());
}

#[test]
#[ignore = "takes minutes, and optimised code: just prove-budget"]
#[expect(clippy::print_stderr, clippy::disallowed_methods, reason = "a long test says how far it is")]
fn the_ledger_agrees_with_its_model_for_a_long_time() {
    let operations = std::env::var(OPERATIONS).map_or(10_000_000, |count| count.parse().unwrap());
    let said = Cell::new(0);
    prove(operations, |done| {
        if done / 1_000_000 > said.get() {
            said.set(done / 1_000_000);
            eprintln!("{} million operations agree", said.get());
        }
    });
}
