//! The performance baseline: what the host adds to the bare engine, whether anything grows with a workflow, how many runs
//! go at one time, and how long a process takes to begin.
//!
//! Each figure stands beside what it is measured against in the same process and at the same time, and their quotient
//! counts: absolute times vary with the machine and with what else it does. Nothing is asserted about a time.

#[path = "../../hostile/component.rs"]
#[expect(dead_code, reason = "the benchmark's guests all name their limits")]
mod component;
#[path = "../replay/guest.rs"]
#[expect(dead_code, reason = "it runs more than one step")]
mod guest;
#[path = "../replay/measure.rs"]
#[expect(dead_code, reason = "samples are kept beside each other here")]
mod measure;
#[path = "../replay/world.rs"]
#[expect(dead_code, reason = "the world is a script here")]
mod world;

mod bench;
mod crowd;
mod floor;
mod growth;
mod host_call;
mod invocation;
mod replay;
mod scene;
mod start;
mod table;

use std::io::Write as _;

use self::bench::Bench;

fn main() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [argument, shape, steps] = arguments.as_slice()
        && argument == growth::CHILD
    {
        return tell(&growth::child(shape, steps, folder.path()).to_string());
    }
    let mut bench = Bench::from_arguments();
    let runtime = bench.thread.block_on(scene::runtime());
    invocation::measure(&mut bench, &runtime);
    host_call::measure(&mut bench, &runtime, folder.path());
    replay::measure(&mut bench, &runtime, folder.path());
    growth::measure(&mut bench, &runtime);
    crowd::measure(&mut bench);
    start::measure(&mut bench, folder.path());
    tell(&bench.table.markdown());
}

/// Writes to standard output.
pub(crate) fn tell(text: &str) {
    std::io::stdout().write_all(format!("{text}\n").as_bytes()).unwrap();
}
