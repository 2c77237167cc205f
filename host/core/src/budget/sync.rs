//! The locks of this room: the standard library's, or those of a model checker that tries every interleaving.

#[cfg(loom)]
pub(super) use loom::sync::{Arc, Mutex, MutexGuard};
#[cfg(not(loom))]
pub(super) use std::sync::{Arc, Mutex, MutexGuard};
