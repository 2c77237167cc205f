//! `aos resume`

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use aos_host::ResumeOptions;
use aos_host::failure::ErrorCategory;
use aos_host::journal::{Event, Recording};
use aos_host::outcome::StructuredOutcome;
use aos_host::providers::FileSink;

use super::budget::{full_path, say_unsettled};
use super::follow::follow;
use crate::failed::PROOF_FAILED;
use crate::folders;
use crate::options::ResumeArgs;
use crate::render::{conclude, say, say_help};
use crate::setup::{self, Outside};

/// Goes on with a run that was killed.
pub(crate) async fn resume(args: ResumeArgs) -> anyhow::Result<ExitCode> {
    let world = Outside::new(setup::world(args.stubs.as_deref())?, &args.prices)?;
    let found = std::fs::metadata(&args.journal).with_context(|| args.journal.display().to_string())?;
    anyhow::ensure!(found.is_file(), "{} is no file", args.journal.display());
    let (sink, recording) = match FileSink::take_up(&args.journal) {
        Ok(taken) => taken,
        Err(error) => {
            say(&format!("{}: {}: {error}", args.journal.display(), error.code()));
            say_help(error.code().row().advice);
            return Ok(ExitCode::from(PROOF_FAILED));
        }
    };
    if let Some(torn) = recording.torn() {
        say(&format!("left out the last {} bytes: a line that was not written to its end", torn.bytes));
    }
    let outcome = match ended(&recording) {
        Some(outcome) => {
            say("the run has ended already; this is its outcome");
            outcome
        }
        None => {
            let runtime = setup::runtime(world, &args.skills.folders).await?;
            setup::know_components_beside(&runtime, &args.journal).await;
            let started = recording.run_started().ok();
            let budget =
                started.and_then(|run| Some((run.run, folders::budgets().budget(run.budget.clone()?))));
            let options = match &budget {
                Some((_, budget)) => {
                    ResumeOptions::default().budget(Arc::new(budget.clone()), full_path(&args.journal))
                }
                None => ResumeOptions::default(),
            };
            match runtime.resume(sink.durability(args.durability.into()), recording, options).await {
                Ok(run) => {
                    let outcome = follow(run, &runtime, None).await;
                    budget.iter().for_each(|(run, budget)| say_unsettled(budget, *run));
                    outcome
                }
                Err(failure) => runtime.refuse(&failure),
            }
        }
    };
    let code = conclude(&outcome, args.format.format)?;
    let parted = outcome.category == Some(ErrorCategory::Integrity);
    Ok(if parted { ExitCode::from(PROOF_FAILED) } else { code })
}

fn ended(recording: &Recording) -> Option<StructuredOutcome> {
    match &recording.entries().last()?.event {
        Event::RunEnded(ended) => serde_json::from_value(ended.outcome.clone()).ok(),
        _ => None,
    }
}
