//! HTTP statuses (RFC 9110, section 15) as words of the catalogue, and the pause that an answer asks for.

use std::time::{Duration, SystemTime};

use super::{ErrorCode, Failure};
use crate::units::{Timestamp, whole_millis};

/// Longest pause that is believed: a day. A longer one is as good as this.
const MAX_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// What an upstream answered, as far as it matters for classifying.
#[derive(Debug, Clone, Copy)]
pub struct UpstreamAnswer<'a> {
    /// The status, 100 to 599.
    pub status: u16,
    /// Header fields, names in lower case.
    pub headers: &'a [(String, String)],
    /// When it came, for pauses that are given as a date.
    pub at: Timestamp,
}

/// The failure that a status stands for, or `None` for 2xx.
#[must_use]
pub fn classify_status(answer: UpstreamAnswer<'_>) -> Option<Failure> {
    let code = code_of_status(answer.status)?;
    let mut failure =
        Failure::new(code, format!("the upstream answered with status {}", answer.status)).sent();
    failure.status = Some(answer.status);
    failure.retry_after_ms = retry_after(answer.headers, answer.at).map(whole_millis);
    Some(failure)
}

/// The word that a status stands for, or `None` for 2xx.
#[must_use]
pub const fn code_of_status(status: u16) -> Option<ErrorCode> {
    Some(match status {
        200..=299 => return None,
        304 => ErrorCode::UpstreamPrecondition,
        300..=399 => ErrorCode::RedirectBlocked,
        401 | 407 => ErrorCode::UpstreamUnauthenticated,
        402 => ErrorCode::UpstreamPaymentRequired,
        403 => ErrorCode::UpstreamForbidden,
        404 => ErrorCode::UpstreamNotFound,
        405 | 406 | 415 => ErrorCode::UpstreamUnsupported,
        408 => ErrorCode::Timeout,
        409 => ErrorCode::UpstreamConflict,
        410 => ErrorCode::UpstreamGone,
        412 | 417 | 428 => ErrorCode::UpstreamPrecondition,
        429 => ErrorCode::RateLimited,
        451 => ErrorCode::UpstreamLegalBlock,
        400..=499 => ErrorCode::UpstreamBadRequest,
        503 => ErrorCode::UpstreamUnavailable,
        529 => ErrorCode::UpstreamOverloaded,
        500..=599 => ErrorCode::UpstreamError,
        _ => ErrorCode::HttpProtocolError,
    })
}

/// The pause that an answer asks for: `retry-after-ms`, else `Retry-After` (RFC 9110, section 10.2.3) as seconds or
/// as a date. One in the past is no pause; text that is neither is none at all.
#[must_use]
pub fn retry_after(headers: &[(String, String)], at: Timestamp) -> Option<Duration> {
    let field = |name: &str| headers.iter().find(|(field, _)| field == name).map(|(_, value)| value.trim());
    let millis = field("retry-after-ms").and_then(digits).map(Duration::from_millis);
    let pause = millis.or_else(|| {
        let text = field("retry-after")?;
        digits(text).map(Duration::from_secs).or_else(|| until(text, at))
    });
    pause.map(|pause| pause.min(MAX_PAUSE))
}

/// Digits alone; more than 64 bits can hold is as long as can be.
fn digits(text: &str) -> Option<u64> {
    let number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    number.then(|| text.parse().unwrap_or(u64::MAX))
}

fn until(date: &str, at: Timestamp) -> Option<Duration> {
    let instant = httpdate::parse_http_date(date).ok()?;
    let since_epoch = instant.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Some(Timestamp::from_unix(since_epoch).since(at))
}
