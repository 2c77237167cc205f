//! Reads one line in one pass: its head in the order in which it is written, then the entry of its type.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::line::BlobBody;
use super::pack::Unpacker;
use super::{Cursor, Entry, Event, Stamp};
use crate::ids::StepId;

/// What a line holds.
pub(super) enum Line {
    /// An entry, whole.
    Entry(Box<Entry>),
    /// A text that later lines name.
    Blob(Stamp),
}

/// What stands on a line, with its marks.
struct Read {
    stamp: Stamp,
    cursor: Option<Cursor>,
    body: Body,
}

enum Body {
    Event(Event),
    Blob(BlobBody),
}

/// Reads a line whose chain was checked.
pub(super) fn decode(text: &str, unpacker: &mut Unpacker) -> Result<Line, String> {
    let read: Read = serde_json::from_str(text).map_err(|error| format!("is no entry: {error}"))?;
    let Read { stamp, cursor, body } = read;
    let mut event = match body {
        Body::Event(event) => event,
        Body::Blob(BlobBody { digest, text }) => {
            unpacker.store(digest, text)?;
            return Ok(Line::Blob(stamp));
        }
    };
    unpacked(&mut event, unpacker)?;
    Ok(Line::Entry(Box::new(Entry { stamp, cursor, event })))
}

/// The event with what its marks stand for.
fn unpacked(event: &mut Event, unpacker: &mut Unpacker) -> Result<(), String> {
    let value = match event {
        Event::StepStarted(event) => Some(&mut event.input),
        Event::Intent(event) => Some(&mut event.request),
        Event::Result(event) => event.answer.as_mut(),
        Event::Observed(event) => Some(&mut event.value),
        Event::Emitted(event) => Some(&mut event.text),
        Event::StepEnded(event) => event.output.as_mut(),
        Event::FellBack(event) => Some(&mut event.output),
        Event::RunEnded(event) => return unpacker.unpack_outcome(&mut event.outcome),
        Event::RunStarted(_) | Event::Retry(_) | Event::GaveUp(_) | Event::RunResumed(_) => None,
    };
    if let Some(value) = value {
        *value = unpacker.unpack(value.take())?;
    }
    Ok(())
}

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OneLine)
    }
}

struct OneLine;

impl<'de> Visitor<'de> for OneLine {
    type Value = Read;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry that begins with seq, at and type")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Read, A::Error> {
        let stamp = Stamp { seq: field(&mut map, "seq")?, at: field(&mut map, "at")? };
        let kind: &str = field(&mut map, "type")?;
        let of_run = matches!(kind, "run-started" | "run-resumed" | "run-ended" | "blob");
        let cursor = if of_run { None } else { Some(cursor(&mut map)?) };
        let body = match kind {
            "blob" => Body::Blob(rest(map)?),
            "run-started" => Body::Event(Event::RunStarted(rest(map)?)),
            "step-started" => Body::Event(Event::StepStarted(rest(map)?)),
            "intent" => Body::Event(Event::Intent(rest(map)?)),
            "result" => Body::Event(Event::Result(rest(map)?)),
            "observed" => Body::Event(Event::Observed(rest(map)?)),
            "emitted" => Body::Event(Event::Emitted(rest(map)?)),
            "step-ended" => Body::Event(Event::StepEnded(rest(map)?)),
            "retry" => Body::Event(Event::Retry(rest(map)?)),
            "gave-up" => Body::Event(Event::GaveUp(rest(map)?)),
            "fell-back" => Body::Event(Event::FellBack(rest(map)?)),
            "run-resumed" => Body::Event(Event::RunResumed(rest(map)?)),
            "run-ended" => Body::Event(Event::RunEnded(rest(map)?)),
            other => return Err(A::Error::custom(format!("{other:?} is no type of one"))),
        };
        Ok(Read { stamp, cursor, body })
    }
}

fn cursor<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Cursor, A::Error> {
    let step: StepId = field(map, "step")?;
    Ok(Cursor { step, item: field(map, "item")?, attempt: field(map, "attempt")? })
}

/// The value of the field that stands here.
fn field<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    map: &mut A,
    name: &'static str,
) -> Result<T, A::Error> {
    match map.next_key_seed(Name(name))? {
        Some(()) => map.next_value(),
        None => Err(A::Error::missing_field(name)),
    }
}

/// What follows the head.
fn rest<'de, T: Deserialize<'de>, A: MapAccess<'de>>(map: A) -> Result<T, A::Error> {
    T::deserialize(MapAccessDeserializer::new(map))
}

/// A field's name, which has to be this one.
struct Name(&'static str);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the field {:?}", self.0)
    }

    fn visit_str<E: Error>(self, found: &str) -> Result<(), E> {
        if found == self.0 {
            return Ok(());
        }
        Err(E::custom(format!("the field {found:?} stands where {:?} should", self.0)))
    }
}
