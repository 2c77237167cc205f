//! Workflows that hit their ceiling: nothing leaves that could pass it.

use std::sync::Arc;

use aos_host::budget::{PriceList, TokenCount};
use aos_host::failure::{ErrorCategory, ErrorCode};
use aos_host::outcome::{OutcomeCode, Status};
use aos_host::providers::{LiveHttp, StubWorld, World};
use aos_host::units::Money;
use aos_host::{RunOptions, Runtime};
use serde_json::json;

use crate::support::flow;
use crate::support::recorded::{Recorded, record, record_under, record_with};
use crate::support::runtime::{in_time, live, of, read, specified, stubbed};
use crate::support::server::{Reply, Server};

/// Nano-dollars that are held for the fuel of one attempt of `llm_invoke`: its contract has 200,000,000 units.
const FUEL: u64 = 100_000;

/// Three questions, one after another.
pub(super) const THREE: &str = r#"
aos: 1
name: three
grants: {models: [gpt-4o-mini]}
steps:
  - id: first
    skill: llm_invoke
    with: {model: gpt-4o-mini, task: summarize, max_tokens: 60, prompt: "0123456789"}
  - id: second
    skill: llm_invoke
    needs: [first]
    with: {model: gpt-4o-mini, task: summarize, max_tokens: 60, prompt: "0123456789"}
  - id: third
    skill: llm_invoke
    needs: [second]
    with: {model: gpt-4o-mini, task: summarize, max_tokens: 60, prompt: "0123456789"}
"#;

fn price(input: u64, output: u64) -> u64 {
    PriceList::bundled()
        .unwrap()
        .model("gpt-4o-mini")
        .unwrap()
        .of(TokenCount { input, output, ..TokenCount::default() })
        .total()
        .nanos()
}

/// The most that one question of [`THREE`] may cost: ten bytes, 16 tokens for each of two parts, and the answer.
fn worst() -> u64 {
    price(10 + 32, 60)
}

fn status_of<'a>(run: &'a Recorded, step: &str) -> (Status, &'a str) {
    let step = run.step(step);
    (step.status, step.code.as_str())
}

async fn stubs_with_http() -> Runtime {
    let stubs = StubWorld::parse(&read("fixtures/stubs/spec.yaml")).unwrap();
    of(World::stub(stubs).with_http(Arc::new(LiveHttp::new()))).await
}

#[test]
fn a_ceiling_of_nothing_lets_nothing_begin() {
    in_time(async {
        let server = Server::start([Reply::status(200)]).await;
        let http = flow::http(&server, json!({"url": server.url("/")}));
        let llm = flow::llm(json!({"prompt": "summarize"}));
        for (runtime, workflow) in [(live().await, &http), (specified().await, &llm)] {
            let run = record_under(&runtime, workflow, 0).await;
            run.assert_failure(ErrorCode::BudgetExceeded);
            assert_eq!(run.outcome.category, Some(ErrorCategory::Resource));
            assert!(!run.outcome.retryable);
            assert!(run.outcome.side_effects.is_empty());
            assert_eq!((run.outcome.cost_cents, run.outcome.fuel.units()), (0, 0));
            assert_eq!(run.outcome.details["fits_later"], false);
        }
        assert_eq!(server.connections(), 0);
    });
}

#[test]
fn a_workflow_says_its_own_ceiling_in_cents() {
    in_time(async {
        let runtime = specified().await;
        let none = THREE.replace("name: three", "name: three\nbudget: {ceiling_cents: 0}");
        record(&runtime, &none, json!({})).await.assert_failure(ErrorCode::BudgetExceeded);
        let one = THREE.replace("name: three", "name: three\nbudget: {ceiling_cents: 1}");
        let run = record(&runtime, &one, json!({})).await;
        run.assert_success();
        assert_eq!(run.outcome.cost_cents, 1, "a part of a cent is a cent");
    });
}

