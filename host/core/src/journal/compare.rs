//! Where two journals part.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Cursor, Divergence, Entry, Event, Recording, RunStarted};
use crate::failure::ErrorCode;
use crate::outcome::StructuredOutcome;

/// The differences of two journals: of what the runs began with, the workflow before all else; the first of each attempt
/// in the order of the first journal; and of the end. Times, ids and seeds differ between any two runs and are not compared; what guests saw of
/// clocks and the like only when `observed` says so.
#[must_use]
pub fn differences(first: &Recording, second: &Recording, observed: bool) -> Vec<Divergence> {
    let (left, right) = (Lanes::of(first, observed), Lanes::of(second, observed));
    let parts = left.begin.iter().zip(&right.begin);
    let mut found: Vec<Divergence> =
        parts.filter_map(|((what, one), (_, other))| Divergence::between(what, one, other)).collect();
    let mut seen = BTreeSet::new();
    for cursor in left.order.iter().chain(&right.order).filter(|cursor| seen.insert(*cursor)) {
        found.extend(lane(cursor, left.lanes.get(cursor), right.lanes.get(cursor)));
    }
    found.extend(Divergence::between("the end of the run", &left.end, &right.end));
    found
}

/// One journal, by attempts.
struct Lanes {
    /// What the run began with, part by part.
    begin: Vec<(&'static str, Value)>,
    order: Vec<Cursor>,
    lanes: BTreeMap<Cursor, Vec<Fact>>,
    end: Value,
}

/// What one entry says that is worth comparing.
struct Fact {
    index: Option<u32>,
    what: String,
    value: Value,
}

impl Lanes {
    fn of(recording: &Recording, observed: bool) -> Self {
        let mut found =
            Self { begin: Vec::new(), order: Vec::new(), lanes: BTreeMap::new(), end: Value::Null };
        for entry in recording.entries() {
            found.add(entry, observed);
        }
        // Calls that are under way at one time end in any order.
        for facts in found.lanes.values_mut() {
            facts.sort_by_key(|fact| fact.index.map_or((fact.what == END, 0), |index| (false, index + 1)));
        }
        found
    }

    fn add(&mut self, entry: &Entry, observed: bool) {
        match (&entry.event, &entry.cursor) {
            (Event::RunStarted(run), _) => self.begin = begin(run),
            (Event::RunEnded(ended), _) => {
                let StructuredOutcome { status, code, output, .. } = &ended.outcome;
                self.end = json!({"status": status, "code": code, "output": output});
            }
            (event, Some(cursor)) => {
                let Some(fact) = fact(event, observed) else { return };
                let order = &mut self.order;
                let lane = self.lanes.entry(cursor.clone()).or_insert_with(|| {
                    order.push(cursor.clone());
                    Vec::new()
                });
                lane.push(fact);
            }
            _ => {}
        }
    }
}

/// What a run begins with, in the order in which people ask: another workflow explains everything after it.
fn begin(run: &RunStarted) -> Vec<(&'static str, Value)> {
    vec![
        ("the workflow's name", json!({"workflow": run.workflow})),
        ("the workflow's text", json!({"workflow_digest": run.workflow_digest})),
        ("the input", json!({"input": run.input})),
        (
            "the ceiling",
            json!({
                "ceiling": run.ceiling, "absorbed_ceiling": run.absorbed_ceiling, "failed_steps": run.failed_steps,
            }),
        ),
        ("the price list", json!({"prices": run.prices})),
        ("the engine", json!({"engine": run.engine})),
        ("a skill", json!({"skills": run.skills})),
    ]
}

const END: &str = "the end of the attempt";

fn fact(event: &Event, observed: bool) -> Option<Fact> {
    let (index, what, value) = match event {
        Event::StepStarted(event) => {
            let value = json!({"skill": event.skill, "digest": event.digest, "input": event.input});
            (None, "the beginning of the attempt", value)
        }
        Event::Intent(event) => {
            let value = json!({"call": event.call, "request": event.request});
            (Some(event.index), "the request", value)
        }
        Event::Result(event) => {
            let failure = event.failure.as_ref().map(|failure| &failure.message);
            let value = json!({"code": event.code, "answer": event.answer, "failure": failure});
            (Some(event.index), "the answer", value)
        }
        Event::Observed(event) => {
            let seen = observed.then_some(&event.value);
            (Some(event.index), "what the guest saw", json!({"call": event.call, "value": seen}))
        }
        Event::Emitted(event) => {
            let value = json!({"call": event.call, "target": event.target, "text": event.text});
            (Some(event.index), "the text", value)
        }
        Event::StepEnded(event) => {
            let failure = event.failure.as_ref().map(|failure| &failure.message);
            let value = json!({"status": event.status, "code": event.code, "failure": failure, "output": event.output});
            (None, END, value)
        }
        Event::FellBack(event) => {
            let failure = event.failure.as_ref().map(|failure| &failure.message);
            let value = json!({"output": event.output, "failure": failure});
            (None, "the value of on_error", value)
        }
        Event::Retry(_)
        | Event::GaveUp(_)
        | Event::RunStarted(_)
        | Event::RunResumed(_)
        | Event::RunEnded(_) => return None,
    };
    Some(Fact { index, what: what.to_owned(), value })
}

/// The first difference of an attempt.
fn lane(cursor: &Cursor, left: Option<&Vec<Fact>>, right: Option<&Vec<Fact>>) -> Option<Divergence> {
    let (Some(left), Some(right)) = (left, right) else {
        let side = if left.is_some() { "first" } else { "second" };
        let what = format!("only the {side} journal has this attempt");
        return Some(Divergence::unmatched(ErrorCode::ReplayDivergence, what).at(cursor, None));
    };
    for (one, other) in left.iter().zip(right) {
        let index = one.index.or(other.index);
        if one.index != other.index || one.what != other.what {
            let what = format!("here the first journal has {}, and the second has {}", one.what, other.what);
            let index = one.index.into_iter().chain(other.index).min();
            return Some(Divergence::unmatched(ErrorCode::ReplayDivergence, what).at(cursor, index));
        }
        if let Some(found) = Divergence::between(&one.what, &one.value, &other.value) {
            return Some(found.at(cursor, index));
        }
    }
    let (longer, side) = if left.len() > right.len() { (left, "first") } else { (right, "second") };
    let more = longer.get(left.len().min(right.len()))?;
    let what = format!("only the {side} journal goes on, with {}", more.what);
    Some(Divergence::unmatched(ErrorCode::ReplayDivergence, what).at(cursor, more.index))
}
