//! `--format json` of every command, whatever comes of it: what stands on standard output, and that the talk does not.

use aos_host::canonical;
use aos_host::providers::FileSink;
use serde_json::Value;

use super::process::{Ended, Home, at_home};

/// A command line, its exit code, how many documents it prints, and a word of its talk.
type Row = (&'static str, i32, usize, &'static str);

const ROWS: &[Row] = &[
    ("run demo.yaml --stubs stubs.yaml", 0, 1, "success  document"),
    ("run demo.yaml --stubs stubs2.yaml", 1, 1, "CONFIG_INVALID"),
    ("run demo.yaml --stubs stubs.yaml --journal j.jsonl", 1, 1, "help: "),
    ("run faults.yaml", 1, 1, "WORKFLOW_INVALID"),
    ("run missing.yaml", 2, 0, "missing.yaml"),
    ("run demo.yaml --input {", 2, 0, "--input"),
    ("replay j.jsonl", 0, 1, "the bytes are equal"),
    ("replay torn.jsonl", 0, 1, "left out the last 9 bytes of torn.jsonl"),
    ("replay bad.jsonl", 3, 1, "not proven: JOURNAL_CORRUPT"),
    ("replay killed.jsonl", 3, 1, "not proven: REPLAY_INCOMPLETE"),
    ("replay missing.jsonl", 2, 0, "missing.jsonl"),
    ("replay j.jsonl --skill http_call=target/skills/http_call.wasm", 0, 1, "compatible"),
    ("replay j.jsonl --skill http_call=target/skills/json_transform.wasm", 3, 1, "not proven"),
    ("replay j.jsonl --skill nobody=target/skills/http_call.wasm", 3, 1, "SKILL_NOT_FOUND"),
    ("replay j.jsonl --skill nobody", 2, 0, "ID=FILE"),
    ("replay j.jsonl --inject inject.yaml", 0, 1, "proves nothing"),
    ("replay torn.jsonl --inject inject.yaml", 0, 1, "left out the last 9 bytes of torn.jsonl"),
    ("replay j.jsonl --inject nothing.yaml", 3, 1, "help: "),
    ("replay bad.jsonl --inject inject.yaml", 3, 1, "help: "),
    ("replay j.jsonl --inject missing.yaml", 2, 0, "missing.yaml"),
    ("resume j.jsonl", 0, 1, "has ended already"),
    ("resume torn.jsonl", 0, 1, "left out the last 9 bytes of torn.jsonl"),
    ("resume killed.jsonl", 1, 1, "help: "),
    ("resume bad.jsonl", 3, 1, "bad.jsonl: JOURNAL_CORRUPT"),
    ("resume held.jsonl", 3, 1, "held.jsonl: JOURNAL_IO"),
    ("resume missing.jsonl", 2, 0, "missing.jsonl"),
    ("resume killed-torn.jsonl --stubs stubs.yaml", 0, 1, "left out the last 8 bytes of killed-torn.jsonl"),
    ("inspect j.jsonl", 0, 1, ""),
    ("inspect torn.jsonl", 0, 1, ""),
    ("inspect killed.jsonl", 0, 1, ""),
    ("inspect j.jsonl --call fetch:1:0", 0, 1, ""),
    ("inspect j.jsonl --call fetch:9:9", 2, 0, "no such call"),
    ("inspect bad.jsonl", 3, 1, "bad.jsonl: JOURNAL_CORRUPT"),
    ("inspect missing.jsonl", 2, 0, "missing.jsonl"),
    ("diff j.jsonl j.jsonl", 0, 1, "do not part"),
    ("diff j.jsonl other.jsonl", 1, 1, ""),
    ("diff j.jsonl torn.jsonl", 0, 1, "left out the last 9 bytes of torn.jsonl"),
    ("diff j.jsonl bad.jsonl", 3, 1, "bad.jsonl: JOURNAL_CORRUPT"),
    ("diff bad.jsonl j.jsonl", 3, 1, "bad.jsonl: JOURNAL_CORRUPT"),
    ("diff j.jsonl missing.jsonl", 2, 0, "missing.jsonl"),
    ("certify j.jsonl", 0, 1, "certified 1 of 1"),
    ("certify j.jsonl torn.jsonl other.jsonl", 3, 2, "not proven: torn.jsonl: JOURNAL_CORRUPT"),
    ("certify bad.jsonl", 3, 0, "not proven: bad.jsonl: JOURNAL_CORRUPT"),
    ("certify missing.jsonl", 2, 0, "missing.jsonl"),
    ("certify --verify c.jsonl --key aos.pub j.jsonl", 0, 1, ""),
    ("certify --verify c.jsonl --key aos.pub", 0, 1, "only signed"),
    (
        "certify --verify c.jsonl --key aos.pub other.jsonl",
        3,
        1,
        "no certificate is of the bytes of other.jsonl",
    ),
    ("certify --verify faults.yaml --key aos.pub", 3, 0, "not verified"),
    ("certify --verify missing.jsonl --key aos.pub", 2, 0, "missing.jsonl"),
    ("budget list", 0, 1, ""),
    ("budget set team --ceiling-cents 5", 0, 1, ""),
    ("budget show team", 0, 1, ""),
    ("budget show nobody", 1, 1, "aos budget set nobody"),
    ("budget show Nobody", 2, 0, "not of the form"),
    ("budget history team", 0, 1, ""),
    ("budget stop team", 0, 1, ""),
    ("run demo.yaml --stubs stubs.yaml --budget team", 1, 1, "aos budget start"),
    ("budget start team", 0, 1, ""),
    ("budget settle team", 0, 1, ""),
    ("budget settle team 01a206168c0f7c87be4200a2d2d9bf27", 1, 1, "holds nothing"),
    ("prices", 0, 1, ""),
    ("prices nobody", 1, 1, "COST_UNKNOWN"),
    ("prices --prices missing.toml", 2, 0, "missing.toml"),
    ("skills list", 0, 1, ""),
    ("skills list --skills own", 1, 1, "skipped own/bad.wasm"),
    ("skills list --skills empty", 0, 1, "there are no skills in empty"),
    ("skills list --skills missing", 2, 0, "missing"),
    ("skills describe http_call", 0, 1, ""),
    ("skills describe nobody", 2, 0, "there is no skill nobody"),
    ("skills check target/skills/http_call.wasm", 0, 1, ""),
    ("skills check own/bad.wasm", 1, 1, ""),
    ("skills check missing.wasm", 2, 0, "missing.wasm"),
];

