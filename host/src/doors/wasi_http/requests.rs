//! The requests that one guest has begun: each is a task of its own, which goes on when the guest no longer asks for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aos_core::failure::{ErrorCode, Failure};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::body::Written;
use super::future::Arrived;
use crate::gate::{Gate, HttpCall};
use crate::providers::MAX_BODY_BYTES;
use crate::sandbox::{Stop, caught};

/// Answers that a guest may wait for at one time. A host may have to keep all of them.
const MAX_WAITING: usize = 16;

/// Requests of one guest that are sent at one time, those included that it no longer waits for. More wait in the host.
const MAX_SENT: usize = 16;

/// Bytes of answers that a guest may hold by handle: four of the largest.
const MAX_HELD: usize = 4 * MAX_BODY_BYTES;

/// The requests of one guest.
pub(crate) struct Requests {
    tasks: JoinSet<(u32, Ended)>,
    /// Those that have not ended.
    open: BTreeSet<u32>,
    /// Those that end the invocation.
    stopped: BTreeMap<u32, Failure>,
    panic: watch::Sender<Option<Failure>>,
    permits: Arc<Semaphore>,
    places: Arc<Place>,
    written: Arc<AtomicUsize>,
    held: Arc<AtomicUsize>,
    end: Option<Instant>,
}

/// The place of one answer that a guest waits for: as many are taken as there are copies.
pub(super) struct Place;

/// Bytes of an answer, for as long as the guest has a handle to them.
pub(super) struct Held {
    all: Arc<AtomicUsize>,
    bytes: usize,
}

enum Ended {
    Settled,
    Stopped(Stop),
    /// The recorded attempt was cut off before.
    Never,
}

impl Requests {
    /// None yet.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self {
            tasks: JoinSet::new(),
            open: BTreeSet::new(),
            stopped: BTreeMap::new(),
            panic: watch::Sender::new(None),
            permits: Arc::new(Semaphore::new(MAX_SENT)),
            places: Arc::new(Place),
            written: Arc::default(),
            held: Arc::default(),
            end: None,
        }
    }

    /// Ends each of them by then, none sooner.
    pub(crate) const fn end_at(&mut self, end: Option<Instant>) {
        self.end = end;
    }

    /// Where it is told that the host panicked in one of them. To the guest, that one never ends.
    pub(crate) fn panic(&self) -> watch::Receiver<Option<Failure>> {
        self.panic.subscribe()
    }

    /// A place for one more answer, if there is one. It follows from what the guest took and dropped, not from what has
    /// arrived.
    pub(super) fn place(&self) -> Option<Arc<Place>> {
        (Arc::strong_count(&self.places) <= MAX_WAITING).then(|| Arc::clone(&self.places))
    }

    /// Counts the bytes that the guest writes.
    pub(super) fn written(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.written)
    }

    /// Counts the bytes of an answer for as long as the guest holds it.
    ///
    /// # Errors
    ///
    /// `PAYLOAD_LIMIT`.
    pub(super) fn hold(&self, bytes: usize) -> Result<Held, Stop> {
        let all = self.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let held = Held { all: Arc::clone(&self.held), bytes };
        if all > MAX_HELD {
            let message = format!("answers of {all} bytes are held, and the limit is {MAX_HELD}");
            return Err(Stop::new(Failure::new(ErrorCode::PayloadLimit, message)));
        }
        Ok(held)
    }

    /// Begins a request. Its task waits for the body, and then makes the call of the gate whose index was given.
    pub(super) fn begin(
        &mut self,
        gate: &Gate,
        index: u32,
        call: HttpCall,
        body: Option<Written>,
    ) -> oneshot::Receiver<Arrived> {
        let (tell, told) = oneshot::channel();
        let (gate, permits, end) = (gate.clone(), Arc::clone(&self.permits), self.end);
        let panic = self.panic.clone();
        self.open.insert(index);
        self.tasks.spawn(async move {
            let asked = caught(async {
                let call = with_body(call, body).await;
                // It is never closed, so the permit is always had.
                let _permit = permits.acquire_owned().await;
                gate.call_aside(index, call, end).await
            });
            let (ended, arrived) = match asked.await {
                Ok(Ok(Some(answer))) => (Ended::Settled, Arrived::Answer(answer)),
                Ok(Ok(None)) => (Ended::Never, Arrived::Never),
                Ok(Err(stop)) => (Ended::Stopped(stop.clone()), Arrived::Stopped(stop)),
                Err(failure) => {
                    panic.send_replace(Some(failure));
                    std::future::pending().await
                }
            };
            // The guest may have dropped it.
            let _ = tell.send(arrived);
            (index, ended)
        });
        told
    }

    /// Waits until all of them have ended. It may be called again when it was dropped half-way.
    pub(crate) async fn settle(&mut self) {
        while let Some(joined) = self.tasks.join_next().await {
            self.note(joined);
        }
    }

    /// Ends all of them where they are, and waits until they are gone.
    pub(crate) async fn abort(&mut self) {
        self.tasks.abort_all();
        self.settle().await;
    }

    /// Those that had no end: aborted ones, and in a replay those that the recorded attempt left so.
    #[must_use]
    pub(crate) const fn left(&self) -> &BTreeSet<u32> {
        &self.open
    }

    /// Why the invocation has to end, by the first request that says so.
    #[must_use]
    pub(crate) fn stopped(&self) -> Option<&Failure> {
        self.stopped.values().next()
    }

    fn note(&mut self, joined: Result<(u32, Ended), JoinError>) {
        match joined {
            Ok((index, Ended::Settled)) => {
                self.open.remove(&index);
            }
            Ok((index, Ended::Stopped(stop))) => {
                self.open.remove(&index);
                self.stopped.insert(index, stop.into_failure());
            }
            Ok((_, Ended::Never)) => {}
            // It was aborted: a panic is caught before.
            Err(_) => {}
        }
    }
}

/// The call with its body, as soon as that is whole.
async fn with_body(mut call: HttpCall, body: Option<Written>) -> HttpCall {
    if let Some(body) = body {
        match body.whole().await {
            Ok(bytes) => call.body = (!bytes.is_empty()).then_some(bytes),
            Err(fault) => call.fault = Some(fault),
        }
    }
    call
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
