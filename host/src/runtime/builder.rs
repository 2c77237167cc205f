//! What a runtime is set up with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aos_core::budget::PriceList;
use aos_core::failure::{ErrorCode, Failure};
use tokio::sync::Semaphore;

use super::component_store::ComponentStore;
use super::replay_engines::ReplayEngines;
use super::under_way::UnderWay;
use super::{Inner, Runtime};
use crate::doors::PanicPoint;
use crate::gate::Mode;
use crate::metrics::Metrics;
use crate::providers::World;
use crate::registry::Registry;
use crate::sandbox::{CONCURRENT_INVOCATIONS, CodeTold, CompileCache, Compiler, Engine, caught_in};

/// Sets up a [`Runtime`]. Without anything said, it is live, keeps nothing on disk and has the bundled price list.
#[derive(Debug)]
#[must_use = "a builder does nothing before build"]
pub struct RuntimeBuilder {
    world: World,
    prices: Option<PriceList>,
    compile_cache: Option<PathBuf>,
    compile_child: Option<PathBuf>,
    components: Option<PathBuf>,
    max_runs: u32,
    compile_deadline: Option<Duration>,
    panics: Vec<PanicPoint>,
}

impl RuntimeBuilder {
    pub(super) fn new() -> Self {
        Self {
            world: World::live(),
            prices: None,
            compile_cache: None,
            compile_child: None,
            components: None,
            max_runs: u32::MAX,
            compile_deadline: None,
            panics: Vec::new(),
        }
    }

    /// The outside that skills see.
    pub fn world(mut self, world: World) -> Self {
        self.world = world;
        self
    }

    /// What fuel and models cost.
    pub fn prices(mut self, prices: PriceList) -> Self {
        self.prices = Some(prices);
        self
    }

    /// Keeps compiled components in a folder that belongs to this user alone.
    pub fn compile_cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.compile_cache = Some(folder.into());
        self
    }

    /// Compiles in a child process: `PROGRAM compile-component INPUT OUTPUT ENGINE`.
    pub fn compile_in_child(mut self, program: impl Into<PathBuf>) -> Self {
        self.compile_child = Some(program.into());
        self
    }

    /// Waits no longer than this for the compilation of one component, instead of 120 s: `COMPILE_TIMEOUT`.
    pub fn compile_deadline(mut self, deadline: Duration) -> Self {
        self.compile_deadline = Some(deadline);
        self
    }

    /// Keeps each component of a run in a folder, so that its journal can be replayed when the skill was rebuilt.
    pub fn keep_components(mut self, folder: impl Into<PathBuf>) -> Self {
        self.components = Some(folder.into());
        self
    }

    /// Lets at most so many runs be under way at one time: one more ends `CONCURRENCY_LIMIT`, before it begins. Without
    /// this, there is no limit to runs, and their invocations wait for each other.
    pub const fn max_runs(mut self, runs: u32) -> Self {
        self.max_runs = runs;
        self
    }

    /// Makes the host panic where a skill of a live run calls this function, such as `wasi:clocks/wall-clock` and `now`, so
    /// that you can see what your program does when the host panics: the run ends in `HOST_PANIC`, and the next one is
    /// clean. Replays do not panic there.
    pub fn panic_in(mut self, interface: impl Into<String>, function: impl Into<String>) -> Self {
        self.panics.push(PanicPoint { interface: interface.into(), function: function.into() });
        self
    }

    /// Makes the runtime.
    ///
    /// # Errors
    ///
    /// `CONFIG_INVALID` or `CACHE_INTEGRITY`, with the way out.
    pub fn build(self) -> Result<Runtime, Failure> {
        caught_in(|| self.make())?
    }

    fn make(self) -> Result<Runtime, Failure> {
        let wrong = |error: String| Failure::new(ErrorCode::ConfigInvalid, error);
        let metrics = Metrics::new().map_err(|error| wrong(error.to_string()))?;
        metrics.limits(self.max_runs, CONCURRENT_INVOCATIONS);
        let mut compiler = Compiler::new(Engine::new()?);
        if let Some(folder) = self.compile_cache {
            compiler = compiler.with_cache(CompileCache::open(folder)?);
        }
        if let Some(program) = self.compile_child {
            compiler = compiler.with_child(program);
        }
        if let Some(deadline) = self.compile_deadline {
            compiler = compiler.with_deadline(deadline);
        }
        let prices = match self.prices {
            Some(prices) => prices,
            None => PriceList::bundled().map_err(|error| wrong(error.to_string()))?,
        };
        let inner = Inner {
            replays: ReplayEngines::new(compiler.clone().telling(told(&metrics, Mode::Replay))),
            registry: Registry::new(compiler.telling(told(&metrics, Mode::Live)), &self.panics)?,
            world: self.world,
            prices: Arc::new(prices),
            components: self.components.map(ComponentStore::new),
            permits: Arc::new(Semaphore::new(CONCURRENT_INVOCATIONS as usize)),
            replay_permits: Arc::new(Semaphore::new(CONCURRENT_INVOCATIONS as usize)),
            under_way: UnderWay::new(self.max_runs),
            metrics,
        };
        Ok(Runtime { inner: Arc::new(inner) })
    }
}

/// Counts where machine code comes from.
fn told(metrics: &Metrics, mode: Mode) -> CodeTold {
    let metrics = metrics.clone();
    Arc::new(move |from, took| metrics.code_from(mode, from, took))
}
