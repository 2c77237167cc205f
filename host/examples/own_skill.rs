//! A skill of one's own in Rust, behind the same door as every component: `cargo run --example own_skill`.

use aos_host::providers::{HttpRequest, MemorySink, StubWorld, World};
use aos_host::workflow_format::Workflow;
use aos_host::{NativeSkill, RunOptions, Runtime};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stubs = StubWorld::parse("http: [{url: 'https://api.example.com/zen', body: be brief}]")?;
    let runtime = Runtime::builder().world(World::stub(stubs)).build()?;
    runtime.register_native(NativeSkill::new("shout", "1.0.0", |input, door| {
        Box::pin(async move {
            let url = input.get("url").and_then(|url| url.as_str()).unwrap_or_default();
            let request = HttpRequest::get(url)?;
            // Allowed by the workflow's grants, paid for, and recorded.
            let answer = door.send(request).await?;
            Ok(json!(String::from_utf8_lossy(&answer.body).to_uppercase()))
        })
    })?)?;

    let workflow = Workflow::parse(
        br#"{aos: 1, name: loud, grants: {hosts: [api.example.com]}, output: "${ .steps.it }",
             steps: [{id: it, skill: shout, with: {url: "https://api.example.com/zen"}}]}"#,
    )?;
    let journal = MemorySink::default();
    let options = RunOptions::default().journal(journal.clone());
    let outcome = runtime.start(&workflow, json!({}), options).outcome().await;
    assert_eq!(outcome.output, json!("BE BRIEF"));
    // It ran once for real; a replay answers its request from the journal.
    assert_eq!(runtime.replay(&journal.bytes()).await.proof, Ok(()));
    Ok(())
}
