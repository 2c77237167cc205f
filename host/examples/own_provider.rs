//! A provider of one's own: models that are asked in the process. `cargo run --example own_provider`.

use std::sync::Arc;
use std::time::Duration;

use aos_host::Runtime;
use aos_host::failure::Failure;
use aos_host::providers::{ChatRequest, ChatResponse, FinishReason, LlmProvider, LlmSession, World};
use aos_host::workflow_format::Workflow;
use futures_util::future::BoxFuture;

struct Parrot;

impl LlmProvider for Parrot {
    fn open(&self) -> Arc<dyn LlmSession> {
        Arc::new(Self)
    }
}

impl LlmSession for Parrot {
    fn complete(&self, asked: ChatRequest, _: Duration) -> BoxFuture<'_, Result<ChatResponse, Failure>> {
        let (text, model) = (format!("{} messages", asked.messages.len()), asked.model);
        let (finish_reason, tool_calls) = (FinishReason::Stop, Vec::new());
        // It does not say what it counted, so all that is held for the question is charged.
        Box::pin(async move { Ok(ChatResponse { text, finish_reason, tool_calls, usage: None, model }) })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = Runtime::builder().world(World::live().with_llm(Arc::new(Parrot))).build()?;
    runtime.register_skill(std::fs::read("target/skills/llm_invoke.wasm")?).await?;
    let ask = r#"{aos: 1, name: ask, grants: {models: [gpt-4o-mini]}, output: "${ .steps.it.text }",
                  steps: [{id: it, skill: llm_invoke, with: {model: gpt-4o-mini, prompt: "Hello?"}}]}"#;
    let outcome = runtime.run(&Workflow::parse(ask.as_bytes())?, serde_json::json!({})).await;
    assert_eq!(outcome.output, "1 messages");
    Ok(())
}
