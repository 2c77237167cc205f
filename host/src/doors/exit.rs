//! `wasi:cli/exit`: it ends the invocation, and a skill should return instead.

use wasmtime_wasi::I32Exit;
use wasmtime_wasi::p2::bindings::cli::exit::Host;

use super::Guest;

impl Host for Guest {
    fn exit(&mut self, status: Result<(), ()>) -> wasmtime::Result<()> {
        Err(wasmtime::Error::new(I32Exit(i32::from(status.is_err()))))
    }

    fn exit_with_code(&mut self, status: u8) -> wasmtime::Result<()> {
        Err(wasmtime::Error::new(I32Exit(status.into())))
    }
}
