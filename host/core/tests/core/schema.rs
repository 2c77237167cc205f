//! Violations of JSON Schema 2020-12: each keyword that can be violated, where in the value, and where in the schema.

use aos_core::failure::{ErrorCategory, ErrorCode};
use aos_core::schema::Schema;
use serde_json::{Value, json};

/// A schema of the member `a`, a value of it that violates it, the keyword, and where both lie below `a`.
fn violations() -> Vec<(Value, Value, &'static str, &'static str, &'static str)> {
    vec![
        (json!({"type": "integer"}), json!("x"), "type", "", "/type"),
        (json!({"type": ["integer", "null"]}), json!("x"), "type", "", "/type"),
        (json!({"enum": [1, 2]}), json!(3), "enum", "", "/enum"),
        (json!({"const": 1}), json!(2), "const", "", "/const"),
        (json!({"multipleOf": 2}), json!(3), "multipleOf", "", "/multipleOf"),
        (json!({"maximum": 2}), json!(3), "maximum", "", "/maximum"),
        (json!({"exclusiveMaximum": 3}), json!(3), "exclusiveMaximum", "", "/exclusiveMaximum"),
        (json!({"minimum": 4}), json!(3), "minimum", "", "/minimum"),
        (json!({"exclusiveMinimum": 3}), json!(3), "exclusiveMinimum", "", "/exclusiveMinimum"),
        (json!({"maxLength": 1}), json!("xy"), "maxLength", "", "/maxLength"),
        (json!({"minLength": 3}), json!("xy"), "minLength", "", "/minLength"),
        (json!({"pattern": "^a+$"}), json!("b"), "pattern", "", "/pattern"),
        (json!({"maxItems": 1}), json!([1, 2]), "maxItems", "", "/maxItems"),
        (json!({"minItems": 3}), json!([1, 2]), "minItems", "", "/minItems"),
        (json!({"uniqueItems": true}), json!([1, 1]), "uniqueItems", "", "/uniqueItems"),
        (json!({"contains": {"const": 1}}), json!([2]), "contains", "", "/contains"),
        (json!({"items": {"type": "string"}}), json!(["x", 1]), "type", "/1", "/items/type"),
        (json!({"prefixItems": [{"type": "string"}]}), json!([1]), "type", "/0", "/prefixItems/0/type"),
        (json!({"unevaluatedItems": false}), json!([1]), "unevaluatedItems", "", "/unevaluatedItems"),
        (json!({"maxProperties": 0}), json!({"b": 1}), "maxProperties", "", "/maxProperties"),
        (json!({"minProperties": 2}), json!({"b": 1}), "minProperties", "", "/minProperties"),
        (json!({"required": ["c"]}), json!({"b": 1}), "required", "", "/required"),
        (json!({"dependentRequired": {"b": ["c"]}}), json!({"b": 1}), "required", "", "/dependentRequired"),
        (
            json!({"properties": {"b/~": false}}),
            json!({"b/~": 1}),
            "falseSchema",
            "/b~1~0",
            "/properties/b~1~0",
        ),
        (
            json!({"patternProperties": {"^b": {"type": "null"}}}),
            json!({"bc": 1}),
            "type",
            "/bc",
            "/patternProperties/^b/type",
        ),
        (json!({"additionalProperties": false}), json!({"b": 1}), "falseSchema", "", "/additionalProperties"),
        (
            json!({"unevaluatedProperties": false}),
            json!({"b": 1}),
            "unevaluatedProperties",
            "",
            "/unevaluatedProperties",
        ),
        (
            json!({"propertyNames": {"maxLength": 1}}),
            json!({"bc": 1}),
            "propertyNames",
            "",
            "/propertyNames/maxLength",
        ),
        (json!({"allOf": [true, {"type": "null"}]}), json!(1), "type", "", "/allOf/1/type"),
        (json!({"anyOf": [{"type": "null"}, {"type": "string"}]}), json!(1), "anyOf", "", "/anyOf"),
        (json!({"oneOf": [{"type": "null"}, {"type": "string"}]}), json!(1), "oneOf", "", "/oneOf"),
        (json!({"oneOf": [true, true]}), json!(1), "oneOf", "", "/oneOf"),
        (json!({"not": {"type": "integer"}}), json!(1), "not", "", "/not"),
        (json!({"if": true, "then": {"type": "null"}}), json!(1), "type", "", "/then/type"),
        (json!({"if": false, "else": {"type": "null"}}), json!(1), "type", "", "/else/type"),
        (
            json!({"dependentSchemas": {"b": {"required": ["c"]}}}),
            json!({"b": 1}),
            "required",
            "",
            "/dependentSchemas/b/required",
        ),
        (json!(false), json!(1), "falseSchema", "", ""),
    ]
}

#[test]
fn each_violation_names_the_place_in_the_value_and_the_rule() {
    for (schema, value, keyword, pointer, rule) in violations() {
        let whole = Schema::new(json!({"properties": {"a": schema}})).unwrap();
        for code in [ErrorCode::InputSchemaViolation, ErrorCode::OutputSchemaViolation] {
            let failure = whole.check(&json!({"a": value}), code).expect_err(keyword);
            assert_eq!((failure.code, failure.category), (code, ErrorCategory::Validation));
            assert_eq!(failure.pointer, Some(format!("/a{pointer}")), "{schema}");
            let told = &failure.outcome_details()["violations"];
            assert_eq!(told.as_array().map(Vec::len), Some(1), "{told}");
            assert_eq!(told[0]["pointer"], format!("/a{pointer}"), "{told}");
            assert_eq!(told[0]["rule"], format!("/properties/a{rule}"), "{told}");
            assert_eq!(told[0]["keyword"], keyword, "{told}");
            let message = told[0]["message"].as_str().unwrap();
            assert_eq!(failure.message, format!("at \"/a{pointer}\": {message}"));
        }
        let fits = Schema::new(json!({"properties": {"b": schema}})).unwrap();
        assert_eq!(fits.check(&json!({"a": value}), ErrorCode::InputSchemaViolation), Ok(()));
    }
}

#[test]
fn ten_violations_at_most_are_told_and_none_repeats_a_value_at_length() {
    let schema = Schema::new(json!({"items": {"type": "integer"}})).unwrap();
    let long = vec![Value::from("x".repeat(100_000)); 20];
    let failure = schema.check(&json!(long), ErrorCode::InputSchemaViolation).unwrap_err();
    let details = failure.details.unwrap();
    assert_eq!(details["violations"].as_array().unwrap().len(), 10);
    assert!(details.to_string().len() < 10 * 1024, "{} bytes", details.to_string().len());
}
