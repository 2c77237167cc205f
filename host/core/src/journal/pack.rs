//! What a journal holds once: long texts, texts that come again, and lists that grow. Elsewhere on its lines stands a
//! mark in their place.
//!
//! A mark is an object with one member: `{"$blob": DIGEST}` for a text, `{"$list": {...}}` for a list. An object of the
//! user's with one member whose name begins with a dollar sign is written with one dollar sign more.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::ids::Digest;
use crate::outcome::StructuredOutcome;

/// Bytes from which on a text is stored once, also when it does not come again.
const LONG: usize = 1024;

/// Bytes from which on a text is stored when it comes for the second time. A mark has 77.
const WORTHWHILE: usize = 128;

/// Bytes from which on a list has a name, so that a longer one can say that it begins with it.
const LIST: usize = 256;

/// Levels within a value down to which lists have names: each mark makes a line two levels deeper.
const LIST_DEPTH: usize = 8;

/// Bytes that the marks of one journal may stand for, all together.
const MAX_EXPANDED: usize = 1 << 30;

/// Levels of a value after its marks were replaced.
const MAX_DEPTH: usize = 128;

const BLOB: &str = "$blob";
const LIST_MARK: &str = "$list";

/// A text that is stored on a line of its own, before the line that needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blob {
    pub digest: Digest,
    pub text: String,
}

/// Replaces what is stored already, and says what has to be stored.
#[derive(Debug, Default)]
pub(super) struct Packer {
    /// Texts that came, and whether they are stored.
    texts: BTreeMap<Digest, bool>,
    /// Lists by the digest over their elements.
    lists: BTreeMap<Digest, u64>,
    /// What those lists begin with: the digests over their first elements.
    beginnings: BTreeSet<Digest>,
    next_list: u64,
    blobs: Vec<Blob>,
    expanded: usize,
    is_last: bool,
}

impl Packer {
    /// One that goes on where a reader stopped.
    pub(super) fn after(unpacker: &Unpacker) -> Self {
        let texts = unpacker.texts.keys().map(|digest| (*digest, true)).collect();
        let next_list = unpacker.lists.keys().next_back().map_or(0, |name| name + 1);
        Self { texts, next_list, expanded: unpacker.expanded, ..Self::default() }
    }

    /// The value with its marks, or nothing when it is written as it is.
    pub(super) fn pack(&mut self, value: &Value) -> Option<Value> {
        self.packed(value, 0)
    }

    /// Packs what skills and upstreams gave to an outcome, which is the last of a journal: no list of it gets a name, as
    /// nothing can use it.
    pub(super) fn pack_outcome(&mut self, outcome: &StructuredOutcome) -> StructuredOutcome {
        self.is_last = true;
        let mut packed = outcome.clone();
        for value in values_of(&mut packed) {
            if let Some(mark) = self.pack(value) {
                *value = mark;
            }
        }
        packed
    }

    /// Whether the marks so far stand for no more than a reader takes.
    pub(super) const fn is_readable(&self) -> bool {
        self.expanded <= MAX_EXPANDED
    }

    /// What has to be stored before the values that were packed since the last time.
    pub(super) fn take_blobs(&mut self) -> Vec<Blob> {
        std::mem::take(&mut self.blobs)
    }

    fn packed(&mut self, value: &Value, depth: usize) -> Option<Value> {
        match value {
            Value::String(text) if text.len() >= WORTHWHILE => self.text(text),
            Value::Array(items) => {
                if depth < LIST_DEPTH && items.len() > 1 && size(value) >= LIST {
                    return self.list(items, depth);
                }
                self.items(items, depth).map(Value::Array)
            }
            Value::Object(members) => self.object(members, depth),
            _ => None,
        }
    }

    fn text(&mut self, text: &str) -> Option<Value> {
        let digest = Digest::of(text.as_bytes());
        let comes_again = self.texts.contains_key(&digest);
        let stored = self.texts.entry(digest).or_default();
        if !*stored && (comes_again || text.len() >= LONG) {
            *stored = true;
            self.blobs.push(Blob { digest, text: text.to_owned() });
        }
        if !*stored {
            return None;
        }
        self.expanded = self.expanded.saturating_add(text.len());
        Some(json!({ BLOB: digest }))
    }

    fn items(&mut self, items: &[Value], depth: usize) -> Option<Vec<Value>> {
        let places = items.iter().enumerate();
        let mut changed: BTreeMap<usize, Value> =
            places.filter_map(|(place, item)| Some((place, self.packed(item, depth + 1)?))).collect();
        if changed.is_empty() {
            return None;
        }
        let places = items.iter().enumerate();
        Some(places.map(|(place, item)| changed.remove(&place).unwrap_or_else(|| item.clone())).collect())
    }

