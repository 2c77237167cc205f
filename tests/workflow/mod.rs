//! One module for each workflow that the specification names, one for journals that someone tampered
//! with, and one for their certificates.

mod budget_exceeded_workflow;
mod certification;
mod determinism;
mod error_recovery_workflow;
mod killed_run;
mod llm_chain_workflow;
mod mixed_skill_workflow;
mod model_provider;
mod model_provider_anthropic;
mod model_router;
mod permanent_failure_workflow;
mod replay_certification;
mod simple_http_workflow;
mod stopped_workflow;
mod tampered_at_length;
mod tampered_journal;
