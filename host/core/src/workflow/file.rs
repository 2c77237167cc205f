//! The shape of a workflow file, as serde reads it. What it says is checked in `check`.

use serde::Deserialize;
use serde_json::Value;

use crate::budget::FailedSteps;
use crate::policy::Environment;
use crate::retry::RetryPolicy;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkflowFile {
    pub aos: u64,
    pub name: String,
    #[serde(default, rename = "description")]
    pub _description: Option<String>,
    #[serde(default)]
    pub input: Option<Value>,
    #[serde(default)]
    pub grants: GrantsFile,
    #[serde(default)]
    pub budget: BudgetFile,
    #[serde(default)]
    pub deadline_ms: Option<u64>,
    pub steps: Vec<StepFile>,
    #[serde(default)]
    pub output: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantsFile {
    #[serde(default)]
    pub hosts: Vec<String>,
    #[serde(default)]
    pub models: Vec<String>,
    #[serde(default)]
    pub secrets: Vec<String>,
    #[serde(default)]
    pub environment: Environment,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BudgetFile {
    #[serde(default)]
    pub ceiling_cents: Option<Value>,
    #[serde(default)]
    pub absorbed_ceiling_cents: Option<Value>,
    #[serde(default)]
    pub failed_steps: FailedSteps,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepFile {
    pub id: String,
    pub skill: String,
    #[serde(default)]
    pub with: Option<Value>,
    #[serde(default)]
    pub needs: Vec<String>,
    #[serde(default)]
    pub when: Option<Value>,
    #[serde(default)]
    pub retry: RetryPolicy,
    #[serde(default)]
    pub deadline_ms: Option<u64>,
    #[serde(default)]
    pub ceiling_cents: Option<Value>,
    #[serde(default)]
    pub on_error: Option<Value>,
    #[serde(default)]
    pub foreach: Option<ForEachFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ForEachFile {
    #[serde(rename = "in")]
    pub items: Value,
    #[serde(default)]
    pub parallel: Option<u64>,
}
