//! Server-sent events, as a client reads them.

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, Response};
use serde_json::Value;
use tokio::time::Instant;

use super::client::Service;

/// A stream of events.
pub(super) struct Events {
    response: Response,
    text: String,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Sent {
    pub id: Option<u64>,
    pub event: String,
    pub data: Value,
    /// Bytes of `data`.
    pub len: usize,
    pub came: Instant,
}

impl Events {
    /// Asks for events, from the first one on or after one of them.
    pub(super) async fn of(service: &Service, path: &str, after: Option<u64>) -> Self {
        let mut request = service.ask(Method::GET, path);
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        Self { response, text: String::new() }
    }

    /// The next one; `None` when the stream is over.
    pub(super) async fn next(&mut self) -> Option<Sent> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let sent = read(event);
                self.text = rest.to_owned();
                if let Some(sent) = sent {
                    return Some(sent);
                }
                continue;
            }
            let piece = self.response.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    /// All that are left.
    pub(super) async fn rest(mut self) -> Vec<Sent> {
        let mut all = Vec::new();
        while let Some(sent) = self.next().await {
            all.push(sent);
        }
        all
    }
}

/// An event; `None` for a comment.
fn read(text: &str) -> Option<Sent> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let data = field("data")?;
    Some(Sent {
        id: field("id").map(|id| id.parse().unwrap()),
        event: field("event").unwrap_or("message").to_owned(),
        data: serde_json::from_str(data).unwrap(),
        len: data.len(),
        came: Instant::now(),
    })
}
