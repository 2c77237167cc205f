//! Ways to make something fail for real: files, components, servers, folders.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use aos_host::failure::{ErrorCategory, ErrorCode, Failure};
use aos_host::journal::{Event, Recording, Sink, Syncer};
use aos_host::outcome::{OutcomeCode, StructuredOutcome};
use aos_host::providers::MemorySink;
use aos_host::workflow_format::Workflow;
use aos_host::{RunOptions, Runtime};
use serde_json::{Value, json};

use crate::hostile;
use crate::hostile::attempts::attempts;
use crate::hostile::component::{self, Contract};
use crate::support::flow;
use crate::support::recorded::parse;
use crate::support::runtime::{live, stubbed as world};
use crate::support::server::{Reply, Server};

/// What a failure says of itself, wherever it was met.
pub(super) struct Found {
    pub code: ErrorCode,
    pub category: ErrorCategory,
    pub message: String,
}

impl From<Failure> for Found {
    fn from(failure: Failure) -> Self {
        Self { code: failure.code, category: failure.category, message: failure.message }
    }
}

impl From<StructuredOutcome> for Found {
    fn from(outcome: StructuredOutcome) -> Self {
        let OutcomeCode::Error(code) = outcome.code else { panic!("it succeeded: {:#?}", outcome.steps) };
        Self { code, category: outcome.category.expect("a failure has one"), message: outcome.message }
    }
}

/// A workflow file, read.
pub(super) async fn read(text: String) -> Found {
    let invalid = Workflow::parse(text.as_bytes()).expect_err("it is wrong");
    let fault = invalid.faults().first().expect("a fault");
    assert!(fault.line > 0 && fault.column > 0, "it has a place");
    Failure::from(invalid).into()
}

/// A run of one step, tried once, in a stub world.
pub(super) async fn stubbed(stubs: &str, step: &str) -> Found {
    run(&world(stubs).await, "", step, json!({})).await.into()
}

/// As [`stubbed`], with more to say of the workflow.
pub(super) async fn played(head: &str, step: &str) -> Found {
    run(&world("{}").await, head, step, json!({})).await.into()
}

async fn run(runtime: &Runtime, head: &str, step: &str, input: Value) -> StructuredOutcome {
    let step = step.trim_start_matches('{');
    let text =
        format!("aos: 1\nname: raised\n{head}\nsteps:\n  - {{id: call, retry: {{max_attempts: 1}}, {step}\n");
    runtime.run(&parse(&text), input).await
}

/// A request to a server on the loopback that answers so.
pub(super) async fn answered(reply: Reply, mut with: Value) -> Found {
    let server = Server::start([reply]).await;
    with["url"] = server.url("/").into();
    let step = json!({"with": with, "retry": {"max_attempts": 1}});
    live().await.run(&parse(&flow::http_step(&server, step)), json!({})).await.into()
}

/// A request to a port at which nobody listens any more.
pub(super) async fn nobody_listens() -> Found {
    let server = Server::start([Reply::status(200)]).await;
    let step = json!({"with": {"url": server.url("/")}, "retry": {"max_attempts": 1}});
    let workflow = parse(&flow::http_step(&server, step));
    server.stop().await;
    live().await.run(&workflow, json!({})).await.into()
}

/// A component of `fixtures/hostile`: how it is refused, or how its run ends.
pub(super) async fn hostile(name: &str) -> Found {
    let runtime = world("{}").await;
    let attempts = attempts();
    let attempt = attempts.get(name).unwrap_or_else(|| panic!("there is no {name}"));
    match runtime.register_skill(attempt.component(name)).await {
        Err(refused) => refused.into(),
        Ok(_) => hostile::run(&runtime, name, attempt.deadline_ms).await.0.into(),
    }
}

