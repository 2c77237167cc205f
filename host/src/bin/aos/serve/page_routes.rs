//! The page for people, and a run's report. The page holds nothing of any run: it asks like every other client.

use std::path::Path;
use std::sync::Arc;

use aos_host::failure::Failure;
use aos_host::ids::Digest;
use aos_host::providers::read_journal;
use aos_host::report::{Bodies, CertificateView, LIVE_POLICY, LIVE_SCRIPT, Report, STYLE, live_page};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::api::Service;
use super::asked::Name;
use super::problem::Problem;

/// What is there for a browser, for anybody who reaches the service by a name of its own.
pub(super) fn page() -> Router<Arc<Service>> {
    let html = || async {
        let kinds = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(LIVE_POLICY)),
            (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            (OPENER_POLICY, HeaderValue::from_static("same-origin")),
        ];
        (kinds, live_page()).into_response()
    };
    let asset = |kind: &'static str, text: &'static str| {
        get(move || async move { ([(header::CONTENT_TYPE, kind)], text).into_response() })
    };
    Router::new()
        .route("/", get(html))
        .route("/assets/aos.js", asset("text/javascript; charset=utf-8", LIVE_SCRIPT))
        .route("/assets/aos.css", asset("text/css; charset=utf-8", STYLE))
}

/// Keeps a page that opened this one from holding on to it (HTML Living Standard, 7.1.3).
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// The report of a run, as far as its journal goes: one file of HTML, which asks nothing of any network.
#[utoipa::path(
    get, path = "/v1/runs/{id}/report", tag = "runs", params(("id" = String, Path, description = "The run", pattern = "^[0-9a-f]{32}$")),
    responses(
        (status = 200, body = String, content_type = "text/html", description = "What `aos report` writes"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "There is no such run"),
        (status = "5XX", body = Problem, content_type = "application/problem+json", description = "Its journal cannot be read"),
    ),
)]
pub(super) async fn report(State(service): State<Arc<Service>>, Name(id): Name) -> Result<Response, Problem> {
    let path = service.run(&id)?.journal.clone();
    let html = service.readings.run(move || written(&id, &path)).await?;
    let name =
        [(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"report.html\""))];
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], name, html).into_response())
}

fn written(id: &str, path: &Path) -> Result<String, Problem> {
    let bytes = read_journal(path).map_err(|error| Problem::unreadable(&error))?;
    let certificates = std::fs::read(path.with_extension("intoto.jsonl")).unwrap_or_default();
    let certificate = CertificateView::find(&certificates, &Digest::of(&bytes), None);
    let mut report = Report::new(Bodies::Shown);
    report.add(format!("{id}.jsonl"), &bytes, certificate).map_err(Failure::from)?;
    report.html().map_err(|error| Problem::of(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}
