//! `aos serve`, over HTTP.

mod access;
mod bad_input;
pub(crate) mod client;
mod crashed;
mod document;
mod runs;
