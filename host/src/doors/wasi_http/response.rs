//! `incoming-response`, `incoming-body` and `future-trailers`: an answer that is whole before the guest sees it.

use std::sync::Arc;

use bytes::Bytes;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::{
    DynInputStream, DynPollable, InputStream, Pollable, StreamError, StreamResult, subscribe,
};

use super::fields::Fields;
use super::requests::Held;
use super::types::{self, HostFutureTrailers, HostIncomingBody, HostIncomingResponse};
use crate::doors::Guest;

/// A resource `incoming-response`.
pub struct IncomingResponse {
    pub(super) status: u16,
    pub(super) headers: Fields,
    pub(super) body: Option<IncomingBody>,
}

/// A resource `incoming-body`.
pub struct IncomingBody {
    stream: Option<Reading>,
    _held: Option<Arc<Held>>,
}

/// A resource `future-trailers`. No answer has trailers.
#[derive(Default)]
pub struct FutureTrailers {
    is_taken: bool,
}

impl IncomingBody {
    pub(super) fn new(bytes: Bytes, held: Held) -> Self {
        let held = Some(Arc::new(held));
        Self { stream: Some(Reading { rest: bytes, _held: held.clone() }), _held: held }
    }

    /// The body of a request that the guest is asked. It came with its input, and counts as that.
    pub(super) fn of_input(bytes: Bytes) -> Self {
        Self { stream: Some(Reading { rest: bytes, _held: None }), _held: None }
    }
}

impl HostIncomingResponse for Guest {
    fn status(&mut self, response: Resource<IncomingResponse>) -> wasmtime::Result<u16> {
        Ok(self.table.get(&response)?.status)
    }

    fn headers(&mut self, response: Resource<IncomingResponse>) -> wasmtime::Result<Resource<Fields>> {
        let headers = self.table.get(&response)?.headers.clone();
        Ok(self.table.push(headers)?)
    }

    fn consume(
        &mut self,
        response: Resource<IncomingResponse>,
    ) -> wasmtime::Result<Result<Resource<IncomingBody>, ()>> {
        let Some(body) = self.table.get_mut(&response)?.body.take() else {
            return Ok(Err(()));
        };
        Ok(Ok(self.table.push(body)?))
    }

    fn drop(&mut self, response: Resource<IncomingResponse>) -> wasmtime::Result<()> {
        self.table.delete(response)?;
        Ok(())
    }
}

impl HostIncomingBody for Guest {
    fn stream(
        &mut self,
        body: Resource<IncomingBody>,
    ) -> wasmtime::Result<Result<Resource<DynInputStream>, ()>> {
        let Some(stream) = self.table.get_mut(&body)?.stream.take() else {
            return Ok(Err(()));
        };
        let stream: DynInputStream = Box::new(stream);
        Ok(Ok(self.table.push_child(stream, &body)?))
    }

    fn finish(&mut self, body: Resource<IncomingBody>) -> wasmtime::Result<Resource<FutureTrailers>> {
        self.table.delete(body)?;
        Ok(self.table.push(FutureTrailers::default())?)
    }

    fn drop(&mut self, body: Resource<IncomingBody>) -> wasmtime::Result<()> {
        self.table.delete(body)?;
        Ok(())
    }
}

impl HostFutureTrailers for Guest {
    fn subscribe(&mut self, trailers: Resource<FutureTrailers>) -> wasmtime::Result<Resource<DynPollable>> {
        subscribe(&mut self.table, trailers)
    }

    fn get(
        &mut self,
        trailers: Resource<FutureTrailers>,
    ) -> wasmtime::Result<Option<Result<Result<Option<Resource<Fields>>, types::ErrorCode>, ()>>> {
        let was_taken = std::mem::replace(&mut self.table.get_mut(&trailers)?.is_taken, true);
        Ok(Some(if was_taken { Err(()) } else { Ok(Ok(None)) }))
    }

    fn drop(&mut self, trailers: Resource<FutureTrailers>) -> wasmtime::Result<()> {
        self.table.delete(trailers)?;
        Ok(())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for FutureTrailers {
    async fn ready(&mut self) {}
}

/// The stream of a body: all of it is there from the start.
struct Reading {
    rest: Bytes,
    _held: Option<Arc<Held>>,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Reading {
    async fn ready(&mut self) {}
}

impl InputStream for Reading {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if self.rest.is_empty() {
            return Err(StreamError::Closed);
        }
        Ok(self.rest.split_to(size.min(self.rest.len())))
    }
}
