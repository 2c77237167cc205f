//! Time and memory of a step, in workflows of more and more steps.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use aos_host::Runtime;

use crate::bench::Bench;
use crate::measure::median;
use crate::scene::{self, Shape, Skill};
use crate::table::{Aim, Row, shown};
use crate::world::Target;

/// Steps of a workflow, the most that it may have last.
const STEPS: [u32; 4] = [10, 100, 1_000, 10_000];

/// What 10,000 steps are measured against.
const FEW: u32 = 100;

/// Steps that are run of each size in one repetition, where a workflow has less.
const AT_LEAST: u32 = 1_000;

const REPETITIONS: usize = 5;

/// Nothing may grow. Two measurements of the same differ by as much on a machine that does other things as well.
const AIM: Aim = Aim::Times(1.1);

/// The argument of a child that runs one workflow and says how much memory that took.
pub(crate) const CHILD: &str = "--memory-of";

pub(crate) fn measure(bench: &mut Bench, runtime: &Runtime) {
    for shape in Shape::ALL {
        time(bench, runtime, shape);
        memory(bench, shape);
    }
}

fn time(bench: &mut Bench, runtime: &Runtime, shape: Shape) {
    let id = format!("growth/{}/time", shape.name());
    if !bench.is_wanted(&id) {
        return;
    }
    let workflows = STEPS.map(|steps| (steps, scene::workflow(Skill::Tiny, shape, steps)));
    let mut taken: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    // The first repetition is for warming up.
    for repetition in 0..=REPETITIONS {
        for (steps, workflow) in &workflows {
            let times = AT_LEAST.div_ceil(*steps);
            let took = bench.thread.block_on(scene::run(runtime, workflow, times.into()));
            if repetition > 0 {
                taken.entry(*steps).or_default().push(took.as_secs_f64() / f64::from(times * steps));
            }
        }
    }
    rows(bench, shape, &taken);
}

fn memory(bench: &mut Bench, shape: Shape) {
    let id = format!("growth/{}/memory", shape.name());
    if !bench.is_wanted(&id) {
        return;
    }
    // What a process has already, and what of that is free, tells nothing of steps: it is the further ones that count.
    let further = |from: u32, to: u32| (of_child(shape, to) - of_child(shape, from)) / f64::from(to - from);
    let [_, few, more, most] = STEPS;
    let taken: Vec<_> = (0..REPETITIONS).map(|_| (further(more, most), further(few, more))).collect();
    let shown = |bytes: f64| format!("{:.1} KiB", bytes / 1024.0);
    bench.table.add(Row {
        name: format!("memory of each of the {} after {more} {}", most - more, shape.parts()),
        figure: shown(median(taken.iter().map(|(each, _)| *each))),
        baseline: format!(
            "of the {} after {few}: {}",
            more - few,
            shown(median(taken.iter().map(|(_, each)| *each)))
        ),
        ratio: median(taken.iter().map(|(last, first)| last / first)),
        aim: AIM,
        took: None,
    });
}

/// A line for each size, against that of 100. The aim is that of the largest.
fn rows(bench: &mut Bench, shape: Shape, taken: &BTreeMap<u32, Vec<f64>>) {
    let few = &taken[&FEW];
    for (steps, each) in taken.iter().filter(|(steps, _)| **steps != FEW) {
        let most = STEPS.last() == Some(steps);
        bench.table.add(Row {
            name: format!("time of each of {steps} {}", shape.parts()),
            figure: shown(median(each.iter().copied())),
            baseline: format!("of {FEW}: {}", shown(median(few.iter().copied()))),
            ratio: median(each.iter().zip(few).map(|(these, those)| these / those)),
            aim: if most { AIM } else { Aim::None },
            took: None,
        });
    }
}

/// The memory that a process of its own needs beyond what it has before the run.
fn of_child(shape: Shape, steps: u32) -> f64 {
    let program = std::env::current_exe().unwrap();
    let child = Command::new(program).args([CHILD, shape.name(), &steps.to_string()]).output().unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    String::from_utf8(child.stdout).unwrap().trim().parse().unwrap()
}

/// The child: it runs one small workflow, and then the one that is measured, with the journal in a file.
pub(crate) fn child(shape: &str, steps: &str, folder: &Path) -> u64 {
    let shape = Shape::ALL.into_iter().find(|known| known.name() == shape).unwrap();
    let thread = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    thread.block_on(async {
        let (runtime, path) = (scene::runtime().await, folder.join("journal.jsonl"));
        let once = async |steps: u32| {
            let workflow = scene::workflow(Skill::Tiny, shape, steps);
            scene::run_into((&runtime, Target::File), &workflow, &path, 1).await;
        };
        once(1).await;
        let before = from_now_on();
        once(steps.parse().unwrap()).await;
        peak() - before
    })
}

/// Lets the peak begin anew (proc(5)), and says what it is now.
fn from_now_on() -> u64 {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    peak()
}

/// The most bytes that the process had in memory.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
