//! Requests, models and transformations together, in sequence and in parallel.

use std::sync::Arc;

use aos_host::failure::{ErrorCategory, ErrorCode};
use aos_host::journal::Event;
use aos_host::outcome::Status;
use aos_host::providers::{FixedClock, FixedEntropy, LiveHttp, MemorySink, StubWorld, World};
use aos_host::units::Timestamp;
use aos_host::workflow_format::Workflow;
use aos_host::{RunOptions, Runtime};
use serde_json::{Value, json};
use std::time::Duration;

use crate::support::flow;
use crate::support::recorded::{Recorded, parse, record};
use crate::support::runtime::{in_time, in_time_on_threads, live, of, read, specified, stubbed};
use crate::support::server::{Reply, Server};

fn demo() -> String {
    read("fixtures/workflows/demo.yaml")
}

/// The stub world's models with real HTTP.
async fn with_http() -> Runtime {
    let stubs = StubWorld::parse(&read("fixtures/stubs/demo.yaml")).unwrap();
    of(World::stub(stubs).with_http(Arc::new(LiveHttp::new()))).await
}

/// The places at which steps began and ended, in the journal's order.
fn course(run: &Recorded) -> Vec<String> {
    let word = |event: &Event| match event {
        Event::StepStarted(_) => Some("begins"),
        Event::StepEnded(_) => Some("ends"),
        _ => None,
    };
    let line =
        |entry: aos_host::journal::Entry| Some(format!("{} {}", entry.cursor?.step, word(&entry.event)?));
    run.entries().into_iter().filter_map(line).collect()
}

#[test]
fn the_demo_fetches_summarises_and_joins() {
    in_time(async {
        let run = record(&stubbed(&read("fixtures/stubs/demo.yaml")).await, &demo(), json!({})).await;
        let expected =
            json!({"wisdom": "Keep it logically awesome.", "words": 4, "summary": "This is a summary."});
        assert_eq!(run.assert_success().outcome.output, expected);
        let calls: Vec<_> = run.outcome.side_effects.iter().map(|effect| effect.call.as_str()).collect();
        assert_eq!(calls, ["http.send", "llm.complete"]);
        let skills: Vec<_> = run
            .outcome
            .steps
            .iter()
            .map(|step| step.metadata.as_ref().unwrap().skill_id.to_string())
            .collect();
        assert_eq!(skills, ["http_call", "llm_invoke", "json_transform"]);
    });
}

#[test]
fn the_demo_does_the_same_with_a_real_server() {
    in_time(async {
        let server = Server::start([Reply::text(200, "Half measures are as bad as nothing.")]).await;
        let text = demo().replace("[api.github.com]", &format!("[\"{}\"]", server.origin()));
        let run = record(&with_http().await, &text, json!({"url": server.url("/zen")})).await;
        let expected = json!({
            "wisdom": "Half measures are as bad as nothing.", "words": 7, "summary": "This is a summary.",
        });
        assert_eq!(run.assert_success().outcome.output, expected);
        assert_eq!(server.only_request().path, "/zen");
    });
}

#[test]
fn a_run_leaves_the_same_bytes_when_clock_and_randomness_are_the_same() {
    in_time(async {
        let journal = |seed| async move {
            let stubs = StubWorld::parse(&read("fixtures/stubs/demo.yaml")).unwrap();
            let clock = FixedClock::new(Timestamp::EPOCH, Duration::from_millis(1));
            let world = World::stub(stubs)
                .with_clock(Arc::new(clock))
                .with_entropy(Arc::new(FixedEntropy::new(seed)));
            record(&of(world).await, &demo(), json!({})).await.journal
        };
        assert_eq!(journal(1).await, journal(1).await);
        assert_ne!(journal(1).await, journal(2).await);
    });
}

