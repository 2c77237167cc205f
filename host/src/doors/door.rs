//! The door of a skill in Rust: the same gate, without WIT.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aos_core::failure::Failure;
use aos_core::ids::Seed;
use aos_core::journal::Cursor;
use aos_core::units::Timestamp;
use serde_json::json;
use tokio::sync::watch;

use super::random::SeededRandom;
use crate::gate::{Gate, HttpCall, LlmCall};
use crate::providers::{ChatRequest, ChatResponse, HttpRequest, HttpResponse};
use crate::sandbox::Stop;

/// How a line for the journal matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
/// allowed, paid for and recorded, and a replay answers it from the journal. A clone is the same door.
///
/// What ends an invocation (a refused reservation, a journal that cannot be written, a replay that parts) ends it in the
/// call that met it, which then never returns.
#[derive(Clone)]
pub struct Door {
    gate: Gate,
    random: Arc<Mutex<SeededRandom>>,
    stopped: watch::Sender<Option<Failure>>,
}

impl Door {
    pub(crate) fn new(gate: Gate, seed: &Seed, cursor: &Cursor) -> Self {
        let random = Arc::new(Mutex::new(SeededRandom::new(seed, cursor)));
        Self { gate, random, stopped: watch::Sender::new(None) }
    }

    /// Where it is told that the invocation has to end.
    pub(crate) fn stopped(&self) -> watch::Receiver<Option<Failure>> {
        self.stopped.subscribe()
    }

    /// Sends a request, and waits for the whole answer. Redirects are not followed; a status is no error.
    ///
    /// # Errors
    ///
    /// A failure of the catalogue, such as `DESTINATION_DENIED` for a host that is not granted, or `TIMEOUT`.
    pub async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Failure> {
        let timeout_ms = u32::try_from(request.timeout.as_millis()).ok().filter(|millis| *millis > 0);
        let call = HttpCall {
            method: request.method,
            url: request.url.to_string(),
            headers: request.headers,
            body: (!request.body.is_empty()).then_some(request.body),
            timeout_ms,
            idempotency_key: None,
            fault: None,
            parsed: OnceLock::new(),
        };
        let (_, answer) = self.or_end(self.gate.call(call).await).await;
        answer.map(|answer| HttpResponse {
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
    pub async fn ask(&self, question: ChatRequest) -> Result<ChatResponse, Failure> {
        let call = LlmCall { question, timeout_ms: None, fault: None };
        let (_, answer) = self.or_end(self.gate.call(call).await).await;
        answer.map(|answer| answer.response)
    }

    /// Writes a line into the journal.
    pub async fn log(&self, level: LogLevel, message: &str) {
        let word = match level {
            LogLevel::Trace => "trace",
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        };
        let written = self.gate.emit("log.log", word, message.as_bytes());
        self.or_end(written).await;
    }

    /// The date. A replay has the recorded one.
    pub async fn now(&self) -> Timestamp {
        let epoch = json!(Timestamp::EPOCH);
        let seen = self.gate.observe("wall-clock.now", epoch, |run| json!(run.world.clock.wall()));
        let seen = self.or_end(seen).await;
        seen.as_str().and_then(|text| text.parse().ok()).unwrap_or(Timestamp::EPOCH)
    }

    /// Randomness that follows from the run's seed, so that a replay draws the same.
    #[must_use]
    pub fn random(&self) -> [u8; 32] {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).draw_32()
    }

    /// What a call came to; or the end of the invocation, which does not come back.
    async fn or_end<T>(&self, came: Result<T, Stop>) -> T {
        match came {
            Ok(value) => value,
            Err(stop) => {
                self.stopped.send_replace(Some(stop.into_failure()));
                std::future::pending().await
            }
        }
    }
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").finish_non_exhaustive()
    }
}
