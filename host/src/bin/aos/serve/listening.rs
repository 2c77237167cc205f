//! Connections: taken in, bounded in number and in the time that a head may take, and ended.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use crate::render::say;

/// How long the head of a request may take, also of the first one on a connection.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);

/// How long connections have to end in.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// After which a listener that has no file handles left tries again.
const BREATH: Duration = Duration::from_millis(100);

/// Serves connections until it is told to stop, and then lets requests that are under way end.
pub(super) async fn listen(
    listener: TcpListener,
    router: Router,
    most: u32,
    mut stop: watch::Receiver<bool>,
) {
    let (graceful, places) = (GracefulShutdown::new(), Arc::new(Semaphore::new(most as usize)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_DEADLINE);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let (stream, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                say(&format!("a connection could not be taken in: {error}"));
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // What a client does with its connection concerns nobody else.
            let _ = connection.await;
            drop(place);
        });
    }
    let _ = tokio::time::timeout(LAST_WORDS, graceful.shutdown()).await;
}

/// Takes in one connection when there is a place for it; until then, clients wait.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> std::io::Result<(tokio::net::TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, place))
}
