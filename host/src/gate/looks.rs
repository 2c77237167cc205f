//! What crosses the gate beside calls: looks at what changes by itself, text, and what is never allowed.

use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::journal::{
    CallClass, Divergence, Emitted, Event, Intent, Interrupted, Observed, Recalled, Replayer,
};
use aos_core::outcome::Spending;
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
            Side::Live { run, .. } => {
                if let Some(seen) = self.seen_before(run, index, name)? {
                    return Ok(seen);
                }
                self.record(run, |_| {
                    let value = look(run);
                    (Event::Observed(Observed { index, call: name.to_owned(), value: value.clone() }), value)
                })
            }
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
                if let Some(seen) = self.seen_before(run, index, name)? {
                    return self.drive(name, index, seen, look).await;
                }
                self.progress().in_flight = Some(index);
                let value = match run.rehearsing() {
                    // Nothing of a rehearsal becomes ready by itself later.
                    Some(_) => self.at_once(name, index, look(None)).await?,
                    None => look(None).await?,
                };
                self.progress().in_flight = None;
                let observed = Observed { index, call: name.to_owned(), value: value.clone() };
                self.record(run, |_| (Event::Observed(observed), ()))?;
                Ok(value)
            }
            Side::Replay(replayer) => {
                let seen = self.seen(replayer, index, name)?;
                self.drive(name, index, seen, look).await
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
        if target == "stderr" {
            self.progress().wrote(bytes);
        }
        let text = std::str::from_utf8(bytes).map_or_else(
            |_| json!({ "base64": base64::engine::general_purpose::STANDARD.encode(bytes) }),
            |text| Value::String(text.to_owned()),
        );
        let emitted = Emitted { index, call: name.to_owned(), target: target.to_owned(), text };
        match &self.0.side {
            Side::Live { run, .. } => match run.past().filter(|past| past.has(&self.0.cursor, index)) {
                Some(past) => self.emitted_before(past.replayer(), &emitted),
                None => self.record(run, |_| (Event::Emitted(emitted), ())),
            },
            Side::Replay(replayer) => self.emitted_before(replayer, &emitted),
            Side::Nowhere => Ok(()),
        }
    }

    /// The end of what the guest wrote to its standard error: in a guest that gave up, why.
    #[must_use]
    pub(crate) fn last_words(&self) -> String {
        self.progress().last_words()
    }

    /// What the host recorded of all calls that failed, by their indices; without those that no skill may make, which
    /// language runtimes make at their start and do without.
    #[must_use]
    pub(crate) fn failed_calls(&self) -> Vec<(u32, Failure)> {
        self.progress().failed_calls()
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
            repeatable: true,
            held: Money::ZERO,
            held_for: Spending::default(),
            clamped_to: None,
        };
        let failure = match &self.0.side {
            Side::Live { run, .. } => self.deny_live(run, intent, target)?,
            Side::Replay(replayer) => self.denied_before(replayer, &intent)?.unwrap_or_else(no_world),
            Side::Nowhere => return Ok(no_world()),
        };
        self.progress().denied(index, failure.clone());
        Ok(failure)
    }

    fn deny_live(&self, run: &LiveRun, intent: Intent, target: &str) -> Result<Failure, Stop> {
        let index = intent.index;
        match run.past().filter(|past| past.has(&self.0.cursor, index)) {
            Some(past) => {
                if let Some(failure) = self.denied_before(past.replayer(), &intent)? {
                    return Ok(failure);
                }
            }
            None => self.record(run, |_| (Event::Intent(intent), ()))?,
        }
        let message = format!("{target} is not open to skills");
        self.refused(run, index, Failure::new(ErrorCode::CapabilityDenied, message), false)
    }

    fn emitted_before(&self, replayer: &Replayer, emitted: &Emitted) -> Result<(), Stop> {
        let repeated = replayer.emitted(&self.0.cursor, emitted);
        repeated.map_err(|found| self.parted(replayer, emitted.index, found))
    }

    /// The recorded denial; none where the run was killed before it was recorded.
    fn denied_before(&self, replayer: &Replayer, intent: &Intent) -> Result<Option<Failure>, Stop> {
        let recalled = replayer.recall(&self.0.cursor, intent);
        match recalled.map_err(|found| self.parted(replayer, intent.index, found))? {
            Recalled::Result(result) => Ok(Some(result.failure.clone().unwrap_or_else(no_world))),
            Recalled::CutOff => Ok(None),
        }
    }

    /// What a run that knows something already saw here.
    fn seen_before(&self, run: &LiveRun, index: u32, name: &str) -> Result<Option<Value>, Stop> {
        if let Some(past) = run.past().filter(|past| past.has(&self.0.cursor, index)) {
            return self.seen(past.replayer(), index, name).map(Some);
        }
        let Some(rehearsing) = run.rehearsing() else { return Ok(None) };
        let known = &rehearsing.known;
        let cut = known.ended(&self.0.cursor).and_then(|ended| ended.interrupted);
        if cut == Some(Interrupted::Call(index)) {
            return Err(self.cut_off(index));
        }
        let Some(value) = known.observed(&self.0.cursor, index, name) else { return Ok(None) };
        let observed = Observed { index, call: name.to_owned(), value: value.clone() };
        self.record(run, |_| (Event::Observed(observed), ()))?;
        Ok(Some(value))
    }

    /// Sees to it that what the journal calls ready is there for the guest.
    async fn drive(
        &self,
        name: &str,
        index: u32,
        seen: Value,
        look: impl AsyncFnOnce(Option<&Value>) -> wasmtime::Result<Value>,
    ) -> wasmtime::Result<Value> {
        self.at_once(name, index, look(Some(&seen))).await?;
        Ok(seen)
    }

    /// Waits for what the journal and the guest alone decide.
    async fn at_once<T>(
        &self,
        name: &str,
        index: u32,
        look: impl Future<Output = wasmtime::Result<T>>,
    ) -> wasmtime::Result<T> {
        tokio::time::timeout(READY_LIMIT, look).await.map_err(|_| self.never_ready(name, index))?
    }

    fn seen(&self, replayer: &Replayer, index: u32, name: &str) -> Result<Value, Stop> {
        match replayer.observed(&self.0.cursor, index, name) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(self.cut_off(index)),
            Err(found) => Err(self.parted(replayer, index, found)),
        }
    }

    fn never_ready(&self, name: &str, index: u32) -> Stop {
        let what = format!("{name} waits for something that was ready and does not become ready now");
        let found = Divergence::unmatched(ErrorCode::ReplayDivergence, what);
        Stop::new(found.at(&self.0.cursor, Some(index)).into())
    }
}
