//! The ceiling is an invariant. The five tests that the specification names, and the leaks that other budgets have.

use std::sync::Arc;

use aos_host::budget::{PriceList, TokenCount};
use aos_host::failure::{ErrorCategory, ErrorCode, Settlement};
use aos_host::journal::Event;
use aos_host::outcome::{OutcomeCode, Status};
use aos_host::providers::{AnthropicMessages, OpenAiCompatible, StubWorld, World};
use aos_host::units::Money;
use aos_host::{RunOptions, Runtime};
use serde_json::{Value, json};

use crate::support::flow;
use crate::support::recorded::{Recorded, parse, record, record_under, record_with};
use crate::support::runtime::{in_time, in_time_on_threads, live, of_prices, specified, stubbed};
use crate::support::server::{Reply, Server};

/// Nano-dollars that are held for the fuel of one attempt of `llm_invoke`: its contract has 200,000,000 units.
const FUEL: u64 = 100_000;

/// Nano-dollars that are held for the fuel of one attempt of the probe, which has 500 times as much.
const PROBE_FUEL: u64 = 50_000_000;

fn nanos(nanos: u64) -> Money {
    Money::from_nanos(nanos).unwrap()
}

/// What a question to gpt-4o-mini costs.
fn price(input: u64, output: u64) -> u64 {
    let count = TokenCount { input, output, ..TokenCount::default() };
    PriceList::bundled().unwrap().model("gpt-4o-mini").unwrap().of(count).total().nanos()
}

/// The bound of a question: its bytes, and 16 tokens for each of two parts.
fn bound(prompt: &str) -> u64 {
    prompt.len() as u64 + 32
}

fn ask(id: &str, needs: &[&str], max_tokens: u32) -> Value {
    let with =
        json!({"model": "gpt-4o-mini", "task": "ask", "prompt": "0123456789", "max_tokens": max_tokens});
    json!({"id": id, "skill": "llm_invoke", "needs": needs, "with": with, "retry": {"max_attempts": 1}})
}

fn asking(steps: Value) -> String {
    json!({"aos": 1, "name": "asking", "grants": {"models": ["gpt-4o-mini"]}, "steps": steps}).to_string()
}

/// A provider on the loopback that always answers so.
async fn provider(answer: Value) -> (Runtime, Server) {
    provider_at(PriceList::bundled().unwrap(), [Reply::json(200, &answer)]).await
}

async fn provider_at(prices: PriceList, replies: impl IntoIterator<Item = Reply>) -> (Runtime, Server) {
    let server = Server::start(replies).await;
    let provider = OpenAiCompatible::new(&server.url("/v1"), None).unwrap();
    let world = World::live().with_llm(Arc::new(provider));
    (of_prices(world, prices).await, server)
}

fn completion(model: &str, usage: Value) -> Value {
    json!({
        "id": "c-1", "object": "chat.completion", "model": model, "usage": usage,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "yes"}}],
    })
}

fn usage(input: u64, output: u64) -> Value {
    json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output})
}

/// What was held for all requests that left, over a whole run.
fn reserved(run: &Recorded) -> u64 {
    let held = |event| match event {
        Event::Intent(intent) => intent.held.nanos(),
        _ => 0,
    };
    run.entries().into_iter().map(|entry| held(entry.event)).sum()
}

#[test]
fn test_single_skill_budget_check() {
    in_time(async {
        let (runtime, server) = provider(completion("gpt-4o-mini", usage(10, 5))).await;
        let one = asking(json!([ask("a", &[], 16)]));
        let enough = FUEL + price(bound("0123456789"), 16);
        let run = record_under(&runtime, &one, enough - 1).await;
        run.assert_failure(ErrorCode::BudgetExceeded);
        assert_eq!(server.connections(), 0, "it is refused before anything is sent");
        record_under(&runtime, &one, enough).await.assert_success();
        assert_eq!(server.requests().len(), 1);
    });
}

