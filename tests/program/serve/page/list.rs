//! The list of runs, and what narrows it.

use serde_json::json;

use super::super::client::Service;
use super::super::runs::{begin, one_request, with_demo};
use super::{assert_clean_but_for, look};
use crate::program::process::at_home;
use crate::support::server::{Reply, Server};

#[test]
fn runs_are_listed_searched_and_opened() {
    at_home(async |home| {
        let home = with_demo(home);
        let server = Server::start([Reply::silence()]).await;
        let service = Service::start(&home, &[]).await;
        begin(&service, &one_request(&server.url("/"), &server.origin())).await;
        server.received(1).await;
        let failed = service.post("/v1/runs?wait=true", &json!({"workflow": "demo"})).await.json();
        let (id, code) = (failed["id"].as_str().unwrap(), failed["code"].as_str().unwrap());
        let row = |name: &str| format!(".runs tbody tr:only-child a:has-text('{name}')");
        let seen = look(&service, "runs")
            .wait(".runs a:has-text('demo')")
            .wait(".runs a:has-text('one')")
            .eval("[...document.querySelectorAll('.runs tbody tr')].map((row) => [...row.cells].map((cell) => cell.innerText))")
            .fill("[aria-label='Search runs']", "DEM")
            .wait(&row("demo"))
            .fill("[aria-label='Search runs']", "")
            .select("[aria-label=State]", "running")
            .wait(&row("one"))
            .select("[aria-label=State]", "")
            .fill("[aria-label=Code]", &code.to_lowercase())
            .press("Enter")
            .wait(&row("demo"))
            .fill("[aria-label=Code]", "OK")
            .press("Enter")
            .wait("text=There are no such runs")
            .fill("[aria-label=Code]", "NO_SUCH_CODE")
            .press("Enter")
            .wait("text=is no code of the failure catalogue")
            .fill("[aria-label=Code]", "")
            .press("Enter")
            .wait(".runs a:has-text('one')")
            .eval("document.querySelectorAll('[role=alert]').length")
            .click(&format!("a:has-text('{id}')"))
            .wait(&format!("h1:has-text('demo') code:has-text('{code}')"))
            .eval("[location.hash, document.title]")
            .seen();
        let Some(seen) = seen.await else { return };
        assert_clean_but_for(&seen, &["400 (Bad Request)"]);
        let rows = &seen.results[0];
        assert_eq!(
            (&rows[0][0], &rows[0][2], &rows[0][6]),
            (&json!("demo"), &json!(code), &json!(id)),
            "{rows}"
        );
        assert!(rows[0][1].as_str().unwrap().contains("failed"), "{rows}");
        assert!(rows[0][5].as_str().unwrap().starts_with("$0."), "{rows}");
        assert_eq!((&rows[1][0], &rows[1][2]), (&json!("one"), &json!("")), "{rows}");
        assert!(rows[1][1].as_str().unwrap().contains("under way"), "{rows}");
        assert_eq!(seen.results[1], 0, "a fault that is mended is no longer told");
        assert_eq!(seen.results[2][0], format!("#/runs/{id}"));
        assert!(seen.results[2][1].as_str().unwrap().contains(id), "{}", seen.results[2]);
    });
}

#[test]
fn a_list_that_is_looked_at_again_leaves_the_focus_where_it_was() {
    at_home(async |home| {
        let home = with_demo(home);
        let service = Service::start(&home, &["--stubs", "stubs.yaml"]).await;
        service.post("/v1/runs?wait=true", &json!({"workflow": "demo"})).await.assert_status(200);
        let begin = "fetch('v1/runs?wait=true', {method: 'POST', headers: {'content-type': 'application/json'}, body: '{\"workflow\": \"demo\"}'}).then(() => 0)";
        let seen = look(&service, "runs")
            .wait(".runs tbody tr a")
            .eval("(() => { const link = document.querySelector('.runs tbody a:last-of-type'); link.focus(); return link.href; })()")
            .eval(begin)
            .wait(".runs tbody tr:nth-child(2)")
            .eval("document.activeElement.href")
            // The link past the head of the page leaves the page that is shown.
            .click("nav a:text-is('Budgets')")
            .wait("h1:text-is('Budgets')")
            .eval("document.activeElement.tagName")
            .eval("document.querySelector('.skip').focus()")
            .press("Enter")
            .eval("[location.hash, document.activeElement.id]")
            .seen();
        let Some(seen) = seen.await else { return };
        seen.assert_clean();
        assert_eq!(seen.results[0], seen.results[2]);
        assert_eq!(seen.results[3], "H1");
        assert_eq!(seen.results[5], json!(["#/budgets", "main"]));
    });
}