/// Journals of every kind, and other files that the rows name.
async fn prepare(home: &Home) {
    let demo = std::fs::read_to_string(home.path("demo.yaml")).unwrap();
    home.write("other.yaml", demo.replace("name: demo", "name: other"));
    home.write("stubs2.yaml", "http: []").write("faults.yaml", "aos: 1\nname: x\n");
    home.write("inject.yaml", "- {step: fetch, index: 0, status: 503}\n").write("nothing.yaml", "[]\n");
    for (workflow, journal) in [("demo.yaml", "j.jsonl"), ("other.yaml", "other.jsonl")] {
        home.aos(["run", workflow, "--stubs", "stubs.yaml", "--journal", journal]).await.assert_code(0);
    }
    let whole = std::fs::read_to_string(home.path("j.jsonl")).unwrap();
    let half: String = whole.split_inclusive('\n').take(whole.lines().count() / 2).collect();
    home.write("torn.jsonl", format!("{whole}{{\"seq\":99")).write("held.jsonl", &half);
    home.write("killed.jsonl", &half).write("killed-torn.jsonl", format!("{half}{{\"seq\":9"));
    home.write("bad.jsonl", whole.replace("logically", "foolishly"));
    for folder in ["empty", "own"] {
        std::fs::create_dir(home.path(folder)).unwrap();
    }
    home.write("own/bad.wasm", "no component");
    home.aos(["keygen"]).await.assert_code(0);
    home.aos(["certify", "j.jsonl", "--key", "aos.key", "-o", "c.jsonl"]).await.assert_code(0);
}

/// Standard output holds so many canonical documents, one a line, and nothing else.
fn assert_documents(ended: &Ended, count: usize, place: &str) {
    let lines: Vec<_> = ended.stdout.split_inclusive('\n').collect();
    assert_eq!(lines.len(), count, "{place}: {}", ended.stdout);
    for line in lines {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{place}: {error}"));
        let canonical = String::from_utf8(canonical::to_vec(&value).unwrap()).unwrap();
        assert_eq!(line, format!("{canonical}\n"), "{place}");
    }
}

#[test]
fn every_command_prints_one_document_and_talks_elsewhere() {
    at_home(async |home| {
        let home = home.with_demo();
        prepare(&home).await;
        let _held = FileSink::take_up(&home.path("held.jsonl")).unwrap();
        for (line, code, count, word) in ROWS {
            let ended = home.aos(line.split(' ').chain(["--format", "json"])).await;
            assert_eq!(ended.code, Some(*code), "{line}: {}", ended.stderr);
            assert_documents(&ended, *count, line);
            assert!(ended.stderr.contains(word), "{line}: {word} in {}", ended.stderr);
        }
    });
}

#[test]
fn every_outcome_that_is_printed_fits_its_schema() {
    at_home(async |home| {
        let home = home.with_demo();
        prepare(&home).await;
        for line in ["inspect bad.jsonl", "diff j.jsonl bad.jsonl", "resume bad.jsonl", "resume killed.jsonl"]
        {
            let ended = home.aos(line.split(' ').chain(["--format", "json"])).await;
            assert!(!ended.outcome().is_usable(), "{line}");
        }
    });
}
