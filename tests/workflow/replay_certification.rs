//! D2 of the specification: replays of real workflows, and rehearsals in which something else happens.

use aos_host::Runtime;
use aos_host::failure::ErrorCode;
use aos_host::journal::{Event, Injections, Recording};
use aos_host::outcome::{Status, StructuredOutcome};
use serde_json::{Value, json};

use crate::support::flow;
use crate::support::recorded::{Recorded, assert_fits_schema, record, record_under};
use crate::support::runtime::{elsewhere, in_time, live, read, specified, stubbed};
use crate::support::server::{Reply, Server};

/// Makes a run again with injections, on a runtime whose world nobody may touch.
async fn rehearse(run: &Recorded, injections: Value) -> StructuredOutcome {
    rehearse_on(elsewhere().await, run, injections).await
}

async fn rehearse_on(runtime: &Runtime, run: &Recorded, injections: Value) -> StructuredOutcome {
    let recording = Recording::read(&run.journal).unwrap();
    let injections = Injections::read(&injections.to_string(), &recording).unwrap();
    let outcome = runtime.rehearse(recording, injections).await.unwrap();
    assert_fits_schema(&outcome);
    outcome
}

#[test]
fn test_workflow_replay_http_call() {
    in_time(async {
        let server = Server::start([Reply::json(200, &json!({"n": 1}))]).await;
        let with = json!({"method": "POST", "url": server.url("/a"), "body": {"x": [1, 2]}, "headers": {"x-y": "z"}});
        let run = record(&live().await, &flow::http(&server, with), json!({})).await;
        run.assert_success();
        server.stop().await;
        // `record` has replayed it in a world that panics; here, with the server gone, in the live one.
        run.assert_replays_on(&live().await).await;
    });
}

#[test]
fn test_workflow_replay_llm_invoke() {
    in_time(async {
        let run =
            record(&specified().await, &flow::llm(json!({"prompt": "Summarize this"})), json!({})).await;
        run.assert_success();
        run.assert_replays_on(&live().await).await;
    });
}

#[test]
fn test_workflow_replay_mixed() {
    in_time(async {
        let run = record(&specified().await, &read("fixtures/workflows/demo.yaml"), json!({})).await;
        run.assert_success();
        // Captured timestamps count: the replay takes no time of its own, and has none.
        let replay = elsewhere().await.replay(&run.journal).await;
        assert_eq!(
            (replay.outcome.timestamp, replay.outcome.latency_ms),
            (run.outcome.timestamp, run.outcome.latency_ms)
        );
        assert_eq!(replay.outcome.cost, run.outcome.cost);
    });
}

#[test]
fn test_replay_with_injected_failure() {
    in_time(async {
        let run = record(&specified().await, &read("fixtures/workflows/demo.yaml"), json!({})).await;
        run.assert_success();
        // A failure that passes: the retry finds the recorded answer.
        let outcome = rehearse(&run, json!([{"step": "fetch", "index": 0, "status": 503}])).await;
        assert_eq!(
            (outcome.status, &outcome.output),
            (Status::Success, &run.outcome.output),
            "{}",
            outcome.message
        );
        assert_eq!(outcome.steps[0].observability.retries, 1);
        assert_eq!(
            outcome.steps[0].side_effects.iter().map(|effect| effect.status).collect::<Vec<_>>(),
            [Some(503), Some(200)]
        );
        assert_eq!(outcome.run_id, run.outcome.run_id);
        // One that does not.
        let outcome =
            rehearse(&run, json!([{"step": "fetch", "index": 0, "status": 404, "body": "gone"}])).await;
        assert_eq!((outcome.status, outcome.code.as_str()), (Status::Failure, "UPSTREAM_NOT_FOUND"));
    });
}

#[test]
fn test_replay_budget_behavior() {
    in_time(async {
        // A refusal is repeated, not decided anew: the replaying runtime has no price list of its own to ask.
        let workflow = flow::llm(json!({"prompt": "Summarize this", "max_tokens": 4000}));
        let run = record_under(&specified().await, &workflow, 100_005).await;
        run.assert_failure(ErrorCode::BudgetExceeded);
        run.assert_replays_on(elsewhere().await).await;
        // And one that did not happen can be rehearsed: it stops the run, and nothing is charged for the call.
        let run = record(&specified().await, &read("fixtures/workflows/demo.yaml"), json!({})).await;
        let outcome =
            rehearse(&run, json!([{"step": "summary", "call": "llm.complete", "refuse": true}])).await;
        assert_eq!((outcome.status, outcome.code.as_str()), (Status::Failure, "BUDGET_EXCEEDED"));
        assert!(outcome.cost.charged < run.outcome.cost.charged);
        assert_eq!(outcome.steps[1].cost.absorbed, outcome.cost.absorbed);
    });
}

