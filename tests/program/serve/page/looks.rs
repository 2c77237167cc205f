//! Every kind of page, on a narrow and dark screen and on a wide and light one: nothing is wider than the screen, and
//! nobody is kept out.

use serde_json::json;

use super::super::client::Service;
use super::super::runs::with_demo;
use super::kinds::with_kinds;
use super::look;
use crate::program::process::at_home;
use crate::support::browser::Look;

#[test]
fn every_kind_of_page_is_for_every_screen() {
    at_home(async |home| {
        let home = with_kinds(with_demo(home));
        home.write(".aos/workflows/broken.yaml", "steps: 1\n");
        home.aos(["budget", "set", "team", "--ceiling-cents", "500"]).await.assert_code(0);
        let service = Service::start(&home, &["--stubs", "stubs.yaml"]).await;
        let run = json!({"workflow": "demo", "budget": {"name": "team"}});
        let run = service.post("/v1/runs?wait=true", &run).await.json();
        service.post("/v1/budgets/team/stop", &json!({"why": "w".repeat(200)})).await.assert_status(200);
        let run = format!("runs/{}", run["id"].as_str().unwrap());
        let pages = [
            ("runs", ".runs tbody a"),
            (run.as_str(), ".timeline .bar"),
            ("start", ".card a"),
            ("start/kinds", "button.main"),
            ("skills", "tbody a"),
            ("skills/http_call", ".json"),
            ("failures", "tbody a"),
            ("failures/TIMEOUT", ".page h2"),
            ("budgets", ".card button"),
        ];
        let folder = std::env::var_os("AOS_PICTURES").map(std::path::PathBuf::from);
        let narrow = |look: Look| look.width(390).height(844).dark();
        let screens: [(&str, &dyn Fn(Look) -> Look); 2] = [("narrow", &narrow), ("wide", &|look| look)];
        for (part, there) in pages {
            for (screen, on) in screens {
                let mut look = on(look(&service, part)).wait(there);
                if let Some(folder) = &folder {
                    look = look.screenshot(&folder.join(format!("{}-{screen}.png", part.replace('/', "-"))));
                }
                let Some(seen) = look.seen().await else { return };
                assert!(seen.faults().is_empty(), "{part}, {screen}: {}", seen.faults().join("\n"));
            }
        }
    });
}
