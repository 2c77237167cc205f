//! The attempts of a step, or of one element of it: again where that is allowed, and a value in the place of its output
//! where the step names one.

use std::sync::Arc;
use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::journal::{Cursor, FellBack, StepEnded};
use aos_core::outcome::{OutcomeCode, Status};
use aos_core::retry::{FailedAttempt, ends_the_run};
use aos_core::workflow::{OnError, Step};
use serde_json::{Value, json};
use tokio::sync::SemaphorePermit;
use tracing::{Instrument as _, debug, info, info_span};

use super::attempt::{Attempted, attempt};
use super::ledger;
use super::runner::RunContext;
use super::scope::View;
use crate::gate::{Course, LiveRun};
use crate::invocation::Prepared;

/// Runs a step, or one element of it, to its end.
pub(super) async fn follow(
    context: &RunContext,
    step: &Step,
    item: Option<u32>,
    view: &View<'_>,
) -> Result<StepEnded, Failure> {
    let mut cursor = Cursor { step: step.id.clone(), item, attempt: 1 };
    let (skill, input) = match prepare(context, step, view) {
        Ok(prepared) => prepared,
        Err(failure) => return failed(context, (step, &cursor), failure, view),
    };
    let began = began(context, &cursor);
    loop {
        let waits = context.metrics.invocation_waits(context.course.mode());
        let place = place(context).await;
        waits.observe_duration();
        if let Some(over) = over(context, &cursor) {
            return ledger::end_early(&context.course, &cursor, over);
        }
        let under_way = context.metrics.invocation_begins(context.course.mode());
        let attempted = traced(attempt(context, &cursor, step, (&skill, &input)), (step, &cursor)).await?;
        drop((place, under_way));
        let Some(failure) = &attempted.ended.failure else {
            return Ok(attempted.ended);
        };
        let now = elapsed(context);
        let failed = FailedAttempt {
            cursor: &cursor,
            failure,
            repeatable: attempted.repeatable,
            elapsed: now.saturating_sub(began),
            remaining: context.deadline.map(|deadline| deadline.saturating_sub(now)),
        };
        let Some(retry) = ledger::retry(&context.course, failed, &step.retry)? else {
            return stand_in(context, (step, &cursor), attempted.ended, view);
        };
        info!(
            attempt = cursor.attempt,
            code = failure.code.as_str(),
            delay_ms = retry.delay_ms,
            "tried again"
        );
        pause(context, &cursor, Duration::from_millis(retry.delay_ms)).await;
        cursor.attempt += 1;
    }
}

/// An attempt within its span, which says what it came to.
async fn traced(
    attempt: impl Future<Output = Result<Attempted, Failure>>,
    (step, cursor): (&Step, &Cursor),
) -> Result<Attempted, Failure> {
    let span =
        info_span!("attempt", skill = step.skill.as_str(), item = cursor.item, attempt = cursor.attempt);
    let work = async {
        let attempted = attempt.await?;
        let ended = &attempted.ended;
        debug!(code = ended.code.as_str(), fuel = ended.fuel.units(), "ended");
        Ok(attempted)
    };
    work.instrument(span).await
}

/// A place among those that run at one time. A run that is over waits for none: what is left of it is told, or was recorded.
async fn place(context: &RunContext) -> Option<SemaphorePermit<'_>> {
    let mut stop = context.stop.subscribe();
    tokio::select! {
        biased;
        permit = context.permits.acquire() => permit.ok(),
        _ = stop.wait_for(Option::is_some) => None,
    }
}

/// Ends what fails before it begins.
pub(super) fn failed(
    context: &RunContext,
    (step, cursor): (&Step, &Cursor),
    failure: Failure,
    view: &View<'_>,
) -> Result<StepEnded, Failure> {
    let failed = ledger::ended_early(Status::Failure, Some(failure));
    let ended = ledger::end_early(&context.course, cursor, failed)?;
    stand_in(context, (step, cursor), ended, view)
}

