//! One line: compact JSON, and a chain that binds it to all lines before it.

use serde::{Deserialize, Serialize};

use super::pack::{Blob, Packer, Unpacker};
use super::{Entry, Event, Intent, JournalError};
use crate::ids::Digest;
use crate::units::Timestamp;

/// What stands before the digest.
const CHAIN_FIELD: &[u8] = b",\"chain\":\"";
/// Bytes of one line, without its newline: a body of 16 MiB, written as base64 or with escapes, and its frame.
pub const MAX_LINE: usize = 100 << 20;
/// Bytes of a whole journal.
pub const MAX_JOURNAL_BYTES: usize = 1 << 30;
/// The field, 64 digits, the quote, the brace.
const TAIL: usize = CHAIN_FIELD.len() + 64 + 2;
/// Bytes that most lines fit in: room that is taken at once.
const USUAL_LINE: usize = 512;

/// The running digest of a journal: BLAKE3 of the previous 32 bytes and the line up to its `,"chain":`. The first
/// line follows 32 zero bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Chain([u8; 32]);

impl Chain {
    /// Closes a line that `encode` wrote.
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
        let found = tail.strip_prefix(CHAIN_FIELD).and_then(|rest| rest.strip_suffix(b"\"}"));
        found == Some(hex.as_bytes())
    }

    /// The digest so far: after the last line of a run, the journal's seal.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        Digest::from_bytes(self.0)
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

#[derive(Serialize, Deserialize)]
pub(super) struct BlobBody {
    pub digest: Digest,
    pub text: String,
}

impl Head<'_> {
    const fn of_run(seq: u64, at: Timestamp, r#type: &str) -> Head<'_> {
        Head { seq, at, r#type, step: None, item: None, attempt: None }
    }
}

/// Writes entries as sealed lines, with the texts that they need before them.
#[derive(Debug, Default)]
pub struct Writer {
    chain: Chain,
    next: u64,
    bytes: usize,
    is_too_long: bool,
    packer: Packer,
}

impl Writer {
    /// One that goes on where a reader stopped.
    pub(super) fn after(chain: Chain, next: u64, bytes: usize, unpacker: &Unpacker) -> Self {
        Self { chain, next, bytes, is_too_long: false, packer: Packer::after(unpacker) }
    }

    /// The lines of an entry, and of the texts that have to stand before it. The entry gets its place.
    ///
    /// # Errors
    ///
    /// [`JournalError::Io`] for a journal that would grow beyond what a reader takes.
    pub fn write(&mut self, entry: &mut Entry) -> Result<Vec<u8>, JournalError> {
        let packed = packed(&entry.event, &mut self.packer);
        let mut lines = Vec::new();
        for Blob { digest, text } in self.packer.take_blobs() {
            let head = Head::of_run(self.place(), entry.stamp.at, "blob");
            self.seal(&mut lines, open_line(&head, &BlobBody { digest, text })?);
        }
        entry.stamp.seq = self.place();
        let line = encode(entry, packed.as_ref().unwrap_or(&entry.event))?;
        self.seal(&mut lines, line);
        if self.is_too_long || self.bytes > MAX_JOURNAL_BYTES || !self.packer.is_readable() {
            let reason = format!(
                "a line of more than {MAX_LINE} bytes, or {MAX_JOURNAL_BYTES} in all, cannot be read again"
            );
            return Err(JournalError::Io { what: "has grown too large", reason });
        }
        Ok(lines)
    }

    fn place(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    fn seal(&mut self, lines: &mut Vec<u8>, mut line: Vec<u8>) {
        self.chain.seal(&mut line);
        self.is_too_long |= line.len() > MAX_LINE;
        self.bytes = self.bytes.saturating_add(line.len());
        if lines.is_empty() {
            *lines = line;
        } else {
            lines.extend_from_slice(&line);
        }
    }
}

/// The event with marks in the place of what is stored; nothing when it is written as it is.
fn packed(event: &Event, packer: &mut Packer) -> Option<Event> {
    Some(match event {
        Event::StepStarted(event) => {
            let input = packer.pack(&event.input)?;
            Event::StepStarted(super::StepStarted { input, ..event.clone() })
        }
        Event::Intent(event) => {
            let request = packer.pack(&event.request)?;
            let (call, target) = (event.call.clone(), event.target.clone());
            Event::Intent(Intent { call, target, request, ..*event })
        }
        Event::Result(event) => {
            let answer = Some(packer.pack(event.answer.as_ref()?)?);
            Event::Result(super::CallResult { answer, failure: event.failure.clone(), ..*event })
        }
        Event::Observed(event) => {
            let value = packer.pack(&event.value)?;
            Event::Observed(super::Observed { value, ..event.clone() })
        }
        Event::Emitted(event) => {
            let text = packer.pack(&event.text)?;
            Event::Emitted(super::Emitted { text, ..event.clone() })
        }
        Event::StepEnded(event) => {
            let output = Some(packer.pack(event.output.as_ref()?)?);
            Event::StepEnded(Box::new(super::StepEnded { output, failure: event.failure.clone(), ..**event }))
        }
        Event::FellBack(event) => {
            let output = packer.pack(&event.output)?;
            Event::FellBack(super::FellBack { output, ..event.clone() })
        }
        Event::RunEnded(event) => {
            let outcome = packer.pack_outcome(&event.outcome);
            Event::RunEnded(Box::new(super::RunEnded { outcome }))
        }
        // The first line stands by itself, so that its version can be read before anything else.
        Event::RunStarted(_) | Event::Retry(_) | Event::GaveUp(_) | Event::RunResumed(_) => return None,
    })
}

/// An open line: everything but the chain, the closing brace and the newline.
fn encode(entry: &Entry, event: &Event) -> Result<Vec<u8>, JournalError> {
    let cursor = entry.cursor.as_ref();
    let head = Head {
        step: cursor.map(|cursor| cursor.step.as_str()),
        item: cursor.map(|cursor| cursor.item),
        attempt: cursor.map(|cursor| cursor.attempt),
        ..Head::of_run(entry.stamp.seq, entry.stamp.at, entry.event.kind())
    };
    match event {
        Event::RunStarted(event) => open_line(&head, event),
        Event::StepStarted(event) => open_line(&head, event),
        Event::Intent(event) => open_line(&head, event),
        Event::Result(event) => open_line(&head, event),
        Event::Observed(event) => open_line(&head, event),
        Event::Emitted(event) => open_line(&head, event),
        Event::StepEnded(event) => open_line(&head, event),
        Event::Retry(event) => open_line(&head, event),
        Event::GaveUp(event) => open_line(&head, event),
        Event::FellBack(event) => open_line(&head, event),
        Event::RunResumed(event) => open_line(&head, event),
        Event::RunEnded(event) => open_line(&head, event),
    }
}

fn open_line<T: Serialize>(head: &Head<'_>, body: &T) -> Result<Vec<u8>, JournalError> {
    let mut line = Vec::with_capacity(USUAL_LINE);
    serde_json::to_writer(&mut line, head).map_err(unwritable)?;
    line.pop();
    let start = line.len();
    serde_json::to_writer(&mut line, body).map_err(unwritable)?;
    // The body goes on in the object that the head opened.
    line.get_mut(start).into_iter().for_each(|brace| *brace = b',');
    line.pop();
    Ok(line)
}

fn unwritable(error: serde_json::Error) -> JournalError {
    JournalError::Io { what: "could not be written", reason: error.to_string() }
}