#[test]
fn test_workflow_budget_accumulation() {
    in_time(async {
        let (runtime, _server) = provider(completion("gpt-4o-mini", usage(10, 5))).await;
        let flow = asking(json!([ask("a", &[], 16), ask("b", &["a"], 16), ask("c", &["b"], 16)]));
        let run = record(&runtime, &flow, json!({})).await;
        run.assert_success();
        let cost = run.outcome.cost;
        assert_eq!(cost.spent.input.nanos() + cost.spent.output.nanos(), 3 * price(10, 5));
        let of_fuel: u64 = run.outcome.steps.iter().map(|step| step.cost.spent.fuel.nanos()).sum();
        assert_eq!(cost.spent.fuel.nanos(), of_fuel);
        assert_eq!(cost.charged, cost.spent.total());
        // One nano-dollar less than the third question needs at worst beside what the first two have spent.
        let two = 2 * (cost.charged.nanos() / 3);
        let run = record_under(&runtime, &flow, two + FUEL + price(bound("0123456789"), 16) - 1000).await;
        run.assert_failure(ErrorCode::BudgetExceeded);
        assert_eq!(run.step("b").status, Status::Success);
        assert_eq!(run.step("c").status, Status::Failure);
    });
}

#[test]
fn test_budget_exceeded_mid_workflow() {
    in_time(async {
        let (runtime, server) = provider(completion("gpt-4o-mini", usage(40, 16))).await;
        let flow = asking(json!([ask("a", &[], 16), ask("b", &["a"], 16), ask("c", &["b"], 16)]));
        let run = record_under(&runtime, &flow, FUEL + price(bound("0123456789"), 16)).await;
        run.assert_failure(ErrorCode::BudgetExceeded);
        assert_eq!(server.requests().len(), 1, "nothing is asked once the budget said no");
        assert_eq!(run.step("c").status, Status::Skipped);
        assert_eq!(run.outcome.cost.charged, run.step("a").cost.charged, "what was paid stays paid");
    });
}

#[test]
fn test_budget_exceeded_error_code() {
    in_time(async {
        let run = record_under(&specified().await, &asking(json!([ask("a", &[], 16)])), 0).await;
        run.assert_failure(ErrorCode::BudgetExceeded);
        assert_eq!(run.code(), "BUDGET_EXCEEDED");
        assert_eq!(run.outcome.category, Some(ErrorCategory::Resource));
        assert!(!run.outcome.retryable);
        assert_eq!(run.outcome.details["fits_later"], false, "it fits into no budget of nothing");
    });
}

#[test]
fn test_budget_refund_on_failure() {
    in_time(async {
        // Refused by the provider before it did anything: all that was held goes back.
        let refused = Reply::json(400, &json!({"error": {"message": "no", "type": "invalid_request_error"}}));
        let (runtime, _server) = provider_at(PriceList::bundled().unwrap(), [refused]).await;
        let run = record(&runtime, &asking(json!([ask("a", &[], 16)])), json!({})).await;
        assert_eq!(run.outcome.status, Status::Failure);
        let cost = run.outcome.cost;
        assert_eq!(
            (cost.charged, cost.spent.input, cost.spent.output),
            (Money::ZERO, Money::ZERO, Money::ZERO)
        );
        assert_eq!(cost.absorbed, cost.spent.fuel, "what it computed is lost, and told");
        assert!(cost.refunded >= nanos(price(bound("0123456789"), 16)));
    });
}

#[test]
fn failed_steps_may_be_charged_instead() {
    in_time(async {
        let runtime = stubbed("llm: {ask: {error: connection_reset}}").await;
        let mut flow: Value = serde_json::from_str(&asking(json!([ask("a", &[], 16)]))).unwrap();
        let absorbed = record(&runtime, &flow.to_string(), json!({})).await.outcome.cost;
        flow["budget"] = json!({"failed_steps": "charge"});
        let run = record(&runtime, &flow.to_string(), json!({})).await;
        assert_eq!(
            (run.outcome.cost.charged, run.outcome.cost.absorbed),
            (absorbed.absorbed, absorbed.charged)
        );
        assert!(run.outcome.cost.charged > Money::ZERO);
        flow["budget"] = json!({"failed_steps": "charge", "absorbed_ceiling_cents": 1});
        let invalid = aos_host::workflow_format::Workflow::parse(flow.to_string().as_bytes()).unwrap_err();
        assert!(invalid.faults()[0].message.contains("nothing is absorbed"), "{:?}", invalid.faults());
    });
}

