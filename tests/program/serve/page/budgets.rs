//! Named budgets on the page, and the end of all spending.

use serde_json::json;

use super::super::client::Service;
use super::super::runs::{one_request, with_demo};
use super::look;
use crate::program::process::at_home;
use crate::support::server::{Reply, Server};

#[test]
fn a_budget_is_stopped_with_a_reason_and_started_again() {
    at_home(async |home| {
        let home = with_demo(home);
        for name in ["team", "other"] {
            home.aos(["budget", "set", name, "--ceiling-cents", "500"]).await.assert_code(0);
        }
        let server = Server::start([Reply::silence()]).await;
        let service = Service::start(&home, &[]).await;
        let workflow = one_request(&server.url("/"), &server.origin());
        let run = json!({"workflow": workflow, "budget": {"name": "team", "ceiling_cents": 20}});
        let run = service.post("/v1/runs", &run).await.assert_status(202).json();
        server.received(1).await;
        let stop = "[aria-label='Stop the budget team']";
        let team = ".card:has(h2:has-text('team'))";
        let stopped = format!("{team}:has-text('stopped'):has-text('Why: a loop <b>')");
        let begin = "[aria-label='Start again the budget team']";
        let seen = look(&service, "budgets")
            .wait(&format!("{team}:has-text('open'):has-text('$5.00') a:has-text('{}')", run["id"].as_str().unwrap()))
            // Whoever did not mean it leaves it.
            .click(stop)
            .wait("dialog[open]")
            .press("Escape")
            .gone("dialog[open]")
            .eval("[document.activeElement.getAttribute('aria-label'), document.querySelectorAll('.card .failure').length]")
            .click(stop)
            .fill("dialog input", "a loop <b>")
            .click("dialog button:text-is('Stop now')")
            .wait(&stopped)
            .wait("[role=status]:has-text('Stopped: nothing more leaves on the budget team')")
            .eval("fetch('v1/budgets').then((answer) => answer.json()).then((all) => all.map((one) => one.stopped))")
            .click(begin)
            .wait("[role=status]:has-text('Started again')")
            .gone(&stopped)
            .wait(stop);
        let Some(seen) = seen.seen().await else { return };
        seen.assert_clean();
        assert_eq!(seen.results[0], json!(["Stop the budget team", 0]));
        assert_eq!(seen.results[1], json!([null, "a loop <b>"]));
        let told = home.aos(["budget", "show", "team", "--format", "json"]).await.json();
        assert_eq!(told["stopped"], json!(null));
    });
}

#[test]
fn all_budgets_are_stopped_at_once_by_the_keyboard_alone() {
    at_home(async |home| {
        for name in ["team", "other"] {
            home.aos(["budget", "set", name, "--ceiling-cents", "500"]).await.assert_code(0);
        }
        home.write(".aos/budgets/broken.jsonl", "no ledger\n");
        let service = Service::start(&home, &[]).await;
        let seen = look(&service, "budgets")
            .wait(".card:has-text('broken') [role=alert]:has-text('LEDGER_INVARIANT')")
            .eval("document.querySelector('.danger').focus()")
            .press("Enter")
            .press("n")
            .press("o")
            .press("Tab")
            .press("Enter")
            .wait("[role=status]:has-text('nothing more leaves on all budgets')")
            .wait(".card:has-text('team'):has-text('Why: no')")
            .wait(".card:has-text('other'):has-text('Why: no')")
            .eval("document.activeElement.textContent");
        let Some(seen) = seen.seen().await else { return };
        seen.assert_clean();
        assert_eq!(seen.results[1], "Emergency stop of all budgets");
        let told = home.aos(["budget", "show", "other", "--format", "json"]).await.json();
        assert_eq!(told["stopped"], "no");
    });
}

#[test]
fn a_service_without_budgets_says_how_one_is_made() {
    at_home(async |home| {
        let service = Service::start(&home, &[]).await;
        let seen =
            look(&service, "budgets").wait("text=aos budget set NAME").gone("button.danger").seen().await;
        if let Some(seen) = seen {
            seen.assert_clean();
        }
    });
}
