//! A recorded run as a test of a skill's next build: `cargo run --example replay_in_a_test`.

use std::collections::BTreeMap;

use aos_host::failure::{ErrorCode, Failure};
use aos_host::ids::SkillId;
use aos_host::providers::{MemorySink, StubWorld, World};
use aos_host::workflow_format::Workflow;
use aos_host::{RunOptions, Runtime};
use serde_json::json;

/// What a test does: it repeats a run that was recorded once, with the build of today in the place of the component of then.
/// Every answer comes from the journal, and the first call that differs is named.
async fn repeats(journal: &[u8], skill: &str, build: Vec<u8>) -> Result<(), Failure> {
    let runtime = Runtime::builder().build()?;
    let name =
        SkillId::new(skill).map_err(|error| Failure::new(ErrorCode::NameInvalid, error.to_string()))?;
    runtime.replay_against(journal, BTreeMap::from([(name, build.into())])).await.proof
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let component = std::fs::read("target/skills/http_call.wasm")?;
    let stubs = StubWorld::parse("http: [{url: 'https://api.example.com/', body: be brief}]")?;
    let runtime = Runtime::builder().world(World::stub(stubs)).build()?;
    runtime.register_skill(component.clone()).await?;
    let fetch = r#"{aos: 1, name: fetch, grants: {hosts: [api.example.com]},
                    steps: [{id: it, skill: http_call, with: {url: "https://api.example.com/"}}]}"#;
    // Recorded once, and kept beside the test as a file.
    let journal = MemorySink::default();
    let options = RunOptions::default().journal(journal.clone());
    runtime.start(&Workflow::parse(fetch.as_bytes())?, json!({}), options).outcome().await;

    assert_eq!(repeats(&journal.bytes(), "http_call", component).await, Ok(()));
    Ok(())
}
