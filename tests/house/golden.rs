//! A journal and an outcome whose every byte is pinned. `just bless` writes them anew, and the difference in git then
//! shows what a change does to what users keep.

use std::sync::Arc;
use std::time::Duration;

use aos_host::providers::{FixedClock, FixedEntropy, MemorySink, StubWorld, World};
use aos_host::workflow_format::Workflow;
use aos_host::{RunOptions, Runtime};
use serde_json::json;

use crate::hostile::component::hostile;
use crate::support::golden::compare;

/// A component of a few instructions, so that no toolchain's next release changes the digest: it logs, and looks at the
/// clock.
const BODY: &str = r#"
    (import "wasi:clocks/wall-clock@0.2.0" "now" (func $now (param i32)))
    (import "wasi:cli/environment@0.2.0" "get-environment" (func $environment (param i32)))
    (import "aos:skill/log@0.1.0" "log" (func $log (param i32 i32 i32)))
    (data (i32.const 4096) "hello \"there\"")
    (func $body
        (call $now (i32.const 5000))
        (call $environment (i32.const 5100))
        (call $log (i32.const 2) (i32.const 4096) (i32.const 13)))"#;

const WORKFLOW: &str = "aos: 1\nname: golden\nsteps:\n  - id: a\n    skill: golden\n  - id: b\n    skill: golden\n    \
                        when: ${ .outcomes.a.code != \"OK\" }\noutput: ${ .steps }\n";

#[tokio::test]
async fn a_journal_and_its_outcome_have_their_bytes() {
    let start = "2026-01-01T00:00:00Z".parse().unwrap();
    let world = World::stub(StubWorld::parse("{}").unwrap())
        .with_clock(Arc::new(FixedClock::new(start, Duration::from_millis(1))))
        .with_entropy(Arc::new(FixedEntropy::new(1)));
    let runtime = Runtime::builder().world(world).build().unwrap();
    runtime.register_skill(hostile("golden", BODY)).await.unwrap();
    let journal = MemorySink::default();
    let workflow = Workflow::parse(WORKFLOW.as_bytes()).unwrap();
    let options = RunOptions::default().journal(journal.clone());
    let outcome = runtime.start(&workflow, json!({"b": 1, "a": [2.5, "ü"]}), options).outcome().await;

    compare("run.jsonl", &journal.bytes());
    compare("outcome.json", &outcome.canonical_bytes().unwrap());
    assert_eq!(runtime.replay(&journal.bytes()).await.proof, Ok(()));
}
