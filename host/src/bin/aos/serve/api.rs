//! The interface: which request goes where, and the document that says so.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::{Router, middleware};
use futures_util::StreamExt as _;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use tracing::debug;
use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, ResponseBuilder};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::access::{self, Access};
use super::problem::Problem;
use super::readings::Readings;
use super::runs::Runs;
use super::{
    budget_routes, events, listing, look_routes, page_routes, run_routes, view_events, view_routes,
    workflow_routes,
};

/// How long the body of a request may take.
const BODY_DEADLINE: Duration = Duration::from_secs(30);

/// What handlers work with.
pub(super) struct Service {
    pub runs: Arc<Runs>,
    pub workflows: PathBuf,
    pub max_body: usize,
    /// Replays that may go on at one time: they compute all the time.
    pub replays: Semaphore,
    /// Journals and workflows that are read and looked at.
    pub readings: Readings,
    /// Places of those who follow what a run looks like.
    pub followed: Arc<Semaphore>,
    /// Why runs may not begin.
    pub closed: watch::Sender<Option<&'static str>>,
}

impl Service {
    /// Whether runs may begin.
    ///
    /// # Errors
    ///
    /// 503 with why not.
    pub(super) fn readiness(&self) -> Result<(), Problem> {
        self.closed.borrow().map_or(Ok(()), |why| Err(Problem::of(StatusCode::SERVICE_UNAVAILABLE, why)))
    }

    /// Takes in a body of JSON.
    ///
    /// # Errors
    ///
    /// 415 for another kind, 413 for one that is too large, 408 for one that takes too long, 400 for half of one.
    pub(super) async fn read(&self, headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            let message = "the request has to have the content type application/json";
            return Err(Problem::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
        let read = tokio::time::timeout(BODY_DEADLINE, self.collect(body)).await;
        read.unwrap_or_else(|_| {
            let message = format!("the request's body took more than {} s", BODY_DEADLINE.as_secs());
            Err(Problem::of(StatusCode::REQUEST_TIMEOUT, message))
        })
    }

    async fn collect(&self, body: Body) -> Result<Bytes, Problem> {
        let (mut pieces, mut bytes) = (body.into_data_stream(), Vec::new());
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| Problem::of(StatusCode::BAD_REQUEST, error.to_string()))?;
            if bytes.len() + piece.len() > self.max_body {
                let message = format!("a request has at most {} bytes here (--max-body)", self.max_body);
                return Err(Problem::of(StatusCode::PAYLOAD_TOO_LARGE, message));
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes.into())
    }
}

#[derive(OpenApi)]
#[openapi(info(
    title = "AOS",
    description = "Runs workflows of skills. Every run ends in a structured outcome, has a journal, and can be replayed.",
    license(name = "Apache-2.0", identifier = "Apache-2.0"),
))]
struct Document;

/// Says what any guarded request may be answered.
fn tell_of_refusals(document: &mut utoipa::openapi::OpenApi, access: &Access) {
    let refusal = match access {
        Access::Tokens(_) => ("401", "There is no token, or none of the service's"),
        Access::ThisMachine => ("421", "It asks for another host than this machine"),
    };
    tell(document, refusal);
    tell(document, ("503", "The service starts or stops"));
    if matches!(access, Access::Tokens(_)) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        document.security = Some(vec![SecurityRequirement::new::<_, _, String>("token", [])]);
    }
}

/// What a request with a body may be refused for.
const BODY_REFUSALS: [(&str, &str); 4] = [
    ("400", "The request is wrong"),
    ("408", "The request took too long"),
    ("413", "The request is too large"),
    ("415", "The request is no JSON"),
];

/// Says that any request may be answered so.
fn tell(document: &mut utoipa::openapi::OpenApi, refusal: (&str, &str)) {
    operations(document).for_each(|operation| may_answer(operation, refusal));
}

/// Says that any request with a body may be refused for that.
fn tell_of_bodies(document: &mut utoipa::openapi::OpenApi) {
    let with_body = operations(document).filter(|operation| operation.request_body.is_some());
    with_body.for_each(|operation| {
        BODY_REFUSALS.into_iter().for_each(|refusal| may_answer(operation, refusal));
    });
}

