//! The proof that a journal repeats: its run again, in every engine, as often as asked.

use std::sync::Arc;

use aos_core::canonical;
use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::Digest;
use aos_core::journal::{Event, FuelProof, JournalError, PinnedSkill, Recording, RunStarted};
use aos_core::outcome::StructuredOutcome;

use super::{Inner, replay};
use crate::certification::{
    Compared, CountedBy, EngineVerdict, JournalDigests, OutcomeSeen, Predicate, SkillUsed, Statement,
    Subject, Verdict, WorkflowRun,
};
use crate::sandbox::EngineKind;

/// How a journal is certified.
#[derive(Debug, Clone, Copy)]
pub struct CertifyOptions {
    repeat: u32,
}

impl Default for CertifyOptions {
    /// Once in each engine.
    fn default() -> Self {
        Self { repeat: 1 }
    }
}

impl CertifyOptions {
    /// How often the run is repeated in each engine; at least once.
    #[must_use]
    pub const fn repeat(mut self, times: u32) -> Self {
        self.repeat = if times == 0 { 1 } else { times };
        self
    }
}

/// What certifying a journal came to.
#[derive(Debug, Clone)]
pub struct Certification {
    /// The digests of the journal's bytes.
    pub digests: JournalDigests,
    /// What the journal says, or why it cannot be repeated at all.
    pub recorded: Result<RecordedRun, Failure>,
    /// What came of it in each engine; nothing where there was nothing to repeat.
    pub engines: Vec<EngineProof>,
}

/// What a journal says of its run.
#[derive(Debug, Clone)]
pub struct RecordedRun {
    /// Its first entry.
    pub started: Box<RunStarted>,
    /// The chain of its last line.
    pub seal: Digest,
    /// How it ended.
    pub outcome: Box<StructuredOutcome>,
    /// The digest of the canonical bytes of how it ended.
    pub outcome_digest: Digest,
    /// The fingerprint of the engines that it is repeated in.
    pub own_engine: Digest,
}

/// What came of the repetitions in one engine.
#[derive(Debug, Clone)]
pub struct EngineProof {
    /// Which.
    pub engine: EngineKind,
    /// Repetitions that were equal. The first one that is not is the last that is made.
    pub equal: u32,
    /// Whether fuel was compared as well.
    pub fuel: FuelProof,
    /// Whether all were equal; otherwise the first difference.
    pub proof: Result<(), Failure>,
}

impl Certification {
    /// One of a journal that could not be looked at.
    pub(super) fn refused(journal: &[u8], failure: Failure) -> Self {
        Self { digests: JournalDigests::of(journal), recorded: Err(failure), engines: Vec::new() }
    }

    /// Whether everything holds.
    ///
    /// # Errors
    ///
    /// The first thing that does not.
    pub fn proof(&self) -> Result<(), &Failure> {
        self.recorded.as_ref()?;
        let mut failures = self.engines.iter().filter_map(|engine| engine.proof.as_ref().err());
        failures.next().map_or(Ok(()), Err)
    }

    /// The certificate, under the name of the journal's file. There is none of a journal that does not repeat.
    ///
    /// # Errors
    ///
    /// As [`Certification::proof`].
    pub fn statement(&self, name: impl Into<String>) -> Result<Statement, Failure> {
        self.proof().map_err(Clone::clone)?;
        let recorded = self.recorded.as_ref().map_err(Clone::clone)?;
        let engines = self.engines.iter().map(|engine| EngineVerdict {
            name: engine.engine.name().to_owned(),
            repetitions: engine.equal,
            verdict: Verdict::Equal,
        });
        let mut compared = vec![
            Compared::Outcome,
            Compared::Requests,
            Compared::Steps,
            Compared::SideEffects,
            Compared::Ledger,
        ];
        if self.engines.iter().all(|engine| engine.fuel == FuelProof::Compared) {
            compared.push(Compared::Fuel);
        }
        let subject = Subject { name: name.into(), digest: self.digests.clone() };
        Ok(Statement::new(subject, recorded.predicate(compared, engines.collect())))
    }
}

