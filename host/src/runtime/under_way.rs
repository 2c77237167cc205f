//! How many runs are under way, how many may be, and whether more may begin.

use std::sync::Arc;

use aos_core::failure::{ErrorCode, Failure};
use tokio::sync::watch;

/// The runs of one runtime.
#[derive(Debug, Clone)]
pub(super) struct UnderWay {
    most: u32,
    now: Arc<watch::Sender<Now>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Now {
    runs: u32,
    is_closed: bool,
}

/// The place of one run. Dropped, it is free.
#[derive(Debug)]
pub(super) struct Place(Arc<watch::Sender<Now>>);

impl UnderWay {
    /// None so far, and at most so many at one time.
    pub(super) fn new(most: u32) -> Self {
        Self { most, now: Arc::new(watch::Sender::new(Now::default())) }
    }

    /// A place for one run.
    ///
    /// # Errors
    ///
    /// `HOST_SHUTTING_DOWN`, `CONCURRENCY_LIMIT`.
    pub(super) fn begin(&self) -> Result<Place, Failure> {
        let mut refused = None;
        self.now.send_if_modified(|now| {
            if now.is_closed {
                refused = Some(Failure::new(ErrorCode::HostShuttingDown, "this host is shutting down"));
            } else if now.runs >= self.most {
                let message = format!("{} runs are under way, and that is the most", now.runs);
                refused = Some(Failure::new(ErrorCode::ConcurrencyLimit, message));
            } else {
                now.runs += 1;
            }
            refused.is_none()
        });
        refused.map_or_else(|| Ok(Place(Arc::clone(&self.now))), Err)
    }

    /// Lets no more begin, and waits until none is under way.
    pub(super) async fn close(&self) {
        self.now.send_modify(|now| now.is_closed = true);
        // The sender is held here, so the channel cannot be closed.
        let _ = self.now.subscribe().wait_for(|now| now.runs == 0).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.send_modify(|now| now.runs = now.runs.saturating_sub(1));
    }
}
