//! One attempt of a step: begun, run, ended.

use std::sync::Arc;
use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::journal::{Cursor, Divergence, Interrupted, StepEnded};
use aos_core::outcome::OutcomeCode;
use aos_core::skill::SkillKind;
use aos_core::units::{Fuel, whole_millis};
use aos_core::workflow::Step;
use serde_json::Value;

use super::ledger::{self, Beginning, Begun, Wanted};
use super::runner::RunContext;
use crate::gate::{Course, Gate, GateLimits};
use crate::invocation::{Ended, Order, Prepared};
use crate::sandbox::caught;

/// What became of an attempt, and whether making it again is safe.
pub(super) struct Attempted {
    pub ended: StepEnded,
    pub repeatable: bool,
}

/// Makes one attempt.
pub(super) async fn attempt(
    context: &RunContext,
    cursor: &Cursor,
    step: &Step,
    (skill, input): (&Arc<Prepared>, &Value),
) -> Result<Attempted, Failure> {
    if let Some(ended) = ended_before(context, cursor) {
        return Ok(ended);
    }
    let contract = &skill.metadata().contract;
    let longest = Duration::from_millis(contract.deadline_ms.into());
    let deadline = step.deadline.map_or(longest, |deadline| deadline.min(longest));
    let limits = GateLimits { host_calls: contract.host_calls, call_time: deadline };
    let wanted = Wanted {
        cursor,
        skill_id: &skill.metadata().id,
        skill,
        input,
        ceiling: step.ceiling,
        deadline_ms: whole_millis(deadline),
        limits,
        stop: &context.stop,
    };
    let begun = match ledger::begin(&context.course, &wanted)? {
        Beginning::Begun(begun) => begun,
        Beginning::Ended(ended) => {
            let ended = settle_refusal(context, cursor, ended)?;
            return Ok(Attempted { ended, repeatable: true });
        }
    };
    let Begun { gate, fuel, fuel_cut_by, fuel_hold } = begun;
    let cut = recorded_cut(context, cursor);
    let order = Order {
        skill: Arc::clone(skill),
        gate: gate.clone(),
        seed: context.course.seed(),
        cursor: cursor.clone(),
        input: input.clone(),
        environment: skill.terms().grants.environment(&context.environment),
        fuel: cut.unwrap_or(fuel),
        deadline: context.course.waits().then(|| (left_of(context, cursor, deadline), deadline)),
        stop: context.stop.subscribe(),
    };
    let granted = order.fuel;
    // In a box, as steps that wait for their turn should not hold the room that an attempt needs.
    let work = Box::pin(order.run());
    let mut ended = caught(work).await.unwrap_or_else(|panic| Ended::panicked(panic, granted));
    repeat_cut(context, cursor, (skill, &mut ended));
    let panic = ended.result.as_ref().err().filter(|failure| failure.code == ErrorCode::HostPanic).cloned();
    let or_panic = |failure| panic.unwrap_or(failure);
    if let Err(behind) = check_caught_up(&gate, cursor) {
        return Err(or_panic(behind));
    }
    stop_at_once(&ended)?;
    blame_budget(&mut ended, fuel_cut_by);
    context.metrics.skill_memory(
        context.course.mode(),
        skill.metadata().id.as_str(),
        ended.memory.unwrap_or_default(),
    );
    let repeatable = gate.is_repeatable();
    // A panic that took the journal with it has no entry, and is still why the run ends.
    let ended = ledger::end(&context.course, cursor, gate, ended, fuel_hold).map_err(or_panic)?;
    Ok(Attempted { ended, repeatable })
}

/// An attempt that had ended before the run was killed.
fn ended_before(context: &RunContext, cursor: &Cursor) -> Option<Attempted> {
    let Course::Live(run) = &context.course else { return None };
    let past = run.past()?;
    let ended = past.replayer().ended(cursor)?;
    Some(Attempted { ended, repeatable: past.is_repeatable(cursor) })
}

/// What is left of an attempt's time. Of one that began before the run was killed, some has passed.
fn left_of(context: &RunContext, cursor: &Cursor, deadline: Duration) -> Duration {
    let Course::Live(run) = &context.course else { return deadline };
    let begun = run.past().and_then(|past| Some(past.last().at.since(past.started_at(cursor)?)));
    deadline.saturating_sub(begun.unwrap_or_default())
}

/// An attempt that goes on does again all that was recorded of it.
fn check_caught_up(gate: &Gate, cursor: &Cursor) -> Result<(), Failure> {
    let Some(index) = gate.open_crossing() else { return Ok(()) };
    let what = "the journal holds a call that was not made";
    Err(Divergence::unmatched(ErrorCode::ReplayDivergence, what).at(cursor, Some(index)).into())
}

