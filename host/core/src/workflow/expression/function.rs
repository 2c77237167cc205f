//! The functions that an expression may call: their names and what they take.

/// A function of its input alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plain {
    Add,
    All,
    Any,
    First,
    Flatten,
    FromEntries,
    FromJson,
    Keys,
    Last,
    Length,
    Max,
    Min,
    Not,
    Reverse,
    Sort,
    ToEntries,
    ToJson,
    ToNumber,
    ToString,
    Type,
    Unique,
}

/// A function of its input and of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Valued {
    EndsWith,
    Flatten,
    Has,
    Join,
    Split,
    StartsWith,
}

/// A function that runs a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filtered {
    All,
    Any,
    First,
    GroupBy,
    Last,
    Map,
    Select,
    SortBy,
}

/// Anything that is called by a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Null,
    True,
    False,
    Empty,
    Plain(Plain),
    Valued(Valued),
    Filtered(Filtered),
}

/// Why a call names no function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// No function has the name; one may have a name like it.
    Name(Option<&'static str>),
    /// Functions have the name, but none takes as many arguments.
    Arity,
}

/// The function `name` that takes `arity` arguments.
pub(super) fn find(name: &str, arity: usize) -> Result<Function, Unknown> {
    let named = || FUNCTIONS.iter().filter(|(known, _, _)| *known == name);
    match named().find(|(_, takes, _)| *takes == arity) {
        Some((_, _, function)) => Ok(*function),
        None if named().next().is_some() => Err(Unknown::Arity),
        None => Err(Unknown::Name(similar(name))),
    }
}

const FUNCTIONS: &[(&str, usize, Function)] = &[
    ("add", 0, Function::Plain(Plain::Add)),
    ("all", 0, Function::Plain(Plain::All)),
    ("all", 1, Function::Filtered(Filtered::All)),
    ("any", 0, Function::Plain(Plain::Any)),
    ("any", 1, Function::Filtered(Filtered::Any)),
    ("empty", 0, Function::Empty),
    ("endswith", 1, Function::Valued(Valued::EndsWith)),
    ("false", 0, Function::False),
    ("first", 0, Function::Plain(Plain::First)),
    ("first", 1, Function::Filtered(Filtered::First)),
    ("flatten", 0, Function::Plain(Plain::Flatten)),
    ("flatten", 1, Function::Valued(Valued::Flatten)),
    ("from_entries", 0, Function::Plain(Plain::FromEntries)),
    ("fromjson", 0, Function::Plain(Plain::FromJson)),
    ("group_by", 1, Function::Filtered(Filtered::GroupBy)),
    ("has", 1, Function::Valued(Valued::Has)),
    ("join", 1, Function::Valued(Valued::Join)),
    ("keys", 0, Function::Plain(Plain::Keys)),
    ("last", 0, Function::Plain(Plain::Last)),
    ("last", 1, Function::Filtered(Filtered::Last)),
    ("length", 0, Function::Plain(Plain::Length)),
    ("map", 1, Function::Filtered(Filtered::Map)),
    ("max", 0, Function::Plain(Plain::Max)),
    ("min", 0, Function::Plain(Plain::Min)),
    ("not", 0, Function::Plain(Plain::Not)),
    ("null", 0, Function::Null),
    ("reverse", 0, Function::Plain(Plain::Reverse)),
    ("select", 1, Function::Filtered(Filtered::Select)),
    ("sort", 0, Function::Plain(Plain::Sort)),
    ("sort_by", 1, Function::Filtered(Filtered::SortBy)),
    ("split", 1, Function::Valued(Valued::Split)),
    ("startswith", 1, Function::Valued(Valued::StartsWith)),
    ("to_entries", 0, Function::Plain(Plain::ToEntries)),
    ("tojson", 0, Function::Plain(Plain::ToJson)),
    ("tonumber", 0, Function::Plain(Plain::ToNumber)),
    ("tostring", 0, Function::Plain(Plain::ToString)),
    ("true", 0, Function::True),
    ("type", 0, Function::Plain(Plain::Type)),
    ("unique", 0, Function::Plain(Plain::Unique)),
];

/// The known name that is at most two edits away; short names are all alike, and are left out.
fn similar(name: &str) -> Option<&'static str> {
    let scored = FUNCTIONS.iter().map(|(known, _, _)| (distance(name, known), *known));
    let (edits, known) = scored.min()?;
    (edits <= 2 && known.len() > 3 && edits * 3 <= known.len()).then_some(known)
}

/// The least number of characters to insert, delete or replace, by Levenshtein.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (line, a) in left.chars().enumerate() {
        let mut next = vec![line + 1];
        let mut before = line + 1;
        for ((b, diagonal), above) in right.chars().zip(&row).zip(row.iter().skip(1)) {
            before = (diagonal + usize::from(a != b)).min(above + 1).min(before + 1);
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
