//! Whole lines of a journal that may still be written.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use aos_host::ids::BudgetName;
use aos_host::journal::Facts;
use aos_host::units::Money;
use serde::Deserialize;
use serde_json::Value;

/// Bytes that are taken at one time.
const PIECE: u64 = 64 << 10;

/// Reads lines from where it stopped last.
#[derive(Debug)]
pub(super) struct JournalLines {
    path: PathBuf,
    offset: u64,
}

impl JournalLines {
    /// From the first line on.
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path, offset: 0 }
    }

    /// The next whole lines, their newlines included: at least one if there is one. Empty when there is none yet.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub(super) async fn next(&mut self) -> io::Result<Vec<u8>> {
        let (path, offset) = (self.path.clone(), self.offset);
        let lines = tokio::task::spawn_blocking(move || lines_from(&path, offset)).await??;
        self.offset += lines.len() as u64;
        Ok(lines)
    }
}

/// The next whole lines from a place in the file on, their newlines included: at least one if there is one.
///
/// # Errors
///
/// What the operating system says.
pub(super) fn lines_from(path: &Path, offset: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut lines = Vec::new();
    loop {
        let before = lines.len();
        (&mut file).take(PIECE).read_to_end(&mut lines)?;
        if let Some(last) = lines.iter().rposition(|byte| *byte == b'\n') {
            lines.truncate(last + 1);
            return Ok(lines);
        }
        if lines.len() == before {
            return Ok(Vec::new());
        }
    }
}

/// What the first entry says.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Head {
    /// When the run began.
    pub at: String,
    /// The name of its workflow.
    pub workflow: String,
    /// The most that it may be charged.
    pub ceiling: Money,
    /// The named budget that it draws from.
    #[serde(default)]
    pub budget: Option<BudgetName>,
}

impl Head {
    /// Of a run that has just begun.
    pub(super) fn of(facts: &Facts) -> Self {
        let run = facts.run();
        let (workflow, budget) = (run.workflow.clone(), run.budget.clone());
        Self { at: facts.started().to_string(), workflow, ceiling: run.ceiling, budget }
    }
}

/// Reads the first entry; `None` where nothing whole stands in the file.
///
/// # Errors
///
/// What the operating system says.
pub(super) fn head(path: &Path) -> io::Result<Option<Head>> {
    let mut file = BufReader::new(File::open(path)?);
    let mut line = Vec::new();
    // What is kept apart of the first entry stands before it.
    while file.read_until(b'\n', &mut line)? > 0 {
        if let Ok(head) = serde_json::from_slice(&line) {
            return Ok(Some(head));
        }
        line.clear();
    }
    Ok(None)
}

/// The outcome in the last line; `None` of a run that has no end.
///
/// # Errors
///
/// What the operating system says.
pub(super) fn outcome(path: &Path) -> io::Result<Option<Value>> {
    #[derive(Deserialize)]
    struct Last {
        r#type: String,
        outcome: Value,
    }
    let last: Option<Last> = serde_json::from_slice(&last_line(path)?).ok();
    Ok(last.filter(|last| last.r#type == "run-ended").map(|last| last.outcome))
}

/// The last whole line, without its newline; empty where there is none, or where bytes follow it.
fn last_line(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut begin = size;
    let mut line = Vec::new();
    while begin > 0 {
        let from = begin.saturating_sub(PIECE);
        file.seek(SeekFrom::Start(from))?;
        let mut piece = Vec::new();
        (&mut file).take(begin - from).read_to_end(&mut piece)?;
        piece.extend_from_slice(&line);
        line = piece;
        begin = from;
        let Some(body) = line.strip_suffix(b"\n") else { return Ok(Vec::new()) };
        if let Some(newline) = body.iter().rposition(|byte| *byte == b'\n') {
            return Ok(body.get(newline + 1..).unwrap_or_default().to_vec());
        }
    }
    Ok(line.strip_suffix(b"\n").unwrap_or_default().to_vec())
}
