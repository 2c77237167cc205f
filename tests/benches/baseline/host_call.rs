//! One host call with its journal in memory and in a file, against a bare host function; and its replay against its run.

use std::path::Path;

use aos_host::Runtime;

use crate::bench::{Bench, Pair};
use crate::floor::{self, Bare};
use crate::guest::{CALLS, Kind};
use crate::scene;
use crate::table::Aim;
use crate::world::Target;

/// A call through the component model that ends in the host, and the three that are recorded.
const KINDS: [Kind; 4] = [Kind::Nothing, Kind::Clock, Kind::Log, Kind::Http(64)];

pub(crate) fn measure(bench: &mut Bench, runtime: &Runtime, folder: &Path) {
    if !bench.is_wanted("call") {
        return;
    }
    let engine = floor::engine();
    for kind in KINDS {
        let contract = scene::contract(runtime, &kind.skill(CALLS));
        let bare = Bare::new(&engine, &kind.component(CALLS), &contract);
        for target in [Target::Dropped, Target::Memory, Target::File] {
            recorded(bench, (runtime, target), (kind, &bare), folder);
        }
    }
}

fn recorded(
    bench: &mut Bench,
    (runtime, target): (&Runtime, Target),
    (kind, bare): (Kind, &Bare),
    folder: &Path,
) {
    let journal = match target {
        Target::Dropped => "dropped",
        Target::Memory => "in memory",
        Target::File | Target::Lasting => "in a file",
    };
    let (id, name) = (
        format!("call/{}/{journal}", kind.skill(CALLS)),
        format!("{}, journal {journal}", kind.name().trim_end_matches(" (baseline)")),
    );
    let pair =
        Pair { id: &id, name: &name, against: "a bare host function", operations: CALLS, aim: Aim::None };
    let (workflow, path) = (kind.workflow(1, CALLS), folder.join("journal.jsonl"));
    let thread = bench.thread;
    let run = |turns| thread.block_on(scene::run_into((runtime, target), &workflow, &path, turns));
    bench.pair(&pair, |turns| thread.block_on(bare.invoke(turns, "{}")), run);
}
