//! What a guest that gave up wrote last: a panic of Rust and its like goes to standard error before the trap.

use aos_core::failure::{ErrorCode, Failure};

use crate::sandbox::escaped;

/// The trap that a guest raises on purpose.
const GAVE_UP: &str = "UnreachableCodeReached";

/// How a panic of Rust begins, after the name of its thread.
const PANIC: &str = "panicked at ";

/// With what the guest wrote to its standard error last, where it then gave up.
pub(super) fn with_last_words(failure: Failure, words: &str) -> Failure {
    let gave_up = failure.code == ErrorCode::SkillTrap && failure.subcode.as_deref() == Some(GAVE_UP);
    let words = words.trim();
    if !gave_up || words.is_empty() {
        return failure;
    }
    let message = format!("{}: {}", escaped(&first_line(words)), failure.message);
    let told = Failure::new(failure.code, message);
    Failure { message: told.message, ..failure }.with_detail("panic", escaped(words))
}

/// Place and message of the last panic; without one, the last line.
fn first_line(words: &str) -> String {
    let Some(at) = words.rfind(PANIC) else {
        return words.lines().next_back().unwrap_or_default().to_owned();
    };
    let mut lines = words.get(at..).unwrap_or_default().lines();
    let (place, message) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    if message.is_empty() { place.to_owned() } else { format!("{place} {message}") }
}
