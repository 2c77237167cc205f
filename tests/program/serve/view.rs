//! What a run looks like: whole, as what changed, followed, and the documents that lie in it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::client::{Service, answer};
use super::runs::{begin, one_request, with_demo};
use super::sent_events::Events;
use crate::program::process::at_home;
use crate::support::server::{Reply, Server};

/// Elements of the run that goes on and on.
const ELEMENTS: usize = 300;

/// Many quick elements, one after the other, and a request that the server holds.
fn many_and_held(server: &Server) -> Value {
    let list: Vec<usize> = (0..ELEMENTS).collect();
    let each = json!({
        "id": "each", "skill": "json_transform", "foreach": {"in": list, "parallel": 2},
        "with": {"data": "${ .item }", "filter": "."},
    });
    let held = json!({
        "id": "held", "skill": "http_call", "needs": ["each"], "with": {"url": server.url("/")},
        "retry": {"max_attempts": 1},
    });
    json!({"aos": 1, "name": "many", "grants": {"hosts": [server.origin()]}, "steps": [each, held]})
}

/// Puts changes over what is there, as docs/service.md says.
fn put_over(model: &mut Value, changes: &Value) {
    for (name, value) in changes.as_object().unwrap() {
        match name.as_str() {
            "steps" => value.as_array().unwrap().iter().for_each(|step| put_step(model, step)),
            "money" => {
                let points = value.as_array().unwrap().clone();
                list(model, "money").extend(points);
            }
            _ => model[name] = value.clone(),
        }
    }
}

fn list<'a>(of: &'a mut Value, name: &str) -> &'a mut Vec<Value> {
    if of[name].is_null() {
        of[name] = json!([]);
    }
    of[name].as_array_mut().unwrap()
}

fn put_step(model: &mut Value, change: &Value) {
    let place = usize::try_from(change["place"].as_u64().unwrap()).unwrap();
    let steps = list(model, "steps");
    if place == steps.len() {
        steps.push(json!({"place": place, "step": change["step"], "item": change["item"], "attempts": []}));
    }
    for attempt in change["attempts"].as_array().unwrap() {
        let attempts = list(&mut steps[place], "attempts");
        let known = attempts.iter().position(|known| known["attempt"] == attempt["attempt"]);
        let mut calls = known.map(|at| attempts[at]["calls"].as_array().unwrap().clone()).unwrap_or_default();
        for call in attempt["calls"].as_array().unwrap() {
            calls.retain(|known| known["index"] != call["index"]);
            calls.push(call.clone());
        }
        calls.sort_by_key(|call| call["index"].as_u64());
        let mut attempt = attempt.clone();
        attempt["calls"] = json!(calls);
        match known {
            Some(at) => attempts[at] = attempt,
            None => attempts.push(attempt),
        }
    }
}

fn calls_of_held(model: &Value) -> usize {
    let steps = model["steps"].as_array().into_iter().flatten();
    let held = steps.filter(|step| step["step"] == "held").flat_map(|step| step["attempts"].as_array());
    held.flatten().flat_map(|attempt| attempt["calls"].as_array()).map(Vec::len).sum()
}

#[test]
fn a_run_that_goes_on_is_followed_by_what_changed_and_nothing_is_sent_again() {
    at_home(async |home| {
        let server = Server::start([Reply::text(200, "hi").held()]).await;
        let service = Service::start(&home, &[]).await;
        let id = begin(&service, &many_and_held(&server)).await;
        let path = format!("/v1/runs/{id}/view");
        let began = Instant::now();
        let mut events = Events::of(&service, &format!("{path}/events"), None).await;
        let (mut model, mut all) = (json!({}), Vec::new());
        // Its last entry stands there while nothing follows it.
        while calls_of_held(&model) == 0 {
            let sent = events.next().await.unwrap();
            put_over(&mut model, &sent.data);
            all.push(sent);
        }
        assert!(model["outcome"].is_null());
        assert_eq!(service.get(&path).await.json(), model);
        server.release();
        for sent in events.rest().await {
            put_over(&mut model, &sent.data);
            all.push(sent);
        }
        let whole = service.get(&path).await;
        assert_eq!(whole.json(), model);
        assert_eq!((&model["outcome"]["code"], &model["counts"]["items"]), (&json!("OK"), &json!(ELEMENTS)));

        assert!(all.len() > 2, "it was followed: {}", all.len());
        for (place, sent) in all.iter().enumerate() {
            assert_eq!((sent.event.as_str(), sent.id), ("view", sent.data["seq"].as_u64()));
            assert_eq!(sent.data.get("plan").is_some(), place == 0, "the graph is sent once");
        }
        assert!(all.is_sorted_by(|one, next| one.id < next.id));
        let took = all.last().unwrap().came - began;
        // The first one and the last one wait for nobody.
        let most = usize::try_from(took.as_millis() / 100).unwrap() + 2;
        assert!(all.len() <= most, "{} events in {took:?}", all.len());
        // Each event repeats what is said of the run as a whole, and of what was under way.
        let sent: usize = all.iter().map(|sent| sent.len).sum();
        assert!(sent < 2 * whole.text.len() + 8_000 * all.len(), "{sent} bytes of {}", whole.text.len());
    });
}

