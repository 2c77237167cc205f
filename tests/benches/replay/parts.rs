//! Where the time goes: the parts of recording and of replaying, each done by itself over the entries of one journal.

use std::path::Path;

use aos_host::ids::{SkillId, StepId};
use aos_host::journal::{
    Chain, Cursor, Entry, Event, Facts, Recorder, Recording, Replayer, RunEnding, Sink, Stamp, Writer,
};
use aos_host::outcome::Status;
use aos_host::providers::{Clock, SystemClock};

use crate::measure::{Samples, Stopwatch};
use crate::world::Target;

/// A part that can be done by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// Packing, encoding, hashing of all but the last entry.
    Write,
    /// The same of the last one, which has the outcome.
    WriteEnd,
    /// Bytes to the file.
    Append,
    /// Adding up the facts that the outcome is made of.
    Facts,
    /// All that the recorder does with all but the last entry: time, writing, facts, lock, and letting go of it.
    Recorder,
    /// Checking the chain.
    Check,
    /// Checking the chain, parsing, unpacking.
    Read,
    /// Sorting the entries by attempts, and adding up the facts.
    Prepare,
    /// Comparing what the guest does, and handing out what is recorded.
    Compare,
    /// Making the outcome of the facts.
    Outcome,
    /// Comparing the outcome.
    Finish,
    /// Letting go of the recorded entries and the outcome.
    LetGo,
}

/// Does each part once.
pub(crate) fn measure(journal: &[u8], calls: u32, folder: &Path, samples: &mut Samples<Part>) {
    let entries = Recording::read(journal).unwrap().entries().to_vec();
    let lines = write(entries.clone(), calls, samples);
    append(&lines, calls, folder, samples);
    facts(&entries, calls, samples);
    let mut all_but_last = entries.clone();
    all_but_last.pop();
    record(all_but_last, calls, samples);
    replay(journal, &entries, calls, samples);
}

fn write(mut entries: Vec<Entry>, calls: u32, samples: &mut Samples<Part>) -> Vec<Vec<u8>> {
    let (mut writer, mut lines) = (Writer::default(), Vec::with_capacity(entries.len()));
    let (end, before) = entries.split_last_mut().unwrap();
    let watch = Stopwatch::start();
    for entry in before {
        lines.push(writer.write(entry).unwrap());
    }
    samples.add(Part::Write, watch.read(), calls);
    let watch = Stopwatch::start();
    lines.push(writer.write(end).unwrap());
    samples.add(Part::WriteEnd, watch.read(), calls);
    lines
}

fn append(lines: &[Vec<u8>], calls: u32, folder: &Path, samples: &mut Samples<Part>) {
    let path = folder.join("appended.jsonl");
    let mut sink = Target::File.sink(&path);
    let watch = Stopwatch::start();
    for line in lines {
        sink.append(line).unwrap();
    }
    samples.add(Part::Append, watch.read(), calls);
    std::fs::remove_file(path).unwrap();
}

fn facts(entries: &[Entry], calls: u32, samples: &mut Samples<Part>) {
    let Some(Entry { event: Event::RunStarted(run), stamp, .. }) = entries.first() else {
        panic!("the journal has no beginning");
    };
    let mut facts = Facts::new(run.clone(), stamp.at);
    let watch = Stopwatch::start();
    for entry in entries {
        facts.apply(entry);
    }
    samples.add(Part::Facts, watch.read(), calls);
}

fn record(entries: Vec<Entry>, calls: u32, samples: &mut Samples<Part>) {
    let mut entries = entries.into_iter();
    let Some(Entry { event: Event::RunStarted(run), stamp: Stamp { at, .. }, .. }) = entries.next() else {
        panic!("the journal has no beginning");
    };
    let clock = SystemClock::new();
    let now = Box::new(move || at.plus(clock.monotonic()));
    let sink = Box::new(Target::Dropped.sink(Path::new("")));
    let watch = Stopwatch::start();
    let recorder = Recorder::start(sink, now, Box::new(|_| {}), *run).unwrap();
    for entry in entries {
        recorder.append(entry.cursor.as_ref(), || entry.event).unwrap();
    }
    samples.add(Part::Recorder, watch.read(), calls);
}

fn replay(journal: &[u8], entries: &[Entry], calls: u32, samples: &mut Samples<Part>) {
    let watch = Stopwatch::start();
    let mut chain = Chain::default();
    let whole = journal.strip_suffix(b"\n").unwrap();
    assert!(whole.split(|byte| *byte == b'\n').all(|line| chain.check(line)));
    samples.add(Part::Check, watch.read(), calls);

    let watch = Stopwatch::start();
    let recording = Recording::read(journal).unwrap();
    samples.add(Part::Read, watch.read(), calls);

    let watch = Stopwatch::start();
    let replayer = Replayer::new(recording).unwrap();
    samples.add(Part::Prepare, watch.read(), calls);

    let watch = Stopwatch::start();
    for entry in entries {
        if let Some(cursor) = &entry.cursor {
            compare(&replayer, cursor, &entry.event);
        }
    }
    samples.add(Part::Compare, watch.read(), calls);

    let Some(Event::RunEnded(ended)) = entries.last().map(|entry| &entry.event) else {
        panic!("the journal has no end");
    };
    let output = ended.outcome.output.clone();
    let ending = RunEnding { status: Status::Success, failure: None, step: None, output };
    let watch = Stopwatch::start();
    let outcome = replayer.facts().run_outcome(ending, &steps(entries), replayer.end().at);
    samples.add(Part::Outcome, watch.read(), calls);

    let watch = Stopwatch::start();
    replayer.finish(&outcome).unwrap();
    samples.add(Part::Finish, watch.read(), calls);

    let watch = Stopwatch::start();
    drop((replayer, outcome));
    samples.add(Part::LetGo, watch.read(), calls);
}

/// The steps with their skills, in the order in which they began.
fn steps(entries: &[Entry]) -> Vec<(StepId, SkillId)> {
    let began = |entry: &Entry| match (&entry.cursor, &entry.event) {
        (Some(cursor), Event::StepStarted(event)) => Some((cursor.step.clone(), event.skill.clone())),
        _ => None,
    };
    entries.iter().filter_map(began).collect()
}

fn compare(replayer: &Replayer, cursor: &Cursor, event: &Event) {
    match event {
        Event::StepStarted(event) => drop(replayer.step_started(cursor, event).unwrap()),
        Event::Intent(event) => drop(replayer.recall(cursor, event).unwrap()),
        Event::Observed(event) => drop(replayer.observed(cursor, event.index, &event.call).unwrap()),
        Event::Emitted(event) => replayer.emitted(cursor, event).unwrap(),
        Event::StepEnded(event) => drop(replayer.step_ended(cursor, event).unwrap()),
        _ => {}
    }
}
