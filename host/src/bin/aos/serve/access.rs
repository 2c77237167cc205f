//! Who may ask: a bearer token (RFC 6750), or nobody but this machine; and in neither case a page of another site.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::problem::Problem;

/// Characters of the shortest token.
const MIN_TOKEN: usize = 16;

/// Who may ask.
#[derive(Debug, Clone)]
pub(super) enum Access {
    /// Whoever asks this machine by its own name, so that no page of a browser can, whatever name it was given.
    ThisMachine,
    /// Whoever has one of these tokens. Their digests are kept, and compared in constant time.
    Tokens(Vec<blake3::Hash>),
}

impl Access {
    /// By a file of tokens, or for this machine alone.
    ///
    /// # Errors
    ///
    /// A file without a good token, and an address that others reach without one.
    pub(super) fn new(listen: SocketAddr, tokens: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = tokens else {
            anyhow::ensure!(
                listen.ip().is_loopback(),
                "--listen {listen} can be reached from elsewhere; name a file of bearer tokens with --tokens"
            );
            return Ok(Self::ThisMachine);
        };
        let place = || format!("--tokens {}", path.display());
        let text = std::fs::read_to_string(path).with_context(place)?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut tokens = Vec::new();
        for token in lines {
            anyhow::ensure!(
                token.len() >= MIN_TOKEN && token.bytes().all(|byte| byte.is_ascii_graphic()),
                "{}: a token has {MIN_TOKEN} or more printable ASCII characters, without blanks",
                place()
            );
            tokens.push(blake3::hash(token.as_bytes()));
        }
        anyhow::ensure!(!tokens.is_empty(), "{}: there is no token in it", place());
        Ok(Self::Tokens(tokens))
    }

    /// Whether it is asked by a name that it has: with tokens, by any.
    fn check_name(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match self {
            Self::ThisMachine
                if !headers.get(header::HOST).is_some_and(|host| names_this_machine(host.as_bytes())) =>
            {
                Err(Problem::of(
                    StatusCode::MISDIRECTED_REQUEST,
                    "without --tokens, this service answers to localhost and loopback addresses alone",
                ))
            }
            _ => Ok(()),
        }
    }

    fn check(&self, headers: &HeaderMap) -> Result<(), Problem> {
        self.check_name(headers)?;
        match self {
            Self::ThisMachine => Ok(()),
            Self::Tokens(tokens) => {
                let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
                let given = given.and_then(|value| value.split_once(' '));
                let token =
                    given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token);
                let hash = token.map(|token| blake3::hash(token.trim().as_bytes()));
                // A fold, so that it takes as long whichever of them it is.
                let known = hash
                    .is_some_and(|hash| tokens.iter().fold(false, |known, token| known | (*token == hash)));
                if known {
                    return Ok(());
                }
                Err(Problem::of(
                    StatusCode::UNAUTHORIZED,
                    "a request needs one of this service's bearer tokens",
                ))
            }
        }
    }
}

fn names_this_machine(host: &[u8]) -> bool {
    let Some(host) = std::str::from_utf8(host).ok() else { return false };
    if let Ok(address) = host.parse::<SocketAddr>() {
        return address.ip().is_loopback();
    }
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// Refuses what a browser was made to ask by a page of somebody else: whoever sits before it may ask, and that page may not.
fn check_origin(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    let own = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let foreign = |origin: &HeaderValue| !own.is_some_and(|own| is_of(origin, own));
    if headers.get_all(header::ORIGIN).iter().any(foreign) {
        let message = "a page of another origin may not ask this service";
        return Err(Problem::of(StatusCode::FORBIDDEN, message));
    }
    // Fetch Metadata Request Headers, which no page can set by itself.
    let said = |name: &str| headers.get(name).map(HeaderValue::as_bytes);
    let elsewhere = matches!(said("sec-fetch-site"), Some(b"cross-site" | b"same-site"));
    let followed_a_link = method == Method::GET
        && said("sec-fetch-mode") == Some(b"navigate")
        && said("sec-fetch-dest").is_none_or(|whereto| whereto == b"document");
    if elsewhere && !followed_a_link {
        let message = "a page of another site may link to this service, and may not ask it";
        return Err(Problem::of(StatusCode::FORBIDDEN, message));
    }
    Ok(())
}

/// Whether an origin is one of the host that a request names; `null` is of none.
fn is_of(origin: &HeaderValue, host: &str) -> bool {
    let origin = origin.to_str().unwrap_or_default();
    let [plain, secure] = [("http://", ":80"), ("https://", ":443")].map(|(scheme, port)| {
        let place = origin.strip_prefix(scheme)?;
        // A browser leaves out the port that the scheme has anyway.
        let [place, host] = [place, host].map(|place| place.strip_suffix(port).unwrap_or(place));
        Some(!place.is_empty() && place.eq_ignore_ascii_case(host))
    });
    plain.or(secure).unwrap_or(false)
}

/// Lets through what no page of somebody else asks.
pub(super) async fn guard_origin(request: Request, next: Next) -> Response {
    match check_origin(request.method(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Lets through whoever asks by a name of the service: a browser has no token yet when it asks for the page, which tells nothing.
pub(super) async fn guard_name(State(access): State<Access>, request: Request, next: Next) -> Response {
    match access.check_name(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Lets through whoever may ask.
pub(super) async fn guard(State(access): State<Access>, request: Request, next: Next) -> Response {
    match access.check(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}
