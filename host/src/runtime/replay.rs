//! A run that is repeated from its journal alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::{Digest, SkillId};
use aos_core::journal::{JournalError, PinnedSkill, Recording, Replayer, RunStarted};
use aos_core::outcome::StructuredOutcome;
use aos_core::workflow::Workflow;
use tokio::sync::watch;

use super::{Inner, course};
use crate::gate::Course;
use crate::invocation::Prepared;
use crate::metrics::Mode;
use crate::workflow::RunPlan;

/// What a replay came to.
#[derive(Debug, Clone)]
pub struct Replay {
    /// The outcome, computed anew. Of a journal that cannot be replayed, one that says why.
    pub outcome: StructuredOutcome,
    /// Whether it is, byte for byte, the recorded one; otherwise the first difference.
    pub proof: Result<(), Failure>,
}

/// Repeats a run.
pub(super) async fn replay(inner: &Arc<Inner>, journal: &[u8]) -> Replay {
    let replay = match prepare(inner, journal).await {
        Ok((replayer, workflow, skills)) => follow(inner, replayer, workflow, skills).await,
        Err((run, failure)) => {
            let now = inner.world.clock().wall();
            let run = run.unwrap_or_else(|| super::new_run_id(0, [0; 32]));
            Replay { outcome: StructuredOutcome::refused(run, &failure, now), proof: Err(failure) }
        }
    };
    inner.metrics.run_ended(Mode::Replay, &replay.outcome);
    replay
}

pub(super) type Skills = BTreeMap<SkillId, Result<Arc<Prepared>, Failure>>;
type Refused = (Option<aos_core::ids::RunId>, Failure);

async fn prepare(inner: &Inner, journal: &[u8]) -> Result<(Arc<Replayer>, Workflow, Skills), Refused> {
    let recording = Recording::read(journal).map_err(|error| (None, error.into()))?;
    let replayer = Replayer::new(recording).map_err(|error| (None, error.into()))?;
    let started = replayer.run_started();
    let refused = |failure| (Some(started.run), failure);
    check_engine(inner, started).map_err(|error| refused(error.into()))?;
    let workflow =
        Workflow::parse(started.workflow_text.as_bytes()).map_err(|error| refused(error.into()))?;
    let skills = resolve(inner, started).await.map_err(refused)?;
    Ok((Arc::new(replayer), workflow, skills))
}

fn check_engine(inner: &Inner, started: &RunStarted) -> Result<(), JournalError> {
    let own = inner.registry.compiler().engine().fingerprint();
    if started.engine == own {
        return Ok(());
    }
    Err(JournalError::Foreign { recorded: started.engine.to_string(), own: own.to_string() })
}

/// The very components of the run: registered ones, or those that were kept.
pub(super) async fn resolve(inner: &Inner, started: &RunStarted) -> Result<Skills, Failure> {
    let mut skills = Skills::new();
    for (name, pinned) in &started.skills {
        let skill = match pinned {
            PinnedSkill::Component { digest, .. } => Ok(find(inner, name, *digest).await?),
            PinnedSkill::Refused { failure } => Err(failure.clone()),
        };
        skills.insert(name.clone(), skill);
    }
    Ok(skills)
}

async fn find(inner: &Inner, name: &SkillId, digest: Digest) -> Result<Arc<Prepared>, Failure> {
    if let Some(skill) = inner.registry.by_digest(&digest) {
        return Ok(skill);
    }
    if let Some(bytes) = inner.components.as_ref().and_then(|store| store.find(digest)) {
        return inner.registry.prepare(bytes.into()).await;
    }
    let registered = inner.registry.get(name).map_or_else(
        || "no skill of that name is registered".to_owned(),
        |skill| format!("the registered one is {}", skill.metadata().digest),
    );
    let message = format!("the run used {name} {digest}, and {registered}; name its folder with --skills");
    Err(Failure::new(ErrorCode::SkillDigestMismatch, message))
}

async fn follow(inner: &Inner, replayer: Arc<Replayer>, workflow: Workflow, skills: Skills) -> Replay {
    let started = replayer.run_started();
    let plan = RunPlan {
        workflow: workflow.clone(),
        input: started.input.clone(),
        course: Course::Replay(Arc::clone(&replayer)),
        skills,
        stop: watch::Sender::new(None),
        permits: Arc::clone(&inner.permits),
        metrics: inner.metrics.clone(),
    };
    let (ending, broken) = match course::follow(plan).await {
        Ok(ending) => (course::audited(replayer.facts(), ending), None),
        Err(failure) => (course::failed(failure.clone()), Some(failure)),
    };
    let outcome = course::outcome(replayer.facts(), ending, &workflow, replayer.end().at);
    let proof = match broken {
        Some(failure) => Err(failure),
        None => {
            let value = serde_json::to_value(&outcome).unwrap_or_default();
            replayer.finish(&value).map_err(Failure::from)
        }
    };
    Replay { outcome, proof }
}
