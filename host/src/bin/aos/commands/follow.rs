//! A run that goes on, as the program shows it, and what to do about the way in which it ended.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use aos_host::failure::ErrorCode;
use aos_host::outcome::{OutcomeCode, StructuredOutcome};
use aos_host::{Parting, Run};

use crate::live::{Live, redraws};
use crate::options::Format;
use crate::render::{conclude, conclude_with, say};

/// How long a second interrupt waits for a run that is ending. Some programs send two at once.
const PATIENCE: Duration = Duration::from_millis(300);

/// Shows what a run does until it ends. An interrupt cancels it, a second one leaves it.
pub(super) async fn follow(mut run: Run, mut live: Live) -> Parting {
    let (mut redraws, mut cancelled) = (redraws(), false);
    // One that listens all the time: what comes while nobody listens is lost.
    let mut interrupted = Box::pin(tokio::signal::ctrl_c());
    loop {
        tokio::select! {
            entry = run.next_entry() => match entry {
                Some(entry) => live.show(&entry),
                None => return Parting::Ended(run.outcome().await),
            },
            _ = redraws.tick() => live.draw(),
            interrupted_now = &mut interrupted => {
                if cancelled || interrupted_now.is_err() {
                    return run.leave(PATIENCE).await;
                }
                say("cancelling; interrupt once more to leave at once");
                interrupted.set(tokio::signal::ctrl_c());
                run.cancel();
                cancelled = true;
            }
        }
    }
}

/// Prints the outcome of a run that has a journal, and what to do next. The exit code says whether the output is usable.
pub(super) fn part(parting: &Parting, journal: &Path, format: Format) -> anyhow::Result<ExitCode> {
    let journal = journal.display();
    match parting {
        Parting::Left(outcome) => {
            conclude_with(outcome, &format!("go on with it: aos resume {journal}"), format)
        }
        Parting::Ended(outcome) if outcome.code == OutcomeCode::Error(ErrorCode::Cancelled) => {
            conclude_with(outcome, &after_cancelling(outcome, &journal.to_string()), format)
        }
        Parting::Ended(outcome) => conclude(outcome, format),
    }
}

/// A run that was cancelled has ended, and cannot be resumed: whoever makes another one should know what this one did.
fn after_cancelling(outcome: &StructuredOutcome, journal: &str) -> String {
    if outcome.details.get("unanswered").is_some() {
        format!(
            "see in `aos inspect {journal}` which requests have no result, and in the upstream whether they acted; \
             then run it again"
        )
    } else if outcome.side_effects.is_empty() {
        "nothing was done; run it again".to_owned()
    } else {
        format!("another run does all of it again; `aos inspect {journal}` shows what this one did")
    }
}
