//! RFC 8785 bytes, and the first difference between two values.

use aos_core::canonical::{Difference, first_difference, to_vec};
use serde_json::{Value, json};

#[test]
fn the_example_of_the_standard_has_its_bytes() {
    let value: Value = serde_json::from_str(
        r#"{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],
            "string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#,
    )
    .unwrap();
    let expected = r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#;
    assert_eq!(String::from_utf8(to_vec(&value).unwrap()).unwrap(), expected);
}

#[test]
fn names_are_sorted_whatever_order_they_came_in() {
    let value: Value = serde_json::from_str(r#"{"b":1,"a":2,"A":3}"#).unwrap();
    assert_eq!(to_vec(&value).unwrap(), br#"{"A":3,"a":2,"b":1}"#);
}

#[test]
fn the_first_difference_has_a_pointer_with_escapes() {
    let rows = [
        (json!({"a": 1}), json!({"a": 1}), None),
        (json!({"a": [1, 2]}), json!({"a": [1, 3]}), Some("/a/1")),
        (json!({"a/b": {"~": 1}}), json!({"a/b": {"~": 2}}), Some("/a~1b/~0")),
        (json!({"a": 1}), json!({}), Some("/a")),
        (json!({}), json!({"a": 1}), Some("/a")),
        (json!([1]), json!([1, 2]), Some("/1")),
        (json!(1), json!("1"), Some("")),
    ];
    for (left, right, pointer) in rows {
        let found = first_difference(&left, &right).map(|found| found.pointer);
        assert_eq!(found.as_deref(), pointer, "{left} {right}");
    }
    let (left, right) = (json!({"a": 1}), json!({}));
    let expected = Difference { pointer: "/a".to_owned(), left: Some(&json!(1)), right: None };
    assert_eq!(first_difference(&left, &right), Some(expected));
}
