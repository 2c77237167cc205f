//! What is run: two skills, the workflows of them, and the runtime of a stub world.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aos_host::ids::SkillId;
use aos_host::outcome::StructuredOutcome;
use aos_host::providers::{StubWorld, World};
use aos_host::skill::ResourceContract;
use aos_host::workflow_format::Workflow;
use aos_host::{RunOptions, Runtime, read_component};
use serde_json::{Value, json};

use crate::component::{Contract, hostile_with};
use crate::guest::{CALLS, KINDS, Kind};
use crate::measure::Stopwatch;
use crate::world::Target;

/// Answers of the world that skills ask.
const STUBS: &str = "
http:
  - url: https://bench.example/0064
    body: '................................................................'
  - url: https://bench.example/slow
    body: slow
    delay_ms: 20
";

/// A skill that is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Skill {
    /// A few instructions that return `{}`.
    Tiny,
    /// A megabyte of Rust, which sorts three numbers with a jq filter.
    JsonTransform,
    /// A request that is answered after 20 ms.
    Waiting,
}

impl Skill {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tiny => "tiny",
            Self::JsonTransform => "json_transform",
            Self::Waiting => "http_call",
        }
    }

    pub(crate) fn component(self) -> Vec<u8> {
        match self {
            Self::Tiny => hostile_with(self.name(), "", Contract::default()),
            Self::JsonTransform | Self::Waiting => {
                let path = skills().join(format!("{}.wasm", self.name()));
                read_component(&path).expect("target/skills lacks a skill; run .ci/just build-skills")
            }
        }
    }

    /// What it is given.
    pub(crate) fn input(self) -> Value {
        match self {
            Self::Tiny => json!({}),
            Self::JsonTransform => json!({"data": {"n": [3, 1, 2]}, "filter": ".n | sort"}),
            Self::Waiting => json!({"url": "https://bench.example/slow"}),
        }
    }
}

/// How steps hang together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    /// Each step needs the one before.
    Chain,
    /// No step needs another.
    Aside,
    /// One step for each element of a list, eight at one time.
    Elements,
}

impl Shape {
    pub(crate) const ALL: [Self; 3] = [Self::Chain, Self::Aside, Self::Elements];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Aside => "aside",
            Self::Elements => "elements",
        }
    }

    /// What a workflow of this shape is made of.
    pub(crate) const fn parts(self) -> &'static str {
        match self {
            Self::Chain => "steps in a chain",
            Self::Aside => "steps side by side",
            Self::Elements => "elements",
        }
    }
}

/// A workflow of so many steps.
pub(crate) fn workflow(skill: Skill, shape: Shape, steps: u32) -> Workflow {
    let mut text = "aos: 1\nname: bench\ngrants: {hosts: [\"https://bench.example\"]}\nsteps:\n".to_owned();
    let what = format!("skill: {}, with: {}", skill.name(), skill.input());
    if shape == Shape::Elements {
        let items: Vec<u32> = (0..steps).collect();
        text.push_str(&format!("  - {{id: s, {what}, foreach: {{in: {items:?}, parallel: 8}}}}\n"));
    } else {
        for step in 0..steps {
            let last = step.checked_sub(1).filter(|_| shape == Shape::Chain);
            let needs = last.map_or_else(String::new, |last| format!(", needs: [s{last}]"));
            text.push_str(&format!("  - {{id: s{step}, {what}{needs}}}\n"));
        }
    }
    Workflow::parse(text.as_bytes()).unwrap_or_else(|invalid| panic!("{:#?}", invalid.faults()))
}

/// A runtime of the stub world with every skill that is measured.
pub(crate) async fn runtime() -> Runtime {
    let compiled = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    let world = World::stub(StubWorld::parse(STUBS).unwrap());
    let runtime = Runtime::builder().world(world).compile_cache(compiled).build().unwrap();
    for skill in [Skill::Tiny, Skill::JsonTransform, Skill::Waiting] {
        runtime.register_skill(skill.component()).await.unwrap();
    }
    for kind in KINDS.into_iter().filter(|kind| *kind != Kind::Http(4096)) {
        runtime.register_skill(kind.component(CALLS)).await.unwrap();
    }
    runtime
}

/// Runs a workflow so many times, one after the other, and tells how long that took.
pub(crate) async fn run(runtime: &Runtime, workflow: &Workflow, times: u64) -> Duration {
    let watch = Stopwatch::start();
    for _ in 0..times {
        succeeded(&runtime.run(workflow, json!({})).await);
    }
    watch.read()
}

/// As [`run`], with the journal going there.
pub(crate) async fn run_into(
    (runtime, target): (&Runtime, Target),
    workflow: &Workflow,
    path: &Path,
    times: u64,
) -> Duration {
    let mut took = Duration::ZERO;
    for _ in 0..times {
        let watch = Stopwatch::start();
        let options = RunOptions::default().journal(target.sink(path));
        succeeded(&runtime.start(workflow, json!({}), options).outcome().await);
        took += watch.read();
        let _ = std::fs::remove_file(path);
    }
    took
}

/// What a skill says of itself that it may use.
pub(crate) fn contract(runtime: &Runtime, skill: &str) -> ResourceContract {
    runtime.skill(&SkillId::new(skill).unwrap()).unwrap().metadata().contract.clone()
}

/// What is not measured in vain.
pub(crate) fn succeeded(outcome: &StructuredOutcome) {
    assert_eq!(outcome.code.as_str(), "OK", "{}", outcome.message);
}

/// The folder of the built skills.
pub(crate) fn skills() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/skills")
}
