//! The part of the walk that calls functions.

use std::{borrow::Cow, cmp::Ordering};

use serde_json::Value;

use super::{
    entries,
    function::{Filtered, Plain, Valued},
    json, kind,
    meter::{Site, Stop},
    number, operator, path, sequence, text,
    tree::Node,
    walk::{Flow, Sink, Walk, boolean, null},
};

/// Calls a function of the input alone.
pub(super) fn plain(site: Site<'_>, plain: Plain, input: &Value, out: &mut Sink<'_>) -> Flow {
    out(match plain {
        Plain::All => boolean(!sequence::has_truth(site, input, false)?),
        Plain::Any => boolean(sequence::has_truth(site, input, true)?),
        Plain::Not => boolean(!kind::is_true(input)),
        Plain::First => Cow::Borrowed(path::index(site, input, &Value::from(0))?),
        Plain::Last => Cow::Borrowed(path::index(site, input, &Value::from(-1))?),
        Plain::Max => Cow::Borrowed(sequence::extreme(site, input, Ordering::Greater)?.unwrap_or(null())),
        Plain::Min => Cow::Borrowed(sequence::extreme(site, input, Ordering::Less)?.unwrap_or(null())),
        Plain::ToNumber if input.is_number() => Cow::Borrowed(input),
        Plain::ToString if input.is_string() => Cow::Borrowed(input),
        _ => Cow::Owned(made(site, plain, input)?),
    })
}

impl Walk<'_> {
    /// Calls a function of the input and of each value of the argument.
    pub(super) fn valued(
        &self,
        site: Site<'_>,
        (valued, argument): (Valued, &Node),
        input: &Value,
        out: &mut Sink<'_>,
    ) -> Flow {
        self.eval(argument, input, &mut |argument| {
            out(match valued {
                Valued::EndsWith => boolean(text::ends_with(site, input, &argument)?),
                Valued::Flatten => Cow::Owned(sequence::flatten(site, input, &argument)?),
                Valued::Has => boolean(entries::has(site, input, &argument)?),
                Valued::Join => Cow::Owned(text::join(site, input, &argument)?),
                Valued::Split => Cow::Owned(text::split_by(site, input, &argument)?),
                Valued::StartsWith => boolean(text::starts_with(site, input, &argument)?),
            })
        })
    }

    /// Calls a function that runs a filter.
    pub(super) fn filtered(
        &self,
        site: Site<'_>,
        (filtered, filter): (Filtered, &Node),
        input: &Value,
        out: &mut Sink<'_>,
    ) -> Flow {
        match filtered {
            Filtered::All => out(boolean(!self.has_truth(site, filter, input, false)?)),
            Filtered::Any => out(boolean(self.has_truth(site, filter, input, true)?)),
            Filtered::First => self.first(filter, input, out),
            Filtered::Last => self.last(site, filter, input, out),
            Filtered::Map => self.map(site, filter, input, out),
            Filtered::Select => self.eval(filter, input, &mut |chosen| {
                if kind::is_true(&chosen) { out(Cow::Borrowed(input)) } else { Ok(()) }
            }),
            Filtered::SortBy => {
                let sorted = sequence::sorted_by(site, self.keyed_elements(site, "sort", filter, input)?)?;
                let items = sorted.iter().map(|(_, item)| *item);
                out(Cow::Owned(sequence::array(site, items)?))
            }
            Filtered::GroupBy => {
                let sorted = sequence::sorted_by(site, self.keyed_elements(site, "group", filter, input)?)?;
                out(Cow::Owned(sequence::grouped(site, sorted)?))
            }
        }
    }

    /// Whether the filter gives a value of that truth for one of the items; it stops at the first.
    fn has_truth(&self, site: Site<'_>, filter: &Node, input: &Value, wanted: bool) -> Result<bool, Stop> {
        for item in sequence::items(site, input)? {
            site.step()?;
            let mut found = false;
            let flow = self.eval(filter, item, &mut |value| {
                found = kind::is_true(&value) == wanted;
                if found { Err(Stop::Enough) } else { Ok(()) }
            });
            if found {
                return Ok(true);
            }
            flow?;
        }
        Ok(false)
    }

    fn first(&self, filter: &Node, input: &Value, out: &mut Sink<'_>) -> Flow {
        let mut taken = false;
        let flow = self.eval(filter, input, &mut |value| {
            out(value)?;
            taken = true;
            Err(Stop::Enough)
        });
        if taken { Ok(()) } else { flow }
    }

    fn last(&self, site: Site<'_>, filter: &Node, input: &Value, out: &mut Sink<'_>) -> Flow {
        let mut last = None;
        self.eval(filter, input, &mut |value| {
            last = Some(site.own(value)?);
            Ok(())
        })?;
        last.map_or(Ok(()), |value| out(Cow::Owned(value)))
    }

    fn map(&self, site: Site<'_>, filter: &Node, input: &Value, out: &mut Sink<'_>) -> Flow {
        site.make(0)?;
        let mut items = Vec::new();
        for item in sequence::items(site, input)? {
            site.step()?;
            self.eval(filter, item, &mut |value| {
                items.push(site.own(value)?);
                Ok(())
            })?;
        }
        out(Cow::Owned(Value::Array(items)))
    }

    /// The elements, each with all that the filter gives for it as its key.
    fn keyed_elements<'v>(
        &self,
        site: Site<'_>,
        verb: &str,
        filter: &Node,
        input: &'v Value,
    ) -> Result<Vec<(Value, &'v Value)>, Stop> {
        let elements = sequence::elements(site, verb, input)?.iter().map(|item| {
            site.step()?;
            site.make(0)?;
            let mut key = Vec::new();
            self.eval(filter, item, &mut |value| {
                key.push(site.own(value)?);
                Ok(())
            })?;
            Ok((Value::Array(key), item))
        });
        elements.collect()
    }
}

