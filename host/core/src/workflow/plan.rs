//! The order that a graph of steps allows.

use std::collections::{BTreeMap, BTreeSet};

/// A circle in a graph of needs, as the names along it, first and last the same; `None` where there is none.
#[must_use]
pub fn find_cycle<'a>(needs: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Option<Vec<&'a str>> {
    let mut open = needs.clone();
    loop {
        let ready: Vec<&str> =
            open.iter().filter(|(_, needs)| needs.is_empty()).map(|(name, _)| *name).collect();
        if ready.is_empty() {
            break;
        }
        for name in &ready {
            open.remove(name);
        }
        for needs in open.values_mut() {
            needs.retain(|name| !ready.contains(name));
        }
    }
    walk(&open)
}

/// Every step that is left needs one that is left, so following them comes back somewhere.
fn walk<'a>(open: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Option<Vec<&'a str>> {
    let mut path: Vec<&str> = Vec::new();
    let mut next = *open.keys().next()?;
    loop {
        if let Some(start) = path.iter().position(|name| *name == next) {
            path.drain(..start);
            path.push(next);
            return Some(path);
        }
        path.push(next);
        next = open.get(next)?.iter().find(|name| open.contains_key(**name)).copied()?;
    }
}
