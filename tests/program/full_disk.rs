//! Disks without room, as small file systems in memory that the program alone sees.

use std::process::{Command, Stdio};

use aos_host::journal::Recording;
use aos_host::outcome::{Status, StructuredOutcome};

use super::process::{Ended, Home, at_home};
use crate::support::runtime::skills;
use crate::support::skip;

/// What a page of the file system in memory has.
const PAGE: usize = 4096;

/// How a shell is started that may mount; it calls the program as `aos`. `None` where nobody may.
fn mounting(script: &str) -> Option<Vec<String>> {
    let probe = "mount -t tmpfs -o size=4k none /mnt || mount -t tmpfs -o size=4k none /tmp";
    let works = |flag: &&&str| {
        let mut unshare = Command::new("unshare");
        unshare.args([**flag, "sh", "-c", probe]).stdout(Stdio::null()).stderr(Stdio::null());
        unshare.status().is_ok_and(|ended| ended.success())
    };
    let Some(flag) = ["-rm", "-m"].iter().find(works) else {
        skip("nobody here may mount a file system of their own");
        return None;
    };
    let script = format!("set -eu; aos() {{ \"$program\" \"$@\"; }}; program=$0; {script}");
    Some(["unshare", flag, "sh", "-c", &script].map(str::to_owned).to_vec())
}

/// Runs a script in which `aos` is the program; `None` where that is not possible.
async fn on_a_disk(home: &Home, script: &str) -> Option<Ended> {
    let starter = mounting(script)?;
    let starter: Vec<&str> = starter.iter().map(String::as_str).collect();
    Some(home.aos_within(&starter, [""; 0]).await)
}

fn outcome(home: &Home, file: &str) -> StructuredOutcome {
    let text = std::fs::read_to_string(home.path(file)).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}: {text}"))
}

/// The demo with so many bytes more in its text, and so in the first line of its journal.
fn padded(home: &Home, bytes: usize) {
    let demo = crate::support::runtime::read("fixtures/workflows/demo.yaml");
    home.write("demo.yaml", format!("{demo}# {}\n", "x".repeat(bytes)));
}

/// Pads the demo so that the end of a page falls into the answer of the model, which leaves after the first request is
/// recorded; gives back how many pages that are.
async fn fill_in_the_second_answer(home: &Home) -> usize {
    padded(home, PAGE);
    home.aos(["run", "demo.yaml", "--stubs", "stubs.yaml", "--journal", "whole.jsonl"]).await.assert_code(0);
    let whole = std::fs::read_to_string(home.path("whole.jsonl")).unwrap();
    let end_of = |line: &str| whole.find(line).unwrap() + line.len();
    let answer =
        whole.split_inclusive('\n').filter(|line| line.contains("\"type\":\"result\"")).nth(1).unwrap();
    let middle = end_of(answer) - answer.len() / 2;
    padded(home, PAGE - middle % PAGE);
    middle / PAGE
}

#[test]
fn a_run_whose_journal_fills_the_disk_ends_and_goes_on_when_there_is_room() {
    at_home(async |home| {
        let home = home.with_demo();
        let pages = fill_in_the_second_answer(&home).await;
        let kib = 4 * pages;
        let script = format!(
            "mkdir disk; mount -t tmpfs -o size={}k none disk; head -c 65536 /dev/zero > disk/other
            aos run demo.yaml --stubs stubs.yaml --journal disk/j.jsonl --format json > full.json 2> full.txt && exit 9
            echo $? > full.code; cp disk/j.jsonl full.jsonl
            aos resume disk/j.jsonl --stubs stubs.yaml --format json > again.json 2> again.txt && exit 9
            rm disk/other
            aos resume disk/j.jsonl --stubs stubs.yaml --format json > resumed.json
            aos replay disk/j.jsonl --format json > replayed.json",
            kib + 64
        );
        let Some(ended) = on_a_disk(&home, &script).await else { return };
        ended.assert_code(0);
        let read = |file: &str| std::fs::read_to_string(home.path(file)).unwrap();
        assert_eq!(read("full.code"), "1\n");
        let full = outcome(&home, "full.json");
        assert_eq!((full.status, full.code.as_str()), (Status::Failure, "DISK_FULL"), "{}", full.message);
        assert!(full.message.contains("disk/j.jsonl: No space left on device"), "{}", full.message);
        assert!(read("full.txt").contains("help: free space where the message says, and go on with"));
        assert_eq!(full.side_effects.len(), 2, "what was done is told");
        let left = read("full.jsonl");
        assert_eq!(left.len(), kib * 1024, "the disk was filled to the last byte");
        let recording = Recording::read(left.as_bytes()).expect("whole lines, and one that is torn");
        assert!(recording.torn().is_some());
        // There is room for the torn line alone, and so for no line that says that the run goes on, or for no other.
        assert_eq!(outcome(&home, "again.json").code.as_str(), "DISK_FULL");
        let resumed = outcome(&home, "resumed.json");
        assert_eq!(resumed.status, Status::Success, "{:?}: {}", resumed.code, resumed.message);
        assert_eq!(read("resumed.json"), read("replayed.json"));
    });
}

