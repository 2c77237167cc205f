//! Every run to look at is drawn without a fault, however it is looked at, and ten thousand steps as three.

use serde_json::Value;

use super::written;
use crate::report::scenes;
use crate::support::browser::{Look, Seen};
use crate::support::runtime::in_time;

/// Milliseconds in which the longest run has to be there, on a machine that has time for it.
const OPENS_MS: f64 = 3000.0;

/// On one that has none, so many times what three steps take there.
const TIMES_THREE_STEPS: f64 = 6.0;

/// Nodes of a page of any length: rows that are out of sight are none.
const MOST_NODES: u64 = 6000;

/// Looks at it all: light and wide with a judge of accessibility, dark on a phone, and printed.
async fn looked_at(name: &str, journals: &[(&str, &[u8])]) {
    let report = written(journals);
    let Some(wide) = Look::at_file(report.path()).axe().eval(NODES).seen().await else { return };
    let narrow = Look::at_file(report.path()).width(390).height(844).dark().reduced_motion().axe();
    let printed = Look::at_file(report.path()).print();
    let seen = [wide, narrow.seen().await.expect("a browser"), printed.seen().await.expect("a browser")];
    for (way, seen) in ["wide", "narrow", "printed"].iter().zip(&seen) {
        assert_eq!(seen.faults(), Vec::<String>::new(), "{name}, {way}");
        assert_eq!(seen.minor(), &[] as &[Value], "{name}, {way}");
    }
    let nodes = seen[0].results[0].as_u64().expect("a number");
    assert!((100..MOST_NODES).contains(&nodes), "{name} has {nodes} nodes");
}

const NODES: &str = "document.querySelectorAll('*').length";

#[test]
fn every_run_is_drawn_without_a_fault_in_light_and_dark_wide_and_narrow_and_printed() {
    in_time(async {
        for (name, run) in scenes::all().await {
            looked_at(name, &[(name, &run.journal)]).await;
        }
    });
}

#[test]
fn runs_beside_each_other_and_runs_without_an_end_are_drawn_without_a_fault() {
    in_time(async {
        let [left, right] = scenes::two_that_part().await;
        looked_at("two", &[("left.jsonl", &left.journal), ("right.jsonl", &right.journal)]).await;
        let (hostile, failed) = (scenes::hostile().await, scenes::failed().await);
        looked_at("three", &[("a", &left.journal), ("b", &hostile.journal), ("c", &failed.journal)]).await;
        looked_at("killed", &[("killed.jsonl", &scenes::killed_half_way().await)]).await;
    });
}

#[test]
fn ten_thousand_steps_open_in_three_seconds_and_scroll() {
    in_time(async {
        let run = scenes::many_steps(10_000).await;
        let report = written(&[("long.jsonl", &run.journal)]);
        let three = written(&[("short.jsonl", &scenes::three_steps().await.journal)]);
        let (mut best, mut allowed) = (f64::INFINITY, OPENS_MS);
        // Other programs have this machine as well: what it takes is the least of some times.
        for _ in 0..4 {
            let Some(short) = Look::at_file(three.path()).seen().await else { return };
            let Some(seen) = scrolled(report.path()).await else { return };
            (best, allowed) = (best.min(seen.opened_ms), allowed.max(TIMES_THREE_STEPS * short.opened_ms));
            if best < allowed {
                break;
            }
        }
        assert!(best < allowed, "it took {best} ms, and {allowed} ms are allowed");
    });
}

async fn scrolled(report: &std::path::Path) -> Option<Seen> {
    let first = "document.querySelector('.row').getAttribute('aria-rowindex')";
    let seen = Look::at_file(report).eval(NODES).eval(first).scroll(".port", 100_000);
    let seen = seen.eval("new Promise((done) => setTimeout(done, 200))").eval(first).eval(NODES);
    let seen = seen.eval("document.querySelector('.grid').getAttribute('aria-rowcount')").axe();
    let seen = seen.seen().await?;
    seen.assert_clean();
    let number = |at: usize| -> u64 {
        let value = &seen.results[at];
        value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_else(|| panic!("{at}: {value}"))
    };
    assert!(number(0) < MOST_NODES && number(4) < MOST_NODES, "{} and {} nodes", number(0), number(4));
    assert_eq!(number(1), 1);
    assert!(number(3) > 3000, "row {} is the first after scrolling", number(3));
    assert!(number(5) > 4000, "{} rows", number(5));
    Some(seen)
}