/// A refusal stands in the journal already; a replay still has to compare and close it.
fn settle_refusal(context: &RunContext, cursor: &Cursor, ended: StepEnded) -> Result<StepEnded, Failure> {
    match &context.course {
        Course::Live(_) => Ok(ended),
        Course::Replay(_) => ledger::end_early(&context.course, cursor, ended),
    }
}

/// How the recorded attempt ended, where it was cut off and has to be cut off again. A rehearsal has the stack of a live
/// run, and comes to the end of that by itself.
fn cut_off(context: &RunContext, cursor: &Cursor) -> Option<(Interrupted, StepEnded)> {
    let recorded = context.course.recorded_end(cursor)?;
    let overflowed = recorded.code == OutcomeCode::Error(ErrorCode::StackOverflow);
    let by_itself = overflowed && context.course.is_rehearsal();
    recorded.interrupted.filter(|_| !by_itself).map(|place| (place, recorded))
}

/// The fuel at which the recorded attempt was cut off while it computed.
fn recorded_cut(context: &RunContext, cursor: &Cursor) -> Option<Fuel> {
    match cut_off(context, cursor)?.0 {
        Interrupted::Fuel(fuel) => Some(fuel),
        Interrupted::Call(_) => None,
    }
}

/// An attempt that ran into the recorded cut ends as the recorded one did.
fn repeat_cut(context: &RunContext, cursor: &Cursor, (skill, ended): (&Prepared, &mut Ended)) {
    let Some((place, recorded)) = cut_off(context, cursor) else { return };
    let in_rust = skill.metadata().kind == SkillKind::Native;
    let is_repeated = !in_rust || matches!(context.course, Course::Replay(_));
    if is_repeated && (came_to_the_panic(&recorded, ended) || (in_rust && is_native_cut(place, ended))) {
        (ended.result, ended.interrupted) = (Err(recorded.recorded_failure()), Some(place));
        return;
    }
    let Err(failure) = &mut ended.result else { return };
    let met = match place {
        Interrupted::Fuel(_) => failure.code == ErrorCode::FuelExhausted,
        Interrupted::Call(_) => *failure == recorded.recorded_failure(),
    };
    if met {
        *failure = recorded.recorded_failure();
        ended.interrupted = Some(place);
    } else if failure.code == ErrorCode::StackOverflow && matches!(context.course, Course::Replay(_)) {
        let message = format!(
            "step {} attempt {}: the stack ended after {} units of fuel, and the recorded attempt went on to {}; \
             this engine's frames are too large to repeat it",
            cursor.step,
            cursor.attempt,
            ended.fuel.units(),
            recorded.fuel.units()
        );
        *failure = Failure::new(ErrorCode::ReplayDivergence, message);
    }
}

/// Where a skill in Rust was cut off outside of its calls cannot be repeated. It ends there, whatever it makes of its time.
fn is_native_cut(place: Interrupted, ended: &Ended) -> bool {
    place == Interrupted::Fuel(Fuel::ZERO) && ended.fuel == Fuel::ZERO && stop_at_once(ended).is_ok()
}

/// The host's own panic cannot be repeated. An attempt that has used the same fuel came to the same place, whatever it made
/// of what it met there instead.
fn came_to_the_panic(recorded: &StepEnded, ended: &Ended) -> bool {
    let panicked = recorded.code == OutcomeCode::Error(ErrorCode::HostPanic);
    panicked && ended.fuel == recorded.fuel && stop_at_once(ended).is_ok()
}

/// A broken proof or a lost journal ends the run, not the step.
fn stop_at_once(ended: &Ended) -> Result<(), Failure> {
    match &ended.result {
        Err(failure)
            if matches!(
                failure.code,
                ErrorCode::ReplayDivergence
                    | ErrorCode::ReplayExhausted
                    | ErrorCode::JournalIo
                    | ErrorCode::DiskFull
            ) =>
        {
            Err(failure.clone())
        }
        _ => Ok(()),
    }
}

/// Fuel that ran out because the money did is a matter of the budget.
fn blame_budget(ended: &mut Ended, fuel_cut_by: Option<ErrorCode>) {
    let (Err(failure), Some(code)) = (&mut ended.result, fuel_cut_by) else { return };
    if failure.code == ErrorCode::FuelExhausted && ended.interrupted.is_none() {
        let whose = if code == ErrorCode::StepCeilingExceeded { "step's ceiling" } else { "budget" };
        *failure = Failure::new(code, format!("the {whose} affords no more fuel")).with_subcode("fuel");
    }
}
