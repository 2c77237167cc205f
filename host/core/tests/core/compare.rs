//! Where two journals part, as it is told.

use std::collections::BTreeMap;

use aos_core::budget::FailedSteps;
use aos_core::ids::{Digest, RunId, Seed, SkillId, StepId};
use aos_core::journal::{
    Cursor, Divergence, Emitted, Entry, Event, Recording, RunStarted, Stamp, StepEnded, StepStarted, Writer,
    differences,
};
use aos_core::outcome::{OutcomeCode, Status};
use aos_core::units::{Fuel, Money, Timestamp};
use serde_json::json;

pub(super) fn run_started() -> RunStarted {
    RunStarted {
        format: 1,
        run: RunId::new(1, [1; 10]),
        workflow: "w".to_owned(),
        workflow_digest: Digest::of(b"text"),
        workflow_text: "text".to_owned(),
        input: json!({}),
        ceiling: Money::MAX,
        absorbed_ceiling: Money::MAX,
        failed_steps: FailedSteps::Absorb,
        budget: None,
        prices: Digest::of(b"prices"),
        fuel_price: 500,
        seed: Seed::from_bytes([9; 32]),
        engine: Digest::of(b"engine"),
        skills: BTreeMap::new(),
        stubs: None,
        traceparent: None,
    }
}

/// A journal of one run with these entries of one attempt.
fn journal(run: RunStarted, events: impl IntoIterator<Item = Event>) -> Recording {
    let cursor = Cursor { step: StepId::new("s").unwrap(), item: None, attempt: 1 };
    let stamp = Stamp { seq: 0, at: Timestamp::EPOCH };
    let begin = Entry { stamp, cursor: None, event: Event::RunStarted(Box::new(run)) };
    let of_attempt = events.into_iter().map(|event| Entry { stamp, cursor: Some(cursor.clone()), event });
    let mut writer = Writer::default();
    let lines: Vec<_> =
        std::iter::once(begin).chain(of_attempt).map(|mut entry| writer.write(&mut entry).unwrap()).collect();
    Recording::read(&lines.concat()).unwrap()
}

fn started() -> Event {
    Event::StepStarted(StepStarted {
        skill: SkillId::new("x").unwrap(),
        digest: Digest::of(b"x"),
        input: json!({}),
        fuel_granted: Fuel::ZERO,
        fuel_cut_by: None,
        ceiling: None,
        held: Money::ZERO,
        deadline_ms: 1,
    })
}

fn emitted(index: u32) -> Event {
    let (call, target) = ("log.log".to_owned(), "info".to_owned());
    Event::Emitted(Emitted { index, call, target, text: json!("hi") })
}

fn ended() -> Event {
    Event::StepEnded(Box::new(StepEnded {
        status: Status::Success,
        code: OutcomeCode::Ok,
        failure: None,
        output: None,
        fuel: Fuel::ZERO,
        memory_bytes: None,
        fuel_refunded: Money::ZERO,
        charged: Money::ZERO,
        absorbed: Money::ZERO,
        interrupted: None,
    }))
}

fn told(found: &[Divergence]) -> Vec<String> {
    found.iter().map(|found| format!("{} {}", found.what, found.pointer)).collect()
}

#[test]
fn what_only_one_journal_has_is_told_with_what_the_other_has_there() {
    let long = journal(run_started(), [started(), emitted(0), ended()]);
    let short = journal(run_started(), [started(), ended()]);
    let none = journal(run_started(), []);
    let there = "here the first journal has the text, and the second has the end of the attempt ";
    assert_eq!(told(&differences(&long, &short, false)), [there]);
    let there = "here the first journal has the end of the attempt, and the second has the text ";
    assert_eq!(told(&differences(&short, &long, false)), [there]);
    assert_eq!(told(&differences(&none, &short, false)), ["only the second journal has this attempt "]);
    let open = journal(run_started(), [started()]);
    let more = "only the first journal goes on, with the end of the attempt ";
    assert_eq!(told(&differences(&short, &open, false)), [more]);
}

#[test]
fn another_workflow_is_told_before_all_else_by_its_name_and_digest() {
    let text = "another text";
    let other = RunStarted {
        workflow: "v".to_owned(),
        workflow_digest: Digest::of(text.as_bytes()),
        workflow_text: text.to_owned(),
        input: json!({"a": 1}),
        ceiling: Money::ZERO,
        ..run_started()
    };
    let (one, other) = (journal(run_started(), []), journal(other, []));
    let found = differences(&one, &other, false);
    let parts = [
        "the workflow's name /workflow",
        "the workflow's text /workflow_digest",
        "the input /input/a",
        "the ceiling /ceiling",
    ];
    assert_eq!(told(&found), parts);
    assert_eq!((&found[0].recorded, &found[0].actual), (&Some(json!("w")), &Some(json!("v"))));
    assert_eq!(found[1].actual, Some(json!(Digest::of(text.as_bytes()))));
    assert!(differences(&one, &one, false).is_empty());
}
