//! JSON as text: written with a count, read after a bound.

use std::io;

use serde::Serialize as _;
use serde_json::{
    Number, Value,
    ser::{CompactFormatter, Formatter, Serializer},
};

use super::{
    kind,
    limit::{JSON_DEPTH, MEMBER_BYTES, VALUE_BYTES, VALUE_DEPTH},
    meter::{Site, Stop},
    number,
};

/// The compact JSON text of the value.
pub(super) fn write(site: Site<'_>, value: &Value) -> Result<String, Stop> {
    site.make(0)?;
    let mut text = CountedText { site, bytes: Vec::new(), stop: None };
    let written = value.serialize(&mut Serializer::with_formatter(&mut text, Numbers));
    match (text.stop, written.map(|()| String::from_utf8(text.bytes))) {
        (None, Ok(Ok(text))) => Ok(text),
        (Some(stop), _) => Err(stop),
        (None, _) => Err(site.fail("value cannot be written as JSON")),
    }
}

/// The text of a value: a string as it is, anything else as compact JSON.
pub(super) fn text(site: Site<'_>, value: &Value) -> Result<String, Stop> {
    match value {
        Value::String(text) => {
            site.make(text.len())?;
            Ok(text.clone())
        }
        _ => write(site, value),
    }
}

/// The value that the JSON text describes.
pub(super) fn read(site: Site<'_>, text: &str) -> Result<Value, Stop> {
    site.read(text.len())?;
    let bound = Bound::of(text);
    if bound.depth >= JSON_DEPTH {
        return Err(site.limit(format!("JSON text nests {JSON_DEPTH} deep or more")));
    }
    site.made(bound.bytes)?;
    let value = serde_json::from_str(text)
        .map_err(|error| site.fail(format!("{} is not JSON: {error}", kind::quote(text))))?;
    match past_exact(&value) {
        Some(number) => Err(site.fail(format!("number {number} is out of range"))),
        None => Ok(value),
    }
}

/// The number that the text describes, as JSON writes numbers.
pub(super) fn read_number(site: Site<'_>, text: &str) -> Result<Value, Stop> {
    site.read(text.len())?;
    site.make(0)?;
    match serde_json::from_str::<Number>(text) {
        Ok(number) if !number::is_past_exact(&number) => Ok(Value::Number(number)),
        Ok(_) => Err(site.fail(format!("number {} is out of range", kind::quote(text)))),
        Err(_) => Err(site.fail(format!("the string {} is not a number", kind::quote(text)))),
    }
}

/// Whether the value nests no deeper than a value may.
pub(super) fn is_shallow(value: &Value) -> bool {
    nests_within(value, VALUE_DEPTH)
}

fn nests_within(value: &Value, depth: usize) -> bool {
    let inside = |value: &Value| nests_within(value, depth.saturating_sub(1));
    match value {
        Value::Array(items) => depth > 0 && items.iter().all(inside),
        Value::Object(members) => depth > 0 && members.values().all(inside),
        _ => true,
    }
}

fn past_exact(value: &Value) -> Option<&Number> {
    match value {
        Value::Number(number) => number::is_past_exact(number).then_some(number),
        Value::Array(items) => items.iter().find_map(past_exact),
        Value::Object(members) => members.values().find_map(past_exact),
        _ => None,
    }
}

/// Writes numbers as what they are, whatever they are held as: `2.0` as `2`.
struct Numbers;

impl Formatter for Numbers {
    fn write_i64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: i64) -> io::Result<()> {
        self.write_f64(writer, value as f64)
    }

    fn write_u64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        self.write_f64(writer, value as f64)
    }

    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        match number::integer(value) {
            Some(integer) => CompactFormatter.write_i64(writer, integer),
            None => CompactFormatter.write_f64(writer, value),
        }
    }
}

/// A writer that counts before it writes.
struct CountedText<'s> {
    site: Site<'s>,
    bytes: Vec<u8>,
    stop: Option<Stop>,
}

impl io::Write for CountedText<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Err(stop) = self.site.made(bytes.len() as u64) {
            self.stop = Some(stop);
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What reading a JSON text can come to at most, found without recursion.
struct Bound {
    depth: usize,
    bytes: u64,
}

impl Bound {
    fn of(text: &str) -> Self {
        let mut bound = Self { depth: 0, bytes: VALUE_BYTES.saturating_add(text.len() as u64) };
        let (mut open, mut in_string, mut escaped) = (0_usize, false, false);
        for byte in text.bytes() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                _ if in_string => {}
                b'[' | b'{' => {
                    open += 1;
                    bound.depth = bound.depth.max(open);
                    bound.bytes = bound.bytes.saturating_add(VALUE_BYTES);
                }
                b']' | b'}' => open = open.saturating_sub(1),
                b',' => bound.bytes = bound.bytes.saturating_add(VALUE_BYTES),
                b':' => bound.bytes = bound.bytes.saturating_add(MEMBER_BYTES),
                _ => {}
            }
        }
        bound
    }
}