#[test]
fn a_journal_without_room_for_its_first_line_is_none() {
    at_home(async |home| {
        let home = home.with_demo();
        padded(&home, PAGE);
        let script = "mkdir disk; mount -t tmpfs -o size=4k none disk
            aos run demo.yaml --stubs stubs.yaml --journal disk/j.jsonl --format json > full.json 2> full.txt && exit 9
            ls -A disk > left.txt";
        let Some(ended) = on_a_disk(&home, script).await else { return };
        ended.assert_code(0);
        let full = outcome(&home, "full.json");
        assert_eq!((full.code.as_str(), full.is_of_a_run()), ("DISK_FULL", false), "{}", full.message);
        let read = |file: &str| std::fs::read_to_string(home.path(file)).unwrap();
        assert_eq!(read("left.txt"), "", "there is nothing to go on with");
        let told = read("full.txt");
        assert!(told.contains("help: free space where the message says, and try again"), "{told}");
    });
}

#[test]
fn a_run_whose_component_cannot_be_kept_does_not_begin() {
    at_home(async |home| {
        let home = home.with_demo();
        let script = "mkdir .aos; mount -t tmpfs -o size=16k none .aos
            aos run demo.yaml --stubs stubs.yaml --journal j.jsonl --format json > full.json 2> full.txt && exit 9
            ls -A .aos/components > kept.txt
            mount -o remount,size=64m .aos
            aos run demo.yaml --stubs stubs.yaml --journal j.jsonl --format json > done.json";
        let Some(ended) = on_a_disk(&home, script).await else { return };
        ended.assert_code(0);
        let full = outcome(&home, "full.json");
        assert_eq!((full.status, full.code.as_str()), (Status::Failure, "DISK_FULL"));
        assert!(full.message.contains(".aos/components/"), "{}", full.message);
        let told = std::fs::read_to_string(home.path("full.txt")).unwrap();
        assert!(told.contains("help: free space where the message says, and try again"), "{told}");
        assert_eq!(std::fs::read_to_string(home.path("kept.txt")).unwrap(), "", "nothing half written stays");
        assert_eq!(outcome(&home, "done.json").status, Status::Success);
    });
}

#[test]
fn a_cache_of_compiled_components_without_room_costs_time_alone() {
    at_home(async |home| {
        let component = skills().join("json_transform.wasm");
        let script = format!(
            "mkdir cache small; mount -t tmpfs -o size=16k none cache; mount -t tmpfs -o size=16k none small
            export XDG_CACHE_HOME=$PWD/cache; component={}
            aos skills check $component > checked.txt; ls -A cache/aos/compiled > kept.txt
            TMPDIR=$PWD/small aos skills check $component --format json > full.json && exit 9
            ls -A small > left.txt",
            component.display()
        );
        let Some(ended) = on_a_disk(&home, &script).await else { return };
        ended.assert_code(0);
        let read = |file: &str| std::fs::read_to_string(home.path(file)).unwrap();
        assert_eq!((read("kept.txt"), read("left.txt")), (String::new(), String::new()));
        let full: serde_json::Value = serde_json::from_str(&read("full.json")).unwrap();
        assert_eq!(full["refused"]["code"], "DISK_FULL", "{full}");
    });
}

