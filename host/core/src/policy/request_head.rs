//! What a guest may write into the head of an HTTP request. The host builds framing and `Host` itself.

use url::Url;

use crate::failure::{ErrorCode, Failure};

/// Methods that are sent. CONNECT and TRACE would reach past the one request.
pub const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Bytes of all header fields together: what common servers take.
pub const MAX_HEADER_BYTES: usize = 64 * 1024;

/// Longest URL, as RFC 9110 (section 4.1) recommends at least 8,000.
const MAX_URL: usize = 8192;

/// Fields that frame the message or belong to one connection (RFC 9110, sections 7.2 and 7.6.1).
const FORBIDDEN: [&str; 13] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "http2-settings",
];

/// Reads a URL as it will be sent (WHATWG URL).
///
/// # Errors
///
/// `URL_INVALID` for anything but an absolute `http` or `https` URL of at most 8,192 bytes without user or password,
/// and without a `*` in its host.
pub fn parse_url(text: &str) -> Result<Url, Failure> {
    let shown: String = text.chars().take(200).collect();
    let invalid = |reason: &str| Failure::new(ErrorCode::UrlInvalid, format!("{shown:?}: {reason}"));
    if text.len() > MAX_URL {
        return Err(invalid("a URL has at most 8192 bytes"));
    }
    let mut url = Url::parse(text).map_err(|error| invalid(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("the scheme is neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("a URL carries no user and no password"));
    }
    if url.host_str().is_some_and(|host| host.contains('*')) {
        return Err(invalid("no host has a * in its name, and a grant of it would mean others"));
    }
    url.set_fragment(None);
    Ok(url)
}

/// Checks method and header fields.
///
/// # Errors
///
/// `METHOD_DENIED`, `HEADER_FORBIDDEN`, `REQUEST_INVALID` for a field that is no field (RFC 9110, section 5), or
/// `REQUEST_TOO_LARGE` for more than 64 KiB of fields.
pub fn check_head(method: &str, headers: &[(String, String)]) -> Result<(), Failure> {
    if !METHODS.contains(&method) {
        let shown: String = method.chars().take(40).collect();
        let message = format!("the method {shown:?} is not sent; use one of {}", METHODS.join(", "));
        return Err(Failure::new(ErrorCode::MethodDenied, message));
    }
    headers.iter().try_for_each(|(name, value)| check_field(name, value))?;
    let size: usize = headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > MAX_HEADER_BYTES {
        let message = format!("the header fields have {size} bytes, and at most {MAX_HEADER_BYTES} are sent");
        return Err(Failure::new(ErrorCode::RequestTooLarge, message));
    }
    Ok(())
}

/// Checks one header field.
///
/// # Errors
///
/// `HEADER_FORBIDDEN` for one that the host builds itself, `REQUEST_INVALID` for one that is no field.
pub fn check_field(name: &str, value: &str) -> Result<(), Failure> {
    let shown: String = name.chars().take(80).collect();
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        return Err(Failure::new(
            ErrorCode::RequestInvalid,
            format!("{shown:?} is no name of a header field"),
        ));
    }
    if FORBIDDEN.iter().any(|forbidden| forbidden.eq_ignore_ascii_case(name)) {
        let message = format!("the host builds the header field {shown:?} itself");
        return Err(Failure::new(ErrorCode::HeaderForbidden, message));
    }
    let sendable = |c: char| c == '\t' || (' '..='\u{7e}').contains(&c) || ('\u{80}'..='\u{ff}').contains(&c);
    if !value.chars().all(sendable) {
        let message = format!("the header field {shown:?} has a control character or one past U+00FF");
        return Err(Failure::new(ErrorCode::RequestInvalid, message));
    }
    Ok(())
}