impl RecordedRun {
    /// Reads a journal that has an end, and nothing after it.
    fn read(journal: &[u8], own_engine: Digest) -> Result<Self, Failure> {
        let recording = Recording::read(journal)?;
        let started = Box::new(recording.run_started()?.clone());
        let last = recording.entries().last().map(|entry| &entry.event);
        let Some(Event::RunEnded(ended)) = last else {
            let torn = recording.torn().map_or(0, |torn| torn.bytes);
            return Err(JournalError::Incomplete { torn }.into());
        };
        if let Some(torn) = recording.torn() {
            let what = format!("has {} bytes after the last line", torn.bytes);
            return Err(JournalError::Corrupt { line: recording.entries().len(), what }.into());
        }
        let unreadable = |error: &dyn std::fmt::Display| {
            let what = format!("ends the run with no outcome: {error}");
            Failure::from(JournalError::Corrupt { line: recording.entries().len(), what })
        };
        let outcome_digest = canonical::digest(&ended.outcome).map_err(|error| unreadable(&error))?;
        Ok(Self {
            started,
            seal: recording.seal().digest(),
            outcome: Box::new(ended.outcome.clone()),
            outcome_digest,
            own_engine,
        })
    }

    fn predicate(&self, compared: Vec<Compared>, engines: Vec<EngineVerdict>) -> Predicate {
        let started = &self.started;
        let skill = |(name, pinned): (&_, &PinnedSkill)| match pinned {
            PinnedSkill::Component { digest, version, .. } => Some(SkillUsed {
                name: Clone::clone(name),
                version: version.clone(),
                digest: (*digest).into(),
            }),
            PinnedSkill::Refused { .. } => None,
        };
        Predicate {
            run_id: started.run,
            seal: self.seal,
            workflow: WorkflowRun { name: started.workflow.clone(), digest: started.workflow_digest.into() },
            skills: started.skills.iter().filter_map(skill).collect(),
            outcome: OutcomeSeen {
                status: self.outcome.status,
                code: self.outcome.code,
                digest: self.outcome_digest.into(),
            },
            fuel_rules: CountedBy { recorded: started.engine, own: self.own_engine },
            compared,
            engines,
        }
    }
}

/// Repeats a journal in every engine.
pub(super) async fn certify(inner: &Arc<Inner>, journal: &[u8], options: CertifyOptions) -> Certification {
    let own_engine = inner.registry.compiler().engine().fingerprint();
    let recorded = RecordedRun::read(journal, own_engine);
    let mut engines = Vec::new();
    if let Ok(recorded) = &recorded {
        for engine in EngineKind::ALL {
            engines.push(prove(inner, engine, (journal, recorded.outcome_digest), options.repeat).await);
        }
    }
    Certification { digests: JournalDigests::of(journal), recorded, engines }
}

async fn prove(
    inner: &Arc<Inner>,
    engine: EngineKind,
    (journal, outcome): (&[u8], Digest),
    repeat: u32,
) -> EngineProof {
    let mut made = EngineProof { engine, equal: 0, fuel: FuelProof::Compared, proof: Ok(()) };
    while made.equal < repeat {
        let replay = replay::replay(inner, engine, journal, &replay::Replaced::new()).await;
        made.fuel = replay.fuel;
        made.proof = replay.proof.and_then(|()| same_bytes(&replay.outcome, outcome));
        if made.proof.is_err() {
            break;
        }
        made.equal += 1;
    }
    made
}

/// The replay compares values; a certificate speaks of bytes.
fn same_bytes(replayed: &StructuredOutcome, recorded: Digest) -> Result<(), Failure> {
    match canonical::digest(replayed) {
        Ok(digest) if digest == recorded => Ok(()),
        Ok(digest) => {
            let message = format!("the outcome has the digest {digest}, and the recorded one {recorded}");
            Err(Failure::new(ErrorCode::ReplayDivergence, message))
        }
        Err(error) => Err(Failure::new(ErrorCode::HostBug, error.to_string())),
    }
}
