//! The door of a skill in Rust: the same gate, without WIT.

use std::sync::OnceLock;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::Seed;
use aos_core::journal::Cursor;
use aos_core::units::Timestamp;
use serde_json::json;
use tokio::sync::watch;

use super::random::SeededRandom;
use crate::gate::{Gate, HostCall, HttpCall, LlmCall};
use crate::providers::{ChatRequest, ChatResponse, HttpRequest, HttpResponse};
use crate::sandbox::Stop;

/// How a line for the journal matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogLevel {
    /// Every small step.
    Trace,
    /// For the one who writes the skill.
    Debug,
    /// For the one who runs it.
    Info,
    /// Something is odd.
    Warn,
    /// Something failed.
    Error,
}

/// The way to the world of one invocation of a [`NativeSkill`](crate::NativeSkill). Every call passes the gate: it is
/// allowed, paid for and recorded, and a replay answers it from the journal. Calls are made one after the other, so that a
/// replay makes them in the same order.
///
/// What ends an invocation (a refused reservation, a journal that cannot be written, a replay that parts) ends it in the
/// call that met it, which then never returns. A call that is dropped before it has returned, such as by a timeout of the
/// skill's own, ends the invocation as well: nobody could say when that was.
pub struct Door {
    gate: Gate,
    random: SeededRandom,
    ended: watch::Sender<Option<EndedBy>>,
}

/// Why an invocation has to end.
#[derive(Debug, Clone)]
pub(crate) struct EndedBy {
    /// The failure that it ends with.
    pub(crate) failure: Failure,
    /// Whether a call has no result.
    pub(crate) cut_off: bool,
}

impl Door {
    pub(crate) fn new(gate: Gate, seed: &Seed, cursor: &Cursor) -> Self {
        Self { gate, random: SeededRandom::new(seed, cursor), ended: watch::Sender::new(None) }
    }

    /// Where it is told that the invocation has to end.
    pub(crate) fn ended(&self) -> watch::Receiver<Option<EndedBy>> {
        self.ended.subscribe()
    }

    /// Sends a request, and waits for the whole answer. Redirects are not followed; a status is no error.
    ///
    /// # Errors
    ///
    /// A failure of the catalogue, such as `DESTINATION_DENIED` for a host that is not granted, or `TIMEOUT`.
    pub async fn send(&mut self, request: HttpRequest) -> Result<HttpResponse, Failure> {
        let timeout_ms = u32::try_from(request.timeout.as_millis()).ok().filter(|millis| *millis > 0);
        let answer = self.call(HttpCall {
            method: request.method,
            url: request.url.to_string(),
            headers: request.headers,
            body: (!request.body.is_empty()).then_some(request.body),
            timeout_ms,
            idempotency_key: None,
            fault: None,
            parsed: OnceLock::new(),
        });
        answer.await.map(|answer| HttpResponse {
            status: answer.status,
            headers: answer.headers,
            body: answer.body.into_bytes().into(),
        })
    }

    /// Asks a model, and waits for the whole answer.
    ///
    /// # Errors
    ///
    /// A failure of the catalogue, such as `CAPABILITY_DENIED` for a model that is not granted.
    pub async fn ask(&mut self, question: ChatRequest) -> Result<ChatResponse, Failure> {
        let answer = self.call(LlmCall { question, timeout_ms: None, fault: None });
        answer.await.map(|answer| answer.response)
    }

    /// Writes a line into the journal.
    pub async fn log(&mut self, level: LogLevel, message: &str) {
        let word = match level {
            LogLevel::Trace => "trace",
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        };
        self.has_not_ended().await;
        let written = self.gate.emit("log.log", word, message.as_bytes());
        self.or_end(written).await;
    }

    /// The date. A replay has the recorded one.
    pub async fn now(&mut self) -> Timestamp {
        self.has_not_ended().await;
        let epoch = json!(Timestamp::EPOCH);
        let seen = self.gate.observe("wall-clock.now", epoch, |run| json!(run.world.clock.wall()));
        let seen = self.or_end(seen).await;
        seen.as_str().and_then(|text| text.parse().ok()).unwrap_or(Timestamp::EPOCH)
    }

    /// Randomness that follows from the run's seed, so that a replay draws the same.
    #[must_use]
    pub fn random(&mut self) -> [u8; 32] {
        self.random.draw_32()
    }

    async fn call<C: HostCall>(&self, call: C) -> Result<C::Answer, Failure> {
        self.has_not_ended().await;
        let guard = DropGuard { ended: &self.ended };
        let came = self.gate.call(call).await;
        std::mem::forget(guard);
        self.or_end(came).await.1
    }

    /// Does not come back once the invocation has to end: nothing leaves any more, and nothing is recorded.
    async fn has_not_ended(&self) {
        let has_ended = self.ended.borrow().is_some();
        if has_ended {
            std::future::pending().await
        }
    }

    /// What a call came to; or the end of the invocation, which does not come back.
    async fn or_end<T>(&self, came: Result<T, Stop>) -> T {
        match came {
            Ok(value) => value,
            Err(stop) => {
                let ended = EndedBy { failure: stop.into_failure(), cut_off: false };
                self.ended.send_replace(Some(ended));
                std::future::pending().await
            }
        }
    }
}

/// Ends the invocation when a call is dropped.
struct DropGuard<'a> {
    ended: &'a watch::Sender<Option<EndedBy>>,
}

impl Drop for DropGuard<'_> {
    fn drop(&mut self) {
        let message = "the skill dropped a call before it had returned";
        let failure = Failure::new(ErrorCode::SkillError, message).with_subcode("call-dropped");
        self.ended.send_replace(Some(EndedBy { failure, cut_off: true }));
    }
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").finish_non_exhaustive()
    }
}
