//! `llm_invoke` against a server that speaks the chat completions protocol: what is on the wire, what it costs, and
//! how its refusals are told.

use std::sync::Arc;

use aos_host::budget::{PriceList, TokenCount};
use aos_host::failure::{ErrorCategory, ErrorCode, Failure};
use aos_host::outcome::StructuredOutcome;
use aos_host::providers::{LlmProvider, OpenAiCompatible};
use aos_host::units::Money;
use serde_json::{Value, json};

use crate::support::flow;
use crate::support::models::{self, KEY, assert_no_key, result};
use crate::support::recorded::{Recorded, record};
use crate::support::runtime::{in_time, live};
use crate::support::server::{Reply, Server};

fn provide(server: &Server) -> Result<Arc<dyn LlmProvider>, Failure> {
    Ok(Arc::new(OpenAiCompatible::new(&server.url("/v1/"), Some(KEY.to_owned()))?))
}

async fn ask(replies: impl IntoIterator<Item = Reply>, step: Value) -> (Recorded, Server) {
    models::ask(provide, replies, step).await
}

async fn ask_once(reply: Reply) -> (Recorded, Server) {
    models::ask_once(provide, reply).await
}

/// An answer as a provider writes it.
fn completion(text: &str, usage: Value) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": usage,
    })
}

fn usage(input: u64, output: u64, cached: u64) -> Value {
    json!({
        "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": 1},
    })
}

fn refusal(status: u16, kind: &str, code: Option<&str>) -> Reply {
    Reply::json(status, &json!({"error": {"message": "no, thank you", "type": kind, "code": code}}))
}

pub(super) fn price(input: u64, cached: u64, output: u64) -> Money {
    PriceList::bundled()
        .unwrap()
        .model("gpt-4o-mini")
        .unwrap()
        .of(TokenCount { input, cached, output, ..TokenCount::default() })
        .total()
}

/// The most that `why?` with `max_tokens: 10` may cost: four bytes, and 16 tokens for each of two parts.
pub(super) fn worst() -> Money {
    price(4 + 32, 0, 10)
}

#[test]
fn the_question_is_on_the_wire_as_the_protocol_has_it() {
    in_time(async {
        let schema = json!({"type": "object", "required": ["sea"]});
        let with = json!({
            "system": "Be brief.", "messages": [{"role": "user", "content": "Which sea is salty?"}],
            "max_tokens": 77, "temperature": 0.5, "stop": ["END"], "response_schema": schema, "task": "ask",
            "tools": [{"name": "map", "description": "Shows a map.", "input_schema": {"type": "object"}}],
        });
        let reply = Reply::json(200, &completion("{\"sea\": \"Dead Sea\"}", usage(31, 9, 0)));
        let (run, server) = ask([reply], json!({"with": with})).await;
        let output = &run.assert_success().step("call").output;
        assert_eq!(output["json"], json!({"sea": "Dead Sea"}));
        assert_eq!(output["model"], "gpt-4o-mini-2024-07-18");
        let request = server.only_request();
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v1/chat/completions"));
        assert_eq!(request.header("authorization"), [format!("Bearer {KEY}")]);
        assert_eq!(request.header("content-type"), ["application/json"]);
        let expected = json!({
            "model": "gpt-4o-mini", "max_completion_tokens": 77, "temperature": 0.5, "stop": ["END"],
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Which sea is salty?"},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": true, "schema": schema},
            },
            "tools": [{"type": "function", "function": {
                "name": "map", "description": "Shows a map.", "parameters": {"type": "object"},
            }}],
        });
        assert_eq!(request.json(), expected);
    });
}

#[test]
fn a_plain_question_says_no_more_than_it_has_to() {
    in_time(async {
        let (run, server) = ask_once(Reply::json(200, &completion("because", usage(5, 1, 0)))).await;
        assert_eq!(run.assert_success().step("call").output["text"], "because");
        let expected = json!({
            "model": "gpt-4o-mini", "max_completion_tokens": 10,
            "messages": [{"role": "user", "content": "why?"}],
        });
        assert_eq!(server.only_request().json(), expected);
    });
}

