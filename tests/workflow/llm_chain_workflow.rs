//! Models and transforms in a chain, answered by the stub world.

use aos_host::budget::{PriceList, TokenCount};
use aos_host::failure::{ErrorCategory, ErrorCode};
use aos_host::outcome::OutcomeCode;
use aos_host::units::Money;
use serde_json::{Value, json};

use crate::support::flow;
use crate::support::recorded::record;
use crate::support::runtime::{in_time, specified, stubbed};

/// Two questions and a transformation of both answers.
pub(super) const CHAIN: &str = r#"
aos: 1
name: chain
input: {type: object, required: [text], properties: {text: {type: string}}}
grants: {models: [gpt-4o-mini, gpt-4o]}
steps:
  - id: summary
    skill: llm_invoke
    with: {model: gpt-4o-mini, task: summarize, max_tokens: 200, prompt: "Summarize: ${ .input.text }"}
  - id: translation
    skill: llm_invoke
    with:
      model: gpt-4o
      task: translate
      max_tokens: 100
      system: Translate into German.
      messages: [{role: user, content: "${ .steps.summary.text }"}]
  - id: document
    skill: json_transform
    with:
      data: {summary: "${ .steps.summary }", translation: "${ .steps.translation }"}
      filter: "{en: .summary.text, de: .translation.text, tokens: ([.[].usage.output_tokens] | add)}"
output: ${ .steps.document.result }
"#;

/// The price of tokens by the bundled list.
fn price(model: &str, input: u64, cached: u64, output: u64) -> Money {
    PriceList::bundled()
        .unwrap()
        .model(model)
        .unwrap()
        .of(TokenCount { input, cached, output, ..TokenCount::default() })
        .total()
}

/// The price of a step's fuel.
fn fuel_price(fuel: u64) -> Money {
    Money::of_units(fuel, PriceList::bundled().unwrap().fuel).unwrap()
}

#[test]
fn summarize_translate_and_transform_give_one_document() {
    in_time(async {
        let run = record(&specified().await, CHAIN, json!({"text": "a long story"})).await;
        let expected = json!({"en": "This is a summary.", "de": "Translated text.", "tokens": 80});
        assert_eq!(run.assert_success().outcome.output, expected);
        let targets: Vec<_> = run.outcome.side_effects.iter().map(|effect| effect.target.as_str()).collect();
        assert_eq!(targets, ["gpt-4o-mini", "gpt-4o"]);
        let summary = &run.step("summary").output;
        assert_eq!((&summary["finish_reason"], &summary["model"]), (&json!("stop"), &json!("gpt-4o-mini")));
    });
}

#[test]
fn usage_and_cost_are_the_price_list_to_the_nano_dollar() {
    in_time(async {
        let run = record(&specified().await, CHAIN, json!({"text": "a long story"})).await;
        let asked = ["Summarize: a long story", "Translate into German.This is a summary."];
        let tokens = asked.map(|text| text.len().div_ceil(4) as u64);
        let expected = [
            ("summary", tokens[0], 50, price("gpt-4o-mini", tokens[0], 0, 50)),
            ("translation", tokens[1], 30, price("gpt-4o", tokens[1], 0, 30)),
        ];
        run.assert_success();
        for (step, input, output, price) in expected {
            let ended = run.step(step);
            let usage = json!({
                "input_tokens": input, "output_tokens": output, "cached_input_tokens": 0, "reasoning_tokens": 0,
            });
            assert_eq!(ended.output["usage"], usage);
            assert_eq!(ended.output["cost"]["nanodollars"], price.nanos());
            assert_eq!(ended.side_effects[0].charge, price);
            assert_eq!(Some(ended.cost.charged), price.checked_add(fuel_price(ended.fuel.units())));
        }
        let document = run.step("document");
        assert_eq!(document.cost.charged, fuel_price(document.fuel.units()));
        assert!(document.fuel.units() > 0);
    });
}

#[test]
fn a_price_list_of_the_embedder_is_the_one_that_counts() {
    in_time(async {
        let dear = r#"{as_of: "2030-01-01", fuel: 0, models: {}}"#;
        assert!(PriceList::from_toml(dear).is_err(), "a price list is TOML");
        let prices = PriceList::from_toml(
            "as_of = '2030-01-01'\nfuel = 0\n[models.gpt-4o-mini]\ninput = 1000000\noutput = 3000000\n",
        );
        let count = TokenCount { input: 2, output: 5, ..TokenCount::default() };
        assert_eq!(prices.unwrap().model("gpt-4o-mini").unwrap().of(count).total().nanos(), 17);
    });
}

