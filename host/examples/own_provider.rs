//! A provider of one's own: models that are asked in the process. `cargo run --example own_provider`.

use std::sync::Arc;
use std::time::Duration;

use aos_host::Runtime;
use aos_host::failure::Failure;
use aos_host::providers::{ChatRequest, ChatResponse, FinishReason, LlmProvider, LlmSession, World};
use aos_host::workflow_format::Workflow;
use futures_util::future::BoxFuture;
use serde_json::json;

struct Parrot;

impl LlmProvider for Parrot {
    fn open(&self) -> Arc<dyn LlmSession> {
        Arc::new(Self)
    }
}

impl LlmSession for Parrot {
    fn complete(
        &self,
        question: ChatRequest,
        _limit: Duration,
    ) -> BoxFuture<'_, Result<ChatResponse, Failure>> {
        let text = question.messages.last().map(|message| message.content.clone()).unwrap_or_default();
        let (finish_reason, model) = (FinishReason::Stop, question.model);
        Box::pin(
            async move { Ok(ChatResponse { text, finish_reason, tool_calls: vec![], usage: None, model }) },
        )
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = Runtime::builder().world(World::live().with_llm(Arc::new(Parrot))).build()?;
    runtime.register_skill(std::fs::read("target/skills/llm_invoke.wasm")?).await?;
    let ask = r#"{aos: 1, name: ask, grants: {models: [gpt-4o-mini]}, output: "${ .steps.it.text }",
                  steps: [{id: it, skill: llm_invoke, with: {model: gpt-4o-mini, prompt: "Who is there?"}}]}"#;
    let outcome = runtime.run(&Workflow::parse(ask.as_bytes())?, json!({})).await;
    assert_eq!(outcome.output, json!("Who is there?"));
    // It did not say what it counted, so all that was held for the question is charged.
    assert!(outcome.cost.charged > aos_host::units::Money::ZERO);
    Ok(())
}
