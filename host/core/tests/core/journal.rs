//! The line format, its chain, and what a reader refuses.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aos_core::failure::ErrorCode;
use aos_core::ids::{Digest, RunId, Seed, StepId};
use aos_core::journal::{
    Chain, Cursor, Emitted, Event, JournalError, Observed, Recorder, Recording, RunEnded, RunStarted, Sink,
    Syncer, encode,
};
use aos_core::units::{Money, Timestamp};
use serde_json::json;

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
        prices: Digest::of(b"prices"),
        fuel_price: 500,
        seed: Seed::from_bytes([9; 32]),
        engine: Digest::of(b"engine"),
        skills: std::collections::BTreeMap::new(),
        stubs: None,
    }
}

fn cursor() -> Cursor {
    Cursor { step: StepId::new("s").unwrap(), item: None, attempt: 1 }
}

/// A journal of four lines, and its recorder.
fn record() -> (Memory, Recorder) {
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
    recorder.append(None, || Event::RunEnded(Box::new(RunEnded { outcome: json!({}) }))).unwrap();
    (memory, recorder)
}

fn bytes() -> Vec<u8> {
    let (memory, _recorder) = record();
    memory.0.lock().unwrap().clone()
}

#[test]
fn what_was_written_reads_back() {
    let bytes = bytes();
    let recording = Recording::read(&bytes).unwrap();
    assert_eq!(recording.entries().len(), 4);
    assert_eq!(*recording.run_started().unwrap(), run_started());
    assert_eq!(recording.entries()[1].cursor, Some(cursor()));
    let mut chain = Chain::default();
    let again: Vec<u8> = recording
        .entries()
        .iter()
        .flat_map(|entry| {
            let mut line = encode(entry).unwrap();
            chain.seal(&mut line);
            line
        })
        .collect();
    assert_eq!(again, bytes);
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
    let (memory, recorder) = record();
    let emit =
        || Event::Emitted(Emitted { index: 9, call: "log".into(), target: "info".into(), text: json!("x") });
    recorder.append(Some(&cursor()), emit).unwrap();
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
fn time_never_steps_back_in_a_journal() {
    let memory = Memory::default();
    let ticks = AtomicU64::new(10);
    let clock =
        Box::new(move || Timestamp::from_unix(Duration::from_secs(ticks.fetch_sub(1, Ordering::Relaxed))));
    let recorder = Recorder::start(Box::new(memory.clone()), clock, Box::new(|_| {}), run_started()).unwrap();
    let stamp = recorder.append(None, || Event::RunEnded(Box::new(RunEnded { outcome: json!({}) }))).unwrap();
    assert_eq!(stamp.at, Timestamp::from_unix(Duration::from_secs(10)));
    assert!(Recording::read(&memory.0.lock().unwrap().clone()).is_ok());
}
