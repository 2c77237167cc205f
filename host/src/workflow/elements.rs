//! Which elements of steps still have a task, so that a run that ends waits for all of them.

use std::sync::Arc;

use tokio::sync::watch;

/// The elements of a run.
#[derive(Clone)]
pub(super) struct Elements(Arc<watch::Sender<usize>>);

/// One of them. Dropped, it is gone.
pub(super) struct There(Arc<watch::Sender<usize>>);

impl Default for Elements {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Elements {
    /// One begins.
    pub(super) fn begin(&self) -> There {
        self.0.send_modify(|there| *there += 1);
        There(Arc::clone(&self.0))
    }

    /// Waits until there is none.
    pub(super) async fn gone(&self) {
        // The sender is held here, so the channel cannot be closed.
        let _ = self.0.subscribe().wait_for(|there| *there == 0).await;
    }
}

impl Drop for There {
    fn drop(&mut self) {
        self.0.send_modify(|there| *there = there.saturating_sub(1));
    }
}
