//! The strict reader refuses what others read in different ways.

use aos_core::failure::ErrorCode;
use aos_core::json::{MAX_DEPTH, read};
use proptest::prelude::*;
use serde_json::json;

#[test]
fn good_json_is_read() {
    let text = r#" {"a": [1, -2, 0.5, 1e300, true, null, "ü\n\ud83d\ude00"], "b": {}} "#;
    assert_eq!(read(text).unwrap(), json!({"a": [1, -2, 0.5, 1e300, true, null, "ü\n😀"], "b": {}}));
}

#[test]
fn each_refusal_has_its_code_and_place() {
    let deep = "[".repeat(MAX_DEPTH + 1);
    let very_deep = "[".repeat(100_000);
    let rows: &[(&str, ErrorCode, usize, usize)] = &[
        ("", ErrorCode::JsonMalformed, 1, 1),
        ("{\n  \"a\": 1,\n  oops\n}", ErrorCode::JsonMalformed, 3, 3),
        ("1 2", ErrorCode::JsonMalformed, 1, 3),
        (r#""\ud800""#, ErrorCode::JsonMalformed, 1, 8),
        (r#"{"a": 1, "a": 2}"#, ErrorCode::JsonDuplicateKey, 1, 12),
        (r#"{"a": {"b": 1, "b": 1}}"#, ErrorCode::JsonDuplicateKey, 1, 18),
        ("9007199254740992", ErrorCode::JsonNumberRange, 1, 16),
        ("[0, -9007199254740992]", ErrorCode::JsonNumberRange, 1, 21),
        ("1e999", ErrorCode::JsonNumberRange, 1, 5),
        ("{\n \"n\": 123456789012345678901234567890}", ErrorCode::JsonNumberRange, 2, 7),
        (&deep, ErrorCode::JsonTooDeep, 1, MAX_DEPTH + 1),
        (&very_deep, ErrorCode::JsonTooDeep, 1, MAX_DEPTH + 1),
    ];
    for (text, code, line, column) in rows {
        let error = read(text).expect_err(&text.chars().take(60).collect::<String>());
        assert_eq!(
            (error.code, error.line, error.column),
            (*code, *line, *column),
            "{text:.60} gave {error}"
        );
    }
}

#[test]
fn digits_inside_of_a_string_are_no_number() {
    assert!(read(r#"{"a": "123456789012345678901234567890", "\"": "\\"}"#).is_ok());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        let _ = read(&text);
    }

    #[test]
    fn what_was_read_is_read_again_the_same(numbers in prop::collection::vec(any::<f64>(), 0..8)) {
        let finite: Vec<f64> = numbers.into_iter().filter(|number| number.is_finite()).collect();
        let text = serde_json::to_string(&finite).unwrap();
        if let Ok(value) = read(&text) {
            prop_assert_eq!(serde_json::to_string(&value).unwrap(), text);
        }
    }
}
