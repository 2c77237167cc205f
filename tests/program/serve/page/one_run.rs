//! One run: as it goes, what can be done with it, and what can be kept of it.

use serde_json::{Value, json};

use super::super::client::Service;
use super::super::crashed::{quick_and_held, spoiled, two_requests};
use super::super::runs::{begin, one_request, with_demo};
use super::look;
use crate::program::process::at_home;
use crate::support::browser::Look;
use crate::support::server::{Reply, Server};

/// Begins a run from the page, so that a server that waits for it gets another request.
pub(super) fn begins(workflow: &Value) -> String {
    let body = Value::from(json!({"workflow": workflow}).to_string());
    format!(
        "fetch('v1/runs', {{method: 'POST', headers: {{'content-type': 'application/json'}}, body: {body}}}).then((answer) => answer.status)"
    )
}

#[test]
fn a_run_is_drawn_as_it_goes_and_its_end_without_being_asked() {
    at_home(async |home| {
        // The answer comes when somebody asks once more, which the page does when it has drawn what is under way.
        let server = Server::start([Reply::text(200, "hi there").after_requests(2)]).await;
        let service = Service::start(&home, &[]).await;
        let workflow = one_request(&server.url("/"), &server.origin());
        let id = begin(&service, &workflow).await;
        server.received(1).await;
        let seen = look(&service, &format!("runs/{id}"))
            .wait("h1 .chip:has-text('under way')")
            .wait(".timeline .bar.running")
            .click("summary:text-is('The workflow as it was')")
            .wait(&format!("details[open] pre:has-text('{}')", server.origin()))
            .wait("button:text-is('Cancel')")
            .eval("document.querySelectorAll('button').values().some((one) => one.textContent === 'Replay')")
            .eval(&begins(&workflow))
            .wait("h1 .chip:has-text('succeeded')")
            .wait("button:text-is('Replay')")
            .gone("button:text-is('Cancel')")
            .eval("document.getElementById('said').textContent")
            .click(".row.step .track")
            .wait(".drawer .document:has-text('hi there')")
            .press("Escape")
            .gone(".drawer")
            .eval("performance.getEntriesByType('navigation').length + performance.getEntriesByName(location.href.split('#')[0]).length")
            .seen();
        let Some(seen) = seen.await else { return };
        seen.assert_clean();
        assert_eq!(seen.results[0], false, "what goes on is not replayed");
        assert_eq!(seen.results[1], 202);
        assert_eq!(seen.results[2], "The run has ended: OK");
    });
}

#[test]
fn a_list_whose_elements_are_under_way_is_opened_from_the_graph() {
    at_home(async |home| {
        let server = Server::start([Reply::silence()]).await;
        let service = Service::start(&home, &[]).await;
        let step = json!({"id": "each", "skill": "http_call", "foreach": {"in": "${ [1, 2] }", "parallel": 2},
            "with": {"url": server.url("/${ .item }")}});
        let workflow =
            json!({"aos": 1, "name": "list", "grants": {"hosts": [server.origin()]}, "steps": [step]});
        let id = begin(&service, &workflow).await;
        server.received(2).await;
        let seen = look(&service, &format!("runs/{id}"))
            .click(".graph [role=button]:has-text('each')")
            .wait("dialog[open] h3:text-is('Elements')")
            .wait("dialog[open] li:has-text('each[1], under way')")
            .press("Escape")
            .click("button:text-is('Cancel')")
            .wait("h1 code:text-is('CANCELLED')");
        let Some(seen) = seen.seen().await else { return };
        seen.assert_clean();
        service.over(&id).await;
    });
}

#[test]
fn a_run_is_cancelled_from_the_page() {
    at_home(async |home| {
        let server = Server::start([Reply::silence()]).await;
        let service = Service::start(&home, &[]).await;
        let id = begin(&service, &one_request(&server.url("/"), &server.origin())).await;
        server.received(1).await;
        let seen = look(&service, &format!("runs/{id}"))
            .click("button:text-is('Cancel')")
            .wait("text=It was asked to stop")
            .wait("h1 code:text-is('CANCELLED')")
            .gone("button:text-is('Cancel')")
            .wait("button:text-is('Replay')");
        let Some(seen) = seen.seen().await else { return };
        seen.assert_clean();
        assert_eq!(service.over(&id).await["code"], "CANCELLED");
    });
}

#[test]
fn a_run_is_replayed_and_kept_as_files_from_the_page() {
    at_home(async |home| {
        let home = with_demo(home);
        let service = Service::start(&home, &["--stubs", "stubs.yaml"]).await;
        let run = service.post("/v1/runs?wait=true", &json!({"workflow": "demo"})).await.json();
        let id = run["id"].as_str().unwrap();
        let seen = look(&service, &format!("runs/{id}"))
            .download("button:text-is('Download the journal')")
            .download("button:text-is('Download this report')")
            .click("button:text-is('Replay')")
            .wait(".notice:has-text('The replay met every entry again')");
        let Some(seen) = seen.seen().await else { return };
        seen.assert_clean();
        let journal = std::fs::read_to_string(home.path(&format!(".aos/service/runs/{id}.jsonl"))).unwrap();
        assert_eq!(seen.results[0], json!({"name": format!("{id}.jsonl"), "text": journal}));
        assert_eq!(seen.results[1]["name"], format!("{id}.html"));
        home.write("report.html", seen.results[1]["text"].as_str().unwrap());
        let report = Look::at_file(&home.path("report.html")).axe().wait("h1:has-text('demo')").seen().await;
        report.unwrap().assert_clean();

        let path = home.path(&format!(".aos/service/runs/{id}.jsonl"));
        std::fs::write(&path, journal.replacen("wisdom", "wisdoM", 1)).unwrap();
        let seen = look(&service, &format!("runs/{id}"))
            .wait("[role=alert]:has-text('JOURNAL_CORRUPT')")
            .click("button:text-is('Replay')")
            .wait(".notice:has-text('does not repeat')");
        seen.seen().await.unwrap().assert_clean();
    });
}

#[test]
fn a_run_that_is_stuck_says_why_and_is_resumed_from_the_page() {
    at_home(async |home| {
        let server = quick_and_held().await;
        let service = Service::start(&home, &[]).await;
        let id = begin(&service, &two_requests(&server)).await;
        server.received(2).await;
        let (journal, path) = spoiled(&home, service, &id).await;
        let service = Service::start(&home, &[]).await;
        assert_eq!(service.over(&id).await["state"], "stuck");
        server.release();
        let resume = "button:text-is('Resume')";
        let seen = look(&service, &format!("runs/{id}"))
            .wait(".chip:has-text('cannot go on')")
            .wait("[role=alert]:has-text('JOURNAL_CORRUPT'):has-text('What to do')")
            .wait("button:text-is('Download the journal')")
            .wait(resume)
            .eval("[document.querySelectorAll('[role=alert]').length, document.body.innerText.includes('Reading the journal')]");
        let Some(seen) = seen.seen().await else { return };
        seen.assert_clean();
        assert_eq!(seen.results[0], json!([1, false]), "it is said once, and nothing is waited for");
        std::fs::write(&path, journal).unwrap();
        let seen = look(&service, &format!("runs/{id}"))
            .click(resume)
            .wait("h1 .chip:has-text('succeeded')")
            .gone(resume)
            .eval("document.querySelectorAll('[role=alert]').length");
        let seen = seen.seen().await.unwrap();
        seen.assert_clean();
        assert_eq!(seen.results[0], 0);
        assert_eq!(service.over(&id).await["code"], "OK");
    });
}
