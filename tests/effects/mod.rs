//! What a component can import: each function has a class, and does what its class says, live and in a replay.

mod callers;
mod classes;
mod denied;
mod entries;
mod links;
mod panics;
mod wasi_http;
mod wasi_http_codes;
