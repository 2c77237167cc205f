//! The line format, its chain, and what a reader refuses.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aos_core::budget::FailedSteps;
use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::{Digest, RunId, Seed, StepId};
use aos_core::journal::{
    Chain, Cursor, Emitted, Entry, Event, JournalError, Observed, Recorder, Recording, RunEnded, RunStarted,
    Sink, Stamp, Syncer, Writer,
};
use aos_core::outcome::StructuredOutcome;
use aos_core::units::{Money, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>, Arc<AtomicU64>);

impl Sink for Memory {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if self.1.fetch_add(1, Ordering::Relaxed) >= 5 {
            return Err(io::Error::other("disk full"));
        }
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(())
    }

    fn syncer(&self) -> Option<Arc<dyn Syncer>> {
        None
    }
}

fn run_started() -> RunStarted {
    RunStarted {
        format: 1,
        run: RunId::new(1, [1; 10]),
        workflow: "w".to_owned(),
        workflow_digest: Digest::of(b"text"),
        workflow_text: "text".to_owned(),
        input: json!({"a": [1, 2.5, "ü"]}),
        ceiling: Money::MAX,
        absorbed_ceiling: Money::MAX,
        failed_steps: FailedSteps::Absorb,
        budget: None,
        prices: Digest::of(b"prices"),
        fuel_price: 500,
        seed: Seed::from_bytes([9; 32]),
        engine: Digest::of(b"engine"),
        skills: std::collections::BTreeMap::new(),
        stubs: None,
        traceparent: None,
    }
}

fn cursor() -> Cursor {
    Cursor { step: StepId::new("s").unwrap(), item: None, attempt: 1 }
}

/// A journal of four lines, and its recorder.
fn record() -> (Memory, Recorder) {
    let (memory, recorder) = record_without_end();
    recorder.append(None, ended).unwrap();
    (memory, recorder)
}

/// The first three lines of it.
fn record_without_end() -> (Memory, Recorder) {
    let memory = Memory::default();
    let ticks = AtomicU64::new(0);
    let clock =
        Box::new(move || Timestamp::from_unix(Duration::from_millis(ticks.fetch_add(1, Ordering::Relaxed))));
    let recorder = Recorder::start(Box::new(memory.clone()), clock, Box::new(|_| {}), run_started()).unwrap();
    let observed = Observed { index: 0, call: "clock".to_owned(), value: json!(5) };
    recorder.append(Some(&cursor()), || Event::Observed(observed)).unwrap();
    let emitted = Emitted {
        index: 1,
        call: "log".to_owned(),
        target: "info".to_owned(),
        text: json!("hi \"there\"\n"),
    };
    recorder.append(Some(&cursor()), || Event::Emitted(emitted)).unwrap();
    (memory, recorder)
}

fn bytes() -> Vec<u8> {
    let (memory, _recorder) = record();
    memory.0.lock().unwrap().clone()
}

/// The end of a run; which one does not matter.
fn ended() -> Event {
    let failure = Failure::new(ErrorCode::Cancelled, "");
    let outcome = StructuredOutcome::refused(run_started().run, &failure, Timestamp::EPOCH);
    Event::RunEnded(Box::new(RunEnded { outcome }))
}

/// The bytes of a journal with these entries.
fn written(entries: &[Entry]) -> Vec<u8> {
    let mut writer = Writer::default();
    entries.iter().flat_map(|entry| writer.write(&mut entry.clone()).unwrap()).collect()
}

/// A journal that observed some values, one after another.
fn observed(values: &[Value]) -> Vec<Entry> {
    let stamp = Stamp { seq: 0, at: Timestamp::EPOCH };
    let begin = Entry { stamp, cursor: None, event: Event::RunStarted(Box::new(run_started())) };
    let observe = |(index, value): (usize, &Value)| Entry {
        stamp,
        cursor: Some(cursor()),
        event: Event::Observed(Observed { index: index as u32, call: "x".to_owned(), value: value.clone() }),
    };
    std::iter::once(begin).chain(values.iter().enumerate().map(observe)).collect()
}

