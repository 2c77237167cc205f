//! Whether a run is made or repeated. A repeated one has no world: the type has none.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use aos_core::budget::{BudgetTracker, PriceList};
use aos_core::failure::Failure;
use aos_core::ids::Seed;
use aos_core::journal::{Cursor, JournalError, Past, Recorder, Rehearsal, Replayer, StepEnded};
use aos_core::policy::Policy;
use aos_core::trace::RunTrace;

use crate::providers::{AgentBudget, StillClock, WorldSession};
use crate::sandbox::caught_in;

/// The course of a run.
#[derive(Clone)]
pub(crate) enum Course {
    /// Answers come from the world, and go into the journal.
    Live(Arc<LiveRun>),
    /// Answers come from the journal.
    Replay(Arc<Replayer>),
}

/// What a live run has and a replay has not.
pub(crate) struct LiveRun {
    /// The journal.
    pub recorder: Recorder,
    /// The world.
    pub world: WorldSession,
    /// The money.
    pub budget: BudgetTracker,
    /// The named budget that it comes from.
    pub agent: Option<Arc<dyn AgentBudget>>,
    /// What things cost.
    pub prices: Arc<PriceList>,
    /// What is allowed.
    pub policy: Arc<Policy>,
    /// The run's own time.
    pub time: RunTime,
    /// What was recorded of it before.
    pub behind: Behind,
    /// Where it stands in a trace.
    pub trace: RunTrace,
}

/// What a live run knows already.
pub(crate) enum Behind {
    /// It is new.
    Nothing,
    /// It was killed, and goes on: what is recorded is not done again.
    Killed(Arc<Past>),
    /// It is a rehearsal: the journal is its world, but for what is to happen instead.
    Rehearsed(Arc<Rehearsing>),
}

/// A rehearsal under way.
pub(crate) struct Rehearsing {
    /// What the journal knows.
    pub known: Rehearsal,
    /// The time, which goes on by what was recorded and by pauses.
    pub clock: Arc<StillClock>,
    /// Whether a request that the journal does not know is answered by a stub world.
    pub stubs: bool,
}

/// The time of a run: it begins at 0 and does not count how long the run was dead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunTime {
    /// The world's monotonic time when the run began, or went on.
    pub origin: Duration,
    /// How old the run was then.
    pub before: Duration,
}

impl RunTime {
    /// How old the run is at a monotonic time of the world.
    #[must_use]
    pub(crate) const fn at(self, monotonic: Duration) -> Duration {
        self.before.saturating_add(monotonic.saturating_sub(self.origin))
    }
}

/// Whether a run is made or repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Made.
    Live,
    /// Repeated.
    Replay,
}

impl Mode {
    pub(crate) const ALL: [Self; 2] = [Self::Live, Self::Replay];

    /// The label's value.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Replay => "replay",
        }
    }
}

impl Course {
    /// Whether it is made or repeated.
    #[must_use]
    pub(crate) const fn mode(&self) -> Mode {
        match self {
            Self::Live(_) => Mode::Live,
            Self::Replay(_) => Mode::Replay,
        }
    }

    /// Where the run stands in a trace.
    #[must_use]
    pub(crate) fn trace(&self) -> RunTrace {
        match self {
            Self::Live(live) => live.trace,
            Self::Replay(replayer) => replayer.run_started().trace(),
        }
    }

    /// What all randomness of the run is drawn from.
    #[must_use]
    pub(crate) fn seed(&self) -> Seed {
        match self {
            Self::Live(live) => live.recorder.with_facts(|facts| facts.run().seed),
            Self::Replay(replayer) => replayer.run_started().seed,
        }
    }

    /// Whether deadlines strike and pauses are waited for.
    #[must_use]
    pub(crate) fn waits(&self) -> bool {
        matches!(self, Self::Live(run) if run.rehearsing().is_none())
    }

    /// Whether one step is run after the other, so that the same comes of it each time.
    #[must_use]
    pub(crate) fn is_rehearsal(&self) -> bool {
        matches!(self, Self::Live(run) if run.rehearsing().is_some())
    }

    /// How the attempt ended that is repeated here, or rehearsed.
    #[must_use]
    pub(crate) fn recorded_end(&self, cursor: &Cursor) -> Option<StepEnded> {
        match self {
            Self::Replay(replayer) => replayer.ended(cursor),
            Self::Live(run) => run.rehearsing()?.known.ended(cursor),
        }
    }
}

impl LiveRun {
    /// Makes the journal last. The disk may take milliseconds, so another thread waits for it.
    ///
    /// # Errors
    ///
    /// `JOURNAL_IO` or `DISK_FULL`, or `HOST_PANIC` where that panics; the journal is broken off then.
    pub(crate) async fn sync(&self) -> Result<(), Failure> {
        let Some(syncer) = self.recorder.syncer() else {
            return Ok(());
        };
        let synced = tokio::task::spawn_blocking(move || caught_in(|| syncer.sync())).await;
        let (error, panic) = match synced {
            Ok(Ok(Ok(()))) => return Ok(()),
            Ok(Ok(Err(error))) => (error, None),
            Ok(Err(panic)) => (io::Error::other(panic.message.clone()), Some(panic)),
            Err(error) => (io::Error::other(error), None),
        };
        let error = JournalError::of_file("could not be made to last", &error);
        self.recorder.break_off(error.clone());
        Err(panic.unwrap_or_else(|| error.into()))
    }

    /// Monotonic time since the run began.
    #[must_use]
    pub(crate) fn elapsed(&self) -> Duration {
        self.time.at(self.world.clock.monotonic())
    }

    /// What a killed run has behind it.
    #[must_use]
    pub(crate) fn past(&self) -> Option<&Past> {
        match &self.behind {
            Behind::Killed(past) => Some(past),
            Behind::Nothing | Behind::Rehearsed(_) => None,
        }
    }

    /// What a rehearsal draws from.
    #[must_use]
    pub(crate) fn rehearsing(&self) -> Option<&Rehearsing> {
        match &self.behind {
            Behind::Rehearsed(rehearsing) => Some(rehearsing),
            Behind::Nothing | Behind::Killed(_) => None,
        }
    }
}