#[test]
fn a_question_gets_the_answer_that_is_affordable_or_is_not_asked() {
    in_time(async {
        let runtime = specified().await;
        let least = price(10 + 32, 16);
        let one = flow::llm(json!({"task": "summarize", "max_tokens": 60, "prompt": "0123456789"}));
        for (left, clamped_to) in [
            (worst(), Some(None)),
            (worst() - 1, Some(Some(59))),
            (least, Some(Some(16))),
            (least - 1, None),
            (0, None),
        ] {
            let ceiling = FUEL + left;
            let run = record_under(&runtime, &one, ceiling).await;
            if let Some(clamped_to) = clamped_to {
                run.assert_success();
                assert_eq!(run.outcome.side_effects[0].clamped_to, clamped_to);
                assert_eq!(run.outcome.cost.overrun, Money::ZERO);
                continue;
            }
            run.assert_failure(ErrorCode::BudgetExceeded);
            assert_eq!(run.outcome.details["wanted"], worst());
            assert_eq!(run.outcome.details["available"], ceiling - FUEL);
            let effects = &run.outcome.side_effects;
            assert_eq!(effects.len(), 1, "the refused call is listed");
            assert_eq!(effects[0].code, OutcomeCode::Error(ErrorCode::BudgetExceeded));
            assert_eq!(effects[0].charge, Money::ZERO);
        }
    });
}

#[test]
fn a_budget_that_runs_out_stops_the_workflow_in_its_middle() {
    in_time(async {
        let run = record_under(&specified().await, THREE, FUEL + worst()).await;
        run.assert_failure(ErrorCode::BudgetExceeded);
        assert_eq!(run.outcome.details["step"], "second");
        assert_eq!(status_of(&run, "first"), (Status::Success, "OK"));
        assert_eq!(status_of(&run, "second"), (Status::Failure, "BUDGET_EXCEEDED"));
        assert_eq!(run.step("third").status, Status::Skipped);
        assert!(run.step("third").side_effects.is_empty());
        let sent = run.outcome.side_effects.iter().filter(|effect| effect.code == OutcomeCode::Ok).count();
        assert_eq!(sent, 1);
        assert!(run.outcome.cost.charged.nanos() > 0, "the first question stays paid");
        assert_eq!(run.outcome.cost.charged, run.step("first").cost.charged);
    });
}

#[test]
fn whatever_the_ceiling_is_the_charges_stay_under_it() {
    in_time(async {
        let runtime = specified().await;
        let (mut succeeded, mut stopped) = (0, 0);
        for ceiling in (0..=3).flat_map(|part| [0, 1, 999, FUEL].map(|more| part * worst() + more)) {
            let run = record_under(&runtime, THREE, ceiling).await;
            assert!(run.outcome.cost.charged.nanos() <= ceiling, "{:?}", run.outcome.cost);
            assert!(run.outcome.cost.peak_held.nanos() <= ceiling, "{:?}", run.outcome.cost);
            match run.code() {
                "OK" => succeeded += 1,
                "BUDGET_EXCEEDED" => stopped += 1,
                other => panic!("{other}: {}", run.outcome.message),
            }
        }
        assert!(succeeded > 0 && stopped > 0, "{succeeded} went through and {stopped} did not");
    });
}

#[test]
fn a_refused_reservation_stops_the_siblings() {
    in_time(async {
        // The question waits for the gate, and the gate for the slow request, so that this one is under way.
        let server =
            Server::start([Reply::silence().at("/slow"), Reply::status(200).at("/gate").after_requests(2)])
                .await;
        let workflow = server.in_place_of_origin(
            r#"
aos: 1
name: siblings
grants: {hosts: ["ORIGIN"], models: [gpt-4o-mini]}
steps:
  - {id: slow, skill: http_call, with: {url: "ORIGIN/slow"}}
  - {id: gate, skill: http_call, with: {url: "ORIGIN/gate"}}
  - id: ask
    skill: llm_invoke
    needs: [gate]
    with: {model: gpt-4o-mini, task: summarize, max_tokens: 16, prompt: "${ .input.long }"}
  - {id: after, skill: http_call, needs: [slow], with: {url: "ORIGIN/after"}}
"#,
        );
        // The question alone costs more than is left beside the fuel of two steps.
        let (input, ceiling) = (json!({"long": "x".repeat(2 * FUEL as usize)}), 3 * FUEL);
        let options = RunOptions::default().ceiling(Money::from_nanos(ceiling).unwrap());
        let run = record_with(&stubs_with_http().await, &workflow, input, options).await;
        run.assert_failure(ErrorCode::BudgetExceeded);
        assert_eq!(run.outcome.details["step"], "ask");
        assert_eq!(status_of(&run, "slow"), (Status::Failure, "CANCELLED"));
        assert_eq!(status_of(&run, "after").0, Status::Skipped);
        assert_eq!(server.paths().len(), 2, "{:?}", server.paths());
        let cut_off = run.step("slow").side_effects.first().expect("the request that was cut off is listed");
        assert_eq!(cut_off.code, OutcomeCode::Error(ErrorCode::Cancelled));
    });
}