#[test]
fn eight_parallel_steps_with_uneven_delays_replay_equal() {
    in_time_on_threads(async {
        let delays = [13, 2, 34, 0, 21, 1, 8, 5];
        let replies = delays.iter().enumerate().map(|(place, delay)| {
            Reply::json(200, &json!({"place": place})).at(&format!("/{place}")).delayed(*delay)
        });
        let server = Server::start(replies).await;
        let steps: Vec<_> = (0..delays.len())
            .map(|place| json!({"id": format!("s{place}"), "skill": "http_call", "with": {"url": server.url(&format!("/{place}"))}}))
            .collect();
        let workflow = json!({
            "aos": 1, "name": "parallel", "grants": {"hosts": [server.origin()]}, "steps": steps,
            "output": "${ [.steps[].body.place] }",
        });
        let runtime = live().await;
        for round in 1..=5 {
            let run = record(&runtime, &workflow.to_string(), json!({})).await;
            assert_eq!(run.assert_success().outcome.output, json!([0, 1, 2, 3, 4, 5, 6, 7]));
            assert_eq!(server.requests().len(), 8 * round);
        }
    });
}

#[test]
fn parallel_steps_run_at_the_same_time() {
    in_time(async {
        // No answer leaves before all three requests are there.
        let server = Server::start([Reply::status(200).after_requests(3)]).await;
        let steps: Vec<_> = ["a", "b", "c"]
            .map(|id| json!({"id": id, "skill": "http_call", "with": {"url": server.url("/")}}))
            .to_vec();
        let workflow = json!({"aos": 1, "name": "p", "grants": {"hosts": [server.origin()]}, "steps": steps});
        record(&live().await, &workflow.to_string(), json!({})).await.assert_success();
    });
}

#[test]
fn a_diamond_runs_from_its_top_to_its_bottom() {
    in_time(async {
        let workflow = r#"
aos: 1
name: diamond
steps:
  - {id: bottom, skill: json_transform, with: {data: ["${ .steps.left.result }", "${ .steps.right.result }"], filter: add}}
  - {id: right, skill: json_transform, with: {data: "${ .steps.top.result }", filter: . * 10}}
  - {id: left, skill: json_transform, with: {data: "${ .steps.top.result }", filter: . + 1}}
  - {id: top, skill: json_transform, with: {data: "${ .input.n }", filter: .}}
output: ${ .steps.bottom.result }
"#;
        let run = record(&specified().await, workflow, json!({"n": 7})).await;
        assert_eq!(run.assert_success().outcome.output, json!(78));
        let course = course(&run);
        let at = |line: &str| course.iter().position(|own| own == line).unwrap();
        assert_eq!((at("top begins"), at("bottom ends")), (0, 7));
        for side in ["left", "right"] {
            assert!(at("top ends") < at(&format!("{side} begins")), "{course:?}");
            assert!(at(&format!("{side} ends")) < at("bottom begins"), "{course:?}");
        }
    });
}

#[test]
fn needs_orders_steps_that_share_no_data() {
    in_time(async {
        let server = Server::start([Reply::status(200)]).await;
        let workflow = server.in_place_of_origin(
            r#"
aos: 1
name: order
grants: {hosts: ["ORIGIN"]}
steps:
  - {id: third, skill: http_call, needs: [second], with: {url: "ORIGIN/3"}}
  - {id: first, skill: http_call, with: {url: "ORIGIN/1"}}
  - {id: second, skill: http_call, needs: [first], with: {url: "ORIGIN/2"}}
"#,
        );
        record(&live().await, &workflow, json!({})).await.assert_success();
        assert_eq!(server.paths(), ["/1", "/2", "/3"]);
    });
}

#[test]
fn an_output_may_use_all_steps_at_once() {
    in_time(async {
        let workflow = r#"
aos: 1
name: all
steps:
  - {id: a, skill: json_transform, with: {data: 1, filter: .}}
  - {id: b, skill: json_transform, with: {data: 2, filter: .}}
output:
  sum: ${ [.steps[].result] | add }
  names: ${ .steps | keys }
  codes: ${ [.outcomes[].code] }
  all: ${ .steps }
"#;
        let run = record(&specified().await, workflow, json!({})).await;
        let output = &run.assert_success().outcome.output;
        assert_eq!(output["sum"], 3);
        assert_eq!((&output["names"], &output["codes"]), (&json!(["a", "b"]), &json!(["OK", "OK"])));
        assert_eq!(output["all"]["b"], run.step("b").output);
    });
}

