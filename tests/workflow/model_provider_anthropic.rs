//! `llm_invoke` against a server that speaks the Messages protocol: what is on the wire, what it costs, and how its
//! refusals are told.

use std::sync::Arc;

use aos_host::failure::{ErrorCategory, ErrorCode, Failure};
use aos_host::providers::{AnthropicMessages, ChatResponse, FinishReason, LlmProvider, TokenUsage};
use aos_host::units::Money;
use serde_json::{Value, json};

use super::model_provider::{price, worst};
use crate::support::models::{self, KEY, assert_no_key, result};
use crate::support::recorded::Recorded;
use crate::support::runtime::in_time;
use crate::support::server::{Reply, Server};

fn provide(server: &Server) -> Result<Arc<dyn LlmProvider>, Failure> {
    Ok(Arc::new(AnthropicMessages::new(&server.url("/"), KEY.to_owned())?))
}

async fn ask(replies: impl IntoIterator<Item = Reply>, step: Value) -> (Recorded, Server) {
    models::ask(provide, replies, step).await
}

async fn ask_once(reply: Reply) -> (Recorded, Server) {
    models::ask_once(provide, reply).await
}

/// Asks once with this input, and gives what the server got.
async fn asked(with: Value) -> Value {
    let (run, server) =
        ask([Reply::json(200, &message("end_turn", said("because"), usage(5, 1)))], json!({"with": with}))
            .await;
    run.assert_success();
    server.only_request().json()
}

/// An answer as a provider writes it.
fn message(stop_reason: &str, content: Value, usage: Value) -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "gpt-4o-mini-20260101",
        "content": content, "stop_reason": stop_reason, "stop_sequence": null, "usage": usage,
    })
}

fn said(text: &str) -> Value {
    json!([{"type": "text", "text": text}])
}

fn usage(input: u64, output: u64) -> Value {
    json!({"input_tokens": input, "output_tokens": output})
}

fn refusal(status: u16, kind: &str, message: &str) -> Reply {
    let error = json!({"type": kind, "message": message});
    Reply::json(status, &json!({"type": "error", "error": error, "request_id": "req_body"}))
}

/// The response in the journal.
fn response(run: &Recorded) -> ChatResponse {
    let answer = result(run).answer.expect("an answer");
    serde_json::from_value(answer["response"].clone()).expect("a response")
}

#[test]
fn the_question_is_on_the_wire_as_the_protocol_has_it() {
    in_time(async {
        let schema = json!({
            "type": "object", "properties": {"sea": {"type": "string"}}, "required": ["sea"],
            "additionalProperties": false,
        });
        let call =
            |id: &str, at: u8| json!({"id": id, "name": "map", "arguments": format!("{{\"at\": {at}}}")});
        let with = json!({
            "system": "Be brief.", "max_tokens": 77, "temperature": 1, "stop": ["END"],
            "response_schema": schema, "task": "ask",
            "messages": [
                {"role": "user", "content": "Which sea is salty?"},
                {"role": "user", "content": "Look at the map."},
                {"role": "assistant", "content": "I look.", "tool_calls": [call("c1", 1), call("c2", 2)]},
                {"role": "tool", "content": "blue", "tool_call_id": "c1"},
                {"role": "user", "content": "Hurry."},
                {"role": "tool", "content": "", "tool_call_id": "c2"},
                {"role": "system", "content": "Be exact."},
                {"role": "assistant", "content": "", "tool_calls": [call("c3", 3)]},
                {"role": "tool", "content": "salt", "tool_call_id": "c3"},
            ],
            "tools": [
                {"name": "map", "description": "Shows a map.", "input_schema": {"type": "object"}},
                {"name": "bare", "input_schema": {"type": "object"}},
            ],
        });
        let answer = message("end_turn", said("{\"sea\": \"Dead Sea\"}"), usage(31, 9));
        let (run, server) = ask([Reply::json(200, &answer)], json!({"with": with})).await;
        let output = &run.assert_success().step("call").output;
        assert_eq!(output["json"], json!({"sea": "Dead Sea"}));
        assert_eq!(output["model"], "gpt-4o-mini-20260101");
        let request = server.only_request();
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/messages"));
        assert_eq!(request.header("x-api-key"), [KEY]);
        assert_eq!(request.header("anthropic-version"), ["2023-06-01"]);
        assert_eq!(request.header("content-type"), ["application/json"]);
        assert!(request.header("authorization").is_empty());
        let text = |text: &str| json!({"type": "text", "text": text});
        let used =
            |id: &str, at: u8| json!({"type": "tool_use", "id": id, "name": "map", "input": {"at": at}});
        let gave = |id: &str, text: &str| json!({"type": "tool_result", "tool_use_id": id, "content": text});
        let expected = json!({
            "model": "gpt-4o-mini", "max_tokens": 77, "temperature": 1.0, "stop_sequences": ["END"],
            "system": [text("Be brief."), text("Be exact.")],
            "messages": [
                {"role": "user", "content": [text("Which sea is salty?"), text("Look at the map.")]},
                {"role": "assistant", "content": [text("I look."), used("c1", 1), used("c2", 2)]},
                {"role": "user", "content": [
                    gave("c1", "blue"), {"type": "tool_result", "tool_use_id": "c2"}, text("Hurry."),
                ]},
                {"role": "assistant", "content": [used("c3", 3)]},
                {"role": "user", "content": [gave("c3", "salt")]},
            ],
            "output_config": {"format": {"type": "json_schema", "schema": schema}},
            "tools": [
                {"name": "map", "description": "Shows a map.", "input_schema": {"type": "object"}},
                {"name": "bare", "input_schema": {"type": "object"}},
            ],
        });
        assert_eq!(request.json(), expected);
    });
}

