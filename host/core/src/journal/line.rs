//! One line: compact JSON, and a chain that binds it to all lines before it.

use serde::{Deserialize, Serialize};

use super::{Entry, Event, JournalError, Stamp};
use crate::units::Timestamp;

/// What stands before the digest.
const CHAIN_FIELD: &[u8] = b",\"chain\":\"";
/// The field, 64 digits, the quote, the brace.
const TAIL: usize = CHAIN_FIELD.len() + 64 + 2;

/// The running digest of a journal: BLAKE3 of the previous 32 bytes and the line up to its `,"chain":`. The first
/// line follows 32 zero bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chain([u8; 32]);

impl Chain {
    /// Closes a line that [`encode`] wrote.
    pub fn seal(&mut self, line: &mut Vec<u8>) {
        self.advance(line);
        line.extend_from_slice(CHAIN_FIELD);
        line.extend_from_slice(blake3::Hash::from_bytes(self.0).to_hex().as_bytes());
        line.extend_from_slice(b"\"}\n");
    }

    /// Checks a line, without its newline, byte by byte before anything of it is read. True when it is whole.
    pub fn check(&mut self, line: &[u8]) -> bool {
        let Some((body, tail)) = line.len().checked_sub(TAIL).and_then(|at| line.split_at_checked(at)) else {
            return false;
        };
        self.advance(body);
        let hex = blake3::Hash::from_bytes(self.0).to_hex();
        let expected = [CHAIN_FIELD, hex.as_bytes(), b"\"}"].concat();
        tail == expected.as_slice()
    }

    fn advance(&mut self, body: &[u8]) {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0);
        hasher.update(body);
        self.0 = *hasher.finalize().as_bytes();
    }
}

#[derive(Serialize)]
struct Head<'a> {
    seq: u64,
    at: Timestamp,
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Option<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
}

#[derive(Deserialize)]
struct OwnedHead {
    seq: u64,
    at: Timestamp,
    r#type: String,
}

/// Writes an entry as an open line: everything but the chain, the closing brace and the newline.
///
/// # Errors
///
/// [`JournalError::Io`] for a value that JSON cannot carry, which no entry holds.
pub fn encode(entry: &Entry) -> Result<Vec<u8>, JournalError> {
    let cursor = entry.cursor.as_ref();
    let head = Head {
        seq: entry.stamp.seq,
        at: entry.stamp.at,
        r#type: entry.event.kind(),
        step: cursor.map(|cursor| cursor.step.as_str()),
        item: cursor.map(|cursor| cursor.item),
        attempt: cursor.map(|cursor| cursor.attempt),
    };
    let mut line = write(&head)?;
    let body = match &entry.event {
        Event::RunStarted(event) => write(event),
        Event::StepStarted(event) => write(event),
        Event::Intent(event) => write(event),
        Event::Result(event) => write(event),
        Event::Observed(event) => write(event),
        Event::Emitted(event) => write(event),
        Event::StepEnded(event) => write(event),
        Event::Retry(event) => write(event),
        Event::RunEnded(event) => write(event),
    }?;
    line.pop();
    line.push(b',');
    line.extend_from_slice(
        body.strip_prefix(b"{").and_then(|body| body.strip_suffix(b"}")).unwrap_or_default(),
    );
    Ok(line)
}

fn write<T: Serialize>(value: &T) -> Result<Vec<u8>, JournalError> {
    serde_json::to_vec(value)
        .map_err(|error| JournalError::Io { what: "could not be written", reason: error.to_string() })
}

/// Reads a line whose chain was checked.
pub(super) fn decode(text: &str) -> Result<Entry, serde_json::Error> {
    let head: OwnedHead = serde_json::from_str(text)?;
    let event = match head.r#type.as_str() {
        "run-started" => Event::RunStarted(serde_json::from_str(text)?),
        "step-started" => Event::StepStarted(serde_json::from_str(text)?),
        "intent" => Event::Intent(serde_json::from_str(text)?),
        "result" => Event::Result(serde_json::from_str(text)?),
        "observed" => Event::Observed(serde_json::from_str(text)?),
        "emitted" => Event::Emitted(serde_json::from_str(text)?),
        "step-ended" => Event::StepEnded(serde_json::from_str(text)?),
        "retry" => Event::Retry(serde_json::from_str(text)?),
        "run-ended" => Event::RunEnded(serde_json::from_str(text)?),
        other => {
            return Err(serde::de::Error::custom(format_args!("{other:?} is no type of an entry")));
        }
    };
    let of_run = matches!(event, Event::RunStarted(_) | Event::RunEnded(_));
    let cursor = if of_run { None } else { Some(serde_json::from_str(text)?) };
    Ok(Entry { stamp: Stamp { seq: head.seq, at: head.at }, cursor, event })
}
