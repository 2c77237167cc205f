//! `future-incoming-response`: an answer that may not be there yet.

use std::sync::Arc;

use aos_core::failure::{ErrorCode, Failure};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use super::error_code::error_code;
use super::fields::Fields;
use super::requests::Place;
use super::response::{IncomingBody, IncomingResponse};
use super::types::{self, HostFutureIncomingResponse};
use crate::doors::Guest;
use crate::gate::HttpAnswer;
use crate::sandbox::Stop;

/// What became of a request.
pub(super) enum Arrived {
    /// An answer, or a failure for the guest.
    Answer(Result<HttpAnswer, Failure>),
    /// The end of the invocation.
    Stopped(Stop),
    /// Nothing ever: the recorded attempt was cut off before.
    Never,
}

/// A resource `future-incoming-response`.
pub struct FutureResponse {
    state: State,
    place: Option<Arc<Place>>,
}

enum State {
    Waiting(oneshot::Receiver<Arrived>),
    Arrived(Arrived),
    Taken,
}

impl FutureResponse {
    pub(super) const fn new(told: oneshot::Receiver<Arrived>, place: Arc<Place>) -> Self {
        Self { state: State::Waiting(told), place: Some(place) }
    }

    const fn is_taken(&self) -> bool {
        matches!(self.state, State::Taken)
    }

    /// Whether it has arrived by now.
    fn has_arrived(&mut self) -> bool {
        if let State::Waiting(told) = &mut self.state {
            match told.try_recv() {
                Ok(arrived) => self.state = State::Arrived(arrived),
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Closed) => self.state = State::Arrived(lost()),
            }
        }
        !matches!(self.state, State::Arrived(Arrived::Never))
    }

    fn take(&mut self) -> Option<Arrived> {
        self.place = None;
        match std::mem::replace(&mut self.state, State::Taken) {
            State::Arrived(arrived) => Some(arrived),
            State::Waiting(_) | State::Taken => None,
        }
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for FutureResponse {
    async fn ready(&mut self) {
        if let State::Waiting(told) = &mut self.state {
            let arrived = told.await.unwrap_or_else(|_| lost());
            self.state = State::Arrived(arrived);
        }
        if matches!(self.state, State::Arrived(Arrived::Never)) {
            std::future::pending::<()>().await;
        }
    }
}

/// The task of a request is gone without a word.
fn lost() -> Arrived {
    Arrived::Stopped(Stop::new(Failure::new(ErrorCode::HostBug, "a request was lost in the host")))
}

/// An answer, an error, or the word that it was taken before.
type Answered = Result<Result<Resource<IncomingResponse>, types::ErrorCode>, ()>;

impl HostFutureIncomingResponse for Guest {
    fn subscribe(&mut self, future: Resource<FutureResponse>) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(&mut self.table, future)
    }

    /// Whether the answer is there is for the world to say; whether it was taken before is not.
    async fn get(&mut self, future: Resource<FutureResponse>) -> wasmtime::Result<Option<Answered>> {
        let own = self.table.get_mut(&future)?;
        if own.is_taken() {
            return Ok(Some(Err(())));
        }
        let look = async move |known: Option<&Value>| {
            match known {
                None => return Ok(json!(own.has_arrived())),
                Some(Value::Bool(true)) => own.ready().await,
                Some(_) => {}
            }
            Ok(Value::Null)
        };
        let seen = self.gate.observe_after("future-incoming-response.get", json!(false), look).await?;
        if seen != Value::Bool(true) {
            return Ok(None);
        }
        match self.table.get_mut(&future)?.take() {
            Some(Arrived::Answer(Ok(answer))) => Ok(Some(Ok(Ok(self.response(answer)?)))),
            Some(Arrived::Answer(Err(failure))) => Ok(Some(Ok(Err(error_code(&failure))))),
            Some(Arrived::Stopped(stop)) => Err(stop.into()),
            Some(Arrived::Never) | None => Ok(None),
        }
    }

    fn drop(&mut self, future: Resource<FutureResponse>) -> wasmtime::Result<()> {
        self.table.delete(future)?;
        Ok(())
    }
}

impl Guest {
    fn response(&mut self, answer: HttpAnswer) -> wasmtime::Result<Resource<IncomingResponse>> {
        let bytes = Bytes::from(answer.body.into_bytes());
        let held = self.requests.hold(bytes.len())?;
        let response = IncomingResponse {
            status: answer.status,
            headers: Fields::of_answer(answer.headers),
            body: Some(IncomingBody::new(bytes, held)),
        };
        Ok(self.table.push(response)?)
    }
}