#[test]
fn cached_tokens_are_billed_at_their_own_price() {
    in_time(async {
        let (run, _) = ask_once(Reply::json(200, &completion("because", usage(30, 7, 20)))).await;
        let call = run.assert_success().step("call");
        let expected = price(30, 20, 7);
        assert!(expected < price(30, 0, 7));
        assert_eq!(call.side_effects[0].charge, expected);
        assert_eq!(call.output["cost"]["nanodollars"], expected.nanos());
        let usage = json!({
            "input_tokens": 30, "output_tokens": 7, "cached_input_tokens": 20, "reasoning_tokens": 1,
        });
        assert_eq!(call.output["usage"], usage);
    });
}

#[test]
fn an_answer_that_does_not_count_is_billed_at_its_worst() {
    in_time(async {
        let (run, _) = ask_once(Reply::json(200, &completion("because", Value::Null))).await;
        assert_eq!(run.assert_success().step("call").side_effects[0].charge, worst());
    });
}

#[test]
fn a_bill_beyond_the_worst_case_is_capped_and_told() {
    in_time(async {
        let (run, _) = ask_once(Reply::json(200, &completion("because", usage(1000, 1000, 0)))).await;
        assert_eq!(run.assert_success().step("call").side_effects[0].charge, worst());
        let result = result(&run);
        assert_eq!(result.overrun, price(1000, 0, 1000).checked_sub(worst()).unwrap());
        let (run, _) =
            ask_once(Reply::json(200, &completion("because", usage(u64::MAX / 2, 1, u64::MAX)))).await;
        assert_eq!(run.assert_success().step("call").side_effects[0].charge, worst());
    });
}

#[test]
fn a_tool_that_the_model_asks_for_is_handed_on() {
    in_time(async {
        let call =
            json!({"id": "c1", "type": "function", "function": {"name": "map", "arguments": "{\"a\": 1}"}});
        let message = json!({"role": "assistant", "content": null, "tool_calls": [call]});
        let mut answer = completion("", usage(5, 1, 0));
        answer["choices"][0] = json!({"index": 0, "finish_reason": "tool_calls", "message": message});
        let (run, _) = ask_once(Reply::json(200, &answer)).await;
        let output = &run.assert_success().step("call").output;
        assert_eq!((&output["finish_reason"], &output["text"]), (&json!("tool_calls"), &json!("")));
        assert_eq!(output["tool_calls"], json!([{"id": "c1", "name": "map", "arguments": "{\"a\": 1}"}]));
    });
}

#[test]
fn an_account_without_money_is_no_rate_limit() {
    in_time(async {
        let reply = refusal(429, "insufficient_quota", Some("insufficient_quota")).header("retry-after", "0");
        let (run, server) = ask([reply], json!({"with": {"prompt": "why?"}})).await;
        run.assert_failure(ErrorCode::ModelQuotaExhausted);
        assert_eq!(run.outcome.category, Some(ErrorCategory::Resource));
        assert!(!run.outcome.retryable);
        assert_eq!((server.requests().len(), run.outcome.cost.absorbed <= fuel(&run.outcome)), (1, true));
    });
}

/// The price of the fuel of a run.
fn fuel(outcome: &StructuredOutcome) -> Money {
    Money::of_units(outcome.fuel.units(), PriceList::bundled().unwrap().fuel).unwrap()
}

#[test]
fn a_rate_limit_waits_as_the_provider_says() {
    in_time(async {
        let replies = [
            refusal(429, "requests", Some("rate_limit_exceeded")).header("retry-after-ms", "30"),
            Reply::json(200, &completion("because", usage(5, 1, 0))),
        ];
        let step = json!({"with": {"prompt": "why?"}, "retry": {"base_ms": 1}});
        let (run, server) = ask(replies, step).await;
        run.assert_success();
        let retries = run.retries();
        assert_eq!(retries.len(), 1);
        assert_eq!((retries[0].code, retries[0].delay_ms), (ErrorCode::RateLimited, 30));
        assert_eq!(server.requests().len(), 2);
    });
}

