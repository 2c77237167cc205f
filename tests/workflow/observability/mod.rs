//! What a runtime counts: the tests that the specification names, every family as `docs/metrics.md` has it, every number
//! against the journals, and no name of a stranger.

mod families;
mod fold;
mod strangers;
mod workload;

use aos_host::Runtime;
use futures_util::FutureExt as _;
use serde_json::{Value, json};

use self::fold::Fold;
use self::workload::{WORLD, Workload, ask, get, workflow};
use crate::support::exposition::Exposition;
use crate::support::recorded::{Recorded, record, record_under};
use crate::support::runtime::{in_time, in_time_on_threads, stubbed};

/// A run of these steps on a runtime of its own.
async fn ran(steps: Value) -> (Runtime, Recorded) {
    let runtime = stubbed(WORLD).await;
    let run = record(&runtime, &workflow(steps).to_string(), json!({})).await;
    (runtime, run)
}

/// What a journal adds up to.
fn folded(mode: &'static str, run: &Recorded) -> Fold {
    let mut fold = Fold::new(mode);
    fold.add(&run.journal);
    fold
}

#[test]
fn test_workflow_emits_metrics() {
    in_time(async {
        let (runtime, run) =
            ran(json!([get("a", "fine", json!({})), ask("b", "ask", json!({"needs": ["a"]}))])).await;
        run.assert_success();
        let told = Exposition::of(&runtime);
        let live = ("mode", "live");
        let ok = [live, ("code", "OK"), ("category", "")];
        assert_eq!((told.value("aos_runs_total", &ok), told.value("aos_steps_total", &ok)), (1.0, 2.0));
        for call in ["http.send", "llm.complete"] {
            let labels = [live, ("call", call), ("code", "OK")];
            assert_eq!(told.value("aos_host_calls_total", &labels), 1.0, "{call}");
        }
        for (family, count) in [
            ("aos_run_duration_seconds", 1.0),
            ("aos_step_duration_seconds", 2.0),
            ("aos_queue_duration_seconds", 2.0),
        ] {
            assert_eq!(told.timed(family, &[live]).count, count, "{family}");
        }
        for family in ["aos_runs_in_progress", "aos_invocations_in_progress", "aos_runs_refused_total"] {
            assert_eq!(told.sum(family, &[]), 0.0, "{family}");
        }
        for skill in ["http_call", "llm_invoke"] {
            assert!(told.value("aos_skill_memory_peak_bytes", &[live, ("skill", skill)]) > 65_536.0);
            assert!(told.value("aos_fuel_total", &[live, ("skill", skill)]) > 0.0);
        }
        assert_eq!(told.value("aos_skill_memory_peak_bytes", &[live, ("skill", "probe")]), 0.0);
        folded("live", &run).assert_told_by(&told);
    });
}

#[test]
fn test_skill_duration_histogram() {
    in_time(async {
        let items = json!({"in": ["fine", "slow", "fine"], "parallel": 3});
        let with = json!({"url": "https://a.test/${ .item }"});
        let (runtime, run) = ran(json!([get("a", "x", json!({"foreach": items, "with": with}))])).await;
        run.assert_success();
        let told = Exposition::of(&runtime);
        let timed = told.timed("aos_skill_duration_seconds", &[("mode", "live"), ("skill", "http_call")]);
        assert!(timed.count == 3.0 && timed.sum >= 1.0, "{timed:?}");
        // The world waits for a second before one of the three answers, and for none before the others.
        let up_to = |end: f64| timed.buckets.iter().find(|(less, _)| *less == end).unwrap().1;
        assert!(up_to(0.3) <= 2.0 && up_to(600.0) == 3.0, "{timed:?}");
        let of_another = [("mode", "live"), ("skill", "llm_invoke")];
        assert_eq!(told.timed("aos_skill_duration_seconds", &of_another).count, 0.0);
        folded("live", &run).assert_told_by(&told);
    });
}

#[test]
fn test_budget_metrics_accurate() {
    in_time(async {
        let lost = ask("a", "lost", json!({"on_error": "continue"}));
        let steps = json!([
            lost,
            ask("b", "dear", json!({"needs": ["a"]})),
            ask("c", "ask", json!({"needs": ["b"]}))
        ]);
        let (runtime, run) = ran(steps).await;
        let told = Exposition::of(&runtime);
        let money =
            |kind| told.value("aos_money_nanodollars_total", &[("mode", "live"), ("kind", kind)]) as u64;
        let cost = run.outcome.cost;
        for (kind, amount) in [
            ("charged", cost.charged),
            ("absorbed", cost.absorbed),
            ("refunded", cost.refunded),
            ("overrun", cost.overrun),
        ] {
            assert!(amount.nanos() > 0, "{kind}");
            assert_eq!(money(kind), amount.nanos(), "{kind}");
        }
        assert_eq!(money("reserved"), money("charged") + money("absorbed") + money("refunded"));
        assert_eq!(told.sum("aos_budget_refusals_total", &[]), 0.0);
        // Three nano-dollars buy fuel for less than the skill uses; none buys nothing.
        let transform = json!([{"id": "a", "skill": "json_transform", "with": {"data": 1, "filter": "."}}]);
        let refused =
            || Exposition::of(&runtime).sum("aos_budget_refusals_total", &[("code", "BUDGET_EXCEEDED")]);
        for (nanos, refusals) in [(3, 1.0), (0, 2.0)] {
            let run = record_under(&runtime, &workflow(transform.clone()).to_string(), nanos).await;
            assert_eq!(run.code(), "BUDGET_EXCEEDED");
            assert_eq!(refused(), refusals, "under {nanos}");
        }
    });
}