#[test]
fn a_step_has_a_ceiling_of_its_own_over_all_its_attempts() {
    in_time(async {
        let runtime = stubbed("llm: {ask: {error: connection_reset}}").await;
        let mut step = ask("a", &[], 100_000);
        step["ceiling_cents"] = json!(10);
        step["retry"] = json!({"max_attempts": 10, "base_ms": 1, "cap_ms": 1});
        let run = record(&runtime, &asking(json!([step])), json!({})).await;
        run.assert_failure(ErrorCode::StepCeilingExceeded);
        let spent = run.outcome.cost.charged.nanos() + run.outcome.cost.absorbed.nanos();
        assert!(spent <= 100_000_000, "{spent}");
        assert!(run.retries().len() > 1, "one attempt costs six cents at worst, so the second one was cut");
        assert!(run.outcome.side_effects.iter().any(|effect| effect.clamped_to.is_some()));
        // It is a matter of the step: others go on, where the step may fail.
        step["on_error"] = json!("continue");
        step["ceiling_cents"] = json!(0);
        let stubs = stubbed("llm: {ask: {text: yes, tokens: 3}}").await;
        let run = record(&stubs, &asking(json!([step, ask("b", &[], 16)])), json!({})).await;
        assert_eq!(
            (run.outcome.status, run.step("a").code.as_str()),
            (Status::Partial, "STEP_CEILING_EXCEEDED")
        );
        assert_eq!(run.step("b").status, Status::Success);
    });
}

#[test]
fn fuel_that_the_steps_ceiling_cuts_short_is_a_matter_of_the_step() {
    in_time(async {
        // Fuel is dear here: a cent buys less of it than the probe uses up while nobody answers its requests.
        let prices = PriceList::from_toml("as_of = \"2026-01-01\"\nfuel = 500_000").unwrap();
        let runtime = of_prices(World::live(), prices).await;
        let server = Server::start([Reply::silence()]).await;
        let request = json!({"url": server.url("/")});
        let with = json!({"do": "compute", "open": request, "sent": request});
        let step =
            json!({"with": with, "ceiling_cents": 1, "deadline_ms": 1_000, "retry": {"max_attempts": 1}});
        let run = record(&runtime, &flow::probe_step(&server, step), json!({})).await;
        run.assert_failure(ErrorCode::StepCeilingExceeded);
        assert_eq!(run.outcome.details["subcode"], "fuel");
        assert_eq!(run.outcome.fuel_granted.units(), 20_000_000);
    });
}

/// Leak: two that look before either spends.
#[test]
fn many_steps_at_once_never_pass_the_ceiling_together() {
    in_time_on_threads(async {
        let runtime = stubbed("llm: {ask: {text: yes, tokens: 16, input_tokens: 42, delay_ms: 1000}}").await;
        let steps: Vec<_> = (0..16).map(|n| ask(&format!("s{n}"), &[], 16)).collect();
        let each = FUEL + price(bound("0123456789"), 16);
        for together in [1, 3, 7, 15] {
            let run = record_under(&runtime, &asking(json!(steps)), together * each + each / 2).await;
            run.assert_failure(ErrorCode::BudgetExceeded);
            assert!(run.outcome.cost.peak_held.nanos() <= together * each + each / 2);
        }
        record_under(&runtime, &asking(json!(steps)), 16 * each).await.assert_success();
    });
}

/// Leak: a model that nobody has a price for is not looked at.
#[test]
fn a_model_without_a_price_is_not_asked() {
    in_time(async {
        let (runtime, server) = provider(completion("new", usage(1, 1))).await;
        let with = json!({"model": "new", "prompt": "x", "max_tokens": 1});
        let flow = json!({
            "aos": 1, "name": "new", "grants": {"models": ["*"]},
            "steps": [{"id": "a", "skill": "llm_invoke", "with": with}],
        });
        record(&runtime, &flow.to_string(), json!({})).await.assert_failure(ErrorCode::CostUnknown);
        assert_eq!(server.connections(), 0);
    });
}

