//! The seam to HTTP: one request out, one whole answer back.

use std::sync::Arc;
use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::policy::{Policy, parse_url, unasked_coding};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use url::Url;

/// Bytes of a request's or an answer's body.
pub const MAX_BODY_BYTES: usize = 16 << 20;

/// One request, checked: its URL is granted and its fields can be sent.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// In capitals.
    pub method: String,
    /// As it is sent.
    pub url: Url,
    /// In order; characters up to U+00FF stand for one byte each.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// From the resolution of the name to the last byte of the answer.
    pub timeout: Duration,
}

impl HttpRequest {
    /// A request of a method to a URL, without fields and body. It may take as long as the attempt that it is part of.
    ///
    /// # Errors
    ///
    /// `URL_INVALID`.
    pub fn new(method: &str, url: &str) -> Result<Self, Failure> {
        let (url, method) = (parse_url(url)?, method.to_ascii_uppercase());
        Ok(Self { method, url, headers: Vec::new(), body: Bytes::new(), timeout: Duration::MAX })
    }

    /// `GET` of a URL.
    ///
    /// # Errors
    ///
    /// As [`HttpRequest::new`].
    pub fn get(url: &str) -> Result<Self, Failure> {
        Self::new("GET", url)
    }
}

/// One whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// 200 to 599.
    pub status: u16,
    /// In order, names in lower case; a byte above 127 is the character of that number.
    pub headers: Vec<(String, String)>,
    /// As it was sent, without decoding.
    pub body: Bytes,
}

impl HttpResponse {
    /// The failure of an answer whose body has a content coding that its request did not ask for: nobody here undoes it.
    #[must_use]
    pub fn undecodable(&self, asked: &[(String, String)]) -> Option<Failure> {
        let coding = unasked_coding(asked, &self.headers).filter(|_| !self.body.is_empty())?;
        let status = self.status;
        let message = format!(
            "the answer (status {status}) has the content coding {coding:?}, which was not asked for"
        );
        let failure = Failure::new(ErrorCode::DecodingUnsupported, message).sent();
        Some(Failure { status: Some(status), ..failure })
    }
}

/// Opens sessions. One provider serves all runs.
pub trait HttpProvider: Send + Sync {
    /// A session for one run. Nothing of it, no connection either, is shared with another run.
    fn open(&self, policy: Arc<Policy>) -> Arc<dyn HttpSession>;
}

/// Sends the requests of one run.
pub trait HttpSession: Send + Sync {
    /// Sends a request and collects the whole answer.
    ///
    /// # Errors
    ///
    /// A failure of the catalogue's network group, `DESTINATION_DENIED`, or `RESPONSE_TOO_LARGE`. A status is no error.
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, Failure>>;

    /// A request of this run was answered before it was killed. A world that answers in sequences goes on after it.
    fn answered_before(&self, _method: &str, _url: &str) {}
}