#[test]
fn test_error_counters_increment() {
    in_time(async {
        let runtime = stubbed(WORLD).await;
        let code = |told: &Exposition, family, code, category| {
            told.value(family, &[("mode", "live"), ("code", code), ("category", category)])
        };
        for (path, word, category, attempts) in [
            ("gone", "UPSTREAM_GONE", "PERMANENT", 1.0),
            ("down", "CONNECT_FAILED", "TRANSIENT", 4.0),
            ("nowhere", "CONFIG_INVALID", "INFRASTRUCTURE", 1.0),
        ] {
            for times in [1.0, 2.0] {
                let steps = json!([get("a", path, json!({})), get("b", "fine", json!({"needs": ["a"]}))]);
                let run = record(&runtime, &workflow(steps).to_string(), json!({})).await;
                assert_eq!(run.code(), word);
                let told = Exposition::of(&runtime);
                for family in ["aos_runs_total", "aos_steps_total"] {
                    assert_eq!(code(&told, family, word, category), times, "{family} of {word}");
                }
                let calls = [("mode", "live"), ("call", "http.send"), ("code", word)];
                assert_eq!(told.value("aos_host_calls_total", &calls), times * attempts, "{word}");
            }
        }
        let told = Exposition::of(&runtime);
        assert_eq!(code(&told, "aos_steps_total", "DEPENDENCY_FAILED", "PERMANENT"), 6.0);
        let of = |verdict| [("mode", "live"), ("code", "CONNECT_FAILED"), ("verdict", verdict)];
        assert_eq!(told.value("aos_retries_total", &of("again")), 6.0);
        assert_eq!(told.value("aos_retries_total", &of("attempts-used")), 2.0);
        assert_eq!((told.sum("aos_runs_total", &[]), told.sum("aos_steps_total", &[])), (6.0, 12.0));
    });
}

#[test]
fn test_replay_metrics_distinct() {
    in_time(async {
        let (runtime, run) = ran(json!([get("a", "busy", json!({})), ask("b", "lost", json!({}))])).await;
        let live = folded("live", &run);
        Fold::new("replay").assert_told_by(&Exposition::of(&runtime));
        for times in 1..=2 {
            run.assert_replays_on(&runtime).await;
            let told = Exposition::of(&runtime);
            live.assert_told_by(&told);
            let mut replayed = Fold::new("replay");
            (0..times).for_each(|_| replayed.add(&run.journal));
            replayed.assert_told_by(&told);
            assert_eq!(told.value("aos_journal_bytes_total", &[("mode", "replay")]), 0.0);
        }
        // A replay that nobody waits for any more is none.
        assert!(runtime.replay(&run.journal).now_or_never().is_none(), "it has more than one part");
        let told = Exposition::of(&runtime);
        assert_eq!(told.timed("aos_run_duration_seconds", &[("mode", "replay")]).count, 2.0);
        assert_eq!(told.sum("aos_runs_total", &[("mode", "replay")]), 2.0);
        assert_eq!(told.value("aos_runs_in_progress", &[("mode", "replay")]), 0.0);
    });
}

#[test]
fn every_number_of_runs_of_every_kind_is_what_their_journals_add_up_to() {
    in_time_on_threads(async {
        let Workload { runtime, live, whole, refused } = Workload::run().await;
        let told = Exposition::of(&runtime);
        live.assert_told_by(&told);
        assert_is_mixed(&live);
        for code in refused.iter().copied() {
            assert_eq!(
                told.sum("aos_runs_refused_total", &[("mode", "live"), ("code", code)]),
                1.0,
                "{code}"
            );
        }
        assert_eq!(told.sum("aos_runs_refused_total", &[]), refused.len() as f64);
        for family in ["aos_runs_in_progress", "aos_invocations_in_progress"] {
            assert_eq!(told.sum(family, &[]), 0.0, "{family}");
        }
        let mut replayed = Fold::new("replay");
        for journal in &whole {
            let replay = runtime.replay(journal).await;
            assert_eq!(replay.proof, Ok(()), "{}", String::from_utf8_lossy(journal));
            replayed.add(journal);
        }
        let told = Exposition::of(&runtime);
        replayed.assert_told_by(&told);
        live.assert_told_by(&told);
    });
}

/// The runs came to everything that is counted.
fn assert_is_mixed(live: &Fold) {
    for kind in ["reserved", "charged", "absorbed", "refunded", "overrun"] {
        assert!(live.counted("aos_money_nanodollars_total", &[("kind", kind)]) > 0, "{kind}");
    }
    for code in [
        "BUDGET_EXCEEDED",
        "ABSORBED_CEILING_EXCEEDED",
        "COST_OVERRUN",
        "BUDGET_STOPPED",
        "STEP_CEILING_EXCEEDED",
        "COST_UNKNOWN",
    ] {
        assert!(live.counted("aos_budget_refusals_total", &[("code", code)]) > 0, "{code}");
    }
    for (code, verdict) in [
        ("CONNECT_FAILED", "again"),
        ("CONNECT_FAILED", "bucket-empty"),
        ("UPSTREAM_UNAVAILABLE", "excluded"),
        ("CONNECTION_LOST", "not-repeatable"),
        ("RATE_LIMITED", "past-deadline"),
        ("DESTINATION_DENIED", "attempts-used"),
        ("SKILL_ERROR", "again"),
    ] {
        assert!(
            live.counted("aos_retries_total", &[("code", code), ("verdict", verdict)]) > 0,
            "{code} {verdict}"
        );
    }
    for kind in ["observed", "emitted", "fell-back", "run-resumed", "retry", "gave-up"] {
        assert!(live.counted("aos_journal_entries_total", &[("type", kind)]) > 0, "{kind}");
    }
    let denied = [("call", "environment.get-environment"), ("code", "CAPABILITY_DENIED")];
    assert_eq!(live.counted("aos_host_calls_total", &denied), 2);
}
