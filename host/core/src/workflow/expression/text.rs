//! Functions of strings.

use serde_json::Value;

use super::{
    json, kind,
    meter::{Site, Stop},
    sequence,
};

type Result<T = Value> = std::result::Result<T, Stop>;

/// The parts of `text` between the separators; its characters if the separator is empty.
pub(super) fn split(site: Site<'_>, text: &str, separator: &str) -> Result {
    site.read(text.len() + separator.len())?;
    site.make(0)?;
    let mut parts = Vec::new();
    let mut part = |part: &str| {
        site.make(part.len())?;
        parts.push(Value::from(part));
        Ok(())
    };
    if separator.is_empty() {
        text.char_indices()
            .try_for_each(|(start, c)| part(text.get(start..start + c.len_utf8()).unwrap_or_default()))?;
    } else if !text.is_empty() {
        text.split(separator).try_for_each(&mut part)?;
    }
    Ok(Value::Array(parts))
}

/// `split(separator)`
pub(super) fn split_by(site: Site<'_>, input: &Value, separator: &Value) -> Result {
    let (text, separator) = both(site, "split", input, separator)?;
    split(site, text, separator)
}

/// `startswith(head)`
pub(super) fn starts_with(site: Site<'_>, input: &Value, head: &Value) -> Result<bool> {
    let (text, head) = both(site, "startswith", input, head)?;
    site.read(head.len())?;
    Ok(text.starts_with(head))
}

/// `endswith(tail)`
pub(super) fn ends_with(site: Site<'_>, input: &Value, tail: &Value) -> Result<bool> {
    let (text, tail) = both(site, "endswith", input, tail)?;
    site.read(tail.len())?;
    Ok(text.ends_with(tail))
}

/// `join(separator)`: null is empty, numbers and booleans are their text, and what contains values is an error.
pub(super) fn join(site: Site<'_>, input: &Value, separator: &Value) -> Result {
    let Value::String(separator) = separator else {
        return Err(site.fail(format!("cannot join with {}", kind::describe(separator))));
    };
    site.make(0)?;
    let mut joined = String::new();
    for (position, item) in sequence::items(site, input)?.enumerate() {
        site.touch(1)?;
        if position > 0 {
            site.made(separator.len() as u64)?;
            joined.push_str(separator);
        }
        joined.push_str(&joinable(site, item)?);
    }
    Ok(Value::String(joined))
}

fn joinable(site: Site<'_>, item: &Value) -> Result<String> {
    match item {
        Value::Null => Ok(String::new()),
        Value::Array(_) | Value::Object(_) => Err(site.fail(format!("cannot join {}", kind::describe(item)))),
        _ => json::text(site, item),
    }
}

fn both<'v>(site: Site<'_>, name: &str, input: &'v Value, argument: &'v Value) -> Result<(&'v str, &'v str)> {
    match (input, argument) {
        (Value::String(input), Value::String(argument)) => Ok((input, argument)),
        (Value::String(_), other) | (other, _) => {
            Err(site.fail(format!("`{name}` needs strings, not {}", kind::describe(other))))
        }
    }
}