fn operations(document: &mut utoipa::openapi::OpenApi) -> impl Iterator<Item = &mut Operation> {
    document.paths.paths.values_mut().flat_map(|item| [&mut item.get, &mut item.post].into_iter().flatten())
}

fn may_answer(operation: &mut Operation, (status, description): (&str, &str)) {
    let responses = &mut operation.responses.responses;
    responses.entry(status.to_owned()).or_insert_with(|| problem(description).into());
}

/// An answer that is a problem.
fn problem(description: &str) -> utoipa::openapi::Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}

/// All routes, and the document of them.
fn routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(listing::list, run_routes::begin))
        .routes(routes!(run_routes::look))
        .routes(routes!(run_routes::cancel))
        .routes(routes!(run_routes::resume))
        .routes(routes!(run_routes::replay))
        .routes(routes!(run_routes::journal))
        .routes(routes!(page_routes::report))
        .routes(routes!(events::events))
        .routes(routes!(view_routes::view))
        .routes(routes!(view_events::view_events))
        .routes(routes!(view_routes::document))
        .routes(routes!(workflow_routes::workflows))
        .routes(routes!(workflow_routes::workflow))
        .routes(routes!(budget_routes::budgets))
        .routes(routes!(budget_routes::stop_budget))
        .routes(routes!(budget_routes::start_budget))
        .routes(routes!(budget_routes::stop_budgets))
        .routes(routes!(look_routes::skills))
        .routes(routes!(look_routes::failures))
        .routes(routes!(look_routes::failure))
        .routes(routes!(look_routes::metrics))
}

/// Routes that anybody may ask: they tell nothing of any run.
fn open_routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new().routes(routes!(look_routes::healthz)).routes(routes!(look_routes::readyz))
}

/// The whole interface.
///
/// # Errors
///
/// A document that cannot be written.
pub(super) fn router(service: Arc<Service>, access: Access) -> anyhow::Result<Router> {
    let (guarded, mut document) = routes().split_for_parts();
    let (open, open_document) = open_routes().split_for_parts();
    tell_of_bodies(&mut document);
    tell_of_refusals(&mut document, &access);
    let mut document = document.merge_from(open_document);
    tell(&mut document, ("403", "A page of another site asks"));
    let document = document.to_json()?;
    let say = move || async move { ([(header::CONTENT_TYPE, "application/json")], document).into_response() };
    let guarded = guarded
        .route("/openapi.json", axum::routing::get(say))
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_so)
        .layer(middleware::from_fn_with_state(access.clone(), access::guard));
    let page = page_routes::page().method_not_allowed_fallback(not_so);
    let page = page.layer(middleware::from_fn_with_state(access, access::guard_name));
    let all = guarded.merge(page).merge(open.method_not_allowed_fallback(not_so));
    let all = all.layer(middleware::from_fn(access::guard_origin)).layer(middleware::from_fn(careful));
    Ok(all.layer(middleware::from_fn(logged)).with_state(service))
}

/// Keeps browsers and whoever is on the way from keeping an answer, where it does not say otherwise itself, and from taking
/// it for something else.
async fn careful(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Logs what was asked and answered. A query and a head may hold what is nobody else's business.
async fn logged(request: Request, next: Next) -> Response {
    let (method, path, began) = (request.method().clone(), request.uri().path().to_owned(), Instant::now());
    let response = next.run(request).await;
    let (status, elapsed_ms) = (response.status().as_u16(), began.elapsed().as_millis());
    debug!(method = method.as_str(), path, status, elapsed_ms, "answered a request");
    response
}

async fn nothing_here(uri: Uri) -> Response {
    let message = format!("there is nothing at {}; /openapi.json says what there is", uri.path());
    Problem::of(StatusCode::NOT_FOUND, message).into_response()
}

async fn not_so(method: Method, uri: Uri) -> Response {
    let message = format!("{} does not take {method}; /openapi.json says what it takes", uri.path());
    Problem::of(StatusCode::METHOD_NOT_ALLOWED, message).into_response()
}
