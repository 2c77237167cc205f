//! What a panic of the host becomes: a failure like any other. Whatever it happened in is dropped, and not used again.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

use aos_core::failure::{ErrorCode, Failure};
use futures_util::FutureExt as _;

use super::escaped;

/// Awaits a future, and gives `HOST_PANIC` where it panics.
pub(crate) async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(panicked)
}

/// Does something, and gives `HOST_PANIC` where it panics.
pub(crate) fn caught_in<T>(work: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).map_err(panicked)
}

/// The failure that a panic ends in, with its message.
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Failure {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a word");
    Failure::new(ErrorCode::HostPanic, format!("the host panicked: {}", escaped(text)))
}
