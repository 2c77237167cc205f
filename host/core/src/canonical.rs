//! RFC 8785 (JSON Canonicalization Scheme): one text for one value, and its digest.

use serde::Serialize;
use serde_json::Value;

use crate::ids::Digest;

/// A value that JSON cannot carry, such as a map with keys that are not strings.
#[derive(Debug, thiserror::Error)]
#[error("the value has no canonical JSON form")]
pub struct NotCanonical(#[source] serde_json::Error);

/// The canonical bytes of anything that serialises to JSON.
///
/// # Errors
///
/// [`NotCanonical`] when it does not serialise to JSON at all.
pub fn to_vec<T: Serialize>(value: &T) -> Result<Vec<u8>, NotCanonical> {
    serde_json_canonicalizer::to_vec(value).map_err(NotCanonical)
}

/// The digest of a value's canonical bytes.
///
/// # Errors
///
/// As [`to_vec`].
pub fn digest<T: Serialize>(value: &T) -> Result<Digest, NotCanonical> {
    Ok(Digest::of(&to_vec(value)?))
}

/// The first place at which two values differ, as a JSON pointer (RFC 6901), with what stands there.
#[must_use]
pub fn first_difference<'a>(left: &'a Value, right: &'a Value) -> Option<Difference<'a>> {
    // Most are equal, which is seen at once; the way to a difference is noted only where there is one.
    if left == right {
        return None;
    }
    let mut pointer = String::new();
    let (left, right) = differ(left, right, &mut pointer)?;
    Some(Difference { pointer, left, right })
}

/// Where two values part. `None` stands for a member or element that is not there.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference<'a> {
    /// RFC 6901.
    pub pointer: String,
    /// What the first value has there.
    pub left: Option<&'a Value>,
    /// What the second value has there.
    pub right: Option<&'a Value>,
}

type Pair<'a> = (Option<&'a Value>, Option<&'a Value>);

fn differ<'a>(left: &'a Value, right: &'a Value, pointer: &mut String) -> Option<Pair<'a>> {
    match (left, right) {
        (Value::Object(a), Value::Object(b)) => {
            let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
            keys.map(|key| (escape(key), a.get(key), b.get(key))).find_map(|member| step(member, pointer))
        }
        (Value::Array(a), Value::Array(b)) => {
            let places = 0..a.len().max(b.len());
            places.map(|i| (i.to_string(), a.get(i), b.get(i))).find_map(|member| step(member, pointer))
        }
        _ => (left != right).then_some((Some(left), Some(right))),
    }
}

fn step<'a>(
    (token, left, right): (String, Option<&'a Value>, Option<&'a Value>),
    pointer: &mut String,
) -> Option<Pair<'a>> {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(&token);
    let found = match (left, right) {
        (Some(left), Some(right)) => differ(left, right, pointer),
        (None, None) => None,
        _ => Some((left, right)),
    };
    if found.is_none() {
        pointer.truncate(length);
    }
    found
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