#[test]
fn a_plain_question_says_no_more_than_it_has_to() {
    in_time(async {
        let expected = json!({
            "model": "gpt-4o-mini", "max_tokens": 10,
            "messages": [{"role": "user", "content": [{"type": "text", "text": "why?"}]}],
        });
        assert_eq!(asked(json!({"prompt": "why?", "max_tokens": 10})).await, expected);
    });
}

#[test]
fn what_says_nothing_is_left_out() {
    in_time(async {
        let with = json!({"system": " ", "messages": [
            {"role": "user", "content": "why?"},
            {"role": "assistant", "content": ""},
            {"role": "user", "content": "again: why?"},
        ]});
        let body = asked(with).await;
        let said = json!([{"type": "text", "text": "why?"}, {"type": "text", "text": "again: why?"}]);
        assert_eq!(body["messages"], json!([{"role": "user", "content": said}]));
        assert_eq!(body.get("system"), None);
    });
}

#[test]
fn what_the_protocol_has_no_words_for_is_not_sent() {
    in_time(async {
        let calls = |arguments: &str| json!([{"id": "c1", "name": "map", "arguments": arguments}]);
        let asks = |arguments: &str| {
            let turn = json!({"role": "assistant", "content": "", "tool_calls": calls(arguments)});
            json!([{"role": "user", "content": "?"}, turn])
        };
        let cases = [
            (json!({"prompt": "?", "temperature": 1.5}), "/temperature", "takes 0 to 1"),
            (json!({"messages": asks("{\"at\":")}), "/messages/1/tool_calls/0/arguments", "\"map\""),
            (json!({"messages": asks("")}), "/messages/1/tool_calls/0/arguments", "no JSON object"),
            (json!({"messages": asks("[1]")}), "/messages/1/tool_calls/0/arguments", "no JSON object"),
            (
                json!({"messages": [{"role": "user", "content": "?", "tool_calls": calls("{}")}]}),
                "/messages/0/tool_calls",
                "assistant",
            ),
            (json!({"system": "Be brief.", "prompt": " "}), "/messages", "nothing is asked"),
        ];
        for (with, pointer, word) in cases {
            let (run, server) = ask([], json!({"with": with})).await;
            run.assert_failure(ErrorCode::RequestInvalid);
            assert_eq!(run.outcome.details["pointer"], pointer);
            assert!(run.outcome.message.contains(word), "{}", run.outcome.message);
            assert_eq!(run.outcome.side_effects[0].charge, Money::ZERO);
            assert_eq!(server.connections(), 0);
        }
    });
}

