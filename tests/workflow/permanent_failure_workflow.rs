//! Failures that trying again does not mend: named once, and told to every step that depends on them.

use aos_host::failure::{ErrorCategory, ErrorCode};
use aos_host::outcome::{OutcomeCode, Status};
use serde_json::{Value, json};

use crate::support::flow;
use crate::support::recorded::{Recorded, record};
use crate::support::runtime::{in_time, live, specified, stubbed};
use crate::support::server::{Reply, Server};

fn ended<'a>(run: &'a Recorded, step: &str) -> (Status, &'a str) {
    let step = run.step(step);
    (step.status, step.code.as_str())
}

#[test]
fn every_4xx_is_permanent_but_408_and_429() {
    in_time(async {
        let expected = [
            (400, ErrorCode::UpstreamBadRequest),
            (401, ErrorCode::UpstreamUnauthenticated),
            (402, ErrorCode::UpstreamPaymentRequired),
            (403, ErrorCode::UpstreamForbidden),
            (404, ErrorCode::UpstreamNotFound),
            (405, ErrorCode::UpstreamUnsupported),
            (406, ErrorCode::UpstreamUnsupported),
            (407, ErrorCode::UpstreamUnauthenticated),
            (409, ErrorCode::UpstreamConflict),
            (410, ErrorCode::UpstreamGone),
            (411, ErrorCode::UpstreamBadRequest),
            (412, ErrorCode::UpstreamPrecondition),
            (413, ErrorCode::UpstreamBadRequest),
            (415, ErrorCode::UpstreamUnsupported),
            (417, ErrorCode::UpstreamPrecondition),
            (418, ErrorCode::UpstreamBadRequest),
            (422, ErrorCode::UpstreamBadRequest),
            (428, ErrorCode::UpstreamPrecondition),
            (431, ErrorCode::UpstreamBadRequest),
            (451, ErrorCode::UpstreamLegalBlock),
            (499, ErrorCode::UpstreamBadRequest),
        ];
        let runtime = live().await;
        for (status, code) in expected {
            let server = Server::start([Reply::text(status, "the reason")]).await;
            let run =
                record(&runtime, &flow::http(&server, json!({"url": server.url("/")})), json!({})).await;
            run.assert_failure(code);
            assert_eq!(run.outcome.category, Some(ErrorCategory::Permanent));
            assert!(!run.outcome.retryable);
            assert_eq!((server.requests().len(), run.retries().len()), (1, 0), "{status}");
            let details = &run.outcome.details;
            assert_eq!((&details["status"], &details["body"]), (&json!(status), &json!("the reason")));
            assert_eq!((&details["step"], &details["call"]), (&json!("call"), &json!(0)));
            assert!(run.outcome.message.starts_with("step call: "), "{}", run.outcome.message);
        }
    });
}

#[test]
fn a_408_is_a_timeout() {
    in_time(async {
        let server = Server::start([Reply::status(408)]).await;
        let step = json!({"with": {"url": server.url("/")}, "retry": {"max_attempts": 1}});
        let run = record(&live().await, &flow::http_step(&server, step), json!({})).await;
        run.assert_failure(ErrorCode::Timeout);
        assert_eq!(run.outcome.category, Some(ErrorCategory::Transient));
    });
}

#[test]
fn a_stub_that_says_404_is_permanent_as_well() {
    in_time(async {
        let runtime = stubbed("http: [{url: https://a.test/, status: 404, body: {why: gone}}]").await;
        let step = json!({"with": {"url": "https://a.test/"}});
        let run =
            record(&runtime, &flow::one_step(json!({"hosts": ["a.test"]}), "http_call", step), json!({}))
                .await;
        run.assert_failure(ErrorCode::UpstreamNotFound);
        assert_eq!(run.outcome.side_effects.len(), 1);
    });
}

#[test]
fn a_message_keeps_the_query_of_a_url_to_itself() {
    in_time(async {
        let server = Server::start([Reply::status(403)]).await;
        let url = server.url("/login?token=canary-token");
        let run = record(&live().await, &flow::http(&server, json!({"url": url})), json!({})).await;
        let message = &run.assert_failure(ErrorCode::UpstreamForbidden).outcome.message;
        assert!(message.contains("/login") && !message.contains("canary"), "{message}");
    });
}

