//! The state of one invocation: what its doors share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use aos_core::failure::Failure;
use aos_core::ids::Seed;
use aos_core::journal::Cursor;
use aos_core::policy::Environment;
use tokio::sync::watch;
use wasmtime::component::{HasData, ResourceTable};
use wasmtime_wasi::cli::{WasiCli, WasiCliCtx, WasiCliCtxView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemCtx, WasiFilesystemCtxView};
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsCtx, WasiSocketsCtxView};

use super::program::Program;
use super::random::SeededRandom;
use super::wasi_http::{Answered, Requests, Served};
use crate::gate::Gate;
use crate::sandbox::Limiter;

/// Host-side resources of one guest: streams, timers, and what else it holds by handle.
const MAX_RESOURCES: usize = 1024;

/// What the doors of one invocation share.
pub(crate) struct Guest {
    /// The way to the world.
    pub(crate) gate: Gate,
    /// The limits.
    pub(crate) limiter: Limiter,
    pub(super) table: ResourceTable,
    pub(super) random: SeededRandom,
    pub(super) requests: Requests,
    /// Variables that it was granted.
    pub(super) environment: Environment,
    /// What it has as a program.
    pub(super) program: Program,
    /// What it has as a server of HTTP.
    pub(super) served: Option<Served>,
    /// Whether what it waits for now was recorded before.
    pub(super) looks_back: Arc<AtomicBool>,
    cli: WasiCliCtx,
    filesystem: WasiFilesystemCtx,
    sockets: WasiSocketsCtx,
}

impl Guest {
    /// The state of a fresh invocation. Its randomness follows from the run's seed and the attempt.
    #[must_use]
    pub(crate) fn new(gate: Gate, memory_bytes: u64, seed: &Seed, cursor: &Cursor) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_RESOURCES);
        Self {
            gate,
            limiter: Limiter::new(memory_bytes),
            table,
            random: SeededRandom::new(seed, cursor),
            requests: Requests::new(),
            environment: Environment::new(),
            program: Program::default(),
            served: None,
            looks_back: Arc::default(),
            cli: WasiCliCtx::default(),
            filesystem: WasiFilesystemCtx::default(),
            sockets: WasiSocketsCtx::default(),
        }
    }

    /// The variables that it is granted.
    pub(crate) fn grant(&mut self, environment: Environment) {
        self.environment = environment;
    }

    /// Makes it a program.
    pub(crate) fn program(&mut self, program: Program) {
        self.program = program;
    }

    /// Makes it a server that is asked this.
    pub(crate) fn serve(&mut self, served: Served) {
        self.served = Some(served);
    }

    /// What it left: what it wrote as a program, and what it answered as a server.
    pub(crate) fn left(&mut self) -> (Program, Option<Answered>) {
        (std::mem::take(&mut self.program), self.served.take().and_then(Served::answered))
    }

    /// When its requests end, those included that it no longer waits for.
    pub(crate) fn end_requests_at(&mut self, end: Option<tokio::time::Instant>) {
        self.requests.end_at(end);
    }

    /// Where it is told that the host panicked in one of its requests.
    pub(crate) fn panic_aside(&self) -> watch::Receiver<Option<Failure>> {
        self.requests.panic()
    }

    /// The requests that it has begun. Everything else of it goes: its handles, its unfinished bodies. Where it was cut
    /// off, its requests end before that, so that none of them takes a cut for something that the guest did.
    pub(crate) async fn into_requests(mut self, cut_off: bool) -> Requests {
        if cut_off {
            self.requests.abort().await;
        }
        self.requests
    }
}

/// Doors that are implemented on the whole state.
pub(super) struct Whole;

impl HasData for Whole {
    type Data<'a> = &'a mut Guest;
}

/// Doors that need the handles alone.
pub(super) struct Handles;

impl HasData for Handles {
    type Data<'a> = &'a mut ResourceTable;
}

/// Interfaces of the WASI crate whose resources no guest can get hold of: they are linked, and never reached.
pub(super) fn cli(guest: &mut Guest) -> <WasiCli as HasData>::Data<'_> {
    WasiCliCtxView { ctx: &mut guest.cli, table: &mut guest.table }
}

pub(super) fn filesystem(guest: &mut Guest) -> <WasiFilesystem as HasData>::Data<'_> {
    WasiFilesystemCtxView { ctx: &mut guest.filesystem, table: &mut guest.table }
}

pub(super) fn sockets(guest: &mut Guest) -> <WasiSockets as HasData>::Data<'_> {
    WasiSocketsCtxView { ctx: &mut guest.sockets, table: &mut guest.table }
}

pub(super) fn handles(guest: &mut Guest) -> &mut ResourceTable {
    &mut guest.table
}

pub(super) fn whole(guest: &mut Guest) -> &mut Guest {
    guest
}
