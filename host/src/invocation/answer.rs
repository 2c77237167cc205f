//! What a skill returned: an output that fits its schema, or a failure whose code the host decides.

use aos_core::failure::{ErrorCategory, ErrorCode, Failure};
use aos_core::json;
use aos_core::schema::Schema;
use serde_json::{Map, Value, json};

use super::callee::{Callee, Returned};
use super::{command, handler};
use crate::doors::{Answered, Program};
use crate::gate::Gate;
use crate::sandbox::bindings::aos::skill::types::{ErrorCategory as GuestCategory, SkillError};

/// Longest pause that a skill may ask for: an hour.
const MAX_PAUSE_MS: u64 = 60 * 60 * 1000;

/// Bytes of a skill's own details that are kept.
const MAX_DETAILS: usize = 16 * 1024;

/// Calls of a component that failed which are told.
const MAX_CALLS: usize = 10;

/// Codes that a skill may give itself.
const CLAIMABLE: [ErrorCode; 3] =
    [ErrorCode::TransformError, ErrorCode::ModelOutputTruncated, ErrorCode::ModelOutputInvalid];

/// The output that follows from what a guest returned, and from what it left with its doors.
pub(super) async fn read(
    callee: &Callee,
    returned: Returned,
    (program, answered): (Program, Option<Answered>),
    (input, gate): (&Value, &Gate),
) -> Result<Value, Failure> {
    match (callee, returned) {
        (Callee::Skill { output, .. }, Returned::Skill(returned)) => contract(returned, gate, output),
        (Callee::Function { signature, .. }, Returned::Function(value)) => {
            signature.output(value.as_ref()).map_err(bounded)
        }
        (Callee::Command { .. }, Returned::Exited(status)) => command::output(status, &program, input),
        (Callee::Handler { .. }, Returned::Handled) => handler::output(answered, input).await,
        _ => Err(Failure::new(ErrorCode::HostBug, "the component was called as something else than it is")),
    }
}

/// What is in an error is for whoever wrote the workflow, and not the whole of a large document.
pub(super) fn bounded(failure: Failure) -> Failure {
    match failure.details.as_ref().map(ToString::to_string) {
        Some(text) if text.len() > MAX_DETAILS => Failure { details: details(&text), ..failure },
        _ => failure,
    }
}

/// A component that knows nothing of this host cannot name the call that made it fail. The calls that failed before it did
/// are told beside what it says; which of them was the cause, if any, is not guessed.
pub(super) fn with_calls(callee: &Callee, failure: Failure, gate: &Gate) -> Failure {
    let own = matches!(failure.code, ErrorCode::SkillError | ErrorCode::SkillExit | ErrorCode::SkillTrap);
    let failed = gate.failed_calls();
    let (false, true, Some((call, last))) = (matches!(callee, Callee::Skill { .. }), own, failed.last())
    else {
        return failure;
    };
    let told = Failure::new(failure.code, format!("{}; its call {call} had failed: {last}", failure.message));
    let calls = failed
        .iter()
        .rev()
        .take(MAX_CALLS)
        .map(|(call, failure)| json!({"call": call, "code": failure.code, "message": failure.message}));
    let calls: Vec<Value> = calls.collect();
    let mut failure = Failure { message: told.message, ..failure }.with_detail("failed_calls", calls);
    // What was refused for want of a grant is refused again.
    if failure.category == ErrorCategory::Transient
        && failed.iter().all(|(_, call)| call.category == ErrorCategory::Permission)
    {
        failure.category = ErrorCategory::Permanent;
        failure.retryable = failure.retry_class().is_retried();
    }
    failure
}

/// Reads what `invoke` returned.
fn contract(returned: Result<String, SkillError>, gate: &Gate, output: &Schema) -> Result<Value, Failure> {
    let text = returned.map_err(|error| failure(error, gate))?;
    let value = json::read(&text).map_err(|error| {
        Failure::new(error.code, format!("the skill's output: {error}"))
            .with_details(json!({"line": error.line, "column": error.column}))
    })?;
    output.check(&value, ErrorCode::OutputSchemaViolation)?;
    Ok(value)
}

/// A skill that names the host call that made it fail gets the host's own record of it, and no other code.
fn failure(error: SkillError, gate: &Gate) -> Failure {
    let mut failure = match error.cause {
        Some(call) => match gate.failure_of(call) {
            Some(recorded) => {
                Failure { message: Failure::new(recorded.code, error.message).message, ..recorded }
            }
            None => {
                let message = format!("the skill names call {call} as its cause, and that call did not fail");
                return Failure::new(ErrorCode::AbiViolation, message);
            }
        },
        None => own_failure(error.message, error.code.as_deref(), error.category, error.retry_after_ms),
    };
    failure.details = error.details.as_deref().and_then(details).or(failure.details);
    match error.pointer {
        Some(pointer) => failure.at(pointer),
        None => failure,
    }
}

/// What a skill in Rust says of its own failure: a code that a skill may give itself, or its own word.
pub(super) fn claimed(
    code: ErrorCode,
    (message, category, pause): (String, ErrorCategory, Option<u64>),
    subcode: Option<String>,
) -> Failure {
    if CLAIMABLE.contains(&code) {
        return Failure::new(code, message);
    }
    let category = match category {
        own @ (ErrorCategory::Transient
        | ErrorCategory::Permanent
        | ErrorCategory::Resource
        | ErrorCategory::Validation) => own,
        _ => ErrorCategory::Skill,
    };
    let word = if code == ErrorCode::SkillError { subcode } else { Some(code.as_str().to_owned()) };
    word.into_iter().fold(in_own_words(message, category, pause), Failure::with_subcode)
}

fn own_failure(message: String, word: Option<&str>, said: GuestCategory, pause: Option<u64>) -> Failure {
    let claimed = word.and_then(|word| word.parse().ok()).filter(|code| CLAIMABLE.contains(code));
    match claimed {
        Some(code) => Failure::new(code, message),
        None => word.into_iter().fold(in_own_words(message, category(said), pause), Failure::with_subcode),
    }
}

fn in_own_words(message: String, category: ErrorCategory, pause: Option<u64>) -> Failure {
    let mut failure = Failure::new(ErrorCode::SkillError, message);
    failure.category = category;
    failure.retry_after_ms = pause.map(|pause| pause.min(MAX_PAUSE_MS));
    failure.retryable = failure.retry_class().is_retried();
    failure
}

/// Some classes are for the host alone to say; a skill that says them means itself.
const fn category(said: GuestCategory) -> ErrorCategory {
    match said {
        GuestCategory::Transient => ErrorCategory::Transient,
        GuestCategory::Permanent => ErrorCategory::Permanent,
        GuestCategory::Resource => ErrorCategory::Resource,
        GuestCategory::Validation => ErrorCategory::Validation,
        GuestCategory::Permission
        | GuestCategory::Skill
        | GuestCategory::Integrity
        | GuestCategory::Infrastructure
        | GuestCategory::Cancelled => ErrorCategory::Skill,
    }
}

fn details(text: &str) -> Option<Value> {
    if text.len() > MAX_DETAILS {
        let start: String = text.chars().take(MAX_DETAILS / 4).collect();
        return Some(Value::Object(Map::from_iter([("truncated".to_owned(), start.into())])));
    }
    json::read(text).ok()
}
