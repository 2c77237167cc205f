//! `wasi:cli/environment`: the variables that are granted, and a program's own. Without any, that is a denial; the interface
//! has no way to say no, so it says that nothing is there.

use wasmtime_wasi::p2::bindings::cli::environment::Host;

use super::Guest;

impl Host for Guest {
    /// It follows from what the first line of the journal says and from the step's input, so a replay has the same.
    fn get_environment(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        let mut environment = self.environment.clone();
        environment.extend(self.program.own.clone());
        if environment.is_empty() {
            self.gate.deny("environment.get-environment", "the environment")?;
        }
        Ok(environment.into_iter().collect())
    }

    fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(self.program.args.clone())
    }

    fn initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(None)
    }
}
