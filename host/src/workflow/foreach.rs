//! One step for each element of a list: as many at one time as the step says, and their outputs in the order of the list.

use std::collections::BTreeSet;
use std::sync::Arc;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::journal::{Cursor, Divergence, StepEnded};
use aos_core::outcome::Status;
use aos_core::workflow::{ForEach, MAX_ITEMS, Step};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::runner::{RunContext, is_fatal, stop};
use super::scope::{ItemScope, View};
use super::tries::MAX_INPUT;
use super::{ledger, tries};
use crate::gate::Course;
use crate::invocation::StopReason;

/// Runs a step for each element of its list.
pub(super) async fn run(
    context: &Arc<RunContext>,
    step: &Arc<Step>,
    each: &ForEach,
) -> Result<StepEnded, Failure> {
    let whole = Cursor { step: step.id.clone(), item: None, attempt: 1 };
    let items = match items(context, each) {
        Ok(items) => items,
        Err(failure) => {
            let view = View::Step(&context.scope);
            return tries::failed(context, (step, &whole), failure, &view);
        }
    };
    let fan_out = FanOut {
        parallel: if context.course.is_rehearsal() { 1 } else { each.parallel as usize },
        scope: Arc::new(context.scope.for_items(&step.needs)),
        ends: vec![None; items.len()],
        bytes: 0,
        context,
        step,
    };
    let ends = fan_out.follow(items).await?;
    ledger::end_early(&context.course, &whole, together(context, step, &whole, ends)?)
}

/// Whether the journal has anything of an element of a step.
pub(super) fn was_begun(context: &RunContext, step: &Step) -> bool {
    is_known(context, step, 0)
}

fn cursor(step: &Step, item: u32) -> Cursor {
    Cursor { step: step.id.clone(), item: Some(item), attempt: 1 }
}

/// Whether the journal has anything of this element, or of a later one, before which it was begun.
fn is_known(context: &RunContext, step: &Step, item: u32) -> bool {
    match &context.course {
        Course::Live(run) => run.past().is_some_and(|past| past.replayer().knows_from(&step.id, item)),
        Course::Replay(replayer) => replayer.knows_from(&step.id, item),
    }
}

fn items(context: &RunContext, each: &ForEach) -> Result<Vec<Value>, Failure> {
    let bound = context.scope.bind(&each.items).map_err(|failure| tries::within(failure, "/foreach/in"))?;
    let refused = |code, message: String| Failure::new(code, message).at("/foreach/in");
    let Value::Array(items) = bound else {
        let shown: String = bound.to_string().chars().take(80).collect();
        return Err(refused(ErrorCode::ExpressionError, format!("in is {shown}, and should be a list")));
    };
    if items.len() > MAX_ITEMS {
        let message = format!("in has {} elements, and at most {MAX_ITEMS} are gone through", items.len());
        return Err(refused(ErrorCode::WorkflowLimit, message));
    }
    Ok(items)
}

/// The elements of a step under way.
struct FanOut<'a> {
    context: &'a Arc<RunContext>,
    step: &'a Arc<Step>,
    scope: Arc<ItemScope>,
    parallel: usize,
    ends: Vec<Option<StepEnded>>,
    /// Of the outputs so far.
    bytes: usize,
}

impl FanOut<'_> {
    /// Runs the elements to their ends; one that never began has none.
    async fn follow(mut self, items: Vec<Value>) -> Result<Vec<Option<StepEnded>>, Failure> {
        let mut waiting = (0..).zip(items).peekable();
        let mut running: JoinSet<(u32, Result<StepEnded, Failure>)> = JoinSet::new();
        loop {
            while running.len() < self.parallel
                && let Some((item, value)) = waiting.next_if(|(item, _)| self.may_begin(*item))
            {
                let (context, step) = (Arc::clone(self.context), Arc::clone(self.step));
                let scope = Arc::clone(&self.scope);
                let there = self.context.elements.begin();
                let work = async move {
                    let _there = there;
                    let view = View::Item { scope: &scope, item, value: &value };
                    (item, one(&context, &step, item, &view).await)
                };
                running.spawn(work.in_current_span());
            }
            let Some(joined) = running.join_next().await else { return Ok(self.ends) };
            let (item, ended) = joined.map_err(|error| {
                Failure::new(ErrorCode::HostPanic, format!("an element panicked in the host: {error}"))
            })?;
            self.has_ended(item, ended?);
        }
    }

    /// A run that is over begins no more; a replay begins what was begun.
    fn may_begin(&self, item: u32) -> bool {
        let stopped = self.context.stop.borrow().is_some();
        let has_room = self.bytes <= MAX_INPUT;
        let is_open = matches!(self.context.course, Course::Live(_)) && !stopped && has_room;
        is_open || is_known(self.context, self.step, item)
    }

    fn has_ended(&mut self, item: u32, ended: StepEnded) {
        if is_fatal(self.step, &ended) && matches!(self.context.course, Course::Live(_)) {
            stop(&self.context.stop, StopReason::SiblingFailed);
        }
        self.bytes = self.bytes.saturating_add(size_of_output(&ended));
        if let Some(slot) = self.ends.get_mut(item as usize) {
            *slot = Some(ended);
        }
    }
}

