//! What was measured, as tables in Markdown.

use std::io::Write as _;

use crate::guest::{CALLS, Kind, STEPS};
use crate::parts::Part;
use crate::world::Target;
use crate::{Findings, LASTING_CALLS, Measured, REPETITIONS, TAKEN_APART};

/// Writes all of it to standard output.
pub(crate) fn print(findings: &Findings) {
    let text = [machine(), calls(findings), recording(findings), replaying(findings)].join("\n");
    std::io::stdout().write_all(text.as_bytes()).unwrap();
}

fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let program = std::env::current_exe().unwrap_or_default();
    let profile = program.ancestors().nth(2).and_then(|folder| folder.file_name()).unwrap_or_default();
    let profile = profile.to_string_lossy();
    let checks = if cfg!(debug_assertions) { "with" } else { "without" };
    format!(
        "Machine: {model}, {cores} cores, {}, time of one thread. Profile: {profile}, own crates {checks} debug \
         assertions.\nMedians of {REPETITIONS} repetitions; a run has {STEPS} steps of {CALLS} calls.\n",
        std::env::consts::ARCH,
    )
}

fn calls(findings: &Findings) -> String {
    let mut text =
        "| host call | dropped | in memory | in a file | to nothing | recorded/s | bytes | replay | \
                    to nothing | replayed/s |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
            .to_owned();
    for (kind, bytes) in &findings.bytes {
        let times = &findings.times;
        let run = |target| times.median(&Measured::Run(*kind, target));
        let ratio = |key| times.median_ratio(&key, &baseline());
        let (file, replay) = (Measured::Run(*kind, Target::File), Measured::Replay(*kind));
        text.push_str(&format!(
            "| {} | {:.2} µs | {:.2} µs | {:.2} µs | {:.0} × | {:.0} | {bytes:.0} | {:.2} µs | {:.0} × | {:.0} |\n",
            kind.name(),
            run(Target::Dropped),
            run(Target::Memory),
            run(Target::File),
            ratio(file),
            a_second(times.median(&file)),
            times.median(&replay),
            ratio(replay),
            a_second(times.median(&replay)),
        ));
    }
    let lasting = findings.times.median(&Measured::Run(TAKEN_APART, Target::Lasting));
    text.push_str(&format!(
        "\n{}, made to last before each request leaves ({LASTING_CALLS} calls): {lasting:.0} µs a call by the clock.\n",
        TAKEN_APART.name()
    ));
    text
}

fn recording(findings: &Findings) -> String {
    let whole = findings.times.median(&Measured::Run(TAKEN_APART, Target::File));
    let part = |part| findings.parts.median(&part);
    let (write, append, facts) = (part(Part::Write), part(Part::Append), part(Part::Facts));
    let (recorder, end) = (part(Part::Recorder), part(Part::WriteEnd));
    let nothing = findings.times.median(&baseline());
    let outcome = part(Part::Outcome);
    let rest = whole - nothing - recorder - append - end - outcome;
    let rows = [
        ("guest, way to the host and back", nothing),
        ("recorder: pack, encode, hash", write),
        ("recorder: facts", facts),
        ("recorder: time, lock, let go", recorder - write - facts),
        ("append to the file", append),
        ("make the outcome", outcome),
        ("pack, encode, hash the outcome", end),
        ("the rest: door, gate, provider", rest),
    ];
    let added = recorder + append;
    let text = format!("\nRecording adds {added:.2} µs to a call, and {end:.2} µs at the end of the run.\n");
    table("Recording", whole, &rows) + &text
}

fn replaying(findings: &Findings) -> String {
    let whole = findings.times.median(&Measured::Replay(TAKEN_APART));
    let part = |part| findings.parts.median(&part);
    let (check, read, prepare) = (part(Part::Check), part(Part::Read), part(Part::Prepare));
    let (compare, outcome, finish) = (part(Part::Compare), part(Part::Outcome), part(Part::Finish));
    let (let_go, nothing) = (part(Part::LetGo), findings.times.median(&baseline()));
    let parts = read + prepare + compare + outcome + finish + let_go;
    let rows = [
        ("guest, way to the host and back", nothing),
        ("read: check the chain", check),
        ("read: parse, unpack", read - check),
        ("prepare: sort by attempts, facts", prepare),
        ("compare requests, hand out answers", compare),
        ("make the outcome", outcome),
        ("compare the outcome", finish),
        ("let go of the entries and the outcome", let_go),
        ("the rest: door, gate", whole - nothing - parts),
    ];
    table("Replaying", whole, &rows)
}

fn table(what: &str, whole: f64, rows: &[(&str, f64)]) -> String {
    let name = TAKEN_APART.name();
    let mut text = format!("| {what} {name} | µs a call | share |\n|---|--:|--:|\n");
    for (row, time) in rows {
        text.push_str(&format!("| {row} | {time:.2} | {:.0} % |\n", time / whole * 100.0));
    }
    text.push_str(&format!("| all | {whole:.2} | 100 % |\n"));
    text
}

/// The run that makes the same number of calls that do nothing.
const fn baseline() -> Measured {
    Measured::Run(Kind::Nothing, Target::Dropped)
}

fn a_second(micros: f64) -> f64 {
    1e6 / micros
}
