//! Whether another attempt follows, and when.

mod schedules;

use std::time::Duration;

use aos_core::failure::{ErrorCategory, ErrorCode, Failure, RetryClass, catalog};
use aos_core::ids::{Seed, StepId};
use aos_core::journal::{Because, Cursor, Decision, Retry, RetryBucket};
use aos_core::retry::{FailedAttempt, RetryPolicy, consider, could_follow, may_be_asked_for};
use proptest::prelude::*;

fn cursor(attempt: u32) -> Cursor {
    Cursor { step: StepId::new("a").unwrap(), item: None, attempt }
}

fn attempt<'a>(cursor: &'a Cursor, failure: &'a Failure) -> FailedAttempt<'a> {
    FailedAttempt { cursor, failure, repeatable: true, elapsed: Duration::ZERO, remaining: None }
}

const SEED: Seed = Seed::from_bytes([3; 32]);

fn decide(attempt: FailedAttempt<'_>, policy: &RetryPolicy) -> Option<Decision> {
    let decision =
        consider(attempt, policy).map(|considered| considered.decide(&SEED, RetryBucket::default()));
    assert!(could_follow(decision.as_ref(), attempt, policy, &SEED), "what is decided can be checked");
    decision
}

fn again(attempt: FailedAttempt<'_>, policy: &RetryPolicy) -> Option<Retry> {
    match decide(attempt, policy) {
        Some(Decision::Again(retry)) => Some(retry),
        Some(Decision::GiveUp(_)) | None => None,
    }
}

fn because(attempt: FailedAttempt<'_>, policy: &RetryPolicy) -> Option<Because> {
    match decide(attempt, policy) {
        Some(Decision::GiveUp(gave_up)) => Some(gave_up.because),
        Some(Decision::Again(_)) | None => None,
    }
}

fn usual() -> RetryPolicy {
    RetryPolicy::default()
}

#[test]
fn what_the_catalogue_never_retries_no_policy_makes_retryable_but_for_what_someone_may_change() {
    for row in catalog().rows().filter(|row| !row.retry.is_retried()) {
        let eager = RetryPolicy {
            max_attempts: Some(20),
            base_ms: Some(1),
            also: [row.code].into(),
            ..RetryPolicy::default()
        };
        let failure = Failure::new(row.code, "x");
        let decided = decide(attempt(&cursor(1), &failure), &eager).is_some();
        assert_eq!(decided, row.retry == RetryClass::AfterChange, "{}", row.word);
        assert!(!may_be_asked_for(row.code) || decided, "{}", row.word);
        let lazy = RetryPolicy { also: [].into(), ..eager };
        assert_eq!(decide(attempt(&cursor(1), &failure), &lazy), None, "{}", row.word);
    }
    for code in
        [ErrorCode::BudgetExceeded, ErrorCode::BudgetStopped, ErrorCode::SkillTrap, ErrorCode::Timeout]
    {
        assert!(!may_be_asked_for(code), "{code}");
    }
    assert!(may_be_asked_for(ErrorCode::ModelQuotaExhausted));
}

#[test]
fn a_skill_that_says_that_its_failure_may_pass_is_tried_again() {
    let said = |category, pause| {
        let mut failure = Failure::new(ErrorCode::SkillError, "x");
        failure.category = category;
        failure.retry_after_ms = pause;
        again(attempt(&cursor(1), &failure), &usual()).map(|retry| retry.delay_ms)
    };
    assert!(said(ErrorCategory::Transient, None).is_some_and(|delay| delay <= 100));
    assert_eq!(said(ErrorCategory::Transient, Some(700)), Some(700));
    assert_eq!(said(ErrorCategory::Resource, Some(1_700)), Some(1_700));
    assert_eq!(said(ErrorCategory::Resource, None), None);
    for category in ErrorCategory::ALL {
        let waits = matches!(category, ErrorCategory::Transient | ErrorCategory::Resource);
        assert_eq!(said(category, Some(9_000)).is_some(), waits, "{category}");
    }
}

#[test]
fn attempts_end_at_their_limit() {
    let failure = Failure::new(ErrorCode::ConnectFailed, "x");
    for number in 1..=4 {
        let expected = (number == 4).then_some(Because::AttemptsUsed);
        assert_eq!(because(attempt(&cursor(number), &failure), &usual()), expected, "attempt {number}");
    }
    let none = RetryPolicy { max_attempts: Some(1), ..RetryPolicy::default() };
    assert_eq!(because(attempt(&cursor(1), &failure), &none), Some(Because::AttemptsUsed));
}

#[test]
fn a_step_excludes_codes() {
    let failure = Failure::new(ErrorCode::ConnectFailed, "x");
    let never = RetryPolicy { never: [ErrorCode::ConnectFailed].into(), ..RetryPolicy::default() };
    assert_eq!(because(attempt(&cursor(1), &failure), &never), Some(Because::Excluded));
    let other = RetryPolicy { never: [ErrorCode::Timeout].into(), ..RetryPolicy::default() };
    assert!(again(attempt(&cursor(1), &failure), &other).is_some());
}

