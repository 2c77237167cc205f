//! The engines and their one configuration: what guests can notice is pinned here, so that a run repeats anywhere.

use std::str::FromStr;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::Digest;
use aos_core::skill::ResourceContract;

use wasmtime::{Config, InstanceAllocationStrategy, OperatorCost, OptLevel, PoolingAllocationConfig};

use super::limits::MAX_TABLE_ELEMENTS;

/// Invocations that run at one time; the pool has room for as many, each as large as can be.
pub const CONCURRENT_INVOCATIONS: u32 = 64;

/// Fuel between two yields: about a millisecond, so that no skill holds a thread for longer.
pub const YIELD_INTERVAL: u64 = 1_000_000;

/// The release of the engine. A test compares it with the lock file.
const WASMTIME: &str = "48.0.8";

/// Stack of a guest.
const GUEST_STACK: usize = 512 * 1024;

/// What the fibre of a guest has beside the guest's own stack, for host functions.
const HOST_STACK: usize = 3 * 512 * 1024;

/// Fuel for each 64 KiB page that a memory grows by: the most that the engine's table can say.
const FUEL_PER_PAGE: u8 = 255;

/// Parts of one component: enough for what language toolchains build, too few to exhaust the pool.
pub(super) const INSTANCES_PER_COMPONENT: u32 = 32;
pub(super) const MEMORIES_PER_COMPONENT: u32 = 8;
pub(super) const TABLES_PER_COMPONENT: u32 = 32;

/// Memories and tables of one module: as many as a module can have. The limits of a store are met first, so that they are
/// the same with the pool and without it.
const PARTS_PER_MODULE: u32 = 100;

/// How the code of guests is made to run. A guest cannot notice which: outputs and fuel are the same in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EngineKind {
    /// Machine code, made to be fast: what live runs have.
    CraneliftSpeed,
    /// Machine code without optimisations.
    CraneliftNone,
    /// Bytecode for an interpreter, without machine code of the guest.
    Pulley,
}

impl EngineKind {
    /// All kinds, that of live runs first.
    pub const ALL: [Self; 3] = [Self::CraneliftSpeed, Self::CraneliftNone, Self::Pulley];

    /// How many times the stack of a live guest a repeated one has. Engines lay out their frames differently, so the
    /// stack is at its end after more or less fuel. With so much more of it, the recorded fuel is at its end first.
    const fn replay_stacks(self) -> usize {
        match self {
            Self::CraneliftSpeed | Self::Pulley => 8,
            // Without optimisations, a frame holds what would otherwise not even be computed.
            Self::CraneliftNone => 64,
        }
    }

    /// Its name, as certificates and the compiling child have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CraneliftSpeed => "cranelift-speed",
            Self::CraneliftNone => "cranelift-none",
            Self::Pulley => "pulley",
        }
    }
}

impl FromStr for EngineKind {
    type Err = Failure;

    fn from_str(name: &str) -> Result<Self, Failure> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| Failure::new(ErrorCode::ConfigInvalid, format!("there is no engine {name:?}")))
    }
}

/// An engine that skills run on.
#[derive(Clone)]
pub struct Engine {
    inner: wasmtime::Engine,
    kind: EngineKind,
    fingerprint: Digest,
}

impl Engine {
    /// The engine of live runs, with pooled instances, or with instances on demand where the address space for the pool
    /// is not to be had.
    ///
    /// # Errors
    ///
    /// `CONFIG_INVALID` on a machine that the engine cannot run on.
    pub fn new() -> Result<Self, Failure> {
        Self::with_stack(EngineKind::CraneliftSpeed, GUEST_STACK)
    }

    /// An engine of a kind for runs that are repeated. Its guests have eight times the stack or more, which compiled
    /// code does not depend on.
    ///
    /// # Errors
    ///
    /// As [`Engine::new`].
    pub fn for_replay(kind: EngineKind) -> Result<Self, Failure> {
        Self::with_stack(kind, kind.replay_stacks() * GUEST_STACK)
    }

    fn with_stack(kind: EngineKind, stack: usize) -> Result<Self, Failure> {
        let wrong = |error: wasmtime::Error| {
            let message = format!("the engine {} does not start: {error:#}", kind.name());
            Failure::new(ErrorCode::ConfigInvalid, message)
        };
        let mut config = config(stack);
        match kind {
            EngineKind::CraneliftSpeed => config.cranelift_opt_level(OptLevel::Speed),
            EngineKind::CraneliftNone => config.cranelift_opt_level(OptLevel::None),
            EngineKind::Pulley => config.target("pulley64").map_err(wrong)?,
        };
        let mut pooled = config.clone();
        pooled.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
        let inner =
            wasmtime::Engine::new(&pooled).or_else(|_| wasmtime::Engine::new(&config)).map_err(wrong)?;
        Ok(Self { inner, kind, fingerprint: fingerprint() })
    }

    /// The engine of the library below.
    pub(crate) const fn raw(&self) -> &wasmtime::Engine {
        &self.inner
    }

    /// How it makes the code of guests run.
    #[must_use]
    pub const fn kind(&self) -> EngineKind {
        self.kind
    }

    /// The digest of everything about the engine that a guest can notice: two engines with the same one give the same
    /// outputs and the same fuel.
    #[must_use]
    pub const fn fingerprint(&self) -> Digest {
        self.fingerprint
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("kind", &self.kind)
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

/// What a guest can notice. Proposals that widen the attack surface are compiled out of the engine or turned off.
fn config(stack: usize) -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .operator_cost(operator_cost())
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_wide_arithmetic(false)
        .wasm_custom_page_sizes(false)
        .wasm_tail_call(true)
        .wasm_component_model(true)
        .max_wasm_stack(stack)
        .async_stack_size(stack + HOST_STACK)
        .parallel_compilation(true);
    config
}

fn operator_cost() -> OperatorCost {
    let mut cost = OperatorCost::new();
    cost.variable.memory_grow_per_page = FUEL_PER_PAGE;
    cost
}

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    let memory = usize::try_from(ResourceContract::host_maximum().memory_bytes).unwrap_or(usize::MAX);
    pool.total_component_instances(CONCURRENT_INVOCATIONS)
        .total_core_instances(CONCURRENT_INVOCATIONS * INSTANCES_PER_COMPONENT)
        .total_memories(CONCURRENT_INVOCATIONS * MEMORIES_PER_COMPONENT)
        .total_tables(CONCURRENT_INVOCATIONS * TABLES_PER_COMPONENT)
        .total_stacks(CONCURRENT_INVOCATIONS)
        .table_elements(MAX_TABLE_ELEMENTS)
        .max_memory_size(memory)
        .max_memories_per_module(PARTS_PER_MODULE)
        .max_tables_per_module(PARTS_PER_MODULE);
    pool
}

fn fingerprint() -> Digest {
    let limits = ResourceContract::host_maximum();
    let rules = format!(
        "wasmtime {WASMTIME}; {:?}; stack {GUEST_STACK}; memory {}; parts {INSTANCES_PER_COMPONENT} \
         {MEMORIES_PER_COMPONENT} {TABLES_PER_COMPONENT}",
        operator_cost(),
        limits.memory_bytes,
    );
    Digest::of(rules.as_bytes())
}
