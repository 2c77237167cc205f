//! What is shown of a run is what its outcome says, and what its journal says where the outcome does not.

use std::collections::BTreeMap;

use aos_host::ids::StepId;
use aos_host::journal::{Event, Recording};
use aos_host::outcome::{Cost, Status, StructuredOutcome};
use aos_host::units::{Fuel, Money};
use aos_host::view::{AttemptView, CallView, Counts, RunView};

use super::scenes;
use crate::support::runtime::{in_time, root};

/// The journals of released versions, by name.
pub(super) fn frozen() -> Vec<(String, Vec<u8>)> {
    let folder = root().join("fixtures/journals/v1");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut journals: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "jsonl"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&path).unwrap()))
        .collect();
    journals.sort();
    assert!(journals.len() >= 5, "{}", journals.len());
    journals
}

/// Those, and all scenes.
async fn journals() -> Vec<(String, Vec<u8>)> {
    let scenes = scenes::all().await.into_iter().map(|(name, run)| (name.to_owned(), run.journal));
    frozen().into_iter().chain(scenes).collect()
}

#[test]
fn every_figure_of_a_run_that_is_over_is_the_one_of_its_outcome() {
    in_time(async {
        for (name, journal) in journals().await {
            assert_shows(&name, &journal);
        }
    });
}

#[test]
fn every_figure_of_ten_thousand_steps_is_the_one_of_the_outcome() {
    in_time(async { assert_shows("many_steps", &scenes::many_steps(10_000).await.journal) });
}

fn assert_shows(name: &str, journal: &[u8]) {
    let recording = Recording::read(journal).unwrap();
    let view = RunView::of(&recording).unwrap();
    let outcome = view.outcome().unwrap_or_else(|| panic!("{name} has no end")).clone();
    assert_head(name, &view, &outcome);
    assert_counts(name, &view, &outcome);
    assert_steps(name, &view, &outcome);
    assert_money(name, &view, outcome.cost);
    assert_effects(name, &view, &outcome);
    assert_counted(name, &view, &recording);
}

fn assert_head(name: &str, view: &RunView, outcome: &StructuredOutcome) {
    let head = view.head();
    assert_eq!((head.run, head.cost, head.held), (outcome.run_id, outcome.cost, Money::ZERO), "{name}");
    assert_eq!(head.fuel, outcome.fuel, "{name}");
    let spent = outcome.cost.spent.total().saturating_add(outcome.cost.overrun);
    assert_eq!(head.total, spent, "{name}");
    assert_eq!(head.took_us / 1000, outcome.latency_ms, "{name}");
    let shown = head.outcome.expect("an end");
    assert_eq!(
        (shown.status, shown.code, shown.message),
        (outcome.status, outcome.code, outcome.message.clone())
    );
    assert_eq!((shown.details, shown.retryable), (outcome.details.clone(), outcome.retryable), "{name}");
}

fn assert_counts(name: &str, view: &RunView, outcome: &StructuredOutcome) {
    let of = |status| outcome.steps.iter().filter(|step| step.status == status).count();
    let counts = view.head().counts;
    let shown = [counts.success, counts.partial, counts.failure, counts.skipped];
    let said = [Status::Success, Status::Partial, Status::Failure, Status::Skipped].map(of);
    assert_eq!(shown, said, "{name}");
    assert_eq!((counts.steps, counts.under_way, counts.waiting), (outcome.steps.len(), 0, 0), "{name}");
    assert_eq!(
        counts.unanswered,
        view_calls(view).filter(|(_, call)| call.code.is_none() && !call.cut_off).count(),
        "{name}"
    );
}

/// What each attempt of a step cost, by its element and its number.
type Costs = BTreeMap<(Option<u32>, u32), Cost>;

