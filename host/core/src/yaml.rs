//! A reader for YAML that strangers wrote: one document, no name twice, no word but true and false a boolean. What it
//! refuses has a place.

use std::fmt;
use std::ops::Range;

use serde::de::DeserializeOwned;
use serde_saphyr::{
    DuplicateKeyPolicy, Error, Location, MessageFormatter as _, Options, UserMessageFormatter,
};

/// YAML that is refused, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlInvalid {
    /// What is wrong, without the place.
    pub message: String,
    /// Where in the text, in bytes.
    pub span: Range<usize>,
    /// Counted from 1.
    pub line: u64,
    /// Counted from 1, in characters.
    pub column: u64,
}

impl fmt::Display for YamlInvalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for YamlInvalid {}

/// Reads one document.
///
/// # Errors
///
/// [`YamlInvalid`] for text that is no YAML 1.2, has a second document or a name twice, or does not have the shape.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, YamlInvalid> {
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
        let error = error.without_snippet();
        YamlInvalid::at(text, error.location().unwrap_or(Location::UNKNOWN), message_of(error))
    })
}

impl YamlInvalid {
    /// What is wrong at a place of a text.
    #[must_use]
    pub fn at(text: &str, place: Location, message: String) -> Self {
        let known = place != Location::UNKNOWN;
        let span = if known { span_of(text, place) } else { 0..0 };
        Self { message, span, line: place.line().max(1), column: place.column().max(1) }
    }
}

/// The bytes of a value; for a mapping or a list, the rest of the line on which it begins.
pub(crate) fn span_of(text: &str, place: Location) -> Range<usize> {
    let start =
        place.span().byte_offset().and_then(|start| usize::try_from(start).ok()).unwrap_or(text.len());
    let length = place.span().byte_len().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let rest = text.get(start..).unwrap_or_default();
    let line = rest.split('\n').next().unwrap_or_default().trim_end().len();
    start.min(text.len())..start.min(text.len()) + if length == 0 { line } else { length.min(rest.len()) }
}

fn options() -> Options {
    let mut options = Options::default();
    options.duplicate_keys = DuplicateKeyPolicy::Error;
    options.strict_booleans = true;
    options.with_snippet = false;
    options
}

/// The parser speaks to programmers in places; whoever wrote the file is spoken to here.
fn message_of(error: &Error) -> String {
    match error {
        Error::InvalidScalar { ty, .. } => format!("this should be {}", kind(ty)),
        Error::SerdeInvalidType { unexpected, expected, .. }
        | Error::SerdeInvalidValue { unexpected, expected, .. } => {
            format!("this should be {}, and is {}", kind(expected), kind(unexpected))
        }
        Error::SerdeUnknownField { field, expected, .. } => {
            format!("there is no field `{field}` here; there are {}", expected.join(", "))
        }
        Error::SerdeUnknownVariant { variant, expected, .. } => {
            format!("`{variant}` is not known here; known are {}", expected.join(", "))
        }
        Error::SerdeMissingField { field, .. } => format!("the field `{field}` is missing"),
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("the name `{key}` stands here twice"),
        Error::DuplicateMappingKey { .. } => "a name stands here twice".to_owned(),
        Error::MultipleDocuments { .. } => "a second YAML document begins here, and one is read".to_owned(),
        Error::Unexpected { expected, .. } => format!("this should be {}", kind(expected)),
        other => {
            let text = UserMessageFormatter.format_message(other).into_owned();
            let line = text.lines().next().unwrap_or_default();
            line.split(" at line ").next().unwrap_or(line).to_owned()
        }
    }
}

/// A type of the program as people call it.
fn kind(name: &str) -> String {
    match name {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "bool" | "boolean" => "true or false".to_owned(),
        "string" => "text".to_owned(),
        "string scalar" => "a single value".to_owned(),
        "unit" | "unit value" | "null" => "nothing".to_owned(),
        "seq" | "sequence" | "a sequence" | "sequence start" => "a list".to_owned(),
        "map" | "a map" | "mapping" | "mapping start" => "a mapping of names to values".to_owned(),
        other if other.starts_with("struct ") => "a mapping of names to values".to_owned(),
        other => other.to_owned(),
    }
}