/// A skill whose output is an object, and should be a text.
pub(super) async fn odd() -> Found {
    let (runtime, contract) =
        (world("{}").await, Contract { output_schema: Some(r#"{"type":"string"}"#), ..Contract::default() });
    runtime.register_skill(component::hostile_with("odd", "", contract)).await.expect("it is admitted");
    hostile::run(&runtime, "odd", 60_000).await.0.into()
}

/// A host function that panics.
pub(super) async fn panicked() -> Found {
    let runtime = Runtime::builder().panic_in("aos:skill/log", "log").build().expect("a runtime");
    let body = r#"(import "aos:skill/log@0.1.0" "log" (func $log (param i32 i32 i32)))
        (func $body (call $log (i32.const 2) (i32.const 0) (i32.const 4)))"#;
    runtime.register_skill(component::hostile("speaks", body)).await.expect("it is admitted");
    hostile::run(&runtime, "speaks", 60_000).await.0.into()
}

/// A component that is not admitted.
pub(super) async fn registered(bytes: Vec<u8>) -> Found {
    world("{}").await.register_skill(bytes).await.expect_err("it is refused").into()
}

/// A component from its text.
pub(super) fn components(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("a component")
}

/// An input of a hundred levels.
pub(super) async fn deep() -> Found {
    let input = (0..100).fold(json!(1), |inside, _| json!([inside]));
    run(&world("{}").await, "", "{skill: json_transform, with: {data: 1, filter: .}}", input).await.into()
}

/// An input of more than 16 MiB.
pub(super) async fn large() -> Found {
    let input = json!("x".repeat(17 << 20));
    run(&world("{}").await, "", "{skill: json_transform, with: {data: 1, filter: .}}", input).await.into()
}

/// A request that the stub world does not know.
pub(super) async fn missing() -> Found {
    played("grants: {hosts: [a.test]}", "{skill: http_call, with: {url: 'https://a.test/'}}").await
}

/// A replay where the component of the run is not known.
pub(super) async fn without_its_skill() -> Found {
    let journal = MemorySink::default();
    let workflow =
        parse("aos: 1\nname: x\nsteps: [{id: a, skill: json_transform, with: {data: 1, filter: .}}]\n");
    let options = RunOptions::default().journal(journal.clone());
    world("{}").await.start(&workflow, json!({}), options).outcome().await;
    let elsewhere = Runtime::builder().build().expect("a runtime");
    elsewhere.replay(&journal.bytes()).await.proof.expect_err("it has no components").into()
}

/// A folder of compiled code that everyone may write to.
pub(super) async fn cached_openly() -> Found {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).expect("a mode");
    Runtime::builder().compile_cache(folder.path()).build().expect_err("it is refused").into()
}

struct Broken;

impl Sink for Broken {
    fn append(&mut self, _lines: &[u8]) -> std::io::Result<()> {
        Err(std::io::Error::from_raw_os_error(5))
    }

    fn syncer(&self) -> Option<Arc<dyn Syncer>> {
        None
    }
}

/// A journal whose disk gives errors.
pub(super) async fn unsaved() -> Found {
    let workflow =
        parse("aos: 1\nname: x\nsteps: [{id: a, skill: json_transform, with: {data: 1, filter: .}}]\n");
    let run = world("{}").await.start(&workflow, json!({}), RunOptions::default().journal(Broken));
    run.outcome().await.into()
}

/// A compiler that is not there.
pub(super) async fn without_a_compiler() -> Found {
    let runtime = Runtime::builder().compile_in_child("/nowhere/aos").build().expect("a runtime");
    runtime.register_skill(component::hostile("fine", "")).await.expect_err("nobody compiles it").into()
}

/// A request of a method that is not sent: the skill gets the refusal, and goes on.
pub(super) async fn traced() -> Found {
    let server = Server::start([Reply::status(200)]).await;
    let request = json!({"method": "TRACE", "url": server.url("/")});
    let workflow = flow::probe_step(&server, json!({"with": {"do": "send", "request": request}}));
    let journal = MemorySink::default();
    let options = RunOptions::default().journal(journal.clone());
    live().await.start(&parse(&workflow), json!({}), options).outcome().await;
    let recording = Recording::read(&journal.bytes()).expect("a journal");
    let refused = recording.entries().iter().find_map(|entry| match &entry.event {
        Event::Result(result) => result.failure.clone(),
        _ => None,
    });
    refused.expect("a refusal").into()
}
