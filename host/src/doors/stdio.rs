//! `wasi:cli` standard streams. What is written goes into the journal; of a program, standard output is its output instead,
//! and standard error is both. Only a program has something to read.

use bytes::Bytes;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::cli::{stderr, stdin, stdout};
use wasmtime_wasi::p2::pipe::{ClosedInputStream, MemoryInputPipe};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, OutputStream, Pollable, StreamError, StreamResult};

use super::Guest;
use super::program::Kept;
use crate::gate::Gate;

/// Bytes that may be written at once: as much as the WASI crate's own streams take.
const WRITE_BUDGET: usize = 64 * 1024;

impl stdin::Host for Guest {
    fn get_stdin(&mut self) -> wasmtime::Result<Resource<DynInputStream>> {
        // Each stream has all of it, as a program takes only one.
        let stream: DynInputStream = match self.program.stdin.clone() {
            stdin if stdin.is_empty() => Box::new(ClosedInputStream),
            stdin => Box::new(MemoryInputPipe::new(stdin)),
        };
        Ok(self.table.push(stream)?)
    }
}

impl stdout::Host for Guest {
    fn get_stdout(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        let stream: DynOutputStream = match &self.program.stdout {
            Some(kept) => Box::new(Writing { kept: Some(kept.clone()), emitting: None }),
            None => Box::new(Writing { kept: None, emitting: Some(self.emitting("cli.stdout", "stdout")) }),
        };
        Ok(self.table.push(stream)?)
    }
}

impl stderr::Host for Guest {
    fn get_stderr(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        let emitting = Some(self.emitting("cli.stderr", "stderr"));
        let stream: DynOutputStream = Box::new(Writing { kept: self.program.stderr.clone(), emitting });
        Ok(self.table.push(stream)?)
    }
}

impl Guest {
    fn emitting(&self, name: &'static str, target: &'static str) -> Emitting {
        Emitting { gate: self.gate.clone(), name, target }
    }
}

/// The way into the journal.
struct Emitting {
    gate: Gate,
    name: &'static str,
    target: &'static str,
}

/// A stream that is always ready. What is written is kept, goes into the journal, or both.
struct Writing {
    kept: Option<Kept>,
    emitting: Option<Emitting>,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Writing {
    async fn ready(&mut self) {}
}

impl OutputStream for Writing {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let written = match &self.emitting {
            Some(Emitting { gate, name, target }) => gate.emit(name, target, &bytes),
            None => Ok(()),
        };
        let kept = || self.kept.as_ref().map_or(Ok(()), |kept| kept.write(&bytes));
        written.and_then(|()| kept()).map_err(|stop| StreamError::Trap(stop.into()))
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BUDGET)
    }
}
