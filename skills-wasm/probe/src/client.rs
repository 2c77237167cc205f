//! A client of `wasi:http`, as small as it can be.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::bindings::wasi::http::outgoing_handler;
use crate::bindings::wasi::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method, OutgoingBody,
    OutgoingRequest, RequestOptions, Scheme,
};
use crate::bindings::wasi::io::streams::{InputStream, OutputStream, StreamError};

/// Bytes that are read at once.
const CHUNK: u64 = 64 * 1024;

/// A request as a test writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    url: String,
    method: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// The body, piece by piece; none for a request without one.
    pieces: Option<Vec<String>>,
    timeout_ms: Option<u64>,
}

/// A request that was handed over, and the body that may still be written.
pub(crate) struct Begun {
    pub(crate) future: FutureIncomingResponse,
    pub(crate) body: Option<OutgoingBody>,
}

impl Wanted {
    /// Hands the request over. The body is open, where there is one.
    pub(crate) fn begin(&self) -> Result<Begun, String> {
        let headers = Fields::new();
        for (name, value) in &self.headers {
            headers.append(name, value.as_bytes()).map_err(|error| format!("{name}: {error:?}"))?;
        }
        let request = OutgoingRequest::new(headers);
        let (scheme, rest) = self.url.split_once("://").ok_or("a URL has a scheme")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let scheme = match scheme {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => Scheme::Other(other.to_owned()),
        };
        let right = request.set_scheme(Some(&scheme)).is_ok()
            && request.set_authority(Some(authority)).is_ok()
            && request.set_path_with_query((!path.is_empty()).then_some(path)).is_ok()
            && request.set_method(&self.method()).is_ok();
        if !right {
            return Err("a part of the request is wrong".to_owned());
        }
        let body = self.pieces.is_some().then(|| request.body()).transpose();
        let body = body.map_err(|()| "the request has no body".to_owned())?;
        let future = outgoing_handler::handle(request, self.options()).map_err(|error| text(&error))?;
        Ok(Begun { future, body })
    }

    /// Hands the request over, and all of its body.
    pub(crate) fn send(&self) -> Result<FutureIncomingResponse, String> {
        let Begun { future, body } = self.begin()?;
        if let Some(body) = body {
            self.write(&body)?;
            OutgoingBody::finish(body, None).map_err(|error| text(&error))?;
        }
        Ok(future)
    }

    /// Writes the pieces, and leaves the body open.
    pub(crate) fn write(&self, body: &OutgoingBody) -> Result<(), String> {
        let stream = body.write().map_err(|()| "the body has no stream".to_owned())?;
        for piece in self.pieces.iter().flatten() {
            write_all(&stream, piece.as_bytes()).map_err(|error| format!("{error:?}"))?;
        }
        Ok(())
    }

    fn method(&self) -> Method {
        match self.method.as_deref() {
            None | Some("GET") => Method::Get,
            Some("POST") => Method::Post,
            Some(other) => Method::Other(other.to_owned()),
        }
    }

    fn options(&self) -> Option<RequestOptions> {
        let nanos = self.timeout_ms? * 1_000_000;
        let options = RequestOptions::new();
        let _ = options.set_connect_timeout(Some(nanos * 2));
        let _ = options.set_first_byte_timeout(Some(nanos));
        Some(options)
    }
}

/// Writes no more at once than there is room for.
pub(crate) fn write_all(stream: &OutputStream, mut rest: &[u8]) -> Result<(), StreamError> {
    while !rest.is_empty() {
        let room = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX);
        let (now, later) = rest.split_at(room.min(rest.len()));
        stream.write(now)?;
        rest = later;
    }
    stream.flush()
}

/// Waits for an answer and says what it is.
pub(crate) fn answer(future: &FutureIncomingResponse) -> Value {
    future.subscribe().block();
    taken(future)
}

/// Takes what there is, without waiting.
pub(crate) fn taken(future: &FutureIncomingResponse) -> Value {
    match future.get() {
        None => json!("not yet"),
        Some(Err(())) => json!("taken before"),
        Some(Ok(Err(error))) => json!({ "error": text(&error) }),
        Some(Ok(Ok(response))) => read(&response),
    }
}

fn read(response: &IncomingResponse) -> Value {
    let headers: Vec<_> = response.headers().entries();
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| (name, String::from_utf8_lossy(value).into_owned())).collect();
    let Ok(body) = response.consume() else { return json!("consumed before") };
    let bytes = body.stream().map(|stream| read_all(&stream)).unwrap_or_default();
    let trailers = IncomingBody::finish(body).get();
    json!({
        "status": response.status(), "headers": headers, "length": bytes.len(),
        "body": String::from_utf8_lossy(bytes.get(..1000).unwrap_or(&bytes)),
        "no_trailers": matches!(trailers, Some(Ok(Ok(None)))),
    })
}

fn read_all(stream: &InputStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Ok(chunk) = stream.blocking_read(CHUNK) {
        bytes.extend_from_slice(&chunk);
    }
    bytes
}

/// An error as a test reads it.
pub(crate) fn text(error: &ErrorCode) -> String {
    match error {
        ErrorCode::InternalError(Some(text)) => format!("internal-error: {text}"),
        other => format!("{other:?}"),
    }
}