async fn one(context: &RunContext, step: &Step, item: u32, view: &View<'_>) -> Result<StepEnded, Failure> {
    let cursor = cursor(step, item);
    match tries::over(context, &cursor) {
        Some(over) => ledger::end_early(&context.course, &cursor, over),
        None => tries::follow(context, step, Some(item), view).await,
    }
}

/// The end of the step, made of the ends of its elements.
fn together(
    context: &RunContext,
    step: &Step,
    whole: &Cursor,
    ends: Vec<Option<StepEnded>>,
) -> Result<StepEnded, Failure> {
    let which = |wanted: &dyn Fn(&StepEnded) -> bool| -> BTreeSet<u32> {
        let ends = (0..).zip(&ends);
        ends.filter(|(_, ended)| ended.as_ref().is_some_and(wanted)).map(|(item, _)| item).collect()
    };
    let fatal = which(&|ended| is_fatal(step, ended));
    if !fatal.is_empty() {
        let failure = first_failure(context, step, &ends, &fatal);
        return Ok(ledger::ended_early(Status::Failure, failure));
    }
    let bytes = ends.iter().flatten().map(size_of_output).fold(0, usize::saturating_add);
    if bytes > MAX_INPUT {
        let message =
            format!("the outputs have more than {MAX_INPUT} bytes as JSON; no further element was begun");
        let failure = Failure::new(ErrorCode::PayloadTooLarge, message);
        return Ok(ledger::ended_early(Status::Failure, Some(failure)));
    }
    if ends.iter().any(Option::is_none) {
        return unfinished(context, whole, ends.iter().any(Option::is_some));
    }
    let failed = which(&|ended| ended.failure.is_some());
    let failure = first_failure(context, step, &ends, &failed);
    let failure = failure.map(|failure| failure.with_detail("failed_items", failed.len()));
    let output: Value = ends.into_iter().flatten().map(|ended| ended.output.unwrap_or_default()).collect();
    let status = if failed.is_empty() { Status::Success } else { Status::Partial };
    Ok(StepEnded { output: Some(output), ..ledger::ended_early(status, failure) })
}

fn size_of_output(ended: &StepEnded) -> usize {
    ended.output.as_ref().map_or(0, |output| output.to_string().len())
}

/// Of the elements that failed, the failure of the one that stands first in the journal.
fn first_failure(
    context: &RunContext,
    step: &Step,
    ends: &[Option<StepEnded>],
    among: &BTreeSet<u32>,
) -> Option<Failure> {
    let first = ledger::with_facts(&context.course, |facts| facts.first_failed(&step.id, among))?;
    let failure = ends.get(first as usize)?.as_ref()?.failure.clone()?;
    Some(failure.with_detail("item", json!(first)))
}

/// The end of a step of which elements never began, and none failed: the run was over.
fn unfinished(context: &RunContext, whole: &Cursor, any_began: bool) -> Result<StepEnded, Failure> {
    let reason = *context.stop.borrow();
    match (&context.course, reason) {
        (Course::Live(_), Some(reason)) => {
            let status = if any_began { Status::Failure } else { Status::Skipped };
            Ok(ledger::ended_early(status, Some(reason.failure())))
        }
        (Course::Live(_), None) => Err(Failure::new(
            ErrorCode::HostBug,
            "elements of a step never began, and nothing kept them from it",
        )),
        (Course::Replay(replayer), _) => {
            let recorded = replayer.ended(whole).filter(ledger::is_from_outside);
            recorded.ok_or_else(|| {
                let what = "the journal does not hold all elements of the step";
                Divergence::unmatched(ErrorCode::ReplayExhausted, what).at(whole, None).into()
            })
        }
    }
}
