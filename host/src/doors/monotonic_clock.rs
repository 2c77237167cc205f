//! `wasi:clocks/monotonic-clock`: 0 at the start of the run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
        self.timer(|now| Duration::from_nanos(when.saturating_sub(nanos(now))))
    }

    fn subscribe_duration(&mut self, duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.timer(|_| Duration::from_nanos(duration))
    }
}

impl Guest {
    /// A timer of the world. In a replay it is ready from the start: `wasi:io/poll` knows whether it was.
    fn timer(&mut self, after: impl FnOnce(Duration) -> Duration) -> wasmtime::Result<Resource<DynPollable>> {
        let at = self.gate.elapsed().map_or(At::Once, |now| {
            tokio::time::Instant::now().checked_add(after(now)).map_or(At::Never, At::Instant)
        });
        let timer = self.table.push(Timer { at, is_recorded: Arc::clone(&self.looks_back) })?;
        subscribe(&mut self.table, timer)
    }
}

struct Timer {
    at: At,
    /// Whether what is waited for was recorded as ready. Then time has passed already, in a run that was killed as well.
    is_recorded: Arc<AtomicBool>,
}

enum At {
    Instant(tokio::time::Instant),
    /// It lies past the end of time.
    Never,
    Once,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Timer {
    async fn ready(&mut self) {
        match self.at {
            _ if self.is_recorded.load(Ordering::Relaxed) => {}
            At::Instant(at) => tokio::time::sleep_until(at).await,
            At::Never => std::future::pending().await,
            At::Once => {}
        }
    }
}

fn nanos(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_nanos()).unwrap_or(MAX_EXACT_INTEGER).min(MAX_EXACT_INTEGER)
}
