//! Header fields: from the input's object to a list, and from the answer's list to an object.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// The one header that cannot be joined: a comma may stand inside its values (RFC 9110, section 5.3).
const SET_COOKIE: &str = "set-cookie";

/// The value or values of one header of the input.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Values {
    /// The header is sent once.
    One(String),
    /// The header is sent once for each.
    Many(Vec<String>),
}

impl Values {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

/// The headers to send, by name, so that the same input always sends the same bytes.
pub(crate) fn to_send(given: &BTreeMap<String, Values>) -> Vec<(String, String)> {
    let pairs =
        given.iter().flat_map(|(name, values)| values.as_slice().iter().map(move |value| (name, value)));
    pairs.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Adds a header, unless one of that name is there in any case.
pub(crate) fn add_missing(headers: &mut Vec<(String, String)>, name: &str, value: &str) {
    if find(headers, name).is_none() {
        headers.push((name.to_owned(), value.to_owned()));
    }
}

/// The first value of a header, by its name in any case.
pub(crate) fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut found = headers.iter().filter(|(given, _)| given.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.as_str())
}

/// The headers that came back: joined by `, ` where repeated, except `set-cookie`, which is always a list.
pub(crate) fn received(list: Vec<(String, String)>) -> Map<String, Value> {
    let mut object = Map::new();
    for (name, value) in list {
        let name = name.to_ascii_lowercase();
        let empty = if name == SET_COOKIE { Value::Array(vec![]) } else { Value::Null };
        match object.entry(name).or_insert(empty) {
            Value::Array(cookies) => cookies.push(Value::String(value)),
            Value::String(joined) => joined.extend([", ", &value]),
            first => *first = Value::String(value),
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn repeated_headers_are_joined_and_cookies_listed() {
        let list =
            [("Via", "a"), ("set-cookie", "x=1, y"), ("via", "b"), ("Set-Cookie", "z=2"), ("etag", "")];
        let list = list.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let expected = json!({"via": "a, b", "set-cookie": ["x=1, y", "z=2"], "etag": ""});
        assert_eq!(Value::Object(received(list)), expected);
    }
}