#[test]
fn text_around_an_expression_makes_text_of_it() {
    in_time(async {
        let workflow = r#"
aos: 1
name: text
steps:
  - id: a
    skill: json_transform
    with: {data: "${ .input.name } is ${ .input.age + 1 }: ${ .input.tags }, ${ .input.nothing }", filter: .}
output: ${ .steps.a.result }
"#;
        let input = json!({"name": "Ann \"A\"", "age": 41, "tags": ["x", {"y": 1}]});
        let run = record(&specified().await, workflow, input).await;
        let expected = r#"Ann "A" is 42: ["x",{"y":1}], null"#;
        assert_eq!(run.assert_success().outcome.output, expected);
    });
}

#[test]
fn a_result_has_the_hash_of_its_canonical_bytes() {
    in_time(async {
        let data = json!({"b": 1.0, "a": [1e2, "é", null]});
        let step = json!({"with": {"data": data, "filter": "."}});
        let run =
            record(&specified().await, &flow::one_step(json!({}), "json_transform", step), json!({})).await;
        let output = &run.assert_success().step("call").output;
        let digest = aos_host::canonical::digest(&output["result"]).unwrap();
        assert_eq!(output["result_hash"], format!("blake3:{digest}"));
    });
}

const WITH_INPUT: &str = r#"
aos: 1
name: input
input:
  type: object
  required: [city]
  additionalProperties: false
  properties: {city: {type: string, minLength: 2}, days: {type: integer}}
grants: {hosts: [api.github.com]}
steps:
  - {id: fetch, skill: http_call, with: {url: "https://api.github.com/zen"}}
"#;

#[test]
fn an_input_that_does_not_fit_begins_nothing() {
    in_time(async {
        let runtime = specified().await;
        let wrong = [
            (json!({}), ""),
            (json!({"city": "B"}), "/city"),
            (json!({"city": "Bern", "days": 1.5}), "/days"),
            (json!({"city": "Bern", "extra": 1}), ""),
            (json!([]), ""),
            (Value::Null, ""),
        ];
        for (input, pointer) in wrong {
            let run = record(&runtime, WITH_INPUT, input).await;
            run.assert_failure(ErrorCode::InputSchemaViolation);
            assert_eq!(run.outcome.category, Some(ErrorCategory::Validation));
            assert_eq!(run.outcome.details["pointer"], pointer);
            assert!(run.outcome.side_effects.is_empty() && run.outcome.steps.is_empty());
        }
        record(&runtime, WITH_INPUT, json!({"city": "Bern", "days": 2})).await.assert_success();
    });
}

#[test]
fn a_broken_workflow_tells_all_its_faults_with_their_places() {
    let text = r#"aos: 2
name: Broken Name
input: {type: nonsense}
grants: {hosts: ["ftp://x"], secrets: [token]}
budget: {ceiling_cents: 900719926}
deadline_ms: 0
steps:
  - id: a
    skill: http_call
    needs: [nobody]
    with: {url: "${ .steps.missing.body }"}
    retry: {max_attempts: 21}
  - id: a
    skill: UPPER
    when: always
    on_error: explode
  - id: b
    skill: x
    foreach: {in: 7}
    with: {n: 9007199254740993, e: "${ .steps.a | "}
output: ${ .wrong }
"#;
    let invalid = Workflow::parse(text.as_bytes()).unwrap_err();
    let faults: Vec<_> = invalid.faults().iter().map(|fault| (fault.line, fault.code.as_str())).collect();
    let expected = [
        (1, "WORKFLOW_INVALID"),
        (2, "NAME_INVALID"),
        (3, "SCHEMA_INVALID"),
        (4, "WORKFLOW_INVALID"),
        (4, "SECRET_DENIED"),
        (5, "BUDGET_INVALID_AMOUNT"),
        (6, "WORKFLOW_INVALID"),
        (10, "INVALID_REFERENCE"),
        (11, "INVALID_REFERENCE"),
        (12, "WORKFLOW_INVALID"),
        (13, "WORKFLOW_INVALID"),
        (14, "NAME_INVALID"),
        (15, "WORKFLOW_INVALID"),
        (16, "WORKFLOW_INVALID"),
        (19, "WORKFLOW_INVALID"),
        (20, "JSON_NUMBER_RANGE"),
        (20, "WORKFLOW_INVALID"),
        (21, "INVALID_REFERENCE"),
    ];
    assert_eq!(faults, expected);
    for fault in invalid.faults() {
        let line = text.lines().nth(fault.line - 1).unwrap();
        let place = line.char_indices().nth(fault.column - 1).map(|(place, _)| &line[place..]);
        let start = text[fault.span.clone()].lines().next().unwrap_or_default();
        assert!(place.is_some_and(|rest| rest.starts_with(start)), "{fault:?} in {line:?}");
    }
    let shown = invalid.to_string();
    assert!(shown.starts_with("line 1 column 6: ") && shown.ends_with("(and 17 more)"), "{shown}");
}

