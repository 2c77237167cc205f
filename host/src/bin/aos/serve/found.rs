//! What a former service left: the journal of a run, by its begin and its end.

use std::path::Path;

use aos_host::outcome::StructuredOutcome;

use super::figures::Figures;
use super::journal_lines::{self, Head};
use super::known::Ending;

/// What a journal says at its begin and at its end.
pub(super) enum Found {
    Nothing,
    CutOff(Head),
    Ended(Head, Ending, Figures),
}

impl Found {
    /// Looks at a journal, of which it reads no more than the begin and the end.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub(super) fn in_journal(path: &Path) -> std::io::Result<Self> {
        let Some(head) = journal_lines::head(path)? else { return Ok(Self::Nothing) };
        let outcome = journal_lines::outcome(path)?;
        let outcome = outcome.and_then(|outcome| serde_json::from_value::<StructuredOutcome>(outcome).ok());
        Ok(match outcome {
            Some(outcome) => {
                let figures = Figures::from(&outcome);
                let ending = Ending { status: outcome.status, code: outcome.code, unsealed: None };
                Self::Ended(head, ending, figures)
            }
            None => Self::CutOff(head),
        })
    }
}
