//! What is fuzzed of the pure rules. Each body takes any bytes, and panics where something is not as it should be.
//!
//! `host/core/tests/core/fuzz.rs` replays the corpus of each in every run of the tests; `just fuzz` looks for more.

mod budget_lines;
mod expression;
mod http;
mod injections;
mod journal;
mod json;
mod outcome;
mod prices;
mod schema;
mod sidecar;
mod wit;
mod workflow;
mod yaml;

use aos_core::failure::{ErrorCode, Failure};

/// A body.
pub(crate) type Body = fn(&[u8]);

/// All of them, by the names of their targets.
pub(crate) const BODIES: [(&str, Body); 15] = [
    ("workflow", workflow::parse),
    ("journal", journal::read),
    ("journal_lines", journal::read_lines),
    ("expression", expression::evaluate),
    ("outcome", outcome::read),
    ("prices", prices::read),
    ("json", json::read),
    ("yaml", yaml::read),
    ("schema", schema::check),
    ("urls", http::urls),
    ("answers", http::answers),
    ("budget_lines", budget_lines::read),
    ("injections", injections::read),
    ("sidecar", sidecar::read),
    ("wit", wit::read),
];

/// Bytes of a failure's message.
const MAX_MESSAGE: usize = 512;

/// A failure has a word of its own, fits its row of the catalogue, and speaks.
pub(crate) fn assert_sound(failure: &Failure) {
    let (code, row) = (failure.code, failure.code.row());
    let nobodys = matches!(code, ErrorCode::Unclassified | ErrorCode::HostPanic | ErrorCode::HostBug);
    assert!(!nobodys, "{failure}");
    assert_eq!(
        (failure.category, failure.retryable),
        (row.category, row.retry.schedule().0 > 1),
        "{failure}"
    );
    assert!((1..=MAX_MESSAGE).contains(&failure.message.len()), "{failure}");
    assert!(!failure.advice().is_empty());
}

/// The bytes as text; most readers take nothing else.
fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}