/// Leak: a price that is missing is read as 0.
#[test]
fn a_price_is_never_left_out() {
    for (text, what) in [
        ("as_of = \"2026-01-01\"\nfuel = 1\n[models.a]\ninput = 1\n", "missing field `output`"),
        ("as_of = \"2026-01-01\"\nfuel = 1\n[models.a]\ninput = 1\noutput = -1\n", "line 5"),
        ("as_of = \"2026-01-01\"\nfuel = 1\n[models.a]\ninput = 1\noutput = 0.5\n", "line 5"),
        ("as_of = \"2026-01-01\"\nfuel = 1\n[models.a]\ninput = 1\noutput = 1\nouput = 2\n", "ouput"),
        ("as_of = \"2026-01-01\"\n", "missing field `fuel`"),
        ("as_of = \"yesterday\"\nfuel = 1\n", "yesterday"),
        ("as_of = \"2026-01-01\"\nfuel = 1\n[http.\"a b\"]\nrequest = 1\n", "host"),
    ] {
        let error = PriceList::from_toml(text).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }
}

/// Leak: the budget is decided by the model that was asked, and the bill is that of a dearer one.
#[test]
fn the_model_that_answered_is_billed_and_what_passes_the_hold_is_told_and_missing_after() {
    in_time(async {
        let (runtime, server) = provider(completion("gpt-4o", usage(10, 16))).await;
        let mut second = ask("b", &["a"], 16);
        second["on_error"] = json!("continue");
        let flow = asking(json!([ask("a", &[], 16), second]));
        let dear = TokenCount { input: 10, output: 16, ..TokenCount::default() };
        let dear = PriceList::bundled().unwrap().model("gpt-4o").unwrap().of(dear).total();
        let held = nanos(price(bound("0123456789"), 16));
        let run = record(&runtime, &flow, json!({})).await;
        let overrun = dear.saturating_sub(held);
        assert_eq!(run.outcome.cost.overrun, overrun.saturating_add(overrun), "each time");
        assert_eq!(run.step("a").side_effects[0].charge, held, "no more than was held is booked");
        // Where the ceiling has no room for what was billed, nothing more leaves.
        let ceiling = FUEL + 2 * held.nanos() + overrun.nanos() - 1;
        let asked = server.requests().len();
        let run = record_under(&runtime, &flow, ceiling).await;
        run.assert_failure(ErrorCode::CostOverrun);
        assert_eq!(run.outcome.details["step"], "b");
        assert_eq!(server.requests().len(), asked + 1);
        // A model whose price is that of a beginning of its name is no build of a shorter name.
        let list = "as_of = \"2026-01-01\"\nfuel = 0\n[models.gpt-4o-mini]\ninput = 1_000_000\noutput = 1_000_000\n\
                    [models.\"gpt-4o-mini-pro*\"]\ninput = 9_000_000\noutput = 9_000_000\n";
        for (model, nanos) in [("gpt-4o-mini-pro-2026-01-01", 90 + 18), ("gpt-4o-mini-2026-01-01", 10 + 2)] {
            let reply = Reply::json(200, &completion(model, usage(10, 2)));
            let (runtime, _server) = provider_at(PriceList::from_toml(list).unwrap(), [reply]).await;
            let run = record(&runtime, &asking(json!([ask("a", &[], 16)])), json!({})).await;
            let cost = run.outcome.cost;
            assert_eq!(cost.charged.saturating_add(cost.overrun).nanos(), nanos, "{model}");
        }
        // A model that nobody has a price for is taken at all that was held.
        let (runtime, _server) = provider(completion("a-stranger", usage(1, 1))).await;
        let run = record(&runtime, &asking(json!([ask("a", &[], 16)])), json!({})).await;
        assert_eq!(run.step("a").side_effects[0].charge, held);
    });
}

/// Leak: a provider that counts nothing costs nothing.
#[test]
fn an_answer_that_nobody_counted_costs_all_that_was_held() {
    in_time(async {
        let held = nanos(price(bound("0123456789"), 16));
        for uncounted in [Value::Null, usage(0, 0), usage(10, 0), usage(0, 5)] {
            let (runtime, _server) = provider(completion("gpt-4o-mini", uncounted.clone())).await;
            let run = record(&runtime, &asking(json!([ask("a", &[], 16)])), json!({})).await;
            run.assert_success();
            assert_eq!(run.step("a").side_effects[0].charge, held, "{uncounted}");
        }
    });
}

