//! Runs: begin, look, cancel, resume, replay.

use std::sync::Arc;

use aos_host::canonical;
use aos_host::failure::{ErrorCode, Failure};
use aos_host::ids::{BudgetName, RunId};
use aos_host::providers::read_journal;
use aos_host::trace::TraceParent;
use aos_host::workflow_format::Workflow;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde::Serialize;
use serde_json::Value;

use super::api::Service;
use super::asked::{Name, Params, json_of};
use super::journal_lines::{self, JournalLines};
use super::known::{Known, Phase};
use super::problem::Problem;
use super::runs::Asked;
use super::shapes::{BudgetRequest, ReplayView, RunHeaders, RunRequest, RunView, Wait};
use super::workflows;

/// Begin a run.
///
/// It answers when the journal has begun, or with `wait=true` when the run is over. A client that goes away stops nothing.
#[utoipa::path(
    post, path = "/v1/runs", tag = "runs", params(
        Wait,
        RunHeaders,
    ),
    request_body = RunRequest,
    responses(
        (status = 200, body = RunView, description = "The run is over"),
        (status = 202, body = RunView, description = "The run goes on", headers(("Location" = String))),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "There is no such workflow or budget"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "It cannot be run"),
        (status = "4XX", body = Problem, content_type = "application/problem+json", description = "It cannot be run"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "There is no room now"),
    ),
)]
pub(super) async fn begin(
    State(service): State<Arc<Service>>,
    Params(Wait { wait }): Params<Wait>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    service.readiness()?;
    let body = service.read(&headers, body).await?;
    let request: RunRequest = json_of(&body)?;
    let key = headers.get("idempotency-key").map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned());
    let (ceiling, absorbed_ceiling) = request.budget.ceilings()?;
    let budget = budget(&service, &request.budget)?;
    let workflow = workflow(&service, &request.workflow)?;
    let trace = trace(&headers);
    let asked = Asked { workflow, input: request.input, ceiling, absorbed_ceiling, budget, trace };
    let runs = Arc::clone(&service.runs);
    // A client that goes away does not take its run with it.
    let begun = tokio::spawn(async move {
        let key = key.as_deref().map(|key| (key, &*body));
        runs.begin(asked, key).await
    });
    let (run, _) =
        begun.await.map_err(|error| Problem::of(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))??;
    if wait {
        // The run is held here, so its channel cannot be closed.
        let _ = run.watch().wait_for(|now| now.phase.is_over()).await;
    }
    let over = matches!(run.now().phase, Phase::Ended(_));
    let status = if over { StatusCode::OK } else { StatusCode::ACCEPTED };
    let mut response = json(status, &whole(&run).await?)?;
    if let Ok(place) = HeaderValue::from_str(&format!("/v1/runs/{}", run.id)) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// The trace of whoever asks. What is none begins none, as the standard asks.
fn trace(headers: &HeaderMap) -> Option<TraceParent> {
    let mut parents = headers.get_all("traceparent").iter();
    let only = parents.next().filter(|_| parents.next().is_none())?;
    only.to_str().ok()?.parse().ok()
}

fn budget(service: &Service, asked: &BudgetRequest) -> Result<Option<BudgetName>, Problem> {
    let Some(name) = asked.named()? else { return Ok(None) };
    match tokio::task::block_in_place(|| service.runs.has_budget(&name)) {
        Ok(true) => Ok(Some(name)),
        Ok(false) => {
            let message =
                format!("there is no budget {name}; aos budget set {name} --ceiling-cents N makes one");
            Err(Problem::of(StatusCode::NOT_FOUND, message))
        }
        Err(error) => Err(Problem::of(StatusCode::INTERNAL_SERVER_ERROR, format!("the budgets: {error}"))),
    }
}

fn workflow(service: &Service, asked: &Value) -> Result<Workflow, Problem> {
    let text = match asked {
        Value::String(name) => tokio::task::block_in_place(|| workflows::read(&service.workflows, name))?,
        inline if inline.is_object() => canonical::to_vec(inline)
            .map_err(|error| Failure::new(ErrorCode::WorkflowInvalid, error.to_string()).at("/workflow"))?,
        _ => {
            let message = "workflow is the name of one, or one itself as an object";
            return Err(Failure::new(ErrorCode::RequestInvalid, message).at("/workflow").into());
        }
    };
    Workflow::parse(&text).map_err(|invalid| Problem::within("/workflow", Failure::from(invalid)))
}

/// Look at a run: what it does, and its outcome.
#[utoipa::path(
    get, path = "/v1/runs/{id}", tag = "runs", params(("id" = String, Path, description = "The run", pattern = "^[0-9a-f]{32}$")),
    responses(
        (status = 200, body = RunView, description = "The run"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "There is no such run"),
    ),
)]
pub(super) async fn look(State(service): State<Arc<Service>>, Name(id): Name) -> Result<Response, Problem> {
    json(StatusCode::OK, &whole(&*service.run(&id)?).await?)
}

