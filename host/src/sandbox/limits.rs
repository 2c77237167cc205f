//! The limits of one invocation. A limit that is met ends the invocation there and then, so that it ends at the same
//! place on every machine.

use aos_core::failure::{ErrorCode, Failure};
use wasmtime::ResourceLimiter;

use super::Stop;
use super::engine::{INSTANCES_PER_COMPONENT, MEMORIES_PER_COMPONENT, TABLES_PER_COMPONENT};
use super::trap::is_out_of_memory;

/// Elements of all tables together.
pub(super) const MAX_TABLE_ELEMENTS: usize = 100_000;

/// Counts what one store takes: all of its memories together, not each by itself.
#[derive(Debug)]
pub struct Limiter {
    memory_limit: usize,
    memory: usize,
    table_elements: usize,
}

impl Limiter {
    /// A limiter for so many bytes of memory.
    #[must_use]
    pub fn new(memory_bytes: u64) -> Self {
        let memory_limit = usize::try_from(memory_bytes).unwrap_or(usize::MAX);
        Self { memory_limit, memory: 0, table_elements: 0 }
    }

    /// The most bytes that the guest's memories had.
    #[must_use]
    pub const fn memory(&self) -> usize {
        self.memory
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if declared(maximum, self.memory_limit).is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let all = self.memory.saturating_add(desired.saturating_sub(current));
        if all > self.memory_limit {
            let message = format!("{all} bytes of memory are wanted, and the limit is {}", self.memory_limit);
            return Err(Stop::new(Failure::new(ErrorCode::MemoryLimit, message)).into());
        }
        self.memory = all;
        Ok(true)
    }

    /// Growth that the machine has no memory for ends the invocation: on another machine it would go on.
    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        if is_out_of_memory(&error) { Err(error) } else { Ok(()) }
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if declared(maximum, MAX_TABLE_ELEMENTS).is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let all = self.table_elements.saturating_add(desired.saturating_sub(current));
        if all > MAX_TABLE_ELEMENTS {
            let message = format!("{all} table elements are wanted, and the limit is {MAX_TABLE_ELEMENTS}");
            return Err(Stop::new(Failure::new(ErrorCode::TableLimit, message)).into());
        }
        self.table_elements = all;
        Ok(true)
    }

    fn instances(&self) -> usize {
        INSTANCES_PER_COMPONENT as usize
    }

    fn tables(&self) -> usize {
        TABLES_PER_COMPONENT as usize
    }

    fn memories(&self) -> usize {
        MEMORIES_PER_COMPONENT as usize
    }
}

/// The maximum that the component itself declares. One from our limit up may be the pool's, which a guest must not
/// notice: without the pool, the same request has to end in the same way.
fn declared(maximum: Option<usize>, limit: usize) -> Option<usize> {
    maximum.filter(|maximum| *maximum < limit)
}
