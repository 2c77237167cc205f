//! From a filter's text to its values.

use jaq_core::compile::{self, Undefined};
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Exn, Filter, Vars};
use jaq_json::Val;
use serde_json::Value;

use super::position::Position;
use super::value;
use super::vocabulary::{self, Data};
use crate::fault::Fault;

/// A filter's text is written by people; far longer ones would only exhaust the stack of the parser.
const MAX_FILTER_BYTES: usize = 64 << 10;

/// A filter such as `repeat(1)` never ends by itself.
const MAX_VALUES: usize = 100_000;

/// Characters that a message keeps of each end of jaq's own, which may quote whole values. The host keeps 512 bytes.
const SHOWN_CHARS: usize = 200;

/// Characters of the filter's text that a message shows where it could not be read.
const FOUND_CHARS: usize = 20;

/// Runs a filter: its only value, or the array of all its values where `multiple` are asked for.
pub(crate) fn run(text: &str, data: Value, multiple: bool) -> Result<Value, Fault> {
    if text.len() > MAX_FILTER_BYTES {
        return Err(Fault::FilterTooLong { bytes: text.len(), most: MAX_FILTER_BYTES });
    }
    let mut values = values(&compile(text)?, value::read(data)?)?;
    match (multiple, values.len()) {
        (true, _) => Ok(Value::Array(values)),
        (false, 1) => Ok(values.remove(0)),
        (false, count) => Err(Fault::Count(count)),
    }
}

fn compile(text: &str) -> Result<Filter<Data>, Fault> {
    let arena = Arena::default();
    let modules = Loader::new(vocabulary::definitions()).load(&arena, File { code: text, path: () });
    let modules = modules.map_err(|errors| unreadable(text, errors))?;
    let compiler = Compiler::default().with_funs(vocabulary::natives());
    compiler.compile(modules).map_err(|errors| undefined(text, errors))
}

fn values(filter: &Filter<Data>, data: Val) -> Result<Vec<Value>, Fault> {
    let context = Ctx::<Data>::new(&filter.lut, Vars::new([]));
    let mut values = Vec::new();
    for value in filter.id.run((context, data)) {
        if values.len() == MAX_VALUES {
            return Err(Fault::TooMany(MAX_VALUES));
        }
        let value = value.map_err(raised)?;
        let written = value::write(&value);
        if written.is_err() {
            // What is too deep to write may be too deep to drop as well, and would end in a trap.
            std::mem::forget(value);
        }
        values.push(written?);
    }
    Ok(values)
}

fn raised(exception: Exn<'_, Val>) -> Fault {
    let Ok(error) = exception.get_err() else {
        return Fault::Filter("it broke out of a label that is not there".to_owned());
    };
    // `error("text")` is meant to be read as text, not as JSON.
    let message = match error.into_val() {
        Val::TStr(text) => String::from_utf8_lossy(&text).into_owned(),
        other => other.to_string(),
    };
    Fault::Filter(shortened(message))
}

/// Cuts the middle out of a long message: what was done to a value stands at its ends.
fn shortened(message: String) -> String {
    let count = message.chars().count();
    if count <= 2 * SHOWN_CHARS {
        return message;
    }
    let head: String = message.chars().take(SHOWN_CHARS).collect();
    let tail: String = message.chars().skip(count - SHOWN_CHARS).collect();
    format!("{head} [...] {tail}")
}

fn unreadable(text: &str, errors: load::Errors<&str, ()>) -> Fault {
    let first = errors.into_iter().next().and_then(|(_, error)| match error {
        load::Error::Io(errors) => errors.into_iter().next(),
        load::Error::Lex(errors) => {
            errors.into_iter().map(|(wanted, found)| expected(wanted.as_str(), found)).next()
        }
        load::Error::Parse(errors) => {
            errors.into_iter().map(|(wanted, found)| expected(wanted.as_str(), found)).next()
        }
    });
    syntax(text, first)
}

/// The place of what was found, and what was wanted there.
fn expected<'t>(wanted: &str, found: &'t str) -> (&'t str, String) {
    let word: String =
        found.split_whitespace().next().unwrap_or_default().chars().take(FOUND_CHARS).collect();
    let found_there = if word.is_empty() { "the end".to_owned() } else { format!("{word:?}") };
    (found, format!("expected {wanted}, found {found_there}"))
}

fn undefined(text: &str, errors: compile::Errors<&str, ()>) -> Fault {
    let first = errors.into_iter().flat_map(|(_, errors)| errors).next();
    syntax(text, first.map(|(name, kind)| (name, absent(name, &kind))))
}

fn absent(name: &str, kind: &Undefined) -> String {
    let name = match kind {
        Undefined::Filter(arity) => format!("{name}/{arity}"),
        _ => name.to_owned(),
    };
    match vocabulary::reason_left_out(&name) {
        Some(reason) => format!("{} {name} is not available ({reason})", kind.as_str()),
        None => format!("{} {name} is not defined", kind.as_str()),
    }
}

fn syntax(text: &str, first: Option<(&str, String)>) -> Fault {
    let (part, message) = first.unwrap_or((text, "filter does not compile".to_owned()));
    Fault::Syntax { position: Position::of(part, text), message }
}
