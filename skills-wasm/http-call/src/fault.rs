//! Why the skill failed, and what it tells the host of it.

use serde_json::{Value, json};

use crate::bindings::SkillError;
use crate::bindings::aos::skill::http::Response;
use crate::bindings::aos::skill::types::{ErrorCategory, Failure};
use crate::input::Input;

/// Characters of a refused answer's body that the details keep: enough to see what an upstream complains of.
const DETAIL_CHARS: usize = 2048;

/// Characters of a URL that a message keeps, so that the status after it stays within the host's 512 bytes.
const URL_CHARS: usize = 300;

/// Why the skill failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The input is not what the schema says.
    #[error("input does not fit its schema: {0}")]
    Input(serde_json::Error),
    /// `body.base64` is not standard base64 with padding.
    #[error("body.base64 is not standard base64 text (RFC 4648, section 4, with padding)")]
    Base64,
    /// An item of `accept_status` says nothing.
    #[error("accept_status holds {rule}, which is no status from 200 to 599, no range and no class")]
    AcceptStatus {
        /// Its place in the list.
        index: usize,
        /// The item.
        rule: Value,
    },
    /// The host did not get an answer.
    #[error("{}", .0.message)]
    Host(Failure),
    /// The answer's status is not among those that the caller accepts.
    #[error("{method} {url} was answered with status {status}")]
    Refused {
        /// The index of the host call.
        call: u32,
        /// The method that was sent.
        method: String,
        /// The URL without its query, which may hold what no message should.
        url: String,
        /// The status.
        status: u16,
        /// The beginning of the answer's body.
        body: String,
    },
    /// The output could not be written.
    #[error("output cannot be written: {0}")]
    Output(serde_json::Error),
}

impl Fault {
    /// The fault of an answer that the caller does not accept.
    pub(crate) fn refused(input: &Input, response: &Response) -> Self {
        let url = input.url.split(['?', '#']).next().unwrap_or_default();
        Self::Refused {
            call: response.call,
            method: input.method.clone(),
            url: url.chars().take(URL_CHARS).collect(),
            status: response.status,
            body: String::from_utf8_lossy(&response.body).chars().take(DETAIL_CHARS).collect(),
        }
    }

    fn category(&self) -> ErrorCategory {
        match self {
            Self::Input(_) | Self::Base64 | Self::AcceptStatus { .. } => ErrorCategory::Validation,
            Self::Host(failure) => failure.category,
            Self::Refused { status, .. } => status_category(*status),
            Self::Output(_) => ErrorCategory::Skill,
        }
    }

    fn cause(&self) -> Option<u32> {
        match self {
            Self::Host(failure) => Some(failure.call),
            // The host knows a 2xx as a success, so only the skill itself can answer for refusing it.
            Self::Refused { call, status, .. } => (*status >= 300).then_some(*call),
            _ => None,
        }
    }

    fn code(&self) -> Option<String> {
        let own = matches!(self, Self::Refused { .. }) && self.cause().is_none();
        own.then(|| "STATUS_NOT_ACCEPTED".to_owned())
    }

    fn pointer(&self) -> Option<String> {
        match self {
            Self::Input(_) => Some(String::new()),
            Self::Base64 => Some("/body/base64".to_owned()),
            Self::AcceptStatus { index, .. } => Some(format!("/accept_status/{index}")),
            _ => None,
        }
    }

    fn details(&self) -> Option<String> {
        match self {
            Self::Refused { status, body, .. } => Some(json!({"status": status, "body": body}).to_string()),
            _ => None,
        }
    }
}

/// The class of a refused status, by the rules of the failure catalogue.
fn status_category(status: u16) -> ErrorCategory {
    match status {
        408 | 500..=599 => ErrorCategory::Transient,
        429 => ErrorCategory::Resource,
        _ => ErrorCategory::Permanent,
    }
}

impl From<Fault> for SkillError {
    fn from(fault: Fault) -> Self {
        let retry_after_ms = if let Fault::Host(failure) = &fault { failure.retry_after_ms } else { None };
        Self {
            message: fault.to_string(),
            category: fault.category(),
            code: fault.code(),
            cause: fault.cause(),
            pointer: fault.pointer(),
            retry_after_ms,
            details: fault.details(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16) -> SkillError {
        let input = Input::read(r#"{"url": "https://a.test/b?key=secret#c"}"#).unwrap();
        let body = "é".repeat(DETAIL_CHARS + 1).into_bytes();
        Fault::refused(&input, &Response { call: 7, status, headers: vec![], body }).into()
    }

    #[test]
    fn a_refused_status_points_at_its_call() {
        let error = refusal(503);
        assert_eq!(error.message, "GET https://a.test/b was answered with status 503");
        assert_eq!((error.cause, error.code), (Some(7), None));
        let details: Value = serde_json::from_str(&error.details.unwrap()).unwrap();
        assert_eq!(details, json!({"status": 503, "body": "é".repeat(DETAIL_CHARS)}));
    }

    #[test]
    fn a_refused_success_is_the_skills_own_word() {
        let error = refusal(204);
        assert_eq!((error.cause, error.code.as_deref()), (None, Some("STATUS_NOT_ACCEPTED")));
    }

    #[test]
    fn categories_follow_the_catalog() {
        let category = |status| refusal(status).category;
        assert!([408, 500, 503, 599].into_iter().all(|status| category(status) == ErrorCategory::Transient));
        assert_eq!(category(429), ErrorCategory::Resource);
        assert!([301, 400, 404, 499].into_iter().all(|status| category(status) == ErrorCategory::Permanent));
    }

    #[test]
    fn a_fault_of_the_input_names_its_place() {
        let error = SkillError::from(Fault::AcceptStatus { index: 2, rule: json!("9xx") });
        assert_eq!((error.pointer.as_deref(), error.cause), (Some("/accept_status/2"), None));
        assert_eq!(error.category, ErrorCategory::Validation);
    }
}
