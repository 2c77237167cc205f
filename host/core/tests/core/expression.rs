//! What the expressions of a workflow mean, what they refuse, and that nothing makes them go on for ever.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by a panic, also in what its tests share"
)]

use aos_core::workflow::expression as room;

mod corpus;
mod differential;
mod faults;
mod generator;
mod hostile;
mod jaq;
mod limits;
mod meaning;
mod references;
mod templates;

use room::{EvaluationError, Expression};
use serde_json::Value;

/// The value of an expression that parses.
fn evaluate(text: &str, root: &Value) -> Result<Value, EvaluationError> {
    Expression::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}")).evaluate(root)
}

/// Runs on a thread with the stack of a worker thread, 2 MiB.
fn on_a_worker_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(test);
    thread.expect("a thread").join().expect("the test on the thread");
}

/// A small generator of numbers that are not chosen by hand: the same ones in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len())]
    }
}
