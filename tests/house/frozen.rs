//! Journals of every released version of the format, which every later version repeats. They lie under
//! `fixtures/journals/vN/`, with their components as text beside them; one that is there is never written anew.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aos_host::ids::Digest;
use aos_host::journal::{Event, FORMAT_VERSION, PinnedSkill, Recording};
use aos_host::providers::{FileSink, FixedClock, FixedEntropy, StubWorld, World};
use aos_host::units::Money;
use aos_host::{CertifyOptions, ResumeOptions, RunOptions, Runtime};
use serde_json::{Value, json};

use crate::hostile::component::{Contract, hostile_with};
use crate::support::recorded::parse;
use crate::support::runtime::{in_time, root};
use crate::support::skip;

const STUBS: &str = r#"
http:
  - {url: "https://frozen.example/a", answers: [{status: 503, headers: {retry-after: "1"}, body: later}, {body: now}]}
llm:
  answer: {text: "An answer.", tokens: 5, input_tokens: 9}
"#;

/// A request, a question, clocks, randomness, text that is long and comes twice, and a denial.
const ASKS: &str = r#"
(import "aos:skill/http@0.1.0" "send"
    (func $send (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
(import "aos:skill/llm@0.1.0" "complete" (func $complete (param i32 i32)))
(import "aos:skill/log@0.1.0" "log" (func $log (param i32 i32 i32)))
(import "wasi:clocks/wall-clock@0.2.0" "now" (func $wall (param i32)))
(import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $monotonic (result i64)))
(import "wasi:random/random@0.2.0" "get-random-u64" (func $random (result i64)))
(import "wasi:cli/environment@0.2.0" "get-environment" (func $environment (param i32)))
(data (i32.const 4096) "GEThttps://frozen.example/agpt-4o-minianswer this")
(data (i32.const 4300) "x-frozenyes")
(data (i32.const 4352) "\cc\10\00\00\08\00\00\00\d4\10\00\00\03\00\00\00")
(func $ask
    (i32.store (i32.const 6000) (i32.const 4123)) (i32.store (i32.const 6004) (i32.const 11))
    (i32.store (i32.const 6008) (i32.const 6100)) (i32.store (i32.const 6012) (i32.const 1))
    (i32.store (i32.const 6016) (i32.const 50))
    (i32.store8 (i32.const 6100) (i32.const 1))
    (i32.store (i32.const 6104) (i32.const 4134)) (i32.store (i32.const 6108) (i32.const 11))
    (call $complete (i32.const 6000) (i32.const 6200)))
(func $body
    (call $wall (i32.const 5000))
    (drop (call $monotonic))
    (drop (call $random))
    (call $environment (i32.const 5100))
    (call $send (i32.const 4096) (i32.const 3) (i32.const 4099) (i32.const 24) (i32.const 4352) (i32.const 1)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 1000) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 5200))
    (call $ask)
    (memory.fill (i32.const 8192) (i32.const 97) (i32.const 3000))
    (call $log (i32.const 2) (i32.const 8192) (i32.const 3000))
    (call $log (i32.const 3) (i32.const 8192) (i32.const 3000))
    (call $log (i32.const 3) (i32.const 8192) (i32.const 200))
    (call $log (i32.const 3) (i32.const 8192) (i32.const 200)))"#;

const LOOPS: &str = "(func $body (loop $again (br $again)))";
const RECURSES: &str = "(func $body (call $body) (call $body))";
const TRAPS: &str = "(func $body unreachable)";

struct Frozen {
    name: &'static str,
    steps: Value,
    /// How many entries are written before the run is dropped and taken up again.
    killed_after: Option<usize>,
    ceiling_nanos: u64,
}

fn frozen() -> Vec<Frozen> {
    let with = json!({"list": "${ .input.list }", "text": "${ .input.text }"});
    let step =
        |id: &str, skill: &str| json!({"id": id, "skill": skill, "with": with, "retry": {"max_attempts": 1}});
    let then = |id: &str| json!({"id": id, "skill": "asks", "with": {"list": "${ .input.list + [100] }"}, "needs": ["a"]});
    let of = |name, steps| Frozen { name, steps, killed_after: None, ceiling_nanos: 10_000_000_000 };
    vec![
        of(
            "asks",
            json!([step("a", "asks"), {"id": "b", "skill": "asks", "needs": ["a"], "when": "${ .outcomes.a.code != \"OK\" }"}]),
        ),
        of(
            "retries-and-ends-of-every-kind",
            json!([
                {"id": "late", "skill": "loops", "deadline_ms": 5, "on_error": "continue", "retry": {"max_attempts": 2, "base_ms": 1}},
                {"id": "deep", "skill": "recurses", "on_error": "continue"},
                {"id": "traps", "skill": "traps", "on_error": "continue"},
                {"id": "after", "skill": "asks", "needs": ["late", "deep", "traps"]},
            ]),
        ),
        of("skill-that-is-not-there", json!([step("a", "asks"), step("b", "nobody")])),
        Frozen { ceiling_nanos: 30_000, ..of("budget-exceeded", json!([step("a", "asks"), then("b")])) },
        Frozen { killed_after: Some(9), ..of("killed-and-resumed", json!([step("a", "asks"), then("b")])) },
    ]
}

fn folder() -> PathBuf {
    root().join(format!("fixtures/journals/v{FORMAT_VERSION}"))
}

