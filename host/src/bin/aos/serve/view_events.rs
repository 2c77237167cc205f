//! A run as people look at it, followed: server-sent events of what changed. The run is read from its journal as it grows, so
//! that nothing waits in memory for a slow client, and nothing that was sent is sent again.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aos_host::failure::Failure;
use aos_host::journal::JournalReader;
use aos_host::view::RunView;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::Event;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;
use utoipa::ToSchema;

use super::api::Service;
use super::asked::Name;
use super::events::{self, LastEvent};
use super::figures::lighten;
use super::journal_lines::lines_from;
use super::known::{Known, Now};
use super::problem::Problem;
use super::readings::Readings;
use super::run_routes::written;

/// The pause between two events of a run whose entries come quickly: ten a second are more than anybody sees.
const PAUSE: Duration = Duration::from_millis(100);

/// Runs that may be followed so at one time: what each of them looks like is kept in memory.
pub(super) const MOST_FOLLOWED: usize = 256;

/// Follow a run as people look at it: what changed, as server-sent events.
///
/// `id` is `seq`, `event` is `view`, `data` what `GET /v1/runs/{id}/view` gives: whole at first, or what changed after
/// `Last-Event-ID`, and then what changed after the event before. At most ten are sent a second. The stream ends when the run
/// is over; a client that comes back after that gets 204. `event: problem` with a problem ends it as well.
#[utoipa::path(
    get, path = "/v1/runs/{id}/view/events", tag = "runs", params(
        ("id" = String, Path, description = "The run", pattern = "^[0-9a-f]{32}$"),
        LastEvent,
    ),
    responses(
        (status = 200, body = Changed, content_type = "text/event-stream", description = "What changed"),
        (status = 204, description = "Nothing changes any more"),
        (status = 400, body = Problem, content_type = "application/problem+json", description = "Last-Event-ID is none of an event"),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "There is no such run"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "Too many are followed already"),
    ),
)]
pub(super) async fn view_events(
    State(service): State<Arc<Service>>,
    Name(id): Name,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let run = service.run(&id)?;
    let last = headers.get("last-event-id").map(events::seq).transpose()?;
    let place = Arc::clone(&service.followed).try_acquire_owned().map_err(|_| {
        let message = format!("{MOST_FOLLOWED} runs are followed already; ask again later");
        Problem::of(StatusCode::SERVICE_UNAVAILABLE, message)
    })?;
    let mut following = Following::new(&run, last, service.readings.clone(), place);
    // Of a run that is over, all is there, and nothing waits here.
    let over = following.now.borrow().phase.is_over();
    let first = if over { following.next().await } else { None };
    if over && first.is_none() && last.is_some() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(events::stream((first, following), async |(next, mut following)| {
        let event = match next {
            Some(event) => event,
            None => following.next().await?,
        };
        Some((Ok::<_, Infallible>(event), (None, following)))
    }))
}

/// One event.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it says what a client reads")]
pub(super) struct Changed {
    /// The `seq` of the last entry that it knows of.
    id: String,
    /// `view`, or `problem` as the last one.
    event: String,
    /// What changed, or a problem.
    data: String,
}

/// Somebody who follows a run.
struct Following {
    now: watch::Receiver<Now>,
    readings: Readings,
    /// What was read so far; elsewhere while more is read.
    drawn: Option<Drawn>,
    /// The `seq` of the last event.
    sent: Option<u64>,
    /// Before which no other event is sent.
    not_before: Instant,
    _place: OwnedSemaphorePermit,
}

impl Following {
    fn new(run: &Known, sent: Option<u64>, readings: Readings, place: OwnedSemaphorePermit) -> Self {
        let drawn = Some(Drawn::new(run.journal.clone()));
        Self { now: run.watch(), readings, drawn, sent, not_before: Instant::now(), _place: place }
    }

    /// The next event; `None` after the last one.
    async fn next(&mut self) -> Option<Event> {
        loop {
            self.pause().await;
            let drawn = self.drawn.take()?;
            // Looked at before the journal is: nothing is written any more after the phase says so.
            let over = self.now.borrow_and_update().phase.is_over();
            let sent = self.sent;
            match self.readings.run(move || drawn.grown(sent)).await {
                Err(problem) => {
                    let data = serde_json::to_string(&problem).unwrap_or_default();
                    return Some(Event::default().event("problem").data(data));
                }
                Ok((drawn, Some((seq, data)))) => {
                    (self.sent, self.not_before) = (Some(seq), Instant::now() + PAUSE);
                    self.drawn = (!over).then_some(drawn);
                    return Some(Event::default().id(seq.to_string()).event("view").data(data));
                }
                Ok(_) if over => return None,
                Ok((drawn, None)) => self.drawn = Some(drawn),
            }
            self.now.changed().await.ok()?;
        }
    }

    /// Waits until another event may be sent: the last one at once.
    async fn pause(&mut self) {
        tokio::select! {
            () = tokio::time::sleep_until(self.not_before) => {}
            _ = self.now.wait_for(|now| now.phase.is_over()) => {}
        }
    }
}

/// A run as its journal was read so far, without the documents in it.
struct Drawn {
    journal: PathBuf,
    offset: u64,
    reader: JournalReader,
    view: Option<RunView>,
}

impl Drawn {
    fn new(journal: PathBuf) -> Self {
        Self { journal, offset: 0, reader: JournalReader::default(), view: None }
    }

    /// With what is written now, and what changed since an entry; `None` where nothing did.
    fn grown(mut self, sent: Option<u64>) -> Result<(Self, Option<(u64, String)>), Problem> {
        self.read()?;
        let Some(view) = self.view.as_ref().filter(|view| sent.is_none_or(|sent| view.seq() > sent)) else {
            return Ok((self, None));
        };
        let data = String::from_utf8_lossy(&written(&view.changes_since(sent))?).into_owned();
        let changed = Some((view.seq(), data));
        Ok((self, changed))
    }

    /// Reads as far as the file goes now: a run that writes all the time would keep it busy for ever.
    fn read(&mut self) -> Result<(), Problem> {
        let unreadable = |error: std::io::Error| Problem::unreadable(&error);
        let end = std::fs::metadata(&self.journal).map_err(unreadable)?.len();
        while self.offset < end {
            let lines = lines_from(&self.journal, self.offset).map_err(unreadable)?;
            if lines.is_empty() {
                break;
            }
            self.offset += lines.len() as u64;
            for mut entry in self.reader.push(&lines).map_err(Failure::from)? {
                lighten(&mut entry);
                match &mut self.view {
                    Some(view) => view.apply(&entry),
                    None => self.view = Some(RunView::begin(Some(&entry)).map_err(Failure::from)?),
                }
            }
        }
        self.view.iter_mut().for_each(|view| view.stands_at(&self.reader));
        Ok(())
    }
}
