//! The workflows that requests may name: what each is called, takes and may spend.

use std::path::Path;
use std::sync::Arc;

use aos_host::failure::Failure;
use aos_host::schema::Schema;
use aos_host::units::{Money, whole_millis};
use aos_host::view::{PlannedStep, planned};
use aos_host::workflow_format::{MAX_WORKFLOW_BYTES, Workflow};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::api::Service;
use super::asked::Name;
use super::problem::Problem;
use super::run_routes::json;
use super::workflows;

/// A workflow of the service.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WorkflowView {
    /// What requests name it by: its file, without the ending.
    pub name: String,
    /// Its own `name`; null for a file that cannot be used.
    #[schema(required = true)]
    pub title: Option<String>,
    /// How many steps it has; null for a file that cannot be used.
    #[schema(required = true)]
    pub steps: Option<usize>,
    /// What its input has to fit, as JSON Schema; null where it does not say.
    #[schema(required = true, value_type = Option<Object>)]
    pub input_schema: Option<Value>,
    /// The most that a run may be charged, in nano-dollars; null where it does not say.
    #[schema(required = true, value_type = Option<u64>)]
    pub ceiling: Option<Money>,
    /// How long a run may take; null where it does not say.
    #[schema(required = true)]
    pub deadline_ms: Option<u64>,
    /// Why it cannot be used, with all its faults; null where it can.
    #[schema(required = true, value_type = Option<Object>)]
    pub problem: Option<Problem>,
}

/// A workflow of the service, with all of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WholeWorkflow {
    #[serde(flatten)]
    pub workflow: WorkflowView,
    /// The text of its file; null where that is none, or too long.
    #[schema(required = true)]
    pub text: Option<String>,
    /// Its graph, in the order of its file; null for a file that cannot be used.
    #[schema(required = true, value_type = Option<Vec<Object>>)]
    pub plan: Option<Vec<PlannedStep>>,
}

/// The workflows that requests may name.
#[utoipa::path(
    get, path = "/v1/workflows", tag = "workflows",
    responses(
        (status = 200, body = Vec<WorkflowView>, description = "By name"),
        (status = "5XX", body = Problem, content_type = "application/problem+json", description = "The folder cannot be read"),
    ),
)]
pub(super) async fn workflows(State(service): State<Arc<Service>>) -> Result<Response, Problem> {
    let folder = service.workflows.clone();
    let read = service.readings.run(move || {
        // One that is removed meanwhile is not there.
        let read = |name| WholeWorkflow::read(&folder, name).ok().map(|whole| whole.workflow);
        Ok(workflows::names(&folder)?.into_iter().filter_map(read).collect::<Vec<_>>())
    });
    json(StatusCode::OK, &read.await?)
}

/// One workflow, with its text and its graph.
#[utoipa::path(
    get, path = "/v1/workflows/{name}", tag = "workflows",
    params(("name" = String, Path, description = "The workflow", pattern = "^[a-z0-9][a-z0-9_.-]{0,63}$")),
    responses(
        (status = 200, body = WholeWorkflow, description = "The workflow, also one that cannot be used"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "There is no such workflow"),
    ),
)]
pub(super) async fn workflow(
    State(service): State<Arc<Service>>,
    Name(name): Name,
) -> Result<Response, Problem> {
    let folder = service.workflows.clone();
    let read = service.readings.run(move || WholeWorkflow::read(&folder, name));
    json(StatusCode::OK, &read.await?)
}

impl WholeWorkflow {
    /// Reads a workflow, and says what is wrong where it cannot be used.
    ///
    /// # Errors
    ///
    /// 404 where there is none of this name.
    fn read(folder: &Path, name: String) -> Result<Self, Problem> {
        let text = match workflows::read(folder, &name) {
            Ok(text) => text,
            Err(problem) if problem.is(StatusCode::NOT_FOUND) => return Err(problem),
            Err(problem) => return Ok(Self::broken(name, None, problem)),
        };
        let parsed = Workflow::parse(&text).map_err(|invalid| Problem::from(Failure::from(invalid)));
        let text = String::from_utf8(text).ok().filter(|text| text.len() <= MAX_WORKFLOW_BYTES);
        Ok(match parsed {
            Ok(workflow) => {
                Self { workflow: WorkflowView::of(name, &workflow), text, plan: Some(planned(&workflow)) }
            }
            Err(problem) => Self::broken(name, text, problem),
        })
    }

    fn broken(name: String, text: Option<String>, problem: Problem) -> Self {
        let (title, steps, input_schema, ceiling, deadline_ms) = (None, None, None, None, None);
        let problem = Some(problem);
        let workflow = WorkflowView { name, title, steps, input_schema, ceiling, deadline_ms, problem };
        Self { workflow, text, plan: None }
    }
}

impl WorkflowView {
    fn of(name: String, workflow: &Workflow) -> Self {
        Self {
            name,
            title: Some(workflow.name().to_owned()),
            steps: Some(workflow.steps().len()),
            input_schema: workflow.input_schema().map(Schema::document).cloned(),
            ceiling: workflow.budget().ceiling,
            deadline_ms: workflow.deadline().map(whole_millis),
            problem: None,
        }
    }
}
