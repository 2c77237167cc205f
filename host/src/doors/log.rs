//! `aos:skill/log`: lines for the journal.

use super::Guest;
use crate::sandbox::bindings::aos::skill::log::{Host, Level};

impl Host for Guest {
    async fn log(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            Level::Trace => "trace",
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        };
        Ok(self.gate.emit("log.log", level, message.as_bytes())?)
    }
}
