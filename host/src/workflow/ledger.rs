//! The course of a run as its steps see it: each question is answered by the world and recorded, or by the journal.

use std::sync::Arc;

use aos_core::budget::{FailedSteps, InFlight, Refusal, StepAccount, is_refusal};
use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::SkillId;
use aos_core::journal::{
    Cursor, Decision, Divergence, Event, Facts, FellBack, FuelProof, Retry, StepEnded, StepStarted,
};
use aos_core::outcome::{OutcomeCode, Status};
use aos_core::retry::{FailedAttempt, RetryPolicy, consider, could_follow};
use aos_core::skill::ResourceContract;
use aos_core::units::{Fuel, Money};
use serde_json::Value;
use tokio::sync::watch;

use crate::gate::{Course, Gate, GateLimits, LiveRun};
use crate::invocation::{Ended, Prepared, StopReason};

/// An attempt that was allowed to begin.
pub(super) struct Begun {
    pub gate: Gate,
    pub fuel: Fuel,
    pub fuel_cut_by: Option<ErrorCode>,
    /// The money held for its fuel; none in a replay.
    pub fuel_hold: Option<InFlight>,
}

/// Whether an attempt may begin.
pub(super) enum Beginning {
    Begun(Begun),
    Ended(StepEnded),
}

/// What an attempt wants to begin with.
pub(super) struct Wanted<'a> {
    pub cursor: &'a Cursor,
    pub skill_id: &'a SkillId,
    pub skill: &'a Prepared,
    pub input: &'a Value,
    pub ceiling: Option<Money>,
    pub deadline_ms: u64,
    pub limits: GateLimits,
    pub stop: &'a watch::Sender<Option<StopReason>>,
}

/// An end that has nothing to do with an invocation.
pub(super) fn ended_early(status: Status, failure: Option<Failure>) -> StepEnded {
    StepEnded {
        status,
        code: failure.as_ref().map_or(OutcomeCode::Ok, |failure| OutcomeCode::Error(failure.code)),
        failure,
        output: None,
        fuel: Fuel::ZERO,
        memory_bytes: None,
        fuel_refunded: Money::ZERO,
        charged: Money::ZERO,
        absorbed: Money::ZERO,
        interrupted: None,
    }
}

/// How a step looks that is stopped before it begins, or before it begins again.
fn stopped(reason: StopReason, attempt: u32) -> StepEnded {
    let status = if attempt > 1 { Status::Failure } else { Status::Skipped };
    ended_early(status, Some(reason.failure()))
}

/// Whether the attempt is over before it begins, for a reason that lies outside of it.
pub(super) fn over_before(course: &Course, cursor: &Cursor, stop: Option<StopReason>) -> Option<StepEnded> {
    match course {
        // What is recorded of an attempt counts, and not what would become of it now.
        Course::Live(run) if run.past().is_some_and(|past| past.knows(cursor)) => None,
        Course::Live(_) => stop.map(|reason| stopped(reason, cursor.attempt)),
        Course::Replay(replayer) => {
            let never_began = replayer.started(cursor).is_none();
            replayer.ended(cursor).filter(|ended| never_began && is_from_outside(ended))
        }
    }
}

/// Whether something ended for a reason that lies outside of it.
pub(super) fn is_from_outside(ended: &StepEnded) -> bool {
    matches!(ended.code, OutcomeCode::Error(ErrorCode::Cancelled | ErrorCode::DeadlineExceeded))
}

/// Begins an attempt: the budget admits it, its fuel is paid for, and the journal says so.
pub(super) fn begin(course: &Course, wanted: &Wanted<'_>) -> Result<Beginning, Failure> {
    match course {
        Course::Live(run) => begin_live(run, wanted),
        Course::Replay(replayer) => {
            let Some(recorded) = replayer.started(wanted.cursor) else {
                let Some(ended) = replayer.ended(wanted.cursor) else {
                    let actual = wanted.started(Fuel::ZERO, None, Money::ZERO);
                    replayer.step_started(wanted.cursor, &actual).map_err(Failure::from)?;
                    return Err(Failure::new(
                        ErrorCode::ReplayExhausted,
                        "the journal holds no such attempt",
                    ));
                };
                if !matches!(ended.code, OutcomeCode::Error(code) if is_refusal(code)) {
                    let what = "the journal says that the attempt never began, and nothing kept it from that";
                    let found = Divergence::unmatched(ErrorCode::ReplayDivergence, what);
                    return Err(found.at(wanted.cursor, None).into());
                }
                return Ok(Beginning::Ended(ended));
            };
            let actual = wanted.started(recorded.fuel_granted, recorded.fuel_cut_by, recorded.held);
            replayer.step_started(wanted.cursor, &actual).map_err(Failure::from)?;
            let gate = Gate::replay(Arc::clone(replayer), wanted.cursor.clone(), wanted.limits);
            let fuel_cut_by = recorded.fuel_cut_by;
            let fuel = match replayer.fuel() {
                FuelProof::Compared => recorded.fuel_granted,
                // The grant was counted in another way, and may be too little here for the same work.
                FuelProof::FromJournal => recorded.fuel_granted.max(ResourceContract::host_maximum().fuel),
            };
            Ok(Beginning::Begun(Begun { gate, fuel, fuel_cut_by, fuel_hold: None }))
        }
    }
}

