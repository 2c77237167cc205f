//! Whether a failed attempt is made again, and when. One layer retries, and it is this one.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::failure::{ErrorCode, Failure, RetryClass};
use crate::ids::Seed;
use crate::journal::{Because, Cursor, Decision, GaveUp, MAX_ATTEMPTS, Retry, RetryBucket};
use crate::units::whole_millis;

/// What a workflow says for one step, beside the catalogue's row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryPolicy {
    /// Attempts in all, 1 to 20; 1 means none after the first.
    pub max_attempts: Option<u32>,
    /// The first pause's upper end, in milliseconds.
    pub base_ms: Option<u64>,
    /// The longest pause, in milliseconds.
    pub cap_ms: Option<u64>,
    /// Time from the first attempt's begin within which a further one may begin, in milliseconds.
    pub within_ms: Option<u64>,
    /// Codes of the class after-change that are tried again as well, as someone may change it meanwhile.
    #[serde(default)]
    pub also: BTreeSet<ErrorCode>,
    /// Codes that are not tried again here.
    #[serde(default)]
    pub never: BTreeSet<ErrorCode>,
}

/// Whether a step's `retry.also` may name a code: waiting helps only where someone can change something while the run goes
/// on.
#[must_use]
pub const fn may_be_asked_for(code: ErrorCode) -> bool {
    matches!(code.row().retry, RetryClass::AfterChange) && !ends_the_run(code)
}

/// What is known when an attempt has failed.
#[derive(Debug, Clone, Copy)]
pub struct FailedAttempt<'a> {
    /// Which one.
    pub cursor: &'a Cursor,
    /// Why.
    pub failure: &'a Failure,
    /// Whether doing everything again that it did does no more than doing it once.
    pub repeatable: bool,
    /// Since the step's first attempt began.
    pub elapsed: Duration,
    /// Until the run's deadline; `None` without one.
    pub remaining: Option<Duration>,
}

impl RetryPolicy {
    /// The class of a failure for this step.
    #[must_use]
    pub fn class_of(&self, failure: &Failure) -> RetryClass {
        match failure.retry_class() {
            RetryClass::AfterChange if self.also.contains(&failure.code) => RetryClass::Hint,
            class => class,
        }
    }

    /// Attempts in all that a failure allows.
    fn attempts(&self, class: RetryClass) -> u32 {
        self.max_attempts.unwrap_or(class.schedule().0).min(MAX_ATTEMPTS)
    }
}

/// A failure that may be tried again, and what the step says of that.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Considered<'a> {
    attempt: FailedAttempt<'a>,
    policy: &'a RetryPolicy,
}

/// Looks at a failed attempt. `None`: its failure is never tried again, so that there is nothing to decide.
#[must_use]
pub fn consider<'a>(attempt: FailedAttempt<'a>, policy: &'a RetryPolicy) -> Option<Considered<'a>> {
    policy.class_of(attempt.failure).is_retried().then_some(Considered { attempt, policy })
}

impl Considered<'_> {
    /// Decides what follows: another attempt after a pause, or none.
    #[must_use]
    pub fn decide(self, seed: &Seed, bucket: RetryBucket) -> Decision {
        let Self { attempt, policy } = self;
        let (delay, why) = pause(attempt, policy, seed);
        let code = attempt.failure.code;
        match refusal(attempt, policy, (delay, bucket)) {
            Some((because, why)) => Decision::GiveUp(GaveUp { code, because, why }),
            None => Decision::Again(Retry { code, delay_ms: whole_millis(delay), why }),
        }
    }
}

/// What stands in the way of another attempt, if anything does.
fn refusal(
    attempt: FailedAttempt<'_>,
    policy: &RetryPolicy,
    (delay, bucket): (Duration, RetryBucket),
) -> Option<(Because, String)> {
    let attempts = policy.attempts(policy.class_of(attempt.failure));
    if policy.never.contains(&attempt.failure.code) {
        return Some((Because::Excluded, "the step's retry.never names the code".to_owned()));
    }
    if attempt.cursor.attempt >= attempts {
        return Some((Because::AttemptsUsed, format!("{attempts} of {attempts} attempts are used")));
    }
    if !attempt.repeatable {
        let why =
            "a request of the attempt may have acted, and would act again; an idempotency key would allow it";
        return Some((Because::NotRepeatable, why.to_owned()));
    }
    let within = policy.within_ms.map(|within| Duration::from_millis(within).saturating_sub(attempt.elapsed));
    let left = [within, attempt.remaining].into_iter().flatten().min();
    if let Some(left) = left.filter(|left| delay >= *left) {
        let why = format!("the pause is {} ms, and {} ms are left", delay.as_millis(), left.as_millis());
        return Some((Because::PastDeadline, why));
    }
    if !bucket.has_one() {
        let why = "the run has used up its retries; each ten attempts that succeed give one back";
        return Some((Because::BucketEmpty, why.to_owned()));
    }
    None
}

