//! A strict reader for JSON that strangers wrote (RFC 8259 within I-JSON, RFC 7493): no duplicate names, bounded
//! depth, and no number that would silently change.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::failure::ErrorCode;
use crate::units::MAX_EXACT_INTEGER;

/// Nesting that is still read: well within what the recursive parser can take on a small stack.
pub const MAX_DEPTH: usize = 96;

/// JSON that is refused, with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at line {line} column {column}")]
pub struct JsonInvalid {
    /// `JSON_MALFORMED`, `JSON_DUPLICATE_KEY`, `JSON_TOO_DEEP` or `JSON_NUMBER_RANGE`.
    pub code: ErrorCode,
    /// What is wrong, without the place.
    pub message: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1.
    pub column: usize,
}

/// Reads one JSON value and nothing after it.
///
/// # Errors
///
/// [`JsonInvalid`] for text that is no JSON, an object that has a name twice, nesting past [`MAX_DEPTH`], an integer
/// past 2^53 - 1 or a number past the range of IEEE 754 doubles.
pub fn read(text: &str) -> Result<Value, JsonInvalid> {
    let refused = Cell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let seed = Strict { depth: 0, refused: &refused };
    let value = seed.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    let value = value.map_err(|error| {
        let text = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let message = text.strip_suffix(&place).unwrap_or(&text).to_owned();
        let code = refused.get().unwrap_or_else(|| classify(&message));
        JsonInvalid { code, message, line: error.line().max(1), column: error.column().max(1) }
    })?;
    long_integer(text).map_or(Ok(value), Err)
}

/// An integer of more than 64 bits reaches the visitor as a float, so its digits are looked at once more.
fn long_integer(text: &str) -> Option<JsonInvalid> {
    let (mut in_string, mut escaped, mut start) = (false, false, None);
    for (place, byte) in text.bytes().chain([b' ']).enumerate() {
        match (in_string, byte) {
            (true, b'"') if !escaped => in_string = false,
            (true, _) => escaped = byte == b'\\' && !escaped,
            (false, b'"') => in_string = true,
            (false, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E') => start = start.or(Some(place)),
            (false, _) => {
                let token = start.take().and_then(|start| text.get(start..place)).unwrap_or_default();
                if token.len() > 19 && !token.contains(['.', 'e', 'E']) {
                    return Some(out_of_range(text, place - token.len(), token));
                }
            }
        }
    }
    None
}

fn out_of_range(text: &str, place: usize, token: &str) -> JsonInvalid {
    let before = text.get(..place).unwrap_or_default();
    let shown: String = token.chars().take(40).collect();
    JsonInvalid {
        code: ErrorCode::JsonNumberRange,
        message: format!("the integer {shown} is past 2^53 - 1 and would change; quote it"),
        line: before.matches('\n').count() + 1,
        column: before.len() - before.rfind('\n').map_or(0, |newline| newline + 1) + 1,
    }
}

/// The two refusals that serde_json itself makes by rule are known by their text; a test holds each.
fn classify(message: &str) -> ErrorCode {
    match message {
        "number out of range" => ErrorCode::JsonNumberRange,
        "recursion limit exceeded" => ErrorCode::JsonTooDeep,
        _ => ErrorCode::JsonMalformed,
    }
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: usize,
    refused: &'a Cell<Option<ErrorCode>>,
}

impl Strict<'_> {
    fn refuse<E: serde::de::Error>(self, code: ErrorCode, message: fmt::Arguments<'_>) -> E {
        self.refused.set(Some(code));
        E::custom(message)
    }

    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(
                self.refuse(ErrorCode::JsonTooDeep, format_args!("nesting is deeper than {MAX_DEPTH}"))
            );
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn integer<E: serde::de::Error>(self, magnitude: u64, value: Value) -> Result<Value, E> {
        if magnitude > MAX_EXACT_INTEGER {
            let message = format_args!("the integer {value} is past 2^53 - 1 and would change; quote it");
            return Err(self.refuse(ErrorCode::JsonNumberRange, message));
        }
        Ok(value)
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        self.integer(value, value.into())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        self.integer(value.unsigned_abs(), value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(value) = elements.next_element_seed(inner)? {
            array.push(value);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                let message = format_args!("the name {name:?} stands twice in one object");
                return Err(self.refuse(ErrorCode::JsonDuplicateKey, message));
            }
            object.insert(name, members.next_value_seed(inner)?);
        }
        Ok(Value::Object(object))
    }
}
