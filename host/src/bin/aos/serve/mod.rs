//! `aos serve`: the library's runs, over HTTP.

mod access;
mod api;
mod asked;
mod budget_routes;
mod events;
mod figures;
mod found;
mod journal_lines;
mod keys;
mod known;
mod listening;
mod listing;
mod look_routes;
mod options;
mod page_routes;
mod problem;
mod readings;
mod run_routes;
mod runs;
mod shapes;
mod state_folder;
mod taking_up;
mod view_events;
mod view_routes;
mod workflow_routes;
mod workflows;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, mpsc, watch};

pub(crate) use self::options::{SERVE_EXAMPLES, ServeArgs};

use self::access::Access;
use self::api::Service;
use self::readings::Readings;
use self::runs::Runs;
use self::state_folder::StateFolder;
use crate::render::say;
use crate::setup::{self, Outside};

/// Serves until it is told to stop.
pub(crate) async fn serve(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let access = Access::new(args.listen, args.tokens.as_deref())?;
    let mut stops = stops()?;
    let folder = StateFolder::open(&args.state)?;
    let outside = Outside::new(setup::world(args.stubs.as_deref())?, &args.prices)?;
    let outside = outside.in_state(folder.state()).max_runs(args.max_runs);
    let runtime = setup::runtime(outside, &args.skills.folders).await?;
    setup::know_components(&runtime, &folder.state().join("components")).await;
    let listener =
        TcpListener::bind(args.listen).await.with_context(|| format!("--listen {}", args.listen))?;
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let service = Arc::new(Service {
        workflows: args.workflows.unwrap_or_else(|| folder.state().join("workflows")),
        runs: Arc::new(Runs::new(runtime, folder, args.durability.into())),
        max_body: args.max_body as usize,
        replays: Semaphore::new(processors),
        readings: Readings::new(processors),
        followed: Arc::new(Semaphore::new(view_events::MOST_FOLLOWED)),
        closed: watch::Sender::new(Some("runs that were cut off are being taken up")),
    });
    let over = watch::Sender::new(false);
    let router = api::router(Arc::clone(&service), access)?;
    say(&format!("listening on http://{}", listener.local_addr()?));
    let listening = tokio::spawn(listening::listen(listener, router, args.max_connections, over.subscribe()));
    let resumed = service.runs.take_up().await?;
    if resumed > 0 {
        say(&format!("{resumed} runs were cut off, and go on"));
    }
    service.closed.send_replace(None);
    let _ = stops.recv().await;
    say("stopping: no more runs begin; once more to leave those under way at once");
    service.closed.send_replace(Some("this service is stopping"));
    let patience = async {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(args.grace)) => {}
            _ = stops.recv() => {}
        }
    };
    let left = service.runs.shut_down(patience).await;
    if left > 0 {
        say(&format!("{left} runs were left where they are; they go on when aos serve is started again"));
    }
    over.send_replace(true);
    let _ = listening.await;
    Ok(ExitCode::SUCCESS)
}

/// Interrupts and SIGTERM, as they come.
fn stops() -> std::io::Result<mpsc::UnboundedReceiver<()>> {
    let (told, stops) = mpsc::unbounded_channel();
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let (mut signals, told) = (signal(kind)?, told.clone());
        tokio::spawn(async move { while signals.recv().await.is_some() && told.send(()).is_ok() {} });
    }
    Ok(stops)
}
