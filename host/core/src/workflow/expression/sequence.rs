//! Functions of arrays, and of objects taken as the sequence of their values.

use std::{borrow::Cow, cmp::Ordering};

use serde_json::{Value, map, map::Map};

use super::{
    kind,
    meter::{Site, Stop},
    number, operator, order,
    tree::Arithmetic,
};

type Result<T = Value> = std::result::Result<T, Stop>;

/// The values in an array or in an object, the latter in the order of their names.
pub(super) enum Items<'v> {
    Array(std::slice::Iter<'v, Value>),
    Object(map::Values<'v>),
}

impl<'v> Iterator for Items<'v> {
    type Item = &'v Value;

    fn next(&mut self) -> Option<&'v Value> {
        match self {
            Self::Array(items) => items.next(),
            Self::Object(values) => values.next(),
        }
    }
}

/// The values in `input`.
pub(super) fn items<'v>(site: Site<'_>, input: &'v Value) -> Result<Items<'v>> {
    match input {
        Value::Array(items) => Ok(Items::Array(items.iter())),
        Value::Object(members) => Ok(Items::Object(members.values())),
        _ => Err(site.fail(format!("cannot iterate over {}", kind::describe(input)))),
    }
}

/// `add`
pub(super) fn add(site: Site<'_>, input: &Value) -> Result {
    let mut sum = Value::Null;
    for item in items(site, input)? {
        site.touch(1)?;
        sum = operator::compute(site, Arithmetic::Add, Cow::Owned(sum), item)?;
    }
    Ok(sum)
}

/// `any` where `wanted` is true, `not all` where it is false: whether a value has that truth.
pub(super) fn has_truth(site: Site<'_>, input: &Value, wanted: bool) -> Result<bool> {
    for item in items(site, input)? {
        site.touch(1)?;
        if kind::is_true(item) == wanted {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `flatten(depth)`
pub(super) fn flatten(site: Site<'_>, input: &Value, depth: &Value) -> Result {
    match depth {
        Value::Number(depth) if number::double(depth) >= 0.0 => {
            flatten_to(site, input, number::position(depth))
        }
        _ => Err(site.fail(format!("cannot flatten to the depth of {}", kind::describe(depth)))),
    }
}

/// `flatten`, to the depth if it is not negative.
pub(super) fn flatten_to(site: Site<'_>, input: &Value, depth: i64) -> Result {
    site.make(0)?;
    let mut flat = Vec::new();
    flatten_into(site, input, depth, &mut flat)?;
    Ok(Value::Array(flat))
}

fn flatten_into(site: Site<'_>, input: &Value, depth: i64, flat: &mut Vec<Value>) -> Result<()> {
    for item in items(site, input)? {
        site.touch(1)?;
        match item {
            Value::Array(_) if depth != 0 => flatten_into(site, item, depth.saturating_sub(1), flat)?,
            _ => flat.push(site.copy(item)?),
        }
    }
    Ok(())
}

/// `reverse`
pub(super) fn reverse(site: Site<'_>, input: &Value) -> Result {
    match input {
        Value::Null => array(site, [].into_iter()),
        _ => array(site, elements(site, "reverse", input)?.iter().rev()),
    }
}

/// `sort`
pub(super) fn sort(site: Site<'_>, input: &Value) -> Result {
    array(site, sorted(site, elements(site, "sort", input)?)?.into_iter())
}

/// `unique`
pub(super) fn unique(site: Site<'_>, input: &Value) -> Result {
    let mut unique: Vec<&Value> = Vec::new();
    for item in sorted(site, elements(site, "sort", input)?)? {
        match unique.last() {
            Some(last) if order::compare(site, last, item)?.is_eq() => {}
            _ => unique.push(item),
        }
    }
    array(site, unique.into_iter())
}

/// `min` and `max`: the first of the least, the last of the greatest; nothing if the array is empty.
pub(super) fn extreme<'v>(site: Site<'_>, input: &'v Value, wanted: Ordering) -> Result<Option<&'v Value>> {
    let mut items = elements(site, "order", input)?.iter();
    let Some(mut best) = items.next() else {
        return Ok(None);
    };
    for item in items {
        let order = order::compare(site, item, best)?;
        if order == wanted || (order.is_eq() && wanted.is_gt()) {
            best = item;
        }
    }
    Ok(Some(best))
}

/// The elements, each with its key, in the order of the keys.
pub(super) fn sorted_by<'v>(
    site: Site<'_>,
    keyed: Vec<(Value, &'v Value)>,
) -> Result<Vec<(Value, &'v Value)>> {
    order::sort(keyed, &mut |(left, _), (right, _)| order::compare(site, left, right))
}

/// The sorted elements, in one array for each key.
pub(super) fn grouped(site: Site<'_>, sorted: Vec<(Value, &Value)>) -> Result {
    site.make(0)?;
    let mut groups = Vec::new();
    let mut group = Vec::new();
    let mut last: Option<Value> = None;
    for (key, item) in sorted {
        if let Some(last) = &last
            && order::compare(site, last, &key)?.is_ne()
        {
            site.make(0)?;
            groups.push(Value::Array(std::mem::take(&mut group)));
        }
        group.push(site.copy(item)?);
        last = Some(key);
    }
    if !group.is_empty() {
        site.make(0)?;
        groups.push(Value::Array(group));
    }
    Ok(Value::Array(groups))
}

/// A made array of copies.
pub(super) fn array<'v>(site: Site<'_>, items: impl Iterator<Item = &'v Value>) -> Result {
    site.make(0)?;
    items.map(|item| site.copy(item)).collect::<Result<Vec<_>>>().map(Value::Array)
}

/// The elements of an array; nothing else has an order to put them in.
pub(super) fn elements<'v>(site: Site<'_>, verb: &str, input: &'v Value) -> Result<&'v [Value]> {
    match input {
        Value::Array(items) => Ok(items),
        _ => Err(site.fail(format!("cannot {verb} {}", kind::describe(input)))),
    }
}

fn sorted<'v>(site: Site<'_>, items: &'v [Value]) -> Result<Vec<&'v Value>> {
    site.touch(items.len())?;
    order::sort(items.iter().collect(), &mut |left, right| order::compare(site, left, right))
}

/// The members of an object.
pub(super) fn members<'v>(site: Site<'_>, verb: &str, input: &'v Value) -> Result<&'v Map<String, Value>> {
    match input {
        Value::Object(members) => Ok(members),
        _ => Err(site.fail(format!("cannot {verb} {}", kind::describe(input)))),
    }
}
