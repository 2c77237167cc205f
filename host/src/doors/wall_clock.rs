//! `wasi:clocks/wall-clock`: read from the world once, and from the journal ever after.

use std::time::Duration;

use aos_core::units::Timestamp;
use serde_json::json;
use wasmtime_wasi::p2::bindings::clocks::wall_clock::{Datetime, Host};

use super::Guest;

impl Host for Guest {
    fn now(&mut self) -> wasmtime::Result<Datetime> {
        let seen = self
            .gate
            .observe("wall-clock.now", json!(Timestamp::EPOCH), |run| json!(run.world.clock.wall()))?;
        let since = seen.as_str().and_then(|text| text.parse::<Timestamp>().ok()).unwrap_or(Timestamp::EPOCH);
        let since: Duration = since.since_epoch();
        Ok(Datetime { seconds: since.as_secs(), nanoseconds: since.subsec_nanos() })
    }

    fn resolution(&mut self) -> wasmtime::Result<Datetime> {
        Ok(Datetime { seconds: 0, nanoseconds: 1 })
    }
}
