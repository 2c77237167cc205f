//! Runs that are begun, followed, cancelled and replayed.

use std::collections::BTreeSet;

use aos_host::failure::{ErrorCategory, Row, catalog};
use futures_util::future::join_all;
use reqwest::{Method, StatusCode};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::client::{Service, answer};
use crate::program::process::{Home, at_home};
use crate::support::recorded;
use crate::support::runtime::skills;
use crate::support::server::{Reply, Server};

const STUBS: [&str; 2] = ["--stubs", "stubs.yaml"];

/// A home with the demo as a workflow that requests may name.
pub(super) fn with_demo(home: Home) -> Home {
    let home = home.with_demo();
    std::fs::create_dir_all(home.path(".aos/workflows")).unwrap();
    std::fs::copy(home.path("demo.yaml"), home.path(".aos/workflows/demo.yaml")).unwrap();
    home
}

/// A workflow of one request.
pub(super) fn one_request(url: &str, origin: &str) -> Value {
    let step =
        json!({"id": "call", "skill": "http_call", "with": {"url": url}, "retry": {"max_attempts": 1}});
    json!({"aos": 1, "name": "one", "grants": {"hosts": [origin]}, "steps": [step]})
}

/// Begins a run of a workflow; gives its id.
pub(super) async fn begin(service: &Service, workflow: &Value) -> String {
    let begun = service.post("/v1/runs", &json!({"workflow": workflow})).await;
    begun.assert_status(202);
    begun.json()["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_run_by_name_ends_in_its_outcome_and_replays() {
    at_home(async |home| {
        let home = with_demo(home);
        let service = Service::start(&home, &STUBS).await;
        let run = service.post("/v1/runs?wait=true", &json!({"workflow": "demo"})).await;
        let view = run.assert_status(200).json();
        let id = view["id"].as_str().unwrap();
        assert_eq!(run.headers["location"], format!("/v1/runs/{id}"));
        assert_eq!(
            (&view["state"], &view["code"], &view["status"]),
            (&json!("ended"), &json!("OK"), &json!("success"))
        );
        let outcome = serde_json::from_value(view["outcome"].clone()).expect("an outcome");
        recorded::assert_fits_schema(&outcome);
        assert_eq!(outcome.output["summary"], "This is a summary.");
        assert_eq!(service.get(&format!("/v1/runs/{id}")).await.json(), view);

        let journal = service.get(&format!("/v1/runs/{id}/journal")).await;
        assert_eq!(journal.headers["content-type"], "application/jsonl");
        let file = format!(".aos/service/runs/{id}.jsonl");
        assert_eq!(journal.text, std::fs::read_to_string(home.path(&file)).unwrap());

        let replay =
            service.post(&format!("/v1/runs/{id}/replay"), &json!(null)).await.assert_status(200).json();
        assert_eq!((&replay["holds"], &replay["outcome"]), (&json!(true), &view["outcome"]));
        let by_program = home.aos(["replay", &file, "--format", "json"]).await;
        by_program.assert_code(0);
        assert_eq!(by_program.json(), view["outcome"]);
    });
}

#[test]
fn a_journal_that_was_changed_is_replayed_and_told() {
    at_home(async |home| {
        let home = with_demo(home);
        let service = Service::start(&home, &STUBS).await;
        let run = service.post("/v1/runs?wait=true", &json!({"workflow": "demo"})).await.json();
        let id = run["id"].as_str().unwrap();
        let path = home.path(&format!(".aos/service/runs/{id}.jsonl"));
        let journal = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, journal.replacen("wisdom", "wisdoM", 1)).unwrap();
        let replay =
            service.post(&format!("/v1/runs/{id}/replay"), &json!(null)).await.assert_status(200).json();
        assert_eq!(
            (&replay["holds"], &replay["problem"]["code"]),
            (&json!(false), &json!("JOURNAL_CORRUPT"))
        );
        service.get("/healthz").await.assert_status(200);
    });
}