#[test]
fn each_thing_that_can_be_injected_comes_to_its_code() {
    in_time(async {
        let run = record(&specified().await, &read("fixtures/workflows/demo.yaml"), json!({})).await;
        for (injected, code) in [
            (json!({"status": 401}), "UPSTREAM_UNAUTHENTICATED"),
            (json!({"status": 429, "headers": {"Retry-After": "2"}}), "OK"),
            (json!({"error": "CONNECTION_LOST"}), "OK"),
            (json!({"error": "TLS_FAILURE"}), "TLS_FAILURE"),
            (json!({"timeout": true}), "OK"),
            (json!({"trap": true}), "SKILL_TRAP"),
            (json!({"refuse": true}), "BUDGET_EXCEEDED"),
        ] {
            let mut element = json!({"step": "fetch", "index": 0});
            element.as_object_mut().unwrap().extend(injected.as_object().unwrap().clone());
            let outcome = rehearse(&run, json!([element])).await;
            assert_eq!(outcome.code.as_str(), code, "{element}: {}", outcome.message);
            let again = rehearse(&run, json!([element])).await;
            assert_eq!(again.canonical_bytes().unwrap(), outcome.canonical_bytes().unwrap(), "{element}");
        }
        // Pauses cost no time, and count.
        let hint = json!([{"step": "fetch", "index": 0, "status": 429, "headers": {"Retry-After": "2"}}]);
        let outcome = rehearse(&run, hint).await;
        assert!(outcome.latency_ms >= 2000, "{}", outcome.latency_ms);
    });
}

#[test]
fn a_rehearsal_without_injections_is_the_run() {
    in_time(async {
        let run = record(&specified().await, &read("fixtures/workflows/demo.yaml"), json!({})).await;
        let recording = Recording::read(&run.journal).unwrap();
        let outcome = elsewhere().await.rehearse(recording, Injections::default()).await.unwrap();
        assert_eq!((&outcome.output, outcome.cost), (&run.outcome.output, run.outcome.cost));
        assert_eq!(outcome.side_effects, run.outcome.side_effects);
    });
}