#[test]
fn refusals_of_a_provider_have_words_of_their_own() {
    in_time(async {
        let expected = [
            (400, "invalid_request_error", Some("context_length_exceeded"), ErrorCode::ModelContextExceeded),
            (400, "invalid_request_error", Some("content_filter"), ErrorCode::ModelContentFiltered),
            (400, "invalid_request_error", None, ErrorCode::UpstreamBadRequest),
            (401, "invalid_request_error", Some("invalid_api_key"), ErrorCode::UpstreamUnauthenticated),
            (403, "forbidden", None, ErrorCode::UpstreamForbidden),
            (404, "invalid_request_error", Some("model_not_found"), ErrorCode::ModelNotFound),
            (404, "x", None, ErrorCode::ModelNotFound),
            (429, "requests", Some("rate_limit_exceeded"), ErrorCode::RateLimited),
            (429, "x", Some("billing_hard_limit_reached"), ErrorCode::ModelQuotaExhausted),
            (500, "server_error", None, ErrorCode::UpstreamError),
            (503, "server_error", Some("server_is_overloaded"), ErrorCode::ModelOverloaded),
            (529, "overloaded_error", None, ErrorCode::ModelOverloaded),
        ];
        for (status, kind, word, code) in expected {
            let (run, server) = ask_once(refusal(status, kind, word)).await;
            run.assert_failure(code);
            assert_eq!(run.outcome.details["subcode"], word.unwrap_or(kind));
            assert_eq!(run.outcome.details["status"], status);
            assert!(run.outcome.message.contains("no, thank you"), "{}", run.outcome.message);
            assert_eq!(server.requests().len(), 1);
        }
    });
}

#[test]
fn an_answer_that_is_no_completion_is_paid_for_and_told() {
    in_time(async {
        let answers = [json!("hello"), json!({}), json!({"model": "m", "choices": []})];
        for answer in answers {
            let (run, server) = ask_once(Reply::json(200, &answer)).await;
            run.assert_failure(ErrorCode::HttpProtocolError);
            assert_eq!(run.outcome.side_effects[0].charge, worst(), "the provider may have worked");
            assert_eq!(server.requests().len(), 1);
        }
    });
}

#[test]
fn a_provider_that_is_not_there_costs_nothing() {
    in_time(async {
        let server = Server::start([]).await;
        let runtime = models::provided(provide, &server).await;
        server.stop().await;
        let step = json!({"with": {"prompt": "why?"}, "retry": {"max_attempts": 1}});
        let run = record(&runtime, &flow::llm_step(step), json!({})).await;
        run.assert_failure(ErrorCode::ConnectFailed);
        assert_eq!(run.outcome.side_effects[0].charge, Money::ZERO);
    });
}

#[test]
fn a_provider_needs_no_grant_of_its_host_and_a_skill_still_does() {
    in_time(async {
        let server = Server::start([Reply::json(200, &completion("because", usage(5, 1, 0)))]).await;
        let runtime = models::provided(provide, &server).await;
        record(&runtime, &flow::llm(json!({"prompt": "why?"})), json!({})).await.assert_success();
        let step = json!({"with": {"url": server.url("/v1/models")}});
        let run = record(&runtime, &flow::one_step(json!({}), "http_call", step), json!({})).await;
        run.assert_failure(ErrorCode::DestinationDenied);
        assert_eq!(server.paths(), ["/v1/chat/completions"]);
    });
}

#[test]
fn a_model_without_a_grant_or_a_price_is_not_asked() {
    in_time(async {
        let server = Server::start([]).await;
        let runtime = models::provided(provide, &server).await;
        for (grant, code) in [("gpt-4o", ErrorCode::CapabilityDenied), ("nobody", ErrorCode::CostUnknown)] {
            let step = json!({"with": {"model": "nobody", "prompt": "why?"}});
            let workflow = flow::one_step(json!({"models": [grant]}), "llm_invoke", step);
            record(&runtime, &workflow, json!({})).await.assert_failure(code);
        }
        assert_eq!(server.connections(), 0);
    });
}

