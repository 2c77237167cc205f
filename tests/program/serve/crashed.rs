//! A service that dies, is left, or whose clients disappear: no run is lost, and none is made twice.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::join_all;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::client::{Service, answer};
use super::runs::{begin, one_request};
use crate::program::process::{Home, at_home};
use crate::support::server::{Reply, Server};

const RUNS: usize = 50;

/// A quick request, and one that the server holds.
pub(super) fn two_requests(server: &Server) -> Value {
    let step = |id: &str, needs: &[&str]| {
        let with = json!({"url": server.url(&format!("/{id}"))});
        json!({"id": id, "skill": "http_call", "needs": needs, "with": with, "retry": {"max_attempts": 1}})
    };
    let steps = [step("quick", &[]), step("held", &["quick"])];
    json!({"aos": 1, "name": "two", "grants": {"hosts": [server.origin()]}, "steps": steps})
}

pub(super) async fn quick_and_held() -> Server {
    Server::start([Reply::text(200, "a").at("/quick"), Reply::text(200, "b").at("/held").held()]).await
}

/// Kills a service with a run under way, and spoils the run's journal, so that it may not go on. Gives the journal as it was,
/// and where it lies.
pub(super) async fn spoiled(home: &Home, service: Service, id: &str) -> (String, PathBuf) {
    service.killed().await;
    let path = home.path(&format!(".aos/service/runs/{id}.jsonl"));
    let journal = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, journal.replacen("/quick", "/quack", 1)).unwrap();
    (journal, path)
}

/// Sends one request for each key; gives the ids of their runs.
async fn begin_keyed(service: &Service, workflow: &Value) -> BTreeSet<String> {
    let sent = (0..RUNS).map(|key| {
        let request = service.posting("/v1/runs", &json!({"workflow": workflow}));
        answer(request.header("idempotency-key", format!("run {key}")))
    });
    join_all(sent).await.into_iter().map(|run| run.assert_status(202).json()["id"].to_string()).collect()
}

fn journals(home: &Home) -> usize {
    std::fs::read_dir(home.path(".aos/service/runs")).unwrap().count()
}

#[test]
fn fifty_runs_in_flight_outlive_a_kill_and_none_is_made_twice() {
    at_home(async |home| {
        let server = quick_and_held().await;
        let service = Service::start(&home, &[]).await;
        let begun = begin_keyed(&service, &two_requests(&server)).await;
        assert_eq!(begun.len(), RUNS);
        server.received(2 * RUNS).await;
        service.killed().await;

        let service = Service::start(&home, &[]).await;
        // Whoever did not hear of the crash asks once more.
        assert_eq!(begin_keyed(&service, &two_requests(&server)).await, begun);
        server.release();
        for id in &begun {
            let id = id.trim_matches('"');
            let run = service.over(id).await;
            assert_eq!((&run["state"], &run["code"]), (&json!("ended"), &json!("OK")), "{run}");
            let replay = service.post(&format!("/v1/runs/{id}/replay"), &json!(null)).await.json();
            assert_eq!(replay["holds"], true, "{replay}");
        }
        assert_eq!((service.all().await.len(), journals(&home)), (RUNS, RUNS));
        let quick = server.paths().iter().filter(|path| *path == "/quick").count();
        assert_eq!(quick, RUNS, "what was answered is not asked for again");
    });
}

#[test]
fn runs_that_are_left_go_on_at_the_next_start() {
    at_home(async |home| {
        let server = quick_and_held().await;
        let service = Service::start(&home, &["--grace", "0"]).await;
        let id = begin(&service, &two_requests(&server)).await;
        server.received(2).await;
        service.signal(Signal::TERM);
        let (code, said) = service.ended().await;
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("1 runs were left where they are"), "{said}");
        server.release();
        let service = Service::start(&home, &[]).await;
        assert_eq!(service.over(&id).await["code"], "OK");
    });
}

#[test]
fn a_run_that_may_not_go_on_says_why() {
    at_home(async |home| {
        let server = quick_and_held().await;
        let service = Service::start(&home, &[]).await;
        let id = begin(&service, &two_requests(&server)).await;
        server.received(2).await;
        spoiled(&home, service, &id).await;
        let service = Service::start(&home, &[]).await;
        let run = service.over(&id).await;
        assert_eq!((&run["state"], &run["problem"]["code"]), (&json!("stuck"), &json!("JOURNAL_CORRUPT")));
        let torn = home.path(".aos/service/runs/01a208cd2f187ecdb08767e207b640ee.jsonl");
        service.killed().await;
        std::fs::write(&torn, b"{\"seq\":0,\"at\":").unwrap();
        let service = Service::start(&home, &[]).await;
        assert_eq!(service.all().await.len(), 1, "a run whose first line is torn never began");
        assert!(!torn.exists());
    });
}

#[test]
fn one_folder_has_one_service() {
    at_home(async |home| {
        let _service = Service::start(&home, &[]).await;
        let second = home.aos(["serve", "--listen", "127.0.0.1:0"]).await;
        second.assert_code(2);
        assert!(second.stderr.contains("another aos serve uses it"), "{}", second.stderr);
    });
}

#[test]
fn a_thousand_runs_end_whose_clients_disappeared() {
    at_home(async |home| {
        let server = Server::start([Reply::text(200, "hi").held()]).await;
        let service = Service::start(&home, &[]).await;
        let body = json!({"workflow": one_request(&server.url("/"), &server.origin())});
        for hundred in 1..=10 {
            let waiting: Vec<_> =
                (0..100).map(|_| tokio::spawn(service.posting("/v1/runs?wait=true", &body).send())).collect();
            while service.all().await.len() < hundred * 100 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            // They leave before there can be an answer.
            waiting.iter().for_each(tokio::task::JoinHandle::abort);
        }
        let running = service.all().await;
        assert_eq!(running.len(), 1000);
        assert!(running.iter().all(|run| run["state"] == "running"));
        server.release();
        for run in running {
            let run = service.over(run["id"].as_str().unwrap()).await;
            assert_eq!(run["code"], "OK", "{run}");
        }
        assert_eq!(server.requests().len(), 1000);
    });
}
