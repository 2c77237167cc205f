//! The certificate of a replay: an in-toto Statement, version 1, with a predicate of this project's own.

use aos_core::canonical::{self, NotCanonical};
use aos_core::ids::{Digest, RunId, SkillId};
use aos_core::outcome::{OutcomeCode, Status};
use serde::{Deserialize, Serialize};

/// The `_type` of every statement.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// The `predicateType` of a certificate of a replay.
pub const PREDICATE_TYPE: &str = "urn:aos:replay-certificate:1";

/// A certificate: this journal was repeated, and this was the same.
///
/// Readers ignore members that they do not know, as in-toto asks of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// [`STATEMENT_TYPE`].
    #[serde(rename = "_type")]
    pub statement_type: String,
    /// The journal.
    pub subject: Vec<Subject>,
    /// [`PREDICATE_TYPE`].
    pub predicate_type: String,
    /// What was proven of it.
    pub predicate: Predicate,
}

/// A journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The name of its file. It identifies nothing; the digests do.
    pub name: String,
    /// The digests of its bytes.
    pub digest: JournalDigests,
}

/// Digests of one file, as lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalDigests {
    /// For those who have AOS.
    pub blake3: Digest,
    /// SHA-256, for everybody else.
    pub sha256: String,
}

/// A digest by its algorithm's name, as lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blake3 {
    /// BLAKE3, 32 bytes.
    pub blake3: Digest,
}

/// What was proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Predicate {
    /// The run.
    pub run_id: RunId,
    /// The chain of the journal's last line, which follows from all lines.
    pub seal: Digest,
    /// What ran.
    pub workflow: WorkflowRun,
    /// The components that it ran with, by name.
    pub skills: Vec<SkillUsed>,
    /// How it ended.
    pub outcome: OutcomeSeen,
    /// The rules by which fuel was counted.
    pub fuel_rules: CountedBy,
    /// What was the same in every repetition.
    pub compared: Vec<Compared>,
    /// The engines that it was repeated in.
    pub engines: Vec<EngineVerdict>,
}

/// A workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowRun {
    /// Its name.
    pub name: String,
    /// The digest of its text.
    pub digest: Blake3,
}

/// A component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkillUsed {
    /// The skill's name.
    pub name: SkillId,
    /// The version that it says it has.
    pub version: String,
    /// The digest of its bytes.
    pub digest: Blake3,
}

/// The outcome of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeSeen {
    /// How it ended.
    pub status: Status,
    /// `OK`, or why.
    pub code: OutcomeCode,
    /// The digest of its canonical bytes (RFC 8785).
    pub digest: Blake3,
}

/// Fingerprints of engines. Where they are the same, fuel is counted in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountedBy {
    /// The engine of the recording.
    pub recorded: Digest,
    /// The engines of the repetitions.
    pub own: Digest,
}

/// Something that was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compared {
    /// The canonical bytes of the outcome. Side effects and ledger are parts of it.
    Outcome,
    /// Every request to the world, in the order of its attempt, and that none was left out.
    Requests,
    /// What each step gave, and how it failed.
    Steps,
    /// Calls, their targets and their results.
    SideEffects,
    /// Money held, charged, absorbed and given back.
    Ledger,
    /// Fuel, to the unit. Missing where another engine recorded it: its figures are the journal's then.
    Fuel,
}

/// What the repetitions in one engine came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineVerdict {
    /// Its name.
    pub name: String,
    /// How often the run was repeated in it.
    pub repetitions: u32,
    /// What came of it.
    pub verdict: Verdict,
}

/// What repetitions came to. A certificate is made when all are equal, and not otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Each was the recorded run.
    Equal,
}

/// A document that is no certificate of a replay.
#[derive(Debug, thiserror::Error)]
pub enum StatementInvalid {
    /// Not the expected JSON.
    #[error("the statement cannot be read")]
    Malformed(#[source] serde_json::Error),
    /// A statement of another kind.
    #[error("the statement has the {what} {found:?}, and a replay certificate has {expected:?}")]
    OtherKind {
        /// Which member.
        what: &'static str,
        /// What it says.
        found: String,
        /// What it should say.
        expected: &'static str,
    },
    /// A statement that states nothing.
    #[error("the statement names no {0}")]
    Empty(&'static str),
}

impl Statement {
    /// A statement about one journal.
    #[must_use]
    pub fn new(subject: Subject, predicate: Predicate) -> Self {
        Self {
            statement_type: STATEMENT_TYPE.to_owned(),
            subject: vec![subject],
            predicate_type: PREDICATE_TYPE.to_owned(),
            predicate,
        }
    }

    /// Its RFC 8785 bytes, which are what is signed. The same proof gives the same bytes.
    ///
    /// # Errors
    ///
    /// [`NotCanonical`], which its types keep out.
    pub fn canonical_bytes(&self) -> Result<Vec<u8>, NotCanonical> {
        canonical::to_vec(self)
    }

    /// Reads a statement, and refuses one that is not about a replay.
    ///
    /// # Errors
    ///
    /// [`StatementInvalid`]
    pub fn read(bytes: &[u8]) -> Result<Self, StatementInvalid> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Kind {
            #[serde(rename = "_type")]
            statement_type: String,
            predicate_type: String,
        }
        let kind: Kind = serde_json::from_slice(bytes).map_err(StatementInvalid::Malformed)?;
        for (what, found, expected) in [
            ("_type", kind.statement_type, STATEMENT_TYPE),
            ("predicateType", kind.predicate_type, PREDICATE_TYPE),
        ] {
            if found != expected {
                return Err(StatementInvalid::OtherKind { what, found, expected });
            }
        }
        let statement: Self = serde_json::from_slice(bytes).map_err(StatementInvalid::Malformed)?;
        let engines = &statement.predicate.engines;
        let missing = [
            ("subject", statement.subject.is_empty()),
            ("engine", engines.is_empty()),
            ("repetition", engines.iter().any(|engine| engine.repetitions == 0)),
        ];
        match missing.into_iter().find(|(_, is_missing)| *is_missing) {
            Some((what, _)) => Err(StatementInvalid::Empty(what)),
            None => Ok(statement),
        }
    }
}

impl JournalDigests {
    /// The digests of a file's bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self { blake3: Digest::of(bytes), sha256: super::keys::sha256(bytes) }
    }
}

impl From<Digest> for Blake3 {
    fn from(blake3: Digest) -> Self {
        Self { blake3 }
    }
}
