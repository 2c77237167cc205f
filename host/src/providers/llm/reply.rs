//! What comes back from a provider before anyone knows its protocol: JSON that is read, or a refusal that becomes a
//! failure of the catalogue.

use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure, UpstreamAnswer, classify_status};
use aos_core::units::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::providers::HttpResponse;

/// Characters of a provider's name for a request that are kept; the common ones have less than 40.
const MAX_REQUEST_ID: usize = 128;

/// What a provider says instead of an answer: `{"error": {"type", "code", "message"}}`, as far as it is there.
pub(super) struct Refusal {
    /// The status.
    pub(super) status: u16,
    /// The kind of error, in the provider's word.
    pub(super) kind: Option<String>,
    /// A finer word.
    pub(super) code: Option<String>,
    /// For people.
    pub(super) message: Option<String>,
}

/// Reads an answer. `known` says what a refusal means beyond its status, by the words of the protocol.
///
/// # Errors
///
/// What the refusal stands for, or `HTTP_PROTOCOL_ERROR` for an answer that is not of the protocol.
pub(super) fn read<T: DeserializeOwned>(
    answer: &HttpResponse,
    known: impl FnOnce(&Refusal) -> Option<ErrorCode>,
) -> Result<T, Failure> {
    if answer.status != 200 {
        return Err(refused(answer, known));
    }
    serde_json::from_slice(&answer.body).map_err(|error| unreadable(&error.to_string()))
}

/// The failure of an answer that is not of the protocol. The provider may have worked for it.
pub(super) fn unreadable(reason: &str) -> Failure {
    let message = format!("the provider's answer cannot be read: {reason}");
    Failure::new(ErrorCode::HttpProtocolError, message).sent()
}

fn refused(answer: &HttpResponse, known: impl FnOnce(&Refusal) -> Option<ErrorCode>) -> Failure {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let refusal = Refusal::read(answer.status, &body);
    let by_status = by_status(answer);
    let mut failure = match known(&refusal).or_else(|| meant_by(refusal.status)) {
        Some(code) => {
            let failure = Failure::new(code, by_status.message.clone()).sent();
            Failure { status: by_status.status, retry_after_ms: by_status.retry_after_ms, ..failure }
        }
        None => by_status,
    };
    if let Some(message) = refusal.message {
        failure = Failure { message: Failure::new(failure.code, message).message, ..failure };
    }
    if let Some(id) = request_id(answer, &body) {
        failure = failure.with_details(json!({"request_id": id}));
    }
    match refusal.code.or(refusal.kind) {
        Some(subcode) => failure.with_subcode(subcode),
        None => failure,
    }
}

/// What a status means where models are asked, and not elsewhere.
const fn meant_by(status: u16) -> Option<ErrorCode> {
    match status {
        402 => Some(ErrorCode::ModelQuotaExhausted),
        404 => Some(ErrorCode::ModelNotFound),
        413 => Some(ErrorCode::RequestTooLarge),
        529 => Some(ErrorCode::ModelOverloaded),
        _ => None,
    }
}

impl Refusal {
    fn read(status: u16, body: &Value) -> Self {
        let word =
            |name: &str| body.pointer(&format!("/error/{name}")).and_then(Value::as_str).map(str::to_owned);
        Self { status, kind: word("type"), code: word("code"), message: word("message") }
    }
}

fn by_status(answer: &HttpResponse) -> Failure {
    // A pause that is given as a date has no place in these protocols: seen from the last of all days, it is none.
    let at = Timestamp::from_unix(Duration::MAX);
    let answered = UpstreamAnswer { status: answer.status, headers: &answer.headers, at };
    classify_status(answered).unwrap_or_else(|| {
        let message = format!("the provider answered with status {}", answer.status);
        Failure::new(ErrorCode::HttpProtocolError, message).sent()
    })
}

/// The provider's name for the request, which its support asks for.
fn request_id(answer: &HttpResponse, body: &Value) -> Option<String> {
    let named = |(name, _): &&(String, String)| name == "request-id" || name == "x-request-id";
    let field = answer.headers.iter().find(named).map(|(_, value)| value.as_str());
    let id = field.or_else(|| body.get("request_id").and_then(Value::as_str))?;
    Some(id.chars().take(MAX_REQUEST_ID).collect())
}
