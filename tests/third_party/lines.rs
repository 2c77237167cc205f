//! `lines`: a command, plain Rust and no WIT.

use aos_host::failure::ErrorCode;
use aos_host::journal::Event;
use aos_host::skill::SkillKind;
use serde_json::json;

use super::scene::{Scene, admission, component, described, is_limited};
use crate::support::runtime::in_time_on_threads;

const NAME: &str = "lines";

#[test]
fn a_program_is_a_skill_with_its_streams_in_and_out() {
    let Some(bytes) = component(NAME) else { return };
    in_time_on_threads(async {
        let admission = admission(&bytes, NAME).await;
        assert_eq!(described(&admission, NAME).kind, SkillKind::Command);
        let scene = Scene::new(&bytes, NAME, "").await;
        let input = json!({"args": ["--upper", "first"], "stdin": "second\n", "env": {"LINES_PREFIX": "> "}});
        let expected = json!({"exit_code": 0, "stdout": "> FIRST\n> SECOND\n", "stderr": "lines: 2 read\n"});
        assert_eq!(scene.output(NAME, input).await, expected);
        assert_eq!(scene.output(NAME, json!({})).await["stdout"], "");
        let as_json = scene.output(NAME, json!({"stdin": {"b": [1, null], "a": "x"}})).await;
        assert_eq!(as_json["stdout"], "{\"a\":\"x\",\"b\":[1,null]}\n");
        let encoded = scene.output(NAME, json!({"stdin": {"base64": "w7w="}})).await;
        assert_eq!(encoded["stdout"], "ü\n");
    });
}

#[test]
fn what_it_says_to_standard_error_is_in_the_journal_and_standard_output_only_in_its_output() {
    let Some(bytes) = component(NAME) else { return };
    in_time_on_threads(async {
        let scene = Scene::new(&bytes, NAME, "").await;
        let run = scene.run(NAME, json!({"stdin": "canary\n"})).await;
        let emitted = run.entries().into_iter().filter_map(|entry| match entry.event {
            Event::Emitted(emitted) => emitted.text.as_str().map(ToOwned::to_owned),
            _ => None,
        });
        assert_eq!(emitted.collect::<String>(), "lines: 1 read\n");
    });
}

#[test]
fn another_status_is_a_failure_unless_it_is_accepted() {
    let Some(bytes) = component(NAME) else { return };
    in_time_on_threads(async {
        let scene = Scene::new(&bytes, NAME, "").await;
        let failing = json!({"args": ["--fail"], "stdin": "a\n"});
        let failed = scene.failure(NAME, failing.clone(), ErrorCode::SkillExit).await;
        assert!(failed.message.contains("status 1: lines: failing"), "{}", failed.message);
        assert_eq!((&failed.details["exit_code"], &failed.details["stdout"]), (&json!(1), &json!("a\n")));
        let mut accepted = failing;
        accepted["accept_exit_codes"] = json!([0, 1]);
        assert_eq!(scene.output(NAME, accepted).await["exit_code"], 1);
        scene.failure(NAME, json!({"args": "x"}), ErrorCode::InputSchemaViolation).await;
        scene.failure(NAME, json!({"env": {"A": "\u{0}"}}), ErrorCode::InputSchemaViolation).await;
    });
}

#[test]
fn variables_are_those_that_are_granted_and_its_own() {
    let Some(bytes) = component(NAME) else { return };
    in_time_on_threads(async {
        let prefix = |value: &str| json!({"environment": {"LINES_PREFIX": value}});
        let shown = async |scene: &Scene, input| scene.output(NAME, input).await["stdout"].clone();
        let plain = Scene::new(&bytes, NAME, "").await.granting(prefix("w "));
        assert_eq!(shown(&plain, json!({"stdin": "a"})).await, "w a\n");
        assert_eq!(shown(&plain, json!({"stdin": "a", "env": {"LINES_PREFIX": "i "}})).await, "i a\n");
        let own = "[grants.environment]\nLINES_PREFIX = \"s \"";
        let with_own = Scene::new(&bytes, NAME, own).await;
        assert_eq!(shown(&with_own, json!({"stdin": "a"})).await, "s a\n");
        assert_eq!(shown(&with_own.granting(prefix("w ")), json!({"stdin": "a"})).await, "w a\n");
        let narrow = Scene::new(&bytes, NAME, "[grants]\nenvironment = {}").await.granting(prefix("w "));
        assert_eq!(shown(&narrow, json!({"stdin": "a"})).await, "a\n");
        let given = json!({"env": {"LINES_PREFIX": "i "}});
        let failed = narrow.failure(NAME, given, ErrorCode::CapabilityDenied).await;
        assert_eq!(failed.details["pointer"], "/with/env/LINES_PREFIX");
    });
}

#[test]
fn it_is_limited() {
    let Some(bytes) = component(NAME) else { return };
    in_time_on_threads(async {
        is_limited(&bytes, NAME, NAME, &json!({"stdin": "a\n"})).await;
    });
}
