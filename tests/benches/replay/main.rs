//! What recording and replaying a host call cost: calls a second, bytes a call, and where the time goes.
//!
//! Everything runs on one thread, and what is measured is the time that it has a processor: the wait for a disk alone is
//! measured by the clock. Each repetition measures each thing once; what is printed are medians, beside the quotient to
//! a call of the same repetition that does nothing and is not recorded.

#[path = "../../hostile/component.rs"]
#[expect(dead_code, reason = "the benchmark's guests all name their limits")]
mod component;
mod guest;
mod measure;
mod parts;
mod report;
mod world;

use std::path::{Path, PathBuf};
use std::time::Duration;

use aos_host::providers::{Clock as _, SystemClock, read_journal};
use aos_host::{RunOptions, Runtime};
use serde_json::json;

use self::guest::{CALLS, KINDS, Kind, STEPS};
use self::measure::{Samples, Stopwatch};
use self::parts::Part;
use self::world::Target;

/// Times that everything is measured.
const REPETITIONS: usize = 9;

/// Calls of a run that waits for the disk before each of them.
const LASTING_CALLS: u32 = 200;

/// The call whose time is taken apart.
const TAKEN_APART: Kind = Kind::Http(64);

/// Something whose time is taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Measured {
    /// A run with its journal going there.
    Run(Kind, Target),
    /// A replay.
    Replay(Kind),
}

/// All that was measured.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) times: Samples<Measured>,
    pub(crate) parts: Samples<Part>,
    pub(crate) bytes: Vec<(Kind, f64)>,
}

fn main() {
    let threads = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let findings = threads.block_on(measure_all());
    report::print(&findings);
}

async fn measure_all() -> Findings {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let bench = Bench { runtime: runtime().await, folder: folder.path().to_owned() };
    // The first time compiles for the replays, and does not count.
    bench.repeat(&mut Findings::default()).await;
    let mut findings = Findings::default();
    for _ in 0..REPETITIONS {
        bench.repeat(&mut findings).await;
    }
    findings
}

async fn runtime() -> Runtime {
    let compiled = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    let runtime = Runtime::builder().world(world::world()).compile_cache(compiled).build().unwrap();
    for kind in KINDS {
        runtime.register_skill(kind.component(CALLS)).await.unwrap();
    }
    runtime.register_skill(TAKEN_APART.component(LASTING_CALLS)).await.unwrap();
    runtime
}

struct Bench {
    runtime: Runtime,
    folder: PathBuf,
}

impl Bench {
    async fn repeat(&self, findings: &mut Findings) {
        let calls = STEPS * CALLS;
        findings.bytes.clear();
        for kind in KINDS {
            for target in [Target::Dropped, Target::Memory] {
                let (took, _) = self.run(kind, target, (STEPS, CALLS)).await;
                findings.times.add(Measured::Run(kind, target), took, calls);
            }
            let (took, journal) = self.run(kind, Target::File, (STEPS, CALLS)).await;
            findings.times.add(Measured::Run(kind, Target::File), took, calls);
            findings.times.add(Measured::Replay(kind), self.replay(&journal).await, calls);
            findings.bytes.push((kind, journal.len() as f64 / f64::from(calls)));
            if kind == TAKEN_APART {
                parts::measure(&journal, calls, &self.folder, &mut findings.parts);
            }
        }
        let clock = SystemClock::new();
        self.run(TAKEN_APART, Target::Lasting, (1, LASTING_CALLS)).await;
        let took = clock.monotonic();
        findings.times.add(Measured::Run(TAKEN_APART, Target::Lasting), took, LASTING_CALLS);
    }

    /// How long a run took, and its journal where there is a file of it.
    async fn run(&self, kind: Kind, target: Target, (steps, calls): (u32, u32)) -> (Duration, Vec<u8>) {
        let (workflow, path) = (kind.workflow(steps, calls), self.folder.join("journal.jsonl"));
        let options = RunOptions::default().journal(target.sink(&path));
        let watch = Stopwatch::start();
        let outcome = self.runtime.start(&workflow, json!({}), options).outcome().await;
        let took = watch.read();
        assert_eq!(outcome.code.as_str(), "OK", "{}", outcome.message);
        let journal = read_journal(&path).unwrap_or_default();
        if path.exists() {
            std::fs::remove_file(path).unwrap();
        }
        (took, journal)
    }

    async fn replay(&self, journal: &[u8]) -> Duration {
        let watch = Stopwatch::start();
        let replay = self.runtime.replay(journal).await;
        let took = watch.read();
        assert_eq!(replay.proof, Ok(()));
        took
    }
}