#[test]
fn without_a_provider_the_way_out_is_told() {
    in_time(async {
        let run = record(&live().await, &flow::llm(json!({"prompt": "why?"})), json!({})).await;
        run.assert_failure(ErrorCode::ConfigInvalid);
        for way in ["AOS_LLM_BASE_URL", "AOS_ANTHROPIC_API_KEY", "--stubs"] {
            assert!(run.outcome.message.contains(way), "{}", run.outcome.message);
        }
        assert_eq!(run.outcome.side_effects[0].charge, Money::ZERO);
    });
}

#[test]
fn the_key_is_in_no_journal_and_in_no_outcome() {
    in_time(async {
        let replies = [
            Reply::json(200, &completion("because", usage(5, 1, 0))),
            refusal(401, "invalid_request_error", Some("invalid_api_key")),
            Reply::half_a_head(),
        ];
        for reply in replies {
            let (run, server) = ask_once(reply).await;
            assert_eq!(server.only_request().header("authorization"), [format!("Bearer {KEY}")]);
            assert_no_key(&run);
        }
    });
}

#[test]
fn a_provider_that_repeats_the_key_does_not_get_it_into_the_journal() {
    in_time(async {
        let message = format!("Incorrect API key provided: {KEY}.");
        let error =
            json!({"error": {"message": message, "type": "x", "code": format!("bad_{KEY}")}}).to_string();
        // JSON may write any character in another way (RFC 8259, section 7).
        let escaped = error.replace("sk-", "s\\u006b\\u002d");
        for body in [error, escaped] {
            let reply = Reply::bytes(401, body.as_bytes()).header("content-type", "application/json");
            let (run, _) = ask_once(reply).await;
            run.assert_failure(ErrorCode::UpstreamUnauthenticated);
            assert_no_key(&run);
        }
        let text = format!("Your key is {KEY}.");
        let (run, _) = ask_once(Reply::json(200, &completion(&text, usage(5, 1, 0)))).await;
        run.assert_success();
        assert_no_key(&run);
    });
}

/// An answer in which the model declines, or which the provider withholds.
fn without_answer(finish_reason: &str, content: Value, refusal: Value) -> Reply {
    let mut answer = completion("", usage(5, 3, 0));
    let message = json!({"role": "assistant", "content": content, "refusal": refusal});
    answer["choices"][0] = json!({"index": 0, "finish_reason": finish_reason, "message": message});
    Reply::json(200, &answer)
}

#[test]
fn a_model_that_declines_and_a_provider_that_withholds_are_told_apart() {
    in_time(async {
        let declined = json!("I will not.");
        for (reply, code, text) in [
            (without_answer("stop", Value::Null, declined.clone()), ErrorCode::ModelRefused, "I will not."),
            (without_answer("content_filter", json!(""), declined), ErrorCode::ModelRefused, "I will not."),
            (
                without_answer("content_filter", json!("half an"), Value::Null),
                ErrorCode::ModelContentFiltered,
                "half an",
            ),
            (without_answer("content_filter", Value::Null, json!("")), ErrorCode::ModelContentFiltered, ""),
        ] {
            for schema in [Value::Null, json!({"type": "object"})] {
                let mut with = json!({"prompt": "why?", "max_tokens": 10});
                if !schema.is_null() {
                    with["response_schema"] = schema;
                }
                let (run, server) = ask([reply.clone()], json!({"with": with})).await;
                run.assert_failure(code);
                assert_eq!(run.outcome.category, Some(ErrorCategory::Permanent));
                assert_eq!(run.outcome.details["text"], text);
                let effect = &run.outcome.side_effects[0];
                assert_eq!((effect.code.as_str(), effect.charge), (code.as_str(), price(5, 0, 3)));
                assert_eq!((server.requests().len(), run.retries().len()), (1, 0));
            }
        }
        let (run, _) = ask_once(without_answer("stop", json!("because"), json!(""))).await;
        assert_eq!(run.assert_success().step("call").output["text"], "because");
    });
}
