//! `wasi:cli` standard streams: nothing to read, and what is written goes into the journal.

use bytes::Bytes;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::cli::{stderr, stdin, stdout};
use wasmtime_wasi::p2::pipe::ClosedInputStream;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, OutputStream, Pollable, StreamError, StreamResult};

use super::Guest;
use crate::gate::Gate;

/// Bytes that may be written at once: as much as the WASI crate's own streams take.
const WRITE_BUDGET: usize = 64 * 1024;

impl stdin::Host for Guest {
    fn get_stdin(&mut self) -> wasmtime::Result<Resource<DynInputStream>> {
        let stream: DynInputStream = Box::new(ClosedInputStream);
        Ok(self.table.push(stream)?)
    }
}

impl stdout::Host for Guest {
    fn get_stdout(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.output("cli.stdout", "stdout")
    }
}

impl stderr::Host for Guest {
    fn get_stderr(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.output("cli.stderr", "stderr")
    }
}

impl Guest {
    fn output(
        &mut self,
        name: &'static str,
        target: &'static str,
    ) -> wasmtime::Result<Resource<DynOutputStream>> {
        let stream: DynOutputStream = Box::new(Emitting { gate: self.gate.clone(), name, target });
        Ok(self.table.push(stream)?)
    }
}

/// A stream that is always ready and ends in the journal.
struct Emitting {
    gate: Gate,
    name: &'static str,
    target: &'static str,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Emitting {
    async fn ready(&mut self) {}
}

impl OutputStream for Emitting {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.gate.emit(self.name, self.target, &bytes).map_err(|stop| StreamError::Trap(stop.into()))
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BUDGET)
    }
}
