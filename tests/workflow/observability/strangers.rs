//! What strangers wrote, and what is no run: none of it becomes a number or a label.

use std::collections::BTreeMap;

use aos_host::ids::{SkillId, StepId};
use aos_host::journal::{Event, Injections, Recording};
use aos_host::providers::MemorySink;
use aos_host::{ResumeOptions, Runtime};
use serde_json::{Value, json};

use super::fold::Fold;
use super::workload::{WORLD, get, runtime, workflow};
use super::{ask, folded};
use crate::hostile::component::hostile;
use crate::support::certified::sealed_again;
use crate::support::exposition::Exposition;
use crate::support::recorded::{Recorded, forged, record};
use crate::support::runtime::{in_time, stubbed};

async fn recorded(runtime: &Runtime) -> Recorded {
    let steps = json!([get("a", "busy", json!({})), ask("b", "ask", json!({"needs": ["a"]}))]);
    record(runtime, &workflow(steps).to_string(), json!({})).await
}

/// A replay of this journal is one run of this code, and nothing else of it counts.
async fn assert_parts(journal: &[u8], builds: BTreeMap<SkillId, std::sync::Arc<[u8]>>, code: &str) {
    let runtime = runtime().await;
    let replay = runtime.replay_against(journal, builds).await;
    let failure = replay.proof.expect_err("it is a proof");
    assert_eq!(failure.code.as_str(), code, "{failure}");
    let mut replayed = Fold::new("replay");
    replayed.add_end(code, failure.category.as_str());
    let mut told = Exposition::of(&runtime);
    let timed =
        ("aos_run_duration_seconds".to_owned(), BTreeMap::from([("mode".to_owned(), "replay".to_owned())]));
    assert_eq!(told.timed.remove(&timed).expect("it is there").count, 1.0);
    replayed.assert_told_by(&told);
    Fold::new("live").assert_told_by(&told);
}

#[test]
fn a_replay_that_parts_from_its_journal_counts_as_a_run_of_its_code_and_nothing_else() {
    in_time(async {
        let run = recorded(&stubbed(WORLD).await).await;
        let none = BTreeMap::new;
        let mut flipped = run.journal.clone();
        flipped[run.journal.len() / 2] ^= 1;
        assert_parts(&flipped, none(), "JOURNAL_CORRUPT").await;
        let cut = &run.journal[..run.journal.len() - 2];
        assert_parts(cut, none(), "REPLAY_INCOMPLETE").await;
        let other_answer = forged(&run, |entries| {
            let result = entries.iter_mut().find_map(|entry| match &mut entry.event {
                Event::Result(result) => Some(result),
                _ => None,
            });
            result.expect("a result").status = Some(504);
        });
        assert_parts(&other_answer, none(), "REPLAY_DIVERGENCE").await;
        let build = BTreeMap::from([(
            SkillId::new("http_call").unwrap(),
            hostile("http_call", "(func $body)").into(),
        )]);
        assert_parts(&run.journal, build, "REPLAY_DIVERGENCE").await;
    });
}

#[test]
fn a_rehearsal_counts_nothing_of_a_run() {
    in_time(async {
        let runtime = stubbed(WORLD).await;
        let run = recorded(&runtime).await;
        let live = folded("live", &run);
        let injections = json!([{"step": "a", "attempt": 1, "index": 0, "error": "TIMEOUT"}]);
        let recording = Recording::read(&run.journal).unwrap();
        let injections = Injections::read(&injections.to_string(), &recording).unwrap();
        runtime.rehearse(recording, injections).await.unwrap();
        let told = Exposition::of(&runtime);
        live.assert_told_by(&told);
        Fold::new("replay").assert_told_by(&told);
        assert_eq!(told.sum("aos_runs_refused_total", &[]), 0.0);
    });
}

/// What no stranger may get into a label.
const STRANGE: &str = "strange";

#[test]
fn names_of_strangers_are_no_label_values() {
    in_time(async {
        let runtime = runtime().await;
        let runs = [
            json!([{"id": "strange.step", "skill": "strange_skill"}, get("strange", "fine", json!({}))]),
            json!([get(
                "strange",
                "fine?strange=1",
                json!({"with": {"url": "https://strange.test/strange"}})
            )]),
            json!([ask("strange", "strange", json!({"with": {"model": "strange", "prompt": "strange"}}))]),
        ];
        for steps in runs {
            let mut workflow: Value = workflow(steps);
            workflow["name"] = json!(STRANGE);
            record(&runtime, &workflow.to_string(), json!({STRANGE: STRANGE})).await;
        }
        let run = recorded(&runtime).await;
        for changed in strange_journals(&run) {
            let replay = runtime.replay(&changed).await;
            assert!(replay.proof.is_err(), "it is a journal of no run");
            let ended = changed.split_inclusive(|byte| *byte == b'\n').collect::<Vec<_>>();
            resume(&runtime, &ended[..ended.len() - 4].concat()).await;
        }
        let strange = |text: &str| text.contains(STRANGE);
        let told = Exposition::of(&runtime).series();
        let found: Vec<_> =
            told.iter().filter(|(_, labels)| labels.values().any(|value| strange(value))).collect();
        assert!(found.is_empty(), "{found:?}");
    });
}

/// Journals in which a call, a skill and a step have other names, well sealed.
fn strange_journals(run: &Recorded) -> Vec<Vec<u8>> {
    let changed = |change: fn(&mut aos_host::journal::Entry)| {
        sealed_again(&run.journal, |entries| entries.iter_mut().for_each(change))
    };
    vec![
        changed(|entry| {
            if let Event::Intent(intent) = &mut entry.event {
                intent.call = STRANGE.to_owned();
            }
        }),
        changed(|entry| {
            if let Event::StepStarted(started) = &mut entry.event {
                started.skill = SkillId::new(STRANGE).unwrap();
            }
        }),
        changed(|entry| {
            if let Some(cursor) = &mut entry.cursor {
                cursor.step = StepId::new(STRANGE).unwrap();
            }
        }),
    ]
}

/// Goes on with a journal, whatever comes of it.
async fn resume(runtime: &Runtime, journal: &[u8]) {
    let Ok(recording) = Recording::read(journal) else { return };
    let resumed = runtime.resume(MemorySink::default(), recording, ResumeOptions::default()).await;
    if let Ok(run) = resumed {
        run.outcome().await;
    }
}
