//! Filters behind `@html`, `@uri` and `@base64`, and behind their opposites.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jaq_core::native::{bome, v};
use jaq_core::{Error, ValR};
use jaq_json::Val;
use jaq_std::ValT;

use super::vocabulary::Native;

/// What HTML escapes, and how. `&` comes first: it is part of all the others.
const HTML: [(&str, &str); 5] =
    [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("'", "&#39;"), ("\"", "&quot;")];

/// The filters.
pub(super) fn natives() -> [Native; 6] {
    [
        ("escape_html", v(0), |cv| bome(text(&cv.1).map(escape_html))),
        ("unescape_html", v(0), |cv| bome(text(&cv.1).map(unescape_html))),
        ("encode_uri", v(0), |cv| {
            bome(bytes(&cv.1).map(|bytes| string(urlencoding::encode_binary(bytes).into_owned())))
        }),
        ("decode_uri", v(0), |cv| {
            bome(bytes(&cv.1).map(|bytes| string(urlencoding::decode_binary(bytes).into_owned())))
        }),
        ("encode_base64", v(0), |cv| bome(bytes(&cv.1).map(|bytes| string(STANDARD.encode(bytes))))),
        ("decode_base64", v(0), |cv| bome(bytes(&cv.1).and_then(decode_base64))),
    ]
}

/// The text of a string.
pub(super) fn text(value: &Val) -> ValR<&str, Val> {
    std::str::from_utf8(bytes(value)?).map_err(Error::str)
}

fn bytes(value: &Val) -> ValR<&[u8], Val> {
    value.try_as_utf8_bytes()
}

fn string(bytes: impl Into<Vec<u8>>) -> Val {
    Val::utf8_str(bytes.into())
}

fn escape_html(text: &str) -> Val {
    string(HTML.iter().fold(text.to_owned(), |text, (plain, escaped)| text.replace(plain, escaped)))
}

fn unescape_html(text: &str) -> Val {
    string(HTML.iter().rev().fold(text.to_owned(), |text, (plain, escaped)| text.replace(escaped, plain)))
}

fn decode_base64(bytes: &[u8]) -> ValR<Val> {
    STANDARD.decode(bytes).map(string).map_err(Error::str)
}
