//! Reads a journal that anyone may have written: the chain first, then the lines, with bounds before allocation.

use super::bounds;
use super::line::{MAX_JOURNAL_BYTES, MAX_LINE, Writer};
use super::line_read::{self, Line};
use super::pack::Unpacker;
use crate::ids::Digest;

use super::{Chain, Entry, Event, FORMAT_VERSION, Facts, JournalError, RunStarted, Stamp};

/// How every journal begins.
const FIRST: &[u8] = b"{\"seq\":0,";

/// A journal whose chain holds.
#[derive(Debug)]
pub struct Recording {
    entries: Vec<Entry>,
    torn: Option<TornTail>,
    bytes: usize,
    lines: Lines,
}

/// Reads a journal that is still written: give it the bytes as they come.
#[derive(Debug, Default)]
pub struct JournalReader {
    lines: Lines,
    rest: Vec<u8>,
    bytes: usize,
}

/// What reading line after line leaves.
#[derive(Debug, Default)]
struct Lines {
    count: usize,
    chain: Chain,
    unpacker: Unpacker,
    last: Option<Stamp>,
    ended: bool,
}

impl JournalReader {
    /// The entries of the lines that these bytes bring to their end. What follows the last newline waits for more.
    ///
    /// # Errors
    ///
    /// As [`Recording::read`]; nothing that comes after is to be trusted.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Entry>, JournalError> {
        let Some(newline) = bytes.iter().rposition(|byte| *byte == b'\n') else {
            self.rest.extend_from_slice(bytes);
            return self.bound().map(|()| Vec::new());
        };
        let (lines, rest) = bytes.split_at(newline + 1);
        let mut whole = std::mem::replace(&mut self.rest, rest.to_vec());
        whole.extend_from_slice(lines);
        self.bytes += whole.len();
        self.bound()?;
        self.lines.read_all(&whole)
    }

    fn bound(&self) -> Result<(), JournalError> {
        let (line, all) = (self.lines.count + 1, self.bytes.saturating_add(self.rest.len()));
        if all > MAX_JOURNAL_BYTES || self.rest.len() > MAX_LINE {
            let what = format!("is longer than {MAX_LINE} bytes, or past {MAX_JOURNAL_BYTES} in all");
            return Err(corrupt(line, what));
        }
        Ok(())
    }

    /// Bytes of the whole lines so far.
    #[must_use]
    pub const fn len_bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes of a line that has no end yet.
    #[must_use]
    pub const fn rest_bytes(&self) -> usize {
        self.rest.len()
    }

    /// The chain of the last line.
    #[must_use]
    pub const fn seal(&self) -> Chain {
        self.lines.chain
    }

    /// Whether the end of the run was read.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.lines.ended
    }
}

/// A last line that was not written to its end, as when the power failed. It is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TornTail {
    /// Where it begins.
    pub offset: usize,
    /// How long it is.
    pub bytes: usize,
}

impl Recording {
    /// Reads a journal.
    ///
    /// # Errors
    ///
    /// [`JournalError::Corrupt`] for a line whose chain does not hold, that is no entry, that is out of order, or that has
    /// a value which the format does not have;
    /// [`JournalError::Version`] for another format.
    pub fn read(bytes: &[u8]) -> Result<Self, JournalError> {
        if bytes.len() > MAX_JOURNAL_BYTES {
            return Err(corrupt(
                1,
                format!("is one of more than {MAX_JOURNAL_BYTES} bytes, which is not read"),
            ));
        }
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        if whole == 0 && (bytes.is_empty() || FIRST.starts_with(bytes) || bytes.starts_with(FIRST)) {
            let what = "was not written to its end: the run was killed before it did anything; remove the file, and run again";
            return Err(corrupt(1, what));
        }
        let (lines, rest) = bytes.split_at(whole);
        let torn = (!rest.is_empty()).then_some(TornTail { offset: whole, bytes: rest.len() });
        let mut state = Lines::default();
        let entries = state.read_all(lines)?;
        if entries.is_empty() {
            return Err(corrupt(1, "is missing: the journal has no whole line"));
        }
        Ok(Self { entries, torn, bytes: whole, lines: state })
    }

    /// The chain of the last line: it stands for the whole journal.
    #[must_use]
    pub const fn seal(&self) -> Chain {
        self.lines.chain
    }

    /// A writer that goes on after the last line.
    #[must_use]
    pub fn writer(&self) -> Writer {
        let next = self.lines.last.map_or(0, |stamp| stamp.seq + 1);
        Writer::after(self.lines.chain, next, self.bytes, &self.lines.unpacker)
    }

