//! `outgoing-body`: what a guest writes is collected here, and handed over when the guest says that it is all.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aos_core::failure::{ErrorCode, Failure};
use bytes::{Bytes, BytesMut};
use tokio::sync::oneshot;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::{DynOutputStream, OutputStream, Pollable, StreamError, StreamResult};

use super::fields::Fields;
use super::types::{self, HostOutgoingBody};
use crate::doors::Guest;
use crate::providers::MAX_BODY_BYTES;
use crate::sandbox::Stop;

/// Bytes that may be written at once. It never shrinks, so that a guest cannot see how far its body has come.
const ROOM: usize = 64 * 1024;

/// Bytes of all bodies that one attempt writes: four of the largest. A host keeps them until they are sent.
const MAX_WRITTEN: usize = 4 * MAX_BODY_BYTES;

/// What becomes of a body: its bytes, or why there are none.
pub(super) struct Written(oneshot::Receiver<Result<Bytes, Failure>>);

/// A resource `outgoing-body`.
pub struct OutgoingBody {
    buffer: Arc<Mutex<Buffer>>,
    /// The stream, until the guest takes it.
    stream: Option<Writing>,
    promised: Option<u64>,
    hand_over: oneshot::Sender<Result<Bytes, Failure>>,
}

#[derive(Default)]
struct Buffer {
    bytes: BytesMut,
    is_too_large: bool,
}

impl Written {
    /// Waits until the guest has written all of it, or has let go of it.
    pub(super) async fn whole(self) -> Result<Bytes, Failure> {
        let dropped = |_| {
            let message = "the body was dropped before it was finished";
            Err(Failure::new(ErrorCode::RequestInvalid, message))
        };
        self.0.await.unwrap_or_else(dropped)
    }
}

impl OutgoingBody {
    /// A body, and where it will be handed over. `written` counts the bytes of all bodies of the attempt.
    pub(super) fn new(promised: Option<u64>, written: Arc<AtomicUsize>) -> (Self, Written) {
        let (hand_over, handed_over) = oneshot::channel();
        let buffer = Arc::<Mutex<Buffer>>::default();
        let stream = Some(Writing { buffer: Arc::clone(&buffer), written });
        (Self { buffer, stream, promised, hand_over }, Written(handed_over))
    }

    /// Hands the body over. What the guest gets is what the future will say as well.
    fn finish(self, trailers: Option<Fields>) -> Result<(), types::ErrorCode> {
        let refuse = |failure, error| (Err(failure), Err(error));
        let invalid = |message: &str| Failure::new(ErrorCode::RequestInvalid, message);
        let buffer = std::mem::take(&mut *lock(&self.buffer));
        let length = buffer.bytes.len() as u64;
        let (body, answer) = if buffer.is_too_large {
            let message = format!("the body has more than {MAX_BODY_BYTES} bytes");
            let failure = Failure::new(ErrorCode::RequestTooLarge, message);
            refuse(failure, types::ErrorCode::HttpRequestBodySize(Some(MAX_BODY_BYTES as u64)))
        } else if trailers.is_some_and(|trailers| !trailers.is_empty()) {
            let failure = invalid("trailers are not sent");
            refuse(failure, types::ErrorCode::HttpRequestTrailerSectionSize(Some(0)))
        } else if self.promised.is_some_and(|promised| promised != length) {
            let failure = invalid("the body has another length than its content-length says");
            refuse(failure, types::ErrorCode::HttpRequestBodySize(Some(length)))
        } else {
            (Ok(buffer.bytes.freeze()), Ok(()))
        };
        // Nobody takes it where the request was dropped.
        let _ = self.hand_over.send(body);
        answer
    }
}

fn lock(buffer: &Mutex<Buffer>) -> MutexGuard<'_, Buffer> {
    buffer.lock().unwrap_or_else(PoisonError::into_inner)
}

impl HostOutgoingBody for Guest {
    fn write(
        &mut self,
        body: Resource<OutgoingBody>,
    ) -> wasmtime::Result<Result<Resource<DynOutputStream>, ()>> {
        let Some(stream) = self.table.get_mut(&body)?.stream.take() else {
            return Ok(Err(()));
        };
        let stream: DynOutputStream = Box::new(stream);
        Ok(Ok(self.table.push_child(stream, &body)?))
    }

    fn finish(
        &mut self,
        body: Resource<OutgoingBody>,
        trailers: Option<Resource<Fields>>,
    ) -> wasmtime::Result<Result<(), types::ErrorCode>> {
        let trailers = trailers.map(|trailers| self.table.delete(trailers)).transpose()?;
        Ok(self.table.delete(body)?.finish(trailers))
    }

    fn drop(&mut self, body: Resource<OutgoingBody>) -> wasmtime::Result<()> {
        self.table.delete(body)?;
        Ok(())
    }
}

/// The stream of a body. It always takes what is written, until the body is too large.
struct Writing {
    buffer: Arc<Mutex<Buffer>>,
    written: Arc<AtomicUsize>,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Writing {
    async fn ready(&mut self) {}
}

impl OutputStream for Writing {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let mut buffer = lock(&self.buffer);
        if buffer.is_too_large || buffer.bytes.len() + bytes.len() > MAX_BODY_BYTES {
            *buffer = Buffer { bytes: BytesMut::new(), is_too_large: true };
            return Err(StreamError::Closed);
        }
        let all = self.written.fetch_add(bytes.len(), Ordering::Relaxed) + bytes.len();
        if all > MAX_WRITTEN {
            let message = format!("an attempt writes bodies of at most {MAX_WRITTEN} bytes in all");
            let stop = Stop::new(Failure::new(ErrorCode::PayloadLimit, message));
            return Err(StreamError::Trap(stop.into()));
        }
        buffer.bytes.extend_from_slice(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        if lock(&self.buffer).is_too_large { Err(StreamError::Closed) } else { Ok(ROOM) }
    }
}
