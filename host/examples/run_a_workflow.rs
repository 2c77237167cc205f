//! Runs a workflow of a component in a scripted world: `cargo run --example run_a_workflow`.

use aos_host::Runtime;
use aos_host::providers::{StubWorld, World};
use aos_host::workflow_format::Workflow;
use serde_json::json;

const STUBS: &str = "http: [{url: 'https://api.example.com/zen', body: Keep it logically awesome.}]";

const WORKFLOW: &str = "
aos: 1
name: zen
grants: {hosts: [api.example.com]}
steps:
  - {id: fetch, skill: http_call, with: {url: 'https://api.example.com/${ .input.page }'}}
output: ${ .steps.fetch.body }
";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `World::live()` is the real one.
    let runtime = Runtime::builder().world(World::stub(StubWorld::parse(STUBS)?)).build()?;
    runtime.register_skill(std::fs::read("target/skills/http_call.wasm")?).await?;

    let outcome = runtime.run(&Workflow::parse(WORKFLOW.as_bytes())?, json!({"page": "zen"})).await;
    // Whatever happens, there is an outcome, with a code of the catalogue.
    assert_eq!((outcome.code.as_str(), outcome.output), ("OK", json!("Keep it logically awesome.")));
    Ok(())
}
