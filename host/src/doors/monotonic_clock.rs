//! `wasi:clocks/monotonic-clock`: 0 at the start of the run.

use std::time::Duration;

use aos_core::units::MAX_EXACT_INTEGER;
use serde_json::json;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock::Host;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use super::Guest;

impl Host for Guest {
    fn now(&mut self) -> wasmtime::Result<u64> {
        let seen = self.gate.observe("monotonic-clock.now", json!(0), |run| json!(nanos(run.elapsed())))?;
        Ok(seen.as_u64().unwrap_or_default())
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(1)
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let now = self.gate.elapsed().map_or(when, nanos);
        self.timer(Duration::from_nanos(when.saturating_sub(now)))
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.timer(Duration::from_nanos(duration))
    }
}

impl Guest {
    /// A timer of the world. In a replay nobody waits for it: `wasi:io/poll` has its answers from the journal.
    fn timer(&mut self, after: Duration) -> wasmtime::Result<Resource<DynPollable>> {
        let timer = self.table.push(Timer { at: tokio::time::Instant::now().checked_add(after) })?;
        subscribe(&mut self.table, timer)
    }
}

/// Ready at an instant, or never, when the instant lies past the end of time.
struct Timer {
    at: Option<tokio::time::Instant>,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Timer {
    async fn ready(&mut self) {
        match self.at {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }
}

fn nanos(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_nanos()).unwrap_or(MAX_EXACT_INTEGER).min(MAX_EXACT_INTEGER)
}
