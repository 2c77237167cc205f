//! The figures of a run so far: how long it took, and where its money is.

use aos_host::journal::{Entry, Event, Facts, JournalError, Recording};
use aos_host::outcome::StructuredOutcome;
use aos_host::units::{Money, whole_millis};
use serde_json::Value;

/// The figures of a run so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Figures {
    /// Until the last entry.
    pub duration_ms: u64,
    pub charged: Money,
    pub absorbed: Money,
    pub held: Money,
}

impl Figures {
    /// What entries add up to.
    pub(super) fn of(facts: &Facts) -> Self {
        let cost = facts.cost();
        Self {
            duration_ms: whole_millis(facts.last().since(facts.started())),
            charged: cost.charged,
            absorbed: cost.absorbed,
            held: facts.held(),
        }
    }
}

impl From<&StructuredOutcome> for Figures {
    /// At the end of a run nothing is held.
    fn from(outcome: &StructuredOutcome) -> Self {
        let (cost, duration_ms) = (outcome.cost, outcome.latency_ms);
        Self { duration_ms, charged: cost.charged, absorbed: cost.absorbed, held: Money::ZERO }
    }
}

/// The facts of a run that has just begun; `None` where this is not its first entry.
pub(super) fn begun(first: &Entry) -> Option<Facts> {
    let mut first = first.clone();
    lighten(&mut first);
    let Event::RunStarted(run) = first.event else { return None };
    Some(Facts::new(run, first.stamp.at))
}

/// The facts that a journal adds up to.
///
/// # Errors
///
/// A journal without a beginning.
pub(super) fn recorded(recording: &Recording) -> Result<Facts, JournalError> {
    let mut entries = recording.entries().iter();
    let Some(mut facts) = entries.next().and_then(begun) else {
        return recording.facts();
    };
    entries.for_each(|entry| add(&mut facts, entry.clone()));
    Ok(facts)
}

/// Adds an entry.
pub(super) fn add(facts: &mut Facts, mut entry: Entry) {
    lighten(&mut entry);
    facts.apply(&entry);
}

/// Leaves out what was given and what came back: figures do not need it, and a run may have gigabytes of it.
pub(super) fn lighten(entry: &mut Entry) {
    match &mut entry.event {
        Event::RunStarted(event) => event.input = Value::Null,
        Event::StepStarted(event) => event.input = Value::Null,
        Event::Intent(event) => event.request = Value::Null,
        Event::Result(event) => event.answer = None,
        Event::Observed(event) => event.value = Value::Null,
        Event::Emitted(event) => event.text = Value::Null,
        Event::StepEnded(event) => event.output = None,
        Event::RunEnded(event) => {
            (event.outcome.output, event.outcome.steps) = (Value::Null, Vec::new());
        }
        Event::Retry(_) | Event::GaveUp(_) | Event::FellBack(_) | Event::RunResumed(_) => {}
    }
}