#[test]
fn a_connection_that_breaks_says_how() {
    in_time(async {
        let expected = [
            (Reply::half_a_body(), [ErrorCode::ResponseIncomplete; 2]),
            (Reply::half_a_head(), [ErrorCode::ConnectionLost, ErrorCode::HttpProtocolError]),
            (Reply::close(), [ErrorCode::ConnectionLost; 2]),
            (Reply::reset(), [ErrorCode::ConnectionLost; 2]),
            (Reply::raw(b"SSH-2.0-OpenSSH_9.6\r\n"), [ErrorCode::HttpProtocolError; 2]),
            (Reply::raw(b"HTTP/1.1 abc\r\n\r\n"), [ErrorCode::HttpProtocolError; 2]),
            (Reply::raw(b"HTTP/1.1 999 What\r\n\r\n"), [ErrorCode::HttpProtocolError; 2]),
        ];
        let runtime = live().await;
        for (reply, codes) in expected {
            let server = Server::start([reply.clone()]).await;
            let step = json!({"with": {"url": server.url("/")}, "retry": {"max_attempts": 1}});
            let run = record(&runtime, &flow::http_step(&server, step), json!({})).await;
            let code = run.code();
            assert!(codes.iter().any(|expected| expected.as_str() == code), "{code} after {reply:?}");
            assert_eq!(run.outcome.category, Some(ErrorCategory::Transient));
            assert_eq!(server.requests().len(), 1);
        }
    });
}

#[test]
fn an_answer_that_is_too_large_is_not_taken() {
    in_time(async {
        let huge = b"HTTP/1.1 200 OK\r\ncontent-length: 16777217\r\n\r\n".to_vec();
        let fields: String = (0..150).map(|place| format!("x-{place}: 1\r\n")).collect();
        let many = format!("HTTP/1.1 200 OK\r\n{fields}content-length: 0\r\n\r\n").into_bytes();
        let runtime = live().await;
        for (reply, codes) in [
            (huge, [ErrorCode::ResponseTooLarge; 2]),
            (many, [ErrorCode::ResponseTooLarge, ErrorCode::HttpProtocolError]),
        ] {
            let server = Server::start([Reply::raw(&reply)]).await;
            let step = json!({"with": {"url": server.url("/")}, "retry": {"max_attempts": 1}});
            let run = record(&runtime, &flow::http_step(&server, step), json!({})).await;
            let code = run.code();
            assert!(
                codes.iter().any(|expected| expected.as_str() == code),
                "{code}: {}",
                run.outcome.message
            );
        }
    });
}

#[test]
fn a_server_that_is_gone_is_a_failed_connection() {
    in_time(async {
        let server = Server::start([]).await;
        let step = json!({"with": {"url": server.url("/")}, "retry": {"max_attempts": 1}});
        let workflow = flow::http_step(&server, step);
        server.stop().await;
        let run = record(&live().await, &workflow, json!({})).await;
        run.assert_failure(ErrorCode::ConnectFailed);
        assert_eq!(run.outcome.side_effects[0].code, OutcomeCode::Error(ErrorCode::ConnectFailed));
    });
}

#[test]
fn a_url_without_a_stub_is_a_fault_of_the_stub_file() {
    in_time(async {
        let step = json!({"with": {"url": "https://api.github.com/other"}});
        let workflow = flow::one_step(json!({"hosts": ["api.github.com"]}), "http_call", step);
        let run = record(&specified().await, &workflow, json!({})).await;
        run.assert_failure(ErrorCode::ConfigInvalid);
        assert!(run.outcome.message.contains("https://api.github.com/other"), "{}", run.outcome.message);
    });
}

/// A failure that may pass, and a report on it.
pub(super) const CONTINUE: &str = r#"
aos: 1
name: lenient
grants: {hosts: ["ORIGIN"]}
steps:
  - {id: gone, skill: http_call, on_error: continue, with: {url: "ORIGIN/gone"}}
  - id: report
    skill: json_transform
    with:
      data: {output: "${ .steps.gone }", code: "${ .outcomes.gone.code }", status: "${ .outcomes.gone.details.status }"}
      filter: .