#[test]
fn two_steps_that_fit_alone_but_not_together_do_not_both_run() {
    in_time(async {
        let workflow = r#"
aos: 1
name: rivals
grants: {models: [gpt-4o-mini]}
steps:
  - id: one
    skill: llm_invoke
    with: {model: gpt-4o-mini, task: slowly, max_tokens: 16, prompt: "0123456789"}
  - id: other
    skill: llm_invoke
    with: {model: gpt-4o-mini, task: slowly, max_tokens: 16, prompt: "0123456789"}
"#;
        let stubs = "llm: {slowly: {text: done, tokens: 16, delay_ms: 20}}";
        let runtime = stubbed(stubs).await;
        let together = 2 * (FUEL + price(10 + 32, 16));
        record_under(&runtime, workflow, together).await.assert_success();
        let run = record_under(&runtime, workflow, together - 1).await;
        run.assert_failure(ErrorCode::BudgetExceeded);
        let asked = run.outcome.side_effects.iter().filter(|effect| effect.charge > Money::ZERO).count();
        assert_eq!(asked, 1, "{:?}", run.outcome.side_effects);
    });
}

#[test]
fn on_error_continue_does_not_let_an_exceeded_budget_pass() {
    in_time(async {
        let lenient = THREE.replace("skill: llm_invoke\n", "skill: llm_invoke\n    on_error: continue\n");
        for ceiling in [0, FUEL, FUEL + worst()] {
            let run = record_under(&specified().await, &lenient, ceiling).await;
            run.assert_failure(ErrorCode::BudgetExceeded);
            assert_eq!(run.step("third").status, Status::Skipped);
        }
    });
}

#[test]
fn an_exceeded_budget_is_not_tried_again() {
    in_time(async {
        let step = json!({
            "with": {"task": "summarize", "max_tokens": 60, "prompt": "0123456789"},
            "retry": {"max_attempts": 5, "base_ms": 1},
        });
        let run = record_under(&specified().await, &flow::llm_step(step), FUEL).await;
        run.assert_failure(ErrorCode::BudgetExceeded);
        assert!(run.retries().is_empty());
    });
}

#[test]
fn what_failed_attempts_lose_counts_across_retries_and_has_a_ceiling() {
    in_time(async {
        // Each attempt loses its whole worst case, as the provider may have worked.
        let stubs = "llm: {ask: {error: connection_reset}}";
        let runtime = stubbed(stubs).await;
        let step = json!({
            "with": {"task": "ask", "max_tokens": 16, "prompt": "0123456789"},
            "retry": {"max_attempts": 10, "base_ms": 1, "cap_ms": 1},
        });
        let worst = price(10 + 32, 16);
        let ceiling = FUEL + 3 * worst;
        let run = record_under(&runtime, &flow::llm_step(step), ceiling).await;
        run.assert_failure(ErrorCode::AbsorbedCeilingExceeded);
        assert_eq!(run.outcome.cost.charged, Money::ZERO);
        let lost: u64 = run.outcome.side_effects.iter().map(|effect| effect.charge.nanos()).sum();
        assert_eq!(lost, 2 * worst, "{:?}", run.outcome.side_effects);
        assert!(run.outcome.cost.absorbed.nanos() <= ceiling);
        assert_eq!(run.retries().len(), 2);
    });
}

#[test]
fn a_failed_step_is_not_billed_and_its_loss_is_told() {
    in_time(async {
        let server = Server::start([Reply::status(404)]).await;
        let workflow = flow::http(&server, json!({"url": server.url("/")}));
        let run = record(&live().await, &workflow, json!({})).await;
        run.assert_failure(ErrorCode::UpstreamNotFound);
        let prices = PriceList::bundled().unwrap();
        let fuel = Money::of_units(run.outcome.fuel.units(), prices.fuel).unwrap();
        assert_eq!((run.outcome.cost.charged, run.outcome.cost.absorbed), (Money::ZERO, fuel));
        assert!(fuel > Money::ZERO);
    });
}

#[test]
fn fuel_that_the_budget_cuts_short_is_a_matter_of_the_budget() {
    in_time(async {
        let run = record_under(&specified().await, &flow::llm(json!({"prompt": "summarize"})), 1).await;
        run.assert_failure(ErrorCode::BudgetExceeded);
        assert_eq!(run.outcome.details["subcode"], "fuel");
        assert!(run.outcome.side_effects.is_empty(), "it had no fuel left to ask with");
        assert_eq!(run.outcome.fuel_granted.units(), 2000, "a nano-dollar buys 2,000 units");
    });
}
