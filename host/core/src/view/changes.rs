//! The JSON of a run: all of it, or what an entry and those after it changed. Whoever draws a run that goes on puts the
//! changes over what is there: steps by their place in the list, attempts by their number, calls by their index; points of
//! money follow on those that are there, the plan and the text stay, and everything else is new as a whole.

use serde::Serialize;

use super::{AttemptView, CallView, FailureView, Head, MoneyPoint, PlannedStep, Remark, RunView, StepView};
use crate::ids::StepId;

/// What changed.
#[derive(Debug, Serialize)]
pub struct Changes<'a> {
    /// The `seq` of the last entry that it knows of: what to ask the next changes after.
    pub seq: u64,
    /// The run as a whole.
    #[serde(flatten)]
    pub head: Head,
    /// What happened, in words.
    pub story: Vec<Remark>,
    /// What failed.
    pub failures: Vec<FailureView>,
    /// The graph of the workflow: of changes, none; null where its text cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<&'a [PlannedStep]>,
    /// The workflow's text: of changes, none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow_text: Option<&'a str>,
    /// Steps and elements, in the order in which they appear.
    pub steps: Vec<StepChange<'a>>,
    /// The money over time.
    pub money: &'a [MoneyPoint],
}

/// A step, or one element of a `foreach`, with what changed of it.
#[derive(Debug, Serialize)]
pub struct StepChange<'a> {
    /// Its place in the list of all.
    pub place: usize,
    /// The step.
    pub step: &'a StepId,
    /// The element, counted from 0; null outside a `foreach`.
    pub item: Option<u32>,
    /// Its attempts.
    pub attempts: Vec<AttemptChange<'a>>,
}

/// An attempt, with those of its calls that changed.
#[derive(Debug, Serialize)]
pub struct AttemptChange<'a> {
    /// The attempt.
    #[serde(flatten)]
    pub attempt: &'a AttemptView,
    /// Its calls.
    pub calls: Vec<&'a CallView>,
}

impl RunView {
    /// What changed after the entry of this `seq`; everything, where none is named.
    #[must_use]
    pub fn changes_since(&self, seq: Option<u64>) -> Changes<'_> {
        let is_new = |changed: u64| seq.is_none_or(|seq| changed > seq);
        let steps = self.steps().iter().enumerate();
        let steps = steps.filter(|(_, step)| is_new(step.changed()));
        let first = self.money().partition_point(|point| !is_new(point.seq));
        Changes {
            seq: self.seq(),
            head: self.head(),
            story: self.story(),
            failures: self.failures(),
            plan: self.plan().filter(|_| seq.is_none()),
            workflow_text: seq.is_none().then(|| self.workflow_text()),
            steps: steps.map(|(place, step)| step.change(place, is_new)).collect(),
            money: self.money().get(first..).unwrap_or_default(),
        }
    }
}

impl StepView {
    fn change(&self, place: usize, is_new: impl Fn(u64) -> bool) -> StepChange<'_> {
        let attempts = self.attempts.iter().filter(|attempt| is_new(attempt.changed));
        let attempts = attempts.map(|attempt| AttemptChange {
            attempt,
            calls: attempt.calls.iter().filter(|call| is_new(call.changed)).collect(),
        });
        StepChange { place, step: &self.step, item: self.item, attempts: attempts.collect() }
    }
}
