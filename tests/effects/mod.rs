//! What a component can import: each function has a class, and does what its class says, live and in a replay.

mod classes;
mod entries;
mod links;
mod wasi_http;
