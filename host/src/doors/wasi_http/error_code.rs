//! What a failure of the gate is called in `wasi:http`.

use aos_core::failure::{ErrorCode, Failure};

use super::types::{self, DnsErrorPayload};
use crate::providers::MAX_BODY_BYTES;

/// The error for the guest. What `wasi:http` has no word for is an internal error, with the catalogue's word in front.
pub(super) fn error_code(failure: &Failure) -> types::ErrorCode {
    use types::ErrorCode as Http;
    match failure.code {
        ErrorCode::DestinationDenied
        | ErrorCode::CapabilityDenied
        | ErrorCode::SecretDenied
        | ErrorCode::HeaderForbidden => Http::HttpRequestDenied,
        ErrorCode::MethodDenied => Http::HttpRequestMethodInvalid,
        ErrorCode::UrlInvalid => Http::HttpRequestUriInvalid,
        ErrorCode::RequestTooLarge => Http::HttpRequestBodySize(Some(MAX_BODY_BYTES as u64)),
        ErrorCode::DnsFailure => Http::DnsError(DnsErrorPayload { rcode: None, info_code: None }),
        ErrorCode::ConnectFailed => Http::ConnectionRefused,
        ErrorCode::TlsFailure => Http::TlsProtocolError,
        ErrorCode::ConnectionLost => Http::ConnectionTerminated,
        ErrorCode::ResponseIncomplete => Http::HttpResponseIncomplete,
        ErrorCode::ResponseTooLarge => Http::HttpResponseBodySize(Some(MAX_BODY_BYTES as u64)),
        ErrorCode::HttpProtocolError => Http::HttpProtocolError,
        ErrorCode::Timeout if failure.request_sent => Http::HttpResponseTimeout,
        ErrorCode::Timeout => Http::ConnectionTimeout,
        ErrorCode::ConfigInvalid => Http::ConfigurationError,
        other => Http::InternalError(Some(format!("{}: {}", other.as_str(), failure.message))),
    }
}
