//! Errors of the service, as RFC 9457 has them.

use aos_host::failure::Failure;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Why a request was not carried out (RFC 9457). Of a failure that the catalogue names, `code` is its word.
#[derive(Debug, Serialize, ToSchema)]
#[schema(title = "Problem")]
pub(super) struct Problem {
    /// The page of the code, `/v1/failures/CODE`; `about:blank` where the status says it all.
    r#type: String,
    /// What it is, in one line.
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What happened.
    detail: String,
    /// The word of the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// Its class.
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
    /// Where in the request, as a JSON pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// Whether the same request may succeed later.
    retryable: bool,
    /// Anything else: of a workflow, every fault with its pointer.
    #[serde(skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Object)]
    details: Value,
}

/// Seconds after which a request that found no room may be repeated.
const PAUSE: &str = "1";

impl Problem {
    /// One that the catalogue has no word for, since nothing was run.
    pub(super) fn of(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            r#type: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            code: None,
            category: None,
            advice: None,
            pointer: None,
            retryable: status == StatusCode::SERVICE_UNAVAILABLE,
            details: Value::Null,
        }
    }

    /// A journal that the operating system does not let anyone read.
    pub(super) fn unreadable(error: &std::io::Error) -> Self {
        Self::of(StatusCode::INTERNAL_SERVER_ERROR, format!("the journal: {error}"))
    }

    /// Whether it has this status.
    pub(super) fn is(&self, status: StatusCode) -> bool {
        self.status == status.as_u16()
    }

    /// A run that is not there.
    pub(super) fn no_run(id: &str) -> Self {
        Self::of(StatusCode::NOT_FOUND, format!("there is no run {id}; GET /v1/runs lists them"))
    }

    /// As [`Problem::from`], with a pointer that begins at a part of the request.
    pub(super) fn within(part: &str, failure: Failure) -> Self {
        let pointer = failure.pointer.clone().unwrap_or_default();
        Self::from(failure.at(format!("{part}{pointer}")))
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let row = failure.code.row();
        // Statuses that HTTP has no name for are none that a server should send.
        let status = StatusCode::from_u16(row.http_status).ok();
        let status = status.filter(|status| status.canonical_reason().is_some());
        Self {
            r#type: format!("/v1/failures/{}", row.word),
            title: row.meaning.to_owned(),
            status: status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).as_u16(),
            code: Some(row.word.to_owned()),
            category: Some(failure.category.as_str().to_owned()),
            advice: Some(failure.advice().to_owned()),
            retryable: failure.retryable,
            pointer: failure.pointer,
            details: failure.details.unwrap_or_default(),
            detail: failure.message,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(PAUSE));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
