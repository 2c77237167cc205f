//! A function that panics when a guest calls it, in the place of the one that stands there: a fault on purpose.

use aos_core::failure::{ErrorCode, Failure};
use wasmtime::component::Linker;

use super::Guest;

/// The versions that the interfaces are linked under.
const WASI: &str = "0.2.12";
const AOS: &str = "0.1.0";

/// The function that panics.
#[derive(Debug, Clone)]
pub(crate) struct PanicPoint {
    /// The package and interface, without the version.
    pub interface: String,
    /// The function, such as `now` or `[method]pollable.block`.
    pub function: String,
}

impl PanicPoint {
    /// Puts the panic in the place of the function.
    ///
    /// # Errors
    ///
    /// `CONFIG_INVALID` where there is no such function.
    pub(super) fn put_into(&self, linker: &mut Linker<Guest>) -> Result<(), Failure> {
        // A name that is taken can be defined again under shadowing alone, so what can be defined without it is not there.
        if self.define(linker).is_ok() {
            let message = format!("no skill can import {} {}", self.interface, self.function);
            return Err(Failure::new(ErrorCode::ConfigInvalid, message));
        }
        linker.allow_shadowing(true);
        let defined = self.define(linker);
        linker.allow_shadowing(false);
        defined
            .map_err(|error| Failure::new(ErrorCode::HostBug, format!("no panic can be linked: {error:#}")))
    }

    #[expect(clippy::panic, reason = "it is what was asked for")]
    fn define(&self, linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
        let version = if self.interface.starts_with("aos:") { AOS } else { WASI };
        let message = format!("{} {} was made to panic", self.interface, self.function);
        let mut interface = linker.instance(&format!("{}@{version}", self.interface))?;
        interface.func_new(&self.function, move |_, _, _, _| panic!("{message}"))
    }
}