fn values(bytes: &[u8]) -> Vec<Value> {
    let recording = Recording::read(bytes).unwrap();
    let value = |entry: &Entry| match &entry.event {
        Event::Observed(observed) => Some(observed.value.clone()),
        _ => None,
    };
    recording.entries().iter().filter_map(value).collect()
}

/// A journal's lines, as text.
pub(super) fn lines(bytes: &[u8]) -> Vec<Value> {
    String::from_utf8(bytes.to_vec())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A journal of these lines, sealed anew.
pub(super) fn sealed(lines: &[Value]) -> Vec<u8> {
    let mut chain = Chain::default();
    let seal = |line: &Value| {
        let mut line = line.clone();
        let members = line.as_object_mut().unwrap();
        members.remove("chain");
        // The head stands in its order; the order of the other members is nobody's business.
        let head = ["seq", "at", "type", "step", "item", "attempt"].iter();
        let head = head.filter_map(|name| Some(format!("\"{name}\":{}", members.remove(*name)?)));
        let head = head.collect::<Vec<_>>().join(",");
        let rest = line.to_string();
        let mut bytes = format!("{{{head},{}", rest.strip_prefix('{').unwrap()).into_bytes();
        bytes.pop();
        chain.seal(&mut bytes);
        bytes
    };
    lines.iter().flat_map(seal).collect()
}

#[test]
fn a_long_text_is_stored_once() {
    let text = "long ".repeat(1000);
    let bytes = written(&observed(&[json!({"a": text}), json!([text, 1]), json!(text)]));
    assert!(bytes.len() < text.len() + 3000, "{}", bytes.len());
    let kinds: Vec<_> = lines(&bytes).iter().map(|line| line["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["run-started", "blob", "observed", "observed", "observed"]);
    assert_eq!(values(&bytes), [json!({"a": text}), json!([text, 1]), json!(text)]);
}

#[test]
fn a_text_that_comes_again_is_stored_when_it_does() {
    let text = "x".repeat(200);
    let bytes = written(&observed(&[json!(text), json!(text), json!(text)]));
    let kinds: Vec<_> = lines(&bytes).iter().map(|line| line["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["run-started", "observed", "blob", "observed", "observed"]);
    assert_eq!(values(&bytes), [json!(text), json!(text), json!(text)]);
}

#[test]
fn a_list_that_grows_is_stored_by_what_is_new() {
    let turn = |n: usize| json!({"role": "user", "content": format!("turn {n}: {}", "words ".repeat(40))});
    let conversations: Vec<Value> =
        (1..=200).map(|n| json!({"messages": (0..n).map(turn).collect::<Vec<_>>()})).collect();
    let bytes = written(&observed(&conversations));
    let last = conversations[199].to_string().len();
    assert!(bytes.len() < 2 * last + 200 * 512, "{} for {last}", bytes.len());
    assert_eq!(values(&bytes), conversations);
}

#[test]
fn an_object_that_looks_like_a_mark_stays_what_it_is() {
    let odd = [
        json!({"$blob": "00".repeat(32)}),
        json!({"$list": {"name": 0, "after": 7, "items": []}}),
        json!({"$": {"$$blob": {"$other": [1]}}}),
        json!([{"$blob": 1}, {"$blob": 1, "b": 2}, "y".repeat(3000), {"$blob": "z".repeat(500)}]),
    ];
    assert_eq!(values(&written(&observed(&odd))), odd);
}

#[test]
fn a_mark_that_stands_for_nothing_is_refused() {
    let good = observed(&[json!("a".repeat(2000)), json!((0..99).collect::<Vec<_>>()), json!(3)]);
    let good = lines(&written(&good));
    assert_eq!(values(&sealed(&good)).len(), 3);
    for mark in [
        json!({"$blob": "00".repeat(32)}),
        json!({"$blob": 5}),
        json!({"$list": {"name": 0, "items": []}}),
        json!({"$list": {"name": -1, "items": []}}),
        json!({"$list": {"after": 9, "items": []}}),
        json!({"$list": []}),
        json!({"$other": 1}),
    ] {
        let mut bad = good.clone();
        bad.last_mut().unwrap()["value"] = mark.clone();
        assert_eq!(Recording::read(&sealed(&bad)).unwrap_err().code(), ErrorCode::JournalCorrupt, "{mark}");
    }
    let mut bad = good;
    bad[1]["text"] = json!("b");
    assert_eq!(Recording::read(&sealed(&bad)).unwrap_err().code(), ErrorCode::JournalCorrupt, "another text");
}

#[test]
fn a_small_journal_that_stands_for_a_huge_one_is_refused() {
    let mut all = lines(&written(&observed(&[json!("a".repeat(1 << 20)), json!(0)])));
    let marks = vec![all[2]["value"].clone(); 1100];
    all[3]["value"] = json!(marks);
    assert_eq!(Recording::read(&sealed(&all)).unwrap_err().code(), ErrorCode::JournalCorrupt);
    // Lists that each go on from the one before, one level deeper each time.
    let mut deep = lines(&written(&observed(&[json!(0)])));
    let last = deep.pop().unwrap();
    for n in 0..5000_u64 {
        let mut line = last.clone();
        line["seq"] = json!(n + 1);
        line["index"] = json!(n);
        let after = n.checked_sub(1).map(|before| json!({"$list": {"after": before, "items": []}}));
        line["value"] = json!({"$list": {"name": n, "items": [[after]]}});
        deep.push(line);
    }
    assert_eq!(Recording::read(&sealed(&deep)).unwrap_err().code(), ErrorCode::JournalCorrupt);
}

#[test]
fn a_journal_that_could_not_be_read_again_ends_its_run() {
    let mut writer = Writer::default();
    let text = json!("a".repeat(16 << 20));
    let mut entries = observed(&vec![text; 70]);
    let error = entries.iter_mut().find_map(|entry| writer.write(entry).err()).expect("an end");
    assert_eq!(error.code(), ErrorCode::JournalIo);
}

#[test]
fn a_line_that_could_not_be_read_again_ends_its_run() {
    // Control characters are six bytes each in JSON, and a thousand short texts are no blobs.
    let texts: Vec<_> = (0..1_500_000)
        .map(|n| json!(format!("{n:07}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{b}\u{e}\u{f}")))
        .collect();
    let mut writer = Writer::default();
    let mut entries = observed(&[json!(texts)]);
    let error = entries.iter_mut().find_map(|entry| writer.write(entry).err()).expect("an end");
    assert_eq!(error.code(), ErrorCode::JournalIo);
}

#[test]
fn a_blank_line_is_no_line_of_a_journal() {
    let good = bytes();
    for place in (0..=good.len()).filter(|place| *place == 0 || good[place - 1] == b'\n') {
        let mut bad = good.clone();
        bad.insert(place, b'\n');
        assert_eq!(Recording::read(&bad).unwrap_err().code(), ErrorCode::JournalCorrupt, "at {place}");
    }
    assert_eq!(Recording::read(b"\n").unwrap_err().code(), ErrorCode::JournalCorrupt);
}

proptest! {
    #[test]
    fn any_value_reads_back(values_in in prop::collection::vec(any_json(), 1..8)) {
        let bytes = written(&observed(&values_in));
        prop_assert_eq!(values(&bytes), values_in);
    }
}

/// Values with long and repeated texts, lists that share a beginning, and names with dollar signs.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
        "[a-c]{0,3}".prop_map(Value::from),
        (0_usize..4, 100_usize..1200)
            .prop_map(|(letter, count)| Value::from("wxyz"[letter..=letter].repeat(count / 100 * 100))),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("\\$?(\\$|blob|list|a|b)", inner, 0..3)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

#[test]
fn what_was_written_reads_back() {
    let bytes = bytes();
    let recording = Recording::read(&bytes).unwrap();
    assert_eq!(recording.entries().len(), 4);
    assert_eq!(*recording.run_started().unwrap(), run_started());
    assert_eq!(recording.entries()[1].cursor, Some(cursor()));
    assert_eq!(written(recording.entries()), bytes);
}

#[test]
fn the_line_has_its_form() {
    let text = String::from_utf8(bytes()).unwrap();
    let line = text.lines().nth(1).unwrap();
    let (body, chain) = line.split_at(line.len() - 76);
    let expected = r#"{"seq":1,"at":"1970-01-01T00:00:00.001000000Z","type":"observed","step":"s","item":null,"attempt":1,"index":0,"call":"clock","value":5"#;
    assert_eq!(body, expected);
    assert!(chain.starts_with(",\"chain\":\"") && chain.ends_with("\"}"), "{chain}");
    assert!(text.ends_with("}\n"));
    for line in text.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let good = bytes();
    for place in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.clone();
            bad[place] ^= 1 << bit;
            if let Ok(recording) = Recording::read(&bad) {
                // Only a newline at the end can go: the last line is torn then, and left out.
                assert_eq!(place, good.len() - 1, "byte {place} bit {bit}");
                assert!(recording.torn().is_some());
            }
        }
    }
}

#[test]
fn every_truncation_is_found_or_leaves_a_torn_tail() {
    let good = bytes();
    for length in 0..good.len() {
        match Recording::read(&good[..length]) {
            Ok(recording) => {
                let torn = recording.torn().map_or(0, |torn| torn.bytes);
                assert_eq!(recording.len_bytes() + torn, length);
                assert!(recording.entries().len() < 4);
            }
            Err(error) => assert_eq!(error.code(), ErrorCode::JournalCorrupt),
        }
    }
}

#[test]
fn lines_that_are_dropped_doubled_or_swapped_are_found() {
    let text = String::from_utf8(bytes()).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut variants = Vec::new();
    for place in 0..lines.len() {
        let mut dropped = lines.clone();
        dropped.remove(place);
        if place + 1 < lines.len() {
            variants.push(dropped);
            let mut swapped = lines.clone();
            swapped.swap(place, place + 1);
            variants.push(swapped);
        }
        let mut doubled = lines.clone();
        doubled.insert(place, lines[place]);
        variants.push(doubled);
    }
    for variant in variants {
        let error = Recording::read(variant.concat().as_bytes()).unwrap_err();
        assert_eq!(error.code(), ErrorCode::JournalCorrupt);
    }
}

#[test]
fn another_version_is_named() {
    let mut run = run_started();
    run.format = 2;
    let memory = Memory::default();
    let clock = Box::new(|| Timestamp::EPOCH);
    Recorder::start(Box::new(memory.clone()), clock, Box::new(|_| {}), run).unwrap();
    let bytes = memory.0.lock().unwrap().clone();
    assert_eq!(Recording::read(&bytes).unwrap_err(), JournalError::Version { found: 2 });
}

#[test]
fn a_failed_write_ends_the_journal_for_good() {
    let (memory, recorder) = record_without_end();
    let emit =
        || Event::Emitted(Emitted { index: 9, call: "log".into(), target: "info".into(), text: json!("x") });
    for _ in 0..2 {
        recorder.append(Some(&cursor()), emit).unwrap();
    }
    let first = recorder.append(Some(&cursor()), emit).unwrap_err();
    assert!(matches!(first, JournalError::Io { .. }));
    memory.1.store(0, Ordering::Relaxed);
    assert_eq!(
        recorder.append(Some(&cursor()), emit).unwrap_err(),
        first,
        "the disk is back, the proof is not"
    );
}

#[test]
fn nothing_stands_after_the_end_of_a_run() {
    let (memory, recorder) = record();
    let before = memory.0.lock().unwrap().clone();
    let emit =
        || Event::Emitted(Emitted { index: 9, call: "log".into(), target: "info".into(), text: json!("x") });
    assert!(matches!(
        recorder.append(Some(&cursor()), emit),
        Err(JournalError::Io { what: "has ended", .. })
    ));
    assert_eq!(*memory.0.lock().unwrap(), before);
}

#[test]
fn time_never_steps_back_in_a_journal() {
    let memory = Memory::default();
    let ticks = AtomicU64::new(10);
    let clock =
        Box::new(move || Timestamp::from_unix(Duration::from_secs(ticks.fetch_sub(1, Ordering::Relaxed))));
    let recorder = Recorder::start(Box::new(memory.clone()), clock, Box::new(|_| {}), run_started()).unwrap();
    let stamp = recorder.append(None, ended).unwrap();
    assert_eq!(stamp.at, Timestamp::from_unix(Duration::from_secs(10)));
    assert!(Recording::read(&memory.0.lock().unwrap().clone()).is_ok());
}
