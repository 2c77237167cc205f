//! `aos resume`

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use aos_host::agent_budget::RunSpending;
use aos_host::failure::ErrorCategory;
use aos_host::journal::{Event, Recording, RunStarted};
use aos_host::outcome::StructuredOutcome;
use aos_host::providers::{AgentBudget as _, FileBudget, FileSink};
use aos_host::{Parting, ResumeOptions};

use super::budget::{full_path, now, say_unsettled};
use super::follow::{follow, part};
use crate::failed::PROOF_FAILED;
use crate::folders;
use crate::live::Live;
use crate::options::ResumeArgs;
use crate::render::{refuse_journal, say, say_torn};
use crate::setup::{self, Outside};

/// Goes on with a run that was killed.
pub(crate) async fn resume(args: ResumeArgs) -> anyhow::Result<ExitCode> {
    let world = Outside::new(setup::world(args.stubs.as_deref())?, &args.prices)?;
    let found = std::fs::metadata(&args.journal).with_context(|| args.journal.display().to_string())?;
    anyhow::ensure!(found.is_file(), "{} is no file", args.journal.display());
    let (sink, recording) = match FileSink::take_up(&args.journal) {
        Ok(taken) => taken,
        Err(error) => return refuse_journal(&args.journal, &error, args.format.format),
    };
    say_torn(&args.journal, recording.torn().map_or(0, |torn| torn.bytes));
    let parting = match ended(&recording) {
        Some(outcome) => {
            say("the run has ended already; this is its outcome");
            give_back(&recording, &outcome)?;
            Parting::Ended(outcome)
        }
        None => go_on(world, sink, recording, &args).await?,
    };
    let code = part(&parting, &args.journal, args.format.format)?;
    let (Parting::Ended(outcome) | Parting::Left(outcome)) = &parting;
    let parted = outcome.category == Some(ErrorCategory::Integrity);
    Ok(if parted { ExitCode::from(PROOF_FAILED) } else { code })
}

async fn go_on(
    world: Outside,
    sink: FileSink,
    recording: Recording,
    args: &ResumeArgs,
) -> anyhow::Result<Parting> {
    let runtime = setup::runtime(world, &args.skills.folders).await?;
    setup::know_components_beside(&runtime, &args.journal).await;
    let so_far = recording.facts()?;
    let (id, budget) = (so_far.run().run, budget_of(so_far.run()));
    let options = match &budget {
        Some(budget) => ResumeOptions::default().budget(Arc::new(budget.clone()), full_path(&args.journal)),
        None => ResumeOptions::default(),
    };
    let live = Live::after(recording.entries());
    match runtime.resume(sink.durability(args.durability.into()), recording, options).await {
        Ok(run) => {
            let parting = follow(run, live).await;
            budget.iter().for_each(|budget| say_unsettled(budget, id, &parting));
            Ok(parting)
        }
        Err(failure) => Ok(Parting::Ended(runtime.refuse_to_resume(so_far, failure))),
    }
}

fn budget_of(started: &RunStarted) -> Option<FileBudget> {
    Some(folders::budgets().budget(started.budget.clone()?))
}

/// A run that was killed after its end was written may still hold its ceiling.
fn give_back(recording: &Recording, outcome: &StructuredOutcome) -> anyhow::Result<()> {
    let Some(budget) = budget_of(recording.run_started()?) else { return Ok(()) };
    let holds = budget.read().is_ok_and(|ledger| ledger.account().holding().contains_key(&outcome.run_id));
    if holds {
        budget.settle(outcome.run_id, RunSpending::of(&recording.facts()?), now())?;
    }
    Ok(())
}

fn ended(recording: &Recording) -> Option<StructuredOutcome> {
    match &recording.entries().last()?.event {
        Event::RunEnded(ended) => Some(ended.outcome.clone()),
        _ => None,
    }
}
