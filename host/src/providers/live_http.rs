//! HTTP to the real world: no redirect followed, no proxy, no retry of its own, one deadline over everything, and every
//! address checked before a connection to it is opened.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aos_core::failure::{ErrorCode, Failure};
use aos_core::policy::Policy;
use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use rustls::ClientConfig;
use url::{Host, Url};

use super::{HttpProvider, HttpRequest, HttpResponse, HttpSession, MAX_BODY_BYTES};

/// Header fields of one answer that are taken; the transport stops at about as many.
const MAX_FIELDS: usize = 100;

/// HTTP/1.1 over TCP and TLS.
#[derive(Clone, Default)]
pub struct LiveHttp {
    tls: Arc<OnceLock<Result<ClientConfig, Failure>>>,
}

impl LiveHttp {
    /// A provider that trusts the machine's certificate store. The store is read with the first `https` request.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl HttpProvider for LiveHttp {
    fn open(&self, policy: Arc<Policy>) -> Arc<dyn HttpSession> {
        Arc::new(LiveSession { policy, tls: Arc::clone(&self.tls), clients: Mutex::default() })
    }
}

/// Scheme, host and port: what a connection belongs to.
type Origin = (String, String, u16);

struct LiveSession {
    policy: Arc<Policy>,
    tls: Arc<OnceLock<Result<ClientConfig, Failure>>>,
    clients: Mutex<BTreeMap<Origin, reqwest::Client>>,
}

impl HttpSession for LiveSession {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, Failure>> {
        Box::pin(async move {
            let timeout = request.timeout;
            let late = |_| {
                let message = format!("no whole answer within {} ms", timeout.as_millis());
                Failure::new(ErrorCode::Timeout, message).sent()
            };
            tokio::time::timeout(timeout, self.exchange(request)).await.map_err(late)?
        })
    }
}

impl LiveSession {
    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, Failure> {
        let client = self.client(&request.url)?;
        let method = reqwest::Method::from_bytes(request.method.as_bytes())
            .map_err(|error| Failure::new(ErrorCode::RequestInvalid, error.to_string()))?;
        let outgoing =
            client.request(method, request.url).headers(fields(&request.headers)?).body(request.body);
        let answer = outgoing.send().await.map_err(|error| classify(&error))?;
        let status = answer.status().as_u16();
        if !(200..=599).contains(&status) {
            let message = format!("the upstream answered with status {status}");
            return Err(Failure::new(ErrorCode::HttpProtocolError, message).sent());
        }
        let headers = latin1(answer.headers())?;
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
        let tls = if secure { self.tls.get_or_init(platform_tls).clone()? } else { no_tls()? };
        reqwest::Client::builder()
            .user_agent(concat!("aos/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .http1_only()
            .dns_resolver(CheckedResolver { policy: Arc::clone(&self.policy), port })
            .tls_backend_preconfigured(tls)
            .build()
            .map_err(|error| Failure::new(ErrorCode::ConfigInvalid, describe(&error)))
    }
}

fn platform_tls() -> Result<ClientConfig, Failure> {
    use rustls_platform_verifier::BuilderVerifierExt as _;
    tls_versions()?.with_platform_verifier().map(|config| config.with_no_client_auth()).map_err(|error| {
        Failure::new(ErrorCode::TlsFailure, format!("no certificate store can be read: {error}"))
    })
}

/// For `http` alone: it trusts nobody.
fn no_tls() -> Result<ClientConfig, Failure> {
    Ok(tls_versions()?.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}

fn tls_versions() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, Failure> {
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::new(ErrorCode::ConfigInvalid, error.to_string()))
}

/// Resolves a name once for each connection, and refuses it unless every address may be connected to.
struct CheckedResolver {
    policy: Arc<Policy>,
    port: u16,
}

#[derive(Debug, thiserror::Error)]
enum ResolveFault {
    #[error("the name {name} does not resolve: {reason}")]
    Unknown { name: String, reason: String },
    #[error("{0}")]
    Denied(Failure),
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, port) = (Arc::clone(&self.policy), self.port);
        Box::pin(async move { Ok(resolve(&policy, name.as_str(), port).await?) })
    }
}

async fn resolve(policy: &Policy, name: &str, port: u16) -> Result<Addrs, ResolveFault> {
    let unknown = |reason: String| ResolveFault::Unknown { name: name.to_owned(), reason };
    let found = tokio::net::lookup_host((name, port)).await.map_err(|error| unknown(error.to_string()))?;
    let addresses: Vec<SocketAddr> = found.collect();
    if addresses.is_empty() {
        return Err(unknown("it has no address".to_owned()));
    }
    addresses
        .iter()
        .try_for_each(|address| policy.check_address(name, address.ip(), port))
        .map_err(ResolveFault::Denied)?;
    Ok(Box::new(addresses.into_iter()))
}

fn fields(headers: &[(String, String)]) -> Result<HeaderMap, Failure> {
    let invalid = |error: &dyn Error| Failure::new(ErrorCode::RequestInvalid, error.to_string());
    let mut fields = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        let bytes: Vec<u8> = value.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| invalid(&error))?;
        fields.append(name, HeaderValue::from_bytes(&bytes).map_err(|error| invalid(&error))?);
    }
    Ok(fields)
}

fn latin1(headers: &HeaderMap) -> Result<Vec<(String, String)>, Failure> {
    if headers.len() > MAX_FIELDS {
        let message =
            format!("the answer has {} header fields, and at most {MAX_FIELDS} are taken", headers.len());
        return Err(Failure::new(ErrorCode::ResponseTooLarge, message).sent());
    }
    let text = |value: &HeaderValue| value.as_bytes().iter().copied().map(char::from).collect();
    Ok(headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect())
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
    while let Some(chunk) = answer.chunk().await.map_err(|error| broken_body(&error))? {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn broken_body(error: &reqwest::Error) -> Failure {
    Failure::new(ErrorCode::ResponseIncomplete, describe(error)).sent()
}

/// What a failed request means, read from the types in its chain of causes.
fn classify(error: &reqwest::Error) -> Failure {
    for cause in causes(error) {
        match cause.downcast_ref::<ResolveFault>() {
            Some(ResolveFault::Denied(failure)) => return failure.clone(),
            Some(fault) => return Failure::new(ErrorCode::DnsFailure, fault.to_string()),
            None => {}
        }
        if cause.downcast_ref::<rustls::Error>().is_some() {
            return Failure::new(ErrorCode::TlsFailure, describe(error));
        }
    }
    if error.is_connect() {
        return Failure::new(ErrorCode::ConnectFailed, describe(error));
    }
    if error.is_builder() {
        return Failure::new(ErrorCode::RequestInvalid, describe(error));
    }
    let protocol =
        causes(error).filter_map(|cause| cause.downcast_ref::<hyper::Error>()).any(hyper::Error::is_parse);
    let code = if protocol { ErrorCode::HttpProtocolError } else { ErrorCode::ConnectionLost };
    Failure::new(code, describe(error)).sent()
}

/// An error and everything that caused it. An I/O error hides what it wraps from `source`, so it is asked as well.
fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let first: &'a (dyn Error + 'static) = error;
    std::iter::successors(Some(first), |error| inner(*error))
}

fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// The last cause says what happened; the ones before it say where, which the caller knows.
fn describe(error: &reqwest::Error) -> String {
    causes(error).last().map_or_else(|| error.to_string(), ToString::to_string)
}
