//! Two model providers in one run, and what is told where they are set up wrong.

use std::sync::Arc;
use std::time::Duration;

use aos_host::Runtime;
use aos_host::budget::PriceList;
use aos_host::failure::{ErrorCode, Failure};
use aos_host::providers::{
    AnthropicMessages, ChatRequest, LlmProvider, ModelRouter, OpenAiCompatible, StubWorld, World,
};
use serde_json::{Value, json};

use crate::support::models::{KEY, assert_no_key};
use crate::support::recorded::{Recorded, record};
use crate::support::runtime::{in_time, of_prices};
use crate::support::server::{Reply, Server};

/// The key of the other provider.
const OTHER_KEY: &str = "sk-ant-canary-77b0";

const PRICES: &str = "
as_of = '2030-01-01'
fuel = 500
[models.gpt-4o-mini]
input = 1_000_000
output = 2_000_000
[models.claude-small]
input = 3_000_000
output = 4_000_000
";

async fn runtime(models: ModelRouter) -> Runtime {
    of_prices(World::live().with_llm(Arc::new(models)), PriceList::from_toml(PRICES).unwrap()).await
}

fn openai(server: &Server) -> Arc<dyn LlmProvider> {
    Arc::new(OpenAiCompatible::new(&server.url("/v1"), Some(KEY.to_owned())).unwrap())
}

fn anthropic(server: &Server) -> Arc<dyn LlmProvider> {
    Arc::new(AnthropicMessages::new(&server.origin(), OTHER_KEY.to_owned()).unwrap())
}

fn completion() -> Reply {
    let message = json!({"role": "assistant", "content": "of GPT"});
    let choice = json!({"index": 0, "finish_reason": "stop", "message": message});
    let usage = json!({"prompt_tokens": 7, "completion_tokens": 2});
    Reply::json(200, &json!({"model": "gpt-4o-mini", "choices": [choice], "usage": usage}))
}

fn message() -> Reply {
    let content = json!([{"type": "text", "text": "of Claude"}]);
    let usage = json!({"input_tokens": 7, "output_tokens": 2});
    let (model, stop) = ("claude-small", "end_turn");
    Reply::json(200, &json!({"model": model, "content": content, "stop_reason": stop, "usage": usage}))
}

/// A workflow that asks a model of each maker.
fn both() -> String {
    let ask = |model: &str| json!({"model": model, "prompt": "why?", "max_tokens": 10});
    json!({
        "aos": 1, "name": "both", "grants": {"models": ["gpt-4o-mini", "claude-small"]},
        "steps": [
            {"id": "gpt", "skill": "llm_invoke", "with": ask("gpt-4o-mini")},
            {"id": "claude", "skill": "llm_invoke", "needs": ["gpt"], "with": ask("claude-small")},
        ],
    })
    .to_string()
}

async fn ask_both(models: ModelRouter) -> Recorded {
    record(&runtime(models).await, &both(), json!({})).await
}

fn texts(run: &Recorded) -> [Value; 2] {
    ["gpt", "claude"].map(|step| run.step(step).output["text"].clone())
}

#[test]
fn each_model_is_asked_for_at_the_provider_of_its_maker() {
    in_time(async {
        let (gpt, claude) = (Server::start([completion()]).await, Server::start([message()]).await);
        let models = ModelRouter::new().with_claude(anthropic(&claude)).with_others(openai(&gpt));
        let run = ask_both(models).await;
        assert_eq!(texts(run.assert_success()), ["of GPT", "of Claude"]);
        let (gpt, claude) = (gpt.only_request(), claude.only_request());
        assert_eq!(
            (gpt.path.as_str(), gpt.json()["model"].as_str()),
            ("/v1/chat/completions", Some("gpt-4o-mini"))
        );
        assert_eq!(
            (claude.path.as_str(), claude.json()["model"].as_str()),
            ("/v1/messages", Some("claude-small"))
        );
        assert_eq!(gpt.header("authorization"), [format!("Bearer {KEY}")]);
        assert_eq!(claude.header("x-api-key"), [OTHER_KEY]);
        assert!(gpt.header("x-api-key").is_empty() && claude.header("authorization").is_empty());
        assert_eq!(run.step("gpt").side_effects[0].charge.nanos(), 7 + 2 * 2);
        assert_eq!(run.step("claude").side_effects[0].charge.nanos(), 7 * 3 + 2 * 4);
        assert_no_key(&run);
        assert!(!String::from_utf8_lossy(&run.journal).contains(OTHER_KEY));
        let elsewhere = runtime(ModelRouter::new()).await;
        run.assert_replays_on(&elsewhere).await;
    });
}

#[test]
fn the_only_provider_is_asked_for_every_model() {
    in_time(async {
        let server = Server::start([completion()]).await;
        let run = ask_both(ModelRouter::new().with_others(openai(&server))).await;
        assert_eq!(texts(run.assert_success()), ["of GPT", "of GPT"]);
        assert_eq!(server.paths(), ["/v1/chat/completions"; 2]);
        let server = Server::start([message()]).await;
        let run = ask_both(ModelRouter::new().with_claude(anthropic(&server))).await;
        assert_eq!(texts(run.assert_success()), ["of Claude", "of Claude"]);
        assert_eq!(server.paths(), ["/v1/messages"; 2]);
    });
}

#[test]
fn a_provider_is_told_what_was_answered_before_a_kill() {
    in_time(async {
        let stubs = || Arc::new(StubWorld::parse("llm: {ask: [{text: first}, {text: second}]}").unwrap());
        let models = ModelRouter::new().with_claude(stubs()).with_others(stubs()).open();
        let limit = Duration::from_secs(60);
        models.answered_before(&question("claude-small"));
        for (model, text) in [("claude-small", "second"), ("gpt-4o-mini", "first")] {
            assert_eq!(models.complete(question(model), limit).await.unwrap().text, text);
        }
    });
}

fn question(model: &str) -> ChatRequest {
    let question = json!({
        "model": model, "messages": [{"role": "user", "content": "?"}], "max_tokens": 1, "temperature": null,
        "stop": [], "response_schema": null, "tools": [], "task": "ask",
    });
    serde_json::from_value(question).unwrap()
}

#[test]
fn what_cannot_be_right_is_refused_when_it_is_set_up() {
    let right = "https://api.example.com";
    assert_eq!(refusals(right, KEY), [None, None]);
    for url in
        ["", "nonsense", "ftp://a.test", "https://me@a.test", "https://a.test/v1?x=1", "https://a.test#x"]
    {
        for failure in refusals(url, KEY) {
            let failure = failure.unwrap_or_else(|| panic!("{url:?} is taken"));
            assert_eq!(failure.code, ErrorCode::ConfigInvalid);
            assert!(failure.message.contains(&format!("{url:?}")), "{}", failure.message);
        }
    }
    for key in ["", "with space", "with\nline", "schlüssel"] {
        for failure in refusals(right, key) {
            let failure = failure.unwrap_or_else(|| panic!("{key:?} is taken"));
            assert_eq!(failure.code, ErrorCode::ConfigInvalid);
            assert!(key.is_empty() || !failure.message.contains(key), "{}", failure.message);
        }
    }
}

/// What each provider says of an address and a key.
fn refusals(url: &str, key: &str) -> [Option<Failure>; 2] {
    let openai = OpenAiCompatible::new(url, Some(key.to_owned())).err();
    [openai, AnthropicMessages::new(url, key.to_owned()).err()]
}
