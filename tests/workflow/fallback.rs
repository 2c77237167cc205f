//! Values that stand in for what failed, conditions on how a step ended, and which codes a step tries again.

use aos_host::Runtime;
use aos_host::failure::{ErrorCategory, ErrorCode};
use aos_host::journal::{Because, Event};
use aos_host::outcome::{OutcomeCode, Status};
use serde_json::{Value, json};

use crate::hostile::component::hostile;
use crate::support::flow;
use crate::support::recorded::{Recorded, forged, parse, record};
use crate::support::runtime::{elsewhere, in_time, live, stubbed};
use crate::support::server::{Reply, Server};

const WORLD: &str = "
http:
  - {url: https://a.test/gone, status: 410}
  - {url: https://a.test/busy, answers: [{error: timeout}, {status: 200, body: {ok: true}}]}
  - {url: https://a.test/fine, body: {ok: true}}
";

fn step(path: &str, more: Value) -> Value {
    let mut step =
        json!({"id": "first", "skill": "http_call", "with": {"url": format!("https://a.test/{path}")}});
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    step
}

fn workflow(steps: &[Value], output: Option<&str>) -> String {
    let mut workflow = json!({"aos": 1, "name": "fallback", "grants": {"hosts": ["a.test"]}, "steps": steps});
    output.into_iter().for_each(|output| workflow["output"] = output.into());
    workflow.to_string()
}

async fn run(steps: &[Value], output: Option<&str>) -> Recorded {
    record(&stubbed(WORLD).await, &workflow(steps, output), json!({"note": "of the input"})).await
}

#[test]
fn a_value_stands_in_for_what_failed_and_the_run_succeeds() {
    in_time(async {
        let value = json!({"ok": false, "note": "${ .input.note }"});
        let first = step("gone", json!({"on_error": {"fallback": value}}));
        let second = json!({"id": "second", "skill": "json_transform",
            "with": {"data": "${ .steps.first }", "filter": ".note"}});
        let run = run(&[first, second], None).await;
        let expected = json!({"ok": false, "note": "of the input"});
        assert_eq!(run.assert_success().outcome.output["first"], expected);
        assert_eq!(run.step("second").output["result"], "of the input");
        let first = run.step("first");
        assert_eq!((first.status, first.code.as_str()), (Status::Partial, "UPSTREAM_GONE"));
        assert_eq!(first.category, Some(ErrorCategory::Permanent));
        assert_eq!(run.outcome.code, OutcomeCode::Ok);
    });
}

#[test]
fn a_value_that_is_not_needed_is_not_looked_at() {
    in_time(async {
        let first = step("fine", json!({"on_error": {"fallback": "${ 1 / 0 }"}}));
        let run = run(&[first], None).await;
        assert_eq!(run.assert_success().step("first").output["body"], json!({"ok": true}));
        assert!(!run.entries().iter().any(|entry| matches!(entry.event, Event::FellBack(_))));
    });
}

#[test]
fn a_value_that_fails_itself_fails_the_step_and_names_both() {
    in_time(async {
        let first = step("gone", json!({"on_error": {"fallback": {"x": "${ .input.note / 2 }"}}}));
        let run = run(&[first], None).await;
        run.assert_failure(ErrorCode::ExpressionError);
        assert_eq!(run.outcome.details["pointer"], "/on_error/fallback/x");
        assert_eq!(run.outcome.details["instead_of"], "UPSTREAM_GONE");
    });
}

#[test]
fn an_input_that_does_not_fit_falls_back_as_well() {
    in_time(async {
        let first =
            json!({"id": "first", "skill": "http_call", "with": {"url": 7}, "on_error": {"fallback": null}});
        let run = run(&[first], None).await;
        let first = run.assert_success().step("first");
        assert_eq!((first.code.as_str(), &first.output), ("INPUT_SCHEMA_VIOLATION", &Value::Null));
    });
}

#[test]
fn nothing_stands_in_for_the_end_of_the_run() {
    in_time(async {
        let first = step("fine", json!({"on_error": {"fallback": 1}}));
        let mut workflow: Value = serde_json::from_str(&workflow(&[first], None)).unwrap();
        workflow["budget"] = json!({"ceiling_cents": 0});
        let run = record(&stubbed(WORLD).await, &workflow.to_string(), json!({})).await;
        run.assert_failure(ErrorCode::BudgetExceeded);
    });
}

#[test]
fn a_step_depends_on_how_another_one_ended() {
    in_time(async {
        for (path, ran) in [("gone", "mourn"), ("fine", "cheer")] {
            let first = step(path, json!({"on_error": "continue"}));
            let then = |id: &str, operator: &str| {
                json!({"id": id, "skill": "json_transform", "with": {"data": null, "filter": "1"},
                       "when": format!("${{ .outcomes.first.code {operator} \"UPSTREAM_GONE\" }}")})
            };
            let run = run(&[first, then("mourn", "=="), then("cheer", "!=")], None).await;
            for id in ["mourn", "cheer"] {
                let expected = if id == ran { Status::Success } else { Status::Skipped };
                assert_eq!(run.step(id).status, expected, "{id} after {path}");
            }
            let expected = if path == "gone" { Status::Partial } else { Status::Success };
            assert_eq!(run.outcome.status, expected);
        }
    });
}

#[test]
fn a_step_excludes_codes_from_what_is_tried_again() {
    in_time(async {
        let again = run(&[step("busy", json!({"retry": {"base_ms": 0}}))], None).await;
        assert_eq!(again.assert_success().retries().len(), 1);
        let not = run(&[step("busy", json!({"retry": {"base_ms": 0, "never": ["TIMEOUT"]}}))], None).await;
        not.assert_failure(ErrorCode::Timeout);
        assert!(not.retries().is_empty());
        assert_eq!(not.given_up(), [(ErrorCode::Timeout, Because::Excluded)]);
    });
}

#[test]
fn a_step_asks_for_what_someone_may_change_meanwhile() {
    in_time(async {
        let redirect =
            Reply::status(302).header("location", "http://127.0.0.1:1/").header("retry-after", "0");
        for (retry, ends) in [
            (json!({"base_ms": 0}), "REDIRECT_BLOCKED"),
            (json!({"base_ms": 0, "also": ["REDIRECT_BLOCKED"]}), "OK"),
        ] {
            let server = Server::start([redirect.clone(), Reply::text(200, "moved back")]).await;
            let with = json!({"url": server.url("/")});
            let workflow = flow::http_step(&server, json!({"with": with, "retry": retry}));
            let run = record(&live().await, &workflow, json!({})).await;
            assert_eq!(run.code(), ends, "{}", run.outcome.message);
            assert_eq!(run.retries().len(), usize::from(ends == "OK"));
        }
    });
}

#[test]
fn every_failure_that_may_be_tried_again_and_is_not_says_why() {
    in_time(async {
        for (request, retry, because) in [
            (json!({}), json!({"max_attempts": 1}), Because::AttemptsUsed),
            (json!({"method": "POST"}), json!({}), Because::NotRepeatable),
            (json!({}), json!({"within_ms": 0}), Because::PastDeadline),
            (json!({}), json!({"never": ["UPSTREAM_ERROR"]}), Because::Excluded),
        ] {
            let server = Server::start([Reply::status(500)]).await;
            let mut with = request;
            with["url"] = server.url("/").into();
            let workflow = flow::http_step(&server, json!({"with": with, "retry": retry}));
            let run = record(&live().await, &workflow, json!({})).await;
            run.assert_failure(ErrorCode::UpstreamError);
            assert_eq!(run.given_up(), [(ErrorCode::UpstreamError, because)]);
        }
    });
}

#[test]
fn a_journal_with_another_value_or_another_decision_is_not_repeated() {
    in_time(async {
        let first = step("busy", json!({"retry": {"max_attempts": 1}, "on_error": {"fallback": 1}}));
        let run = run(&[first], None).await;
        let place = |kind: &str| run.entries().iter().position(|entry| entry.event.kind() == kind).unwrap();
        let (gave_up, fell_back) = (place("gave-up"), place("fell-back"));
        let forgeries = [
            (
                "another value",
                forged(&run, |entries| {
                    let Event::FellBack(event) = &mut entries[fell_back].event else { panic!("no value") };
                    event.output = json!(2);
                }),
            ),
            ("no value", forged(&run, |entries| drop(entries.remove(fell_back)))),
            ("no decision", forged(&run, |entries| drop(entries.remove(gave_up)))),
            ("two decisions", forged(&run, |entries| entries.insert(gave_up, entries[gave_up].clone()))),
            ("two values", forged(&run, |entries| entries.insert(fell_back, entries[fell_back].clone()))),
        ];
        for (what, journal) in forgeries {
            let failure = elsewhere().await.replay(&journal).await.proof.expect_err(what);
            let codes = [ErrorCode::ReplayDivergence, ErrorCode::ReplayExhausted];
            assert!(codes.contains(&failure.code), "{what}: {failure}");
        }
    });
}

#[test]
fn a_host_that_panics_is_never_let_pass() {
    in_time(async {
        let body = r#"(import "aos:skill/log@0.1.0" "log" (func $log (param i32 i32 i32)))
            (func $body (call $log (i32.const 2) (i32.const 0) (i32.const 4)))"#;
        for more in [
            json!({"on_error": "continue"}),
            json!({"on_error": {"fallback": 1}}),
            json!({"on_error": {"fallback": 1}, "foreach": {"in": [1, 2]}}),
        ] {
            let runtime = Runtime::builder().panic_in("aos:skill/log", "log").build().unwrap();
            runtime.register_skill(hostile("speaks", body)).await.unwrap();
            let workflow = parse(&flow::one_step(json!({}), "speaks", more));
            let outcome = runtime.run(&workflow, json!({})).await;
            assert_eq!(outcome.code, OutcomeCode::Error(ErrorCode::HostPanic), "{}", outcome.message);
        }
    });
}

#[test]
fn a_decision_that_does_not_follow_from_the_run_is_not_repeated() {
    in_time(async {
        let server = Server::start([Reply::status(500)]).await;
        for (with, retry) in [
            (json!({"url": server.url("/")}), json!({"max_attempts": 1})),
            (json!({"url": server.url("/"), "method": "POST"}), json!({})),
        ] {
            let workflow = flow::http_step(&server, json!({"with": with, "retry": retry}));
            let run = record(&live().await, &workflow, json!({})).await;
            for because in
                [Because::Excluded, Because::AttemptsUsed, Because::NotRepeatable, Because::BucketEmpty]
            {
                let mut differs = false;
                let journal = forged(&run, |entries| {
                    for entry in entries {
                        if let Event::GaveUp(gave_up) = &mut entry.event {
                            differs = gave_up.because != because;
                            gave_up.because = because;
                        }
                    }
                });
                let proof = elsewhere().await.replay(&journal).await.proof;
                assert_eq!(proof.is_err(), differs, "{because:?} of {workflow}");
            }
        }
    });
}
