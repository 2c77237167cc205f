//! One step for each element of a list: in order, bounded, and repeated however it ended.

use std::time::Duration;

use aos_host::failure::ErrorCode;
use aos_host::journal::{Because, Entry, Event};
use aos_host::outcome::Status;
use aos_host::workflow_format::Workflow;
use aos_host::{RunOptions, Runtime};
use serde_json::{Value, json};

use super::killed_run::{MOMENTS, kill, resume};
use crate::support::recorded::{Recorded, forged, parse, record};
use crate::support::runtime::{elsewhere, in_time, live, stubbed};
use crate::support::server::{Reply, Server};

fn workflow(hosts: Value, step: Value) -> Value {
    json!({"aos": 1, "name": "fan-out", "grants": {"hosts": hosts}, "steps": [step]})
}

/// A step that computes something of each element.
fn computing(foreach: Value) -> Value {
    let with = json!({"data": {"n": "${ .item }", "at": "${ .index }"}, "filter": "[.at, .n * .n]"});
    workflow(json!([]), json!({"id": "each", "skill": "json_transform", "foreach": foreach, "with": with}))
}

/// A step that asks the stub world for each path.
fn asking(paths: &[&str], more: Value) -> Value {
    let mut step = json!({"id": "each", "skill": "http_call", "foreach": {"in": paths, "parallel": 1},
        "with": {"url": "https://a.test/${ .item }"}});
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    workflow(json!(["a.test"]), step)
}