/// Leak: the price of long questions is not looked at.
#[test]
fn a_long_question_is_held_and_billed_at_the_price_of_long_ones() {
    in_time(async {
        let list = "as_of = \"2026-01-01\"\nfuel = 0\n[models.gpt-4o-mini]\ninput = 1_000_000\noutput = 1_000_000\n\
                    tiers = [{above = 100, input = 10_000_000, output = 20_000_000}]\n";
        let prices = PriceList::from_toml(list).unwrap();
        for (input, billed) in [(100, 100 + 16), (101, 1010 + 320)] {
            let reply = Reply::json(200, &completion("gpt-4o-mini", usage(input, 16)));
            let (runtime, _server) = provider_at(prices.clone(), [reply]).await;
            let with = json!({"model": "gpt-4o-mini", "prompt": "x".repeat(200), "max_tokens": 16});
            let run = record(&runtime, &flow::llm(with), json!({})).await;
            run.assert_success();
            assert_eq!(reserved(&run), 232 * 10 + 16 * 20, "the bound may be a long one");
            assert_eq!(run.outcome.cost.charged.nanos(), billed);
        }
    });
}

/// Leak: what a provider reads from its cache and writes to it costs as any other token.
#[test]
fn tokens_of_a_providers_cache_have_their_own_prices() {
    in_time(async {
        let list = "as_of = \"2026-01-01\"\nfuel = 0\n[models.gpt-4o-mini]\ninput = 10_000_000\n\
                    cached_input = 1_000_000\ncache_write = 20_000_000\noutput = 0\n";
        let usage = json!({
            "input_tokens": 1, "cache_read_input_tokens": 10, "cache_creation_input_tokens": 4, "output_tokens": 2,
        });
        let answer = json!({
            "id": "m", "type": "message", "role": "assistant", "model": "gpt-4o-mini", "usage": usage,
            "content": [{"type": "text", "text": "yes"}], "stop_reason": "end_turn",
        });
        let server = Server::start([Reply::json(200, &answer)]).await;
        let provider = AnthropicMessages::new(&server.url("/"), "sk-canary-1".to_owned()).unwrap();
        let world = World::live().with_llm(Arc::new(provider));
        let runtime = of_prices(world, PriceList::from_toml(list).unwrap()).await;
        let run = record(&runtime, &asking(json!([ask("a", &[], 16)])), json!({})).await;
        run.assert_success();
        assert_eq!(run.outcome.cost.spent.input.nanos(), 10 + 10 + 4 * 20);
        assert_eq!(reserved(&run), bound("0123456789") * 20, "each token may be one that is written");
    });
}

/// Leak: a reservation that nobody gives back.
#[test]
fn nothing_stays_held_however_an_attempt_ends() {
    in_time(async {
        // Each recorded run is added up again, which fails when anything is held at its end.
        let server = Server::start([Reply::silence(), Reply::reset().at("/reset")]).await;
        let runtime = live().await;
        for (with, more) in [
            (json!({"do": "empty_poll"}), json!({})),
            (
                json!({"do": "trap_half_way", "dropped": {"url": server.url("/")}}),
                json!({"deadline_ms": 300}),
            ),
            (json!({"do": "send", "request": {"url": server.url("/")}}), json!({"deadline_ms": 300})),
            (json!({"do": "send", "request": {"url": server.url("/reset")}}), json!({})),
            (json!({"do": "nothing that it knows"}), json!({})),
        ] {
            let mut step = json!({"with": with, "retry": {"max_attempts": 2, "base_ms": 1}});
            step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let run = record(&runtime, &flow::probe_step(&server, step), json!({})).await;
            assert_ne!(run.outcome.cost.peak_held, Money::ZERO);
        }
    });
}

/// Leak: a question without a bound pins the whole budget.
#[test]
fn a_question_that_says_no_bound_has_that_of_the_skill() {
    in_time(async {
        let run = record(&specified().await, &flow::llm(json!({"prompt": "summarize"})), json!({})).await;
        run.assert_success();
        assert!(reserved(&run) < 10_000_000, "{} nano-dollars were held", reserved(&run));
    });
}

