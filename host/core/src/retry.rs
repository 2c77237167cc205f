//! Whether a failed attempt is made again, and when. One layer retries, and it is this one.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::failure::{ErrorCode, Failure};
use crate::ids::Seed;
use crate::journal::{Cursor, Retry};
use crate::units::whole_millis;

/// What a workflow says for one step, beside the catalogue's row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// Decides what follows a failed attempt: another one after a pause, or the end.
#[must_use]
pub fn decide(attempt: FailedAttempt<'_>, policy: RetryPolicy, seed: &Seed) -> Option<Retry> {
    let (attempts, base, cap) = attempt.failure.code.row().retry.schedule();
    let allowed = if attempts > 1 { policy.max_attempts.unwrap_or(attempts) } else { 1 };
    if !attempt.failure.retryable || attempt.cursor.attempt >= allowed || !attempt.repeatable {
        return None;
    }
    let base = policy.base_ms.map_or(base, Duration::from_millis);
    let cap = policy.cap_ms.map_or(cap, Duration::from_millis);
    let (pause, why) = pause(attempt, base, cap, seed);
    let within = policy.within_ms.map(|within| Duration::from_millis(within).saturating_sub(attempt.elapsed));
    let left = [within, attempt.remaining].into_iter().flatten().min();
    if left.is_some_and(|left| pause >= left) {
        return None;
    }
    Some(Retry { code: attempt.failure.code, delay_ms: whole_millis(pause), why })
}

/// Full jitter below a bound that doubles with each attempt, and never less than the upstream asks for.
fn pause(attempt: FailedAttempt<'_>, base: Duration, cap: Duration, seed: &Seed) -> (Duration, String) {
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
    )
}
