//! One run, as far as this process knows it, and whoever follows it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aos_host::failure::Failure;
use aos_host::ids::RunId;
use aos_host::journal::Event;
use aos_host::outcome::{OutcomeCode, Status, StructuredOutcome};
use aos_host::{Parting, Run};
use tokio::sync::watch;

/// How long a run that is left has to come to its end by itself.
const PATIENCE: Duration = Duration::from_millis(300);

/// One run.
#[derive(Debug)]
pub(super) struct Known {
    pub id: RunId,
    pub workflow: String,
    /// When it began, as its journal has it.
    pub began: String,
    pub journal: PathBuf,
    now: watch::Sender<Now>,
    cancelled: watch::Sender<bool>,
}

/// How far a run is.
#[derive(Debug, Clone)]
pub(super) struct Now {
    /// Entries of its journal that this process saw written.
    pub entries: u64,
    pub phase: Phase,
}

/// What a run does.
#[derive(Debug, Clone)]
pub(super) enum Phase {
    /// It was cut off, and is about to go on.
    Resuming,
    Running,
    Ended(Ending),
    /// It has no end, and goes on when the service is started again.
    Left,
    /// It has no end, and may not go on.
    Stuck(Arc<Failure>),
}

/// How a run ended.
#[derive(Debug, Clone)]
pub(super) struct Ending {
    pub status: Status,
    pub code: OutcomeCode,
    /// Its outcome, where the journal does not hold it.
    pub unsealed: Option<Arc<StructuredOutcome>>,
}

impl Phase {
    /// Whether nothing more happens in this process.
    pub(super) const fn is_over(&self) -> bool {
        matches!(self, Self::Ended(_) | Self::Left | Self::Stuck(_))
    }
}

impl Known {
    pub(super) fn new(
        id: RunId,
        (workflow, began): (String, String),
        journal: PathBuf,
        phase: Phase,
    ) -> Self {
        let now = watch::Sender::new(Now { entries: 0, phase });
        Self { id, workflow, began, journal, now, cancelled: watch::Sender::new(false) }
    }

    /// How far it is now.
    pub(super) fn now(&self) -> Now {
        self.now.borrow().clone()
    }

    /// How far it is, from now on.
    pub(super) fn watch(&self) -> watch::Receiver<Now> {
        self.now.subscribe()
    }

    pub(super) fn turn(&self, phase: Phase) {
        self.now.send_modify(|now| now.phase = phase);
    }

    /// Asks it to stop.
    pub(super) fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    /// Follows a run to its end, or until it is to be left.
    pub(super) async fn follow(&self, mut run: Run, mut leave: watch::Receiver<bool>) {
        let mut cancelled = self.cancelled.subscribe();
        let (mut asked, mut sealed) = (false, false);
        let ended = loop {
            tokio::select! {
                biased;
                entry = run.next_entry() => match entry {
                    Some(entry) => {
                        sealed |= matches!(entry.event, Event::RunEnded(_));
                        self.now.send_modify(|now| now.entries += 1);
                    }
                    None => break true,
                },
                _ = cancelled.wait_for(|cancelled| *cancelled), if !asked => {
                    run.cancel();
                    asked = true;
                }
                _ = leave.wait_for(|leave| *leave) => break false,
            }
        };
        let parting = if ended { Parting::Ended(run.outcome().await) } else { run.leave(PATIENCE).await };
        self.turn(match parting {
            Parting::Left(_) => Phase::Left,
            Parting::Ended(outcome) => Phase::Ended(Ending {
                status: outcome.status,
                code: outcome.code,
                unsealed: (!sealed).then(|| Arc::new(outcome)),
            }),
        });
    }
}