#[test]
fn a_workflow_that_cannot_begin_has_an_outcome_as_well() {
    in_time(async {
        let runtime = specified().await;
        let invalid = Workflow::parse(b"aos: 1\nname: x\nsteps: []\n").unwrap_err();
        let outcome = runtime.refuse(&invalid.into());
        crate::support::recorded::assert_fits_schema(&outcome);
        assert_eq!((outcome.status, outcome.code.as_str()), (Status::Failure, "WORKFLOW_INVALID"));
        assert_eq!(
            (&outcome.details["faults"][0]["line"], &outcome.details["faults"][0]["column"]),
            (&json!(3), &json!(8))
        );
    });
}

#[test]
fn steps_that_wait_for_each_other_are_refused_with_the_circle() {
    let text = "aos: 1\nname: x\nsteps:\n  - {id: a, skill: s, needs: [c]}\n  - {id: b, skill: s, with: {x: \"${ .steps.a }\"}}\n  - {id: c, skill: s, when: \"${ .steps.b.ok }\"}\n";
    let invalid = Workflow::parse(text.as_bytes()).unwrap_err();
    assert_eq!(invalid.code(), ErrorCode::InvalidReference);
    assert!(
        invalid.faults()[0].message.ends_with("a needs c needs b needs a"),
        "{}",
        invalid.faults()[0].message
    );
}

#[test]
fn a_skill_that_is_missing_is_told_before_anything_is_sent() {
    in_time(async {
        let server = Server::start([Reply::status(200)]).await;
        let workflow = server.in_place_of_origin(
            r#"
aos: 1
name: missing
grants: {hosts: ["ORIGIN"]}
steps:
  - {id: fetch, skill: http_call, with: {url: "ORIGIN/"}}
  - {id: other, skill: no_such_skill, with: {x: "${ .steps.fetch.body }"}}
  - {id: third, skill: neither_this, on_error: continue}
"#,
        );
        let run = record(&live().await, &workflow, json!({})).await;
        run.assert_failure(ErrorCode::SkillNotFound);
        let message = &run.outcome.message;
        assert!(message.contains("no_such_skill") && message.contains("json_transform"), "{message}");
        assert_eq!((server.connections(), run.outcome.side_effects.len()), (0, 0));
        assert_eq!(run.step("other").metadata, None);
    });
}

#[test]
fn a_skill_that_is_missing_is_told_even_where_its_failure_may_pass() {
    in_time(async {
        let workflow = r#"
aos: 1
name: missing
steps:
  - {id: a, skill: no_such_skill, on_error: continue}
  - {id: b, skill: json_transform, with: {data: 1, filter: .}}
"#;
        let run = record(&specified().await, workflow, json!({})).await;
        assert_eq!((run.outcome.status, run.step("a").code.as_str()), (Status::Partial, "SKILL_NOT_FOUND"));
        assert_eq!(run.step("b").status, Status::Success);
    });
}

