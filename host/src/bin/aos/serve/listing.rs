//! The list of runs, and which of them it shows.

use std::collections::BTreeSet;
use std::sync::Arc;

use aos_host::failure::catalog;
use aos_host::ids::RunId;
use aos_host::outcome::OutcomeCode;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{IntoParams, ToSchema};

use super::api::Service;
use super::asked::Params;
use super::known::{Known, Phase};
use super::problem::Problem;
use super::run_routes::json;
use super::shapes::{RunState, RunView};

/// Runs on one page of a list, where nothing is said.
const PAGE: u16 = 100;

/// Runs on the longest page.
const LONGEST_PAGE: u16 = 1000;

/// Characters of the longest text that is searched for: no name is longer.
const LONGEST_SEARCH: usize = 200;

/// Which runs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Listing {
    /// At most so many.
    #[serde(default)]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: Option<u16>,
    /// Those that began before this one: `next` of the page before.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^[0-9a-f]{32}$")]
    pub before: Option<RunId>,
    /// Those in this state.
    #[serde(default)]
    pub state: Option<RunState>,
    /// Those of the workflow of this name.
    #[serde(default)]
    pub workflow: Option<String>,
    /// Those that ended so: `OK`, or a code of the catalogue.
    #[serde(default)]
    #[param(schema_with = code_schema)]
    pub code: Option<OutcomeCode>,
    /// Those in whose id, workflow, code or budget this stands, no matter the case.
    #[serde(default)]
    #[param(min_length = 1, max_length = 200)]
    pub q: Option<String>,
}

/// The words of all ends.
fn code_schema() -> Schema {
    let words: BTreeSet<_> = catalog().rows().map(|row| row.word).chain(["OK"]).collect();
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
}

impl Listing {
    /// How many runs at most.
    fn most(&self) -> Result<u16, Problem> {
        let most = self.limit.unwrap_or(PAGE);
        if (1..=LONGEST_PAGE).contains(&most) {
            return Ok(most);
        }
        Err(Problem::of(StatusCode::BAD_REQUEST, format!("limit is 1 to {LONGEST_PAGE}")))
    }

    /// Whether a run is one of them, of what is searched for in lower case.
    fn fits(&self, run: &Known, sought: Option<&str>) -> bool {
        let phase = run.now().phase;
        let code = match &phase {
            Phase::Ended(ending) => Some(ending.code),
            Phase::Resuming | Phase::Running | Phase::Left | Phase::Stuck(_) => None,
        };
        self.state.is_none_or(|state| state == (&phase).into())
            && self.workflow.as_ref().is_none_or(|workflow| *workflow == run.head.workflow)
            && self.code.is_none_or(|wanted| code == Some(wanted))
            && sought.is_none_or(|sought| holds(run, code, sought))
    }
}

fn holds(run: &Known, code: Option<OutcomeCode>, sought: &str) -> bool {
    let budget = run.head.budget.as_ref().map(|name| name.as_str().contains(sought));
    budget == Some(true)
        || code.is_some_and(|code| code.as_str().to_lowercase().contains(sought))
        || run.head.workflow.to_lowercase().contains(sought)
        || run.id.to_string().contains(sought)
}

/// A page of runs, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunList {
    pub runs: Vec<RunView>,
    /// Give this as `before` for the page that follows; null on the last one.
    #[schema(required = true, value_type = Option<String>)]
    pub next: Option<RunId>,
}

/// List runs, newest first.
#[utoipa::path(
    get, path = "/v1/runs", tag = "runs", params(Listing),
    responses(
        (status = 200, body = RunList, description = "One page of them"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "A parameter is wrong"),
    ),
)]
pub(super) async fn list(
    State(service): State<Arc<Service>>,
    Params(listing): Params<Listing>,
) -> Result<Response, Problem> {
    let most = listing.most()?;
    let sought = listing.q.as_ref().map(|text| text.to_lowercase());
    if listing.q.as_ref().is_some_and(|text| !(1..=LONGEST_SEARCH).contains(&text.chars().count())) {
        let message = format!("q has 1 to {LONGEST_SEARCH} characters");
        return Err(Problem::of(StatusCode::BAD_REQUEST, message));
    }
    let fits = |run: &Known| listing.fits(run, sought.as_deref());
    let runs = service.runs.list(listing.before, most.into(), fits);
    let next = runs.last().filter(|_| runs.len() == usize::from(most)).map(|run| run.id);
    json(StatusCode::OK, &RunList { runs: runs.iter().map(|run| RunView::of(run)).collect(), next })
}
