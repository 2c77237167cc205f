//! A real HTTP/1.1 server on the loopback. It answers from a script, breaks off as the script says, and writes down
//! what it got.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// One request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub method: String,
    pub path: String,
    /// In order, names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// All values of a header field.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

/// What the server does with one request.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    path: Option<String>,
    delay: Duration,
    after_requests: usize,
    held: bool,
    act: Act,
}

#[derive(Debug, Clone)]
enum Act {
    Answer { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    Raw(Vec<u8>),
    Close,
    Reset,
    Silence,
}

impl Reply {
    /// An answer without a body.
    pub(crate) fn status(status: u16) -> Self {
        Self::act(Act::Answer { status, headers: Vec::new(), body: Vec::new() })
    }

    /// An answer with plain text.
    pub(crate) fn text(status: u16, text: &str) -> Self {
        Self::bytes(status, text.as_bytes()).header("content-type", "text/plain; charset=utf-8")
    }

    /// An answer with JSON.
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self::bytes(status, value.to_string().as_bytes()).header("content-type", "application/json")
    }

    /// An answer with bytes, and without a content-type.
    pub(crate) fn bytes(status: u16, body: &[u8]) -> Self {
        Self::act(Act::Answer { status, headers: Vec::new(), body: body.to_vec() })
    }

    /// These bytes and the end of the connection.
    pub(crate) fn raw(bytes: &[u8]) -> Self {
        Self::act(Act::Raw(bytes.to_vec()))
    }

    /// Half of a head, and the end of the connection.
    pub(crate) fn half_a_head() -> Self {
        Self::raw(b"HTTP/1.1 200 OK\r\ncontent-le")
    }

    /// A body that is shorter than announced, and the end of the connection.
    pub(crate) fn half_a_body() -> Self {
        Self::raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this much")
    }

    /// The end of the connection, in order.
    pub(crate) fn close() -> Self {
        Self::act(Act::Close)
    }

    /// The end of the connection by a reset.
    pub(crate) fn reset() -> Self {
        Self::act(Act::Reset)
    }

    /// Nothing, for as long as the server lives.
    pub(crate) fn silence() -> Self {
        Self::act(Act::Silence)
    }

    const fn act(act: Act) -> Self {
        Self { path: None, delay: Duration::ZERO, after_requests: 0, held: false, act }
    }

    /// With a header field.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        if let Act::Answer { headers, .. } = &mut self.act {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// For requests of this path only.
    pub(crate) fn at(mut self, path: &str) -> Self {
        self.path = Some(path.to_owned());
        self
    }

    /// After a pause.
    pub(crate) fn delayed(mut self, millis: u64) -> Self {
        self.delay = Duration::from_millis(millis);
        self
    }

    /// Not before the server has got so many requests in all.
    pub(crate) fn after_requests(mut self, count: usize) -> Self {
        self.after_requests = count;
        self
    }

    /// Not before the server is told to let go.
    pub(crate) const fn held(mut self) -> Self {
        self.held = true;
        self
    }

    fn fits(&self, path: &str) -> bool {
        self.path.as_ref().is_none_or(|own| own == path)
    }

    async fn perform(self, stream: &mut TcpStream, head_only: bool) -> io::Result<bool> {
        match self.act {
            Act::Answer { status, headers, body } => {
                let length = ("content-length".to_owned(), body.len().to_string());
                let fields = headers.iter().chain([&length]);
                let fields: String = fields.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                stream.write_all(format!("HTTP/1.1 {status} Scripted\r\n{fields}\r\n").as_bytes()).await?;
                if !head_only {
                    stream.write_all(&body).await?;
                }
                Ok(true)
            }
            Act::Raw(bytes) => {
                stream.write_all(&bytes).await?;
                stream.shutdown().await?;
                Ok(false)
            }
            Act::Close => Ok(false),
            Act::Reset => stream.set_zero_linger().map(|()| false),
            Act::Silence => std::future::pending().await,
        }
    }
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

struct State {
    script: Vec<Reply>,
    log: watch::Sender<Log>,
}

#[derive(Default)]
struct Log {
    connections: usize,
    requests: Vec<Request>,
    used: Vec<usize>,
    released: bool,
}

impl Server {
    /// Starts a server. Each request takes the first reply that fits and was not taken; the last that fits stays.
    pub(crate) async fn start(script: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port on the loopback");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State { script: script.into_iter().collect(), log: watch::Sender::default() });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self { address, state, accepting }
    }

    /// Stops a server at once, so that its port refuses connections; gives back the origin that it had.
    pub(crate) async fn stop(mut self) -> String {
        let origin = self.origin();
        self.accepting.abort();
        let _ = (&mut self.accepting).await;
        origin
    }

    /// `http://127.0.0.1:PORT`
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// A text with this server in the place of `ORIGIN`.
    pub(crate) fn in_place_of_origin(&self, text: &str) -> String {
        text.replace("ORIGIN", &self.origin())
    }

    /// Everything that arrived so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.log.borrow().requests.clone()
    }

    /// The paths that were asked for so far.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.path).collect()
    }

    /// The only request.
    pub(crate) fn only_request(&self) -> Request {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests[0].clone()
    }

    /// Connections that were opened so far.
    pub(crate) fn connections(&self) -> usize {
        self.state.log.borrow().connections
    }

    /// Lets go of all answers that are held, and holds none any more.
    pub(crate) fn release(&self) {
        self.state.log.send_modify(|log| log.released = true);
    }

    /// Waits until so many requests have arrived.
    pub(crate) async fn received(&self, count: usize) {
        let mut log = self.state.log.subscribe();
        log.wait_for(|log| log.requests.len() >= count).await.expect("the log lives as long as the server");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        state.log.send_modify(|log| log.connections += 1);
        connections.spawn(serve(stream, Arc::clone(&state)));
    }
}

async fn serve(mut stream: TcpStream, state: Arc<State>) {
    let mut buffer = Vec::new();
    while let Ok(Some(request)) = read_request(&mut stream, &mut buffer).await {
        let head_only = request.method == "HEAD";
        let reply = state.take(request);
        tokio::time::sleep(reply.delay).await;
        let mut log = state.log.subscribe();
        let _ = log
            .wait_for(|log| log.requests.len() >= reply.after_requests && (log.released || !reply.held))
            .await;
        if !matches!(reply.perform(&mut stream, head_only).await, Ok(true)) {
            return;
        }
    }
}

impl State {
    fn take(&self, request: Request) -> Reply {
        let mut chosen = None;
        self.log.send_modify(|log| {
            let fits = |place: &usize| self.script[*place].fits(&request.path);
            let fresh = (0..self.script.len()).find(|place| fits(place) && !log.used.contains(place));
            chosen = fresh.or_else(|| (0..self.script.len()).rev().find(fits));
            log.used.extend(chosen);
            log.requests.push(request.clone());
        });
        chosen.map_or_else(|| Reply::text(599, "the script has no reply"), |place| self.script[place].clone())
    }
}

/// Reads one request; `None` at the end of the connection.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Request>> {
    let head_end = loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").map(|(_, value)| value.parse());
    let end = head_end + length.map_or(0, |length| length.expect("a content-length that is a number"));
    while buffer.len() < end {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    let body = buffer[head_end..end].to_vec();
    buffer.drain(..end);
    Ok(Some(Request { method, path, headers, body }))
}
