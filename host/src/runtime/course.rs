//! The part of a run that is the same whether it is made or repeated.

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::{SkillId, StepId};
use aos_core::journal::{Facts, RunEnding};
use aos_core::outcome::{OutcomeCode, Status, StructuredOutcome};
use aos_core::units::{Money, Timestamp};
use aos_core::workflow::Workflow;
use serde_json::Value;

use crate::workflow::{RunPlan, Runner, check_size};

/// Checks the input, runs the steps, and says how it all ended.
pub(super) async fn follow(plan: RunPlan) -> Result<RunEnding, Failure> {
    match check_input(&plan) {
        Ok(()) => Runner::new(plan).run().await,
        Err(failure) => Ok(failed(failure)),
    }
}

fn check_input(plan: &RunPlan) -> Result<(), Failure> {
    check_size("the input", &plan.input)?;
    match plan.workflow.input_schema() {
        Some(schema) => schema.check(&plan.input, ErrorCode::InputSchemaViolation),
        None => Ok(()),
    }
}

/// The end of a run that failed as a whole.
pub(super) const fn failed(failure: Failure) -> RunEnding {
    RunEnding { status: Status::Failure, failure: Some(failure), step: None, output: Value::Null }
}

/// The end of a run, unless its ledger does not come out even: that is a failure of its own.
pub(super) fn audited(facts: &Facts, ending: RunEnding) -> RunEnding {
    if facts.held() == Money::ZERO {
        return ending;
    }
    let message = format!("{} are still held at the end of the run", facts.held());
    failed(Failure::new(ErrorCode::LedgerInvariant, message))
}

/// The outcome of a run whose journal gets no end here: why, and all that it holds. Calls without a result are listed with
/// the code `open`, and the money that is held for what has no end stands in the details.
pub(super) fn unended(
    mut facts: Facts,
    (failure, open): (Failure, ErrorCode),
    workflow: &Workflow,
    now: Timestamp,
) -> StructuredOutcome {
    facts.abandon_all(OutcomeCode::Error(open));
    let failure = match facts.held() {
        Money::ZERO => failure,
        held => failure.with_detail("held", held.nanos()),
    };
    outcome(&facts, failed(failure), workflow, now)
}

/// The outcome of a run.
pub(super) fn outcome(
    facts: &Facts,
    ending: RunEnding,
    workflow: &Workflow,
    now: Timestamp,
) -> StructuredOutcome {
    let steps: Vec<(StepId, SkillId)> =
        workflow.steps().iter().map(|step| (step.id.clone(), step.skill.clone())).collect();
    facts.run_outcome(ending, &steps, now)
}
