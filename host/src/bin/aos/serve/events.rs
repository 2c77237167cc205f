//! What a run does, as it does it: server-sent events, one for each entry of the journal.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream as streams;
use serde::Deserialize;
use tokio::sync::watch;
use utoipa::{IntoParams, ToSchema};

use super::api::Service;
use super::asked::Name;
use super::journal_lines::JournalLines;
use super::known::{Known, Now};
use super::problem::Problem;

/// After which a comment is sent, so that nobody on the way gives a quiet run up.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Follow a run: each entry of its journal as a server-sent event.
///
/// `id` is the entry's `seq`, `event` its `type`, `data` the line of the journal. The stream begins with the first entry, or
/// after the one that `Last-Event-ID` names, and ends when the run is over; a client that comes back after that gets 204.
#[utoipa::path(
    get, path = "/v1/runs/{id}/events", tag = "runs", params(
        ("id" = String, Path, description = "The run", pattern = "^[0-9a-f]{32}$"),
        LastEvent,
    ),
    responses(
        (status = 200, body = Entry, content_type = "text/event-stream", description = "The entries"),
        (status = 204, description = "There are no more"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Last-Event-ID is none of an event"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "There is no such run"),
    ),
)]
pub(super) async fn events(
    State(service): State<Arc<Service>>,
    Name(id): Name,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let run = service.run(&id)?;
    let last = headers.get("last-event-id").map(seq).transpose()?;
    let mut following = Following::new(run, last);
    // Of a run that is over, all is there, and nothing waits here.
    let over = following.now.borrow().phase.is_over();
    let first = if over { following.next().await } else { None };
    if over && first.is_none() && last.is_some() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(stream((first, following), async |(next, mut following)| {
        let event = match next {
            Some(event) => event,
            None => following.next().await?,
        };
        Some((event, (None, following)))
    }))
}

/// Answers with events as they come.
pub(super) fn stream<T, F, E>(state: T, next: impl FnMut(T) -> F + Send + 'static) -> Response
where
    T: Send + 'static,
    F: Future<Output = Option<(Result<Event, E>, T)>> + Send + 'static,
    E: Into<axum::BoxError> + 'static,
{
    let events = Sse::new(streams::unfold(state, next)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    let mut response = events.into_response();
    // It says no-cache by itself, which is less.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The `seq` that an event has as its id.
///
/// # Errors
///
/// 400 for what is none.
pub(super) fn seq(id: &HeaderValue) -> Result<u64, Problem> {
    let id = id.to_str().unwrap_or_default();
    let digits = (1..=15).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit());
    let seq = id.parse().ok().filter(|_| digits);
    seq.ok_or_else(|| Problem::of(StatusCode::BAD_REQUEST, "Last-Event-ID is the id of an event, a number"))
}

/// Where to go on.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it says what a client sends")]
pub(super) struct LastEvent {
    /// The last event that the client has.
    #[param(rename = "Last-Event-ID", required = false, pattern = "^[0-9]{1,15}$")]
    id: String,
}

/// One event.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it says what a client reads")]
pub(super) struct Entry {
    /// The entry's `seq`.
    id: String,
    /// The entry's `type`.
    event: String,
    /// The line of the journal, by docs/journal-format.md.
    data: String,
}

/// Somebody who follows a run in its journal, so that nothing waits in memory for a slow client.
struct Following {
    now: watch::Receiver<Now>,
    lines: JournalLines,
    read: VecDeque<Vec<u8>>,
    last: Option<u64>,
}

/// What an event says of its entry.
#[derive(Deserialize)]
struct Line {
    seq: u64,
    r#type: String,
}

impl Following {
    fn new(run: Arc<Known>, last: Option<u64>) -> Self {
        let (now, lines) = (run.watch(), JournalLines::new(run.journal.clone()));
        Self { now, lines, read: VecDeque::new(), last }
    }

    /// The next entry; `None` when the run is over.
    async fn next(&mut self) -> Option<std::io::Result<Event>> {
        loop {
            while let Some(line) = self.read.pop_front() {
                let Ok(Line { seq, r#type }) = serde_json::from_slice(&line) else { continue };
                if self.last.is_some_and(|last| seq <= last) {
                    continue;
                }
                let text = String::from_utf8_lossy(&line).into_owned();
                return Some(Ok(Event::default().id(seq.to_string()).event(r#type).data(text)));
            }
            let over = self.now.borrow_and_update().phase.is_over();
            match self.lines.next().await {
                Err(error) => return Some(Err(error)),
                Ok(lines) if lines.is_empty() => {
                    // Nothing is written any more after the phase says so.
                    if over || self.now.changed().await.is_err() {
                        return None;
                    }
                }
                Ok(lines) => {
                    let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
                    self.read.extend(lines.map(<[u8]>::to_vec));
                }
            }
        }
    }
}
