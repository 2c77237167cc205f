//! What a component can import: each function has a class, and does what its class says, live and in a replay.

mod classes;
mod entries;
mod wasi_http;
mod wasi_http_codes;
