//! The only place that turns an error of the engine into a word of the catalogue.

use std::fmt;

use aos_core::failure::{ErrorCode, Failure};
use rustix::io::Errno;
use wasmtime::component::ResourceTableError;
use wasmtime::{OutOfMemory, PoolConcurrencyLimitError, Trap, WasmBacktrace, WasmtimeBug};
use wasmtime_wasi::I32Exit;

/// Frames of a guest's backtrace that are told.
const MAX_FRAMES: usize = 20;

/// Our own end of an invocation: a host function or the limiter returns it, and it is found again here, by type.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    failure: Failure,
}

impl Stop {
    pub(crate) const fn new(failure: Failure) -> Self {
        Self { failure }
    }

    pub(crate) const fn failure(&self) -> &Failure {
        &self.failure
    }

    pub(crate) fn into_failure(self) -> Failure {
        self.failure
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.failure, f)
    }
}

impl std::error::Error for Stop {}

/// What an error out of a call of the guest means.
pub(crate) fn classify_call(error: &wasmtime::Error) -> Failure {
    typed(error).unwrap_or_else(|| untyped(error, ErrorCode::AbiViolation))
}

/// What an error out of the setting up of a component means.
pub(crate) fn classify_instantiation(error: &wasmtime::Error) -> Failure {
    typed(error).unwrap_or_else(|| untyped(error, ErrorCode::InstantiationFailed))
}

/// Whether the engine may have lost some of the fuel of an invocation that ended so. It keeps the figure in a local, and
/// writes it down at calls, at returns and at `unreachable`, but not where an instruction traps by itself.
pub(crate) fn loses_fuel(error: &wasmtime::Error) -> bool {
    let exact = [Trap::UnreachableCodeReached, Trap::OutOfFuel, Trap::StackOverflow];
    error.downcast_ref::<Trap>().is_some_and(|trap| !exact.contains(trap))
}

fn typed(error: &wasmtime::Error) -> Option<Failure> {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return Some(stop.failure.clone());
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return Some(trapped(*trap, error));
    }
    if let Some(I32Exit(status)) = error.downcast_ref::<I32Exit>() {
        let message = format!("the component called exit with status {status}");
        return Some(Failure::new(ErrorCode::SkillExit, message));
    }
    if let Some(error) = error.downcast_ref::<ResourceTableError>() {
        return Some(wrong_handle(error));
    }
    of_host(error)
}

fn wrong_handle(error: &ResourceTableError) -> Failure {
    match error {
        ResourceTableError::Full => {
            Failure::new(ErrorCode::HandleLimit, "the component holds too many handles")
        }
        other => Failure::new(ErrorCode::AbiViolation, format!("the component used a wrong handle: {other}")),
    }
}

/// An error that is no fault of the component: the machine's, the pool's or the engine's own.
fn of_host(error: &wasmtime::Error) -> Option<Failure> {
    let told = |code| Some(Failure::new(code, format!("{error:#}")));
    if is_out_of_memory(error) {
        told(ErrorCode::HostOutOfMemory)
    } else if error.is::<PoolConcurrencyLimitError>() {
        told(ErrorCode::ConcurrencyLimit)
    } else if error.is::<WasmtimeBug>() {
        told(ErrorCode::HostBug)
    } else {
        None
    }
}

/// Whether the machine gave no memory: to the engine's own allocations, or where it maps memory and stacks of guests.
pub(super) fn is_out_of_memory(error: &wasmtime::Error) -> bool {
    error.is::<OutOfMemory>() || error.downcast_ref::<Errno>().is_some_and(|errno| *errno == Errno::NOMEM)
}

fn trapped(trap: Trap, error: &wasmtime::Error) -> Failure {
    let frames = frames(error);
    let place = frames.first().map_or_else(String::new, |frame| format!(" in {frame}"));
    with_frames(Failure::new(code_of(trap), format!("{trap}{place}")).with_subcode(name_of(trap)), &frames)
}

fn with_frames(failure: Failure, frames: &[String]) -> Failure {
    if frames.is_empty() { failure } else { failure.with_details(serde_json::json!({ "frames": frames })) }
}

