//! `sums`: one bare function, written by hand as text.

use aos_host::failure::ErrorCode;
use aos_host::skill::SkillKind;
use serde_json::{Value, json};

use super::scene::{Scene, admission, described, is_limited};
use crate::support::runtime::{in_time_on_threads, read};

fn component() -> Vec<u8> {
    wat::parse_str(read("fixtures/third-party/sums/sums.wat")).unwrap()
}

#[test]
fn one_function_is_a_skill_of_the_components_name() {
    in_time_on_threads(async {
        let admission = admission(&component(), "sums").await;
        let sums = described(&admission, "sums");
        assert_eq!((sums.kind, sums.version.as_str()), (SkillKind::Function, "0.0.0"));
        assert_eq!(sums.export.as_ref().unwrap().to_string(), "sum");
        assert_eq!(sums.input_schema["properties"]["numbers"]["type"], "array");
        assert_eq!(sums.input_schema["required"], json!(["numbers"]));
        assert!(admission.uncallable.is_empty() && admission.imports.is_empty());
    });
}

#[test]
fn integers_go_through_whole_and_are_quoted_where_they_would_change() {
    in_time_on_threads(async {
        let scene = Scene::new(&component(), "sums", "").await;
        for (numbers, sum) in [
            (json!([]), json!(0)),
            (json!([1, -2, 40]), json!(39)),
            (json!([9_007_199_254_740_991_i64]), json!(9_007_199_254_740_991_i64)),
            (json!([9_007_199_254_740_991_i64, 1]), json!("9007199254740992")),
            (json!(["9223372036854775806", 1]), json!("9223372036854775807")),
            (json!(["-9223372036854775808"]), json!("-9223372036854775808")),
        ] {
            assert_eq!(scene.output("sums", json!({"numbers": numbers})).await, sum, "{numbers}");
        }
        let trap =
            scene.failure("sums", json!({"numbers": ["9223372036854775807", 1]}), ErrorCode::SkillTrap).await;
        assert!(trap.message.contains("unreachable"), "{}", trap.message);
    });
}

#[test]
fn what_it_does_not_take_never_begins() {
    in_time_on_threads(async {
        let scene = Scene::new(&component(), "sums", "").await;
        for (input, pointer) in [
            (json!({}), "/with"),
            (json!({"numbers": ["x"]}), "/with/numbers/0"),
            (json!({"numbers": [1.5]}), "/with/numbers/0"),
        ] {
            let failed = scene.failure("sums", input, ErrorCode::InputSchemaViolation).await;
            assert_eq!(failed.details["pointer"], pointer, "{}", failed.message);
            assert_eq!(failed.run.outcome.fuel, aos_host::units::Fuel::ZERO);
        }
        // A whole number past 2^53 - 1 that is written as a fraction is one all the same.
        let large = scene.failure("sums", json!({"numbers": [1e17]}), ErrorCode::JsonNumberRange).await;
        assert!(large.message.contains("quote it"), "{}", large.message);
        assert_eq!(large.details["pointer"], "/with/numbers/0");
    });
}

#[test]
fn it_is_limited() {
    in_time_on_threads(async {
        let many = Value::from(vec![1; 1000]);
        is_limited(&component(), "sums", "sums", &json!({ "numbers": many })).await;
    });
}

#[test]
fn lists_of_many_are_handed_over_and_too_many_are_refused() {
    in_time_on_threads(async {
        let scene = Scene::new(&component(), "sums", "").await;
        let many = Value::from(vec![1; 300_000]);
        assert_eq!(scene.output("sums", json!({ "numbers": many })).await, json!(300_000));
        let workflow = crate::support::recorded::parse(
            r#"{aos: 1, name: one, steps: [{id: it, skill: sums, with: "${ .input }"}]}"#,
        );
        // What an expression copies has a limit as well, which strikes first.
        let outcome = scene.runtime.run(&workflow, json!({"numbers": vec![1; 1 << 20]})).await;
        assert_eq!(outcome.code.as_str(), "WORKFLOW_LIMIT", "{}", outcome.message);
        let skill = scene.runtime.skill(&aos_host::ids::SkillId::new("sums").unwrap()).unwrap();
        let refused = skill.check_input(&json!({"numbers": vec![1; 1 << 20]})).unwrap_err();
        assert_eq!(refused.code, ErrorCode::PayloadTooLarge);
    });
}
