//! The families themselves: those of `docs/metrics.md`, all of them from the start, in a form that Prometheus reads.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

use aos_host::Runtime;

use super::workload::Workload;
use crate::support::exposition::{Exposition, Series, documented};
use crate::support::runtime::{in_time, in_time_on_threads};
use crate::support::skip;

#[test]
fn the_page_has_each_family_with_its_type_its_labels_and_its_help() {
    in_time_on_threads(async {
        let mixed = Exposition::of(&Workload::run().await.runtime);
        let labels = |family: &str| -> BTreeSet<String> {
            let all = mixed.series();
            let own: BTreeSet<BTreeSet<String>> = all
                .iter()
                .filter(|(name, _)| name == family)
                .map(|(_, of)| of.keys().cloned().collect())
                .collect();
            assert_eq!(own.len(), 1, "{family} has series with different labels, or none: {own:?}");
            own.into_iter().next().unwrap()
        };
        let told = mixed
            .heads
            .iter()
            .map(|(name, head)| (name.clone(), head.kind.to_owned(), labels(name), head.help.clone()));
        let (told, mut documented): (Vec<_>, _) = (told.collect(), documented());
        documented.sort();
        assert_eq!(told, documented);
    });
}

/// Series of closed labels, and nothing of skills and denied functions.
fn closed(told: &Exposition) -> BTreeSet<Series> {
    let is_open = |(_, labels): &Series| {
        let denied = labels.get("call").is_some_and(|call| call != "http.send" && call != "llm.complete");
        labels.contains_key("skill") || denied
    };
    told.series().into_iter().filter(|series| !is_open(series)).collect()
}

#[test]
fn every_family_and_every_series_of_closed_labels_is_there_from_the_start() {
    in_time_on_threads(async {
        let fresh = Exposition::of(&Runtime::builder().build().unwrap());
        for (name, head) in &fresh.heads {
            assert!(!head.help.is_empty() && head.kind != "untyped", "{name}: {head:?}");
        }
        let limits = ["aos_runs_limit", "aos_invocations_limit"];
        let set: Vec<_> = fresh.values.iter().filter(|(_, value)| **value != 0.0).collect();
        assert!(set.iter().all(|((name, _), _)| limits.contains(&name.as_str())), "{set:?}");
        assert!(fresh.timed.values().all(|timed| timed.count == 0.0 && timed.sum == 0.0));
        let Workload { runtime, whole, .. } = Workload::run().await;
        for journal in &whole {
            runtime.replay(journal).await;
        }
        let mixed = Exposition::of(&runtime);
        assert_eq!(mixed.heads, fresh.heads);
        let late: Vec<_> = closed(&mixed).difference(&fresh.series()).cloned().collect();
        assert!(late.is_empty(), "these were not there before something happened: {late:#?}");
    });
}

#[test]
fn a_skill_has_its_series_from_its_registration_on() {
    in_time(async {
        let told = Exposition::of(&super::workload::runtime().await);
        for skill in ["asks", "http_call", "json_transform", "llm_invoke", "probe", "traps"] {
            for mode in ["live", "replay"] {
                for family in ["aos_fuel_total", "aos_skill_memory_peak_bytes", "aos_skill_duration_seconds"]
                {
                    let labels = [("mode", mode), ("skill", skill)];
                    let series = crate::support::exposition::series(family, &labels);
                    assert!(told.series().contains(&series), "{series:?}");
                }
            }
        }
    });
}

#[test]
fn buckets_rise_to_the_end_and_lie_within_what_is_worth_telling_apart() {
    in_time_on_threads(async {
        let mut ends = BTreeMap::new();
        for (series, timed) in Exposition::of(&Workload::run().await.runtime).timed {
            let (last, buckets) = timed.buckets.split_last().expect("buckets");
            assert!(last.0.is_infinite() && last.1 == timed.count, "{series:?}: {timed:?}");
            assert!(
                timed.buckets.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1),
                "{timed:?}"
            );
            assert!(buckets.iter().all(|(end, _)| (10e-6..=600.0).contains(end)), "{timed:?}");
            *ends.entry(buckets.iter().map(|(end, _)| end.to_bits()).collect::<Vec<_>>()).or_insert(0) += 1;
        }
        assert_eq!(ends.len(), 1, "all histograms have the same buckets");
    });
}

#[test]
fn promtool_finds_nothing_to_say() {
    in_time_on_threads(async {
        for runtime in [Runtime::builder().build().unwrap(), Workload::run().await.runtime] {
            let mut promtool = Command::new("promtool");
            promtool
                .args(["check", "metrics"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            let Ok(mut child) = promtool.spawn() else {
                return skip("no exposition is checked by promtool, which is not installed");
            };
            child.stdin.take().unwrap().write_all(runtime.metrics().as_bytes()).unwrap();
            let ended = child.wait_with_output().unwrap();
            let said = [ended.stdout, ended.stderr].concat();
            assert!(ended.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
        }
    });
}
