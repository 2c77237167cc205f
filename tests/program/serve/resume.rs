//! Runs that stopped without their end, and are tried again.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Service, answer};
use super::crashed::{quick_and_held, spoiled, two_requests};
use super::runs::{begin, with_demo};
use crate::program::process::at_home;

/// Bytes of the largest file, as long as files are bounded: no less, as the engine has files of its own in memory.
#[cfg(target_os = "linux")]
const SMALL: u64 = 8 << 20;

async fn again(service: &Service, id: &str) -> super::client::Answer {
    answer(service.ask(Method::POST, &format!("/v1/runs/{id}/resume"))).await
}

#[test]
fn a_run_that_is_stuck_goes_on_when_its_cause_is_mended() {
    at_home(async |home| {
        let server = quick_and_held().await;
        let service = Service::start(&home, &[]).await;
        let id = begin(&service, &two_requests(&server)).await;
        server.received(2).await;
        let running = service.get(&format!("/v1/runs/{id}")).await.json();
        assert!(running["charged"].as_u64() > Some(0) && running["held"].as_u64() > Some(0), "{running}");
        let refused = again(&service, &id).await.assert_problem(409);
        assert!(refused["detail"].as_str().unwrap().contains("goes on already"), "{refused}");
        let (journal, path) = spoiled(&home, service, &id).await;

        let service = Service::start(&home, &[]).await;
        assert_eq!(service.over(&id).await["state"], "stuck");
        again(&service, &id).await.assert_status(202);
        let still = service.over(&id).await;
        assert_eq!(
            (&still["state"], &still["problem"]["code"]),
            (&json!("stuck"), &json!("JOURNAL_CORRUPT"))
        );
        std::fs::write(&path, journal).unwrap();
        let resuming = again(&service, &id).await.assert_status(202).json();
        assert_eq!((&resuming["state"], &resuming["id"]), (&json!("resuming"), &json!(id)));
        // What the journal held before counts as well.
        server.received(3).await;
        let running = service.get(&format!("/v1/runs/{id}")).await.json();
        assert!(running["charged"].as_u64() > Some(0) && running["held"].as_u64() > Some(0), "{running}");
        server.release();
        let run = service.over(&id).await;
        assert_eq!((&run["state"], &run["code"]), (&json!("ended"), &json!("OK")));
        assert_eq!((&run["charged"], &run["held"]), (&run["outcome"]["cost"]["charged"], &json!(0)), "{run}");
        let refused = again(&service, &id).await.assert_problem(409);
        assert!(refused["detail"].as_str().unwrap().contains("has ended"), "{refused}");
        again(&service, "00000000000000000000000000000000").await.assert_problem(404);
    });
}

#[test]
fn a_run_that_is_stuck_in_another_world_counts_what_its_journal_holds() {
    at_home(async |home| {
        let home = with_demo(home);
        let server = quick_and_held().await;
        let service = Service::start(&home, &[]).await;
        let id = begin(&service, &two_requests(&server)).await;
        server.received(2).await;
        let running = service.get(&format!("/v1/runs/{id}")).await.json();
        service.killed().await;
        let service = Service::start(&home, &["--stubs", "stubs.yaml"]).await;
        let stuck = service.over(&id).await;
        assert_eq!((&stuck["state"], &stuck["problem"]["code"]), (&json!("stuck"), &json!("CONFIG_INVALID")));
        for figure in ["charged", "absorbed", "held", "ceiling", "duration_ms", "budget"] {
            assert_eq!(stuck[figure], running[figure], "{figure}");
        }
    });
}

/// Its input stands in two lines of the journal, and the second one is too much for a small file.
#[cfg(target_os = "linux")]
fn long() -> Value {
    let step = json!({"id": "count", "skill": "json_transform", "with": {"data": "${ .input }", "filter": "length"}});
    json!({"workflow": {"aos": 1, "name": "long", "steps": [step]}, "input": "x".repeat(5 << 20)})
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_whose_journal_could_not_be_written_goes_on_when_it_can() {
    at_home(async |home| {
        let service = Service::start(&home, &[]).await;
        service.bound_files(Some(SMALL));
        let run = service.post("/v1/runs?wait=true", &long()).await.assert_status(200).json();
        assert_eq!((&run["state"], &run["code"]), (&json!("ended"), &json!("JOURNAL_IO")), "{run}");
        let id = run["id"].as_str().unwrap();
        // There is no more room than before.
        again(&service, id).await.assert_status(202);
        let run = service.over(id).await;
        assert_eq!(run["code"].as_str().or(run["problem"]["code"].as_str()), Some("JOURNAL_IO"), "{run}");
        service.bound_files(None);
        again(&service, id).await.assert_status(202);
        let run = service.over(id).await;
        assert_eq!(run["outcome"]["output"]["count"]["result"], 5 << 20, "{}", run["code"]);
        again(&service, id).await.assert_problem(409);
    });
}
