//! Words of `aos:skill/types`, to and from the catalogue's.

use aos_core::failure::{ErrorCategory, Failure};

use super::Guest;
use crate::sandbox::bindings::aos::skill::types;

impl types::Host for Guest {}

/// A failure as the guest gets it.
pub(super) fn to_guest(failure: Failure, index: u32) -> types::Failure {
    types::Failure {
        call: index,
        code: failure.code.as_str().to_owned(),
        category: category(failure.category),
        message: failure.message,
        retryable: failure.retryable,
        retry_after_ms: failure.retry_after_ms,
        status: failure.status,
        request_sent: failure.request_sent,
    }
}

const fn category(category: ErrorCategory) -> types::ErrorCategory {
    match category {
        ErrorCategory::Transient => types::ErrorCategory::Transient,
        ErrorCategory::Permanent => types::ErrorCategory::Permanent,
        ErrorCategory::Resource => types::ErrorCategory::Resource,
        ErrorCategory::Permission => types::ErrorCategory::Permission,
        ErrorCategory::Validation => types::ErrorCategory::Validation,
        ErrorCategory::Skill => types::ErrorCategory::Skill,
        ErrorCategory::Integrity => types::ErrorCategory::Integrity,
        ErrorCategory::Infrastructure => types::ErrorCategory::Infrastructure,
        ErrorCategory::Cancelled => types::ErrorCategory::Cancelled,
    }
}
