//! A panic of the host in every function that a component can import, one after another: each ends its run, and no more.

use aos_host::failure::ErrorCode;
use aos_host::journal::Recording;
use aos_host::outcome::OutcomeCode;
use aos_host::providers::{MemorySink, StubWorld, World};
use aos_host::{RunOptions, Runtime};
use serde_json::json;
use wit_parser::Resolve;

use super::callers::{Import, calling, imports};
use super::classes::{functions, packages};
use crate::hostile::component::hostile;
use crate::support::recorded::{assert_fits_schema, parse};
use crate::support::runtime::in_time;

/// A runtime whose host panics in one function.
async fn panicking(import: &Import) -> Runtime {
    let world = StubWorld::parse("http: [{url: 'https://example.com/', status: 200, body: Hello}]").unwrap();
    let builder = Runtime::builder().world(World::stub(world));
    let runtime = builder.panic_in(import.interface(), import.name()).build().unwrap();
    runtime.register_skill(hostile("good", "")).await.unwrap();
    runtime
}

fn workflow(skill: &str) -> String {
    let grants = json!({"hosts": ["example.com"], "models": ["gpt-4o-mini"]});
    json!({"aos": 1, "name": "panics", "grants": grants, "steps": [{"id": "a", "skill": skill}]}).to_string()
}

#[test]
fn a_panic_in_any_function_ends_its_run_in_host_panic_and_the_next_run_is_clean() {
    in_time(async {
        let resolve = packages();
        let wanted: Vec<_> =
            functions().await.into_iter().map(|(interface, function, _)| (interface, function)).collect();
        let imports = imports(&resolve, &wanted);
        for import in &imports {
            panics(&imports, import, &resolve).await;
        }
    });
}

async fn panics(imports: &[Import], import: &Import, resolve: &Resolve) {
    let runtime = panicking(import).await;
    runtime.register_skill(calling(imports, import, resolve)).await.unwrap();
    let sink = MemorySink::default();
    let options = RunOptions::default().journal(sink.clone());
    let outcome = runtime.start(&parse(&workflow("caller")), json!({}), options).outcome().await;
    assert_fits_schema(&outcome);
    let (code, what) = match import.out_of_reach(resolve) {
        Some(_) => (ErrorCode::AbiViolation, "handle"),
        None => (ErrorCode::HostPanic, "was made to panic"),
    };
    assert_eq!(outcome.code, OutcomeCode::Error(code), "{}: {}", import.id, outcome.message);
    assert!(outcome.message.contains(what), "{}: {}", import.id, outcome.message);
    assert_eq!(outcome.steps.len(), 1, "{}: the step has ended", import.id);
    assert!(Recording::read(&sink.bytes()).is_ok(), "{}", import.id);
    let replay = runtime.replay(&sink.bytes()).await;
    assert_eq!(replay.proof, Ok(()), "{}", import.id);
    assert_eq!(replay.outcome, outcome, "{}", import.id);
    let good = runtime.run(&parse(&workflow("good")), json!({})).await;
    assert_eq!(good.code, OutcomeCode::Ok, "after {}: {}", import.id, good.message);
}

#[tokio::test]
async fn a_point_to_panic_at_that_no_skill_can_import_is_refused() {
    for (interface, function) in [
        ("wasi:clocks/wall-clock", "later"),
        ("wasi:clocks/sundial", "now"),
        ("wasi:clocks/wall-clock@0.2.12", "now"),
    ] {
        let refused = Runtime::builder().panic_in(interface, function).build().unwrap_err();
        assert_eq!(refused.code, ErrorCode::ConfigInvalid, "{refused}");
        assert!(refused.message.contains(interface), "{refused}");
    }
}
