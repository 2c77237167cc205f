//! Bodies: from the input to bytes, and from bytes to the output.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::faithful;
use crate::fault::Fault;

/// A body to send.
#[derive(Debug, PartialEq)]
pub(crate) enum Body {
    /// Text, sent as it is.
    Text(String),
    /// Bytes that the input wrote as base64.
    Bytes(Vec<u8>),
    /// Any other value, sent as JSON text.
    Json(Value),
}

impl Body {
    /// Reads `body` of the input. Only an object of the one key `base64` stands for bytes.
    pub(crate) fn read(value: &Value) -> Result<Self, Fault> {
        match value {
            Value::String(text) => Ok(Self::Text(text.clone())),
            Value::Object(object) if object.len() == 1 && object.contains_key("base64") => {
                let text = object.get("base64").and_then(Value::as_str).ok_or(Fault::Base64)?;
                STANDARD.decode(text).map(Self::Bytes).map_err(|_| Fault::Base64)
            }
            other => Ok(Self::Json(other.clone())),
        }
    }

    /// The bytes that leave.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Bytes(bytes) => bytes,
            Self::Json(value) => value.to_string().into_bytes(),
        }
    }
}

/// What the output says of a body that came back with this `content-type`.
pub(crate) fn received(bytes: Vec<u8>, content_type: Option<&str>) -> Value {
    match String::from_utf8(bytes) {
        Ok(text) => {
            is_json(content_type).then(|| faithful::read(&text)).flatten().unwrap_or(Value::String(text))
        }
        Err(binary) => {
            let text = STANDARD.encode(binary.as_bytes());
            Value::Object(Map::from_iter([("base64".to_owned(), Value::String(text))]))
        }
    }
}

/// Whether a media type (RFC 9110, section 8.3) is JSON by itself or by its suffix (RFC 6839).
fn is_json(content_type: Option<&str>) -> bool {
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn json_body(text: &str) -> Value {
        received(text.into(), Some("Application/Problem+JSON; charset=utf-8"))
    }

    #[test]
    fn only_one_lone_key_makes_bytes() {
        assert_eq!(Body::read(&json!({"base64": "aGk="})).unwrap(), Body::Bytes(b"hi".to_vec()));
        let two = json!({"base64": "aGk=", "name": "x"});
        assert_eq!(Body::read(&two).unwrap(), Body::Json(two));
        for wrong in [json!({"base64": "aGk"}), json!({"base64": "a-_="}), json!({"base64": 1})] {
            assert!(matches!(Body::read(&wrong), Err(Fault::Base64)), "{wrong}");
        }
    }

    #[test]
    fn json_is_parsed_when_its_type_says_so() {
        assert_eq!(json_body(r#"{"a": [1.5, null]}"#), json!({"a": [1.5, null]}));
        assert_eq!(received(b"[1]".to_vec(), Some("application/json")), json!([1]));
        assert_eq!(received(b"[1]".to_vec(), Some("text/plain")), json!("[1]"));
        assert_eq!(received(b"[1]".to_vec(), None), json!("[1]"));
    }

    #[test]
    fn what_would_change_or_does_not_parse_stays_text() {
        for text in ["", "{", "[9007199254740993]", "[1e17]", r#"{"a": 1, "a": 2}"#] {
            assert_eq!(json_body(text), json!(text));
        }
    }

    #[test]
    fn bytes_that_are_no_text_become_base64() {
        assert_eq!(received(vec![0xff, 0x00], Some("application/json")), json!({"base64": "/wA="}));
    }
}
