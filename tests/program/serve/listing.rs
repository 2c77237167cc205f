//! Which runs are listed, and the figures of each.

use serde_json::{Value, json};

use super::client::Service;
use super::runs::{begin, one_request, with_demo};
use crate::program::process::{Home, at_home};
use crate::support::server::{Reply, Server};

const STUBS: [&str; 2] = ["--stubs", "stubs.yaml"];

async fn run(service: &Service, request: Value) -> Value {
    service.post("/v1/runs?wait=true", &request).await.assert_status(200).json()
}

/// Ids of the runs that a query finds.
async fn found(service: &Service, query: &[(&str, &str)]) -> Vec<Value> {
    let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let page = service.get(&format!("/v1/runs?{}", query.join("&"))).await.assert_status(200).json();
    page["runs"].as_array().unwrap().iter().map(|run| run["id"].clone()).collect()
}

async fn with_team(home: Home) -> Home {
    let home = with_demo(home);
    home.aos(["budget", "set", "team", "--ceiling-cents", "500"]).await.assert_code(0);
    home
}

#[test]
fn runs_are_found_by_workflow_code_and_parts_of_their_names() {
    at_home(async |home| {
        let home = with_team(home).await;
        let service = Service::start(&home, &STUBS).await;
        let paid = run(&service, json!({"workflow": "demo", "budget": {"name": "team"}})).await["id"].clone();
        let poor = run(&service, json!({"workflow": "demo", "budget": {"ceiling_cents": 0}})).await;
        assert_eq!(poor["code"], "BUDGET_EXCEEDED");
        let poor = poor["id"].clone();
        let other = one_request("https://httpstat.us/500", "httpstat.us");
        let other = run(&service, json!({"workflow": other})).await;
        let (code, other) = (other["code"].clone(), other["id"].clone());
        let [paid_id, other_id] = [&paid, &other].map(|id| id.as_str().unwrap());
        let code = code.as_str().unwrap();
        for (query, runs) in [
            (vec![("workflow", "demo")], vec![&poor, &paid]),
            (vec![("workflow", "dem")], vec![]),
            (vec![("code", "OK")], vec![&paid]),
            (vec![("code", "BUDGET_EXCEEDED"), ("workflow", "demo")], vec![&poor]),
            (vec![("code", code)], vec![&other]),
            (vec![("q", "TEA")], vec![&paid]),
            (vec![("q", "budget_exc")], vec![&poor]),
            (vec![("q", "Dem")], vec![&poor, &paid]),
            (vec![("q", &other_id[8..].to_uppercase())], vec![&other]),
            (vec![("q", paid_id), ("workflow", "one")], vec![]),
            (vec![("q", "dem"), ("limit", "1")], vec![&poor]),
            (vec![("q", "dem"), ("before", poor.as_str().unwrap())], vec![&paid]),
            (vec![("q", &"x".repeat(200))], vec![]),
        ] {
            assert_eq!(found(&service, &query).await.iter().collect::<Vec<_>>(), runs, "{query:?}");
        }
        for query in ["q=", &format!("q={}", "x".repeat(201)), "code=NONE", "code=", "workflows=demo"] {
            service.get(&format!("/v1/runs?{query}")).await.assert_problem(400);
        }
    });
}

#[test]
fn the_figures_of_a_run_are_those_of_its_journal_also_for_the_next_service() {
    at_home(async |home| {
        let home = with_team(home).await;
        let service = Service::start(&home, &STUBS).await;
        let asked = json!({"workflow": "demo", "budget": {"name": "team", "ceiling_cents": 7}});
        let paid = run(&service, asked).await;
        let plain = run(&service, json!({"workflow": "demo"})).await;
        for (run, ceiling, budget) in [(&paid, 70_000_000, json!("team")), (&plain, 100_000_000, Value::Null)]
        {
            let cost = &run["outcome"]["cost"];
            assert!(cost["charged"].as_u64() > Some(0));
            assert_eq!((&run["charged"], &run["absorbed"]), (&cost["charged"], &cost["absorbed"]));
            assert_eq!((&run["held"], &run["ceiling"]), (&json!(0), &json!(ceiling)));
            assert_eq!((&run["budget"], &run["duration_ms"]), (&budget, &run["outcome"]["latency_ms"]));
        }
        let failed = one_request("https://httpstat.us/500", "httpstat.us");
        let failed = run(&service, json!({"workflow": failed})).await;
        assert!(failed["absorbed"].as_u64() > Some(0), "{failed}");
        let listed = service.all().await;
        service.killed().await;
        assert_eq!(Service::start(&home, &STUBS).await.all().await, listed);
    });
}

#[test]
fn the_figures_of_a_run_under_way_are_those_of_its_journal_so_far() {
    at_home(async |home| {
        let server = Server::start([Reply::text(200, "hi").held()]).await;
        let service = Service::start(&home, &[]).await;
        let id = begin(&service, &one_request(&server.url("/"), &server.origin())).await;
        server.received(1).await;
        let run = service.get(&format!("/v1/runs/{id}")).await.json();
        let view = service.get(&format!("/v1/runs/{id}/view")).await.json();
        assert!(run["held"].as_u64() > Some(0), "{run}");
        assert_eq!((&run["held"], &run["charged"]), (&view["held"], &json!(0)));
        assert_eq!(run["duration_ms"].as_u64(), view["took_us"].as_u64().map(|us| us / 1000));
        assert_eq!(service.all().await[0]["held"], run["held"]);
    });
}
