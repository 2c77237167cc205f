//! The lines of a named budget: compact JSON, each chained to the one before as in a journal.

use super::{AgentAccount, Moved, Movement};
use crate::failure::{BUDGET_FILE, ErrorCode, Failure};
use crate::journal::Chain;
use crate::units::Timestamp;

/// Bytes of one budget's lines: some hundred thousand runs.
pub const MAX_LEDGER_BYTES: usize = 256 << 20;

/// The lines of a named budget, read.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    account: AgentAccount,
    history: Vec<Moved>,
    chain: Chain,
    bytes: usize,
}

/// Lines that are not those of a named budget.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} {what}")]
pub struct LedgerInvalid {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl From<LedgerInvalid> for Failure {
    fn from(invalid: LedgerInvalid) -> Self {
        Self::new(ErrorCode::LedgerInvariant, format!("the budget's file cannot be trusted: {invalid}"))
            .with_subcode(BUDGET_FILE)
    }
}

impl Ledger {
    /// Reads lines. A last one that was not written to its end is left out: what it would have said did not happen.
    ///
    /// # Errors
    ///
    /// [`LedgerInvalid`] for a line that does not follow from those before it.
    pub fn read(bytes: &[u8]) -> Result<Self, LedgerInvalid> {
        if bytes.len() > MAX_LEDGER_BYTES {
            let what = format!("is of a file of more than {MAX_LEDGER_BYTES} bytes, which is not read");
            return Err(LedgerInvalid { line: 1, what });
        }
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let lines = bytes.get(..whole).and_then(|lines| lines.strip_suffix(b"\n"));
        let mut ledger = Self::default();
        for (place, line) in
            lines.into_iter().flat_map(|lines| lines.split(|byte| *byte == b'\n')).enumerate()
        {
            ledger.read_line(place, line)?;
        }
        ledger.bytes = whole;
        Ok(ledger)
    }

    fn read_line(&mut self, place: usize, line: &[u8]) -> Result<(), LedgerInvalid> {
        let invalid = |what: String| LedgerInvalid { line: place + 1, what };
        if !self.chain.check(line) {
            return Err(invalid("does not follow from the lines before it (its chain differs)".to_owned()));
        }
        let moved: Moved =
            serde_json::from_slice(line).map_err(|error| invalid(format!("is no movement: {error}")))?;
        if moved.seq != place as u64 {
            return Err(invalid(format!("has seq {} and should have {place}", moved.seq)));
        }
        self.account.apply(&moved.movement);
        self.history.push(moved);
        Ok(())
    }

    /// The line of a movement, which is applied with it.
    ///
    /// # Errors
    ///
    /// `DISK_FULL` and its like are the caller's; this is `JOURNAL_IO` for lines that would grow beyond what is read.
    /// Nothing has happened then, and a shorter line may still follow.
    pub fn write(&mut self, at: Timestamp, movement: Movement) -> Result<Vec<u8>, Failure> {
        let moved = Moved { seq: self.history.len() as u64, at, movement };
        let unwritable = |reason: String| {
            Failure::new(ErrorCode::JournalIo, format!("the budget's file {reason}"))
                .with_subcode(BUDGET_FILE)
        };
        let mut line = serde_json::to_vec(&moved).map_err(|error| unwritable(error.to_string()))?;
        // The chain goes on in the object.
        line.pop();
        let mut chain = self.chain;
        chain.seal(&mut line);
        if self.bytes + line.len() > MAX_LEDGER_BYTES {
            return Err(unwritable(format!("has grown to {MAX_LEDGER_BYTES} bytes; begin another one")));
        }
        self.chain = chain;
        self.bytes += line.len();
        self.account.apply(&moved.movement);
        self.history.push(moved);
        Ok(line)
    }

    /// It is stopped, though whoever stopped it could not write that down any more.
    pub fn note_stopped(&mut self) {
        if self.account.stopped().is_none() {
            self.account.apply(&Movement::Stopped { why: String::new() });
        }
    }

    /// What the lines add up to.
    #[must_use]
    pub const fn account(&self) -> &AgentAccount {
        &self.account
    }

    /// What happened, in order.
    #[must_use]
    pub fn history(&self) -> &[Moved] {
        &self.history
    }

    /// Bytes of the whole lines.
    #[must_use]
    pub const fn len_bytes(&self) -> usize {
        self.bytes
    }
}
