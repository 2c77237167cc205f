//! A run that goes on, as the program shows it.

use std::time::Duration;

use aos_host::failure::{ErrorCode, Failure};
use aos_host::outcome::StructuredOutcome;
use aos_host::{Run, Runtime};

use crate::render::{Progress, say};

/// How long a second interrupt waits for a run that is ending. Some programs send two at once.
const PATIENCE: Duration = Duration::from_millis(300);

/// Shows what a run does until it ends. An interrupt cancels it, a second one leaves it.
pub(super) async fn follow(mut run: Run, runtime: &Runtime, steps: Option<usize>) -> StructuredOutcome {
    let mut progress = Progress::new(steps);
    let mut cancelled = false;
    loop {
        tokio::select! {
            entry = run.next_entry() => match entry {
                Some(entry) => progress.show(&entry),
                None => return run.outcome().await,
            },
            interrupted = tokio::signal::ctrl_c() => {
                if cancelled || interrupted.is_err() {
                    // It may have ended already, or be about to.
                    if let Ok(outcome) = tokio::time::timeout(PATIENCE, run.outcome()).await {
                        return outcome;
                    }
                    let message = "left at once; the journal has no end, and `aos resume` goes on with it";
                    return runtime.refuse(&Failure::new(ErrorCode::Cancelled, message));
                }
                say("cancelling; interrupt once more to leave at once");
                run.cancel();
                cancelled = true;
            }
        }
    }
}
