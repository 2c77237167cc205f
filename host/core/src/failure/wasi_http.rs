//! The cases of `error-code` of `wasi:http` (0.2) and the words of the catalogue, in both directions. It holds the two
//! maps, and knows no type that is generated from WIT.

use super::catalog::Settlement;
use super::{ErrorCode, Failure};

/// The case for everything that `wasi:http` has no word for.
const INTERNAL_ERROR: &str = "internal-error";

/// Every case of `wasi:http/types.error-code`, in the order of its WIT, with the code that it stands for.
pub const WASI_HTTP_CASES: [(&str, ErrorCode); 39] = [
    ("DNS-timeout", ErrorCode::DnsFailure),
    ("DNS-error", ErrorCode::DnsFailure),
    ("destination-not-found", ErrorCode::ConnectFailed),
    ("destination-unavailable", ErrorCode::ConnectFailed),
    ("destination-IP-prohibited", ErrorCode::DestinationDenied),
    ("destination-IP-unroutable", ErrorCode::ConnectFailed),
    ("connection-refused", ErrorCode::ConnectFailed),
    ("connection-terminated", ErrorCode::ConnectionLost),
    ("connection-timeout", ErrorCode::ConnectFailed),
    ("connection-read-timeout", ErrorCode::Timeout),
    ("connection-write-timeout", ErrorCode::Timeout),
    ("connection-limit-reached", ErrorCode::ConnectFailed),
    ("TLS-protocol-error", ErrorCode::TlsFailure),
    ("TLS-certificate-error", ErrorCode::TlsFailure),
    ("TLS-alert-received", ErrorCode::TlsFailure),
    ("HTTP-request-denied", ErrorCode::CapabilityDenied),
    ("HTTP-request-length-required", ErrorCode::RequestInvalid),
    ("HTTP-request-body-size", ErrorCode::RequestTooLarge),
    ("HTTP-request-method-invalid", ErrorCode::MethodDenied),
    ("HTTP-request-URI-invalid", ErrorCode::UrlInvalid),
    ("HTTP-request-URI-too-long", ErrorCode::UrlInvalid),
    ("HTTP-request-header-section-size", ErrorCode::RequestTooLarge),
    ("HTTP-request-header-size", ErrorCode::RequestTooLarge),
    ("HTTP-request-trailer-section-size", ErrorCode::RequestTooLarge),
    ("HTTP-request-trailer-size", ErrorCode::RequestTooLarge),
    ("HTTP-response-incomplete", ErrorCode::ResponseIncomplete),
    ("HTTP-response-header-section-size", ErrorCode::ResponseTooLarge),
    ("HTTP-response-header-size", ErrorCode::ResponseTooLarge),
    ("HTTP-response-body-size", ErrorCode::ResponseTooLarge),
    ("HTTP-response-trailer-section-size", ErrorCode::ResponseTooLarge),
    ("HTTP-response-trailer-size", ErrorCode::ResponseTooLarge),
    ("HTTP-response-transfer-coding", ErrorCode::HttpProtocolError),
    ("HTTP-response-content-coding", ErrorCode::DecodingUnsupported),
    ("HTTP-response-timeout", ErrorCode::Timeout),
    ("HTTP-upgrade-failed", ErrorCode::HttpProtocolError),
    ("HTTP-protocol-error", ErrorCode::HttpProtocolError),
    ("loop-detected", ErrorCode::ConfigInvalid),
    ("configuration-error", ErrorCode::ConfigInvalid),
    (INTERNAL_ERROR, ErrorCode::Unclassified),
];

/// The failure that a case stands for: for an embedder whose own way to send HTTP speaks `wasi:http`. The case becomes
/// the subcode. A name that is none of [`WASI_HTTP_CASES`] is `UNCLASSIFIED`; ASCII case does not count.
///
/// Where the code says that nothing was sent, or that the upstream did nothing, the request counts as not sent; else it
/// may have left, and what is held for it is spent.
#[must_use]
pub fn classify_wasi_http(case: &str, message: impl Into<String>) -> Failure {
    let named = WASI_HTTP_CASES.iter().find(|(name, _)| name.eq_ignore_ascii_case(case));
    let (name, code) = named.map_or((case, ErrorCode::Unclassified), |(name, code)| (*name, *code));
    let failure = Failure::new(code, message).with_subcode(name);
    if code.row().settlement == Settlement::Hold { failure.sent() } else { failure }
}

/// The case that a guest is told of a failure: one of [`WASI_HTTP_CASES`]. What `wasi:http` has no word for is
/// `internal-error`.
#[must_use]
pub const fn wasi_http_case(failure: &Failure) -> &'static str {
    match failure.code {
        ErrorCode::DestinationDenied
        | ErrorCode::CapabilityDenied
        | ErrorCode::SecretDenied
        | ErrorCode::HeaderForbidden => "HTTP-request-denied",
        ErrorCode::MethodDenied => "HTTP-request-method-invalid",
        ErrorCode::UrlInvalid => "HTTP-request-URI-invalid",
        ErrorCode::RequestTooLarge => "HTTP-request-body-size",
        ErrorCode::DnsFailure => "DNS-error",
        ErrorCode::ConnectFailed => "connection-refused",
        ErrorCode::TlsFailure => "TLS-protocol-error",
        ErrorCode::ConnectionLost => "connection-terminated",
        ErrorCode::ResponseIncomplete => "HTTP-response-incomplete",
        ErrorCode::ResponseTooLarge => "HTTP-response-body-size",
        ErrorCode::DecodingUnsupported => "HTTP-response-content-coding",
        ErrorCode::HttpProtocolError => "HTTP-protocol-error",
        ErrorCode::Timeout if failure.request_sent => "HTTP-response-timeout",
        ErrorCode::Timeout => "connection-timeout",
        ErrorCode::ConfigInvalid => "configuration-error",
        // Limits of the guest, statuses, models, journals: none of them is a failure of an exchange.
        _ => INTERNAL_ERROR,
    }
}
