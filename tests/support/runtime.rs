//! Runtimes with the three skills and the probe, one for each world, and a runtime whose world may not be touched at all.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aos_host::budget::PriceList;
use aos_host::failure::Failure;
use aos_host::policy::Policy;
use aos_host::providers::{
    Clock, Entropy, HttpProvider, HttpSession, LlmProvider, LlmSession, StubWorld, World,
};
use aos_host::units::Timestamp;
use aos_host::{Runtime, RuntimeBuilder, read_component};
use tokio::sync::OnceCell;

/// How long one test may take: far beyond what any needs, so that a hang ends and nothing else is measured.
const LIMIT: Duration = Duration::from_secs(300);

/// Runs a test to its end on one thread.
pub(crate) fn in_time<T>(test: impl Future<Output = T>) -> T {
    on(tokio::runtime::Builder::new_current_thread(), test)
}

/// Runs a test to its end on several threads, where the interleaving matters.
pub(crate) fn in_time_on_threads<T>(test: impl Future<Output = T>) -> T {
    on(tokio::runtime::Builder::new_multi_thread(), test)
}

fn on<T>(mut builder: tokio::runtime::Builder, test: impl Future<Output = T>) -> T {
    let runtime = builder.enable_all().build().expect("a tokio runtime");
    let ended = runtime.block_on(async { tokio::time::timeout(LIMIT, test).await });
    runtime.shutdown_background();
    ended.expect("the test hangs")
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of the repository.
pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The folder of the built skills.
pub(crate) fn skills() -> PathBuf {
    root().join("target/skills")
}

/// The component that does what a test's input says.
pub(crate) fn probe() -> PathBuf {
    root().join("target/probes/probe.wasm")
}

/// A runtime of a stub world that a text describes.
pub(crate) async fn stubbed(text: &str) -> Runtime {
    of(World::stub(StubWorld::parse(text).expect("a stub world"))).await
}

/// A runtime of the two tables of the specification.
pub(crate) async fn specified() -> Runtime {
    stubbed(&read("fixtures/stubs/spec.yaml")).await
}

/// A runtime of the real world, without a model provider.
pub(crate) async fn live() -> Runtime {
    of(World::live()).await
}

/// A runtime of some world.
pub(crate) async fn of(world: World) -> Runtime {
    // It compiles first, so that what runs at the same time finds the components compiled.
    elsewhere().await;
    build(Runtime::builder().world(world)).await
}

/// As [`of`], with a price list of its own.
pub(crate) async fn of_prices(world: World, prices: PriceList) -> Runtime {
    elsewhere().await;
    build(Runtime::builder().world(world).prices(prices)).await
}

/// A runtime whose world panics as soon as anyone asks it anything: what a replay has to do with.
pub(crate) async fn elsewhere() -> &'static Runtime {
    static ELSEWHERE: OnceCell<Runtime> = OnceCell::const_new();
    ELSEWHERE.get_or_init(|| build(Runtime::builder().world(nowhere()))).await
}

async fn build(builder: RuntimeBuilder) -> Runtime {
    let compiled = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    let runtime = builder.compile_cache(compiled).build().expect("a runtime");
    let loaded = runtime.load_skills(&skills()).await;
    assert!(loaded.refused.is_empty(), "{:?}", loaded.refused);
    let names: Vec<_> = runtime.skills().iter().map(|skill| skill.metadata().id.to_string()).collect();
    assert_eq!(
        names,
        ["http_call", "json_transform", "llm_invoke"],
        "target/skills lacks a skill; run .ci/just build-skills"
    );
    let probe = read_component(&probe()).expect("target/probes lacks the probe; run .ci/just build-skills");
    runtime.register_skill(probe).await.expect("the probe is admitted");
    runtime
}

fn nowhere() -> World {
    World::live()
        .with_http(Arc::new(Nowhere))
        .with_llm(Arc::new(Nowhere))
        .with_clock(Arc::new(Nowhere))
        .with_entropy(Arc::new(Nowhere))
}

struct Nowhere;

impl HttpProvider for Nowhere {
    fn open(&self, _policy: Arc<Policy>) -> Arc<dyn HttpSession> {
        panic!("someone opened HTTP")
    }
}

impl LlmProvider for Nowhere {
    fn open(&self) -> Arc<dyn LlmSession> {
        panic!("someone opened a model provider")
    }
}

impl Clock for Nowhere {
    fn wall(&self) -> Timestamp {
        panic!("someone asked for the date")
    }

    fn monotonic(&self) -> Duration {
        panic!("someone asked for the time")
    }
}

impl Entropy for Nowhere {
    fn draw(&self) -> Result<[u8; 32], Failure> {
        panic!("someone asked for randomness")
    }
}
