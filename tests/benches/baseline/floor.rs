//! The floor: the same component in the same engine, without a host around it.
//!
//! The settings are those of `host/src/sandbox/engine.rs`, and the imports that a guest calls are answered by functions
//! that know neither grants nor money nor a journal. Fuel is compared with the host's, so that the two stay the same.

use std::time::Duration;

use aos_host::providers::{Clock as _, SystemClock};
use aos_host::sandbox::{CONCURRENT_INVOCATIONS, Limiter, YIELD_INTERVAL};
use aos_host::skill::ResourceContract;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, OperatorCost, OptLevel, PoolingAllocationConfig, Store,
};

use self::contract::{Skill, SkillPre, aos};
use crate::measure::Stopwatch;

mod contract {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "aos:skill/skill",
        imports: { default: async | trappable },
        exports: { default: async },
    });
}

/// Stack of a guest, and what host functions have beside it.
const GUEST_STACK: usize = 512 * 1024;
const HOST_STACK: usize = 3 * 512 * 1024;

/// What a guest may hold and hand over.
const HANDED_OVER: usize = (16 << 20) + (1 << 16);
const HANDLES: usize = 1024;

/// A component that is compiled and linked.
pub(crate) struct Bare {
    engine: Engine,
    pre: SkillPre<State>,
    fuel: u64,
    memory_bytes: u64,
}

/// An engine like the host's.
pub(crate) fn engine() -> Engine {
    let mut cost = OperatorCost::new();
    cost.variable.memory_grow_per_page = u8::MAX;
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .operator_cost(cost)
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .wasm_wide_arithmetic(false)
        .wasm_custom_page_sizes(false)
        .wasm_tail_call(true)
        .wasm_component_model(true)
        .max_wasm_stack(GUEST_STACK)
        .async_stack_size(GUEST_STACK + HOST_STACK)
        .cranelift_opt_level(OptLevel::Speed)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    Engine::new(&config).unwrap()
}

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(CONCURRENT_INVOCATIONS)
        .total_core_instances(CONCURRENT_INVOCATIONS * 32)
        .total_memories(CONCURRENT_INVOCATIONS * 8)
        .total_tables(CONCURRENT_INVOCATIONS * 32)
        .total_stacks(CONCURRENT_INVOCATIONS)
        .table_elements(100_000)
        .max_memory_size(usize::try_from(ResourceContract::host_maximum().memory_bytes).unwrap())
        .max_memories_per_module(100)
        .max_tables_per_module(100);
    pool
}

impl Bare {
    /// Compiles a component, with the fuel and memory that its contract says.
    pub(crate) fn new(engine: &Engine, bytes: &[u8], contract: &ResourceContract) -> Self {
        let component = Component::new(engine, bytes).unwrap();
        let mut linker = Linker::new(engine);
        Skill::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state).unwrap();
        clock(&mut linker);
        linker.define_unknown_imports_as_traps(&component).unwrap();
        let pre = SkillPre::new(linker.instantiate_pre(&component).unwrap()).unwrap();
        let (fuel, memory_bytes) = (contract.fuel.units(), contract.memory_bytes);
        Self { engine: engine.clone(), pre, fuel, memory_bytes }
    }

    /// Makes invocations one after the other, and tells how long they took.
    pub(crate) async fn invoke(&self, times: u64, input: &str) -> Duration {
        let watch = Stopwatch::start();
        for _ in 0..times {
            self.once(input).await;
        }
        watch.read()
    }

    /// Makes one invocation, and tells what it gave and the fuel that it took.
    pub(crate) async fn once(&self, input: &str) -> (String, u64) {
        let mut store = Store::new(&self.engine, State { limiter: Limiter::new(self.memory_bytes) });
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(HANDED_OVER);
        store.set_max_component_handles(HANDLES);
        store.set_fuel(self.fuel).unwrap();
        store.fuel_async_yield_interval(Some(YIELD_INTERVAL)).unwrap();
        let instance = self.pre.instantiate_async(&mut store).await.unwrap();
        let output = instance.call_invoke(&mut store, input).await.unwrap();
        let fuel = self.fuel - store.get_fuel().unwrap();
        (output.unwrap_or_else(|error| panic!("{}", error.message)), fuel)
    }
}

/// A clock that is read as the host reads it.
fn clock(linker: &mut Linker<State>) {
    let clock = SystemClock::new();
    let mut monotonic = linker.instance("wasi:clocks/monotonic-clock@0.2.0").unwrap();
    let now = move || u64::try_from(clock.monotonic().as_nanos()).unwrap();
    monotonic.func_wrap("now", move |_, ()| Ok((now(),))).unwrap();
    monotonic.func_wrap("resolution", |_, ()| Ok((1_u64,))).unwrap();
}

/// What a store of the floor has.
struct State {
    limiter: Limiter,
}

impl aos::skill::types::Host for State {}

impl aos::skill::log::Host for State {
    async fn log(&mut self, _level: aos::skill::log::Level, _message: String) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl aos::skill::http::Host for State {
    async fn send(
        &mut self,
        _request: aos::skill::http::Request,
    ) -> wasmtime::Result<Result<aos::skill::http::Response, aos::skill::types::Failure>> {
        let headers = vec![("content-type".to_owned(), "text/plain; charset=utf-8".to_owned())];
        Ok(Ok(aos::skill::http::Response { call: 0, status: 200, headers, body: vec![b'.'; 64] }))
    }
}

impl aos::skill::llm::Host for State {
    async fn complete(
        &mut self,
        _request: aos::skill::llm::ChatRequest,
    ) -> wasmtime::Result<Result<aos::skill::llm::ChatResponse, aos::skill::types::Failure>> {
        Err(wasmtime::Error::msg("the floor has no models"))
    }
}
