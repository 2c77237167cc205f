//! What crosses the gate beside calls: looks at what changes by itself, text, and what is never allowed.

use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::journal::{CallClass, Divergence, Emitted, Event, Intent, Observed, Recalled, Replayer};
use aos_core::units::Money;
use base64::Engine as _;
use serde_json::{Value, json};

use super::crossing::{Side, no_world};
use super::{Gate, LiveRun};
use crate::sandbox::Stop;

/// How long a replay gives what the journal calls ready to be ready. All of it comes from the journal, so it takes no
/// time; the limit is for a guest that does not do again what it did.
const READY_LIMIT: Duration = Duration::from_secs(10);

impl Gate {
    /// A look at something that changes by itself.
    ///
    /// # Errors
    ///
    /// As [`Gate::call`].
    pub(crate) fn observe(
        &self,
        name: &'static str,
        nowhere: Value,
        look: impl FnOnce(&LiveRun) -> Value,
    ) -> Result<Value, Stop> {
        let index = self.next_index()?;
        match &self.0.side {
            Side::Live { run, .. } => self.record(run, |_| {
                let value = look(run);
                (Event::Observed(Observed { index, call: name.to_owned(), value: value.clone() }), value)
            }),
            Side::Replay(replayer) => self.seen(replayer, index, name),
            Side::Nowhere => Ok(nowhere),
        }
    }

    /// A look at something that has to be waited for. `look` gets what the journal says was seen, in a replay: it does
    /// not wait for the world then, but sees to it that what the journal calls ready is there for the guest.
    ///
    /// # Errors
    ///
    /// As [`Gate::call`], what the look itself gives, and `REPLAY_DIVERGENCE` for something that does not become ready
    /// and was.
    pub(crate) async fn observe_after(
        &self,
        name: &'static str,
        nowhere: Value,
        look: impl AsyncFnOnce(Option<&Value>) -> wasmtime::Result<Value>,
    ) -> wasmtime::Result<Value> {
        let index = self.next_index()?;
        match &self.0.side {
            Side::Live { run, .. } => {
                self.progress().in_flight = Some(index);
                let value = look(None).await?;
                self.progress().in_flight = None;
                let observed = Observed { index, call: name.to_owned(), value: value.clone() };
                self.record(run, |_| (Event::Observed(observed), ()))?;
                Ok(value)
            }
            Side::Replay(replayer) => {
                let seen = self.seen(replayer, index, name)?;
                let look = look(Some(&seen));
                tokio::time::timeout(READY_LIMIT, look)
                    .await
                    .map_err(|_| self.never_ready(name, index))??;
                Ok(seen)
            }
            Side::Nowhere => Ok(nowhere),
        }
    }

    /// Text that the guest writes.
    ///
    /// # Errors
    ///
    /// `LOG_LIMIT`, and as [`Gate::call`].
    pub(crate) fn emit(&self, name: &'static str, target: &str, bytes: &[u8]) -> Result<(), Stop> {
        let index = self.progress().next_log(bytes.len())?;
        let text = std::str::from_utf8(bytes).map_or_else(
            |_| json!({ "base64": base64::engine::general_purpose::STANDARD.encode(bytes) }),
            |text| Value::String(text.to_owned()),
        );
        let emitted = Emitted { index, call: name.to_owned(), target: target.to_owned(), text };
        match &self.0.side {
            Side::Live { run, .. } => self.record(run, |_| (Event::Emitted(emitted), ())),
            Side::Replay(replayer) => {
                replayer.emitted(&self.0.cursor, &emitted).map_err(|found| Stop::new(found.into()))
            }
            Side::Nowhere => Ok(()),
        }
    }

    /// A call that no skill may make. The failure is for the guest, in whatever form its interface has for it.
    ///
    /// # Errors
    ///
    /// As [`Gate::call`].
    pub(crate) fn deny(&self, name: &'static str, target: &str) -> Result<Failure, Stop> {
        let index = self.progress().next_crossing()?;
        let intent = Intent {
            index,
            call: name.to_owned(),
            class: CallClass::Denied,
            target: target.to_owned(),
            request: Value::Null,
            held: Money::ZERO,
        };
        match &self.0.side {
            Side::Live { run, .. } => {
                self.record(run, |_| (Event::Intent(intent), ()))?;
                let message = format!("{target} is not open to skills");
                self.refused(run, index, Failure::new(ErrorCode::CapabilityDenied, message), false)
            }
            Side::Replay(replayer) => match replayer.recall(&self.0.cursor, &intent) {
                Ok(Recalled::Result(result)) => Ok(result.failure.unwrap_or_else(no_world)),
                Ok(Recalled::CutOff) => Ok(no_world()),
                Err(found) => Err(Stop::new(found.into())),
            },
            Side::Nowhere => Ok(no_world()),
        }
    }

    fn seen(&self, replayer: &Replayer, index: u32, name: &str) -> Result<Value, Stop> {
        match replayer.observed(&self.0.cursor, index, name) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(self.cut_off(index)),
            Err(found) => Err(Stop::new(found.into())),
        }
    }

    fn never_ready(&self, name: &str, index: u32) -> Stop {
        let what = format!("{name} saw something ready in the recorded run that does not become ready now");
        let found = Divergence::unmatched(ErrorCode::ReplayDivergence, what);
        Stop::new(found.at(&self.0.cursor, Some(index)).into())
    }
}