#[test]
fn an_answer_comes_back_whole_with_what_was_counted() {
    in_time(async {
        let content = json!([
            {"type": "thinking", "thinking": "Hm.", "signature": "x"},
            {"type": "text", "text": "I look "},
            {"type": "redacted_thinking", "data": "x"},
            {"type": "text", "text": "at the map."},
            {"type": "tool_use", "id": "toolu_1", "name": "map", "input": {"at": {"x": 1}}},
            {"type": "of_tomorrow"},
        ]);
        let usage = json!({
            "input_tokens": 30, "cache_creation_input_tokens": 5, "cache_read_input_tokens": 20, "output_tokens": 7,
            "output_tokens_details": {"thinking_tokens": 3}, "service_tier": "standard",
        });
        let (run, _) = ask_once(Reply::json(200, &message("tool_use", content, usage))).await;
        let call = run.assert_success().step("call");
        assert_eq!(call.output["text"], "I look at the map.");
        assert_eq!(call.output["finish_reason"], "tool_calls");
        let calls = json!([{"id": "toolu_1", "name": "map", "arguments": "{\"at\":{\"x\":1}}"}]);
        assert_eq!(call.output["tool_calls"], calls);
        let told = json!({
            "input_tokens": 55, "output_tokens": 7, "cached_input_tokens": 20, "reasoning_tokens": 3,
        });
        assert_eq!(call.output["usage"], told, "a guest is told what its contract has");
        let counted = TokenUsage {
            input_tokens: 55,
            output_tokens: 7,
            cached_input_tokens: 20,
            cache_write_input_tokens: 5,
            reasoning_tokens: 3,
        };
        assert_eq!(response(&run).usage, Some(counted));
        let result = result(&run);
        assert_eq!(result.answer.expect("an answer")["response"]["usage"]["cache_write_input_tokens"], 5);
        assert_eq!(call.output["cost"]["nanodollars"], call.side_effects[0].charge.nanos());
    });
}

#[test]
fn tokens_of_the_cache_are_billed_at_their_own_price() {
    in_time(async {
        let usage = json!({
            "input_tokens": 10, "cache_creation_input_tokens": null, "cache_read_input_tokens": 20, "output_tokens": 7,
        });
        let (run, _) = ask_once(Reply::json(200, &message("end_turn", said("because"), usage))).await;
        let call = run.assert_success().step("call");
        assert_eq!(call.side_effects[0].charge, price(30, 20, 7));
        assert_eq!(call.output["cost"]["nanodollars"], price(30, 20, 7).nanos());
        let usage = result(&run).answer.expect("an answer")["response"]["usage"].clone();
        assert_eq!(usage.get("cache_write_input_tokens"), None, "nothing was written");
    });
}

#[test]
fn an_answer_that_counts_nothing_or_too_much_is_billed_at_its_worst() {
    in_time(async {
        let most = u64::MAX;
        let counts = json!({
            "input_tokens": most, "cache_creation_input_tokens": most, "cache_read_input_tokens": most,
            "output_tokens": 1,
        });
        for usage in [Value::Null, counts] {
            let (run, _) = ask_once(Reply::json(200, &message("end_turn", said("because"), usage))).await;
            assert_eq!(run.assert_success().step("call").side_effects[0].charge, worst());
        }
    });
}

#[test]
fn how_an_answer_ended_is_told() {
    in_time(async {
        let reasons = [
            ("end_turn", FinishReason::Stop),
            ("stop_sequence", FinishReason::Stop),
            ("max_tokens", FinishReason::Length),
            ("model_context_window_exceeded", FinishReason::Length),
            ("pause_turn", FinishReason::Length),
            ("tool_use", FinishReason::ToolCalls),
            ("of_tomorrow", FinishReason::Stop),
        ];
        for (stop_reason, expected) in reasons {
            let (run, _) =
                ask_once(Reply::json(200, &message(stop_reason, said("becau"), usage(5, 1)))).await;
            run.assert_success();
            assert_eq!(response(&run).finish_reason, expected, "{stop_reason}");
        }
    });
}