output: ${ .steps.report.result }
"#;

#[test]
fn on_error_continue_lets_a_failure_pass_with_null_as_its_output() {
    in_time(async {
        let server = Server::start([Reply::status(410)]).await;
        let run = record(&live().await, &server.in_place_of_origin(CONTINUE), json!({})).await;
        assert_eq!((run.outcome.status, run.code()), (Status::Partial, "OK"));
        assert!(run.outcome.is_usable());
        assert_eq!(ended(&run, "gone"), (Status::Failure, "UPSTREAM_GONE"));
        assert_eq!(run.outcome.output, json!({"output": null, "code": "UPSTREAM_GONE", "status": 410}));
    });
}

#[test]
fn the_same_workflow_is_a_success_where_nothing_fails() {
    in_time(async {
        let server = Server::start([Reply::text(200, "here")]).await;
        let run = record(&live().await, &server.in_place_of_origin(CONTINUE), json!({})).await;
        assert_eq!(run.assert_success().outcome.output["code"], "OK");
        assert_eq!(run.outcome.output["output"]["body"], "here");
    });
}

#[test]
fn what_depends_on_a_failure_is_skipped_and_says_so() {
    in_time(async {
        let server = Server::start([Reply::status(404).at("/a"), Reply::status(200)]).await;
        let workflow = server.in_place_of_origin(
            r#"
aos: 1
name: dependents
grants: {hosts: ["ORIGIN"]}
steps:
  - {id: last, skill: http_call, needs: [next], with: {url: "ORIGIN/c"}}
  - {id: next, skill: http_call, with: {url: "ORIGIN/b", headers: {x: "${ .steps.first.body }"}}}
  - {id: first, skill: http_call, with: {url: "ORIGIN/a"}}
"#,
        );
        let run = record(&live().await, &workflow, json!({})).await;
        run.assert_failure(ErrorCode::UpstreamNotFound);
        assert_eq!(run.outcome.details["step"], "first");
        assert_eq!(ended(&run, "next"), (Status::Skipped, "DEPENDENCY_FAILED"));
        assert_eq!(ended(&run, "last"), (Status::Skipped, "DEPENDENCY_FAILED"));
        assert!(run.step("next").message.contains("first"), "{}", run.step("next").message);
        let in_the_files_order: Vec<_> =
            run.outcome.steps.iter().map(|step| step.step_id.as_ref().unwrap().as_str()).collect();
        assert_eq!(in_the_files_order, ["last", "next", "first"]);
        assert_eq!(server.paths(), ["/a"]);
    });
}

#[test]
fn a_condition_that_does_not_hold_skips_the_step_and_nothing_is_wrong() {
    in_time(async {
        let workflow = r#"
aos: 1
name: condition
steps:
  - id: maybe
    skill: json_transform
    when: ${ .input.wanted }
    with: {data: 1, filter: .}
  - id: after
    skill: json_transform
    with: {data: "${ .steps.maybe }", filter: .}
output: ${ .steps.after.result }
"#;
        let runtime = specified().await;
        let run = record(&runtime, workflow, json!({"wanted": false})).await;
        assert_eq!(run.assert_success().outcome.output, Value::Null);
        assert_eq!(ended(&run, "maybe"), (Status::Skipped, "OK"));
        let run = record(&runtime, workflow, json!({"wanted": true})).await;
        assert_eq!(run.assert_success().outcome.output["result"], 1);
        let run = record(&runtime, workflow, json!({"wanted": "yes"})).await;
        run.assert_failure(ErrorCode::ExpressionError);
        assert_eq!(run.outcome.details["step"], "maybe");
    });
}

