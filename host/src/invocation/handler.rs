//! What a server of HTTP answered, in the shape in which `http_call` gives an answer.

use std::ops::RangeInclusive;

use aos_core::failure::{ErrorCategory, ErrorCode, Failure};
use aos_core::json;
use serde_json::{Map, Value, json};

use crate::doors::{Answered, WholeAnswer, value_of};

/// Statuses that are a success where the input does not say.
const USUAL: std::ops::Range<u16> = 100..400;

/// Bytes of a body that a failure tells.
const MAX_TOLD: usize = 2048;

/// The output, where the status is one that the input accepts.
///
/// # Errors
///
/// `SKILL_ERROR` for any other status, for an error in the place of an answer, and where there is none.
pub(super) async fn output(answered: Option<Answered>, input: &Value) -> Result<Value, Failure> {
    let nothing = || Failure::new(ErrorCode::SkillError, "the handler returned without an answer");
    let WholeAnswer { status, headers, body } = answered.ok_or_else(nothing)?.whole().await?;
    let fields = fields(&headers);
    if is_accepted(status, input) {
        return Ok(json!({"status": status, "headers": fields, "body": read(&headers, &body)}));
    }
    let told = String::from_utf8_lossy(body.get(..MAX_TOLD).unwrap_or(&body)).into_owned();
    let mut failure =
        Failure::new(ErrorCode::SkillError, format!("the handler answered with status {status}"));
    failure.status = Some(status);
    failure.category = if status >= 500 { ErrorCategory::Transient } else { ErrorCategory::Permanent };
    failure.retryable = failure.retry_class().is_retried();
    Err(failure.with_details(json!({"headers": fields, "body": told})))
}

fn is_accepted(status: u16, input: &Value) -> bool {
    let Some(accepted) = input.get("accept_status").and_then(Value::as_array) else {
        return USUAL.contains(&status);
    };
    accepted.iter().any(|one| match one {
        Value::String(text) => names(text, status),
        other => other.as_f64() == Some(f64::from(status)),
    })
}

/// Whether a class such as `4xx` or a range such as `200-299` has a status.
fn names(text: &str, status: u16) -> bool {
    match text.strip_suffix("xx") {
        Some(class) => class.parse() == Ok(status / 100),
        None => range(text).is_some_and(|range| range.contains(&status)),
    }
}

fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let (from, to) = text.split_once('-')?;
    Some(from.parse().ok()?..=to.parse().ok()?)
}

/// Refuses a range that has no status, beyond what the schema says.
pub(super) fn check(input: &Value) -> Result<(), Failure> {
    let accepted = input.get("accept_status").and_then(Value::as_array).into_iter().flatten();
    let is_empty = |one: &Value| one.as_str().and_then(range).is_some_and(|range| range.is_empty());
    match accepted.enumerate().find(|(_, one)| is_empty(one)) {
        None => Ok(()),
        Some((place, one)) => {
            let pointer = format!("/accept_status/{place}");
            let message =
                format!("at {pointer:?}: the range {one} has no status; write the smaller one first");
            Err(Failure::new(ErrorCode::InputSchemaViolation, message).at(pointer))
        }
    }
}

fn fields(headers: &[(String, String)]) -> Value {
    let mut fields = Map::new();
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        let is_list = name == "set-cookie";
        match fields.get_mut(&name) {
            Some(Value::Array(values)) => values.push(value.as_str().into()),
            Some(Value::String(joined)) => {
                joined.push_str(", ");
                joined.push_str(value);
            }
            _ => {
                let value = if is_list { json!([value]) } else { json!(value) };
                fields.insert(name, value);
            }
        }
    }
    Value::Object(fields)
}

/// The body, parsed where it says that it is JSON and is.
fn read(headers: &[(String, String)], body: &[u8]) -> Value {
    let named = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let media = named.map_or("", |(_, value)| value.split(';').next().unwrap_or_default().trim());
    let is_json =
        media.eq_ignore_ascii_case("application/json") || media.to_ascii_lowercase().ends_with("+json");
    let parsed = is_json.then(|| std::str::from_utf8(body).ok().and_then(|text| json::read(text).ok()));
    parsed.flatten().unwrap_or_else(|| value_of(body))
}
