//! What a skill says when it fails, whatever a test wants it to say.

use serde::Deserialize;

use crate::bindings::SkillError;
use crate::bindings::aos::skill::types::ErrorCategory;

/// An error of `aos:skill` as a test writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Claim {
    message: String,
    category: Category,
    code: Option<String>,
    cause: Option<u32>,
    pointer: Option<String>,
    retry_after_ms: Option<u64>,
    details: Option<String>,
}

#[derive(Deserialize)]
#[serde(remote = "ErrorCategory", rename_all = "lowercase")]
enum Remote {
    Transient,
    Permanent,
    Resource,
    Permission,
    Validation,
    Skill,
    Integrity,
    Infrastructure,
    Cancelled,
}

#[derive(Deserialize)]
struct Category(#[serde(with = "Remote")] ErrorCategory);

impl From<Claim> for SkillError {
    fn from(claim: Claim) -> Self {
        let Claim { message, category, code, cause, pointer, retry_after_ms, details } = claim;
        Self { message, category: category.0, code, cause, pointer, retry_after_ms, details }
    }
}

/// What a scenario fails with by itself.
impl From<String> for SkillError {
    fn from(message: String) -> Self {
        Self {
            message,
            category: ErrorCategory::Skill,
            code: None,
            cause: None,
            pointer: None,
            retry_after_ms: None,
            details: None,
        }
    }
}

impl From<&str> for SkillError {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}
