//! `wasi:filesystem/preopens`: no folder is open, so no file can be reached. The interface has no way to say no.

use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::bindings::filesystem::preopens::Host;

use super::Guest;

impl Host for Guest {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Resource<Descriptor>, String)>> {
        self.gate.deny("preopens.get-directories", "the filesystem")?;
        Ok(Vec::new())
    }
}
