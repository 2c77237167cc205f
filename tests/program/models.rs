//! The model providers that the environment names.

use serde_json::json;

use super::process::{Ended, Home, at_home};
use crate::support::flow;
use crate::support::models::KEY;
use crate::support::server::{Reply, Server};

/// Runs a question in an environment of these variables.
async fn ask(home: &Home, set: &[(&str, &str)]) -> Ended {
    home.write("flow.json", flow::llm(json!({"prompt": "why?"})));
    let set: Vec<_> = set.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let within: Vec<_> = std::iter::once("env").chain(set.iter().map(String::as_str)).collect();
    home.aos_within(&within, ["run", "flow.json", "--journal", "j.jsonl", "--format", "json"]).await
}

fn message() -> Reply {
    let content = json!([{"type": "text", "text": "because"}]);
    Reply::json(200, &json!({"model": "m", "content": content, "stop_reason": "end_turn"}))
}

#[test]
fn the_environment_names_the_provider() {
    at_home(async |home| {
        let server = Server::start([message()]).await;
        let origin = server.origin();
        let set = [("AOS_ANTHROPIC_API_KEY", KEY), ("AOS_ANTHROPIC_BASE_URL", origin.as_str())];
        let ended = ask(&home, &set).await;
        ended.assert_code(0);
        assert_eq!(ended.outcome().output["call"]["text"], "because");
        assert_eq!(server.only_request().header("x-api-key"), [KEY]);
        let journal = std::fs::read_to_string(home.path("j.jsonl")).unwrap();
        for text in [&ended.stdout, &ended.stderr, &journal] {
            assert!(!text.contains(KEY), "{text}");
        }
    });
}

#[test]
fn with_two_providers_each_is_asked_for_its_own_models() {
    at_home(async |home| {
        let (gpt, claude) = (Server::start([Reply::status(401)]).await, Server::start([]).await);
        let (of_gpt, of_claude) = (gpt.url("/v1"), claude.origin());
        let set = [
            ("AOS_LLM_BASE_URL", of_gpt.as_str()),
            ("AOS_ANTHROPIC_API_KEY", KEY),
            ("AOS_ANTHROPIC_BASE_URL", of_claude.as_str()),
        ];
        ask(&home, &set).await.assert_code(1);
        assert_eq!(gpt.paths(), ["/v1/chat/completions"]);
        assert_eq!(claude.connections(), 0);
    });
}

#[test]
fn a_value_that_cannot_be_right_is_told_before_anything_is_asked() {
    at_home(async |home| {
        let server = Server::start([]).await;
        let origin = server.origin();
        let cases = [
            (vec![("AOS_LLM_BASE_URL", "nonsense")], "nonsense"),
            (vec![("AOS_LLM_BASE_URL", origin.as_str()), ("AOS_LLM_API_KEY", "")], "the key is empty"),
            (vec![("AOS_ANTHROPIC_API_KEY", "")], "the key is empty"),
            (vec![("AOS_ANTHROPIC_API_KEY", KEY), ("AOS_ANTHROPIC_BASE_URL", "nonsense")], "nonsense"),
            (vec![("AOS_ANTHROPIC_BASE_URL", origin.as_str())], "AOS_ANTHROPIC_API_KEY is not"),
        ];
        for (set, word) in cases {
            let ended = ask(&home, &set).await;
            ended.assert_code(2);
            let (variable, _) = set[0];
            for text in [variable, word] {
                assert!(ended.stderr.contains(text), "{text}: {}", ended.stderr);
            }
            assert!(!ended.stderr.contains(KEY), "{}", ended.stderr);
            assert!(!home.path("j.jsonl").exists());
        }
        assert_eq!(server.connections(), 0);
    });
}

#[test]
fn without_a_provider_both_ways_out_are_told() {
    at_home(async |home| {
        let ended = ask(&home, &[]).await;
        ended.assert_code(1);
        let outcome = ended.outcome();
        let help = home.aos(["run", "--help"]).await;
        assert_eq!(outcome.code.as_str(), "CONFIG_INVALID");
        for name in ["AOS_LLM_BASE_URL", "AOS_LLM_API_KEY", "AOS_ANTHROPIC_API_KEY"] {
            assert!(outcome.message.contains(name), "{}", outcome.message);
            assert!(help.stdout.contains(name), "{}", help.stdout);
        }
        assert!(help.stdout.contains("AOS_ANTHROPIC_BASE_URL"), "{}", help.stdout);
    });
}