const WORLD: &str = "
http:
  - {url: https://a.test/gone, status: 410}
  - {url: https://a.test/busy, answers: [{status: 503}, {status: 200, body: {ok: busy}}]}
  - {url: https://a.test/fine, body: {ok: fine}}
  - {url: https://a.test/down, error: connection_refused}
";

async fn ask(paths: &[&str], more: Value) -> Recorded {
    record(&stubbed(WORLD).await, &asking(paths, more).to_string(), json!({})).await
}

fn items(run: &Recorded, kind: &str) -> Vec<u32> {
    let of = |entry: &Entry| entry.cursor.as_ref().filter(|_| entry.event.kind() == kind)?.item;
    run.entries().iter().filter_map(of).collect()
}

#[test]
fn each_element_is_one_invocation_and_outputs_keep_their_order() {
    in_time(async {
        let runtime = stubbed("{}").await;
        for parallel in [1, 3, 64] {
            let mut workflow = computing(json!({"in": "${ .input.list }", "parallel": parallel}));
            workflow["output"] = json!("${ .steps.each | map(.result) }");
            let run = record(&runtime, &workflow.to_string(), json!({"list": [5, 3, 8, 1]})).await;
            let expected = json!([[0, 25], [1, 9], [2, 64], [3, 1]]);
            assert_eq!(run.assert_success().outcome.output, expected, "{parallel} at one time");
            assert_eq!(run.step("each").attempts.len(), 4);
            let mut begun = items(&run, "step-started");
            begun.sort_unstable();
            assert_eq!(begun, [0, 1, 2, 3]);
        }
    });
}

#[test]
fn an_empty_list_gives_an_empty_list() {
    in_time(async {
        let run = record(&stubbed("{}").await, &computing(json!({"in": []})).to_string(), json!({})).await;
        assert_eq!(run.assert_success().step("each").output, json!([]));
    });
}

#[test]
fn what_is_no_list_or_too_long_a_list_begins_nothing() {
    in_time(async {
        let long: Vec<u32> = (0..10_001).collect();
        for (list, code) in [
            (json!("many"), ErrorCode::ExpressionError),
            (json!({"a": 1}), ErrorCode::ExpressionError),
            (Value::Null, ErrorCode::ExpressionError),
            (json!(long), ErrorCode::WorkflowLimit),
        ] {
            let mut workflow = computing(json!({"in": "${ .input.list }"}));
            workflow["steps"][0]["on_error"] = json!({"fallback": 1});
            let run = record(&stubbed("{}").await, &workflow.to_string(), json!({"list": list})).await;
            run.assert_failure(code);
            assert_eq!(run.outcome.details["pointer"], "/foreach/in");
            assert!(items(&run, "step-started").is_empty());
        }
    });
}

#[test]
fn an_element_that_fails_stops_the_others_and_is_named() {
    in_time(async {
        let run = ask(&["fine", "gone", "fine"], json!({})).await;
        run.assert_failure(ErrorCode::UpstreamGone);
        assert_eq!(run.outcome.details["item"], 1);
        assert_eq!(items(&run, "step-started"), [0, 1]);
    });
}

#[test]
fn an_element_that_fails_may_be_let_pass() {
    in_time(async {
        let run = ask(&["fine", "gone", "fine", "gone"], json!({"on_error": "continue"})).await;
        assert_eq!(run.outcome.status, Status::Partial);
        let each = run.step("each");
        assert_eq!((each.status, each.code.as_str()), (Status::Partial, "UPSTREAM_GONE"));
        assert_eq!((&each.details["item"], &each.details["failed_items"]), (&json!(1), &json!(2)));
        let bodies: Vec<_> = each.output.as_array().unwrap().iter().map(|each| &each["body"]["ok"]).collect();
        assert_eq!(bodies, [&json!("fine"), &Value::Null, &json!("fine"), &Value::Null]);
    });
}

#[test]
fn a_value_stands_in_for_an_element_that_fails() {
    in_time(async {
        let fallback = json!({"on_error": {"fallback": {"path": "${ .item }", "at": "${ .index }"}}});
        let run = ask(&["gone", "fine"], fallback).await;
        let each = run.assert_success().step("each");
        assert_eq!(each.output[0], json!({"path": "gone", "at": 0}));
        assert_eq!(each.output[1]["body"]["ok"], "fine");
        assert_eq!(each.status, Status::Partial);
    });
}

#[test]
fn each_element_has_its_own_retries_and_the_run_has_ten_in_all() {
    in_time(async {
        let run = ask(&["fine", "busy", "fine"], json!({"retry": {"base_ms": 0}})).await;
        assert_eq!(run.assert_success().step("each").output[1]["body"]["ok"], "busy");
        assert_eq!(items(&run, "retry"), [1]);
        let down = json!({"retry": {"base_ms": 0}, "on_error": "continue"});
        let run = ask(&["down"; 5], down).await;
        assert_eq!(run.outcome.status, Status::Partial);
        assert_eq!(items(&run, "retry"), [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]);
        let given_up: Vec<_> = run.given_up().into_iter().map(|(_, because)| because).collect();
        let (used, empty) = (Because::AttemptsUsed, Because::BucketEmpty);
        assert_eq!(given_up, [used, used, used, empty, empty]);
    });
}

#[test]
fn as_many_run_at_one_time_as_the_step_says() {
    in_time(async {
        // Three requests have to be there before the first is answered, and a fourth never is by then.
        let replies = (0..9).map(|_| Reply::text(200, "x").after_requests(3).delayed(30));
        let server = Server::start(replies).await;
        let with = json!({"url": format!("{}?${{ .index }}", server.url("/"))});
        let step = json!({"id": "each", "skill": "http_call", "with": with,
            "foreach": {"in": [0, 1, 2, 3, 4, 5, 6, 7, 8], "parallel": 3}});
        let flow = workflow(json!([server.origin()]), step).to_string();
        let run = record(&live().await, &flow, json!({})).await;
        run.assert_success();
        assert_eq!(server.requests().len(), 9);
        let (mut open, mut most) = (0_i32, 0);
        for entry in
            run.entries().iter().filter(|entry| entry.cursor.as_ref().is_some_and(|c| c.item.is_some()))
        {
            match entry.event {
                Event::StepStarted(_) => open += 1,
                Event::StepEnded(_) => open -= 1,
                _ => {}
            }
            most = most.max(open);
        }
        assert_eq!(most, 3);
    });
}

#[test]
fn a_ceiling_of_the_step_holds_over_all_elements() {
    in_time(async {
        let stubs = "llm:\n  say: {text: something, tokens: 16}\n";
        let with =
            json!({"model": "gpt-4o-mini", "task": "say", "prompt": "${ .item }", "max_tokens": 16_000});
        let step = json!({"id": "each", "skill": "llm_invoke", "with": with, "ceiling_cents": 1,
            "foreach": {"in": ["a", "b", "c"], "parallel": 3}});
        let mut flow = workflow(json!([]), step);
        flow["grants"] = json!({"models": ["gpt-4o-mini"]});
        let run = record(&stubbed(stubs).await, &flow.to_string(), json!({})).await;
        assert!(run.outcome.cost.peak_held.nanos() <= 10_000_000, "{:?}", run.outcome.cost);
    });
}

#[test]
fn a_run_that_is_stopped_among_its_elements_repeats() {
    in_time(async {
        let server = Server::start([Reply::text(200, "x"), Reply::text(200, "x"), Reply::silence()]).await;
        for deadline in [false, true] {
            let with = json!({"url": server.url("/")});
            let step = json!({"id": "each", "skill": "http_call", "with": with,
                "foreach": {"in": [0, 1, 2, 3, 4, 5], "parallel": 2}});
            let mut flow = workflow(json!([server.origin()]), step);
            if deadline {
                flow["deadline_ms"] = json!(600);
            }
            let run = stopped(&live().await, &parse(&flow.to_string()), &server, !deadline).await;
            let code = if deadline { ErrorCode::DeadlineExceeded } else { ErrorCode::Cancelled };
            run.assert_failure(code);
        }
    });
}

async fn stopped(runtime: &Runtime, workflow: &Workflow, server: &Server, cancel: bool) -> Recorded {
    let sink = aos_host::providers::MemorySink::default();
    let run = runtime.start(workflow, json!({}), RunOptions::default().journal(sink.clone()));
    if cancel {
        server.received(3).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        run.cancel();
    }
    let recorded = Recorded { outcome: run.outcome().await, journal: sink.bytes() };
    recorded.assert_sound().await;
    recorded
}

#[test]
fn a_run_killed_among_its_elements_goes_on() {
    in_time(async {
        let flow = asking(
            &["fine", "gone", "busy"],
            json!({"retry": {"base_ms": 0}, "on_error": {"fallback": "${ .item }"}}),
        );
        let runtime = stubbed(WORLD).await;
        let folder = tempfile::tempdir().unwrap();
        for moment in MOMENTS {
            for write in 2.. {
                let path = folder.path().join(format!("{write}-{moment:?}.jsonl"));
                if !kill(&flow.to_string(), Some(WORLD), &path, write, moment).await {
                    assert!(write >= 20, "{write} writes");
                    break;
                }
                let before = std::fs::read(&path).unwrap();
                let before = aos_host::journal::Recording::read(&before).unwrap();
                if matches!(before.entries().last().unwrap().event, Event::RunEnded(_)) {
                    continue;
                }
                let resumed = resume(&runtime, &path).await;
                let output = &resumed.assert_success().step("each").output;
                assert_eq!(output[0]["body"]["ok"], "fine", "{moment:?} {write}");
                assert_eq!(output[1], "gone", "{moment:?} {write}");
                assert_eq!(output[2]["body"]["ok"], "busy", "{moment:?} {write}");
            }
        }
    });
}

#[test]
fn a_journal_that_lacks_an_element_or_has_another_output_is_not_repeated() {
    in_time(async {
        let run = ask(&["fine", "fine", "fine"], json!({})).await;
        let of =
            |entry: &Entry, item: u32| entry.cursor.as_ref().is_some_and(|cursor| cursor.item == Some(item));
        let forgeries = [
            ("no last element", forged(&run, |entries| entries.retain(|entry| !of(entry, 2)))),
            ("no first element", forged(&run, |entries| entries.retain(|entry| !of(entry, 0)))),
            (
                "another output",
                forged(&run, |entries| {
                    let ended = entries.iter_mut().rev().find_map(|entry| match &mut entry.event {
                        Event::StepEnded(ended) => Some(ended),
                        _ => None,
                    });
                    ended.unwrap().output = Some(json!([1, 2, 3]));
                }),
            ),
        ];
        for (what, journal) in forgeries {
            let failure = elsewhere().await.replay(&journal).await.proof.expect_err(what);
            let codes = [ErrorCode::ReplayDivergence, ErrorCode::ReplayExhausted];
            assert!(codes.contains(&failure.code), "{what}: {failure}");
        }
    });
}

#[test]
fn outputs_that_are_too_large_together_begin_no_more() {
    in_time(async {
        let stubs = format!("http: [{{url: https://a.test/large, body: {}}}]", "x".repeat(6 << 20));
        let flow = asking(&["large"; 6], json!({"with": {"url": "https://a.test/large"}})).to_string();
        let run = record(&stubbed(&stubs).await, &flow, json!({})).await;
        run.assert_failure(ErrorCode::PayloadTooLarge);
        assert_eq!(items(&run, "step-started"), [0, 1, 2]);
    });
}

#[test]
fn a_run_that_is_over_begins_none_of_what_waits() {
    in_time(async {
        let stubs = "http:\n  - {url: https://a.test/gone, status: 410, delay_ms: 100}\n  - {url: https://a.test/slow, delay_ms: 20000}\n";
        let slow = |n: u32| json!({"id": format!("slow{n}"), "skill": "http_call", "with": {"url": "https://a.test/slow", "method": "POST"}});
        let mut steps =
            vec![json!({"id": "bad", "skill": "http_call", "with": {"url": "https://a.test/gone"}})];
        steps.extend((0..120).map(slow));
        let flow = json!({"aos": 1, "name": "over", "grants": {"hosts": ["a.test"]}, "steps": steps});
        let run = record(&stubbed(stubs).await, &flow.to_string(), json!({})).await;
        run.assert_failure(ErrorCode::UpstreamGone);
        let entries = run.entries();
        let bad = |entry: &Entry| entry.cursor.as_ref().is_some_and(|cursor| cursor.step.as_str() == "bad");
        let over = entries.iter().position(|entry| bad(entry) && entry.event.kind() == "step-ended").unwrap();
        let begun = |kind: &str| entries[over..].iter().filter(|entry| entry.event.kind() == kind).count();
        // What was about to begin in another thread at that very moment may have begun.
        assert!(begun("step-started") <= 2 && begun("intent") <= 2, "{} begun", begun("step-started"));
        let skipped = run.outcome.steps.iter().filter(|step| step.status == Status::Skipped).count();
        assert!(skipped >= 50, "{skipped} of 120 never began");
    });
}

#[test]
fn elements_that_were_under_way_are_taken_up_also_when_the_run_is_over() {
    in_time(async {
        let stubs = "http:\n  - {url: https://a.test/gone, status: 410, delay_ms: 200}\n  - {url: https://a.test/slow, delay_ms: 20000}\n";
        let each = json!({"id": "each", "skill": "http_call", "with": {"url": "https://a.test/slow"},
            "foreach": {"in": [0, 1, 2], "parallel": 3}});
        let bad = json!({"id": "bad", "skill": "http_call", "with": {"url": "https://a.test/gone"}});
        let flow = json!({"aos": 1, "name": "late", "grants": {"hosts": ["a.test"]}, "steps": [each, bad]});
        let run = record(&stubbed(stubs).await, &flow.to_string(), json!({})).await;
        run.assert_failure(ErrorCode::UpstreamGone);
        // As if the process had died when of the elements only the last one stood in the journal.
        let killed = forged(&run, |entries| {
            entries.retain(|entry| {
                let Some(cursor) = &entry.cursor else { return entry.event.kind() == "run-started" };
                let ended = entry.event.kind() == "step-ended";
                cursor.step.as_str() == "bad" || (cursor.item == Some(2) && !ended)
            });
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("killed.jsonl");
        std::fs::write(&path, killed).unwrap();
        let resumed = resume(&stubbed(stubs).await, &path).await;
        resumed.assert_failure(ErrorCode::UpstreamGone);
        resumed.assert_replays_on(elsewhere().await).await;
    });
}

#[test]
fn more_steps_than_begin_at_one_time_all_come_to_their_end() {
    in_time(async {
        let runtime = stubbed(WORLD).await;
        let steps = |path: &str| -> Value {
            let step = |place: u32| {
                let path = if place == 0 { path } else { "fine" };
                json!({"id": format!("s{place}"), "skill": "http_call", "with": {"url": format!("https://a.test/{path}")},
                    "when": if place.is_multiple_of(4) { "${ true }" } else { "${ false }" }})
            };
            let steps: Vec<_> = (0..1_500).map(step).collect();
            json!({"aos": 1, "name": "wide", "grants": {"hosts": ["a.test"]}, "steps": steps,
                "output": "${ .steps.s1496.status }"})
        };
        let run = record(&runtime, &steps("fine").to_string(), json!({})).await;
        assert_eq!(run.assert_success().outcome.output, 200);
        let count =
            |run: &Recorded, status| run.outcome.steps.iter().filter(|step| step.status == status).count();
        assert_eq!((count(&run, Status::Success), count(&run, Status::Skipped)), (375, 1_125));
        // What has not begun when another step fails does not begin any more, and is told.
        let run = record(&runtime, &steps("gone").to_string(), json!({})).await;
        run.assert_failure(ErrorCode::UpstreamGone);
        assert_eq!(run.outcome.steps.len(), 1_500);
    });
}