#[test]
fn whoever_comes_back_gets_what_changed_meanwhile_and_nothing_when_nothing_did() {
    at_home(async |home| {
        let home = with_demo(home);
        let service = Service::start(&home, &["--stubs", "stubs.yaml"]).await;
        let run = service.post("/v1/runs?wait=true", &json!({"workflow": "demo"})).await.json();
        let path = format!("/v1/runs/{}/view", run["id"].as_str().unwrap());
        let whole = service.get(&path).await.assert_status(200).json();
        assert_eq!(whole["plan"][1]["needs"], json!(["fetch"]), "{whole}");
        let events = format!("{path}/events");
        let sent = Events::of(&service, &events, None).await.rest().await;
        assert_eq!((sent.len(), &sent[0].data), (1, &whole));

        let changed = service.get(&format!("{path}?since=4")).await.assert_status(200).json();
        assert!(changed.get("plan").is_none() && changed["steps"].as_array().unwrap().len() < 4, "{changed}");
        let sent = Events::of(&service, &events, Some(4)).await.rest().await;
        assert_eq!((sent.len(), &sent[0].data), (1, &changed));
        let last = whole["seq"].as_u64().unwrap();
        let nothing = answer(service.ask(Method::GET, &events).header("last-event-id", last)).await;
        nothing.assert_status(204);
        answer(service.ask(Method::GET, &events).header("last-event-id", "x")).await.assert_problem(400);
        service.get(&format!("{path}?since=x")).await.assert_problem(400);
    });
}

#[test]
fn the_documents_of_a_run_are_found_by_their_place() {
    at_home(async |home| {
        let home = with_demo(home);
        let service = Service::start(&home, &["--stubs", "stubs.yaml"]).await;
        let asked = json!({"workflow": "demo", "input": {"url": "https://api.github.com/zen"}});
        let run = service.post("/v1/runs?wait=true", &asked).await.json();
        let path = format!("/v1/runs/{}/document", run["id"].as_str().unwrap());
        let at =
            async |place: &str| service.get(&format!("{path}?place={}", place.replace('/', "%2F"))).await;
        let own = service.get(&path).await.assert_status(200).json();
        assert_eq!((&own["request"], &own["answer"]), (&asked["input"], &run["outcome"]["output"]));
        let call = at("fetch:1:0").await.assert_status(200).json();
        assert_eq!(call["request"]["url"], "https://api.github.com/zen", "{call}");
        assert_eq!(call["answer"]["status"], 200, "{call}");
        let attempt = at("document:1").await.assert_status(200).json();
        assert_eq!(attempt["answer"]["result"]["summary"], "This is a summary.", "{attempt}");
        for place in ["fetch", "fetch:", "fetch:x", "FETCH:1", "fetch:1:0:0", "fetch/x:1", ""] {
            at(place).await.assert_problem(400);
        }
        for place in ["fetch:2", "fetch:1:9", "fetch/0:1", "none:1"] {
            at(place).await.assert_problem(404);
        }
        for path in ["view", "document", "view/events"] {
            service.get(&format!("/v1/runs/x/{path}")).await.assert_problem(404);
        }
    });
}

#[test]
fn a_journal_that_cannot_be_read_is_told_as_a_problem_also_to_whoever_follows() {
    at_home(async |home| {
        let home = with_demo(home);
        let service = Service::start(&home, &["--stubs", "stubs.yaml"]).await;
        let run = service.post("/v1/runs?wait=true", &json!({"workflow": "demo"})).await.json();
        let id = run["id"].as_str().unwrap();
        let journal = home.path(&format!(".aos/service/runs/{id}.jsonl"));
        let text = std::fs::read_to_string(&journal).unwrap();
        std::fs::write(&journal, text.replacen("wisdom", "wisdoM", 1)).unwrap();
        for path in ["view", "document"] {
            let broken = service.get(&format!("/v1/runs/{id}/{path}")).await;
            assert_eq!(broken.assert_problem(broken.status.as_u16())["code"], "JOURNAL_CORRUPT");
        }
        let sent = Events::of(&service, &format!("/v1/runs/{id}/view/events"), None).await.rest().await;
        let [only] = sent.as_slice() else { panic!("{sent:?}") };
        assert_eq!((only.event.as_str(), only.id), ("problem", None));
        assert_eq!(only.data["code"], "JOURNAL_CORRUPT");
        assert!(!only.data["advice"].as_str().unwrap().is_empty());
    });
}

#[test]
fn no_more_follow_than_there_is_room_for() {
    at_home(async |home| {
        let server = Server::start([Reply::silence()]).await;
        let service = Service::start(&home, &[]).await;
        let id = begin(&service, &one_request(&server.url("/"), &server.origin())).await;
        let path = format!("/v1/runs/{id}/view/events");
        let mut following = Vec::new();
        for _ in 0..256 {
            following.push(Events::of(&service, &path, None).await);
        }
        let refused = service.get(&path).await;
        refused.assert_problem(503);
        assert_eq!(refused.headers["retry-after"], "1");
        service.get(&format!("/v1/runs/{id}/view")).await.assert_status(200);
        following.clear();
        // The service notices as soon as it has something to send, which it has when the run ends.
        service.post(&format!("/v1/runs/{id}/cancel"), &json!(null)).await.assert_status(202);
        service.over(&id).await;
        while service.get(&path).await.status.as_u16() == 503 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}
