//! One session a run, and one client for each origin in it.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aos_core::failure::{ErrorCode, Failure};
use aos_core::policy::{Policy, says_codings};
use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use rustls::ClientConfig;
use url::{Host, Url};

use super::departure::{Departure, OutgoingBody};
use super::names::{CheckedResolver, NameResolver, SystemResolver};
use super::{fault, tls};
use crate::providers::{HttpProvider, HttpRequest, HttpResponse, HttpSession, MAX_BODY_BYTES};

/// HTTP/1.1 over TCP and TLS.
#[derive(Clone)]
pub struct LiveHttp {
    tls: Arc<OnceLock<Result<ClientConfig, Failure>>>,
    names: Arc<dyn NameResolver>,
}

impl LiveHttp {
    /// A provider that trusts the machine's certificate store. The store is read with the first `https` request.
    #[must_use]
    pub fn new() -> Self {
        Self { tls: Arc::default(), names: Arc::new(SystemResolver) }
    }

    /// With another way from names to addresses. Its answers are checked as the system's are.
    #[must_use]
    pub fn with_resolver(mut self, names: Arc<dyn NameResolver>) -> Self {
        self.names = names;
        self
    }
}

impl Default for LiveHttp {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpProvider for LiveHttp {
    fn open(&self, policy: Arc<Policy>) -> Arc<dyn HttpSession> {
        let (tls, names) = (Arc::clone(&self.tls), Arc::clone(&self.names));
        Arc::new(LiveSession { policy, tls, names, clients: Mutex::default() })
    }
}

/// Scheme, host and port: what a connection belongs to.
type Origin = (String, String, u16);

struct LiveSession {
    policy: Arc<Policy>,
    tls: Arc<OnceLock<Result<ClientConfig, Failure>>>,
    names: Arc<dyn NameResolver>,
    clients: Mutex<BTreeMap<Origin, reqwest::Client>>,
}

impl HttpSession for LiveSession {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, Failure>> {
        Box::pin(async move {
            let (timeout, departure) = (request.timeout, Departure::default());
            let exchanged = tokio::time::timeout(timeout, self.exchange(request, &departure)).await;
            exchanged.unwrap_or_else(|_| {
                let millis = timeout.as_millis();
                Err(if departure.has_left() {
                    Failure::new(ErrorCode::Timeout, format!("no whole answer within {millis} ms")).sent()
                } else {
                    Failure::new(ErrorCode::Timeout, format!("no connection within {millis} ms"))
                })
            })
        })
    }
}

impl LiveSession {
    async fn exchange(&self, request: HttpRequest, departure: &Departure) -> Result<HttpResponse, Failure> {
        let client = self.client(&request.url)?;
        let method = reqwest::Method::from_bytes(request.method.as_bytes())
            .map_err(|error| Failure::new(ErrorCode::RequestInvalid, error.to_string()))?;
        let body = reqwest::Body::wrap(OutgoingBody::new(request.body, departure.clone()));
        let outgoing = client.request(method, request.url).headers(fields(&request.headers)?).body(body);
        let answer = outgoing.send().await;
        let answer = answer.map_err(|error| fault::without_answer(&error, departure.has_left()))?;
        let status = answer.status().as_u16();
        if !(200..=599).contains(&status) {
            return Err(protocol_error(format!("the upstream answered with status {status}")));
        }
        if answer.content_length() != Some(0) {
            check_framing(answer.headers())?;
        }
        let headers = latin1(answer.headers());
        let body = collect(answer).await?;
        Ok(HttpResponse { status, headers, body })
    }

    fn client(&self, url: &Url) -> Result<reqwest::Client, Failure> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let port = url.port_or_known_default().unwrap_or_default();
        match url.host() {
            Some(Host::Ipv4(address)) => self.policy.check_address(&host, IpAddr::V4(address), port)?,
            Some(Host::Ipv6(address)) => self.policy.check_address(&host, IpAddr::V6(address), port)?,
            _ => {}
        }
        let origin = (url.scheme().to_owned(), host, port);
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&origin) {
            return Ok(client.clone());
        }
        let client = self.build(url.scheme() == "https", port)?;
        clients.insert(origin, client.clone());
        Ok(client)
    }

    fn build(&self, secure: bool, port: u16) -> Result<reqwest::Client, Failure> {
        let tls = if secure { self.tls.get_or_init(tls::platform).clone()? } else { tls::nobody()? };
        reqwest::Client::builder()
            .user_agent(concat!("aos/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .http1_only()
            .dns_resolver(self.resolver(port))
            .tls_backend_preconfigured(tls)
            .build()
            .map_err(|error| Failure::new(ErrorCode::ConfigInvalid, error.to_string()))
    }

    fn resolver(&self, port: u16) -> CheckedResolver {
        CheckedResolver { names: Arc::clone(&self.names), policy: Arc::clone(&self.policy), port }
    }
}

/// As the guest wrote them. Where it says nothing of codings, the host asks for none: it would not undo them.
fn fields(headers: &[(String, String)]) -> Result<HeaderMap, Failure> {
    let invalid = |error: &dyn Error| Failure::new(ErrorCode::RequestInvalid, error.to_string());
    let mut fields = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let bytes: Vec<u8> = value.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| invalid(&error))?;
        fields.append(name, HeaderValue::from_bytes(&bytes).map_err(|error| invalid(&error))?);
    }
    if !says_codings(headers) {
        fields.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    Ok(fields)
}

/// Refuses an answer whose body would not be what was sent: in a transfer coding that nobody asked for, or of two
/// lengths (RFC 9112, sections 6.1 and 7).
fn check_framing(headers: &HeaderMap) -> Result<(), Failure> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let Some(coding) = codings.next() else { return Ok(()) };
    if codings.next().is_some() || !coding.as_bytes().eq_ignore_ascii_case(b"chunked") {
        return Err(protocol_error(format!(
            "the answer has the transfer coding {coding:?}, and none was asked for"
        )));
    }
    if headers.contains_key(CONTENT_LENGTH) {
        return Err(protocol_error("the answer has a content-length and comes in chunks".to_owned()));
    }
    Ok(())
}

fn protocol_error(message: String) -> Failure {
    Failure::new(ErrorCode::HttpProtocolError, message).sent()
}

/// The fields as text. The transport takes 100 of them, and a head of some hundred kilobytes.
fn latin1(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| value.as_bytes().iter().copied().map(char::from).collect();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

async fn collect(mut answer: reqwest::Response) -> Result<Bytes, Failure> {
    let too_large = || {
        let message = format!("the answer's body has more than {MAX_BODY_BYTES} bytes");
        Failure::new(ErrorCode::ResponseTooLarge, message).sent()
    };
    if answer.content_length().is_some_and(|length| length > MAX_BODY_BYTES as u64) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| fault::within_body(&error))? {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