fn made(site: Site<'_>, plain: Plain, input: &Value) -> Result<Value, Stop> {
    match plain {
        Plain::Add => sequence::add(site, input),
        Plain::Flatten => sequence::flatten_to(site, input, -1),
        Plain::FromEntries => entries::from_entries(site, input),
        Plain::FromJson => from_json(site, input),
        Plain::Keys => entries::keys(site, input),
        Plain::Length => length(site, input),
        Plain::Reverse => sequence::reverse(site, input),
        Plain::Sort => sequence::sort(site, input),
        Plain::ToEntries => entries::to_entries(site, input),
        Plain::ToJson | Plain::ToString => json::write(site, input).map(Value::String),
        Plain::ToNumber => to_number(site, input),
        Plain::Type => {
            site.make(0)?;
            Ok(Value::from(kind::name(input)))
        }
        Plain::Unique => sequence::unique(site, input),
        // The caller answers these without making anything.
        Plain::All | Plain::Any | Plain::First | Plain::Last | Plain::Max | Plain::Min | Plain::Not => {
            Ok(Value::Null)
        }
    }
}

fn length(site: Site<'_>, input: &Value) -> Result<Value, Stop> {
    let length = match input {
        Value::Null => 0,
        Value::Bool(_) => return Err(site.fail("cannot take the length of a boolean")),
        Value::Number(number) => return operator::made(site, number::double(number).abs()),
        Value::String(text) => {
            site.read(text.len())?;
            text.chars().count()
        }
        Value::Array(items) => items.len(),
        Value::Object(members) => members.len(),
    };
    site.make(0)?;
    Ok(Value::from(length))
}

fn from_json(site: Site<'_>, input: &Value) -> Result<Value, Stop> {
    match input {
        Value::String(text) => json::read(site, text),
        _ => Err(site.fail(format!("cannot read {} as JSON", kind::describe(input)))),
    }
}

fn to_number(site: Site<'_>, input: &Value) -> Result<Value, Stop> {
    match input {
        Value::String(text) => json::read_number(site, text),
        _ => Err(site.fail(format!("cannot read {} as a number", kind::describe(input)))),
    }
}
