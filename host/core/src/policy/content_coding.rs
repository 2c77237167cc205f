//! Content codings (RFC 9110, sections 8.4 and 12.5.3): which ones an answer has that its request did not ask for.

/// No coding at all.
const IDENTITY: &str = "identity";

type Fields<'a> = &'a [(String, String)];

/// The first content coding of an answer that the request did not ask for in `accept-encoding`. Without that field, and
/// with an empty one, a request asks for none.
#[must_use]
pub fn unasked_coding<'a>(asked: Fields<'_>, answered: Fields<'a>) -> Option<&'a str> {
    let unasked = |coding: &&str| !same(coding, IDENTITY) && !accepts(asked, coding);
    members(answered, "content-encoding").find(unasked)
}

/// Whether a request says what codings it takes.
#[must_use]
pub fn says_codings(asked: Fields<'_>) -> bool {
    asked.iter().any(|(name, _)| name.eq_ignore_ascii_case("accept-encoding"))
}

/// What a request says of a coding by its name stands over what it says of all (`*`).
fn accepts(asked: Fields<'_>, coding: &str) -> bool {
    let weighed = |wanted: &str| {
        let named = members(asked, "accept-encoding").map(weight).find(|(name, _)| same(name, wanted));
        named.map(|(_, accepted)| accepted)
    };
    weighed(coding).or_else(|| weighed("*")).unwrap_or(false)
}

/// A member of `accept-encoding`: the coding, and whether its weight is more than zero.
fn weight(member: &str) -> (&str, bool) {
    let (coding, parameters) = member.split_once(';').unwrap_or((member, ""));
    let weight = parameters.split(';').filter_map(|parameter| parameter.split_once('=')).find_map(quality);
    let refused = weight.is_some_and(|weight| weight.bytes().all(|byte| matches!(byte, b'0' | b'.')));
    (coding.trim(), !refused)
}

fn quality<'a>((name, value): (&str, &'a str)) -> Option<&'a str> {
    name.trim().eq_ignore_ascii_case("q").then(|| value.trim())
}

/// The members of all fields of a name, as lists are written (RFC 9110, section 5.6.1).
fn members<'a>(fields: Fields<'a>, name: &'static str) -> impl Iterator<Item = &'a str> {
    let named = fields.iter().filter(move |(field, _)| field.eq_ignore_ascii_case(name));
    named.flat_map(|(_, value)| value.split(',')).map(str::trim).filter(|member| !member.is_empty())
}

fn same(one: &str, other: &str) -> bool {
    current(one).eq_ignore_ascii_case(current(other))
}

/// Two codings have an older name as well (RFC 9110, section 8.4.1).
fn current(name: &str) -> &str {
    match name {
        _ if name.eq_ignore_ascii_case("x-gzip") => "gzip",
        _ if name.eq_ignore_ascii_case("x-compress") => "compress",
        name => name,
    }
}