/// Each attempt costs what the outcome of its step says, and all of them together what the step does.
fn assert_steps(name: &str, view: &RunView, outcome: &StructuredOutcome) {
    let mut shown: BTreeMap<&StepId, (Costs, Fuel)> = BTreeMap::new();
    for step in view.steps() {
        let (costs, fuel) = shown.entry(&step.step).or_default();
        for attempt in &step.attempts {
            let AttemptView { charged, absorbed, fuel_cost, .. } = *attempt;
            let calls = attempt.calls.iter().fold(fuel_cost, |sum, call| sum.saturating_add(call.spent));
            assert_eq!(calls, charged.saturating_add(absorbed), "{name}: {} {}", step.step, attempt.attempt);
            costs.insert((step.item, attempt.attempt), Cost { charged, absorbed, ..Cost::default() });
            *fuel = fuel.saturating_add(attempt.fuel);
        }
    }
    for step in &outcome.steps {
        let id = step.step_id.as_ref().expect("a step");
        let (costs, fuel) = shown.remove(id).unwrap_or_default();
        assert_eq!(fuel, step.fuel, "{name}: {id}");
        for of in &step.attempts {
            let known = costs.get(&(of.item, of.attempt)).unwrap_or_else(|| panic!("{name}: {id} {of:?}"));
            assert_eq!((known.charged, known.absorbed), (of.cost.charged, of.cost.absorbed), "{name}: {id}");
        }
        let sum =
            |part: fn(&Cost) -> Money| costs.values().map(part).fold(Money::ZERO, Money::saturating_add);
        assert_eq!(sum(|cost| cost.charged), step.cost.charged, "{name}: {id}");
        assert_eq!(sum(|cost| cost.absorbed), step.cost.absorbed, "{name}: {id}");
    }
    assert!(shown.is_empty(), "{name}: nobody knows {:?}", shown.keys());
}

/// The curve ends where the outcome stands, and its top is the most that was held.
fn assert_money(name: &str, view: &RunView, cost: Cost) {
    let (first, last) = (view.money().first().expect("a point"), view.money().last().expect("a point"));
    assert_eq!((first.at_us, first.held, first.charged), (0, Money::ZERO, Money::ZERO), "{name}");
    assert_eq!(last.held, Money::ZERO, "{name}");
    assert_eq!(
        (last.charged, last.absorbed, last.overrun),
        (cost.charged, cost.absorbed, cost.overrun),
        "{name}"
    );
    let peak = view.money().iter().map(|point| point.held).max();
    assert_eq!(peak, Some(cost.peak_held), "{name}");
    for pair in view.money().windows(2) {
        let rises = pair[0].at_us <= pair[1].at_us && pair[0].seq < pair[1].seq;
        let grows = pair[0].charged <= pair[1].charged && pair[0].absorbed <= pair[1].absorbed;
        assert!(rises && grows, "{name}: {pair:?}");
    }
}

type At<'a> = (&'a StepId, Option<u32>, u32, u32);

fn view_calls(view: &RunView) -> impl Iterator<Item = (At<'_>, &CallView)> {
    view.steps().iter().flat_map(|step| {
        step.attempts.iter().flat_map(move |attempt| {
            attempt.calls.iter().map(move |call| ((&step.step, step.item, attempt.attempt, call.index), call))
        })
    })
}

/// Everything that was done, or tried, is shown, and nothing else is.
fn assert_effects(name: &str, view: &RunView, outcome: &StructuredOutcome) {
    let calls: BTreeMap<_, _> = view_calls(view).filter(|(_, call)| call.class != "observe").collect();
    assert_eq!(calls.len(), outcome.side_effects.len(), "{name}");
    for effect in &outcome.side_effects {
        let at = (&effect.step, effect.item, effect.attempt, effect.index);
        let call = calls.get(&at).unwrap_or_else(|| panic!("{name}: {effect:?} is not shown"));
        assert_eq!((&call.call, &call.target), (&effect.call, &effect.target), "{name}");
        assert_eq!((call.status, call.clamped_to), (effect.status, effect.clamped_to), "{name}");
        // A call that was cut off has no result, and counts as spent.
        assert_eq!(call.cut_off, call.code.is_none(), "{name}: {effect:?}");
        let code = call.code.unwrap_or(effect.code);
        assert_eq!((code, call.spent), (effect.code, effect.charge), "{name}: {effect:?}");
    }
}

/// What the outcome does not count is counted once more from the entries.
fn assert_counted(name: &str, view: &RunView, recording: &Recording) {
    let count =
        |fits: &dyn Fn(&Event) -> bool| recording.entries().iter().filter(|entry| fits(&entry.event)).count();
    let Counts { attempts, retries, effects, items, .. } = view.head().counts;
    assert_eq!(
        effects,
        count(&|event| matches!(event, Event::Intent(intent) if intent.class.as_str() == "effect")),
        "{name}"
    );
    assert_eq!(attempts, count(&|event| matches!(event, Event::StepStarted(_))), "{name}");
    assert_eq!(retries, count(&|event| matches!(event, Event::Retry(_))), "{name}");
    let elements = recording.entries().iter().filter_map(|entry| entry.cursor.as_ref());
    let mut elements: Vec<_> = elements.filter_map(|cursor| Some((&cursor.step, cursor.item?))).collect();
    elements.sort_unstable();
    elements.dedup();
    assert_eq!(items, elements.len(), "{name}");
    assert_eq!(view.head().entries, recording.entries().len(), "{name}");
}
