//! A long journal, tampered with in every way that its bytes and lines allow: each is detected, or is a torn last line.

use aos_host::failure::ErrorCode;
use aos_host::journal::{JournalError, Recording};
use serde_json::json;

use crate::support::flow;
use crate::support::recorded::{Recorded, record};
use crate::support::runtime::{in_time, stubbed};

/// A journal of more than 64 KiB: a conversation, long texts, growing lists.
async fn long_run(answer: &str) -> Recorded {
    let runtime = stubbed(&format!("llm:\n  go on: {{text: {answer}, tokens: 5}}\n")).await;
    let with = json!({"do": "converse", "model": "gpt-4o-mini", "turns": 40, "words": 300});
    let step = json!({"with": with});
    let run =
        record(&runtime, &flow::one_step(json!({"models": ["gpt-4o-mini"]}), "probe", step), json!({})).await;
    assert!(run.assert_success().journal.len() >= 64 * 1024, "{} bytes", run.journal.len());
    run
}

/// What was changed is refused, and never for a wrong reason.
fn assert_refused(journal: &[u8], what: impl Fn() -> String) {
    match Recording::read(journal) {
        Err(JournalError::Corrupt { .. } | JournalError::Version { .. }) => {}
        Err(other) => panic!("{}: {other}", what()),
        Ok(_) => panic!("{}: nobody saw it", what()),
    }
}

/// Flips bits at the given places. The newline at the end is the one byte whose loss leaves a whole journal without its
/// last line, which is torn then.
fn flip(journal: &[u8], places: impl Iterator<Item = (usize, u8)>) {
    let mut changed = journal.to_vec();
    for (place, bit) in places {
        changed[place] ^= 1 << bit;
        if place + 1 == journal.len() {
            let recording = Recording::read(&changed).expect("whole lines");
            assert!(recording.torn().is_some(), "bit {bit} of the last byte");
        } else {
            assert_refused(&changed, || format!("bit {bit} of byte {place}"));
        }
        changed[place] ^= 1 << bit;
    }
}

/// Cuts the journal off. What is left is whole lines and a torn one, and has no end.
fn cut(journal: &[u8], lengths: impl Iterator<Item = usize>) {
    for length in lengths {
        let rest = &journal[..length];
        match Recording::read(rest) {
            Err(error) => assert_eq!(error.code(), ErrorCode::JournalCorrupt, "{length} bytes"),
            Ok(recording) => {
                let torn = recording.torn().map_or(0, |torn| torn.bytes);
                assert_eq!(recording.len_bytes() + torn, length);
                assert!(torn > 0 || rest.ends_with(b"\n"), "{length} bytes");
                let ended = aos_host::view::RunView::of(&recording).expect("a beginning").outcome().is_some();
                assert!(!ended, "{length} bytes have an end");
            }
        }
    }
}

/// Every line dropped, doubled, swapped with the next, moved to the end, and taken from another run.
fn rearrange<'a>(journal: &'a [u8], other: &'a [u8]) {
    let lines: Vec<&'a [u8]> = journal.split_inclusive(|byte| *byte == b'\n').collect();
    let others: Vec<&'a [u8]> = other.split_inclusive(|byte| *byte == b'\n').collect();
    let last = lines.len() - 1;
    for place in 0..lines.len() {
        let changed = |what: &str, change: &dyn Fn(&mut Vec<&'a [u8]>)| {
            let mut all = lines.clone();
            change(&mut all);
            assert_refused(&all.concat(), || format!("line {place} {what}"));
        };
        changed("doubled", &|all| all.insert(place, lines[place]));
        if let Some(line) = others.get(place) {
            changed("of another run", &|all| all[place] = line);
            changed("and all after it of another run", &|all| {
                all.truncate(place);
                all.extend(&others[place.max(1)..]);
                all.insert(0, lines[0]);
            });
        }
        // Without its last line a journal is whole, and has no end.
        if place < last {
            changed("dropped", &|all| {
                all.remove(place);
            });
            changed("swapped", &|all| all.swap(place, place + 1));
            changed("moved", &|all| {
                let line = all.remove(place);
                all.push(line);
            });
        }
    }
}

#[test]
fn a_long_journal_that_was_tampered_with_is_refused() {
    in_time(async {
        let (run, other) = (long_run("first").await, long_run("second").await);
        let length = run.journal.len();
        // Each byte of the first lines and of the last, and one in a hundred between, another bit each time.
        let places = (0..length).filter(|place| *place < 400 || place + 400 > length || place % 97 == 0);
        flip(&run.journal, places.map(|place| (place, (place % 8) as u8)));
        cut(
            &run.journal,
            (0..length).filter(|place| *place < 400 || place + 400 > length || place % 97 == 0),
        );
        rearrange(&run.journal, &other.journal);
    });
}

#[test]
#[ignore = "every bit and every length takes minutes; `just tamper` runs it"]
fn a_long_journal_that_was_tampered_with_anywhere_is_refused() {
    let (run, other) = in_time(async { (long_run("first").await, long_run("second").await) });
    let length = run.journal.len();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let journal = &run.journal;
            scope.spawn(move || {
                let mine = (0..length).filter(move |place| place % threads == thread);
                flip(journal, mine.clone().flat_map(|place| (0..8).map(move |bit| (place, bit))));
                cut(journal, mine);
            });
        }
    });
    rearrange(&run.journal, &other.journal);
}
