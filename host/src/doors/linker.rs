//! The list of everything that a component may import, and the only place from which its linker is filled.

use aos_core::failure::{ErrorCode, Failure};
use wasmtime::component::Linker;
use wasmtime_wasi::cli::WasiCli;
use wasmtime_wasi::filesystem::WasiFilesystem;
use wasmtime_wasi::p2::bindings as wasi;
use wasmtime_wasi::sockets::WasiSockets;

use super::guest::{Handles, Whole, cli, filesystem, handles, sockets, whole};
use super::{Guest, PanicPoint, wasi_http};
use crate::sandbox::Engine;
use crate::sandbox::bindings::aos::skill as aos;

/// What using an import does, and so what a replay does about it. The later, the stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum EffectClass {
    /// Nothing that leaves the sandbox: it runs again.
    Pure,
    /// It draws from the run's seed: it draws the same again.
    Seeded,
    /// It looks at something that changes by itself: the journal has what it saw.
    Observe,
    /// It writes text: it writes again, and is compared.
    Emit,
    /// It changes the world or costs money: the journal has its answer.
    Effect,
    /// It is linked, and refused when it is used.
    Denied,
}

/// One interface that a component may import.
#[derive(Clone, Copy)]
pub(crate) struct ImportRow {
    /// The package and interface, without the version.
    pub interface: &'static str,
    /// What its functions do. Drops of resources are pure in any interface.
    class: EffectClass,
    /// The functions that do something else.
    exceptions: &'static [(EffectClass, &'static str)],
    link: fn(&mut Linker<Guest>) -> wasmtime::Result<()>,
}

impl ImportRow {
    /// The most that a call of a function of it does.
    #[must_use]
    pub(crate) fn class_of(&self, function: &str) -> EffectClass {
        let exception = self.exceptions.iter().find(|(_, name)| *name == function);
        exception.map_or(self.class, |(class, _)| *class)
    }

    /// The strongest of what its functions do.
    #[must_use]
    pub(crate) fn strongest(&self) -> EffectClass {
        self.exceptions.iter().map(|(class, _)| *class).fold(self.class, EffectClass::max)
    }
}

macro_rules! rows {
    ($($interface:literal $class:ident $([$($other:ident $function:literal),+])? |$linker:ident| $link:expr;)*) => {
        &[$(ImportRow {
            interface: $interface,
            class: EffectClass::$class,
            exceptions: &[$($((EffectClass::$other, $function)),+)?],
            link: |$linker| $link,
        },)*]
    };
}

