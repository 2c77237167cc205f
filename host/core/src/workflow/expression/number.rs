//! Numbers: IEEE doubles in the range of I-JSON (RFC 7493).
//!
//! What a number means, how it compares and how it is written depend on its double and on nothing else. So `2`
//! and `2.0` are one number, also after a value went through canonical JSON (RFC 8785) and came back.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// The largest integer that every JSON reader holds exactly (RFC 7493, section 2.2).
pub(super) const LARGEST_INTEGER: i64 = (1 << 53) - 1;

/// From here on, JSON is written with an exponent (RFC 8785, section 3.2.2.3), and no longer as an integer.
const EXPONENT_FROM: f64 = 1e21;

/// The value of a number that was written in an expression; nothing if it is out of range.
pub(super) fn literal(text: &str) -> Option<Value> {
    let number = text.parse().ok()?;
    let is_integer = text.bytes().all(|byte| byte.is_ascii_digit());
    if is_integer && integer(number).is_none() { None } else { made(number) }
}

/// The value of a computed number, an integer where it has no fraction.
///
/// Nothing if it is not finite, or if it would be written as an integer that not every reader holds exactly.
pub(super) fn made(number: f64) -> Option<Value> {
    if let Some(integer) = integer(number) {
        return Some(Value::from(integer));
    }
    if number.fract() == 0.0 && number.abs() < EXPONENT_FROM {
        return None;
    }
    Number::from_f64(number).map(Value::Number)
}

/// The number as an integer, where it is one and is exact.
pub(super) fn integer(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= LARGEST_INTEGER as f64).then_some(number as i64)
}

/// The double that the number is.
pub(super) fn double(number: &Number) -> f64 {
    // A number of serde_json always has a double, and a finite one. Adding zero makes `-0.0` into `0.0`.
    number.as_f64().unwrap_or_default() + 0.0
}

/// The order of two numbers.
pub(super) fn order(left: &Number, right: &Number) -> Ordering {
    double(left).total_cmp(&double(right))
}

/// The position that a number names in a sequence: truncated, as jq does.
pub(super) fn position(number: &Number) -> i64 {
    double(number) as i64
}

/// Whether the number is an integer that is not exact, and so is no number of I-JSON.
pub(super) fn is_past_exact(number: &Number) -> bool {
    (number.is_i64() || number.is_u64()) && integer(double(number)).is_none()
}
