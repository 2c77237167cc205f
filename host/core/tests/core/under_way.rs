//! What of a run is under way, held against the view of all of it, entry by entry.

use aos_core::ids::{SkillId, StepId};
use aos_core::journal::{
    CallClass, Cursor, Entry, Event, Intent, Recording, Retry, Stamp, StepEnded, StepStarted,
};
use aos_core::outcome::{OutcomeCode, Spending, Status};
use aos_core::units::{Fuel, Money, Timestamp};
use aos_core::view::{RunView, StepView, UnderWay};
use serde_json::Value;

fn recorded() -> Vec<Recording> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/journals/v1");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let journals = files.filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    journals.map(|path| Recording::read(&std::fs::read(path).unwrap()).unwrap()).collect()
}

/// Its attempt that has no end, or the pause after its last one.
fn open(step: &StepView) -> Option<(StepId, Option<u32>, u32, Option<u64>)> {
    let last = step.attempts.last()?;
    let pause = last.retry.as_ref().map(|retry| retry.delay_ms);
    let is_open = last.status.is_none() || pause.is_some();
    let attempt = last.attempt + u32::from(pause.is_some());
    is_open.then(|| (step.step.clone(), step.item, attempt, pause))
}

#[test]
fn every_entry_leaves_under_way_what_has_no_end_in_the_view() {
    let (mut attempts, mut pauses) = (0, 0);
    for recording in recorded() {
        let mut under_way = UnderWay::default();
        let (first, rest) = recording.entries().split_first().unwrap();
        let mut view = RunView::begin(Some(first)).unwrap();
        under_way.apply(first);
        for entry in rest {
            view.apply(entry);
            under_way.apply(entry);
            let head = view.head();
            assert_eq!((under_way.held(), under_way.charged()), (head.held, head.cost.charged));
            assert_eq!(under_way.ceiling(), head.ceiling);
            let counts = head.counts;
            let ended = counts.success + counts.partial + counts.failure + counts.skipped;
            assert_eq!((under_way.ended(), under_way.steps()), (ended, Some(counts.steps)));
            if view.outcome().is_some() {
                assert_eq!(under_way.open().len(), 0);
                continue;
            }
            let mut wanted: Vec<_> = view.steps().iter().filter_map(open).collect();
            let mut found: Vec<_> = under_way
                .open()
                .map(|open| (open.step.clone(), open.item, open.attempt, open.pause_ms))
                .collect();
            wanted.sort();
            found.sort();
            assert_eq!(found, wanted, "after entry {}", entry.stamp.seq);
            attempts += found.len();
            pauses += found.iter().filter(|open| open.3.is_some()).count();
        }
    }
    assert!(attempts > 50 && pauses > 0, "{attempts} {pauses}");
}

fn at(seq: u64, attempt: u32, event: Event) -> Entry {
    let cursor = Some(Cursor { step: StepId::new("s").unwrap(), item: Some(7), attempt });
    let at = Timestamp::EPOCH.plus(std::time::Duration::from_secs(seq));
    Entry { stamp: Stamp { seq, at }, cursor, event }
}

fn started(seq: u64, attempt: u32) -> Entry {
    let event = Event::StepStarted(StepStarted {
        skill: SkillId::new("k").unwrap(),
        digest: aos_core::ids::Digest::of(b"k"),
        input: Value::Null,
        fuel_granted: Fuel::ZERO,
        fuel_cut_by: None,
        held: money(5),
        ceiling: None,
        deadline_ms: 1,
    });
    at(seq, attempt, event)
}

fn money(nanos: u64) -> Money {
    Money::from_nanos(nanos).unwrap()
}

fn intent(seq: u64, index: u32, target: &str) -> Entry {
    let event = Event::Intent(Intent {
        index,
        call: "http.send".to_owned(),
        class: CallClass::Effect,
        target: target.to_owned(),
        request: Value::Null,
        repeatable: true,
        held: money(20),
        held_for: Spending::default(),
        clamped_to: None,
    });
    at(seq, 1, event)
}

fn result(seq: u64, index: u32, spent: u64) -> Entry {
    let event = Event::Result(aos_core::journal::CallResult {
        index,
        code: OutcomeCode::Ok,
        status: None,
        answer: None,
        failure: None,
        ends_attempt: false,
        spent: money(spent),
        spent_on: Spending::default(),
        refunded: money(20 - spent),
        overrun: Money::ZERO,
    });
    at(seq, 1, event)
}

fn failed(seq: u64) -> Entry {
    let event = Event::StepEnded(Box::new(StepEnded {
        status: Status::Failure,
        code: OutcomeCode::Ok,
        failure: None,
        output: None,
        fuel: Fuel::ZERO,
        memory_bytes: None,
        fuel_refunded: money(4),
        charged: Money::ZERO,
        absorbed: money(4),
        interrupted: None,
    }));
    at(seq, 1, event)
}

#[test]
fn an_attempt_tells_its_last_call_without_a_result_and_its_money() {
    let mut under_way = UnderWay::default();
    [started(1, 1), intent(2, 0, "GET a"), intent(3, 1, "GET b")].iter().for_each(|e| under_way.apply(e));
    let shown = |under_way: &UnderWay| {
        let attempt = under_way.open().next().unwrap();
        let target = attempt.call().map(|call| call.target.clone());
        (target, attempt.held.nanos(), attempt.used.nanos())
    };
    assert_eq!(shown(&under_way), (Some("GET b".to_owned()), 45, 0));
    under_way.apply(&result(4, 1, 3));
    assert_eq!(shown(&under_way), (Some("GET a".to_owned()), 25, 3));
    assert_eq!(under_way.held().nanos(), 28, "what is spent is held until the attempt has ended");
    under_way.apply(&result(5, 0, 0));
    assert_eq!(shown(&under_way), (None, 5, 3));
    under_way.apply(&failed(6));
    assert_eq!((under_way.open().len(), under_way.items(), under_way.ended()), (0, 1, 0));
    assert_eq!(under_way.held(), Money::ZERO);
}

#[test]
fn an_attempt_takes_the_place_of_the_pause_before_it() {
    let mut under_way = UnderWay::default();
    let code = aos_core::failure::ErrorCode::Timeout;
    let retry = Event::Retry(Retry { code, delay_ms: 1200, why: String::new() });
    [started(1, 1), failed(2), at(3, 1, retry)].iter().for_each(|entry| under_way.apply(entry));
    let since = |seconds| Timestamp::EPOCH.plus(std::time::Duration::from_secs(seconds));
    let pause = under_way.open().next().unwrap();
    assert_eq!((pause.attempt, pause.pause_ms, pause.since), (2, Some(1200), since(3)));
    assert_eq!(under_way.items(), 0, "an element that is tried again has not ended");
    under_way.apply(&started(5, 2));
    let attempt = under_way.open().next().unwrap();
    assert_eq!((attempt.attempt, attempt.pause_ms, attempt.since), (2, None, since(5)));
    assert_eq!(under_way.open().len(), 1);
}
