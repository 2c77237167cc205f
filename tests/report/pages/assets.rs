//! What a report is made of: small, of its own, and held by a policy.

use serde_json::Value;

use super::html;
use crate::report::scenes;
use crate::support::runtime::in_time;

/// Bytes of the page without its data.
const MOST_BYTES: usize = 300 << 10;

/// The elements of data in a page: their names and what stands in them.
fn data(html: &str) -> Vec<(&str, &str)> {
    let parts = html.split("<script type=\"application/json\" id=\"").skip(1);
    parts
        .map(|part| {
            let (id, rest) = part.split_once("\">").expect("a name");
            (id, rest.split_once("</script>").expect("an end").0)
        })
        .collect()
}

#[test]
fn a_page_is_small_asks_for_nothing_and_may_do_nothing_else() {
    in_time(async {
        let html = html(&[("run.jsonl", &scenes::three_steps().await.journal)]);
        let own: usize = data(&html).iter().map(|(_, data)| data.len()).sum();
        assert!(html.len() - own < MOST_BYTES, "{} bytes", html.len() - own);
        let live = aos_host::report::live_page().len()
            + aos_host::report::LIVE_SCRIPT.len()
            + aos_host::report::STYLE.len();
        assert!(live < MOST_BYTES, "{live} bytes");
        let page = data(&html).iter().fold(html.clone(), |page, (_, data)| page.replacen(data, "", 1));
        let elsewhere: Vec<_> = page.match_indices("://").map(|(at, _)| &page[at - 8..at + 12]).collect();
        assert!(elsewhere.iter().all(|part| part.contains("://www.w3.or")), "{elsewhere:?}");
        for part in ["default-src 'none'", "script-src 'sha256-", "style-src 'sha256-", "base-uri 'none'"] {
            assert!(page.contains(part), "{part}");
        }
        assert!(!page.contains("unsafe"));
    });
}

#[test]
fn nothing_that_anybody_wrote_ends_the_data_before_its_time() {
    in_time(async {
        for run in [scenes::hostile().await, scenes::hostile_failure().await] {
            let html = html(&[("</script><script>alert(1)</script>", &run.journal)]);
            let found = data(&html);
            assert_eq!(found.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ["report", "documents-0"]);
            for (id, data) in found {
                assert!(!data.contains('<'), "{id}");
                serde_json::from_str::<Value>(data).unwrap_or_else(|error| panic!("{id}: {error}"));
            }
            assert_eq!(html.matches("<script").count(), 3, "two of data, and the page's own");
        }
    });
}

#[test]
fn the_page_holds_the_view_as_it_is() {
    in_time(async {
        for (name, run) in scenes::all().await {
            let html = html(&[(name, &run.journal)]);
            let report: Value = serde_json::from_str(data(&html)[0].1).unwrap();
            let recording = aos_host::journal::Recording::read(&run.journal).unwrap();
            let view = aos_host::view::RunView::of(&recording).unwrap();
            let whole = serde_json::to_value(view.changes_since(None)).unwrap();
            assert_eq!(report["runs"][0]["changes"], whole, "{name}");
            for failure in view.failures() {
                let page = &report["catalogue"][failure.code.as_str()]["page"];
                assert_eq!(page.as_str(), Some(failure.code.row().page), "{name}");
            }
        }
    });
}