/// Leak: fuel is paid for, and what the host does for it is not.
#[test]
fn ten_thousand_questions_of_one_invocation_are_paid_one_by_one() {
    in_time(async {
        let server = Server::start([Reply::status(200)]).await;
        let runtime = stubbed("llm: {again: {text: yes, tokens: 1, input_tokens: 1}}").await;
        let with = json!({"do": "ask", "model": "gpt-4o-mini", "count": 10_000, "max_tokens": 16});
        let step = json!({"with": with, "retry": {"max_attempts": 1}});
        let run = record(&runtime, &flow::probe_step(&server, step), json!({})).await;
        run.assert_success();
        assert_eq!(run.step("call").output["answered"], 10_000);
        let cost = run.outcome.cost;
        assert_eq!(cost.spent.input.nanos() + cost.spent.output.nanos(), 10_000 * price(1, 1));
    });
}

/// Leak: a skill that takes no for an answer and goes on.
#[test]
fn a_skill_that_goes_on_asking_is_ended_by_the_first_refusal() {
    in_time(async {
        let (runtime, server) = provider(completion("gpt-4o-mini", usage(38, 16))).await;
        let with = json!({"do": "ask", "model": "gpt-4o-mini", "count": 10_000, "max_tokens": 16});
        let step = json!({"with": with, "retry": {"max_attempts": 5, "base_ms": 1}, "on_error": "continue"});
        let workflow = flow::probe_step(&server, step);
        let each = price(38, 16);
        let run = record_under(&runtime, &workflow, PROBE_FUEL + 5 * each).await;
        run.assert_failure(ErrorCode::BudgetExceeded);
        let asked = server.requests();
        assert_eq!(asked.len(), 5, "as many as were affordable, and none by a second attempt");
        let paid: Vec<_> =
            run.outcome.side_effects.iter().filter(|effect| effect.code == OutcomeCode::Ok).collect();
        assert_eq!(paid.len(), asked.len(), "no question left that was not reserved");
        assert_eq!(run.outcome.side_effects.len(), 6);
    });
}

/// Leak: a client that tries again by itself.
#[test]
fn a_question_that_fails_is_sent_once_an_attempt_and_paid_once() {
    in_time(async {
        for reply in [Reply::reset(), Reply::close(), Reply::half_a_body(), Reply::half_a_head()] {
            let (runtime, server) = provider_at(PriceList::bundled().unwrap(), [reply]).await;
            let run = record(&runtime, &asking(json!([ask("a", &[], 16)])), json!({})).await;
            assert_eq!(run.outcome.status, Status::Failure);
            assert_eq!(server.requests().len(), 1);
            assert_eq!(run.step("a").side_effects[0].charge, nanos(price(bound("0123456789"), 16)));
            assert_eq!(run.step("a").attempts.len(), 1);
        }
    });
}

/// Leak: what is cancelled counts as free.
#[test]
fn a_question_that_is_cancelled_costs_all_that_was_held() {
    in_time(async {
        let (runtime, server) = provider_at(PriceList::bundled().unwrap(), [Reply::silence()]).await;
        let run =
            runtime.start(&parse(&asking(json!([ask("a", &[], 16)]))), json!({}), RunOptions::default());
        server.received(1).await;
        run.cancel();
        let outcome = run.outcome().await;
        assert_eq!(outcome.code.as_str(), "CANCELLED");
        assert_eq!(outcome.side_effects[0].charge, nanos(price(bound("0123456789"), 16)));
        let spent = outcome.cost.spent;
        assert_eq!(spent.input.saturating_add(spent.output), outcome.side_effects[0].charge);
        assert_eq!(outcome.cost.absorbed, spent.total());
    });
}

#[test]
fn requests_cost_what_the_price_list_says() {
    in_time(async {
        let server = Server::start([Reply::text(200, &"x".repeat(1500))]).await;
        let list = format!(
            "as_of = \"2026-01-01\"\nfuel = 0\n[http.\"*\"]\nrequest = 9\n[http.\"{}\"]\n\
             request = 5_000_000\nkib = 1_000_000\n",
            server.origin()
        );
        let runtime = of_prices(World::live(), PriceList::from_toml(&list).unwrap()).await;
        let with = json!({"url": server.url("/"), "method": "POST", "body": "y".repeat(1000), "idempotency_key": "k"});
        let flow = flow::http(&server, with);
        let run = record(&runtime, &flow, json!({})).await;
        run.assert_success();
        // 2,500 bytes there and back are three times 1,024.
        assert_eq!(run.outcome.cost.spent.request.nanos(), 5 + 3);
        assert_eq!(run.outcome.cost.charged.nanos(), 8);
        let held = 5 + (1000_u64 + (16 << 20)).div_ceil(1024);
        assert_eq!(reserved(&run), held, "the answer may have 16 MiB");
        record_under(&runtime, &flow, held).await.assert_success();
        record_under(&runtime, &flow, held - 1).await.assert_failure(ErrorCode::BudgetExceeded);
        assert_eq!(server.requests().len(), 2);
    });
}

