//! Journals: as they are, and with lines that were sealed again, so that a changed one gets beyond its chain.

use aos_core::failure::{ErrorCode, Failure};
use aos_core::journal::{Chain, Entry, JournalReader, Past, Recording, Replayer, Writer, audit, differences};
use aos_core::outcome::OutcomeCode;
use aos_core::view::RunView;

/// Bytes of a line from its chain on, without its LF.
const TAIL: usize = 76;

/// A journal as someone may hand it over.
pub(super) fn read(data: &[u8]) {
    match Recording::read(data) {
        Ok(recording) => assert_usable(&recording, data),
        Err(error) => {
            let failure = Failure::from(error);
            let told = [ErrorCode::JournalCorrupt, ErrorCode::RecordingVersionUnsupported];
            assert!(told.contains(&failure.code), "{failure}");
            super::assert_sound(&failure);
        }
    }
}

/// The lines of a journal, each with or without its chain; they get one that fits.
pub(super) fn read_lines(data: &[u8]) {
    read(&sealed(data));
}

/// Lines with a chain that fits them.
pub(super) fn sealed(data: &[u8]) -> Vec<u8> {
    let (mut chain, mut all) = (Chain::default(), Vec::new());
    for line in data.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let cut = line.len().checked_sub(TAIL).and_then(|at| line.split_at_checked(at));
        let body = match cut {
            Some((body, tail)) if tail.starts_with(b",\"chain\":\"") => body,
            _ => line.strip_suffix(b"}").unwrap_or(line),
        };
        let mut line = body.to_vec();
        chain.seal(&mut line);
        all.append(&mut line);
    }
    all
}

/// What a journal shows that comes in pieces, as it does from a file that is still written.
fn read_in_pieces(data: &[u8]) -> serde_json::Value {
    let (mut reader, mut view) = (JournalReader::default(), None::<RunView>);
    for piece in data.chunks(data.len() / 7 + 1) {
        for entry in reader.push(piece).expect("it was read before") {
            match &mut view {
                None => view = Some(RunView::begin(Some(&entry)).expect("it begins with its run")),
                Some(view) => view.apply(&entry),
            }
        }
    }
    let mut view = view.expect("it has a first entry");
    view.stands_at(&reader);
    serde_json::to_value(view.changes_since(None)).expect("a view is shown")
}

fn assert_usable(recording: &Recording, data: &[u8]) {
    assert_written_again(recording);
    let mut facts = recording.facts().expect("it begins with its run");
    let view = RunView::of(recording).expect("it begins with its run");
    let shown = serde_json::to_value(view.changes_since(None)).expect("a view is shown");
    assert_eq!(shown, read_in_pieces(data), "how it is read makes no difference");
    assert_eq!(differences(recording, recording, true), [], "a journal parts from itself");
    if let Err(divergence) = audit(recording) {
        super::assert_sound(&Failure::from(divergence));
    }
    facts.abandon_all(OutcomeCode::Error(ErrorCode::UnknownOutcome));
    let past = Past::new(Recording::read(data).expect("it was read before")).expect("it begins with its run");
    assert_eq!(past.replayer().run_started(), facts.run());
    match Replayer::new(Recording::read(data).expect("it was read before")) {
        Ok(replayer) => assert_eq!(replayer.run_started(), facts.run()),
        Err(error) => assert_eq!(error.code(), ErrorCode::ReplayIncomplete, "{error}"),
    }
}

/// The same entries, written anew, are the same entries again.
fn assert_written_again(recording: &Recording) {
    let (mut writer, mut bytes) = (Writer::default(), Vec::new());
    for entry in recording.entries() {
        bytes.extend(writer.write(&mut entry.clone()).expect("what was read is written"));
    }
    let again = Recording::read(&bytes).expect("what was written is read");
    let said = |entry: &Entry| (entry.stamp.at, entry.cursor.clone(), entry.event.clone());
    let (first, second) = (recording.entries().iter().map(said), again.entries().iter().map(said));
    first.zip(second).for_each(|(first, second)| assert_eq!(first, second));
    assert_eq!(recording.entries().len(), again.entries().len());
}