/// Cancel a run: what goes on is interrupted, what has not begun is skipped. One that is over stays as it is.
#[utoipa::path(
    post, path = "/v1/runs/{id}/cancel", tag = "runs", params(("id" = String, Path, description = "The run", pattern = "^[0-9a-f]{32}$")),
    responses(
        (status = 202, body = RunView, description = "It is asked to stop"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "There is no such run"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "It is over already"),
    ),
)]
pub(super) async fn cancel(State(service): State<Arc<Service>>, Name(id): Name) -> Result<Response, Problem> {
    let run = service.run(&id)?;
    if run.now().phase.is_over() {
        return Err(Problem::of(
            StatusCode::CONFLICT,
            format!("run {id} is over already; nothing of it can be stopped"),
        ));
    }
    run.cancel();
    json(StatusCode::ACCEPTED, &RunView::of(&run))
}

/// Try again a run that stopped without its end: one that is stuck, or whose journal could not be written any more.
///
/// What is recorded is not done again.
#[utoipa::path(
    post, path = "/v1/runs/{id}/resume", tag = "runs", params(("id" = String, Path, description = "The run", pattern = "^[0-9a-f]{32}$")),
    responses(
        (status = 202, body = RunView, description = "It is about to go on"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "There is no such run"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "It goes on, or has ended"),
    ),
)]
pub(super) async fn resume(State(service): State<Arc<Service>>, Name(id): Name) -> Result<Response, Problem> {
    service.readiness()?;
    let run = service.run(&id)?;
    service.runs.try_again(&run)?;
    json(StatusCode::ACCEPTED, &RunView::of(&run))
}

/// Repeat a run from its journal alone, and compare every byte.
#[utoipa::path(
    post, path = "/v1/runs/{id}/replay", tag = "runs", params(("id" = String, Path, description = "The run", pattern = "^[0-9a-f]{32}$")),
    responses(
        (status = 200, body = ReplayView, description = "What it came to, also where it differs"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "There is no such run"),
    ),
)]
pub(super) async fn replay(State(service): State<Arc<Service>>, Name(id): Name) -> Result<Response, Problem> {
    let run = service.run(&id)?;
    let path = run.journal.clone();
    let _one_at_a_time = service.replays.acquire().await;
    let bytes = blocking(move || read_journal(&path)).await?;
    let replay = service.runs.runtime().replay(&bytes).await;
    let problem = replay.proof.err().and_then(|failure| serde_json::to_value(Problem::from(failure)).ok());
    let outcome = serde_json::to_value(&replay.outcome).unwrap_or_default();
    json(StatusCode::OK, &ReplayView { holds: problem.is_none(), problem, outcome })
}

/// The journal of a run, as far as it is written: JSON Lines.
#[utoipa::path(
    get, path = "/v1/runs/{id}/journal", tag = "runs", params(("id" = String, Path, description = "The run", pattern = "^[0-9a-f]{32}$")),
    responses(
        (status = 200, body = String, content_type = "application/jsonl", description = "Whole lines, by docs/journal-format.md"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "There is no such run"),
    ),
)]
pub(super) async fn journal(
    State(service): State<Arc<Service>>,
    Name(id): Name,
) -> Result<Response, Problem> {
    let lines = JournalLines::new(service.run(&id)?.journal.clone());
    let pieces = stream::try_unfold(lines, async |mut lines| {
        let piece = lines.next().await?;
        Ok::<_, std::io::Error>((!piece.is_empty()).then_some((piece, lines)))
    });
    let kind = [(header::CONTENT_TYPE, "application/jsonl")];
    Ok((kind, Body::from_stream(pieces)).into_response())
}

/// A run with its outcome, where it has one.
async fn whole(run: &Known) -> Result<RunView, Problem> {
    let mut view = RunView::of(run);
    if let Phase::Ended(ending) = run.now().phase {
        view.outcome = match ending.unsealed {
            Some(outcome) => serde_json::to_value(&*outcome).ok(),
            None => {
                let path = run.journal.clone();
                blocking(move || journal_lines::outcome(&path)).await?
            }
        };
    }
    Ok(view)
}

/// The run of an id in a path.
impl Service {
    pub(super) fn run(&self, id: &str) -> Result<Arc<Known>, Problem> {
        let found = id.parse::<RunId>().ok().and_then(|id| self.runs.get(id));
        // A run that is not found yet may still be taken up.
        found.ok_or(()).or_else(|()| self.readiness().and(Err(Problem::no_run(id))))
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await.map_err(std::io::Error::from).flatten();
    done.map_err(|error| Problem::unreadable(&error))
}

/// An answer, its numbers as RFC 8785 writes them, so that all formats show the same.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, Problem> {
    written(body).map(|bytes| (status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response())
}

/// The bytes of such an answer.
pub(super) fn written(body: &impl Serialize) -> Result<Vec<u8>, Problem> {
    let wrong = |error: String| Problem::of(StatusCode::INTERNAL_SERVER_ERROR, error);
    let value = serde_json::to_value(body).map_err(|error| wrong(error.to_string()))?;
    canonical::to_vec::<Value>(&value).map_err(|error| wrong(error.to_string()))
}
