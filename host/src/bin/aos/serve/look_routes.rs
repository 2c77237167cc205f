//! What the service has and how it is: skills, failures, metrics, health.

use std::collections::BTreeSet;
use std::sync::Arc;

use aos_host::failure::{ErrorCategory, ErrorCode, catalog};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use super::api::Service;
use super::asked::{Name, Params};
use super::problem::Problem;
use super::run_routes::json;
use crate::commands::Described;

/// What skills there are, and what each says of itself.
#[utoipa::path(get, path = "/v1/skills", tag = "catalogue", responses((status = 200, body = Vec<Object>, description = "Metadata, by name, with `terms` where somebody set some beside the component")))]
pub(super) async fn skills(State(service): State<Arc<Service>>) -> Result<Response, Problem> {
    let skills = service.runs.runtime().skills();
    json(StatusCode::OK, &skills.iter().map(|skill| Described::of(skill)).collect::<Vec<_>>())
}

/// The words of all classes.
fn category_schema() -> Schema {
    let words: BTreeSet<_> = catalog().rows().map(|row| row.category.as_str()).collect();
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
}

/// Which failures.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Those of this class.
    #[serde(default)]
    #[param(schema_with = category_schema)]
    pub category: Option<ErrorCategory>,
    /// Those that the host tries again by itself.
    #[serde(default)]
    pub retryable: bool,
}

/// The catalogue of failures, by docs/failures.schema.json.
#[utoipa::path(
    get, path = "/v1/failures", tag = "catalogue", params(Wanted),
    responses(
        (status = 200, body = Vec<Object>, description = "Rows of the catalogue"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
    ),
)]
pub(super) async fn failures(Params(wanted): Params<Wanted>) -> Result<Response, Problem> {
    let rows = catalog().rows().filter(|row| wanted.category.is_none_or(|category| category == row.category));
    let rows = rows.filter(|row| !wanted.retryable || row.is_retried());
    json(StatusCode::OK, &rows.map(|row| row.to_json()).collect::<Vec<_>>())
}

/// One row of the catalogue, with its page.
#[utoipa::path(
    get, path = "/v1/failures/{code}", tag = "catalogue", params(("code" = String, Path, description = "The word")),
    responses(
        (status = 200, body = Object, description = "The row"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "There is no such code"),
    ),
)]
pub(super) async fn failure(Name(code): Name) -> Result<Response, Problem> {
    let Ok(code) = code.parse::<ErrorCode>() else {
        return Err(Problem::of(
            StatusCode::NOT_FOUND,
            format!("there is no code {code}; GET /v1/failures lists them"),
        ));
    };
    let mut row = code.row().to_json();
    if let Value::Object(members) = &mut row {
        members.insert("page".to_owned(), json!(code.row().page));
    }
    json(StatusCode::OK, &row)
}

/// What was counted, in the Prometheus text format; see docs/metrics.md.
#[utoipa::path(get, path = "/metrics", tag = "operation", responses((status = 200, body = String, content_type = "text/plain", description = "The exposition")))]
pub(super) async fn metrics(State(service): State<Arc<Service>>) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, service.runs.runtime().metrics()).into_response()
}

/// Whether the process is alive.
#[utoipa::path(get, path = "/healthz", tag = "operation", security(()), responses((status = 200, body = String, content_type = "text/plain", description = "It is")))]
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether runs may begin.
#[utoipa::path(
    get, path = "/readyz", tag = "operation", security(()), responses(
        (status = 200, body = String, content_type = "text/plain", description = "They may"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "Not yet, or not any more"),
    ),
)]
pub(super) async fn readyz(State(service): State<Arc<Service>>) -> Result<&'static str, Problem> {
    service.readiness().map(|()| "ready\n")
}