#[test]
fn of_parallel_failures_the_one_that_ends_first_names_the_run() {
    in_time(async {
        let server =
            Server::start([Reply::silence().at("/slow"), Reply::status(410).at("/fast").after_requests(2)])
                .await;
        let workflow = server.in_place_of_origin(
            r#"
aos: 1
name: parallel
grants: {hosts: ["ORIGIN"]}
steps:
  - {id: slow, skill: http_call, with: {url: "ORIGIN/slow"}}
  - {id: fast, skill: http_call, with: {url: "ORIGIN/fast"}}
"#,
        );
        let run = record(&live().await, &workflow, json!({})).await;
        run.assert_failure(ErrorCode::UpstreamGone);
        assert_eq!(run.outcome.details["step"], "fast");
        assert_eq!(ended(&run, "slow"), (Status::Failure, "CANCELLED"));
        assert_eq!(run.step("slow").side_effects[0].code, OutcomeCode::Error(ErrorCode::Cancelled));
    });
}

#[test]
fn an_expression_that_fails_on_its_data_names_the_place() {
    in_time(async {
        let server = Server::start([Reply::text(200, "no object")]).await;
        let workflow = server.in_place_of_origin(
            r#"
aos: 1
name: expression
grants: {hosts: ["ORIGIN"]}
steps:
  - {id: get, skill: http_call, with: {url: "ORIGIN/"}}
  - id: use
    skill: json_transform
    with: {data: {a: ["${ .steps.get.body.field }"]}, filter: .}
"#,
        );
        let run = record(&live().await, &workflow, json!({})).await;
        run.assert_failure(ErrorCode::ExpressionError);
        assert_eq!(run.outcome.category, Some(ErrorCategory::Validation));
        assert_eq!(run.outcome.details["pointer"], "/with/data/a/0");
        assert!(run.step("use").side_effects.is_empty());
    });
}

#[test]
fn an_output_that_cannot_be_made_fails_the_run_and_no_step() {
    in_time(async {
        let server = Server::start([Reply::text(200, "hi")]).await;
        let text = flow::http(&server, json!({"url": server.url("/")}));
        let mut workflow: Value = serde_json::from_str(&text).unwrap();
        workflow["output"] = json!({"sum": ["${ .steps.call.body + 1 }"]});
        let run = record(&live().await, &workflow.to_string(), json!({})).await;
        run.assert_failure(ErrorCode::ExpressionError);
        assert_eq!(
            (&run.outcome.details["pointer"], run.outcome.details.get("step")),
            (&json!("/output/sum/0"), None)
        );
        assert_eq!(ended(&run, "call"), (Status::Success, "OK"));
    });
}

#[test]
fn each_kind_of_expression_error_names_its_place_wherever_it_stands() {
    in_time(async {
        let runtime = specified().await;
        let input = json!({"text": "x", "list": (0..400).collect::<Vec<u32>>()});
        for (expression, code) in [
            ("${ .input.text + 1 }", ErrorCode::ExpressionError),
            ("${ [.input.list[] + .input.list[]] }", ErrorCode::WorkflowLimit),
        ] {
            for (place, in_a_step) in [("/with/data/a/0", true), ("/when", true), ("/output/a/0", false)] {
                let mut step =
                    json!({"id": "call", "skill": "json_transform", "with": {"data": 1, "filter": "."}});
                let mut workflow = json!({"aos": 1, "name": "x"});
                match place {
                    "/when" => step["when"] = json!(expression),
                    "/output/a/0" => workflow["output"] = json!({"a": [expression]}),
                    _ => step["with"]["data"] = json!({"a": [expression]}),
                }
                workflow["steps"] = json!([step]);
                let run = record(&runtime, &workflow.to_string(), input.clone()).await;
                run.assert_failure(code);
                assert_eq!(run.outcome.details["pointer"], place, "{code}");
                assert_eq!(run.outcome.details.get("step").is_some(), in_a_step, "{code} at {place}");
                assert!(run.outcome.message.contains(expression), "{}", run.outcome.message);
            }
        }
    });
}

#[test]
fn a_transformation_that_fails_is_the_workflows_fault() {
    in_time(async {
        let step = json!({"with": {"data": "text", "filter": ".a"}});
        let workflow = flow::one_step(json!({}), "json_transform", step);
        let run = record(&specified().await, &workflow, json!({})).await;
        run.assert_failure(ErrorCode::TransformError);
        assert_eq!(run.outcome.category, Some(ErrorCategory::Validation));
        assert!(run.outcome.side_effects.is_empty());
    });
}