/// Every trap that the engine knows, by name, and what it ends as. A trap of a proposal that is turned off, or of a part of
/// the engine that is not built, is in it as well.
///
/// ```
/// let (_, code) = aos_host::traps().find(|(name, _)| name == "OutOfFuel").unwrap();
/// assert_eq!(code.as_str(), "FUEL_EXHAUSTED");
/// ```
pub fn traps() -> impl Iterator<Item = (String, ErrorCode)> {
    (0..=u8::MAX).filter_map(Trap::from_u8).map(|trap| (name_of(trap), code_of(trap)))
}

fn name_of(trap: Trap) -> String {
    format!("{trap:?}")
}

fn code_of(trap: Trap) -> ErrorCode {
    match trap {
        Trap::StackOverflow => ErrorCode::StackOverflow,
        Trap::OutOfFuel => ErrorCode::FuelExhausted,
        Trap::Interrupt => ErrorCode::Timeout,
        Trap::AllocationTooLarge => ErrorCode::MemoryLimit,
        Trap::CannotEnterComponent | Trap::CannotLeaveComponent => ErrorCode::ReentrancyDenied,
        Trap::AsyncDeadlock | Trap::CannotBlockSyncTask => ErrorCode::Deadlock,
        trap if breaks_abi(trap) => ErrorCode::AbiViolation,
        Trap::DisabledOpcode
        | Trap::DebugAssertStringEncodingFinished
        | Trap::DebugAssertEqualCodeUnits
        | Trap::DebugAssertPointerAligned
        | Trap::DebugAssertUpperBitsUnset => ErrorCode::HostBug,
        _ => ErrorCode::SkillTrap,
    }
}

/// Values that the canonical ABI does not allow, and steps that its asynchronous part does not.
const fn breaks_abi(trap: Trap) -> bool {
    matches!(
        trap,
        Trap::InvalidChar
            | Trap::StringOutOfBounds
            | Trap::ListOutOfBounds
            | Trap::InvalidDiscriminant
            | Trap::UnalignedPointer
            | Trap::NoAsyncResult
            | Trap::TaskCancelNotCancelled
            | Trap::TaskCancelOrReturnTwice
            | Trap::TaskReturnInvalid
            | Trap::SubtaskCancelAfterTerminal
            | Trap::SubtaskDropNotResolved
            | Trap::WaitableSetDropHasWaiters
            | Trap::WaitableSyncAndAsync
            | Trap::ThreadNewIndirectInvalidType
            | Trap::ThreadNewIndirectUninitialized
            | Trap::CannotResumeThread
            | Trap::BackpressureOverflow
            | Trap::UnsupportedCallbackCode
            | Trap::ConcurrentFutureStreamOp
            | Trap::StreamOpTooBig
            | Trap::ReferenceCountOverflow
    )
}

/// Names of the guest's own functions. A component chooses them, so control characters are escaped.
fn frames(error: &wasmtime::Error) -> Vec<String> {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return Vec::new();
    };
    let name = |frame: &wasmtime::FrameInfo| {
        let name = frame.symbols().first().and_then(|symbol| symbol.name()).or_else(|| frame.func_name());
        let shown: String = name.map_or_else(
            || format!("function {}", frame.func_index()),
            // Without the hash at its end, which means nothing to people.
            |name| format!("{:#}", rustc_demangle::demangle(name)),
        );
        shown.chars().take(120).collect::<String>().escape_debug().to_string()
    };
    backtrace.frames().iter().take(MAX_FRAMES).map(name).collect()
}

/// Three limits of the engine come as text alone; a test for each fails when an upgrade changes its words.
fn untyped(error: &wasmtime::Error, otherwise: ErrorCode) -> Failure {
    let text = format!("{:#}", error.root_cause());
    let code = if text.contains("fuel allocated for hostcalls") {
        ErrorCode::PayloadLimit
    } else if text.contains("count too high") {
        ErrorCode::InstanceLimit
    } else if text.contains("handle limit exceeded") {
        ErrorCode::HandleLimit
    } else {
        otherwise
    };
    with_frames(Failure::new(code, text), &frames(error))
}
