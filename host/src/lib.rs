//! AOS: a host for skills.
//!
//! A skill is a WebAssembly component that an agent or a pipeline calls to act on the world. A workflow of skills runs
//! in a sandbox whose only way out is one gate. There the host checks grants, reserves money before anything leaves,
//! writes everything down, and names every failure. So each run can be repeated byte for byte without a network, and
//! always ends in a [`StructuredOutcome`](outcome::StructuredOutcome).
//!
//! # A tour
//!
//! - [`Runtime`] is the one type to know: it registers skills, runs [workflows](workflow_format::Workflow), and repeats
//!   recorded runs. [`RuntimeBuilder`] sets it up; [`RunOptions`] say how one run differs; a [`Run`] goes on by itself.
//! - Skills are components of the contract `aos:skill/skill` ([`Runtime::register_skill`]), any other component
//!   ([`Runtime::register_component`], with a [`sidecar::Sidecar`]), or Rust of your own ([`NativeSkill`], which gets a
//!   [`Door`]).
//! - [`providers::World`] is the outside: live, scripted ([`providers::StubWorld`]), or made of your own providers.
//! - [`outcome::StructuredOutcome`] is what every run ends in; [`failure`] has the catalogue of codes, [`budget`] the ledger,
//!   [`agent_budget`] budgets of many runs.
//! - [`journal`] reads what was recorded. [`Runtime::replay`] proves that it repeats, [`Runtime::certify`] in three engines,
//!   and [`certification`] writes that down. [`Runtime::resume`] goes on with a run that was killed.
//!
//! `docs/embedding.md` has five programs of under 40 lines.
//!
//! # How it is built
//!
//! The floors of this crate. A file imports only from rooms that stand before its own in this list, or from its own room,
//! and the engine (`sandbox`) does not know the world (`providers`). A test reads the list, so it is the rule. Floors 0
//! and 1 are the crate `aos_core`, which is re-exported here.
//!
//! - floor 2, world and engine: `providers` `sandbox`
//! - floor 3, doors: `gate` `doors`
//! - floor 4, one: `invocation`
//! - floor 5, many: `skill_folder` `registry` `metrics` `workflow`
//! - floor 6, proof: `certification` `report`
//! - floor 7, face: `runtime`
//!
//! ```no_run
//! use aos_host::providers::{StubWorld, World};
//! use aos_host::{Runtime, workflow_format::Workflow};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let stubs = StubWorld::parse("llm: {summarize: {text: This is a summary., tokens: 5}}")?;
//! let runtime = Runtime::builder().world(World::stub(stubs)).build()?;
//! runtime.register_skill(std::fs::read("target/skills/llm_invoke.wasm")?).await?;
//!
//! let workflow = Workflow::parse(
//!     br#"
//!     aos: 1
//!     name: hello
//!     grants: {models: [gpt-4o-mini]}
//!     steps:
//!       - id: ask
//!         skill: llm_invoke
//!         with: {model: gpt-4o-mini, prompt: "summarize: ${ .input.text }"}
//!     "#,
//! )?;
//! let outcome = runtime.run(&workflow, serde_json::json!({"text": "a long text"})).await;
//! println!("{}: {}", outcome.code.as_str(), outcome.output);
//! # Ok(())
//! # }
//! ```

pub use aos_core::workflow as workflow_format;
pub use aos_core::{
    agent_budget, budget, canonical, failure, ids, journal, json, outcome, policy, retry, schema, sidecar,
    skill, trace, units, view, wit,
};

pub mod certification;
mod doors;
mod gate;
mod invocation;
mod metrics;
pub mod providers;
mod registry;
pub mod report;
mod runtime;
pub mod sandbox;
mod skill_folder;
mod workflow;

pub use doors::{Door, EffectClass, LogLevel};
pub use invocation::{Admission, FunctionNote, ImportNote, Naming, NativeSkill, Need, Prepared, Uncallable};
pub use registry::{Loaded, Registered};
pub use runtime::{
    Certification, CertifyOptions, EngineProof, Parting, RecordedRun, Replay, ResumeOptions, Run, RunOptions,
    Runtime, RuntimeBuilder,
};
pub use sandbox::traps;
pub use skill_folder::{Added, COMPONENTS, SkillFile, SkillFolder, read_component};
