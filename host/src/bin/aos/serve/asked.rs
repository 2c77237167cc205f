//! Parts of a request, refused in the service's own words.

use aos_host::failure::{ErrorCode, Failure};
use aos_host::json;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The parameters of a query.
pub(super) struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let read = Query::try_from_uri(&parts.uri).map(|Query(params)| Self(params));
        read.map_err(|error| Problem::of(StatusCode::BAD_REQUEST, error.body_text()))
    }
}

/// The name in a path.
pub(super) struct Name(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Path::from_request_parts(parts, state).await.map(|Path(name)| Self(name));
        read.map_err(|error| Problem::of(StatusCode::NOT_FOUND, error.body_text()))
    }
}

/// What a body of JSON says.
///
/// # Errors
///
/// What is wrong with it, and where.
pub(super) fn json_of<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let message = format!("the request is not UTF-8 from byte {} on", error.valid_up_to());
        Failure::new(ErrorCode::JsonMalformed, message)
    })?;
    let value = json::read(text).map_err(|error| {
        let (line, column) = (error.line, error.column);
        Failure::new(error.code, error.to_string()).with_detail("line", line).with_detail("column", column)
    })?;
    serde_json::from_value(value)
        .map_err(|error| Failure::new(ErrorCode::RequestInvalid, format!("the request: {error}")).into())
}
