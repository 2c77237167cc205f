//! Whether another attempt follows, and when.

use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure, catalog};
use aos_core::ids::{Seed, StepId};
use aos_core::journal::Cursor;
use aos_core::retry::{FailedAttempt, RetryPolicy, decide};
use proptest::prelude::*;

fn cursor(attempt: u32) -> Cursor {
    Cursor { step: StepId::new("a").unwrap(), item: None, attempt }
}

fn attempt<'a>(cursor: &'a Cursor, failure: &'a Failure) -> FailedAttempt<'a> {
    FailedAttempt { cursor, failure, repeatable: true, elapsed: Duration::ZERO, remaining: None }
}

const SEED: Seed = Seed::from_bytes([3; 32]);

#[test]
fn what_the_catalogue_never_retries_no_policy_makes_retryable() {
    let eager = RetryPolicy { max_attempts: Some(20), base_ms: Some(1), ..RetryPolicy::default() };
    for row in catalog().rows().filter(|row| row.retry.schedule().0 == 1) {
        let failure = Failure::new(row.code, "x");
        assert_eq!(decide(attempt(&cursor(1), &failure), eager, &SEED), None, "{}", row.word);
    }
}

#[test]
fn attempts_end_at_their_limit() {
    let failure = Failure::new(ErrorCode::ConnectFailed, "x");
    for (number, expected) in [(1, true), (2, true), (3, true), (4, false)] {
        let decided = decide(attempt(&cursor(number), &failure), RetryPolicy::default(), &SEED);
        assert_eq!(decided.is_some(), expected, "attempt {number}");
    }
    let none = RetryPolicy { max_attempts: Some(1), ..RetryPolicy::default() };
    assert_eq!(decide(attempt(&cursor(1), &failure), none, &SEED), None);
}

#[test]
fn what_may_have_acted_is_repeated_only_when_that_does_no_more() {
    let sent = Failure::new(ErrorCode::ConnectionLost, "x").sent();
    let cursor = cursor(1);
    let unsafe_to_repeat = FailedAttempt { repeatable: false, ..attempt(&cursor, &sent) };
    assert_eq!(decide(unsafe_to_repeat, RetryPolicy::default(), &SEED), None);
    assert!(decide(attempt(&cursor, &sent), RetryPolicy::default(), &SEED).is_some());
    let never_left = Failure::new(ErrorCode::ConnectFailed, "x");
    let other_effect = FailedAttempt { repeatable: false, ..attempt(&cursor, &never_left) };
    assert_eq!(
        decide(other_effect, RetryPolicy::default(), &SEED),
        None,
        "an earlier call of the attempt acted"
    );
}

#[test]
fn a_hint_is_the_least_and_beyond_the_deadline_it_ends_the_step() {
    let mut failure = Failure::new(ErrorCode::RateLimited, "x").sent();
    failure.retry_after_ms = Some(5_000);
    let cursor = cursor(1);
    let retry = decide(attempt(&cursor, &failure), RetryPolicy::default(), &SEED).unwrap();
    assert!(retry.delay_ms >= 5_000, "{retry:?}");
    let short = FailedAttempt { remaining: Some(Duration::from_secs(5)), ..attempt(&cursor, &failure) };
    assert_eq!(decide(short, RetryPolicy::default(), &SEED), None);
    let within = RetryPolicy { within_ms: Some(4_999), ..RetryPolicy::default() };
    assert_eq!(decide(attempt(&cursor, &failure), within, &SEED), None);
}

proptest! {
    #[test]
    fn pauses_lie_within_their_bound_and_follow_from_the_seed(bytes in any::<[u8; 32]>(), number in 1..4_u32) {
        let (seed, cursor) = (Seed::from_bytes(bytes), cursor(number));
        let failure = Failure::new(ErrorCode::ConnectFailed, "x");
        let retry = decide(attempt(&cursor, &failure), RetryPolicy::default(), &seed).unwrap();
        prop_assert!(retry.delay_ms <= 100 << (number - 1));
        prop_assert_eq!(Some(retry), decide(attempt(&cursor, &failure), RetryPolicy::default(), &seed));
    }
}
