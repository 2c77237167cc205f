//! One step: its condition, and then one invocation or one for each element of a list.

use std::sync::Arc;

use aos_core::failure::Failure;
use aos_core::journal::{Cursor, StepEnded};
use aos_core::outcome::Status;
use aos_core::workflow::Step;

use super::runner::RunContext;
use super::scope::View;
use super::{foreach, ledger, tries};

/// Runs a step to its end.
pub(super) async fn run(context: Arc<RunContext>, step: Arc<Step>) -> Result<StepEnded, Failure> {
    let cursor = Cursor { step: step.id.clone(), item: None, attempt: 1 };
    let begun_before = step.foreach.is_some() && foreach::was_begun(&context, &step);
    if let Some(over) = tries::over(&context, &cursor).filter(|_| !begun_before) {
        return ledger::end_early(&context.course, &cursor, over);
    }
    let view = View::Step(&context.scope);
    match holds(&context, &step) {
        Ok(true) => {}
        Ok(false) => {
            let skipped = ledger::ended_early(Status::Skipped, None);
            return ledger::end_early(&context.course, &cursor, skipped);
        }
        Err(failure) => return tries::failed(&context, (&step, &cursor), failure, &view),
    }
    match &step.foreach {
        None => tries::follow(&context, &step, None, &view).await,
        Some(each) => foreach::run(&context, &step, each).await,
    }
}

fn holds(context: &RunContext, step: &Step) -> Result<bool, Failure> {
    step.when.as_ref().map_or(Ok(true), |condition| context.scope.holds(condition))
}
