//! One budget for many runs, also at the same time and in several processes: `cargo run --example shared_budget`.

use std::sync::Arc;

use aos_host::ids::BudgetName;
use aos_host::providers::{BudgetFolder, Clock as _, StubWorld, SystemClock, World};
use aos_host::units::Money;
use aos_host::workflow_format::Workflow;
use aos_host::{RunOptions, Runtime};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let stubs = StubWorld::parse("llm: {summarize: {text: This is a summary., tokens: 50, delay_ms: 500}}")?;
    let runtime = Runtime::builder().world(World::stub(stubs)).build()?;
    runtime.register_skill(std::fs::read("target/skills/llm_invoke.wasm")?).await?;
    let ask = r#"{aos: 1, name: ask, grants: {models: [gpt-4o-mini]}, budget: {ceiling_cents: 40},
                  steps: [{id: it, skill: llm_invoke, with: {model: gpt-4o-mini, prompt: "summarize: this"}}]}"#;
    let workflow = Workflow::parse(ask.as_bytes())?;

    let folder = std::env::temp_dir().join(format!("aos-shared-budget-{}", std::process::id()));
    let team = Arc::new(BudgetFolder::new(&folder).budget(BudgetName::new("team")?));
    let now = SystemClock::new().wall();
    team.set(Money::from_cents(100)?, Money::from_cents(100)?, now)?;
    // Each takes its 40 cents before it begins: of three at one time, there is room for two.
    let runs: Vec<_> = (0..3)
        .map(|_| runtime.start(&workflow, json!({}), RunOptions::default().budget(team.clone(), None)))
        .collect();
    let mut codes = Vec::new();
    for run in runs {
        codes.push(run.outcome().await.code.as_str());
    }
    codes.sort_unstable();
    assert_eq!(codes, ["AGENT_BUDGET_EXCEEDED", "OK", "OK"]);
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
