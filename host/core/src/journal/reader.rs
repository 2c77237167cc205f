//! Reads a journal that anyone may have written: the chain first, then the lines, with bounds before allocation.

use super::{Chain, Entry, Event, FORMAT_VERSION, Facts, JournalError, RunStarted, line};

/// Bytes of one line: a body of 16 MiB, written as base64 or with escapes, and its frame.
const MAX_LINE: usize = 100 << 20;

/// Bytes of a whole journal that is read into memory at once.
const MAX_JOURNAL: usize = 1 << 30;

/// A journal whose chain holds.
#[derive(Debug, Clone)]
pub struct Recording {
    entries: Vec<Entry>,
    torn: Option<TornTail>,
    bytes: usize,
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
    /// [`JournalError::Corrupt`] for a line whose chain does not hold, that is no entry, or that is out of order;
    /// [`JournalError::Version`] for another format.
    pub fn read(bytes: &[u8]) -> Result<Self, JournalError> {
        if bytes.len() > MAX_JOURNAL {
            return Err(corrupt(1, format!("is one of more than {MAX_JOURNAL} bytes, which is not read")));
        }
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let (lines, rest) = bytes.split_at(whole);
        let torn = (!rest.is_empty()).then_some(TornTail { offset: whole, bytes: rest.len() });
        let mut chain = Chain::default();
        let lines = lines.split(|byte| *byte == b'\n');
        let entries: Vec<Entry> = lines
            .enumerate()
            .filter(|(place, line)| !(line.is_empty() && *place > 0))
            .map(|(place, line)| read_line(place, line, &mut chain))
            .collect::<Result<_, _>>()?;
        check_order(&entries)?;
        Ok(Self { entries, torn, bytes: whole })
    }

    /// The entries in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
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

fn read_line(place: usize, bytes: &[u8], chain: &mut Chain) -> Result<Entry, JournalError> {
    let number = place + 1;
    if bytes.len() > MAX_LINE {
        return Err(corrupt(number, format!("is longer than {MAX_LINE} bytes")));
    }
    if place == 0 && !bytes.starts_with(b"{\"seq\":0,") {
        return Err(corrupt(number, "is not the first line of a journal: this file is something else"));
    }
    if !chain.check(bytes) {
        return Err(corrupt(number, "does not follow from the lines before it (its chain differs)"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| corrupt(number, "is not UTF-8"))?;
    if place == 0 {
        check_version(text)?;
    }
    line::decode(text).map_err(|error| corrupt(number, format!("is no entry: {error}")))
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

/// The chain binds the lines to each other; this binds them to the rules of a run.
fn check_order(entries: &[Entry]) -> Result<(), JournalError> {
    let mut last = None;
    for (place, entry) in entries.iter().enumerate() {
        let number = place + 1;
        let (is_first, is_last) = (place == 0, number == entries.len());
        if entry.stamp.seq != place as u64 {
            return Err(corrupt(number, format!("has seq {} and should have {place}", entry.stamp.seq)));
        }
        if last.is_some_and(|last| entry.stamp.at < last) {
            return Err(corrupt(number, "is earlier than the line before it"));
        }
        if matches!(entry.event, Event::RunStarted(_)) != is_first {
            return Err(corrupt(number, "has run-started in the wrong place"));
        }
        if matches!(entry.event, Event::RunEnded(_)) && !is_last {
            return Err(corrupt(number, "ends the run, and more follows"));
        }
        last = Some(entry.stamp.at);
    }
    if entries.is_empty() {
        return Err(corrupt(1, "is missing: the journal has no whole line"));
    }
    Ok(())
}

fn corrupt(line: usize, what: impl Into<String>) -> JournalError {
    JournalError::Corrupt { line, what: what.into() }
}
