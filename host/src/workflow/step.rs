//! One step: its condition, its input, its attempts.

use std::sync::Arc;
use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::journal::{Cursor, StepEnded};
use aos_core::outcome::Status;
use aos_core::retry::FailedAttempt;
use aos_core::workflow::Step;
use serde_json::Value;

use super::attempt::attempt;
use super::ledger;
use super::runner::RunContext;
use crate::gate::{Course, LiveRun};
use crate::invocation::Prepared;

/// Runs a step to its end.
pub(super) async fn run(context: Arc<RunContext>, step: Step) -> Result<StepEnded, Failure> {
    let mut cursor = Cursor { step: step.id.clone(), item: None, attempt: 1 };
    if let Some(over) = over(&context, &cursor) {
        return ledger::end_early(&context.course, &cursor, over);
    }
    let (skill, input) = match prepare(&context, &step) {
        Ok(Some(prepared)) => prepared,
        Ok(None) => {
            let skipped = ledger::ended_early(Status::Skipped, None);
            return ledger::end_early(&context.course, &cursor, skipped);
        }
        Err(failure) => {
            let failed = ledger::ended_early(Status::Failure, Some(failure));
            return ledger::end_early(&context.course, &cursor, failed);
        }
    };
    let began = began(&context, &step);
    loop {
        let attempted = {
            let _permit = context.permits.acquire().await;
            attempt(&context, &cursor, &step, (&skill, &input)).await?
        };
        let Some(failure) = attempted.ended.failure.clone() else {
            return Ok(attempted.ended);
        };
        let now = elapsed(&context);
        let failed = FailedAttempt {
            cursor: &cursor,
            failure: &failure,
            repeatable: attempted.repeatable,
            elapsed: now.saturating_sub(began),
            remaining: context.deadline.map(|deadline| deadline.saturating_sub(now)),
        };
        let Some(retry) = ledger::retry(&context.course, failed, step.retry)? else {
            return Ok(attempted.ended);
        };
        pause(&context, &cursor, Duration::from_millis(retry.delay_ms)).await;
        cursor.attempt += 1;
        if let Some(over) = over(&context, &cursor) {
            return ledger::end_early(&context.course, &cursor, over);
        }
    }
}

/// The step's skill and input; `None` when its condition does not hold.
fn prepare(context: &RunContext, step: &Step) -> Result<Option<(Arc<Prepared>, Value)>, Failure> {
    if let Some(condition) = &step.when
        && !context.scope.holds(condition)?
    {
        return Ok(None);
    }
    let skill = context.skill(&step.skill)?;
    let input = context.scope.bind(&step.with).map_err(|failure| within(failure, "/with"))?;
    check_size("the step's input", &input).map_err(|failure| within(failure, "/with"))?;
    skill.check_input(&input).map_err(|failure| within(failure, "/with"))?;
    Ok(Some((skill, input)))
}

/// Bytes of an input: what a guest takes over in one call.
const MAX_INPUT: usize = 16 << 20;

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
fn within(failure: Failure, part: &str) -> Failure {
    let pointer = format!("{part}{}", failure.pointer.clone().unwrap_or_default());
    failure.at(pointer)
}

fn over(context: &RunContext, cursor: &Cursor) -> Option<StepEnded> {
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

/// How old the run was when the step began.
fn began(context: &RunContext, step: &Step) -> Duration {
    let before = match &context.course {
        Course::Live(run) => run.past().and_then(|past| {
            let begun = past.begun(&step.id)?;
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
