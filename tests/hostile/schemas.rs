//! Schemas that mean harm: ones that lead out of their document, go round in circles, or match without end.

use std::time::Duration;

use aos_host::failure::ErrorCode;
use aos_host::schema::Schema;
use serde_json::{Value, json};
use tokio::time::Instant;

#[test]
fn a_schema_that_leads_out_of_itself_or_is_none_is_refused() {
    for wrong in [
        json!({"$ref": "https://example.com/schema.json"}),
        json!({"$ref": "file:///etc/passwd"}),
        json!({"$ref": "#/$defs/nothing"}),
        json!({"type": "nothing"}),
        json!({"pattern": "(?<=look)behind"}),
        json!({"pattern": "(a)\\1"}),
        json!({"enum": vec!["x".repeat(1000); 100]}),
        json!(7),
    ] {
        let refused = Schema::new(wrong.clone()).map(|_| ()).unwrap_err();
        assert_eq!(refused.code, ErrorCode::SchemaInvalid, "{wrong}: {refused}");
    }
}

/// Patterns that take a backtracking matcher longer than the age of the world.
#[test]
fn a_pattern_is_matched_in_time_that_grows_with_the_text_alone() {
    let text = format!("{}!", "a".repeat(50_000));
    for pattern in ["^(a+)+$", "^(a|aa)+$", "^(a*)*b$", "^([a-z]+)*$", "(.*a){12}$"] {
        let schema = Schema::new(json!({ "pattern": pattern })).unwrap();
        let began = Instant::now();
        let refused = schema.check(&json!(text), ErrorCode::InputSchemaViolation);
        assert!(refused.is_err() && began.elapsed() < Duration::from_secs(20), "{pattern}");
    }
}

#[test]
fn a_schema_that_refers_to_itself_ends_with_the_value() {
    let schema = Schema::new(json!({"type": ["array", "null"], "items": {"$ref": "#"}})).unwrap();
    let deep = (0..90).fold(Value::Null, |inner, _| json!([inner]));
    assert_eq!(schema.check(&deep, ErrorCode::InputSchemaViolation), Ok(()));
    let wrong = (0..90).fold(json!(1), |inner, _| json!([inner]));
    assert!(schema.check(&wrong, ErrorCode::InputSchemaViolation).is_err());
}

/// A reference that leads to itself without ever coming to a value.
#[test]
fn a_schema_that_goes_round_in_circles_neither_hangs_nor_panics() {
    for circle in [
        json!({"$ref": "#"}),
        json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}),
    ] {
        if let Ok(schema) = Schema::new(circle) {
            let _ = schema.check(&json!({"a": [1]}), ErrorCode::InputSchemaViolation);
        }
    }
}