#[test]
fn an_upstream_that_says_that_it_did_nothing_is_paid_nothing() {
    in_time(async {
        let list = "as_of = \"2026-01-01\"\nfuel = 0\n[http.\"*\"]\nrequest = 5_000_000\n";
        let runtime = of_prices(World::live(), PriceList::from_toml(list).unwrap()).await;
        for status in [401, 402, 403, 404, 409, 410, 429, 500, 503, 504, 529] {
            let server = Server::start([Reply::status(status)]).await;
            let step = json!({"with": {"url": server.url("/")}, "retry": {"max_attempts": 1}});
            let run = record(&runtime, &flow::http_step(&server, step), json!({})).await;
            let OutcomeCode::Error(code) = run.outcome.code else { panic!("{status} is a failure") };
            let refunds = code.row().settlement == Settlement::Refund;
            assert_eq!(run.outcome.cost.absorbed.nanos(), if refunds { 0 } else { 5 }, "{status}");
            assert_eq!(refunds, [401, 402, 403, 429, 503, 529].contains(&status), "{status}");
        }
    });
}

#[test]
fn the_outcome_says_where_each_nano_dollar_went() {
    in_time(async {
        let runtime =
            stubbed("llm: {ask: [{error: connection_reset}, {text: yes, tokens: 7, input_tokens: 30}]}")
                .await;
        let mut step = ask("a", &[], 16);
        step["retry"] = json!({"max_attempts": 2, "base_ms": 1});
        let run = record(&runtime, &asking(json!([step])), json!({})).await;
        run.assert_success();
        let attempts = &run.step("a").attempts;
        assert_eq!(attempts.iter().map(|attempt| attempt.attempt).collect::<Vec<_>>(), [1, 2]);
        let (lost, paid) = (attempts[0].cost, attempts[1].cost);
        let worst = price(bound("0123456789"), 16);
        assert_eq!(lost.spent.input.nanos() + lost.spent.output.nanos(), worst, "it may have been billed");
        assert_eq!((lost.charged, lost.absorbed), (Money::ZERO, lost.spent.total()));
        assert_eq!(paid.spent.input.nanos() + paid.spent.output.nanos(), price(30, 7));
        assert_eq!((paid.charged, paid.absorbed), (paid.spent.total(), Money::ZERO));
        assert_eq!(paid.peak_held.nanos(), FUEL + worst);
        assert_eq!(run.outcome.cost.spent, lost.spent.and(&paid.spent));
    });
}

#[test]
fn a_rehearsal_keeps_to_the_ceilings_as_well() {
    in_time(async {
        let stubs = StubWorld::parse("llm: {ask: {text: yes, tokens: 7, input_tokens: 30}}").unwrap();
        let runtime = of_prices(World::stub(stubs), PriceList::bundled().unwrap()).await;
        let options = RunOptions::default().ceiling(nanos(FUEL + price(bound("0123456789"), 40)));
        let run = record_with(&runtime, &asking(json!([ask("a", &[], 60)])), json!({}), options).await;
        run.assert_success();
        assert_eq!(run.outcome.side_effects[0].clamped_to, Some(40));
        let recording = aos_host::journal::Recording::read(&run.journal).unwrap();
        let injections =
            aos_host::journal::Injections::read("[{step: a, index: 0, error: CONNECTION_LOST}]", &recording);
        let outcome = runtime.rehearse(recording, injections.unwrap()).await.unwrap();
        assert_eq!(outcome.side_effects[0].clamped_to, Some(40));
        assert_eq!(outcome.side_effects[0].charge.nanos(), price(bound("0123456789"), 40));
    });
}