#[test]
fn what_may_have_acted_is_repeated_only_when_that_does_no_more() {
    let sent = Failure::new(ErrorCode::ConnectionLost, "x").sent();
    let cursor = cursor(1);
    let unsafe_to_repeat = FailedAttempt { repeatable: false, ..attempt(&cursor, &sent) };
    assert_eq!(because(unsafe_to_repeat, &usual()), Some(Because::NotRepeatable));
    assert!(again(attempt(&cursor, &sent), &usual()).is_some());
    let never_left = Failure::new(ErrorCode::ConnectFailed, "x");
    let other_effect = FailedAttempt { repeatable: false, ..attempt(&cursor, &never_left) };
    assert_eq!(
        because(other_effect, &usual()),
        Some(Because::NotRepeatable),
        "an earlier call of the attempt acted"
    );
}

#[test]
fn a_hint_is_the_least_and_beyond_the_deadline_it_ends_the_step() {
    let mut failure = Failure::new(ErrorCode::RateLimited, "x").sent();
    failure.retry_after_ms = Some(5_000);
    let cursor = cursor(1);
    let retry = again(attempt(&cursor, &failure), &usual()).unwrap();
    assert!(retry.delay_ms >= 5_000, "{retry:?}");
    let short = FailedAttempt { remaining: Some(Duration::from_secs(5)), ..attempt(&cursor, &failure) };
    assert_eq!(because(short, &usual()), Some(Because::PastDeadline));
    let within = RetryPolicy { within_ms: Some(4_999), ..RetryPolicy::default() };
    assert_eq!(because(attempt(&cursor, &failure), &within), Some(Because::PastDeadline));
}

#[test]
fn a_run_has_ten_retries_and_regains_a_tenth_of_one_with_each_success() {
    let failure = Failure::new(ErrorCode::ConnectFailed, "x");
    let (cursor, policy, mut bucket) = (cursor(1), usual(), RetryBucket::default());
    let ask = |bucket| match consider(attempt(&cursor, &failure), &policy).unwrap().decide(&SEED, bucket) {
        Decision::Again(_) => None,
        Decision::GiveUp(gave_up) => Some(gave_up.because),
    };
    for _ in 0..10 {
        assert_eq!(ask(bucket), None);
        bucket.take();
    }
    assert_eq!(ask(bucket), Some(Because::BucketEmpty));
    for _ in 0..9 {
        bucket.succeeded();
        assert_eq!(ask(bucket), Some(Because::BucketEmpty));
    }
    bucket.succeeded();
    assert_eq!(ask(bucket), None);
    (0..1_000).for_each(|_| bucket.succeeded());
    assert_eq!(bucket, RetryBucket::default(), "it holds ten and no more");
}

#[test]
fn a_recorded_decision_that_these_rules_do_not_make_is_seen() {
    let (timeout, trap) = (Failure::new(ErrorCode::Timeout, "x"), Failure::new(ErrorCode::SkillTrap, "x"));
    let (first, last, policy) = (cursor(1), cursor(4), usual());
    let made = decide(attempt(&first, &timeout), &policy).unwrap();
    let Decision::Again(retry) = made.clone() else { panic!("{made:?}") };
    let sooner = Decision::Again(Retry { delay_ms: retry.delay_ms + 1, ..retry });
    let holds = |recorded: Option<&Decision>, cursor, failure| {
        could_follow(recorded, attempt(cursor, failure), &policy, &SEED)
    };
    assert!(holds(Some(&made), &first, &timeout));
    assert!(!holds(Some(&sooner), &first, &timeout), "another pause than the seed gives");
    assert!(!holds(None, &first, &timeout), "nothing was decided");
    assert!(!holds(Some(&made), &first, &trap), "what is never tried again was");
    assert!(!holds(Some(&made), &last, &timeout), "one attempt too many");
    let excluded = RetryPolicy { never: [ErrorCode::Timeout].into(), ..RetryPolicy::default() };
    assert!(!could_follow(Some(&made), attempt(&first, &timeout), &excluded, &SEED));
}

proptest! {
    #[test]
    fn pauses_lie_within_their_bound_and_follow_from_the_seed(bytes in any::<[u8; 32]>(), number in 1..4_u32) {
        let (seed, cursor, policy) = (Seed::from_bytes(bytes), cursor(number), usual());
        let failure = Failure::new(ErrorCode::ConnectFailed, "x");
        let considered = consider(attempt(&cursor, &failure), &policy).unwrap();
        let decision = considered.decide(&seed, RetryBucket::default());
        let Decision::Again(retry) = &decision else { panic!("{decision:?}") };
        prop_assert!(retry.delay_ms <= 100 << (number - 1));
        prop_assert_eq!(&decision, &considered.decide(&seed, RetryBucket::default()));
    }
}
