//! One file an interface: a door converts in, calls the gate, converts out. None holds policy, money or journal.

mod door;
mod environment;
mod exit;
mod filesystem;
mod guest;
mod http;
mod linker;
mod llm;
mod log;
mod monotonic_clock;
mod panic_point;
mod poll;
mod program;
mod random;
mod sockets;
mod stdio;
mod wall_clock;
mod wasi_http;
mod wire;

pub(crate) use door::EndedBy;
pub use door::{Door, LogLevel};
pub(crate) use guest::Guest;
pub use linker::EffectClass;
pub(crate) use linker::{ImportRow, imports, linker};
pub(crate) use panic_point::PanicPoint;
pub(crate) use program::{Program, value_of};
pub(crate) use wasi_http::{Answered, Requests, Served, WholeAnswer, handle};
