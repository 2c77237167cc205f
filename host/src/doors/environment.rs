//! `wasi:cli/environment`: there is none. The interface has no way to say no, so it says that nothing is there.

use wasmtime_wasi::p2::bindings::cli::environment::Host;

use super::Guest;

impl Host for Guest {
    fn get_environment(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        self.gate.deny("environment.get-environment", "the environment")?;
        Ok(Vec::new())
    }

    fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(None)
    }
}
