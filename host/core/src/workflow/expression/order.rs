//! The order of JSON values, as jq defines it, and sorting by it.
//!
//! Every comparison is counted, because a value that is only looked at can be large.

use std::{cmp::Ordering, iter};

use serde_json::{Map, Value};

use super::{
    kind,
    meter::{Site, Stop},
    number,
};

/// Compares two values: null, false, true, numbers, strings, arrays, objects.
pub(super) fn compare(site: Site<'_>, left: &Value, right: &Value) -> Result<Ordering, Stop> {
    site.touch(1)?;
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => Ok(number::order(left, right)),
        (Value::String(left), Value::String(right)) => text(site, left, right),
        (Value::Array(left), Value::Array(right)) => sequence(site, left.iter(), right.iter()),
        (Value::Object(left), Value::Object(right)) => object(site, left, right),
        _ => Ok(kind::rank(left).cmp(&kind::rank(right))),
    }
}

/// Sorts stably. The sort of the standard library takes no comparison that can fail.
pub(super) fn sort<T>(
    mut items: Vec<T>,
    compare: &mut dyn FnMut(&T, &T) -> Result<Ordering, Stop>,
) -> Result<Vec<T>, Stop> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = items.split_off(items.len() / 2);
    let left = sort(items, compare)?;
    let right = sort(right, compare)?;
    merge(left, right, compare)
}

fn merge<T>(
    left: Vec<T>,
    right: Vec<T>,
    compare: &mut dyn FnMut(&T, &T) -> Result<Ordering, Stop>,
) -> Result<Vec<T>, Stop> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        let next = if compare(first, second)?.is_le() { left.next() } else { right.next() };
        merged.extend(next);
    }
    merged.extend(left.chain(right));
    Ok(merged)
}

/// The order of code points, which is the order of the bytes of UTF-8.
fn text(site: Site<'_>, left: &str, right: &str) -> Result<Ordering, Stop> {
    site.read(left.len().min(right.len()))?;
    Ok(left.cmp(right))
}

fn sequence<'v>(
    site: Site<'_>,
    mut left: impl Iterator<Item = &'v Value>,
    mut right: impl Iterator<Item = &'v Value>,
) -> Result<Ordering, Stop> {
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ok(Ordering::Equal),
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(left), Some(right)) => compare(site, left, right)?,
        };
        if order.is_ne() {
            return Ok(order);
        }
    }
}

/// First by the names, as sorted sequences, then by the values in that order.
fn object(site: Site<'_>, left: &Map<String, Value>, right: &Map<String, Value>) -> Result<Ordering, Stop> {
    for (first, second) in iter::zip(left.keys(), right.keys()) {
        let order = text(site, first, second)?;
        if order.is_ne() {
            return Ok(order);
        }
    }
    match left.len().cmp(&right.len()) {
        Ordering::Equal => sequence(site, left.values(), right.values()),
        order => Ok(order),
    }
}
