//! The part of the walk that reaches into values.

use std::borrow::Cow;

use serde_json::{Number, Value};

use super::{
    kind,
    meter::{Site, Stop},
    number, sequence,
    tree::{Access, Failure, Node, Part},
    walk::{Flow, Sink, Walk, null},
};

/// A path on its way: where it starts, and the computed keys of its last parts, in reverse.
struct Keyed<'t> {
    base: &'t Node,
    parts: &'t [Part],
    input: &'t Value,
    keys: Vec<Value>,
}

/// The rest of a path, with the keys it still needs, the next one last.
#[derive(Clone, Copy)]
struct Trail<'t> {
    parts: &'t [Part],
    keys: &'t [Value],
}

impl Walk<'_> {
    /// `f.a[g]`: first the keys, of which the last varies slowest, then `f`, then the way in.
    pub(super) fn path(&self, base: &Node, parts: &[Part], input: &Value, out: &mut Sink<'_>) -> Flow {
        self.keyed(&mut Keyed { base, parts, input, keys: Vec::new() }, parts, out)
    }

    fn keyed(&self, path: &mut Keyed<'_>, mut left: &[Part], out: &mut Sink<'_>) -> Flow {
        while let Some((part, rest)) = left.split_last() {
            match &part.access {
                Access::Key(_) | Access::Iterate => left = rest,
                Access::Index(key) => {
                    return self.key(path, Some(key), &mut |path| self.keyed(path, rest, out));
                }
                Access::Slice(from, upto) => {
                    return self.key(path, from.as_ref(), &mut |path| {
                        self.key(path, upto.as_ref(), &mut |path| self.keyed(path, rest, out))
                    });
                }
            }
        }
        let trail = Trail { parts: path.parts, keys: &path.keys };
        self.eval(path.base, path.input, &mut |value| self.follow(trail, &value, out))
    }

    /// Goes on with each value of `key` at the end of the keys; with a null where nothing is written.
    fn key(
        &self,
        path: &mut Keyed<'_>,
        key: Option<&Node>,
        go_on: &mut dyn FnMut(&mut Keyed<'_>) -> Flow,
    ) -> Flow {
        let Some(key) = key else {
            path.keys.push(Value::Null);
            go_on(path)?;
            path.keys.pop();
            return Ok(());
        };
        self.eval(key, path.input, &mut |value| {
            path.keys.push(self.site(key).own(value)?);
            go_on(path)?;
            path.keys.pop();
            Ok(())
        })
    }

    fn follow(&self, mut trail: Trail<'_>, value: &Value, out: &mut Sink<'_>) -> Flow {
        let mut value = value;
        while let Some(part) = trail.next_part() {
            let site = self.site_of(&part.span);
            site.touch(1)?;
            let reached = match &part.access {
                Access::Key(name) => member(site, value, name),
                Access::Index(_) => index(site, value, trail.next_key()),
                Access::Iterate => return self.each(part, trail, value, out),
                Access::Slice(_, _) => {
                    let (upto, from) = (trail.next_key(), trail.next_key());
                    return match slice(site, value, from, upto) {
                        Ok(made) if trail.parts.is_empty() => out(Cow::Owned(made)),
                        Ok(made) => self.follow(trail, &made, out),
                        Err(stop) => part.failure.settle(stop),
                    };
                }
            };
            value = match reached {
                Ok(reached) => reached,
                Err(stop) => return part.failure.settle(stop),
            };
        }
        out(Cow::Borrowed(value))
    }

    fn each(&self, part: &Part, trail: Trail<'_>, value: &Value, out: &mut Sink<'_>) -> Flow {
        let site = self.site_of(&part.span);
        let items = match sequence::items(site, value) {
            Ok(items) => items,
            Err(stop) => return part.failure.settle(stop),
        };
        for item in items {
            site.step()?;
            self.follow(trail, item, out)?;
        }
        Ok(())
    }
}

impl<'t> Trail<'t> {
    fn next_part(&mut self) -> Option<&'t Part> {
        let (part, rest) = self.parts.split_first()?;
        self.parts = rest;
        Some(part)
    }

    fn next_key(&mut self) -> &'t Value {
        let Some((key, rest)) = self.keys.split_last() else {
            return null();
        };
        self.keys = rest;
        key
    }
}

impl Failure {
    /// What becomes of a part that does not fit: with `?`, nothing.
    fn settle(self, stop: Stop) -> Flow {
        if self == Self::Silent && stop.is_failure() { Ok(()) } else { Err(stop) }
    }
}

/// The element or member at `key`; null where there is none.
pub(super) fn index<'v>(site: Site<'_>, value: &'v Value, key: &Value) -> Result<&'v Value, Stop> {
    match (value, key) {
        (_, Value::String(name)) => {
            site.read(name.len())?;
            member(site, value, name)
        }
        (Value::Array(items), Value::Number(position)) => {
            Ok(absolute(position, items.len()).and_then(|position| items.get(position)).unwrap_or(null()))
        }
        (Value::Null, Value::Number(_)) => Ok(null()),
        _ => Err(site.fail(format!("cannot index {} with {}", kind::describe(value), kind::describe(key)))),
    }
}

fn member<'v>(site: Site<'_>, value: &'v Value, name: &str) -> Result<&'v Value, Stop> {
    match value {
        Value::Object(members) => Ok(members.get(name).unwrap_or(null())),
        Value::Null => Ok(null()),
        _ => Err(site.fail(format!("cannot index {} with {}", kind::describe(value), kind::quote(name)))),
    }
}

/// The position counted from the start; a negative one counts from the end.
fn absolute(position: &Number, length: usize) -> Option<usize> {
    let position = number::position(position);
    let from_end = if position < 0 { i64::try_from(length).ok()? } else { 0 };
    usize::try_from(position.checked_add(from_end)?).ok()
}

fn slice(site: Site<'_>, value: &Value, from: &Value, upto: &Value) -> Result<Value, Stop> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::Array(items) => {
            let (start, end) = bounds(site, from, upto, items.len())?;
            sequence::array(site, items.get(start..end).unwrap_or_default().iter())
        }
        Value::String(text) => {
            site.read(text.len())?;
            let (start, end) = bounds(site, from, upto, text.chars().count())?;
            let sliced: String = text.chars().skip(start).take(end - start).collect();
            site.make(sliced.len())?;
            Ok(Value::String(sliced))
        }
        _ => Err(site.fail(format!("cannot slice {}", kind::describe(value)))),
    }
}

/// The start and the end of a slice, as jq has them: outwards to whole positions, and within the sequence.
fn bounds(site: Site<'_>, from: &Value, upto: &Value, length: usize) -> Result<(usize, usize), Stop> {
    let start = bound(site, from, length, f64::floor)?.unwrap_or(0);
    let end = bound(site, upto, length, f64::ceil)?.unwrap_or(length);
    Ok((start, end.max(start)))
}

fn bound(site: Site<'_>, bound: &Value, length: usize, round: fn(f64) -> f64) -> Result<Option<usize>, Stop> {
    match bound {
        Value::Null => Ok(None),
        Value::Number(number) => {
            let number = number::double(number);
            let from_start = if number < 0.0 { number + length as f64 } else { number };
            Ok(Some((round(from_start.max(0.0)) as usize).min(length)))
        }
        _ => Err(site.fail(format!("cannot slice at {}", kind::describe(bound)))),
    }
}
