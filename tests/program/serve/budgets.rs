//! Named budgets, over HTTP: what the program lists, and an end to spending.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::client::{Service, answer};
use super::runs::with_demo;
use crate::program::process::{Home, at_home};

const STUBS: [&str; 2] = ["--stubs", "stubs.yaml"];

/// A service with the budgets `other` and `team`.
async fn with_budgets(home: Home) -> (Home, Service) {
    let home = with_demo(home);
    for name in ["team", "other"] {
        home.aos(["budget", "set", name, "--ceiling-cents", "500"]).await.assert_code(0);
    }
    let service = Service::start(&home, &STUBS).await;
    (home, service)
}

#[test]
fn budgets_are_listed_as_the_program_lists_them() {
    at_home(async |home| {
        let (home, service) = with_budgets(home).await;
        let run = json!({"workflow": "demo", "budget": {"name": "team"}});
        assert_eq!(service.post("/v1/runs?wait=true", &run).await.json()["code"], "OK");
        let told = home.aos(["budget", "list", "--format", "json"]).await.json();
        assert!(told[1]["charged"].as_u64() > Some(0), "{told}");
        let listed = async || service.get("/v1/budgets").await.assert_status(200).json();
        assert_eq!(listed().await, told);
        home.write(".aos/budgets/broken.jsonl", "no ledger\n");
        let with_broken = listed().await;
        assert_eq!(with_broken[0]["name"], "broken");
        assert_eq!(with_broken[0]["problem"]["code"], "LEDGER_INVARIANT", "{with_broken}");
        assert_eq!(with_broken[0].as_object().unwrap().len(), 2);
        assert_eq!(with_broken.as_array().unwrap()[1..], told.as_array().unwrap()[..]);
    });
}

#[test]
fn a_budget_is_stopped_and_started() {
    at_home(async |home| {
        let (home, service) = with_budgets(home).await;
        let shown = async |name: &str| home.aos(["budget", "show", name, "--format", "json"]).await.json();
        let why = json!({"why": "w".repeat(200)});
        let stopped = service.post("/v1/budgets/team/stop", &why).await.assert_status(200).json();
        assert_eq!(stopped["stopped"], why["why"]);
        assert_eq!(shown("team").await, stopped);
        let run = json!({"workflow": "demo", "budget": {"name": "team"}});
        let refused = service.post("/v1/runs", &run).await;
        assert_eq!(refused.assert_problem(refused.status.as_u16())["code"], "BUDGET_STOPPED");
        let started = service.post("/v1/budgets/team/start", &json!({})).await.assert_status(200).json();
        assert_eq!((&started["stopped"], shown("team").await), (&Value::Null, started.clone()));
        let silently = service.post("/v1/budgets/team/stop", &json!({})).await.assert_status(200).json();
        assert_eq!(silently["stopped"], "");
        for (path, body) in [
            ("stop", json!({"why": "w".repeat(201)})),
            ("stop", json!({"why": 1})),
            ("stop", json!({"because": ""})),
            ("start", json!({"why": ""})),
            ("start", json!([1])),
        ] {
            service.post(&format!("/v1/budgets/team/{path}"), &body).await.assert_problem(400);
        }
        for path in ["none/stop", "none/start", "..%2Fteam/stop", "TEAM/start"] {
            service.post(&format!("/v1/budgets/{path}"), &json!({})).await.assert_problem(404);
        }
        // No form of a page can send it.
        for path in ["team/start", "stop"] {
            let form =
                service.ask(Method::POST, &format!("/v1/budgets/{path}")).header(CONTENT_TYPE, "text/plain");
            answer(form.body("{}")).await.assert_problem(415);
        }
        assert_eq!(shown("team").await["stopped"], "");
    });
}

#[test]
fn all_budgets_that_can_be_stopped_are_stopped_at_once() {
    at_home(async |home| {
        let (home, service) = with_budgets(home).await;
        service.post("/v1/budgets/other/stop", &json!({"why": "before"})).await.assert_status(200);
        home.write(".aos/budgets/broken.jsonl", "no ledger\n");
        let all = service.post("/v1/budgets/stop", &json!({"why": "a loop"})).await.assert_status(200).json();
        let of = |member: &str| {
            all.as_array().unwrap().iter().map(|budget| budget[member].clone()).collect::<Vec<_>>()
        };
        assert_eq!(of("name"), ["broken", "other", "team"]);
        assert_eq!(of("stopped"), [Value::Null, json!("before"), json!("a loop")]);
        assert_eq!(all[0]["problem"]["code"], "LEDGER_INVARIANT");
        assert_eq!(service.get("/v1/budgets").await.json(), all);
    });
}
