//! Whole runs against upstreams that fail in every way, with a clock that is only counted: what the rules promise holds in
//! each of a hundred thousand of them.

use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure, RetryClass, catalog};
use aos_core::ids::{Seed, StepId};
use aos_core::journal::{Because, Cursor, Decision, RetryBucket};
use aos_core::retry::{Acted, FailedAttempt, RetryPolicy, consider};

const SCHEDULES: u64 = 100_000;

/// A generator that is the same everywhere (SplitMix64).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// One request of an attempt: whether it may be made twice, and what it comes to.
struct Request {
    repeatable: bool,
    acts: bool,
    comes_to: Option<Failure>,
}

fn failure(chance: &mut Chance) -> Failure {
    let rows: Vec<_> = catalog().rows().collect();
    let retried: Vec<_> = rows.iter().filter(|row| row.retry.is_retried()).collect();
    let row = if chance.once_in(3) {
        rows[chance.below(rows.len() as u64) as usize]
    } else {
        retried[chance.below(retried.len() as u64) as usize]
    };
    let mut failure = Failure::new(row.code, "x");
    failure.request_sent = !chance.once_in(3);
    failure.retry_after_ms = chance.once_in(3).then(|| chance.below(10_000));
    failure
}

fn request(chance: &mut Chance) -> Request {
    let comes_to = (!chance.once_in(3)).then(|| failure(chance));
    // An upstream that says that it did nothing did nothing; any other may have acted once the request had left.
    let acts = comes_to.as_ref().is_none_or(|failure| !failure.did_nothing() && chance.once_in(2));
    Request { repeatable: chance.once_in(2), acts, comes_to }
}

fn policy(chance: &mut Chance) -> RetryPolicy {
    let code = |chance: &mut Chance| failure(chance).code;
    RetryPolicy {
        max_attempts: chance.once_in(2).then(|| 1 + chance.below(20) as u32),
        base_ms: chance.once_in(3).then(|| chance.below(2_000)),
        cap_ms: chance.once_in(3).then(|| chance.below(20_000)),
        within_ms: chance.once_in(3).then(|| chance.below(30_000)),
        also: if chance.once_in(4) { [code(chance)].into() } else { [].into() },
        never: if chance.once_in(4) { [code(chance)].into() } else { [].into() },
    }
}

/// What was seen over all schedules, so that none of the rules held for want of a case.
#[derive(Default, Debug)]
struct Seen {
    retried: u64,
    given_up: [u64; 5],
    hinted: u64,
    never: u64,
}

struct Run {
    seed: Seed,
    deadline: Option<Duration>,
    now: Duration,
    bucket: RetryBucket,
    retries: u32,
    successes: u32,
}

impl Run {
    /// Follows one step to its end.
    fn step(&mut self, name: &str, chance: &mut Chance, seen: &mut Seen) {
        let policy = policy(chance);
        let mut cursor = Cursor { step: StepId::new(name).unwrap(), item: None, attempt: 1 };
        let began = self.now;
        let mut effects = 0;
        loop {
            let (mut acted, mut failed) = (Acted::default(), None);
            for _ in 0..chance.below(4) {
                let request = request(chance);
                acted.leaves(request.repeatable);
                acted.ended(request.repeatable, request.comes_to.as_ref());
                effects += u32::from(request.acts && !request.repeatable);
                self.now += Duration::from_millis(chance.below(300));
                failed = request.comes_to;
                if failed.is_some() {
                    break;
                }
            }
            let Some(failure) = failed else {
                self.bucket.succeeded();
                self.successes += 1;
                return;
            };
            let attempt = FailedAttempt {
                cursor: &cursor,
                failure: &failure,
                repeatable: acted.is_repeatable(),
                elapsed: self.now.saturating_sub(began),
                remaining: self.deadline.map(|deadline| deadline.saturating_sub(self.now)),
            };
            let decided =
                consider(attempt, &policy).map(|considered| considered.decide(&self.seed, self.bucket));
            let Some(decision) = decided else {
                seen.never += 1;
                let asked_for = policy.also.contains(&failure.code);
                assert!(
                    !failure.code.row().retry.is_retried()
                        && !(asked_for && failure.code.row().retry == RetryClass::AfterChange)
                );
                return;
            };
            match decision {
                Decision::GiveUp(gave_up) => {
                    assert_eq!(gave_up.code, failure.code);
                    seen.given_up[gave_up.because as usize] += 1;
                    return;
                }
                Decision::Again(retry) => {
                    let class = failure.code.row().retry;
                    let asked_for = class == RetryClass::AfterChange && policy.also.contains(&failure.code);
                    assert!(class.is_retried() || asked_for, "{failure:?}");
                    assert!(!policy.never.contains(&failure.code));
                    assert!(cursor.attempt < policy.max_attempts.unwrap_or(20).min(20));
                    assert_eq!(effects, 0, "what had acted, and would act again, is done again: {failure:?}");
                    assert!(retry.delay_ms >= failure.retry_after_ms.unwrap_or(0), "a hint is the least");
                    seen.hinted += u64::from(failure.retry_after_ms.is_some());
                    self.now += Duration::from_millis(retry.delay_ms);
                    assert!(
                        self.deadline.is_none_or(|deadline| self.now < deadline),
                        "none begins after the deadline"
                    );
                    if let Some(within) = policy.within_ms {
                        assert!(self.now - began < Duration::from_millis(within));
                    }
                    self.bucket.take();
                    self.retries += 1;
                    seen.retried += 1;
                    assert!(self.retries * 10 <= 100 + self.successes, "ten, and a tenth of the successes");
                    cursor.attempt += 1;
                }
            }
        }
    }
}

#[test]
fn a_hundred_thousand_schedules_of_faults_keep_every_promise() {
    let mut seen = Seen::default();
    for number in 0..SCHEDULES {
        let mut chance = Chance(number);
        let mut run = Run {
            seed: Seed::from_bytes([number as u8; 32]),
            deadline: chance.once_in(2).then(|| Duration::from_millis(chance.below(60_000))),
            now: Duration::ZERO,
            bucket: RetryBucket::default(),
            retries: 0,
            successes: 0,
        };
        for step in 0..1 + chance.below(12) {
            run.step(&format!("s{step}"), &mut chance, &mut seen);
        }
    }
    assert!(seen.retried > SCHEDULES && seen.hinted > 1_000 && seen.never > 1_000, "{seen:?}");
    for because in [
        Because::Excluded,
        Because::AttemptsUsed,
        Because::NotRepeatable,
        Because::PastDeadline,
        Because::BucketEmpty,
    ] {
        assert!(seen.given_up[because as usize] > 500, "{because:?}: {seen:?}");
    }
    assert_eq!(
        ErrorCode::SkillError.row().retry,
        RetryClass::Never,
        "its class comes from what the skill says"
    );
}
