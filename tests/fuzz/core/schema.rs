//! Schemas: one in the first line, and a value that is checked in the rest.

use aos_core::failure::ErrorCode;
use aos_core::json;
use aos_core::schema::Schema;
use serde_json::Value;

/// Violations that are told at once.
const MAX_VIOLATIONS: usize = 10;

pub(super) fn check(data: &[u8]) {
    let Some((schema, value)) = super::text(data).and_then(|text| text.split_once('\n')) else { return };
    let (Ok(document), Ok(value)) = (json::read(schema), json::read(value)) else { return };
    let schema = match Schema::new(document.clone()) {
        Ok(schema) => schema,
        Err(failure) => {
            assert_eq!(failure.code, ErrorCode::SchemaInvalid);
            super::assert_sound(&failure);
            return;
        }
    };
    assert_eq!(*schema.document(), document);
    let Err(failure) = schema.check(&value, ErrorCode::InputSchemaViolation) else { return };
    assert_eq!(failure.code, ErrorCode::InputSchemaViolation);
    super::assert_sound(&failure);
    let details = failure.details.expect("details");
    let violations = details.get("violations").and_then(Value::as_array).expect("violations");
    assert!((1..=MAX_VIOLATIONS).contains(&violations.len()));
    for violation in violations {
        let text = |name: &str| violation.get(name).and_then(Value::as_str).expect("text");
        assert!(value.pointer(text("pointer")).is_some(), "{violation} is at no place of {value}");
        assert!((1..=512).contains(&text("message").len()), "{violation}");
        assert!(text("rule").is_empty() || text("rule").starts_with('/'), "{violation}");
    }
    let first = violations.first().and_then(|first| first.get("pointer"));
    assert_eq!(first, failure.pointer.map(Value::from).as_ref());
}