#[test]
fn an_answer_that_fits_its_schema_comes_back_parsed() {
    in_time(async {
        let stubs = r#"llm: {analyze: {text: "```json\n{\"seas\": [\"Dead Sea\"]}\n```", tokens: 9}}"#;
        let schema = json!({"type": "object", "required": ["seas"]});
        let workflow = flow::llm(json!({"task": "analyze", "prompt": "?", "response_schema": schema}));
        let run = record(&stubbed(stubs).await, &workflow, json!({})).await;
        assert_eq!(run.assert_success().step("call").output["json"], json!({"seas": ["Dead Sea"]}));
    });
}

#[test]
fn an_answer_that_does_not_fit_is_asked_for_once_more() {
    in_time(async {
        let stubs = r#"llm: {analyze: [{text: "Sure!", tokens: 3}, {text: "[1]", tokens: 4}]}"#;
        let workflow = json_question("analyze");
        let run = record(&stubbed(stubs).await, &workflow, json!({})).await;
        assert_eq!(run.assert_success().step("call").output["json"], json!([1]));
        let codes: Vec<_> = run.retries().into_iter().map(|retry| retry.code).collect();
        assert_eq!(codes, [ErrorCode::ModelOutputInvalid]);
        let call = &run.step("call");
        assert_eq!(call.side_effects.len(), 2);
        let lost = price("gpt-4o-mini", 1, 0, 3);
        assert!(call.cost.absorbed > lost, "the first answer was paid for: {:?}", call.cost);
        assert!(call.cost.charged > price("gpt-4o-mini", 1, 0, 4));
    });
}

#[test]
fn an_answer_that_never_fits_is_invalid_and_not_billed() {
    in_time(async {
        for text in ["Sure!", "{}", "", "[9007199254740993]", "[1"] {
            let stubs = json!({"llm": {"analyze": {"text": text, "tokens": 3}}}).to_string();
            let run = record(&stubbed(&stubs).await, &json_question("analyze"), json!({})).await;
            run.assert_failure(ErrorCode::ModelOutputInvalid);
            assert_eq!(run.outcome.category, Some(ErrorCategory::Validation));
            assert_eq!((run.outcome.side_effects.len(), run.outcome.cost.charged), (2, Money::ZERO));
            assert_eq!(run.outcome.details["text"], text);
        }
    });
}

#[test]
fn json_that_max_tokens_cut_off_is_truncated() {
    in_time(async {
        let stubs = r#"llm: {analyze: {text: "[1, 2", tokens: 3, finish_reason: length}}"#;
        let run = record(&stubbed(stubs).await, &json_question("analyze"), json!({})).await;
        run.assert_failure(ErrorCode::ModelOutputTruncated);
        assert_eq!(run.outcome.observability.retries, 1);
    });
}

fn json_question(task: &str) -> String {
    let with = json!({"task": task, "prompt": "?", "response_schema": {"type": "array"}});
    flow::llm_step(json!({"with": with, "retry": {"base_ms": 1}}))
}

#[test]
fn a_model_that_is_not_granted_is_denied_with_the_grant_to_paste() {
    in_time(async {
        let runtime = specified().await;
        let step = json!({"with": {"model": "gpt-4o", "prompt": "summarize"}});
        let grants = [json!({}), json!({"models": ["gpt-4o-mini"]}), json!({"models": ["gpt-4"]})];
        let mut grant = String::new();
        for grants in grants {
            let run = record(&runtime, &flow::one_step(grants, "llm_invoke", step.clone()), json!({})).await;
            run.assert_failure(ErrorCode::CapabilityDenied);
            assert_eq!(run.outcome.category, Some(ErrorCategory::Permission));
            let effect = &run.outcome.side_effects[0];
            assert_eq!(effect.code, OutcomeCode::Error(ErrorCode::CapabilityDenied));
            assert_eq!(effect.charge, Money::ZERO);
            grant = run.outcome.message.split_once("add under grants: ").expect("a grant").1.to_owned();
        }
        let models: Value = serde_json::from_str(grant.trim_start_matches("models: ")).unwrap();
        let workflow = flow::one_step(json!({"models": models}), "llm_invoke", step);
        record(&runtime, &workflow, json!({})).await.assert_success();
    });
}

