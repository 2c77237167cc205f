//! What is run, with what, and how it is cut short.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::Seed;
use aos_core::journal::{Cursor, Interrupted};
use aos_core::policy::Environment;
use aos_core::units::Fuel;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;
use wasmtime::Store;

use super::callee::Fault;
use super::last_words::with_last_words;
use super::prepared::{Code, ComponentCode};
use super::{Prepared, answer};
use crate::doors::{Guest, Requests};
use crate::gate::Gate;
use crate::sandbox::{YIELD_INTERVAL, caught, classify_call, classify_instantiation, loses_fuel};

/// Bytes that a guest may hand over in one call: a body of 16 MiB and its frame.
pub(super) const MAX_HANDED_OVER: usize = (16 << 20) + (1 << 16);

/// Handles that a guest may hold at one time.
const MAX_HANDLES: usize = 1024;

/// How long a request that ended at the deadline has to be written down.
const SETTLE_TIME: Duration = Duration::from_secs(2);

/// Why a run is stopped from outside of its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// Someone asked.
    Cancelled,
    /// Another step failed.
    SiblingFailed,
    /// The run's own deadline.
    Deadline,
}

impl StopReason {
    /// The failure of an attempt that is stopped for this reason.
    #[must_use]
    pub(crate) fn failure(self) -> Failure {
        match self {
            Self::Cancelled => Failure::new(ErrorCode::Cancelled, "the run was cancelled"),
            Self::SiblingFailed => Failure::new(ErrorCode::Cancelled, "stopped, as another step failed"),
            Self::Deadline => Failure::new(ErrorCode::DeadlineExceeded, "the run reached its deadline_ms"),
        }
    }
}

/// Tells the attempts of a run that it is over.
pub(super) type StopSignal = watch::Receiver<Option<StopReason>>;

/// One invocation to make.
pub(crate) struct Order {
    /// The skill.
    pub skill: Arc<Prepared>,
    /// Its way to the world.
    pub gate: Gate,
    /// What its randomness is drawn from.
    pub seed: Seed,
    /// Which attempt it is.
    pub cursor: Cursor,
    /// Its input.
    pub input: Value,
    /// The variables that it is granted.
    pub environment: Environment,
    /// Fuel that it may use.
    pub fuel: Fuel,
    /// How long it still may take, of how long in all; none in a replay, where the journal says where it ended.
    pub deadline: Option<(Duration, Duration)>,
    /// Its run's end.
    pub stop: StopSignal,
}

/// How an invocation ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The output, or why there is none.
    pub result: Result<Value, Failure>,
    /// Fuel used.
    pub fuel: Fuel,
    /// Where it was cut off, when it was.
    pub interrupted: Option<Interrupted>,
    /// The most bytes of memory that its guest had; none where there was none, or nobody knows.
    pub memory: Option<usize>,
}

impl Ended {
    /// The end of an invocation that panicked where nobody knows how much fuel it has used: it may have been all.
    pub(crate) const fn panicked(panic: Failure, fuel: Fuel) -> Self {
        Self { result: Err(panic), fuel, interrupted: Some(Interrupted::Fuel(fuel)), memory: None }
    }
}

impl Order {
    /// Makes the invocation. The store is gone when this returns, and every request that the guest began has ended.
    pub(crate) async fn run(self) -> Ended {
        let skill = Arc::clone(&self.skill);
        match &skill.code {
            Code::Component(code) => self.run_component(code).await,
            Code::Native(native) => native.invoke(self).await,
        }
    }

    async fn run_component(self, code: &ComponentCode) -> Ended {
        let Self { skill, gate, seed, cursor, input, environment, fuel, deadline, mut stop } = self;
        let callee = &code.callee;
        let deadline = deadline.map(Deadline::new);
        let mut guest = Guest::new(gate.clone(), skill.metadata.contract.memory_bytes, &seed, &cursor);
        guest.end_requests_at(deadline.map(|deadline| deadline.at));
        guest.grant(environment);
        let equipped = callee.equip(&mut guest, skill.metadata.id.as_str(), &input);
        let mut aside = guest.panic_aside();
        let mut store = Store::new(code.engine.raw(), guest);
        let mut lost_fuel = false;
        let limited = limit(&mut store, (fuel, YIELD_INTERVAL), callee.handed_over());
        let work = async {
            limited?;
            equipped?;
            callee.call(&code.pre, &mut store, &input).await.map_err(|fault| match fault {
                Fault::SettingUp(error) => classify_instantiation(&error),
                Fault::Calling(error) => {
                    lost_fuel = loses_fuel(&error);
                    with_last_words(classify_call(&error), &gate.last_words())
                }
                Fault::Input(failure) => failure,
            })
        };
        let (mut returned, cut_off) = tokio::select! {
            biased;
            failure = caught_up(&gate, stopped(&mut stop)) => (Err(failure), true),
            returned = caught(work) => returned.map_or_else(|panic| (Err(panic), true), |returned| (returned, false)),
            failure = caught_up(&gate, late(deadline, Duration::ZERO)) => (Err(failure), true),
            panic = panicked(&mut aside) => (Err(panic), true),
        };
        let used = fuel.saturating_sub(Fuel::saturating(store.get_fuel().unwrap_or_default()));
        let used = if lost_fuel { end_of_slice(used).min(fuel) } else { used };
        let place = || gate.in_flight().map_or(Interrupted::Fuel(used), Interrupted::Call);
        // Frames differ from engine to engine, and the fuel up to the end of the stack with them.
        let overflowed = matches!(&returned, Err(failure) if failure.code == ErrorCode::StackOverflow);
        let mut interrupted = if overflowed { Some(Interrupted::Fuel(used)) } else { cut_off.then(place) };
        let mut guest = store.into_data();
        let (memory, left) = (Some(guest.limiter.memory()), guest.left());
        let mut requests = guest.into_requests(cut_off).await;
        let settled = if cut_off { Ok(()) } else { settle(&mut requests, &gate, deadline, &mut stop).await };
        if let Err((failure, place)) = settled {
            (returned, interrupted) = (Err(failure), place.map(Interrupted::Call));
        }
        if let Some(failure) = requests.stopped().filter(|stop| returned.is_ok() || counts_for_more(stop)) {
            returned = Err(failure.clone());
        }
        let result = match returned {
            Ok(returned) => answer::read(callee, returned, left, (&input, &gate)).await,
            Err(failure) => Err(failure),
        };
        let result = result.map_err(|failure| answer::with_calls(callee, failure, &gate));
        Ended { result, fuel: used, interrupted, memory }
    }
}

