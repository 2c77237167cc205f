//! What requests and answers look like.

use aos_host::failure::{ErrorCode, Failure};
use aos_host::ids::{BudgetName, RunId};
use aos_host::units::Money;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{IntoParams, ToSchema};

use super::figures::Figures;
use super::journal_lines::Head;
use super::known::{Known, Now, Phase};
use super::problem::Problem;

/// What to run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RunRequest {
    /// A workflow of the service by its name, or a workflow itself, as an object.
    #[schema(schema_with = workflow_schema)]
    pub workflow: Value,
    /// The input; `{}` where it is left out.
    #[serde(default = "nothing")]
    pub input: Value,
    /// What it may spend, where that is not what the workflow says.
    #[serde(default)]
    pub budget: BudgetRequest,
}

fn nothing() -> Value {
    Value::Object(serde_json::Map::new())
}

/// A workflow's name, or itself.
fn workflow_schema() -> Schema {
    let name = ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("The name of its file, without the ending"))
        .max_length(Some(64))
        .pattern(Some("^[a-z0-9][a-z0-9_.-]*$"));
    let inline = ObjectBuilder::new().description(Some("A workflow, by docs/workflow-format.md"));
    OneOfBuilder::new().item(name).item(inline).into()
}

/// What a run may spend.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BudgetRequest {
    /// The most that may be charged, in US cents.
    #[serde(default)]
    #[schema(maximum = 900_719_925)]
    pub ceiling_cents: Option<u64>,
    /// The most that failed attempts may lose, in US cents.
    #[serde(default)]
    #[schema(maximum = 900_719_925)]
    pub absorbed_ceiling_cents: Option<u64>,
    /// A named budget that the run takes its ceilings from.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 64, pattern = "^[a-z0-9][a-z0-9_.-]*$")]
    pub name: Option<String>,
}

impl BudgetRequest {
    /// The ceilings.
    ///
    /// # Errors
    ///
    /// An amount that is none.
    pub(super) fn ceilings(&self) -> Result<(Option<Money>, Option<Money>), Problem> {
        let money = |cents: Option<u64>, pointer: &str| {
            let invalid = |error: &dyn std::fmt::Display| {
                Failure::new(ErrorCode::RequestInvalid, error.to_string()).at(pointer)
            };
            cents.map(Money::from_cents).transpose().map_err(|error| invalid(&error))
        };
        let absorbed = money(self.absorbed_ceiling_cents, "/budget/absorbed_ceiling_cents")?;
        Ok((money(self.ceiling_cents, "/budget/ceiling_cents")?, absorbed))
    }

    /// The named budget.
    ///
    /// # Errors
    ///
    /// A name that is none.
    pub(super) fn named(&self) -> Result<Option<BudgetName>, Problem> {
        let name = self.name.clone().map(BudgetName::new).transpose();
        name.map_err(|error| {
            Failure::new(ErrorCode::NameInvalid, error.to_string()).at("/budget/name").into()
        })
    }
}

/// A request that may be sent again.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it says what a client sends")]
pub(super) struct RunHeaders {
    /// A request with a key that was sent before begins nothing: it gets the run that the first one began.
    #[param(
        rename = "Idempotency-Key",
        required = false,
        min_length = 1,
        max_length = 255,
        pattern = "^[ -~]+$"
    )]
    key: String,
    /// The trace that the run is part of (W3C Trace Context). It is handed on to the hosts that the run calls.
    #[param(rename = "Traceparent", required = false)]
    traceparent: String,
}

/// How to answer.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wait {
    /// Answer when the run is over, with its outcome.
    #[serde(default)]
    pub wait: bool,
}

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum RunState {
    /// It was cut off, and is about to go on.
    Resuming,
    /// It goes on.
    Running,
    /// It has its outcome.
    Ended,
    /// It stopped where it was, and goes on when the service is started again.
    Left,
    /// It was cut off, and may not go on; `problem` says why.
    Stuck,
}

impl From<&Phase> for RunState {
    fn from(phase: &Phase) -> Self {
        match phase {
            Phase::Resuming => Self::Resuming,
            Phase::Running => Self::Running,
            Phase::Ended(_) => Self::Ended,
            Phase::Left => Self::Left,
            Phase::Stuck(_) => Self::Stuck,
        }
    }
}

/// One run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunView {
    /// Its id (RFC 9562, UUIDv7, without dashes). Ids sort by the time at which runs began.
    #[schema(value_type = String, pattern = "^[0-9a-f]{32}$")]
    pub id: RunId,
    /// The name of its workflow.
    pub workflow: String,
    /// What it does.
    pub state: RunState,
    /// When it began (RFC 3339).
    #[schema(format = DateTime)]
    pub began: String,
    /// How it ended: `OK`, or a code of the catalogue; null as long as it has no end.
    #[schema(required = true)]
    pub code: Option<&'static str>,
    /// How it ended: success, partial, failure or skipped; null as long as it has no end.
    #[schema(required = true)]
    pub status: Option<&'static str>,
    /// Milliseconds until its last entry so far.
    pub duration_ms: u64,
    /// What it was billed so far, in nano-dollars.
    #[schema(value_type = u64)]
    pub charged: Money,
    /// What its failed attempts lost so far, in nano-dollars.
    #[schema(value_type = u64)]
    pub absorbed: Money,
    /// What is held for it now, in nano-dollars.
    #[schema(value_type = u64)]
    pub held: Money,
    /// The most that it may be charged, in nano-dollars.
    #[schema(value_type = u64)]
    pub ceiling: Money,
    /// The named budget that it draws from; null for none.
    #[schema(required = true, value_type = Option<String>)]
    pub budget: Option<BudgetName>,
    /// Why it cannot go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub problem: Option<Value>,
    /// Its outcome, by docs/outcome.schema.json; left out of lists, and as long as it has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub outcome: Option<Value>,
}

impl RunView {
    /// A run, without its outcome.
    pub(super) fn of(run: &Known) -> Self {
        let Now { phase, figures, .. } = run.now();
        let (mut code, mut status, mut problem) = (None, None, None);
        match &phase {
            Phase::Ended(ending) => {
                (code, status) = (Some(ending.code.as_str()), Some(ending.status.as_str()))
            }
            Phase::Stuck(failure) => {
                problem = serde_json::to_value(Problem::from(Failure::clone(failure))).ok();
            }
            Phase::Resuming | Phase::Running | Phase::Left => {}
        }
        let Head { at: began, workflow, ceiling, budget } = run.head.clone();
        let Figures { duration_ms, charged, absorbed, held } = figures;
        Self {
            id: run.id,
            workflow,
            state: RunState::from(&phase),
            began,
            code,
            status,
            duration_ms,
            charged,
            absorbed,
            held,
            ceiling,
            budget,
            problem,
            outcome: None,
        }
    }
}

/// What a replay came to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReplayView {
    /// Whether every entry was met again, byte for byte.
    pub holds: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub problem: Option<Value>,
    /// The outcome that the replay came to, by docs/outcome.schema.json.
    #[schema(value_type = Object)]
    pub outcome: Value,
}