fn components(folder: &Path) -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(folder.join("components")).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    files.iter().map(|file| wat::parse_file(file).unwrap()).collect()
}

fn journals() -> Vec<PathBuf> {
    let versions = std::fs::read_dir(root().join("fixtures/journals")).unwrap();
    let files = versions.flat_map(|version| std::fs::read_dir(version.unwrap().path()).unwrap());
    let files = files.map(|file| file.unwrap().path());
    let mut journals: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl")).collect();
    journals.sort();
    journals
}

/// Writes what is not there yet.
async fn bless() {
    let folder = folder();
    std::fs::create_dir_all(folder.join("components")).unwrap();
    for (name, body) in [("asks", ASKS), ("loops", LOOPS), ("recurses", RECURSES), ("traps", TRAPS)] {
        let path = folder.join(format!("components/{name}.wat"));
        if !path.exists() {
            let fuel = if name == "loops" { 1 << 40 } else { 50_000_000 };
            let component = hostile_with(name, body, Contract { fuel, ..Contract::default() });
            std::fs::write(path, wasmprinter::print_bytes(component).unwrap()).unwrap();
        }
    }
    for (place, frozen) in frozen().into_iter().enumerate() {
        let path = folder.join(format!("{}.jsonl", frozen.name));
        if !path.exists() {
            record(&path, frozen, place as u8).await;
        }
    }
}

async fn record(path: &Path, frozen: Frozen, seed: u8) {
    let start = "2026-01-01T00:00:00Z".parse().unwrap();
    let world = World::stub(StubWorld::parse(STUBS).unwrap())
        .with_clock(Arc::new(FixedClock::new(start, Duration::from_millis(1))))
        .with_entropy(Arc::new(FixedEntropy::new(seed + 1)));
    let runtime = Runtime::builder().world(world).build().unwrap();
    for component in components(&folder()) {
        runtime.register_skill(component).await.unwrap();
    }
    let grants = json!({"hosts": ["frozen.example"], "models": ["gpt-4o-mini"]});
    let workflow = json!({"aos": 1, "name": frozen.name, "grants": grants, "steps": frozen.steps});
    let sink = FileSink::create(path).unwrap();
    let options =
        RunOptions::default().journal(sink).ceiling(Money::from_nanos(frozen.ceiling_nanos).unwrap());
    let input = json!({"list": (0..100).collect::<Vec<_>>(), "text": "a long text ".repeat(100)});
    let mut run = runtime.start(&parse(&workflow.to_string()), input, options);
    let Some(after) = frozen.killed_after else {
        run.outcome().await;
        return;
    };
    for _ in 0..after {
        run.next_entry().await.expect("an entry");
    }
    drop(run);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let bytes = std::fs::read(path).unwrap();
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').take(after).collect();
    std::fs::write(path, [lines.concat().as_slice(), b"{\"seq\":9,\"at\":\"torn"].concat()).unwrap();
    let (sink, recording) = FileSink::take_up(path).unwrap();
    runtime.resume(sink, recording, ResumeOptions::default()).await.unwrap().outcome().await;
}

#[test]
fn a_frozen_journal_repeats_in_every_engine() {
    in_time(async {
        if std::env::var_os("AOS_BLESS").is_some() {
            bless().await;
        }
        let runtime = Runtime::builder().build().unwrap();
        let mut digests = Vec::new();
        for component in components(&folder()) {
            digests.push(Digest::of(&component));
            runtime.know_component(component).await.unwrap();
        }
        let journals = journals();
        assert_eq!(journals.len(), frozen().len(), "just bless writes what is missing");
        for path in journals {
            let bytes = std::fs::read(&path).unwrap();
            let recording = Recording::read(&bytes).unwrap();
            for pinned in recording.run_started().unwrap().skills.values() {
                if let PinnedSkill::Component { digest, .. } = pinned {
                    assert!(
                        digests.contains(digest),
                        "{path:?}: the text of {digest} is encoded differently now"
                    );
                }
            }
            let certification = runtime.certify(&bytes, CertifyOptions::default()).await;
            certification.proof().unwrap_or_else(|failure| panic!("{path:?}: {failure}"));
        }
    });
}

#[test]
fn the_frozen_journals_have_an_entry_of_every_kind() {
    if std::env::var_os("AOS_BLESS").is_some() {
        return skip("the journals are being written");
    }
    let all: Vec<_> = journals().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let text = all.concat();
    for kind in [
        "run-started",
        "step-started",
        "intent",
        "result",
        "observed",
        "emitted",
        "step-ended",
        "retry",
        "blob",
        "run-resumed",
        "run-ended",
    ] {
        assert!(text.contains(&format!("\"type\":\"{kind}\"")), "{kind}");
    }
    for part in [
        "\"interrupted\":{\"fuel\":",
        "$blob",
        "$list",
        "\"class\":\"denied\"",
        "\"call\":\"llm.complete\"",
        "BUDGET_EXCEEDED",
        "STACK_OVERFLOW",
        "\"torn_bytes\":19",
    ] {
        assert!(text.contains(part), "{part}");
    }
    let entries = journals()
        .into_iter()
        .flat_map(|path| Recording::read(&std::fs::read(path).unwrap()).unwrap().entries().to_vec());
    let with_answer = entries
        .filter(|entry| matches!(&entry.event, Event::Result(result) if result.answer.is_some()))
        .count();
    assert!(with_answer >= 4, "{with_answer} answers");
}
