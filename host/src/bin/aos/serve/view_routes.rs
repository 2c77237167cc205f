//! A run as people look at it, and the documents that lie in it: read from its journal at each request.

use std::sync::Arc;

use aos_host::failure::Failure;
use aos_host::journal::Recording;
use aos_host::providers::read_journal;
use aos_host::view::{Document, Place, PlaceInvalid, RunView};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::api::Service;
use super::asked::{Name, Params};
use super::problem::Problem;
use super::run_routes::written;

/// From where on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Since {
    /// What changed after the entry of this `seq` alone: `seq` of the answer before.
    #[serde(default)]
    pub since: Option<u64>,
}

/// A run as people look at it: its steps and their attempts, calls, money and failures, and what happened in words.
///
/// Whole, or with `since` what changed; docs/service.md says how both are put together.
#[utoipa::path(
    get, path = "/v1/runs/{id}/view", tag = "runs", params(
        ("id" = String, Path, description = "The run", pattern = "^[0-9a-f]{32}$"),
        Since,
    ),
    responses(
        (status = 200, body = Object, description = "What its journal says so far"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "There is no such run"),
        (status = "5XX", body = Problem, content_type = "application/problem+json", description = "Its journal cannot be read"),
    ),
)]
pub(super) async fn view(
    State(service): State<Arc<Service>>,
    Name(id): Name,
    Params(Since { since }): Params<Since>,
) -> Result<Response, Problem> {
    service.look_into(&id, move |view| written(&view.changes_since(since))).await
}

/// Where in a run.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Where {
    /// An attempt, or one crossing of it: `STEP[/ITEM]:ATTEMPT[:INDEX]`, such as `fetch:1:0`; the run itself without it.
    #[serde(default)]
    #[param(pattern = "^[a-z0-9][a-z0-9_.-]{0,63}(/[0-9]{1,9})?:[0-9]{1,9}(:[0-9]{1,9})?$")]
    pub place: Option<String>,
}

/// What was given and what came back at a place; null where there is nothing.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it says what a client reads")]
pub(super) struct Exchange {
    /// Of a call the whole request; of an attempt or a run its input.
    #[schema(required = true)]
    request: Value,
    /// Of a call the whole answer or the failure; of an attempt or a run its output.
    #[schema(required = true)]
    answer: Value,
}

/// What was given and what came back at a place of a run.
#[utoipa::path(
    get, path = "/v1/runs/{id}/document", tag = "runs", params(
        ("id" = String, Path, description = "The run", pattern = "^[0-9a-f]{32}$"),
        Where,
    ),
    responses(
        (status = 200, body = Exchange, description = "Both, whole"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "This is no place"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "There is no such run, or nothing at this place"),
        (status = "5XX", body = Problem, content_type = "application/problem+json", description = "Its journal cannot be read"),
    ),
)]
pub(super) async fn document(
    State(service): State<Arc<Service>>,
    Name(id): Name,
    Params(Where { place }): Params<Where>,
) -> Result<Response, Problem> {
    let place: Option<Place> = place
        .map(|place| place.parse())
        .transpose()
        .map_err(|invalid: PlaceInvalid| Problem::of(StatusCode::BAD_REQUEST, invalid.to_string()))?;
    let at = move |view: &RunView| -> Result<Vec<u8>, Problem> {
        let document: Option<Document> = view.document(place.as_ref());
        let nothing = || {
            let place = place.as_ref().map(ToString::to_string).unwrap_or_default();
            Problem::of(StatusCode::NOT_FOUND, format!("there is nothing at {place} of this run"))
        };
        written(&document.ok_or_else(nothing)?)
    };
    service.look_into(&id, at).await
}

impl Service {
    /// Reads the journal of a run when there is room for it, and answers with what is seen there.
    ///
    /// # Errors
    ///
    /// 404 for a run that is not there, and whatever keeps its journal from being read.
    async fn look_into(
        &self,
        id: &str,
        look: impl FnOnce(&RunView) -> Result<Vec<u8>, Problem> + Send + 'static,
    ) -> Result<Response, Problem> {
        let path = self.run(id)?.journal.clone();
        let bytes = self
            .readings
            .run(move || {
                let bytes = read_journal(&path).map_err(|error| Problem::unreadable(&error))?;
                let recording = Recording::read(&bytes).map_err(Failure::from)?;
                look(&RunView::of(&recording).map_err(Failure::from)?)
            })
            .await?;
        Ok((StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], bytes).into_response())
    }
}