/// The engine counts anew after each slice, so no more than the rest of one can be lost. It is billed.
fn end_of_slice(used: Fuel) -> Fuel {
    let slices = used.units() / YIELD_INTERVAL + 1;
    Fuel::saturating(slices.saturating_mul(YIELD_INTERVAL))
}

/// When an attempt has to be over, and how long it was given.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    at: Instant,
    given: Duration,
}

impl Deadline {
    pub(super) fn new((left, given): (Duration, Duration)) -> Self {
        Self { at: Instant::now() + left, given }
    }
}

/// Waits for the requests that the guest began and no longer waits for: what left is settled before the attempt ends.
/// Each ends by itself at the deadline; one that does not is cut off like a call.
async fn settle(
    requests: &mut Requests,
    gate: &Gate,
    deadline: Option<Deadline>,
    stop: &mut StopSignal,
) -> Result<(), (Failure, Option<u32>)> {
    let mut aside = requests.panic();
    let failure = tokio::select! {
        biased;
        () = requests.settle() => return gate.cut_off_aside(requests.left()).map_or(Ok(()), |failure| Err((failure, None))),
        failure = late(deadline, SETTLE_TIME) => failure,
        failure = stopped(stop) => failure,
        panic = panicked(&mut aside) => panic,
    };
    requests.abort().await;
    requests.left().first().map_or(Ok(()), |first| Err((failure, Some(*first))))
}

/// A broken proof, a lost journal or a panic counts for more than what the guest made of it.
fn counts_for_more(failure: &Failure) -> bool {
    matches!(
        failure.code,
        ErrorCode::ReplayDivergence
            | ErrorCode::ReplayExhausted
            | ErrorCode::JournalIo
            | ErrorCode::DiskFull
            | ErrorCode::JournalCorrupt
            | ErrorCode::HostPanic
    )
}

/// Sets the limits of a store. Fuel comes first, so that the setting up of a component is paid for as well.
pub(super) fn limit(
    store: &mut Store<Guest>,
    (fuel, interval): (Fuel, u64),
    handed_over: usize,
) -> Result<(), Failure> {
    store.limiter(|guest| &mut guest.limiter);
    store.set_hostcall_fuel(handed_over);
    store.set_max_component_handles(MAX_HANDLES);
    let set = store.set_fuel(fuel.units()).and_then(|()| store.fuel_async_yield_interval(Some(interval)));
    set.map_err(|error| Failure::new(ErrorCode::HostBug, format!("the engine takes no fuel: {error:#}")))
}

pub(super) async fn late(deadline: Option<Deadline>, grace: Duration) -> Failure {
    let Some(Deadline { at, given }) = deadline else { return std::future::pending().await };
    let at = at + grace;
    let mut timer = std::pin::pin!(tokio::time::sleep_until(at));
    // A guest that computes wakes its task at each yield, and a busy thread looks at its timers more rarely than that.
    std::future::poll_fn(|context| {
        let is_over = tokio::time::Instant::now() >= at;
        if is_over { Poll::Ready(()) } else { timer.as_mut().poll(context) }
    })
    .await;
    Failure::new(ErrorCode::Timeout, format!("the attempt took longer than {} ms", given.as_millis()))
}

/// A reason to cut an attempt off, as soon as it has done again what was recorded of it before its run was killed.
pub(super) async fn caught_up(gate: &Gate, reason: impl Future<Output = Failure>) -> Failure {
    let failure = reason.await;
    while !gate.has_caught_up() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    failure
}

/// Waits for a panic in a request that the guest began.
async fn panicked(aside: &mut watch::Receiver<Option<Failure>>) -> Failure {
    match aside.wait_for(Option::is_some).await.map(|panic| panic.clone()) {
        Ok(Some(panic)) => panic,
        Ok(None) | Err(_) => std::future::pending().await,
    }
}

pub(super) async fn stopped(stop: &mut StopSignal) -> Failure {
    match stop.wait_for(Option::is_some).await.map(|reason| *reason) {
        Ok(Some(reason)) => reason.failure(),
        Ok(None) | Err(_) => std::future::pending().await,
    }
}