#[test]
fn a_named_budget_on_a_full_disk_lets_no_run_begin_and_is_stopped_all_the_same() {
    at_home(async |home| {
        let home = home.with_demo();
        let script = "mkdir -p .aos/budgets; mount -t tmpfs -o size=8k none .aos/budgets
            aos budget set team --ceiling-cents 500; head -c 4096 /dev/zero > .aos/budgets/other
            n=0; while [ $n -lt 40 ] && aos budget set team --ceiling-cents 500 > /dev/null 2> set.txt; do n=$((n+1)); done
            cp .aos/budgets/team.jsonl before.jsonl
            run() { aos run demo.yaml --stubs stubs.yaml --journal j.jsonl --budget team --format json; }
            run > full.json 2> full.txt && exit 9
            cp .aos/budgets/team.jsonl after.jsonl
            aos budget stop team --why $(printf %0500d 0) > /dev/null 2> stop.txt && exit 9
            run > stopped.json 2> stopped.txt && exit 9
            rm .aos/budgets/other; aos budget start team > /dev/null; run > done.json";
        let Some(ended) = on_a_disk(&home, script).await else { return };
        ended.assert_code(0);
        let read = |file: &str| std::fs::read_to_string(home.path(file)).unwrap();
        for file in ["set.txt", "full.txt", "stop.txt"] {
            let told = read(file);
            assert!(
                told.contains("help: free space where the message says, and try again"),
                "{file}: {told}"
            );
        }
        assert!(read("set.txt").contains("DISK_FULL: the budget team: .aos/budgets/team.jsonl: "));
        let full = outcome(&home, "full.json");
        assert_eq!((full.code.as_str(), full.is_of_a_run()), ("DISK_FULL", false), "{}", full.message);
        assert_eq!(read("before.jsonl"), read("after.jsonl"));
        assert_eq!(outcome(&home, "stopped.json").code.as_str(), "BUDGET_STOPPED");
        assert_eq!(outcome(&home, "done.json").status, Status::Success);
    });
}

#[test]
fn a_folder_that_may_only_be_read_is_told_in_the_words_of_the_operating_system() {
    at_home(async |home| {
        let home = home.with_demo();
        let script = "mkdir disk; mount -t tmpfs none disk; cp stubs.yaml disk/; mount -o remount,ro disk
            aos run demo.yaml --stubs stubs.yaml --journal disk/j.jsonl --format json && exit 9; echo $? >&2";
        let Some(ended) = on_a_disk(&home, script).await else { return };
        assert_eq!(ended.stderr.lines().last(), Some("1"), "{}", ended.stderr);
        let refused = ended.outcome();
        assert_eq!((refused.code.as_str(), refused.is_of_a_run()), ("JOURNAL_IO", false));
        let words = "the journal could not be made: disk/j.jsonl: Read-only file system";
        assert!(refused.message.contains(words), "{}", refused.message);
    });
}

/// Its input stands in two lines of the journal, and the second one is too much.
const LONG: &str = "aos: 1
name: long
steps: [{id: count, skill: json_transform, with: {data: '${ .input }', filter: length}}]
";

#[test]
fn a_file_beyond_the_limit_of_the_process_ends_the_run_and_not_the_process() {
    at_home(async |home| {
        home.write("long.yaml", LONG).write("input.json", format!("{:?}", "x".repeat(5 << 20)));
        // 8 MiB, in blocks of 512 bytes: no less, as the engine has files of its own in memory.
        let starter = ["sh", "-c", "ulimit -f 16384; exec \"$0\" \"$@\""];
        let limited =
            ["run", "long.yaml", "--input", "@input.json", "--journal", "j.jsonl", "--format", "json"];
        let ended = home.aos_within(&starter, limited).await;
        ended.assert_code(1);
        let outcome = ended.outcome();
        assert_eq!(outcome.code.as_str(), "JOURNAL_IO", "{}", outcome.message);
        assert!(outcome.message.contains("j.jsonl: File too large"), "{}", outcome.message);
        let resumed = home.aos(["resume", "j.jsonl", "--format", "json"]).await;
        resumed.assert_code(0);
        assert_eq!(resumed.outcome().output["count"]["result"], 5 << 20);
    });
}