#[test]
fn a_run_is_followed_by_its_events_while_it_goes() {
    at_home(async |home| {
        let server = Server::start([Reply::text(200, "hi").held()]).await;
        let service = Service::start(&home, &[]).await;
        let id = begin(&service, &one_request(&server.url("/"), &server.origin())).await;
        let path = format!("/v1/runs/{id}/events");
        let mut events = service.ask(Method::GET, &path).send().await.unwrap();
        assert_eq!(events.headers()["content-type"], "text/event-stream");
        let mut seen = String::new();
        // The request has left, and its answer waits for another request.
        while !seen.contains("event: intent") {
            seen.push_str(std::str::from_utf8(&events.chunk().await.unwrap().unwrap()).unwrap());
        }
        assert!(!seen.contains("event: result"), "{seen}");
        assert_eq!(service.get(&format!("/v1/runs/{id}")).await.json()["state"], "running");
        server.release();
        while let Some(piece) = events.chunk().await.unwrap() {
            seen.push_str(std::str::from_utf8(&piece).unwrap());
        }
        let data: Vec<_> = seen.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
        let journal = service.get(&format!("/v1/runs/{id}/journal")).await.text;
        assert_eq!(data, journal.lines().collect::<Vec<_>>());
        assert!(data.last().unwrap().contains("\"type\":\"run-ended\""), "{seen}");

        // Somebody who was cut off goes on after the last event that arrived, and comes to an end.
        let rest = answer(service.ask(Method::GET, &path).header("last-event-id", "2")).await.text;
        assert_eq!(rest.lines().find_map(|line| line.strip_prefix("id: ")), Some("3"));
        let last = (data.len() - 1).to_string();
        let nothing = answer(service.ask(Method::GET, &path).header("last-event-id", last)).await;
        nothing.assert_status(204);
    });
}

#[test]
fn a_run_is_cancelled_once() {
    at_home(async |home| {
        let server = Server::start([Reply::silence()]).await;
        let service = Service::start(&home, &[]).await;
        let id = begin(&service, &one_request(&server.url("/"), &server.origin())).await;
        server.received(1).await;
        let cancel = format!("/v1/runs/{id}/cancel");
        service.post(&cancel, &json!(null)).await.assert_status(202);
        let run = service.over(&id).await;
        assert_eq!((&run["state"], &run["code"]), (&json!("ended"), &json!("CANCELLED")));
        service.post(&cancel, &json!(null)).await.assert_problem(409);
        service
            .post("/v1/runs/00000000000000000000000000000000/cancel", &json!(null))
            .await
            .assert_problem(404);
    });
}

#[test]
fn one_key_begins_one_run_however_often_and_at_once_it_is_sent() {
    at_home(async |home| {
        let home = with_demo(home);
        let service = Service::start(&home, &STUBS).await;
        let body = json!({"workflow": "demo", "input": {"n": 1}});
        let send = |body: &Value| {
            answer(service.posting("/v1/runs?wait=true", body).header("idempotency-key", "once"))
        };
        let answers = join_all((0..20).map(|_| send(&body))).await;
        let ids: BTreeSet<_> =
            answers.iter().map(|run| run.assert_status(200).json()["id"].to_string()).collect();
        assert_eq!((ids.len(), service.all().await.len()), (1, 1));
        let other = send(&json!({"workflow": "demo", "input": {"n": 2}})).await.assert_problem(400);
        assert_eq!(other["code"], "REQUEST_INVALID");
        for key in ["", "\u{e9}", &"k".repeat(256)] {
            let request = service.posting("/v1/runs", &body).header("idempotency-key", key.as_bytes());
            answer(request).await.assert_problem(400);
        }
        assert_eq!(service.all().await.len(), 1);
    });
}

#[test]
fn runs_are_listed_in_pages_newest_first() {
    at_home(async |home| {
        let home = with_demo(home);
        let service = Service::start(&home, &STUBS).await;
        let mut begun = Vec::new();
        for _ in 0..5 {
            let run = service.post("/v1/runs?wait=true", &json!({"workflow": "demo"})).await.json();
            begun.insert(0, run["id"].clone());
        }
        let (mut listed, mut path) = (Vec::new(), "/v1/runs?limit=2".to_owned());
        loop {
            let page = service.get(&path).await.assert_status(200).json();
            listed.extend(page["runs"].as_array().unwrap().iter().map(|run| run["id"].clone()));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/v1/runs?limit=2&before={next}");
        }
        assert_eq!(listed, begun);
        let of = async |state: &str| {
            let page = service.get(&format!("/v1/runs?state={state}")).await.json();
            page["runs"].as_array().unwrap().len()
        };
        assert_eq!((of("ended").await, of("running").await), (5, 0));
    });
}

