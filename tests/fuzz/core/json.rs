//! The strict reader, beside the one that it is made of.

use aos_core::failure::ErrorCode;
use aos_core::json::{self, MAX_DEPTH};
use aos_core::units::MAX_EXACT_INTEGER;
use serde_json::Value;

pub(super) fn read(data: &[u8]) {
    let Some(text) = super::text(data) else { return };
    let lenient = serde_json::from_str::<Value>(text);
    match json::read(text) {
        Ok(value) => {
            assert_eq!(lenient.ok().as_ref(), Some(&value), "two readers read it differently");
            assert_exact(&value, 0);
            assert_eq!(json::read(&value.to_string()).ok(), Some(value), "what was read is read again");
        }
        Err(invalid) => {
            let strict = [ErrorCode::JsonDuplicateKey, ErrorCode::JsonTooDeep, ErrorCode::JsonNumberRange];
            assert!(lenient.is_err() || strict.contains(&invalid.code), "{invalid}");
            assert!(strict.contains(&invalid.code) || invalid.code == ErrorCode::JsonMalformed, "{invalid}");
            assert!((1..=text.split('\n').count()).contains(&invalid.line), "{invalid}");
            assert!(invalid.column >= 1 && invalid.column <= text.len() + 1, "{invalid}");
        }
    }
}

fn assert_exact(value: &Value, depth: usize) {
    assert!(depth <= MAX_DEPTH);
    match value {
        Value::Number(number) => {
            let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            assert!(magnitude.is_none_or(|magnitude| magnitude <= MAX_EXACT_INTEGER), "{number}");
        }
        Value::Array(items) => items.iter().for_each(|item| assert_exact(item, depth + 1)),
        Value::Object(members) => members.values().for_each(|member| assert_exact(member, depth + 1)),
        _ => {}
    }
}
