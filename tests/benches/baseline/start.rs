//! Whole processes: `aos run` of a workflow of three steps in a stub world, with its components compiled or not.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use aos_host::providers::{Clock as _, SystemClock};

use crate::bench::Bench;
use crate::measure::median;
use crate::scene;
use crate::table::{Aim, Row, shown};

/// Starts with compiled components, and starts without.
const WARM: usize = 21;
const COLD: usize = 3;

/// How long a start may take when the components are compiled.
const AIM: Aim = Aim::Within(Duration::from_millis(50));

pub(crate) fn measure(bench: &mut Bench, folder: &Path) {
    if !bench.is_wanted("start") {
        return;
    }
    let program = program();
    if !program.exists() {
        return crate::tell("start: the program is not built; `just bench` builds it");
    }
    let home = Home { program, folder };
    let (mut cold, mut warm, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for time in 0..COLD {
        cold.push(home.run(&format!("cold{time}")));
        bare.push(home.version());
    }
    add(bench, ("none compiled", Aim::None), &cold, &bare);
    bare.clear();
    for _ in 0..WARM {
        warm.push(home.run("cold0"));
        bare.push(home.version());
    }
    add(bench, ("all compiled", AIM), &warm, &bare);
}

fn add(bench: &mut Bench, (components, aim): (&str, Aim), took: &[f64], bare: &[f64]) {
    let middle = median(took.iter().copied());
    bench.table.add(Row {
        name: format!("aos run, three steps, {components}"),
        figure: shown(middle),
        baseline: format!("aos --version: {}", shown(median(bare.iter().copied()))),
        ratio: median(took.iter().zip(bare).map(|(took, bare)| took / bare)),
        aim,
        took: Some(Duration::from_secs_f64(middle)),
    });
}

/// The program of the same profile.
fn program() -> PathBuf {
    std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("aos")
}

/// A folder in which the program is at home.
struct Home<'a> {
    program: PathBuf,
    folder: &'a Path,
}

impl Home<'_> {
    /// Seconds of a run, with the compiled components of this name.
    fn run(&self, compiled: &str) -> f64 {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
        let (workflow, stubs) = (fixtures.join("workflows/demo.yaml"), fixtures.join("stubs/demo.yaml"));
        let skills = scene::skills();
        let arguments = ["run".as_ref(), workflow.as_os_str(), "--stubs".as_ref(), stubs.as_os_str()];
        let arguments = arguments.into_iter().chain(["--skills".as_ref(), skills.as_os_str()]);
        self.timed(arguments, compiled)
    }

    /// Seconds of a process that does nothing.
    fn version(&self) -> f64 {
        self.timed([OsStr::new("--version")], "none")
    }

    fn timed<'a>(&self, arguments: impl IntoIterator<Item = &'a OsStr>, compiled: &str) -> f64 {
        let mut command = Command::new(&self.program);
        command.args(arguments).current_dir(self.folder).env("XDG_CACHE_HOME", self.folder.join(compiled));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let clock = SystemClock::new();
        let status = command.status().unwrap();
        let took = clock.monotonic();
        assert!(status.success(), "{} ended with {status}", self.program.display());
        took.as_secs_f64()
    }
}
