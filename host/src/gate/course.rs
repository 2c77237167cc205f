//! Whether a run is made or repeated. A repeated one has no world: the type has none.

use std::sync::Arc;
use std::time::Duration;

use aos_core::budget::{BudgetTracker, PriceList};
use aos_core::failure::Failure;
use aos_core::ids::Seed;
use aos_core::journal::{JournalError, Recorder, Replayer};
use aos_core::policy::Policy;

use crate::providers::WorldSession;

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
    /// What things cost.
    pub prices: Arc<PriceList>,
    /// What is allowed.
    pub policy: Arc<Policy>,
    /// The world's monotonic time when the run began.
    pub origin: Duration,
}

impl Course {
    /// What all randomness of the run is drawn from.
    #[must_use]
    pub(crate) fn seed(&self) -> Seed {
        match self {
            Self::Live(live) => live.recorder.with_facts(|facts| facts.run().seed),
            Self::Replay(replayer) => replayer.run_started().seed,
        }
    }
}

impl LiveRun {
    /// Makes the journal last. The disk may take milliseconds, so another thread waits for it.
    ///
    /// # Errors
    ///
    /// `JOURNAL_IO`; the journal is broken off then.
    pub(crate) async fn sync(&self) -> Result<(), Failure> {
        let Some(syncer) = self.recorder.syncer() else {
            return Ok(());
        };
        let reason = match tokio::task::spawn_blocking(move || syncer.sync()).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        let error = JournalError::Io { what: "could not be made to last", reason };
        self.recorder.break_off(error.clone());
        Err(error.into())
    }

    /// Monotonic time since the run began.
    #[must_use]
    pub(crate) fn elapsed(&self) -> Duration {
        self.world.clock.monotonic().saturating_sub(self.origin)
    }
}