    fn object(&mut self, members: &Map<String, Value>, depth: usize) -> Option<Value> {
        let packed = |(name, member): (&String, _)| Some((name.clone(), self.packed(member, depth + 1)?));
        let mut changed: Map<String, Value> = members.iter().filter_map(packed).collect();
        if changed.is_empty() && !looks_like_mark(members) {
            return None;
        }
        let whole = members
            .iter()
            .map(|(name, member)| (name.clone(), changed.remove(name).unwrap_or_else(|| member.clone())));
        Some(escaped(whole.collect()))
    }

    fn list(&mut self, items: &[Value], depth: usize) -> Option<Value> {
        if self.is_last && !self.may_go_on(items) {
            return self.items(items, depth).map(Value::Array);
        }
        let digests = digests_of_prefixes(items);
        let known = digests.iter().enumerate().rev();
        let after = known.filter_map(|(last, digest)| Some((last + 1, *self.lists.get(digest)?))).next();
        let (length, after) = after.map_or((0, None), |(length, name)| (length, Some(name)));
        if self.is_last && after.is_none() {
            return self.items(items, depth).map(Value::Array);
        }
        let (before, rest) = items.split_at_checked(length).unwrap_or((items, &[]));
        self.expanded = self.expanded.saturating_add(before.iter().map(size).sum());
        let rest = self.items(rest, depth).unwrap_or_else(|| rest.to_vec());
        let mut mark = Map::new();
        if let Some(digest) = digests.last().filter(|_| length < items.len() && !self.is_last) {
            mark.insert("name".to_owned(), self.next_list.into());
            self.lists.insert(*digest, self.next_list);
            self.beginnings.extend(digests.first());
            self.next_list += 1;
        }
        mark.insert("after".to_owned(), after.into());
        mark.insert("items".to_owned(), rest.into());
        Some(json!({ LIST_MARK: mark }))
    }

    /// Whether some list that has a name begins as this one does. The outcome is one long list of effects, and its
    /// digests are not worth making where none does.
    fn may_go_on(&self, items: &[Value]) -> bool {
        let known = |first| digests_of_prefixes(first).iter().any(|digest| self.beginnings.contains(digest));
        !self.beginnings.is_empty() && items.get(..1).is_some_and(known)
    }
}

/// Puts back what the marks stand for.
#[derive(Debug, Default)]
pub(super) struct Unpacker {
    texts: BTreeMap<Digest, String>,
    lists: BTreeMap<u64, List>,
    expanded: usize,
}

/// A list, as the one that it goes on from and what follows.
#[derive(Debug)]
struct List {
    after: Option<u64>,
    rest: Vec<Value>,
    size: usize,
    depth: usize,
}

impl Unpacker {
    /// Stores a text.
    pub(super) fn store(&mut self, digest: Digest, text: String) -> Result<(), String> {
        if Digest::of(text.as_bytes()) != digest {
            return Err(format!("has a blob that is not {digest}"));
        }
        if self.texts.insert(digest, text).is_some() {
            return Err(format!("stores the blob {digest} a second time"));
        }
        Ok(())
    }

    /// Puts back what [`Packer::pack_outcome`] packed.
    pub(super) fn unpack_outcome(&mut self, outcome: &mut StructuredOutcome) -> Result<(), String> {
        for value in values_of(outcome) {
            *value = self.unpack(value.take())?;
        }
        Ok(())
    }

    /// The value that was packed.
    pub(super) fn unpack(&mut self, value: Value) -> Result<Value, String> {
        if is_plain(&value) { Ok(value) } else { self.unpacked(value, 0).map(|(value, _)| value) }
    }

    /// The value and how deep it is.
    fn unpacked(&mut self, value: Value, above: usize) -> Result<(Value, usize), String> {
        if above > MAX_DEPTH {
            return Err(format!("has a value of more than {MAX_DEPTH} levels"));
        }
        match value {
            Value::Array(items) => {
                let (items, depth) = self.all(items, above)?;
                Ok((Value::Array(items), depth + 1))
            }
            Value::Object(members) => self.object(members, above),
            other => Ok((other, 0)),
        }
    }

    fn all(&mut self, items: Vec<Value>, above: usize) -> Result<(Vec<Value>, usize), String> {
        let mut deepest = 0;
        let mut unpacked = Vec::with_capacity(items.len());
        for item in items {
            let (item, depth) = self.unpacked(item, above + 1)?;
            deepest = deepest.max(depth);
            unpacked.push(item);
        }
        Ok((unpacked, deepest))
    }

