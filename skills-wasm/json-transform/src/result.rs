//! What a result may hold: only what every reader of the output sees alike.

use serde_json::{Number, Value};

use crate::path;

/// 2^53 - 1. Past it, a reader that takes numbers for doubles sees another integer than was written.
const MAX_EXACT: u64 = (1 << 53) - 1;

/// From here on RFC 8785 writes a double with an exponent, and nobody takes it for an integer.
const FIRST_EXPONENT: f64 = 1e21;

/// The host reads 96 levels, and the value stands in objects of the output and of the next step.
pub(crate) const MAX_DEPTH: usize = 90;

/// Why a value may not be a result.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}, at {pointer:?} of the result")]
pub(crate) struct Unfit {
    pointer: String,
    problem: Problem,
}

/// What is wrong with a value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    /// An integer that a double does not hold exactly.
    #[error("number {0} is past 2^53 - 1 in size and would not be read exactly")]
    Inexact(String),
    /// Infinity, or no number at all.
    #[error("number {0} cannot be written as JSON")]
    NotFinite(String),
    /// A string of bytes, or a text that is not UTF-8.
    #[error("string is not UTF-8")]
    NotText,
    /// An object's key that is no string.
    #[error("key {0} is not a string")]
    Key(String),
    /// More levels than a reader takes.
    #[error("value goes deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

impl Problem {
    /// The problem of the value itself; `Unfit::inside` says where the value lies.
    pub(crate) fn here(self) -> Unfit {
        Unfit { pointer: String::new(), problem: self }
    }
}

impl Unfit {
    /// The same, seen from one level up.
    pub(crate) fn inside(self, step: &str) -> Self {
        Self { pointer: format!("/{}{}", path::escape(step), self.pointer), ..self }
    }
}

/// Checks a result.
///
/// # Errors
///
/// A number past 2^53 - 1 in size that would be written as an integer, and more than [`MAX_DEPTH`] levels.
pub(crate) fn check(value: &Value) -> Result<(), Unfit> {
    within(value, MAX_DEPTH)
}

fn within(value: &Value, levels: usize) -> Result<(), Unfit> {
    let inside =
        |item: &Value, step: &str| within(item, levels.saturating_sub(1)).map_err(|unfit| unfit.inside(step));
    match value {
        Value::Array(_) | Value::Object(_) if levels == 0 => Err(Problem::TooDeep.here()),
        Value::Array(array) => {
            array.iter().enumerate().try_for_each(|(index, item)| inside(item, &index.to_string()))
        }
        Value::Object(object) => object.iter().try_for_each(|(key, item)| inside(item, key)),
        Value::Number(number) if !is_exact(number) => Err(Problem::Inexact(number.to_string()).here()),
        _ => Ok(()),
    }
}

fn is_exact(number: &Number) -> bool {
    let integer = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
    let size = number.as_f64().unwrap_or_default().abs();
    integer.map_or(size <= MAX_EXACT as f64 || size >= FIRST_EXPONENT, |integer| integer <= MAX_EXACT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_that_would_change_are_named_by_their_place() {
        for fine in
            [json!(9007199254740991_i64), json!(-9007199254740991_i64), json!(1e21), json!(0.1), json!(1e-9)]
        {
            assert_eq!(check(&fine), Ok(()), "{fine}");
        }
        for number in
            [json!(9007199254740992_i64), json!(-9007199254740992_i64), json!(u64::MAX), json!(1e17)]
        {
            let unfit = check(&json!({"a/b": [0, number]})).unwrap_err();
            assert_eq!(unfit.pointer, "/a~1b/1");
            assert!(unfit.to_string().starts_with(&format!("number {number} is past")));
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
        assert_eq!(check(&nested(MAX_DEPTH)), Ok(()));
        assert!(matches!(check(&nested(MAX_DEPTH + 1)), Err(Unfit { problem: Problem::TooDeep, .. })));
    }
}