/// Whether a recorded decision is one that these rules make. What depends on the time that had passed is the journal's; how
/// many retries were left is added up where the journal is audited.
#[must_use]
pub fn could_follow(
    recorded: Option<&Decision>,
    attempt: FailedAttempt<'_>,
    policy: &RetryPolicy,
    seed: &Seed,
) -> bool {
    let class = policy.class_of(attempt.failure);
    let (delay, why) = pause(attempt, policy, seed);
    // What stands in the way whatever the time is, and however many retries are left.
    let lasting = refusal(attempt, policy, (delay, RetryBucket::default()));
    let lasting = lasting.filter(|(because, _)| *because != Because::PastDeadline);
    match recorded {
        None => !class.is_retried(),
        Some(_) if !class.is_retried() => false,
        Some(Decision::GiveUp(gave_up)) => {
            let timed = matches!(gave_up.because, Because::PastDeadline | Because::BucketEmpty);
            let told = (gave_up.because, gave_up.why.clone());
            gave_up.code == attempt.failure.code
                && if timed { lasting.is_none() } else { lasting == Some(told) }
        }
        Some(Decision::Again(retry)) => {
            let drawn = Retry { code: attempt.failure.code, delay_ms: whole_millis(delay), why };
            lasting.is_none() && *retry == drawn
        }
    }
}

/// Full jitter below a bound that doubles with each attempt, and never less than the upstream asks for.
fn pause(attempt: FailedAttempt<'_>, policy: &RetryPolicy, seed: &Seed) -> (Duration, String) {
    let (_, base, cap) = policy.class_of(attempt.failure).schedule();
    let base = policy.base_ms.map_or(base, Duration::from_millis);
    let cap = policy.cap_ms.map_or(cap, Duration::from_millis);
    let doublings = attempt.cursor.attempt.saturating_sub(1).min(30);
    let bound = base.saturating_mul(1 << doublings).min(cap);
    let jitter = Duration::from_millis(draw(seed, attempt.cursor, whole_millis(bound)));
    match attempt.failure.retry_after_ms.map(Duration::from_millis) {
        Some(hint) if hint >= jitter => (hint, "the upstream asked for this pause".to_owned()),
        _ => (jitter, format!("drawn from 0 to {} ms", whole_millis(bound))),
    }
}

/// An even draw from 0 to `bound`, the same for the same seed and attempt.
fn draw(seed: &Seed, cursor: &Cursor, bound: u64) -> u64 {
    let item = cursor.item.map_or_else(String::new, |item| format!("[{item}]"));
    let bytes = seed.derive(&format!("retry/{}{item}/{}", cursor.step, cursor.attempt));
    let wide = bytes.iter().take(16).fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
    u64::try_from(wide % (u128::from(bound) + 1)).unwrap_or(bound)
}

/// Calls of one attempt that may have acted, and would act again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Acted(u32);

impl Acted {
    /// A call is about to leave.
    pub fn leaves(&mut self, repeatable: bool) {
        self.0 += u32::from(!repeatable);
    }

    /// A call is over. One whose request never left, or that the upstream says it refused to do, may be made again.
    pub fn ended(&mut self, repeatable: bool, verdict: Option<&Failure>) {
        if !repeatable && verdict.is_some_and(Failure::did_nothing) {
            self.0 = self.0.saturating_sub(1);
        }
    }

    /// Whether making the attempt again does no more than making it once.
    #[must_use]
    pub const fn is_repeatable(self) -> bool {
        self.0 == 0
    }
}

/// Codes after which no sibling and no retry may start: the run is over.
#[must_use]
pub const fn ends_the_run(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::BudgetExceeded
            | ErrorCode::AbsorbedCeilingExceeded
            | ErrorCode::AgentBudgetExceeded
            | ErrorCode::BudgetStopped
            | ErrorCode::CostOverrun
            | ErrorCode::JournalIo
            | ErrorCode::DiskFull
            | ErrorCode::LedgerInvariant
            | ErrorCode::DeadlineExceeded
            | ErrorCode::Cancelled
            | ErrorCode::ReplayDivergence
            | ErrorCode::ReplayExhausted
            | ErrorCode::JournalCorrupt
            | ErrorCode::HostPanic
            | ErrorCode::HostBug
            | ErrorCode::HostOutOfMemory
            | ErrorCode::Unclassified
    )
}
