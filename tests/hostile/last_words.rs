//! What a guest that gives up says last: its panic, in the message and in the details, live and in a replay.

use aos_host::failure::ErrorCode;
use serde_json::json;

use super::component::hostile;
use super::run;
use crate::support::flow;
use crate::support::recorded::record;
use crate::support::runtime::{in_time, stubbed};

#[test]
fn a_panic_of_rust_is_told_with_its_place_and_its_message() {
    in_time(async {
        let with = json!({"do": "panic", "text": "the \u{1b}[31mvalue is\nbroken"});
        let workflow = flow::one_step(json!({}), "probe", json!({"with": with}));
        let run = record(&stubbed("{}").await, &workflow, json!({})).await;
        run.assert_failure(ErrorCode::SkillTrap);
        let step = run.step("call");
        assert!(step.message.starts_with("panicked at probe/src/scenario.rs:"), "{}", step.message);
        assert!(step.message.contains(": the \\u{1b}[31mvalue is: wasm trap"), "{}", step.message);
        assert_eq!(step.details["subcode"], "UnreachableCodeReached");
        let panic = step.details["panic"].as_str().unwrap();
        assert!(panic.contains("panicked at probe/src/scenario.rs:"), "{panic}");
        assert!(panic.contains("the \\u{1b}[31mvalue is\\nbroken"), "{panic}");
        assert!(!panic.chars().any(char::is_control), "{panic}");
    });
}

#[test]
fn of_a_long_text_the_end_is_kept() {
    in_time(async {
        let text = format!("{}the end", "long ".repeat(2000));
        let with = json!({"do": "panic", "text": text});
        let workflow = flow::one_step(json!({}), "probe", json!({"with": with}));
        let run = record(&stubbed("{}").await, &workflow, json!({})).await;
        run.assert_failure(ErrorCode::SkillTrap);
        let step = run.step("call");
        let panic = step.details["panic"].as_str().unwrap();
        assert!(panic.contains("the end") && panic.len() < 2048, "{panic}");
        assert!(step.message.len() <= 512, "{}", step.message);
    });
}

#[test]
fn a_guest_that_wrote_nothing_has_no_last_words() {
    in_time(async {
        let runtime = stubbed("{}").await;
        runtime.register_skill(hostile("gives_up", "(func $body (unreachable))")).await.unwrap();
        let (outcome, _) = run(&runtime, "gives_up", 60_000).await;
        assert_eq!(outcome.details["panic"], json!(null), "{}", outcome.message);
    });
}
