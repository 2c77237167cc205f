//! Many runs at one time on one runtime: how many end in a second, and how long each takes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aos_host::Runtime;
use aos_host::providers::{Clock as _, SystemClock};
use aos_host::workflow_format::Workflow;
use serde_json::json;

use crate::bench::Bench;
use crate::measure::median;
use crate::scene::{self, Shape, Skill};
use crate::table::{Aim, Row, shown};

/// Runs at one time.
const CROWDS: [usize; 4] = [1, 10, 100, 1_000];

const REPETITIONS: usize = 5;

/// What a crowd came to.
#[derive(Default)]
struct Came {
    a_second: Vec<f64>,
    median: Vec<f64>,
    slowest: Vec<f64>,
}

pub(crate) fn measure(bench: &mut Bench) {
    // Each has to do its work, and then each waits for the world for 20 ms.
    for (skill, runs) in [(Skill::Tiny, 4_000), (Skill::Waiting, 1_000)] {
        crowds(bench, skill, runs);
    }
}

fn crowds(bench: &mut Bench, skill: Skill, runs: usize) {
    if !bench.is_wanted(&format!("crowd/{}", skill.name())) {
        return;
    }
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let runtime = threads.block_on(scene::runtime());
    let workflow = Arc::new(scene::workflow(skill, Shape::Chain, 1));
    let mut came: BTreeMap<usize, Came> = BTreeMap::new();
    // The first repetition is for warming up.
    for repetition in 0..=REPETITIONS {
        for at_once in CROWDS {
            // One after the other takes its time where each waits.
            let runs = if skill == Skill::Waiting { runs.min(at_once * 50) } else { runs };
            let (whole, each) = threads.block_on(crowd(&runtime, &workflow, (at_once, runs)));
            if repetition > 0 {
                came.entry(at_once).or_default().add(runs, whole, each);
            }
        }
    }
    rows(bench, skill, &came);
}

impl Came {
    fn add(&mut self, runs: usize, whole: Duration, mut each: Vec<Duration>) {
        each.sort();
        self.a_second.push(runs as f64 / whole.as_secs_f64());
        self.median.push(each[each.len() / 2].as_secs_f64());
        self.slowest.push(each[each.len() * 99 / 100].as_secs_f64());
    }
}

/// So many tasks, each of which runs one after the other. How long it all took, by the clock, and each run.
async fn crowd(
    runtime: &Runtime,
    workflow: &Arc<Workflow>,
    (at_once, runs): (usize, usize),
) -> (Duration, Vec<Duration>) {
    let clock = SystemClock::new();
    let one = || {
        let (runtime, workflow) = (runtime.clone(), Arc::clone(workflow));
        tokio::spawn(async move {
            let mut took = Vec::new();
            for _ in 0..runs / at_once {
                let began = clock.monotonic();
                scene::succeeded(&runtime.run(&workflow, json!({})).await);
                took.push(clock.monotonic() - began);
            }
            took
        })
    };
    let tasks: Vec<_> = (0..at_once).map(|_| one()).collect();
    let mut each = Vec::new();
    for task in tasks {
        each.extend(task.await.unwrap());
    }
    (clock.monotonic(), each)
}

fn rows(bench: &mut Bench, skill: Skill, came: &BTreeMap<usize, Came>) {
    let alone = &came[&1];
    for (at_once, these) in came {
        let mut row = |what: &str, of: fn(&Came) -> &[f64], shown: fn(f64) -> String| {
            bench.table.add(Row {
                name: format!("{what}, {at_once} runs at once, {}", skill.name()),
                figure: shown(median(of(these).iter().copied())),
                baseline: format!("one at once: {}", shown(median(of(alone).iter().copied()))),
                ratio: median(of(these).iter().zip(of(alone)).map(|(these, those)| these / those)),
                aim: Aim::None,
                took: None,
            });
        };
        row("runs a second", |came| &came.a_second, |a_second| format!("{a_second:.0}/s"));
        row("latency", |came| &came.median, shown);
        row("latency of the slowest hundredth", |came| &came.slowest, shown);
    }
}
