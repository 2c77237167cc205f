//! The replay of a recorded run, against the run.

use std::path::Path;

use aos_host::providers::MemorySink;
use aos_host::workflow_format::Workflow;
use aos_host::{RunOptions, Runtime};
use serde_json::json;

use crate::bench::{Bench, Pair};
use crate::guest::{CALLS, Kind};
use crate::measure::Stopwatch;
use crate::scene::{self, Shape, Skill};
use crate::table::Aim;
use crate::world::Target;

/// Steps of a run that makes no host call.
const STEPS: u32 = 500;

pub(crate) fn measure(bench: &mut Bench, runtime: &Runtime, folder: &Path) {
    for kind in [Kind::Clock, Kind::Log, Kind::Http(64)] {
        let (id, name) = (format!("replay/{}", kind.skill(CALLS)), format!("replay of {}", kind.name()));
        one(bench, runtime, (&id, &name, CALLS), &kind.workflow(1, CALLS), folder);
    }
    for skill in [Skill::Tiny, Skill::JsonTransform] {
        let (id, name) = (format!("replay/{}", skill.name()), format!("replay of a step, {}", skill.name()));
        one(bench, runtime, (&id, &name, STEPS), &scene::workflow(skill, Shape::Chain, STEPS), folder);
    }
}

fn one(
    bench: &mut Bench,
    runtime: &Runtime,
    (id, name, operations): (&str, &str, u32),
    workflow: &Workflow,
    folder: &Path,
) {
    if !bench.is_wanted(id) {
        return;
    }
    let pair = Pair { id, name, against: "the run, journal in a file", operations, aim: Aim::None };
    let (thread, path) = (bench.thread, folder.join("journal.jsonl"));
    let journal = thread.block_on(recorded(runtime, workflow));
    let run = |turns| thread.block_on(scene::run_into((runtime, Target::File), workflow, &path, turns));
    let replay = |turns: u64| {
        let watch = Stopwatch::start();
        for _ in 0..turns {
            assert_eq!(thread.block_on(runtime.replay(&journal)).proof, Ok(()));
        }
        watch.read()
    };
    bench.pair(&pair, run, replay);
}

async fn recorded(runtime: &Runtime, workflow: &Workflow) -> Vec<u8> {
    let sink = MemorySink::default();
    let options = RunOptions::default().journal(sink.clone());
    scene::succeeded(&runtime.start(workflow, json!({}), options).outcome().await);
    sink.bytes()
}
