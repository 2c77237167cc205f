//! `wasi:http`: requests that a guest writes piece by piece and does not wait in. Each is one call of the gate, the same
//! that `aos:skill/http` makes.
//!
//! Bodies are whole on the host's side: a request's is collected before the gate sees it, an answer's is there before
//! the guest sees it. So room for writing and bytes for reading follow from what the guest did, and only one thing is
//! for the world to say: when an answer is there.

#![expect(
    unreachable_pub,
    reason = "the generator exports the types of resources again, which only public ones can be"
)]

mod bindings;
mod body;
mod error_code;
mod fields;
mod future;
mod handler;
mod request;
mod requests;
mod response;
mod served;

pub(super) use bindings::wasi::http::{outgoing_handler, types};
pub(crate) use requests::Requests;
pub(crate) use served::{Answered, Served, WholeAnswer, handle};

impl types::Host for super::Guest {
    /// No stream of these doors fails, so no error of a stream is one of HTTP.
    fn http_error_code(
        &mut self,
        _error: wasmtime::component::Resource<wasmtime_wasi::p2::IoError>,
    ) -> wasmtime::Result<Option<types::ErrorCode>> {
        Ok(None)
    }
}