#[test]
fn a_run_takes_no_more_than_the_request_says() {
    at_home(async |home| {
        let home = with_demo(home);
        let service = Service::start(&home, &STUBS).await;
        let asked = json!({"workflow": "demo", "budget": {"ceiling_cents": 0}});
        let run = service.post("/v1/runs?wait=true", &asked).await.assert_status(200).json();
        assert_eq!(run["code"], "BUDGET_EXCEEDED");
        home.aos(["budget", "set", "team", "--ceiling-cents", "5"]).await.assert_code(0);
        let asked = json!({"workflow": "demo", "budget": {"ceiling_cents": 3, "name": "team"}});
        let run = service.post("/v1/runs?wait=true", &asked).await.assert_status(200).json();
        assert_eq!(run["code"], "OK");
        let spent = home.aos(["budget", "show", "team", "--format", "json"]).await.json();
        assert_eq!(spent["charged"], run["outcome"]["cost"]["charged"], "{spent}");
        let too_much = json!({"workflow": "demo", "budget": {"ceiling_cents": 900, "name": "team"}});
        let refused = service.post("/v1/runs", &too_much).await;
        assert_eq!(refused.assert_problem(refused.status.as_u16())["code"], "AGENT_BUDGET_EXCEEDED");
        assert_eq!(service.all().await.len(), 2, "what never began is not listed");
    });
}

#[test]
fn what_has_no_room_is_told_to_come_again() {
    at_home(async |home| {
        let server = Server::start([Reply::silence()]).await;
        let service = Service::start(&home, &["--max-runs", "1"]).await;
        let workflow = one_request(&server.url("/"), &server.origin());
        let id = begin(&service, &workflow).await;
        let refused = service.post("/v1/runs", &json!({"workflow": workflow})).await;
        assert_eq!(refused.assert_problem(503)["code"], "CONCURRENCY_LIMIT");
        assert_eq!(refused.headers["retry-after"], "1");
        service.post(&format!("/v1/runs/{id}/cancel"), &json!(null)).await.assert_status(202);
        service.over(&id).await;
        begin(&service, &workflow).await;
    });
}

#[test]
fn a_service_that_is_told_to_stop_ends_its_runs_and_begins_no_more() {
    at_home(async |home| {
        let server = Server::start([Reply::text(200, "hi").held()]).await;
        let service = Service::start(&home, &[]).await;
        let workflow = one_request(&server.url("/"), &server.origin());
        let id = begin(&service, &workflow).await;
        server.received(1).await;
        service.signal(Signal::TERM);
        while service.get("/readyz").await.status == StatusCode::OK {}
        service.post("/v1/runs", &json!({"workflow": workflow})).await.assert_problem(503);
        assert_eq!(service.get(&format!("/v1/runs/{id}")).await.json()["state"], "running");
        server.release();
        let (code, said) = service.ended().await;
        assert_eq!(code, Some(0), "{said}");
        assert!(!said.contains("left where"), "{said}");
        home.aos(["replay", &format!(".aos/service/runs/{id}.jsonl")]).await.assert_code(0);
    });
}

#[test]
fn what_a_service_tells_of_itself_is_what_the_program_tells() {
    at_home(async |home| {
        let home = with_demo(home);
        let service = Service::start(&home, &STUBS).await;
        let listed = home.aos(["skills", "list", "--format", "json"]).await.json();
        assert_eq!(service.get("/v1/skills").await.json(), listed);
        assert!(listed[0].get("terms").is_none(), "{listed}");
        let rows = |fits: &dyn Fn(&Row) -> bool| -> Value {
            catalog().rows().filter(|row| fits(row)).map(Row::to_json).collect()
        };
        assert_eq!(service.get("/v1/failures").await.json(), rows(&|_| true));
        let denied = rows(&|row| row.category == ErrorCategory::Permission);
        assert_eq!(service.get("/v1/failures?category=PERMISSION").await.json(), denied);
        assert_eq!(service.get("/v1/failures?retryable=true").await.json(), rows(&Row::is_retried));
        let timeout = service.get("/v1/failures/TIMEOUT").await.json();
        assert!(timeout["page"].as_str().unwrap().starts_with("# TIMEOUT"), "{timeout}");
        service.get("/v1/failures/NO_SUCH").await.assert_problem(404);
        let metrics = service.get("/metrics").await;
        assert_eq!(metrics.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        assert!(metrics.text.contains("aos_runs_limit{mode=\"live\"} 1000"), "{}", metrics.text);
    });
}

#[test]
fn a_skill_is_told_with_the_terms_that_stand_beside_it() {
    at_home(async |home| {
        std::fs::create_dir(home.path("skills")).unwrap();
        std::fs::copy(skills().join("http_call.wasm"), home.path("skills/http_call.wasm")).unwrap();
        home.write("skills/http_call.skill.toml", "[limits]\nhost_calls = 3\n");
        let folder = ["--skills", "skills"];
        let service = Service::start(&home, &folder).await;
        let describe = ["skills", "describe", "http_call", "--format", "json"];
        let described = home.aos(describe.iter().chain(&folder)).await.json();
        assert_eq!(described["terms"]["limits"]["host_calls"], 3, "{described}");
        assert_eq!(service.get("/v1/skills").await.json(), json!([described]));
    });
}
