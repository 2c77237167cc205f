//! What a failure of the gate is called in `wasi:http`. Which case it is stands in the core; here it gets its payload.

use aos_core::failure::{Failure, wasi_http_case};

use super::types::{self, DnsErrorPayload};
use crate::providers::MAX_BODY_BYTES;

/// The error for the guest. What `wasi:http` has no word for is an internal error, with the catalogue's word in front.
pub(super) fn error_code(failure: &Failure) -> types::ErrorCode {
    use types::ErrorCode as Http;
    match wasi_http_case(failure) {
        "HTTP-request-denied" => Http::HttpRequestDenied,
        "HTTP-request-method-invalid" => Http::HttpRequestMethodInvalid,
        "HTTP-request-URI-invalid" => Http::HttpRequestUriInvalid,
        "HTTP-request-body-size" => Http::HttpRequestBodySize(Some(MAX_BODY_BYTES as u64)),
        "DNS-error" => Http::DnsError(DnsErrorPayload { rcode: None, info_code: None }),
        "connection-refused" => Http::ConnectionRefused,
        "TLS-protocol-error" => Http::TlsProtocolError,
        "connection-terminated" => Http::ConnectionTerminated,
        "HTTP-response-incomplete" => Http::HttpResponseIncomplete,
        "HTTP-response-body-size" => Http::HttpResponseBodySize(Some(MAX_BODY_BYTES as u64)),
        "HTTP-response-content-coding" => Http::HttpResponseContentCoding(None),
        "HTTP-protocol-error" => Http::HttpProtocolError,
        "HTTP-response-timeout" => Http::HttpResponseTimeout,
        "connection-timeout" => Http::ConnectionTimeout,
        "configuration-error" => Http::ConfigurationError,
        _ => Http::InternalError(Some(failure.to_string())),
    }
}