#[test]
fn a_question_that_the_journal_does_not_know_is_a_divergence_or_goes_to_the_stub_world() {
    in_time(async {
        let workflow = r#"
aos: 1
name: fallback
grants: {hosts: [api.github.com, httpstat.us]}
steps:
  - {id: first, skill: http_call, retry: {max_attempts: 1}, on_error: continue, with: {url: https://api.github.com/zen}}
  - id: second
    skill: http_call
    retry: {max_attempts: 1}
    with: {url: "${ if .outcomes.first.code == \"OK\" then \"https://api.github.com/zen\" else \"https://httpstat.us/500\" end }"}
"#;
        let run = record(&specified().await, workflow, json!({})).await;
        run.assert_success();
        let injections = json!([{"step": "first", "index": 0, "status": 500}]);
        let outcome = rehearse(&run, injections.clone()).await;
        assert_eq!(outcome.code.as_str(), "REPLAY_EXHAUSTED");
        assert!(outcome.message.contains("--stubs"), "{}", outcome.message);
        let stubs = stubbed("http: [{url: https://httpstat.us/500, body: from the stubs}]").await;
        let outcome = rehearse_on(&stubs, &run, injections).await;
        assert_eq!(
            (outcome.status, &outcome.steps[1].output["body"]),
            (Status::Partial, &json!("from the stubs"))
        );
    });
}

#[test]
fn an_injection_that_names_no_call_is_refused_before_anything_runs() {
    in_time(async {
        let run = record(&specified().await, &read("fixtures/workflows/demo.yaml"), json!({})).await;
        let recording = Recording::read(&run.journal).unwrap();
        for (text, words) in [
            ("- {step: nobody, index: 0, timeout: true}", "no such call"),
            ("- {step: fetch, index: 7, timeout: true}", "it has: 0 http.send"),
            ("- {step: fetch, attempt: 2, index: 0, timeout: true}", "attempt 2 it has: none"),
            ("- {step: fetch, call: llm.complete, timeout: true}", "no such call"),
            ("- {step: fetch, timeout: true}", "index, or by call"),
            ("- {step: fetch, index: 0, ordinal: 0, timeout: true}", "ordinal"),
            ("- {step: fetch, index: 0}", "exactly one of"),
            ("- {step: fetch, index: 0, timeout: true, trap: true}", "exactly one of"),
            ("- {step: fetch, index: 0, status: 99}", "200 to 599"),
            ("- {step: summary, index: 0, status: 500}", "give an error"),
            ("- {step: fetch, index: 0, error: NO_SUCH_CODE}", "NO_SUCH_CODE"),
            ("- {step: fetch, index: 0, error: JOURNAL_IO}", "nothing that a call comes to"),
            ("- {step: fetch, index: 0, error: REPLAY_EXHAUSTED}", "nothing that a call comes to"),
            ("- {step: fetch, index: 0, error: BUDGET_EXCEEDED}", "nothing that a call comes to"),
            ("- {step: fetch, index: 0, timeout: true, body: x}", "belong to a status"),
            (
                "- {step: fetch, index: 0, timeout: true}\n- {step: fetch, index: 0, trap: true}",
                "the same call",
            ),
            ("- {step: fetch, index: 0, what: 1}", "no field `what`"),
            ("nothing", "a list"),
            ("", "such as: - {step: fetch, index: 0, status: 503}"),
            ("[]\n", "such as: - {step: fetch, index: 0, status: 503}"),
            ("# - {step: fetch, index: 0, timeout: true}\n", "no injection here"),
            ("---\n", "a list"),
            ("null", "a list"),
        ] {
            let invalid = Injections::read(text, &recording).unwrap_err();
            let failure = aos_host::failure::Failure::from(invalid);
            assert_eq!(failure.code, ErrorCode::InjectionInvalid, "{text}");
            assert!(
                failure.message.contains(words) && failure.message.starts_with("line "),
                "{text}: {failure}"
            );
        }
    });
}

#[test]
fn a_rehearsal_loses_the_money_that_a_run_would() {
    in_time(async {
        let run = record(&specified().await, &read("fixtures/workflows/demo.yaml"), json!({})).await;
        let held = run.entries().into_iter().find_map(|entry| match entry.event {
            Event::Intent(intent) if intent.call == "llm.complete" => Some(intent.held),
            _ => None,
        });
        let outcome = rehearse(&run, json!([{"step": "summary", "index": 0, "timeout": true}])).await;
        assert_eq!((outcome.status, &outcome.output), (Status::Success, &run.outcome.output));
        assert!(outcome.cost.absorbed >= held.unwrap(), "what may have been billed counts as spent");
    });
}

#[test]
fn a_call_in_which_a_run_was_killed_is_not_known() {
    in_time(async {
        let run = record(&specified().await, &read("fixtures/workflows/demo.yaml"), json!({})).await;
        let intent = run.entries().iter().position(|entry| matches!(entry.event, Event::Intent(_))).unwrap();
        let lines: Vec<&[u8]> = run.journal.split_inclusive(|byte| *byte == b'\n').collect();
        let recording = Recording::read(&lines[..=intent].concat()).unwrap();
        let outcome = elsewhere().await.rehearse(recording, Injections::default()).await.unwrap();
        assert_eq!(outcome.code.as_str(), "REPLAY_EXHAUSTED");
    });
}

#[test]
fn a_replay_costs_no_time() {
    in_time(async {
        let server = Server::start([
            Reply::status(503).header("retry-after", "1"),
            Reply::text(200, "now").delayed(500),
        ])
        .await;
        let run =
            record(&live().await, &flow::http(&server, json!({"url": server.url("/")})), json!({})).await;
        run.assert_success();
        assert!(run.outcome.latency_ms >= 1500, "{}", run.outcome.latency_ms);
        // Nothing of a replay waits: the clock of its runtime panics when it is asked, so it cannot even sleep by it.
        let pauses = run.entries().iter().filter(|entry| matches!(entry.event, Event::Retry(_))).count();
        assert_eq!(pauses, 1);
        run.assert_replays_on(elsewhere().await).await;
    });
}
