//! What the caller wants, and the request that it makes. Sends nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::accept::AcceptStatus;
use crate::bindings::aos::skill::http::Request;
use crate::body::Body;
use crate::fault::Fault;
use crate::headers::{self, Values};

/// The input, as `input.schema.json` describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    #[serde(default = "get")]
    pub(crate) method: String,
    pub(crate) url: String,
    #[serde(default)]
    headers: BTreeMap<String, Values>,
    #[serde(default, deserialize_with = "given")]
    body: Option<Value>,
    timeout_ms: Option<u32>,
    idempotency_key: Option<String>,
    accept_status: Option<Vec<Value>>,
}

impl Input {
    /// Reads the JSON text of the input.
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        serde_json::from_str(text).map_err(Fault::Input)
    }

    /// The statuses that the caller calls a success.
    pub(crate) fn accepted(&self) -> Result<AcceptStatus, Fault> {
        self.accept_status.as_deref().map_or_else(|| Ok(AcceptStatus::default()), AcceptStatus::read)
    }

    /// The request to send.
    pub(crate) fn request(&self) -> Result<Request, Fault> {
        let body = self.body.as_ref().map(Body::read).transpose()?;
        let mut headers = headers::to_send(&self.headers);
        if matches!(body, Some(Body::Json(_))) {
            headers::add_missing(&mut headers, "content-type", "application/json");
        }
        Ok(Request {
            method: self.method.clone(),
            url: self.url.clone(),
            headers,
            body: body.map(Body::into_bytes),
            timeout_ms: self.timeout_ms,
            idempotency_key: self.idempotency_key.clone(),
        })
    }
}

fn get() -> String {
    "GET".to_owned()
}

/// Tells a body of `null`, which is sent as JSON, from no body at all.
fn given<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(input).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(input: &str) -> Request {
        Input::read(input).unwrap().request().unwrap()
    }

    #[test]
    fn a_url_is_enough() {
        let request = request(r#"{"url": "https://a.test/"}"#);
        assert_eq!((request.method.as_str(), request.url.as_str()), ("GET", "https://a.test/"));
        assert_eq!((request.headers, request.body), (vec![], None));
    }

    #[test]
    fn json_names_its_type_unless_the_caller_does() {
        let own = request(r#"{"url": "u", "body": {"b": 1, "a": [null]}}"#);
        assert_eq!(own.body.as_deref(), Some(br#"{"a":[null],"b":1}"#.as_slice()));
        assert_eq!(own.headers, [("content-type".to_owned(), "application/json".to_owned())]);
        let given =
            request(r#"{"url": "u", "body": null, "headers": {"Content-Type": "application/x-own"}}"#);
        assert_eq!(given.body.as_deref(), Some(b"null".as_slice()));
        assert_eq!(given.headers, [("Content-Type".to_owned(), "application/x-own".to_owned())]);
    }

    #[test]
    fn text_and_bytes_go_out_as_they_are() {
        let text = request(r#"{"url": "u", "body": "{\"a\":1}"}"#);
        assert_eq!((text.body.as_deref(), text.headers), (Some(br#"{"a":1}"#.as_slice()), vec![]));
        let bytes = request(r#"{"url": "u", "body": {"base64": "AP8="}}"#);
        assert_eq!((bytes.body.as_deref(), bytes.headers), (Some([0, 255].as_slice()), vec![]));
    }

    #[test]
    fn a_header_may_be_given_more_than_once() {
        let headers = request(r#"{"url": "u", "headers": {"x-b": ["1", "2"], "x-a": "0"}}"#).headers;
        let pairs: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("x-a", "0"), ("x-b", "1"), ("x-b", "2")]);
    }

    #[test]
    fn unknown_words_and_wrong_types_are_faults() {
        for wrong in [r#"{"url": "u", "uri": "u"}"#, r#"{}"#, r#"{"url": 1}"#, "not json"] {
            assert!(matches!(Input::read(wrong), Err(Fault::Input(_))), "{wrong}");
        }
    }
}
