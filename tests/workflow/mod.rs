//! One module for each workflow that the specification names, and for what it promises of all of them: money, replays,
//! certificates.

mod budget_enforcement;
mod budget_exceeded_workflow;
mod certification;
mod determinism;
mod error_recovery_workflow;
mod failure_catalog;
mod fallback;
mod fan_out;
pub(crate) mod killed_run;
mod killed_under_budget;
mod llm_chain_workflow;
mod mixed_skill_workflow;
mod model_provider;
mod model_provider_anthropic;
mod model_router;
mod native_skill;
mod observability;
mod permanent_failure_workflow;
mod replay_certification;
mod simple_http_workflow;
mod stopped_workflow;
mod tampered_at_length;
mod tampered_journal;
mod under_way;