/// The class of each function is that of its interface, or the one that stands in brackets: the most that a call may do.
/// A write emits where the stream is one of `stdout` or `stderr`; into a body it does nothing outside. A golden list has
/// all functions, so that none gets its class unseen when an upgrade brings it.
const IMPORTS: &[ImportRow] = rows! {
    "aos:skill/types" Pure |l| aos::types::add_to_linker::<_, Whole>(l, whole);
    "aos:skill/http" Effect |l| aos::http::add_to_linker::<_, Whole>(l, whole);
    "aos:skill/llm" Effect |l| aos::llm::add_to_linker::<_, Whole>(l, whole);
    "aos:skill/log" Emit |l| aos::log::add_to_linker::<_, Whole>(l, whole);
    "wasi:http/types" Pure [Observe "[method]future-incoming-response.get"] |l| {
        let all = wasi_http::types::LinkOptions::default().informational_outbound_responses(true).to_owned();
        wasi_http::types::add_to_linker::<_, Whole>(l, &all, whole)
    };
    "wasi:http/outgoing-handler" Effect |l| wasi_http::outgoing_handler::add_to_linker::<_, Whole>(l, whole);
    "wasi:clocks/wall-clock" Pure [Observe "now"] |l| wasi::clocks::wall_clock::add_to_linker::<_, Whole>(l, whole);
    "wasi:clocks/monotonic-clock" Pure [Observe "now"] |l| wasi::clocks::monotonic_clock::add_to_linker::<_, Whole>(l, whole);
    "wasi:io/poll" Observe |l| wasi::io::poll::add_to_linker::<_, Whole>(l, whole);
    "wasi:io/error" Pure |l| wasi::io::error::add_to_linker::<_, Handles>(l, handles);
    "wasi:io/streams" Pure [
        Emit "[method]output-stream.write",
        Emit "[method]output-stream.write-zeroes",
        Emit "[method]output-stream.blocking-write-and-flush",
        Emit "[method]output-stream.blocking-write-zeroes-and-flush",
        Emit "[method]output-stream.splice",
        Emit "[method]output-stream.blocking-splice"
    ] |l| wasi::io::streams::add_to_linker::<_, Handles>(l, handles);
    "wasi:random/random" Seeded |l| wasi::random::random::add_to_linker::<_, Whole>(l, whole);
    "wasi:random/insecure" Seeded |l| wasi::random::insecure::add_to_linker::<_, Whole>(l, whole);
    "wasi:random/insecure-seed" Seeded |l| wasi::random::insecure_seed::add_to_linker::<_, Whole>(l, whole);
    "wasi:cli/stdin" Pure |l| wasi::cli::stdin::add_to_linker::<_, Whole>(l, whole);
    "wasi:cli/stdout" Emit |l| wasi::cli::stdout::add_to_linker::<_, Whole>(l, whole);
    "wasi:cli/stderr" Emit |l| wasi::cli::stderr::add_to_linker::<_, Whole>(l, whole);
    "wasi:cli/exit" Pure |l| wasi::cli::exit::add_to_linker::<_, Whole>(l, whole);
    "wasi:cli/terminal-input" Pure |l| wasi::cli::terminal_input::add_to_linker::<_, WasiCli>(l, cli);
    "wasi:cli/terminal-output" Pure |l| wasi::cli::terminal_output::add_to_linker::<_, WasiCli>(l, cli);
    "wasi:cli/terminal-stdin" Pure |l| wasi::cli::terminal_stdin::add_to_linker::<_, WasiCli>(l, cli);
    "wasi:cli/terminal-stdout" Pure |l| wasi::cli::terminal_stdout::add_to_linker::<_, WasiCli>(l, cli);
    "wasi:cli/terminal-stderr" Pure |l| wasi::cli::terminal_stderr::add_to_linker::<_, WasiCli>(l, cli);
    "wasi:cli/environment" Pure [Denied "get-environment"] |l| wasi::cli::environment::add_to_linker::<_, Whole>(l, whole);
    "wasi:filesystem/preopens" Denied |l| wasi::filesystem::preopens::add_to_linker::<_, Whole>(l, whole);
    "wasi:filesystem/types" Denied [Pure "filesystem-error-code"] |l| wasi::filesystem::types::add_to_linker::<_, WasiFilesystem>(l, filesystem);
    "wasi:sockets/network" Pure |l| {
        let all = wasi::sockets::network::LinkOptions::default().network_error_code(true).to_owned();
        wasi::sockets::network::add_to_linker::<_, WasiSockets>(l, &all, sockets)
    };
    "wasi:sockets/instance-network" Pure |l| {
        wasi::sockets::instance_network::add_to_linker::<_, WasiSockets>(l, sockets)
    };
    "wasi:sockets/ip-name-lookup" Denied |l| wasi::sockets::ip_name_lookup::add_to_linker::<_, Whole>(l, whole);
    "wasi:sockets/tcp-create-socket" Denied |l| wasi::sockets::tcp_create_socket::add_to_linker::<_, Whole>(l, whole);
    "wasi:sockets/tcp" Denied |l| wasi::sockets::tcp::add_to_linker::<_, WasiSockets>(l, sockets);
    "wasi:sockets/udp-create-socket" Denied |l| wasi::sockets::udp_create_socket::add_to_linker::<_, Whole>(l, whole);
    "wasi:sockets/udp" Denied |l| wasi::sockets::udp::add_to_linker::<_, WasiSockets>(l, sockets);
};

/// Everything that a component may import.
#[must_use]
pub(crate) const fn imports() -> &'static [ImportRow] {
    IMPORTS
}

/// A linker with all of it, whose functions panic at these points.
///
/// # Errors
///
/// `HOST_BUG` when two rows define the same, which a test of this list finds; `CONFIG_INVALID` for a point that is no
/// function of it.
pub(crate) fn linker(engine: &Engine, panics: &[PanicPoint]) -> Result<Linker<Guest>, Failure> {
    let mut linker = Linker::new(engine.raw());
    for row in IMPORTS {
        (row.link)(&mut linker).map_err(|error| {
            Failure::new(ErrorCode::HostBug, format!("{} cannot be linked: {error:#}", row.interface))
        })?;
    }
    panics.iter().try_for_each(|point| point.put_into(&mut linker))?;
    Ok(linker)
}