#[test]
fn refusals_of_a_provider_have_words_of_their_own() {
    in_time(async {
        use ErrorCategory::{Permanent, Resource, Transient, Validation};
        let invalid = "invalid_request_error";
        let credit =
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.";
        let limit = "You have reached your specified workspace API usage limits. You will regain access on 2026-06-01.";
        let long = "prompt is too long: 208310 tokens > 200000 maximum";
        let both = "input length and `max_tokens` exceed context limit: 178959 + 64000 > 200000";
        let no = "no, thank you";
        let expected = [
            (400, invalid, no, ErrorCode::UpstreamBadRequest, Permanent),
            (400, invalid, credit, ErrorCode::ModelQuotaExhausted, Resource),
            (400, invalid, limit, ErrorCode::ModelQuotaExhausted, Resource),
            (400, invalid, long, ErrorCode::ModelContextExceeded, Validation),
            (400, invalid, both, ErrorCode::ModelContextExceeded, Validation),
            (422, invalid, long, ErrorCode::UpstreamBadRequest, Permanent),
            (401, "authentication_error", no, ErrorCode::UpstreamUnauthenticated, Permanent),
            (402, "billing_error", no, ErrorCode::ModelQuotaExhausted, Resource),
            (403, "permission_error", no, ErrorCode::UpstreamForbidden, Permanent),
            (404, "not_found_error", "model: claude-none", ErrorCode::ModelNotFound, Permanent),
            (413, "request_too_large", no, ErrorCode::RequestTooLarge, Validation),
            (429, "rate_limit_error", no, ErrorCode::RateLimited, Resource),
            (500, "api_error", no, ErrorCode::UpstreamError, Transient),
            (500, "overloaded_error", no, ErrorCode::ModelOverloaded, Transient),
            (503, "api_error", no, ErrorCode::UpstreamUnavailable, Transient),
            (504, "timeout_error", no, ErrorCode::UpstreamError, Transient),
            (529, "overloaded_error", no, ErrorCode::ModelOverloaded, Transient),
        ];
        for (status, kind, message, code, category) in expected {
            let (run, server) = ask_once(refusal(status, kind, message).header("retry-after", "7")).await;
            run.assert_failure(code);
            assert_eq!(run.outcome.category, Some(category));
            let details = &run.outcome.details;
            assert_eq!((&details["subcode"], &details["status"]), (&json!(kind), &json!(status)));
            assert_eq!(details["request_id"], "req_body");
            assert!(run.outcome.message.contains(message), "{}", run.outcome.message);
            assert_eq!(result(&run).failure.expect("a failure").retry_after_ms, Some(7_000));
            assert_eq!(server.requests().len(), 1);
        }
    });
}

#[test]
fn a_refusal_without_a_word_is_known_by_its_status() {
    in_time(async {
        let expected = [
            (402, ErrorCode::ModelQuotaExhausted),
            (404, ErrorCode::ModelNotFound),
            (413, ErrorCode::RequestTooLarge),
            (529, ErrorCode::ModelOverloaded),
        ];
        for (status, code) in expected {
            let reply = Reply::text(status, "<html>").header("request-id", "req_field");
            let (run, _) = ask_once(reply).await;
            run.assert_failure(code);
            assert_eq!(run.outcome.details["request_id"], "req_field");
        }
    });
}

#[test]
fn a_rate_limit_waits_as_the_provider_says_and_lack_of_money_does_not() {
    in_time(async {
        let again = || Reply::json(200, &message("end_turn", said("because"), usage(5, 1)));
        let step = json!({"with": {"prompt": "why?"}, "retry": {"base_ms": 1}});
        let limit = refusal(429, "rate_limit_error", "slow down").header("retry-after-ms", "30");
        let (run, server) = ask([limit, again()], step.clone()).await;
        run.assert_success();
        let retries: Vec<_> = run.retries().iter().map(|retry| (retry.code, retry.delay_ms)).collect();
        assert_eq!((retries, server.requests().len()), (vec![(ErrorCode::RateLimited, 30)], 2));
        let (run, server) = ask([refusal(402, "billing_error", "pay first"), again()], step).await;
        run.assert_failure(ErrorCode::ModelQuotaExhausted);
        assert_eq!((run.outcome.side_effects[0].charge, server.requests().len()), (Money::ZERO, 1));
    });
}

