//! A world that answers at once, and sinks to write journals to.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aos_host::failure::Failure;
use aos_host::journal::{Sink, Syncer};
use aos_host::policy::Policy;
use aos_host::providers::{
    Durability, FileSink, HttpProvider, HttpRequest, HttpResponse, HttpSession, MemorySink, World,
};
use futures_util::future::{BoxFuture, ready};

/// HTTP without a network: the path of the URL says how many bytes an answer has, and no two answers are the same.
#[derive(Clone, Default)]
struct Answers {
    given: Arc<AtomicU32>,
}

/// The real world, but for HTTP.
pub(crate) fn world() -> World {
    World::live().with_http(Arc::new(Answers::default()))
}

impl HttpProvider for Answers {
    fn open(&self, _policy: Arc<Policy>) -> Arc<dyn HttpSession> {
        Arc::new(self.clone())
    }
}

impl HttpSession for Answers {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, Failure>> {
        let bytes = request.url.path().trim_start_matches('/').parse().unwrap();
        let mut body = vec![b'.'; bytes];
        let number = self.given.fetch_add(1, Ordering::Relaxed).to_string();
        body[..number.len()].copy_from_slice(number.as_bytes());
        let headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
        Box::pin(ready(Ok(HttpResponse { status: 200, headers, body: body.into() })))
    }
}

/// Where a journal goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// Nowhere: an entry is made, packed, sealed, and dropped.
    Dropped,
    /// Into memory.
    Memory,
    /// Into a file that lasts when the operating system likes.
    File,
    /// Into a file that is made to last before each request leaves.
    Lasting,
}

impl Target {
    /// A new sink of this kind; a file is made at `path`.
    pub(crate) fn sink(self, path: &Path) -> Journal {
        let file = |durability| Box::new(FileSink::create(path).unwrap().durability(durability));
        Journal(match self {
            Self::Dropped => Box::new(Dropped),
            Self::Memory => Box::new(MemorySink::default()),
            Self::File => file(Durability::None),
            Self::Lasting => file(Durability::Effects),
        })
    }
}

/// A sink of any kind.
pub(crate) struct Journal(Box<dyn Sink>);

impl Sink for Journal {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.0.append(line)
    }

    fn syncer(&self) -> Option<Arc<dyn Syncer>> {
        self.0.syncer()
    }
}

struct Dropped;

impl Sink for Dropped {
    fn append(&mut self, _line: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn syncer(&self) -> Option<Arc<dyn Syncer>> {
        None
    }
}
