//! The engine wing: WebAssembly and nothing of the world. It prepares components, limits them, and names what went
//! wrong in them.

mod cache;
mod component;
mod declared;
mod engine;
mod escaped;
mod limits;
mod panic;
mod trap;

pub(crate) mod bindings;

pub use cache::CompileCache;
pub(crate) use component::{CodeFrom, CodeTold};
pub use component::{Compiled, Compiler, MAX_COMPONENT_BYTES, to_machine_code};
pub use engine::{CONCURRENT_INVOCATIONS, Engine, EngineKind, YIELD_INTERVAL};
pub(crate) use escaped::escaped;
pub use limits::Limiter;
pub(crate) use panic::{caught, caught_in, panicked};
pub use trap::traps;
pub(crate) use trap::{Stop, classify_call, classify_instantiation, loses_fuel};