fn begin_live(run: &Arc<LiveRun>, wanted: &Wanted<'_>) -> Result<Beginning, Failure> {
    if let Some(begun) = begin_again(run, wanted)? {
        return Ok(Beginning::Begun(begun));
    }
    let account = account_of(run, wanted).open_attempt();
    let metadata = wanted.skill.metadata();
    let contract: &ResourceContract = &metadata.contract;
    let over = || (*wanted.stop.borrow()).map(|reason| stopped(reason, wanted.cursor.attempt));
    let admit = || -> Result<_, Refusal> {
        let (grant, hold) = account.buy_fuel(contract.fuel, metadata.estimate, run.prices.fuel)?;
        Ok((grant, hold.sent()))
    };
    let decided =
        run.recorder.append_with(Some(wanted.cursor), |_, _| match over().map_or_else(|| Ok(admit()), Err) {
            // What was stopped a moment ago begins no more.
            Err(ended) => (Event::StepEnded(Box::new(ended.clone())), Err(ended)),
            Ok(Ok((grant, hold))) => {
                let started = wanted.started(grant.fuel, grant.cut_by, grant.price);
                (Event::StepStarted(started), Ok((grant, hold)))
            }
            Ok(Err(refusal)) => {
                let ended = ended_early(Status::Failure, Some(refusal.into()));
                (Event::StepEnded(Box::new(ended.clone())), Err(ended))
            }
        });
    let (_, decided) = decided.map_err(Failure::from)?;
    Ok(match decided {
        Ok((grant, hold)) => Beginning::Begun(Begun {
            gate: Gate::live(
                Arc::clone(run),
                account,
                wanted.skill.policy(&run.policy),
                wanted.cursor.clone(),
                wanted.limits,
            ),
            fuel: grant.fuel,
            fuel_cut_by: grant.cut_by,
            fuel_hold: Some(hold),
        }),
        Err(ended) => Beginning::Ended(ended),
    })
}

/// The account of the attempt's step. In a run that goes on, it has what the step used before.
fn account_of(run: &LiveRun, wanted: &Wanted<'_>) -> StepAccount {
    let step = &wanted.cursor.step;
    let used = run.past().and_then(|past| Some(past.replayer().facts().step(step)?.used()));
    run.budget.step(step, wanted.ceiling, used.unwrap_or_default())
}

/// Takes up an attempt in which the run was killed: what it holds and has spent stands in the ledger.
fn begin_again(run: &Arc<LiveRun>, wanted: &Wanted<'_>) -> Result<Option<Begun>, Failure> {
    let Some(past) = run.past() else { return Ok(None) };
    let Some(recorded) = past.replayer().started(wanted.cursor) else { return Ok(None) };
    let actual = wanted.started(recorded.fuel_granted, recorded.fuel_cut_by, recorded.held);
    past.replayer().step_started(wanted.cursor, &actual).map_err(Failure::from)?;
    let account = account_of(run, wanted).reopen_attempt(past.spent(wanted.cursor));
    let fuel_hold = Some(account.held_before(recorded.held));
    let (fuel, fuel_cut_by) = (recorded.fuel_granted, recorded.fuel_cut_by);
    let policy = wanted.skill.policy(&run.policy);
    let gate = Gate::live(Arc::clone(run), account, policy, wanted.cursor.clone(), wanted.limits);
    Ok(Some(Begun { gate, fuel, fuel_cut_by, fuel_hold }))
}

impl Wanted<'_> {
    fn started(&self, fuel_granted: Fuel, fuel_cut_by: Option<ErrorCode>, held: Money) -> StepStarted {
        StepStarted {
            skill: self.skill_id.clone(),
            digest: self.skill.metadata().digest,
            input: self.input.clone(),
            fuel_granted,
            fuel_cut_by,
            held,
            ceiling: self.ceiling,
            deadline_ms: self.deadline_ms,
        }
    }
}

