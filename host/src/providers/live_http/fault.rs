//! What a failed exchange means: read from the types in its chain of causes, and from whether the request had left. The
//! words of an error decide nothing.

use std::error::Error;
use std::io;

use aos_core::failure::{ErrorCode, Failure};

use super::names::ResolveFault;

/// The failure of an exchange that ended before the head of its answer.
pub(super) fn without_answer(error: &reqwest::Error, left: bool) -> Failure {
    let denied = causes(error).find_map(|cause| match cause.downcast_ref() {
        Some(ResolveFault::Denied(failure)) => Some(failure.clone()),
        _ => None,
    });
    match denied {
        Some(denied) => denied,
        None if left => Failure::new(lost(error), describe(error)).sent(),
        None => Failure::new(never_left(error), describe(error)),
    }
}

/// The failure of an exchange that ended within the body of its answer.
pub(super) fn within_body(error: &reqwest::Error) -> Failure {
    Failure::new(broken(error), describe(error)).sent()
}

/// Nothing of the request has left: there was no connection, or it ended before it took the request.
fn never_left(error: &reqwest::Error) -> ErrorCode {
    if any(error, |_: &ResolveFault| true) {
        ErrorCode::DnsFailure
    } else if any(error, |_: &rustls::Error| true) {
        ErrorCode::TlsFailure
    } else if error.is_connect() || any(error, |_: &hyper::Error| true) {
        ErrorCode::ConnectFailed
    } else if error.is_builder() {
        ErrorCode::RequestInvalid
    } else {
        UNKNOWN
    }
}

/// The request has left, and no answer to it came.
fn lost(error: &reqwest::Error) -> ErrorCode {
    if any(error, hyper::Error::is_parse_too_large) {
        ErrorCode::ResponseTooLarge
    } else if any(error, hyper::Error::is_parse) {
        ErrorCode::HttpProtocolError
    } else if any(error, |_: &hyper::Error| true) {
        ErrorCode::ConnectionLost
    } else {
        UNKNOWN
    }
}

/// The head of the answer is there, and its body does not come to its end. What the transport itself finds wrong in the
/// framing, it says as wrong input or data; TLS says so of what it cannot decrypt.
fn broken(error: &reqwest::Error) -> ErrorCode {
    let secured = any(error, |_: &rustls::Error| true);
    let misframed =
        |fault: &io::Error| matches!(fault.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData);
    if !secured && any(error, misframed) {
        ErrorCode::HttpProtocolError
    } else if any(error, |_: &hyper::Error| true) {
        ErrorCode::ResponseIncomplete
    } else {
        UNKNOWN
    }
}

/// An error that is not of the transport's own types: the layers around it have none today, as they follow no redirect,
/// decode nothing and keep no time here. A later version of them may, and a guess at its meaning could send a request
/// twice, so it gets the word that nobody tries again. No test reaches it: one that did would have found a fault that
/// lacks its word.
const UNKNOWN: ErrorCode = ErrorCode::Unclassified;

/// Whether a cause is of this type, and fits.
fn any<E: Error + 'static>(error: &reqwest::Error, fits: impl Fn(&E) -> bool) -> bool {
    causes(error).filter_map(|cause| cause.downcast_ref::<E>()).any(fits)
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