#[test]
fn values_that_nest_as_deep_as_the_host_reads_pass_and_deeper_ones_have_a_word() {
    in_time(async {
        let runtime = live().await;
        for depth in [80, 94, 95, 96, 97, 100, 119, 120, 121, 500] {
            let body = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let reply = Reply::bytes(200, body.as_bytes()).header("content-type", "application/json");
            let server = Server::start([reply]).await;
            let run =
                record(&runtime, &flow::http(&server, json!({"url": server.url("/")})), json!({})).await;
            // What is too deep stays text, as the skill's output schema says.
            let body = &run.assert_success().step("call").output["body"];
            assert!(body.is_array() || body.is_string(), "{depth}");
        }
    });
}

#[test]
fn an_input_that_no_journal_could_give_back_begins_nothing() {
    in_time(async {
        let runtime = specified().await;
        let step = json!({"with": {"data": "${ .input }", "filter": "[paths] | length"}});
        let workflow = parse(&flow::one_step(json!({}), "json_transform", step));
        let nested = |depth| (0..depth).fold(json!({}), |inner, _| json!({"in": inner}));
        let whole = [nested(90), json!({"n": 9_007_199_254_740_991_u64, "m": -0.5e-300})];
        let refused = [
            (nested(125), ErrorCode::JsonTooDeep),
            (nested(200), ErrorCode::JsonTooDeep),
            (json!({"n": 9_007_199_254_740_993_u64}), ErrorCode::JsonNumberRange),
        ];
        for input in whole {
            let sink = MemorySink::default();
            let run = runtime.start(&workflow, input, RunOptions::default().journal(sink.clone()));
            let run = Recorded { outcome: run.outcome().await, journal: sink.bytes() };
            run.assert_success().assert_sound().await;
        }
        for (input, code) in refused {
            let outcome = runtime.start(&workflow, input, RunOptions::default()).outcome().await;
            assert_eq!(outcome.code.as_str(), code.as_str(), "{}", outcome.message);
            assert!(outcome.side_effects.is_empty());
        }
    });
}

#[test]
fn a_long_chain_of_steps_runs_through() {
    in_time(async {
        let mut steps =
            vec![json!({"id": "s0", "skill": "json_transform", "with": {"data": 0, "filter": ". + 1"}})];
        steps.extend((1..60).map(|place| {
            let data = format!("${{ .steps.s{}.result }}", place - 1);
            json!({"id": format!("s{place}"), "skill": "json_transform", "with": {"data": data, "filter": ". + 1"}})
        }));
        let workflow = json!({"aos": 1, "name": "chain", "steps": steps, "output": "${ .steps.s59.result }"});
        let run = record(&specified().await, &workflow.to_string(), json!({})).await;
        assert_eq!(run.assert_success().outcome.output, json!(60));
    });
}

#[test]
fn more_parallel_steps_than_the_engine_has_places_run_through() {
    in_time_on_threads(async {
        let steps: Vec<_> = (0..150)
            .map(|place| json!({"id": format!("s{place}"), "skill": "json_transform", "with": {"data": place, "filter": "."}}))
            .collect();
        let workflow = json!({
            "aos": 1, "name": "wide", "steps": steps, "budget": {"ceiling_cents": 10},
            "output": "${ [.steps[].result] | add }",
        });
        let run = record(&specified().await, &workflow.to_string(), json!({})).await;
        assert_eq!(run.assert_success().outcome.output, json!(150 * 149 / 2));
    });
}

#[test]
fn what_a_run_did_is_counted_apart_from_what_replays_did() {
    in_time(async {
        let runtime = specified().await;
        let run = record(&runtime, &demo(), json!({})).await;
        run.assert_success();
        let line = |mode: &str| format!("aos_runs_total{{category=\"\",code=\"OK\",mode=\"{mode}\"}} 1");
        assert!(runtime.metrics().contains(&line("live")) && !runtime.metrics().contains(&line("replay")));
        run.assert_replays_on(&runtime).await;
        assert!(runtime.metrics().contains(&line("replay")), "{}", runtime.metrics());
        let charged = run.outcome.cost.charged.nanos();
        let charged = format!("aos_money_nanodollars_total{{kind=\"charged\",mode=\"live\"}} {charged}");
        assert!(runtime.metrics().contains(&charged), "{}", runtime.metrics());
    });
}