#[test]
fn an_answer_that_is_no_message_is_paid_for_and_told() {
    in_time(async {
        let whole = message("end_turn", said("because"), usage(5, 1));
        let without = |name: &str| {
            let mut message = whole.clone();
            message.as_object_mut().unwrap().remove(name);
            message
        };
        let mut bodies: Vec<_> = [
            json!("hello"),
            json!({}),
            without("content"),
            without("model"),
            message("end_turn", json!([{"text": "no type"}]), usage(5, 1)),
            message(
                "end_turn",
                json!([{"type": "tool_use", "id": "c", "name": "map", "input": "x"}]),
                usage(5, 1),
            ),
            message("end_turn", said("because"), json!({"input_tokens": -1, "output_tokens": 1})),
        ]
        .map(|body| body.to_string())
        .to_vec();
        let text = whole.to_string();
        bodies.extend([
            "".to_owned(),
            "<html>".to_owned(),
            text[..text.len() / 2].to_owned(),
            "[".repeat(100_000),
        ]);
        for body in bodies {
            let (run, server) = ask_once(Reply::bytes(200, body.as_bytes())).await;
            run.assert_failure(ErrorCode::HttpProtocolError);
            assert!(result(&run).failure.expect("a failure").request_sent);
            assert_eq!(run.outcome.side_effects[0].charge, worst(), "the provider may have worked");
            assert_eq!(server.requests().len(), 1);
        }
    });
}

#[test]
fn the_key_is_in_no_journal_and_in_no_outcome() {
    in_time(async {
        let repeats =
            json!({"type": "error", "error": {"type": format!("bad_{KEY}"), "message": format!("{KEY}?")}});
        // JSON may write any character in another way (RFC 8259, section 7).
        let escaped = repeats.to_string().replace("sk-", "s\\u006b\\u002d");
        let named = json!([{"type": "tool_use", "id": KEY, "name": KEY, "input": {KEY: [KEY]}}]);
        let cases = [
            Reply::json(200, &message("end_turn", said(KEY), usage(5, 1))),
            Reply::json(200, &message("tool_use", named, usage(5, 1))),
            Reply::json(401, &repeats).header("request-id", KEY),
            Reply::bytes(401, escaped.as_bytes()),
            Reply::text(200, KEY),
            Reply::half_a_head(),
        ];
        for reply in cases {
            let (run, server) = ask_once(reply).await;
            assert_eq!(server.only_request().header("x-api-key"), [KEY]);
            assert_no_key(&run);
        }
    });
}

#[test]
fn the_version_at_the_end_of_a_base_url_may_be_left_out() {
    in_time(async {
        for base in ["", "/", "/v1", "/v1/"] {
            let server =
                Server::start([Reply::json(200, &message("end_turn", said("because"), usage(5, 1)))]).await;
            let provider = AnthropicMessages::new(&server.url(base), KEY.to_owned()).unwrap();
            let question = serde_json::from_value(json!({
                "model": "m", "messages": [{"role": "user", "content": "?"}], "max_tokens": 1, "temperature": null,
                "stop": [], "response_schema": null, "tools": [], "task": null,
            }));
            let limit = std::time::Duration::from_secs(60);
            assert_eq!(provider.open().complete(question.unwrap(), limit).await.unwrap().text, "because");
            assert_eq!(server.paths(), ["/v1/messages"]);
        }
    });
}

/// The model has answered, and is paid for it; but it gave no answer.
#[test]
fn a_model_that_declines_ends_the_run_in_a_word_of_its_own() {
    in_time(async {
        let answer = message("refusal", said("I will not"), usage(5, 3));
        let (run, server) = ask_once(Reply::json(200, &answer)).await;
        run.assert_failure(ErrorCode::ModelRefused);
        assert_eq!(run.outcome.category, Some(ErrorCategory::Permanent));
        assert!(!run.outcome.retryable);
        assert_eq!(
            (&run.outcome.details["text"], &run.outcome.details["call"]),
            (&json!("I will not"), &json!(0))
        );
        assert_eq!(run.outcome.side_effects[0].charge, price(5, 0, 3));
        assert_eq!(response(&run).finish_reason, FinishReason::Refusal);
        assert_eq!(server.requests().len(), 1);
    });
}