/// Puts the value of `on_error` in the place of the output. The end of the run, and the list of a `foreach`, have none.
fn stand_in(
    context: &RunContext,
    (step, cursor): (&Step, &Cursor),
    ended: StepEnded,
    view: &View<'_>,
) -> Result<StepEnded, Failure> {
    let OnError::Fallback(value) = &step.on_error else { return Ok(ended) };
    let ends = matches!(ended.code, OutcomeCode::Error(code) if ends_the_run(code));
    if ended.status != Status::Failure || ends || (step.foreach.is_some() && cursor.item.is_none()) {
        return Ok(ended);
    }
    let bound = view.bind(value).and_then(|output| check_size("the fallback", &output).map(|()| output));
    let event = match bound {
        Ok(output) => FellBack { output, failure: None },
        Err(failure) => {
            let failure = within(failure, "/on_error/fallback").with_detail("instead_of", json!(ended.code));
            FellBack { output: Value::Null, failure: Some(failure) }
        }
    };
    ledger::fall_back(&context.course, cursor, ended, event)
}

/// The skill and its input.
fn prepare(context: &RunContext, step: &Step, view: &View<'_>) -> Result<(Arc<Prepared>, Value), Failure> {
    let skill = context.skill(&step.skill)?;
    let input = view.bind(&step.with).map_err(|failure| within(failure, "/with"))?;
    check_size("the step's input", &input).map_err(|failure| within(failure, "/with"))?;
    skill.check_input(&input).map_err(|failure| within(failure, "/with"))?;
    Ok((skill, input))
}

/// Bytes of an input: what a guest takes over in one call.
pub(super) const MAX_INPUT: usize = 16 << 20;

/// Refuses an input that no skill could take over.
pub(crate) fn check_size(what: &str, input: &Value) -> Result<(), Failure> {
    let size = input.to_string().len();
    if size <= MAX_INPUT {
        return Ok(());
    }
    let message = format!("{what} has {size} bytes as JSON, and at most {MAX_INPUT} are taken");
    Err(Failure::new(ErrorCode::PayloadTooLarge, message))
}

/// Makes a pointer into a part one into the step.
pub(super) fn within(failure: Failure, part: &str) -> Failure {
    let pointer = format!("{part}{}", failure.pointer.clone().unwrap_or_default());
    failure.at(pointer)
}

/// How it ends where the run is over before it begins.
pub(super) fn over(context: &RunContext, cursor: &Cursor) -> Option<StepEnded> {
    ledger::over_before(&context.course, cursor, *context.stop.borrow())
}

/// Waits, unless the run ends first. A replay does not wait.
async fn pause(context: &RunContext, cursor: &Cursor, delay: Duration) {
    let Course::Live(run) = &context.course else { return };
    if let Some(rehearsing) = run.rehearsing() {
        rehearsing.clock.advance(delay);
    } else {
        let delay = left_of(run, cursor, delay);
        let mut stop = context.stop.subscribe();
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            _ = stop.wait_for(Option::is_some) => {}
        }
    }
}

/// What is left of a pause in which, or after which, the run was killed.
fn left_of(run: &LiveRun, cursor: &Cursor, delay: Duration) -> Duration {
    let Some(past) = run.past() else { return delay };
    let next = Cursor { attempt: cursor.attempt + 1, ..cursor.clone() };
    if past.knows(&next) {
        return Duration::ZERO;
    }
    let passed = past.retry_at(cursor).map(|at| past.last().at.since(at));
    delay.saturating_sub(passed.unwrap_or_default())
}

/// How old the run was when the first attempt began.
fn began(context: &RunContext, cursor: &Cursor) -> Duration {
    let before = match &context.course {
        Course::Live(run) => run.past().and_then(|past| {
            let begun = past.begun(&cursor.step, cursor.item)?;
            Some(begun.since(past.replayer().facts().started()))
        }),
        Course::Replay(_) => None,
    };
    before.unwrap_or_else(|| elapsed(context))
}

fn elapsed(context: &RunContext) -> Duration {
    match &context.course {
        Course::Live(run) => run.elapsed(),
        Course::Replay(_) => Duration::ZERO,
    }
}
