//! Named budgets: what there is, and an end to spending. Budgets are set and settled on the command line.

use std::sync::Arc;

use aos_host::failure::{BUDGET_FILE, ErrorCode, Failure};
use aos_host::ids::BudgetName;
use aos_host::providers::{BudgetFolder, Clock as _, SystemClock};
use aos_host::units::Timestamp;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::api::Service;
use super::asked::{Name, json_of};
use super::problem::Problem;
use super::run_routes::json;
use crate::commands::budget_value;

/// Characters of the longest reason: one that is read at a glance.
const LONGEST_WHY: usize = 200;

/// Why a budget is stopped.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StopRequest {
    /// For whoever finds it stopped.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub why: String,
}

/// Nothing is said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StartRequest {}

/// All named budgets: what each has, what is held, and by which runs.
#[utoipa::path(
    get, path = "/v1/budgets", tag = "budgets",
    responses(
        (status = 200, body = Vec<Object>, description = "By name; of one whose file cannot be read, `name` and `problem` alone"),
        (status = "5XX", body = Problem, content_type = "application/problem+json", description = "The folder cannot be read"),
    ),
)]
pub(super) async fn budgets(State(service): State<Arc<Service>>) -> Result<Response, Problem> {
    let folder = service.runs.budgets();
    json(StatusCode::OK, &service.on_budgets(move || all(&folder)).await?)
}

/// Stop a budget: nothing more leaves that is paid from it, in any process.
#[utoipa::path(
    post, path = "/v1/budgets/{name}/stop", tag = "budgets",
    params(("name" = String, Path, description = "The budget", pattern = "^[a-z0-9][a-z0-9_.-]{0,63}$")),
    request_body = StopRequest,
    responses(
        (status = 200, body = Object, description = "The budget as it is now"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "There is no such budget"),
        (status = "5XX", body = Problem, content_type = "application/problem+json", description = "Its file cannot be used"),
    ),
)]
pub(super) async fn stop_budget(
    State(service): State<Arc<Service>>,
    Name(name): Name,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let why = service.why(&headers, body).await?;
    let folder = service.runs.budgets();
    let stopped = service.on_budgets(move || {
        let name = there(&folder, &name)?;
        let account = folder.budget(name.clone()).stop(&why, now())?;
        Ok(budget_value(&name, &account))
    });
    json(StatusCode::OK, &stopped.await?)
}

/// Start a budget that was stopped.
#[utoipa::path(
    post, path = "/v1/budgets/{name}/start", tag = "budgets",
    params(("name" = String, Path, description = "The budget", pattern = "^[a-z0-9][a-z0-9_.-]{0,63}$")),
    request_body = StartRequest,
    responses(
        (status = 200, body = Object, description = "The budget as it is now"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "There is no such budget"),
        (status = "5XX", body = Problem, content_type = "application/problem+json", description = "Its file cannot be used"),
    ),
)]
pub(super) async fn start_budget(
    State(service): State<Arc<Service>>,
    Name(name): Name,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let StartRequest {} = json_of(&service.read(&headers, body).await?)?;
    let folder = service.runs.budgets();
    let started = service.on_budgets(move || {
        let name = there(&folder, &name)?;
        let account = folder.budget(name.clone()).start(now())?;
        Ok(budget_value(&name, &account))
    });
    json(StatusCode::OK, &started.await?)
}

/// Stop all budgets that can be stopped. One that is stopped already keeps its reason.
#[utoipa::path(
    post, path = "/v1/budgets/stop", tag = "budgets", request_body = StopRequest,
    responses(
        (status = 200, body = Vec<Object>, description = "All budgets as they are now; of one that could not be stopped, `name` and `problem` alone"),
        (status = "5XX", body = Problem, content_type = "application/problem+json", description = "The folder cannot be read"),
    ),
)]
pub(super) async fn stop_budgets(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let why = service.why(&headers, body).await?;
    let folder = service.runs.budgets();
    let stopped = service.on_budgets(move || {
        let stop = |name: BudgetName| {
            let budget = folder.budget(name.clone());
            let account = match budget.read() {
                Ok(ledger) if ledger.account().stopped().is_some() => Ok(ledger.account().clone()),
                Ok(_) => budget.stop(&why, now()),
                Err(failure) => Err(failure),
            };
            account.map_or_else(|failure| broken(&name, failure), |account| budget_value(&name, &account))
        };
        Ok(names(&folder)?.into_iter().map(stop).collect::<Vec<_>>())
    });
    json(StatusCode::OK, &stopped.await?)
}

impl Service {
    /// Reads why something is to be stopped.
    async fn why(&self, headers: &HeaderMap, body: Body) -> Result<String, Problem> {
        let StopRequest { why } = json_of(&self.read(headers, body).await?)?;
        if why.chars().count() > LONGEST_WHY {
            let message = format!("why has at most {LONGEST_WHY} characters");
            return Err(Failure::new(ErrorCode::RequestInvalid, message).at("/why").into());
        }
        Ok(why)
    }

    /// Does something with files that other processes may hold, on a thread of its own, to its end.
    async fn on_budgets<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|error| Err(Problem::of(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())))
    }
}

fn now() -> Timestamp {
    SystemClock::new().wall()
}

fn names(folder: &BudgetFolder) -> Result<Vec<BudgetName>, Problem> {
    folder.names().map_err(|error| {
        let code = ErrorCode::of_file(&error, ErrorCode::JournalIo);
        Failure::new(code, format!("the budgets: {error}")).with_subcode(BUDGET_FILE).into()
    })
}

/// The name of a budget that is there.
fn there(folder: &BudgetFolder, name: &str) -> Result<BudgetName, Problem> {
    let found = names(folder)?.into_iter().find(|known| known.as_str() == name);
    found.ok_or_else(|| {
        let message = format!("there is no budget {name}; GET /v1/budgets lists them");
        Problem::of(StatusCode::NOT_FOUND, message)
    })
}

fn all(folder: &BudgetFolder) -> Result<Vec<Value>, Problem> {
    let value = |name: BudgetName| match folder.budget(name.clone()).read() {
        Ok(ledger) => budget_value(&name, ledger.account()),
        Err(failure) => broken(&name, failure),
    };
    Ok(names(folder)?.into_iter().map(value).collect())
}

/// A budget that cannot be used.
fn broken(name: &BudgetName, failure: Failure) -> Value {
    json!({"name": name, "problem": Problem::from(failure)})
}
