//! `aos serve`, over HTTP.

mod access;
mod bad_input;
mod client;
mod crashed;
mod document;
mod runs;