/// Ends an attempt: its fuel is settled, its money charged or absorbed, and the journal says so.
pub(super) fn end(
    course: &Course,
    cursor: &Cursor,
    gate: Gate,
    ended: Ended,
    fuel_hold: Option<InFlight>,
) -> Result<StepEnded, Failure> {
    let mut event = match ended.result {
        Ok(output) => StepEnded { output: Some(output), ..ended_early(Status::Success, None) },
        Err(failure) => ended_early(Status::Failure, Some(failure)),
    };
    event.fuel = ended.fuel;
    event.interrupted = ended.interrupted;
    event.memory_bytes = ended.memory.map(|bytes| bytes as u64);
    let run = match course {
        Course::Live(run) => run,
        Course::Replay(replayer) => {
            return Ok(replayer.step_ended(cursor, &event).map_err(Failure::from)?.1);
        }
    };
    let price = Money::of_units(event.fuel.units(), run.prices.fuel).unwrap_or(Money::MAX);
    let written = run.recorder.append_with(Some(cursor), |_, facts| {
        event.tell_unanswered(facts.unanswered(cursor));
        if let Some(hold) = fuel_hold {
            event.fuel_refunded = hold.settle(price).refunded;
        }
        match gate.into_account() {
            Some(account) if event.status == Status::Success => event.charged = account.succeed(),
            Some(account) => match account.tracker().failed_steps() {
                FailedSteps::Absorb => event.absorbed = account.fail(),
                FailedSteps::Charge => event.charged = account.fail(),
            },
            None => {}
        }
        (Event::StepEnded(Box::new(event.clone())), event)
    });
    written.map(|(_, event)| event).map_err(Failure::from)
}

/// Ends a step that needs no invocation to end.
pub(super) fn end_early(course: &Course, cursor: &Cursor, event: StepEnded) -> Result<StepEnded, Failure> {
    match course {
        Course::Live(run) => {
            if let Some(recorded) = run.past().and_then(|past| past.replayer().ended(cursor)) {
                return Ok(recorded);
            }
            run.recorder
                .append(Some(cursor), || Event::StepEnded(Box::new(event.clone())))
                .map_err(Failure::from)?;
            Ok(event)
        }
        Course::Replay(replayer) => Ok(replayer.step_ended(cursor, &event).map_err(Failure::from)?.1),
    }
}

/// Decides whether another attempt follows, and records it.
pub(super) fn retry(
    course: &Course,
    attempt: FailedAttempt<'_>,
    policy: &RetryPolicy,
) -> Result<Option<Retry>, Failure> {
    let decision = match course {
        Course::Replay(replayer) => {
            let recorded = replayer.decision(attempt.cursor);
            if !could_follow(recorded.as_ref(), attempt, policy, &course.seed()) {
                let what = "what the journal says to follow on the attempt does not follow from its failure";
                let found = Divergence::unmatched(ErrorCode::ReplayDivergence, what);
                return Err(found.at(attempt.cursor, None).into());
            }
            recorded
        }
        Course::Live(run) => match run.past().and_then(|past| past.replayer().decision(attempt.cursor)) {
            Some(recorded) => Some(recorded),
            None => decide(run, attempt, policy)?,
        },
    };
    Ok(match decision {
        Some(Decision::Again(retry)) => Some(retry),
        Some(Decision::GiveUp(_)) | None => None,
    })
}

fn decide(
    run: &LiveRun,
    attempt: FailedAttempt<'_>,
    policy: &RetryPolicy,
) -> Result<Option<Decision>, Failure> {
    let Some(considered) = consider(attempt, policy) else { return Ok(None) };
    let written = run.recorder.append_with(Some(attempt.cursor), |_, facts| {
        let decision = considered.decide(&facts.run().seed, facts.retries_left());
        let event = match &decision {
            Decision::Again(retry) => Event::Retry(retry.clone()),
            Decision::GiveUp(gave_up) => Event::GaveUp(gave_up.clone()),
        };
        (event, decision)
    });
    written.map(|(_, decision)| Some(decision)).map_err(Failure::from)
}

/// Lets a value stand in for the output of what failed, and records it.
pub(super) fn fall_back(
    course: &Course,
    cursor: &Cursor,
    mut ended: StepEnded,
    event: FellBack,
) -> Result<StepEnded, Failure> {
    let recorded = match course {
        Course::Replay(replayer) => {
            replayer.fell_back(cursor, &event).map_err(Failure::from)?;
            None
        }
        Course::Live(run) => {
            let recorded = run.past().and_then(|past| past.replayer().recorded_fallback(cursor));
            if recorded.is_none() {
                let written = run.recorder.append(Some(cursor), || Event::FellBack(event.clone()));
                written.map_err(Failure::from)?;
            }
            recorded
        }
    };
    ended.fall_back(&recorded.unwrap_or(event));
    Ok(ended)
}

/// Looks at the facts so far: in a replay, those of the whole journal.
pub(super) fn with_facts<T>(course: &Course, look: impl FnOnce(&Facts) -> T) -> T {
    match course {
        Course::Live(run) => run.recorder.with_facts(look),
        Course::Replay(replayer) => look(replayer.facts()),
    }
}