    /// The entries in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries in order, for good.
    pub(super) fn into_entries(self) -> Vec<Entry> {
        self.entries
    }

    /// The last line, where it is torn.
    #[must_use]
    pub const fn torn(&self) -> Option<TornTail> {
        self.torn
    }

    /// Bytes of the whole lines.
    #[must_use]
    pub const fn len_bytes(&self) -> usize {
        self.bytes
    }

    /// The first entry.
    ///
    /// # Errors
    ///
    /// [`JournalError::Corrupt`] when there is none.
    pub fn run_started(&self) -> Result<&RunStarted, JournalError> {
        match self.entries.first().map(|entry| &entry.event) {
            Some(Event::RunStarted(run)) => Ok(run),
            _ => Err(corrupt(1, "is not a run-started entry")),
        }
    }

    /// The facts that the entries add up to.
    ///
    /// # Errors
    ///
    /// As [`Recording::run_started`].
    pub fn facts(&self) -> Result<Facts, JournalError> {
        let started =
            self.entries.first().map(|entry| entry.stamp.at).unwrap_or(crate::units::Timestamp::EPOCH);
        let mut facts = Facts::new(Box::new(self.run_started()?.clone()), started);
        self.entries.iter().for_each(|entry| facts.apply(entry));
        Ok(facts)
    }
}

impl Lines {
    /// Reads whole lines.
    fn read_all(&mut self, lines: &[u8]) -> Result<Vec<Entry>, JournalError> {
        let mut entries = Vec::new();
        for line in lines.strip_suffix(b"\n").unwrap_or_default().split(|byte| *byte == b'\n') {
            entries.extend(self.read(line)?);
        }
        Ok(entries)
    }

    fn read(&mut self, bytes: &[u8]) -> Result<Option<Entry>, JournalError> {
        let (place, number) = (self.count, self.count + 1);
        self.count = number;
        if bytes.len() > MAX_LINE {
            return Err(corrupt(number, format!("is longer than {MAX_LINE} bytes")));
        }
        if place == 0 && !bytes.starts_with(FIRST) {
            return Err(corrupt(number, "is not the first line of a journal: this file is something else"));
        }
        if !self.chain.check(bytes) {
            let what = "does not follow from the lines before it (its chain differs)";
            return Err(corrupt(number, what));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| corrupt(number, "is not UTF-8"))?;
        if place == 0 {
            check_version(text)?;
        }
        let line = line_read::decode(text, &mut self.unpacker).map_err(|what| corrupt(number, what))?;
        if let Line::Entry(entry) = &line
            && let Event::RunStarted(run) = &entry.event
            && Digest::of(run.workflow_text.as_bytes()) != run.workflow_digest
        {
            return Err(corrupt(number, "has a workflow that is not of its digest"));
        }
        self.check_order(number, &line)?;
        let Line::Entry(entry) = line else { return Ok(None) };
        bounds::check(&entry).map_err(|what| corrupt(number, what))?;
        Ok(Some(*entry))
    }

    /// The chain binds the lines to each other; this binds them to the rules of a run.
    fn check_order(&mut self, number: usize, line: &Line) -> Result<(), JournalError> {
        let (stamp, event) = match line {
            Line::Entry(entry) => (entry.stamp, Some(&entry.event)),
            Line::Blob(stamp) => (*stamp, None),
        };
        let place = number as u64 - 1;
        if stamp.seq != place {
            return Err(corrupt(number, format!("has seq {} and should have {place}", stamp.seq)));
        }
        if self.last.is_some_and(|last| stamp.at < last.at) {
            return Err(corrupt(number, "is earlier than the line before it"));
        }
        if matches!(event, Some(Event::RunStarted(_))) != (place == 0) {
            return Err(corrupt(number, "has run-started in the wrong place"));
        }
        if self.ended {
            return Err(corrupt(number, "stands after the end of the run"));
        }
        self.ended = matches!(event, Some(Event::RunEnded(_)));
        self.last = Some(stamp);
        Ok(())
    }
}

fn check_version(text: &str) -> Result<(), JournalError> {
    #[derive(serde::Deserialize)]
    struct Format {
        format: u64,
    }
    match serde_json::from_str::<Format>(text) {
        Ok(Format { format: FORMAT_VERSION }) => Ok(()),
        Ok(Format { format }) => Err(JournalError::Version { found: format }),
        Err(_) => Err(corrupt(1, "is not a run-started entry")),
    }
}

fn corrupt(line: usize, what: impl Into<String>) -> JournalError {
    JournalError::Corrupt { line, what: what.into() }
}