    fn object(&mut self, mut members: Map<String, Value>, above: usize) -> Result<(Value, usize), String> {
        let mark = if members.len() == 1 { members.keys().next().cloned() } else { None };
        match mark.as_deref() {
            Some(BLOB) => {
                let digest = members.remove(BLOB).and_then(|digest| digest.as_str()?.parse().ok());
                let text = digest.and_then(|digest: Digest| self.texts.get(&digest)).cloned();
                let text = text.ok_or("names a blob that was not stored before it")?;
                self.count(text.len())?;
                return Ok((Value::String(text), 0));
            }
            Some(LIST_MARK) => {
                let Some(Value::Object(mark)) = members.remove(LIST_MARK) else {
                    return Err("has a list without its parts".to_owned());
                };
                return self.list(mark, above);
            }
            Some(name) if name.starts_with('$') => {
                let inner = members.remove(name).unwrap_or_default();
                let Some(name) = name.strip_prefix('$').filter(|name| name.starts_with('$')) else {
                    return Err(format!("has the unknown mark {name:?}"));
                };
                members.insert(name.to_owned(), inner);
            }
            _ => {}
        }
        let mut deepest = 0;
        for member in members.values_mut() {
            let (unpacked, depth) = self.unpacked(member.take(), above + 1)?;
            *member = unpacked;
            deepest = deepest.max(depth);
        }
        Ok((Value::Object(members), deepest + 1))
    }

    fn list(&mut self, mut mark: Map<String, Value>, above: usize) -> Result<(Value, usize), String> {
        let Some(Value::Array(rest)) = mark.remove("items") else {
            return Err("has a list without its items".to_owned());
        };
        let after = match mark.get("after") {
            None | Some(Value::Null) => None,
            Some(name) => Some(name.as_u64().ok_or("goes on from a list without a number")?),
        };
        let (mut items, mut total, mut depth) = (Vec::new(), 0, 0);
        if let Some(after) = after {
            let before = self.lists.get(&after).ok_or("names a list that was not stored before it")?;
            (total, depth) = (before.size, before.depth);
            if above + depth > MAX_DEPTH {
                return Err(too_much());
            }
            self.count(total)?;
            items = self.whole(after);
        }
        let (rest, deepest) = self.all(rest, above)?;
        total = total.saturating_add(rest.iter().map(size).sum());
        depth = depth.max(deepest);
        items.extend_from_slice(&rest);
        if let Some(name) = mark.get("name") {
            let name = name.as_u64().ok_or("has a list without a number")?;
            if self.lists.insert(name, List { after, rest, size: total, depth }).is_some() {
                return Err(format!("stores the list {name} a second time"));
            }
        }
        Ok((Value::Array(items), depth + 1))
    }

    /// All elements of a stored list. Each goes on from one that was stored before it, so this ends.
    fn whole(&self, name: u64) -> Vec<Value> {
        let chain = std::iter::successors(self.lists.get(&name), |list| self.lists.get(&list.after?));
        let parts: Vec<&List> = chain.collect();
        parts.iter().rev().flat_map(|list| list.rest.iter().cloned()).collect()
    }

    fn count(&mut self, bytes: usize) -> Result<(), String> {
        self.expanded = self.expanded.saturating_add(bytes);
        if self.expanded > MAX_EXPANDED { Err(too_much()) } else { Ok(()) }
    }
}

fn too_much() -> String {
    format!("stands for more than {MAX_EXPANDED} bytes, or {MAX_DEPTH} levels, together with those before it")
}

/// Whether nothing in it is marked, stored or escaped: most values are small.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::String(text) => text.len() < WORTHWHILE,
        Value::Array(items) => size(value) < LIST && items.iter().all(is_plain),
        Value::Object(members) => !looks_like_mark(members) && members.values().all(is_plain),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}

/// An object of the user's that looks like a mark is made to look unlike one.
fn escaped(members: Map<String, Value>) -> Value {
    if !looks_like_mark(&members) {
        return Value::Object(members);
    }
    members.into_iter().map(|(name, member)| (format!("${name}"), member)).collect()
}

fn looks_like_mark(members: &Map<String, Value>) -> bool {
    members.len() == 1 && members.keys().any(|name| name.starts_with('$'))
}

/// The parts of an outcome that others made.
fn values_of(outcome: &mut StructuredOutcome) -> impl Iterator<Item = &mut Value> {
    let steps = outcome.steps.iter_mut().flat_map(|step| [&mut step.output, &mut step.details]);
    [&mut outcome.output, &mut outcome.details].into_iter().chain(steps)
}

/// About as many bytes as its JSON has.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 4,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| size(item) + 1).sum::<usize>() + 1,
        Value::Object(members) => {
            members.iter().map(|(name, member)| name.len() + size(member) + 4).sum::<usize>() + 1
        }
    }
}

/// The digest of the first element, of the first two, and so on.
fn digests_of_prefixes(items: &[Value]) -> Vec<Digest> {
    let mut running = [0; 32];
    let digest = |item: &Value| {
        let mut both = running.to_vec();
        both.extend_from_slice(Digest::of(item.to_string().as_bytes()).as_bytes());
        let digest = Digest::of(&both);
        running = *digest.as_bytes();
        digest
    };
    items.iter().map(digest).collect()
}
