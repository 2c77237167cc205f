//! One run, as far as this process knows it, and whoever follows it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aos_host::failure::Failure;
use aos_host::ids::RunId;
use aos_host::journal::{Event, Facts};
use aos_host::outcome::{OutcomeCode, Status, StructuredOutcome};
use aos_host::{Parting, Run};
use tokio::sync::watch;

use super::figures::{self, Figures};
use super::journal_lines::Head;

/// How long a run that is left has to come to its end by itself.
const PATIENCE: Duration = Duration::from_millis(300);

/// One run.
#[derive(Debug)]
pub(super) struct Known {
    pub id: RunId,
    /// What its journal says at the begin.
    pub head: Head,
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
    pub figures: Figures,
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
    pub(super) fn new(id: RunId, head: Head, journal: PathBuf, (phase, figures): (Phase, Figures)) -> Self {
        let now = watch::Sender::new(Now { entries: 0, phase, figures });
        Self { id, head, journal, now, cancelled: watch::Sender::new(false) }
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

    /// Takes note of what its journal adds up to.
    pub(super) fn count(&self, facts: &Facts) {
        self.now.send_modify(|now| now.figures = Figures::of(facts));
    }

    /// Lets a run that has no end be tried again, as if it had just been cut off.
    ///
    /// # Errors
    ///
    /// What it does instead, and then nothing is changed.
    pub(super) fn reopen(&self) -> Result<(), Phase> {
        let mut other = None;
        let reopened = self.now.send_if_modified(|now| {
            let stopped = match &now.phase {
                Phase::Stuck(_) => true,
                Phase::Ended(ending) => ending.unsealed.is_some(),
                Phase::Resuming | Phase::Running | Phase::Left => false,
            };
            if stopped {
                now.phase = Phase::Resuming;
            } else {
                other = Some(now.phase.clone());
            }
            stopped
        });
        if reopened {
            // Whoever asked it to stop meant the run that is over.
            self.cancelled.send_replace(false);
        }
        other.map_or(Ok(()), Err)
    }

    /// Asks it to stop.
    pub(super) fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    /// Follows a run to its end, or until it is to be left; `facts` are those that its journal held before.
    pub(super) async fn follow(&self, mut run: Run, mut facts: Facts, mut leave: watch::Receiver<bool>) {
        let mut cancelled = self.cancelled.subscribe();
        let (mut asked, mut sealed) = (false, false);
        let ended = loop {
            tokio::select! {
                biased;
                entry = run.next_entry() => match entry {
                    Some(entry) => {
                        sealed |= matches!(entry.event, Event::RunEnded(_));
                        figures::add(&mut facts, Arc::unwrap_or_clone(entry));
                        let figures = Figures::of(&facts);
                        self.now.send_modify(|now| (now.entries, now.figures) = (now.entries + 1, figures));
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
