//! Whole runs against upstreams that fail in every way, with a clock that is only counted: what the rules promise holds in
//! each of a hundred thousand of them.

use std::collections::BTreeMap;
use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure, RetryClass, catalog};
use aos_core::ids::{Seed, StepId};
use aos_core::journal::{Because, Cursor, Decision, Retry, RetryBucket};
use aos_core::retry::{Acted, FailedAttempt, RetryPolicy, consider, could_follow};

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

/// Codes with which an upstream, or this host, says that nothing was done, whatever had left.
const DID_NOTHING: &[&str] = &[
    "RATE_LIMITED",
    "UPSTREAM_UNAVAILABLE",
    "UPSTREAM_OVERLOADED",
    "UPSTREAM_UNAUTHENTICATED",
    "UPSTREAM_FORBIDDEN",
    "UPSTREAM_PAYMENT_REQUIRED",
    "MODEL_OVERLOADED",
    "MODEL_QUOTA_EXHAUSTED",
    "MODEL_NOT_FOUND",
    "MODEL_CONTEXT_EXCEEDED",
    "DNS_FAILURE",
    "CONNECT_FAILED",
    "TLS_FAILURE",
    "URL_INVALID",
    "REQUEST_INVALID",
    "REQUEST_TOO_LARGE",
    "CAPABILITY_DENIED",
    "DESTINATION_DENIED",
    "METHOD_DENIED",
    "HEADER_FORBIDDEN",
    "SECRET_DENIED",
    "COST_UNKNOWN",
    "COST_OVERRUN",
    "BUDGET_EXCEEDED",
    "ABSORBED_CEILING_EXCEEDED",
    "STEP_CEILING_EXCEEDED",
    "AGENT_BUDGET_EXCEEDED",
    "BUDGET_STOPPED",
];

fn one_of<'a, T>(chance: &mut Chance, all: &'a [T]) -> &'a T {
    all.get(usize::try_from(chance.below(all.len() as u64)).unwrap()).unwrap()
}

fn failure(chance: &mut Chance) -> Failure {
    let retried_only = !chance.once_in(3);
    let rows: Vec<_> = catalog().rows().filter(|row| row.is_retried() || !retried_only).collect();
    let mut failure = Failure::new(one_of(chance, &rows).code, "x");
    failure.request_sent = !chance.once_in(3);
    failure.retry_after_ms = chance.once_in(3).then(|| chance.below(10_000));
    failure
}

fn request(chance: &mut Chance) -> Request {
    let comes_to = (!chance.once_in(3)).then(|| failure(chance));
    let may_act = |failure: &Failure| failure.request_sent && !DID_NOTHING.contains(&failure.code.as_str());
    let acts = comes_to.as_ref().is_none_or(|failure| may_act(failure) && chance.once_in(2));
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
    given_up: BTreeMap<&'static str, u64>,
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
    /// Makes one attempt: what it failed with, whether it may be made again, and how many effects it had that act again.
    fn attempt(&mut self, chance: &mut Chance) -> (Option<Failure>, bool, u32) {
        let (mut acted, mut effects) = (Acted::default(), 0);
        for _ in 0..chance.below(4) {
            let request = request(chance);
            acted.leaves(request.repeatable);
            acted.ended(request.repeatable, request.comes_to.as_ref());
            effects += u32::from(request.acts && !request.repeatable);
            self.now += Duration::from_millis(chance.below(300));
            if request.comes_to.is_some() {
                return (request.comes_to, acted.is_repeatable(), effects);
            }
        }
        (None, acted.is_repeatable(), effects)
    }

    /// Follows one step to its end.
    fn step(&mut self, name: &str, chance: &mut Chance, seen: &mut Seen) {
        let policy = policy(chance);
        let mut cursor = Cursor { step: StepId::new(name).unwrap(), item: None, attempt: 1 };
        let began = self.now;
        loop {
            let (failed, repeatable, effects) = self.attempt(chance);
            let Some(failure) = failed else {
                self.bucket.succeeded();
                self.successes += 1;
                return;
            };
            let attempt = FailedAttempt {
                cursor: &cursor,
                failure: &failure,
                repeatable,
                elapsed: self.now.saturating_sub(began),
                remaining: self.deadline.map(|deadline| deadline.saturating_sub(self.now)),
            };
            let decided =
                consider(attempt, &policy).map(|considered| considered.decide(&self.seed, self.bucket));
            assert!(
                could_follow(decided.as_ref(), attempt, &policy, &self.seed),
                "{decided:?} after {failure:?}"
            );
            let asked_for =
                failure.code.row().retry == RetryClass::AfterChange && policy.also.contains(&failure.code);
            assert_eq!(decided.is_some(), failure.code.row().is_retried() || asked_for, "{failure:?}");
            match decided {
                None => seen.never += 1,
                Some(Decision::GiveUp(gave_up)) => {
                    *seen.given_up.entry(gave_up.because.as_str()).or_default() += 1;
                }
                Some(Decision::Again(retry)) => {
                    assert!(!policy.never.contains(&failure.code));
                    assert!(cursor.attempt < policy.max_attempts.unwrap_or(20).min(20));
                    assert_eq!(effects, 0, "what had acted, and would act again, is done again: {failure:?}");
                    self.goes_on(&policy, (&failure, &retry, began), seen);
                    cursor.attempt += 1;
                    continue;
                }
            }
            return;
        }
    }

    /// Another attempt follows: not before the hint, not after any deadline, and not beyond what a run has.
    fn goes_on(
        &mut self,
        policy: &RetryPolicy,
        (failure, retry, began): (&Failure, &Retry, Duration),
        seen: &mut Seen,
    ) {
        assert!(retry.delay_ms >= failure.retry_after_ms.unwrap_or(0), "a hint is the least");
        seen.hinted += u64::from(failure.retry_after_ms.is_some());
        self.now += Duration::from_millis(retry.delay_ms);
        assert!(self.deadline.is_none_or(|deadline| self.now < deadline), "none begins after the deadline");
        if let Some(within) = policy.within_ms {
            assert!(self.now - began < Duration::from_millis(within));
        }
        self.bucket.take();
        self.retries += 1;
        seen.retried += 1;
        assert!(self.retries * 10 <= 100 + self.successes, "ten, and a tenth of the successes");
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
        let times = seen.given_up.get(because.as_str()).copied().unwrap_or_default();
        assert!(times > 500, "{because:?}: {seen:?}");
    }
    assert_eq!(
        ErrorCode::SkillError.row().retry,
        RetryClass::Never,
        "its class comes from what the skill says"
    );
}