#[test]
fn a_grant_may_end_in_a_star() {
    in_time(async {
        let runtime = specified().await;
        let step = json!({"with": {"model": "gpt-4o-mini", "prompt": "summarize"}});
        for (grant, granted) in [("gpt-4o*", true), ("*", true), ("gpt-4.1*", false), ("gpt-4*o", false)] {
            let workflow = flow::one_step(json!({"models": [grant]}), "llm_invoke", step.clone());
            let run = record(&runtime, &workflow, json!({})).await;
            assert_eq!(run.outcome.is_usable(), granted, "{grant}: {}", run.outcome.message);
        }
    });
}

#[test]
fn a_model_without_a_price_is_not_asked() {
    in_time(async {
        let step = json!({"with": {"model": "nobody-knows", "prompt": "summarize"}});
        let workflow = flow::one_step(json!({"models": ["*"]}), "llm_invoke", step);
        let run = record(&specified().await, &workflow, json!({})).await;
        run.assert_failure(ErrorCode::CostUnknown);
        assert_eq!(run.outcome.category, Some(ErrorCategory::Resource));
        assert!(run.outcome.message.contains("nobody-knows"), "{}", run.outcome.message);
        assert_eq!(run.outcome.side_effects[0].charge, Money::ZERO);
    });
}

#[test]
fn without_a_task_the_first_word_of_the_question_finds_the_answer() {
    in_time(async {
        let runtime = specified().await;
        for (prompt, text) in [
            ("Summarize: this", "This is a summary."),
            ("  TRANSLATE this", "Translated text."),
            ("\"Analyze\" this", "Analysis result."),
        ] {
            let run = record(&runtime, &flow::llm(json!({"prompt": prompt})), json!({})).await;
            assert_eq!(run.assert_success().step("call").output["text"], text);
        }
        let run = record(&runtime, &flow::llm(json!({"prompt": "Guess!"})), json!({})).await;
        run.assert_failure(ErrorCode::ConfigInvalid);
        assert!(run.outcome.message.contains("summarize"), "{}", run.outcome.message);
    });
}

#[test]
fn a_question_is_exactly_one_of_prompt_and_messages() {
    in_time(async {
        let turn = json!([{"role": "user", "content": "summarize"}]);
        for with in [json!({}), json!({"prompt": "x", "messages": turn})] {
            let run = record(&specified().await, &flow::llm(with), json!({})).await;
            run.assert_failure(ErrorCode::InputSchemaViolation);
            assert_eq!(run.outcome.details["pointer"], "/with");
        }
        let run = record(&specified().await, &flow::llm(json!({"messages": turn})), json!({})).await;
        assert_eq!(run.assert_success().step("call").output["text"], "This is a summary.");
    });
}

#[test]
fn statuses_of_a_stub_model_are_those_of_a_provider() {
    in_time(async {
        let expected = [
            (401, ErrorCode::UpstreamUnauthenticated),
            (429, ErrorCode::RateLimited),
            (500, ErrorCode::UpstreamError),
            (529, ErrorCode::UpstreamOverloaded),
        ];
        for (status, code) in expected {
            let stubs = json!({"llm": {"ask": {"status": status}}}).to_string();
            let step = json!({"with": {"prompt": "ask"}, "retry": {"max_attempts": 1}});
            let run = record(&stubbed(&stubs).await, &flow::llm_step(step), json!({})).await;
            run.assert_failure(code);
        }
    });
}

#[test]
fn a_scripted_model_declines_or_is_withheld() {
    in_time(async {
        for (reason, code) in
            [("refusal", ErrorCode::ModelRefused), ("content_filter", ErrorCode::ModelContentFiltered)]
        {
            let stubs = format!("llm: {{ask: {{text: no, tokens: 2, finish_reason: {reason}}}}}");
            let workflow = flow::llm(json!({"prompt": "?", "task": "ask", "max_tokens": 10}));
            let run = record(&stubbed(&stubs).await, &workflow, json!({})).await;
            run.assert_failure(code);
            assert!(run.outcome.side_effects[0].charge > Money::ZERO, "the model has worked");
        }
    });
}
