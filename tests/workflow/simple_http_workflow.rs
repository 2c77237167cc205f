//! One `http_call`: the basic path.

use aos_host::failure::{ErrorCategory, ErrorCode};
use aos_host::journal::Event;
use aos_host::outcome::OutcomeCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::flow;
use crate::support::recorded::{Recorded, record};
use crate::support::runtime::{in_time, live, specified};
use crate::support::server::{Reply, Server};

/// Sends one request to a server with one reply.
async fn call(reply: Reply, with: Value) -> (Recorded, Server) {
    let server = Server::start([reply]).await;
    let with = serde_json::from_str(&server.in_place_of_origin(&with.to_string())).unwrap();
    let run = record(&live().await, &flow::http(&server, with), json!({})).await;
    (run, server)
}

/// One request, which the stub world of the specification answers.
pub(super) const ZEN: &str = r#"
aos: 1
name: zen
grants: {hosts: [api.github.com]}
steps:
  - id: fetch
    skill: http_call
    with: {url: https://api.github.com/zen}
output: ${ .steps.fetch.body }
"#;

#[test]
fn the_stub_world_answers_from_the_table_of_the_specification() {
    in_time(async {
        let run = record(&specified().await, ZEN, json!({})).await;
        run.assert_success();
        assert_eq!(run.outcome.output, json!("Keep it logically awesome."));
        let effects = &run.outcome.side_effects;
        assert_eq!(effects.len(), 1);
        assert_eq!((effects[0].call.as_str(), effects[0].status), ("http.send", Some(200)));
        assert_eq!(effects[0].target, "GET https://api.github.com/zen");
    });
}

#[test]
fn a_get_of_text_gives_status_headers_and_body() {
    in_time(async {
        let reply = Reply::text(200, "Keep it logically awesome.").header("X-Request-Id", "7");
        let (run, server) = call(reply, json!({"url": "ORIGIN/zen?a=b%20c"})).await;
        run.assert_success();
        let output = &run.step("call").output;
        assert_eq!((&output["status"], &output["body"]), (&json!(200), &json!("Keep it logically awesome.")));
        assert_eq!(output["headers"]["x-request-id"], "7");
        assert_eq!(output["headers"]["content-type"], "text/plain; charset=utf-8");
        let request = server.only_request();
        assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/zen?a=b%20c"));
        assert_eq!(request.header("host"), [server.origin().strip_prefix("http://").unwrap()]);
    });
}

#[test]
fn a_body_of_json_is_parsed() {
    in_time(async {
        let body = json!({"text": "é", "list": [1, 2.5, null, true], "inner": {"empty": {}}});
        let (run, _) = call(Reply::json(200, &body), json!({"url": "ORIGIN/"})).await;
        assert_eq!(run.assert_success().step("call").output["body"], body);
    });
}

#[test]
fn a_body_of_json_that_would_lose_something_stays_text() {
    in_time(async {
        for body in [r#"{"a": 1, "a": 2}"#, "[9007199254740993]", "{broken", ""] {
            let reply = Reply::bytes(200, body.as_bytes()).header("content-type", "application/json");
            let (run, _) = call(reply, json!({"url": "ORIGIN/"})).await;
            assert_eq!(run.assert_success().step("call").output["body"], body);
        }
    });
}

#[test]
fn header_fields_go_out_as_given() {
    in_time(async {
        let headers = json!({"X-One": "1", "x-many": ["a", "b, c"], "user-agent": "own/1", "x-latin": "é"});
        let (run, server) = call(Reply::status(204), json!({"url": "ORIGIN/", "headers": headers})).await;
        assert_eq!(run.assert_success().step("call").output["body"], "");
        let request = server.only_request();
        assert_eq!(request.header("x-one"), ["1"]);
        assert_eq!(request.header("x-many"), ["a", "b, c"]);
        assert_eq!(request.header("user-agent"), ["own/1"]);
        assert_eq!(request.header("x-latin"), ["\u{fffd}"], "one byte of ISO 8859-1, which is no UTF-8");
    });
}

#[test]
fn repeated_header_fields_come_back_joined_and_cookies_as_a_list() {
    in_time(async {
        let reply = Reply::status(200)
            .header("Via", "a")
            .header("Set-Cookie", "x=1, y")
            .header("via", "b")
            .header("Set-Cookie", "z=2");
        let (run, _) = call(reply, json!({"url": "ORIGIN/"})).await;
        let headers = &run.assert_success().step("call").output["headers"];
        assert_eq!(headers["via"], "a, b");
        assert_eq!(headers["set-cookie"], json!(["x=1, y", "z=2"]));
    });
}

#[test]
fn a_post_of_json_arrives_byte_for_byte() {
    in_time(async {
        let body = json!({"b": "é\n", "a": [1, 2.50, null, {}]});
        let with = json!({"method": "POST", "url": "ORIGIN/items", "body": body});
        let (run, server) = call(Reply::json(201, &json!({"id": 7})), with).await;
        assert_eq!(run.assert_success().step("call").output["status"], 201);
        let request = server.only_request();
        assert_eq!(request.method, "POST");
        assert_eq!(request.body, r#"{"a":[1,2.5,null,{}],"b":"é\n"}"#.as_bytes());
        assert_eq!(request.header("content-type"), ["application/json"]);
    });
}

#[test]
fn text_is_sent_as_it_is_and_without_a_type() {
    in_time(async {
        let text = "{\"a\": 1}\r\n\u{0}é";
        let (run, server) =
            call(Reply::status(200), json!({"method": "PUT", "url": "ORIGIN/", "body": text})).await;
        run.assert_success();
        assert_eq!(server.only_request().body, text.as_bytes());
        assert_eq!(server.only_request().header("content-type"), Vec::<&str>::new());
    });
}

#[test]
fn bytes_go_out_of_base64_and_come_back_as_base64() {
    in_time(async {
        let all: Vec<u8> = (0..=255).collect();
        let body = json!({"base64": STANDARD.encode(&all)});
        let with = json!({"method": "POST", "url": "ORIGIN/", "body": body});
        let reversed: Vec<u8> = all.iter().rev().copied().collect();
        let (run, server) = call(Reply::bytes(200, &reversed), with).await;
        assert_eq!(server.only_request().body, all);
        let back = &run.assert_success().step("call").output["body"];
        assert_eq!(*back, json!({"base64": STANDARD.encode(&reversed)}));
    });
}

#[test]
fn a_body_of_a_megabyte_passes_in_both_directions() {
    in_time(async {
        let body: Vec<u8> = (0..1 << 20).map(|place: u32| b'a' + (place % 26) as u8).collect();
        let text = String::from_utf8(body.clone()).unwrap();
        let with = json!({"method": "POST", "url": "ORIGIN/", "body": text});
        let (run, server) = call(Reply::bytes(200, &body), with).await;
        assert_eq!(server.only_request().body, body);
        assert_eq!(run.assert_success().step("call").output["body"], text);
    });
}

#[test]
fn every_method_is_sent_as_it_is_called() {
    in_time(async {
        let server = Server::start([Reply::status(200)]).await;
        let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        let runtime = live().await;
        for method in methods {
            let with = json!({"method": method, "url": server.url("/")});
            record(&runtime, &flow::http(&server, with), json!({})).await.assert_success();
        }
        let seen: Vec<_> = server.requests().into_iter().map(|request| request.method).collect();
        assert_eq!(seen, methods);
    });
}

#[test]
fn a_status_that_the_step_accepts_is_a_success() {
    in_time(async {
        for accept in [json!([404]), json!(["2xx", "4xx"]), json!(["400-410"])] {
            let with = json!({"url": "ORIGIN/", "accept_status": accept});
            let (run, _) = call(Reply::text(404, "nothing"), with).await;
            let output = &run.assert_success().step("call").output;
            assert_eq!((&output["status"], &output["body"]), (&json!(404), &json!("nothing")));
            let effect = &run.outcome.side_effects[0];
            assert_eq!(
                (effect.status, effect.code),
                (Some(404), OutcomeCode::Error(ErrorCode::UpstreamNotFound))
            );
        }
    });
}

#[test]
fn a_2xx_that_the_step_does_not_accept_is_the_skills_own_failure() {
    in_time(async {
        let with = json!({"url": "ORIGIN/", "accept_status": [201]});
        let (run, server) = call(Reply::text(200, "fine"), with).await;
        run.assert_failure(ErrorCode::SkillError);
        assert_eq!(run.outcome.category, Some(ErrorCategory::Permanent));
        assert_eq!(run.outcome.details["subcode"], "STATUS_NOT_ACCEPTED");
        assert_eq!(server.requests().len(), 1);
    });
}

#[test]
fn an_expression_that_is_the_whole_text_keeps_its_type() {
    in_time(async {
        let server =
            Server::start([Reply::json(200, &json!({"n": 1.5, "list": [1], "none": null, "yes": true}))])
                .await;
        let workflow = server.in_place_of_origin(
            r#"
aos: 1
name: types
grants: {hosts: ["ORIGIN"]}
steps:
  - {id: get, skill: http_call, with: {url: "ORIGIN/"}}
output:
  number: ${ .steps.get.body.n }
  integer: ${ .steps.get.status }
  list: ${ .steps.get.body.list }
  none: ${ .steps.get.body.none }
  bool: ${ .steps.get.body.yes and .steps.get.status == 200 }
  object: "${ {status: .steps.get.status} }"
  text: "status ${ .steps.get.status }, list ${ .steps.get.body.list }"
  escaped: "$${ .steps }"
  literal: 7
"#,
        );
        let run = record(&live().await, &workflow, json!({})).await;
        let expected = json!({
            "number": 1.5, "integer": 200, "list": [1], "none": null, "bool": true, "object": {"status": 200},
            "text": "status 200, list [1]", "escaped": "${ .steps }", "literal": 7,
        });
        assert_eq!(run.assert_success().outcome.output, expected);
    });
}

#[test]
fn a_workflow_without_an_output_gives_what_every_step_gave() {
    in_time(async {
        let (run, _) = call(Reply::text(200, "hi"), json!({"url": "ORIGIN/"})).await;
        assert_eq!(run.assert_success().outcome.output, json!({"call": run.step("call").output}));
    });
}

#[test]
fn a_host_that_is_not_granted_is_denied_and_hears_nothing() {
    in_time(async {
        let server = Server::start([Reply::status(200)]).await;
        let step = json!({"with": {"url": server.url("/")}});
        let runtime = live().await;
        let denied = record(&runtime, &flow::one_step(json!({}), "http_call", step.clone()), json!({})).await;
        denied.assert_failure(ErrorCode::DestinationDenied);
        assert_eq!(denied.outcome.category, Some(ErrorCategory::Permission));
        assert!(!denied.outcome.retryable);
        assert_eq!((server.requests().len(), server.connections()), (0, 0));

        let message = &denied.outcome.message;
        let (_, grant) = message.split_once("add under grants: ").expect("the grant to paste");
        let pasted =
            json!({"hosts": serde_json::from_str::<Value>(grant.trim_start_matches("hosts: ")).unwrap()});
        record(&runtime, &flow::one_step(pasted, "http_call", step), json!({})).await.assert_success();
        assert_eq!(server.requests().len(), 1);
    });
}

#[test]
fn a_grant_means_its_own_scheme_host_and_port() {
    in_time(async {
        let server = Server::start([Reply::status(200)]).await;
        let port = server.port();
        let other = if port == 65_535 { port - 1 } else { port + 1 };
        let grants = [
            format!("https://127.0.0.1:{port}"),
            format!("http://127.0.0.1:{other}"),
            "http://127.0.0.1".to_owned(),
            format!("http://127.0.0.2:{port}"),
            format!("http://localhost:{port}"),
            format!("http://*.example.com:{port}"),
        ];
        let runtime = live().await;
        for grant in grants {
            let step = json!({"with": {"url": server.url("/")}});
            let workflow = flow::one_step(json!({"hosts": [grant]}), "http_call", step);
            record(&runtime, &workflow, json!({})).await.assert_failure(ErrorCode::DestinationDenied);
        }
        assert_eq!(server.connections(), 0);
    });
}

#[test]
fn the_name_localhost_can_be_granted() {
    in_time(async {
        let server = Server::start([Reply::text(200, "home")]).await;
        let origin = format!("http://localhost:{}", server.port());
        let step = json!({"with": {"url": format!("{origin}/")}});
        let workflow = flow::one_step(json!({"hosts": [origin]}), "http_call", step);
        let run = record(&live().await, &workflow, json!({})).await;
        assert_eq!(run.assert_success().step("call").output["body"], "home");
        assert_eq!(server.requests().len(), 1);
    });
}

#[test]
fn a_redirect_is_not_followed() {
    in_time(async {
        let target = Server::start([Reply::text(200, "the other side")]).await;
        for status in [301, 302, 303, 307, 308] {
            let reply = Reply::status(status).header("location", &target.url("/"));
            let (run, server) = call(reply, json!({"url": "ORIGIN/"})).await;
            run.assert_failure(ErrorCode::RedirectBlocked);
            assert_eq!(run.outcome.category, Some(ErrorCategory::Permission));
            assert_eq!((server.requests().len(), target.connections()), (1, 0));
        }
    });
}

#[test]
fn a_redirect_that_the_step_accepts_is_an_answer() {
    in_time(async {
        let reply = Reply::status(302).header("location", "/elsewhere");
        let (run, server) = call(reply, json!({"url": "ORIGIN/", "accept_status": ["3xx"]})).await;
        assert_eq!(run.assert_success().step("call").output["headers"]["location"], "/elsewhere");
        assert_eq!(server.requests().len(), 1);
    });
}

#[test]
fn two_runs_share_no_connection() {
    in_time(async {
        let server = Server::start([Reply::text(200, "hi")]).await;
        let runtime = live().await;
        let workflow = flow::http(&server, json!({"url": server.url("/")}));
        for runs in 1..=3 {
            record(&runtime, &workflow, json!({})).await.assert_success();
            assert_eq!((server.requests().len(), server.connections()), (runs, runs));
        }
    });
}

#[test]
fn the_host_builds_framing_fields_itself() {
    in_time(async {
        for field in ["Host", "content-length", "transfer-encoding", "connection", "te", "upgrade"] {
            let with = json!({"url": "ORIGIN/", "headers": {field: "x"}});
            let (run, server) = call(Reply::status(200), with).await;
            run.assert_failure(ErrorCode::HeaderForbidden);
            assert_eq!(server.connections(), 0, "{field}");
        }
    });
}

#[test]
fn a_url_that_is_none_or_carries_credentials_is_refused() {
    in_time(async {
        for url in ["/relative", "ftp://127.0.0.1/", "http://user:secret@127.0.0.1/", "http://"] {
            let (run, server) = call(Reply::status(200), json!({"url": url})).await;
            run.assert_failure(ErrorCode::UrlInvalid);
            assert_eq!(run.outcome.category, Some(ErrorCategory::Validation));
            assert_eq!(server.connections(), 0, "{url}");
        }
    });
}

#[test]
fn the_journal_holds_the_request_as_it_was_made() {
    in_time(async {
        let with = json!({
            "method": "POST", "url": "ORIGIN/", "headers": {"x-a": "1"}, "body": "hi",
            "timeout_ms": 5000, "idempotency_key": "k-1",
        });
        let (run, server) = call(Reply::text(200, "ok"), with).await;
        let request = run.assert_success().entries().into_iter().find_map(|entry| match entry.event {
            Event::Intent(intent) => Some(intent.request),
            _ => None,
        });
        let expected = json!({
            "method": "POST", "url": server.url("/"), "headers": [["x-a", "1"]], "body": {"text": "hi"},
            "timeout_ms": 5000, "idempotency_key": "k-1",
        });
        assert_eq!(request, Some(expected));
        assert_eq!(server.only_request().header("idempotency-key"), ["k-1"]);
    });
}

#[test]
fn a_step_without_what_its_skill_needs_is_refused_with_the_place() {
    in_time(async {
        let wrong = [
            (json!({}), "/with"),
            (json!({"url": 7}), "/with/url"),
            (json!({"url": "ORIGIN/", "method": "get"}), "/with/method"),
            (json!({"url": "ORIGIN/", "body": {"base64": "???"}}), "/with/body/base64"),
            (json!({"url": "ORIGIN/", "timeout_ms": 0}), "/with/timeout_ms"),
        ];
        for (with, pointer) in wrong {
            let (run, server) = call(Reply::status(200), with).await;
            run.assert_failure(ErrorCode::InputSchemaViolation);
            assert_eq!(run.outcome.category, Some(ErrorCategory::Validation));
            assert_eq!(run.outcome.details["pointer"], pointer);
            assert_eq!((server.connections(), run.outcome.side_effects.len()), (0, 0));
        }
    });
}
