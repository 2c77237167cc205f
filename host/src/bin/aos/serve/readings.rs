//! Work on files that takes long: each piece on a thread of its own, and a few of them at one time.

use std::sync::Arc;

use axum::http::StatusCode;
use tokio::sync::Semaphore;

use super::problem::Problem;

/// The places for such work.
#[derive(Debug, Clone)]
pub(super) struct Readings(Arc<Semaphore>);

impl Readings {
    /// With so many places.
    pub(super) fn new(places: usize) -> Self {
        Self(Arc::new(Semaphore::new(places)))
    }

    /// Does it when there is a place. Whoever asked may go away meanwhile: the place is taken until it is done.
    ///
    /// # Errors
    ///
    /// What it says itself.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        // The places are never closed, so that there is one sooner or later.
        let place = Arc::clone(&self.0).acquire_owned().await.ok();
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        done.await
            .unwrap_or_else(|error| Err(Problem::of(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())))
    }
}
