//! Why the skill failed, and what it tells the host of it.

use serde_json::json;

use crate::bindings::SkillError;
use crate::bindings::aos::skill::llm::ChatResponse;
use crate::bindings::aos::skill::types::{ErrorCategory, Failure};

/// Characters of an unusable answer that the details keep: enough to see what the model did instead.
const DETAIL_CHARS: usize = 2048;

/// Why the skill failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The input is not what the schema says.
    #[error("input does not fit its schema: {0}")]
    Input(serde_json::Error),
    /// Both of `prompt` and `messages` are there, or neither.
    #[error("input needs exactly one of prompt and messages")]
    Question,
    /// The host did not get an answer.
    #[error("{}", .0.message)]
    Host(Failure),
    /// There is no answer: the host's record of the call says whether the model declined or the provider withheld it.
    #[error("model gave no answer: it declined, or the provider withheld what it said")]
    Withheld {
        /// The index of the host call.
        call: u32,
        /// What came instead.
        text: String,
    },
    /// JSON was asked for, and `max_tokens` ended it.
    #[error("model reached max_tokens before its JSON was complete")]
    Truncated {
        /// The beginning of the answer.
        text: String,
    },
    /// JSON was asked for, and the answer is something else.
    #[error("{flaw}")]
    Invalid {
        /// The beginning of the answer.
        text: String,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// The output could not be written.
    #[error("output cannot be written: {0}")]
    Output(serde_json::Error),
}

/// What is wrong with an answer that should be JSON.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Flaw {
    /// It does not parse.
    #[error("model answered with text that is not JSON: {0}")]
    NotJson(serde_json::Error),
    /// It holds a number or a nesting that the next reader would not see alike.
    #[error("model answered with JSON that has a number past 2^53 - 1 in size, or more than 90 levels")]
    NotKept,
    /// It does not fit the schema.
    #[error("{} {message}", if pointer.is_empty() { "the answer" } else { pointer })]
    Unfit {
        /// Where in the answer, as a JSON pointer (RFC 6901).
        pointer: String,
        /// What does not fit.
        message: String,
    },
}

impl Fault {
    /// The fault of a question that got no answer.
    pub(crate) fn withheld(response: &ChatResponse) -> Self {
        Self::Withheld { call: response.call, text: beginning(&response.text) }
    }

    /// The fault of an answer that was cut off.
    pub(crate) fn truncated(text: &str) -> Self {
        Self::Truncated { text: beginning(text) }
    }

    /// The fault of an answer that is not the JSON that was asked for.
    pub(crate) fn invalid(text: &str, flaw: Flaw) -> Self {
        Self::Invalid { text: beginning(text), flaw }
    }

    fn category(&self) -> ErrorCategory {
        match self {
            Self::Host(failure) => failure.category,
            Self::Output(_) => ErrorCategory::Skill,
            Self::Withheld { .. } => ErrorCategory::Permanent,
            _ => ErrorCategory::Validation,
        }
    }

    /// An unusable answer is no failed call.
    fn cause(&self) -> Option<u32> {
        match self {
            Self::Host(failure) => Some(failure.call),
            Self::Withheld { call, .. } => Some(*call),
            _ => None,
        }
    }

    fn code(&self) -> Option<String> {
        match self {
            Self::Truncated { .. } => Some("MODEL_OUTPUT_TRUNCATED".to_owned()),
            Self::Invalid { .. } => Some("MODEL_OUTPUT_INVALID".to_owned()),
            _ => None,
        }
    }

    fn details(&self) -> Option<String> {
        match self {
            Self::Invalid { text, flaw: Flaw::Unfit { pointer, .. } } => {
                Some(json!({"text": text, "pointer": pointer}).to_string())
            }
            Self::Withheld { text, .. } | Self::Truncated { text } | Self::Invalid { text, .. } => {
                Some(json!({"text": text}).to_string())
            }
            _ => None,
        }
    }
}

impl From<Fault> for SkillError {
    fn from(fault: Fault) -> Self {
        let host = if let Fault::Host(failure) = &fault { Some(failure) } else { None };
        Self {
            message: fault.to_string(),
            category: fault.category(),
            code: fault.code(),
            cause: fault.cause(),
            pointer: matches!(fault, Fault::Input(_) | Fault::Question).then(String::new),
            retry_after_ms: host.and_then(|failure| failure.retry_after_ms),
            details: fault.details(),
        }
    }
}

fn beginning(text: &str) -> String {
    text.chars().take(DETAIL_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unusable_answer_claims_its_code_and_no_call() {
        let flaw = Flaw::Unfit { pointer: "/a".to_owned(), message: "is none of enum".to_owned() };
        let error = SkillError::from(Fault::invalid(&"é".repeat(DETAIL_CHARS + 1), flaw));
        assert_eq!((error.code.as_deref(), error.cause), (Some("MODEL_OUTPUT_INVALID"), None));
        assert_eq!(
            (error.category, error.message.as_str()),
            (ErrorCategory::Validation, "/a is none of enum")
        );
        let details = json!({"text": "é".repeat(DETAIL_CHARS), "pointer": "/a"});
        assert_eq!(error.details, Some(details.to_string()));
        let error = SkillError::from(Fault::truncated("{"));
        assert_eq!((error.code.as_deref(), error.cause), (Some("MODEL_OUTPUT_TRUNCATED"), None));
    }

    #[test]
    fn a_question_without_an_answer_points_at_its_call() {
        let error = SkillError::from(Fault::Withheld { call: 2, text: "no".to_owned() });
        assert_eq!((error.cause, error.code), (Some(2), None));
        assert_eq!(error.details, Some(json!({"text": "no"}).to_string()));
    }

    #[test]
    fn a_failure_of_the_host_points_at_its_call() {
        let failure = Failure {
            call: 3,
            code: "RATE_LIMITED".to_owned(),
            category: ErrorCategory::Resource,
            message: "slow down".to_owned(),
            retryable: true,
            retry_after_ms: Some(9),
            status: Some(429),
            request_sent: true,
        };
        let error = SkillError::from(Fault::Host(failure));
        assert_eq!((error.cause, error.retry_after_ms, error.code), (Some(3), Some(9), None));
        assert_eq!((error.category, error.message.as_str()), (ErrorCategory::Resource, "slow down"));
    }
}
