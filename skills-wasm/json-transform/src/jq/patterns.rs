//! Filters behind `test`, `match`, `capture`, `scan`, `split`, `sub` and their kin: regular expressions that
//! take time linear in the text.

use jaq_core::native::{bome, v};
use jaq_core::{Cv, Error, ValR, ValT as _};
use jaq_json::Val;
use jaq_std::ValT as _;
use regex_bites::{Captures, Regex, RegexBuilder};

use super::formats::text;
use super::vocabulary::{Data, Native};

/// The filters; each takes a pattern and flags.
pub(super) fn natives() -> [Native; 3] {
    [
        ("matches", v(2), |cv| bome(search(cv, Parts::Matches))),
        ("split_", v(2), |cv| bome(search(cv, Parts::Gaps))),
        ("split_matches", v(2), |cv| bome(search(cv, Parts::Both))),
    ]
}

/// Which parts of a text are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parts {
    /// Those that match.
    Matches,
    /// Those before, between and after them.
    Gaps,
    /// All, in turn.
    Both,
}

fn search(mut cv: Cv<'_, Data>, parts: Parts) -> ValR<Val> {
    let (flags, pattern) = (cv.0.pop_var(), cv.0.pop_var());
    let flags = text(&flags)?;
    let regex = regex(text(&pattern)?, flags)?;
    let all = if flags.contains('g') { usize::MAX } else { 1 };
    let subject = text(&cv.1)?;
    let mut found = Vec::new();
    let (mut gap, mut characters) = (0, Characters::default());
    let captures =
        regex.captures_iter(subject).filter(|captures| !(flags.contains('n') && is_empty(captures)));
    for captures in captures.take(all) {
        let whole = captures.get(0).map_or(gap..gap, |whole| whole.range());
        if parts != Parts::Matches {
            found.push(slice(&cv.1, subject.get(gap..whole.start)));
            gap = whole.end;
        }
        if parts != Parts::Gaps {
            found.push(groups(&cv.1, subject, &regex, &captures, &mut characters)?);
        }
    }
    if parts != Parts::Matches {
        found.push(slice(&cv.1, subject.get(gap..)));
    }
    Ok(found.into_iter().collect())
}

fn regex(pattern: &str, flags: &str) -> ValR<Regex, Val> {
    if let Some(unknown) = flags.chars().find(|flag| !"gnimslxp".contains(*flag)) {
        return Err(Error::str(format_args!("{unknown:?} is no flag of a regular expression")));
    }
    let has = |flag| flags.contains(flag);
    let mut builder = RegexBuilder::new(pattern);
    builder.case_insensitive(has('i')).swap_greed(has('l')).ignore_whitespace(has('x'));
    builder.multi_line(has('m') || has('p')).dot_matches_new_line(has('s') || has('p'));
    builder.build().map_err(|error| Error::str(format_args!("{pattern:?} is no regular expression: {error}")))
}

fn is_empty(captures: &Captures<'_>) -> bool {
    captures.get(0).is_none_or(|whole| whole.is_empty())
}

/// The whole match and its groups, as jq describes them. A group that took no part is left out.
fn groups(
    subject: &Val,
    text: &str,
    regex: &Regex,
    captures: &Captures<'_>,
    characters: &mut Characters,
) -> ValR<Val> {
    let groups = captures.iter().zip(regex.capture_names());
    let groups = groups.filter_map(|(group, name)| Some((group?, name)));
    let describe = |(group, name): (regex_bites::Match<'_>, Option<&str>)| {
        let length = group.as_str().chars().count();
        let fields = [
            ("offset", Val::from(characters.before(group.start(), text))),
            ("length", Val::from(length)),
            ("string", slice(subject, Some(group.as_str()))),
        ];
        let name = name.map(|name| ("name", Val::from(name.to_owned())));
        Val::from_map(fields.into_iter().chain(name).map(|(key, value)| (Val::from(key.to_owned()), value)))
    };
    groups.map(describe).collect()
}

/// A part of the subject, which shares its memory.
fn slice(subject: &Val, part: Option<&str>) -> Val {
    subject.as_sub_str(part.unwrap_or_default().as_bytes())
}

/// Counts characters before a byte; going forward through a text, each is counted once.
#[derive(Default)]
struct Characters {
    byte: usize,
    before: usize,
}

impl Characters {
    fn before(&mut self, byte: usize, text: &str) -> usize {
        if byte < self.byte {
            *self = Self::default();
        }
        self.before += text.get(self.byte..byte).map_or(0, |between| between.chars().count());
        self.byte = byte;
        self.before
    }
}
