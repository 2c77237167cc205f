//! Paths into JSON: a JSON pointer (RFC 6901), or keys and indices joined by dots.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

/// Where something lies. The empty path is the whole value.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Path {
    steps: Vec<String>,
}

/// Why a text is no path.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Malformed {
    /// A `~` that is neither `~0` nor `~1`.
    #[error("path {0:?} has a ~ that is neither ~0 nor ~1")]
    Escape(String),
    /// Nothing before, after or between dots.
    #[error("path {0:?} has an empty step; a JSON pointer can name an empty key")]
    EmptyStep(String),
}

impl Path {
    /// The value at the path, if there is one.
    pub(crate) fn find<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.steps.iter().try_fold(value, |value, step| match value {
            Value::Object(object) => object.get(step),
            Value::Array(array) => array.get(index(step)?),
            _ => None,
        })
    }
}

impl TryFrom<String> for Path {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let steps: Option<Vec<_>> = match text.strip_prefix('/') {
            Some(pointer) => pointer.split('/').map(unescape).collect(),
            None if text.split('.').any(str::is_empty) => return Err(Malformed::EmptyStep(text)),
            None => Some(text.split('.').map(str::to_owned).collect()),
        };
        steps.map(|steps| Self { steps }).ok_or(Malformed::Escape(text))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|step| write!(out, "/{}", escape(step)))
    }
}

/// One step of a JSON pointer, written so that it is read as one step.
pub(crate) fn escape(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

fn unescape(step: &str) -> Option<String> {
    let mut rest = step.split('~');
    let mut plain = rest.next()?.to_owned();
    for part in rest {
        let tail = part.strip_prefix('1').map(|tail| ('/', tail));
        let (meant, tail) = tail.or_else(|| Some(('~', part.strip_prefix('0')?)))?;
        plain.push(meant);
        plain.push_str(tail);
    }
    Some(plain)
}

fn index(step: &str) -> Option<usize> {
    // An index has no sign and no leading zero, or it would be a second name of the same place.
    let digits = step.bytes().all(|byte| byte.is_ascii_digit());
    (digits && (step == "0" || !step.starts_with('0'))).then(|| step.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn path(text: &str) -> Result<Path, Malformed> {
        Path::try_from(text.to_owned())
    }

    #[test]
    fn pointers_and_dots_lead_to_the_same_place() {
        let value = json!({"a": [{"b.c": 1, "~/": 2, "": 3}], "0": 4});
        let at = |text: &str| path(text).unwrap().find(&value).cloned();
        assert_eq!(at(""), Some(value.clone()));
        assert_eq!((at("a.0"), at("/a/0")), (at("/a/0"), Some(value["a"][0].clone())));
        assert_eq!(
            (at("/a/0/b.c"), at("/a/0/~0~1"), at("/a/0/")),
            (Some(json!(1)), Some(json!(2)), Some(json!(3)))
        );
        assert_eq!((at("0"), at("/0")), (Some(json!(4)), Some(json!(4))));
        for nowhere in ["a.1", "a.00", "a.-1", "a.+0", "a.b", "b", "0.x"] {
            assert_eq!(at(nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        assert!(matches!(path("/a~2"), Err(Malformed::Escape(_))));
        assert!(matches!(path("/a~"), Err(Malformed::Escape(_))));
        for text in [".", ".a", "a.", "a..b"] {
            assert!(matches!(path(text), Err(Malformed::EmptyStep(_))), "{text}");
        }
    }
}
