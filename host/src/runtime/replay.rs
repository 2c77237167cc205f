//! A run that is repeated from its journal alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use aos_core::failure::{ErrorCode, FUEL_OF_ANOTHER_BUILD, FUEL_OF_ANOTHER_ENGINE, Failure};
use aos_core::ids::{Digest, SkillId};
use aos_core::journal::{
    Event, FuelProof, JournalError, PinnedSkill, Recording, Replayer, RunStarted, audit,
};
use aos_core::outcome::{OutcomeCode, StructuredOutcome};
use aos_core::sidecar::SkillTerms;
use aos_core::skill::ExportName;
use aos_core::workflow::Workflow;
use tokio::sync::watch;
use tracing::Instrument as _;

use super::{Inner, course, traced};
use crate::gate::Course;
use crate::gate::Mode;
use crate::invocation::{Admitted, Prepared};
use crate::metrics::RunMeter;
use crate::registry::Registry;
use crate::sandbox::{EngineKind, caught};
use crate::workflow::RunPlan;

/// What a replay came to.
#[derive(Debug, Clone)]
pub struct Replay {
    /// The outcome, computed anew. Of a journal that cannot be replayed, one that says why.
    pub outcome: StructuredOutcome,
    /// Whether fuel was compared as well.
    pub fuel: FuelProof,
    /// Whether it is, byte for byte, the recorded one; otherwise the first difference.
    pub proof: Result<(), Failure>,
    /// Bytes after the journal's last whole line: a line that was not written to its end. They are left out.
    pub torn_bytes: usize,
}

impl Replay {
    fn refused(inner: &Inner, (run, failure): Refused) -> Self {
        let run = run.unwrap_or_else(|| super::new_run_id(0, [0; 32]));
        let outcome = StructuredOutcome::refused(run, &failure, inner.now());
        Self { outcome, fuel: FuelProof::Compared, proof: Err(failure), torn_bytes: 0 }
    }
}

/// Components that stand for the recorded ones of some skills.
pub(super) type Replaced = BTreeMap<SkillId, Arc<[u8]>>;

/// Repeats a run in an engine.
pub(super) async fn replay(
    inner: &Arc<Inner>,
    engine: EngineKind,
    journal: &[u8],
    replaced: &Replaced,
) -> Replay {
    let under_way = inner.metrics.run_repeats();
    let mut meter = inner.metrics.meter(Mode::Replay);
    let ready = caught(prepare(inner, engine, (journal, &mut meter), replaced)).await;
    let replay = match ready.unwrap_or_else(|panic| Err((None, panic))) {
        Ok(ready) => {
            let run = ready.replayer.run_started().run;
            let started = ready.replayer.run_started();
            let span = traced::span("replay", run, &ready.workflow, Some(started.trace()));
            let followed = caught(follow(inner, ready).instrument(span)).await;
            followed.unwrap_or_else(|panic| Replay::refused(inner, (Some(run), panic)))
        }
        Err(refused) => Replay::refused(inner, refused),
    };
    if let Err(failure) = &replay.proof {
        meter.parted(failure.code, failure.category);
    }
    meter.tell();
    under_way.ended();
    let torn_bytes = journal.iter().rev().take_while(|byte| **byte != b'\n').count();
    Replay { torn_bytes, ..replay }
}

pub(super) type Skills = BTreeMap<SkillId, Result<Arc<Prepared>, Failure>>;
type Refused = (Option<aos_core::ids::RunId>, Failure);

/// What a replay is made of.
struct Ready {
    replayer: Arc<Replayer>,
    workflow: Workflow,
    skills: Skills,
    /// Whether the journal's money adds up.
    ledger: Result<(), Failure>,
    /// Whether the host panicked outside of the run's attempts.
    panicked: bool,
}

async fn prepare(
    inner: &Inner,
    engine: EngineKind,
    (journal, meter): (&[u8], &mut RunMeter),
    replaced: &Replaced,
) -> Result<Ready, Refused> {
    let recording = Recording::read(journal).map_err(|error| (None, error.into()))?;
    recording.entries().iter().for_each(|entry| meter.add(entry));
    let panicked = panicked_outside(&recording);
    let ledger = audit(&recording).map_err(Failure::from);
    let replayer = Replayer::new(recording).map_err(|error| (None, error.into()))?;
    let run = replayer.run_started().run;
    let replayer = settle_fuel(inner, replayer, replaced).map_err(|failure| (Some(run), failure))?;
    let started = replayer.run_started();
    let refused = |failure| (Some(started.run), failure);
    let workflow = workflow_of(started).map_err(refused)?;
    let skills = resolve(inner, engine, started, replaced).await.map_err(refused)?;
    Ok(Ready { replayer: Arc::new(replayer), workflow, skills, ledger, panicked })
}

/// A panic that is the end of no attempt stands in the journal as the end of the run alone.
fn panicked_outside(recording: &Recording) -> bool {
    let Some(Event::RunEnded(ended)) = recording.entries().last().map(|entry| &entry.event) else {
        return false;
    };
    let code = OutcomeCode::Error(ErrorCode::HostPanic);
    ended.outcome.code == code && ended.outcome.steps.iter().all(|step| step.code != code)
}

/// The same is not met again in a replay, which comes to something else than the journal.
fn unrepeatable(failure: &Failure) -> Failure {
    let message = format!(
        "the host panicked outside of the run's attempts, and a replay does not panic there: {}",
        failure.message
    );
    Failure::new(ErrorCode::ReplayIncomplete, message)
}

/// A run is gone on with, or made again, under the rules that it was recorded under, or not at all.
pub(super) fn check_engine(inner: &Inner, started: &RunStarted) -> Result<(), Failure> {
    let own = inner.registry.compiler().engine().fingerprint();
    if started.engine == own {
        return Ok(());
    }
    Err(JournalError::Foreign { recorded: started.engine.to_string(), own: own.to_string() }.into())
}

/// The workflow of a run, which is the one that the journal names.
pub(super) fn workflow_of(started: &RunStarted) -> Result<Workflow, Failure> {
    let workflow = Workflow::parse(started.workflow_text.as_bytes())?;
    if workflow.name() == started.workflow {
        return Ok(workflow);
    }
    let what = format!("names the workflow {:?}, whose text names {:?}", started.workflow, workflow.name());
    Err(JournalError::Corrupt { line: 1, what }.into())
}

/// Another engine counts fuel in another way, and another component uses another amount: there the journal's own figures
/// stand, and a run that its fuel ended cannot be repeated.
fn settle_fuel(inner: &Inner, replayer: Replayer, replaced: &Replaced) -> Result<Replayer, Failure> {
    let started = replayer.run_started();
    let (recorded, own) = (started.engine, inner.registry.compiler().engine().fingerprint());
    if let Some(unknown) = replaced.keys().find(|name| !started.skills.contains_key(*name)) {
        let used: Vec<_> = started.skills.keys().map(ToString::to_string).collect();
        let message = format!("the run used no skill {unknown}; it used {}", used.join(", "));
        return Err(Failure::new(ErrorCode::SkillNotFound, message));
    }
    if recorded == own && replaced.is_empty() {
        return Ok(replayer);
    }
    let Some(cursor) = replayer.ended_by_fuel() else {
        return Ok(replayer.with_replaced(replaced.keys().cloned().collect()));
    };
    let (why, word) = if recorded == own {
        (", and the fuel of another build cannot be compared".to_owned(), FUEL_OF_ANOTHER_BUILD)
    } else {
        let why =
            format!(" under the engine {recorded}, and this is {own}, which counts fuel in another way");
        (why, FUEL_OF_ANOTHER_ENGINE)
    };
    let message = format!("step {} attempt {} was ended by its fuel{why}", cursor.step, cursor.attempt);
    Err(Failure::new(ErrorCode::ReplayIncomplete, message).with_subcode(word))
}

/// The components of the run, in the engine that repeats it: its very own, or those that stand for them.
async fn resolve(
    inner: &Inner,
    engine: EngineKind,
    started: &RunStarted,
    replaced: &Replaced,
) -> Result<Skills, Failure> {
    let registry = inner.replays.of(engine)?;
    let mut skills = Skills::new();
    for (name, pinned) in &started.skills {
        let skill = match (pinned, replaced.get(name)) {
            (_, Some(build)) => Ok(another_build(&registry, (name, pinned), build).await?),
            (PinnedSkill::Component { digest, .. }, None) => Ok(match inner.registry.native(digest) {
                Some(native) => native,
                None => {
                    let admitted = registry.adopt(&*find(inner, name, *digest).await?).await?;
                    of_component(&admitted, name, pinned)?
                }
            }),
            (PinnedSkill::Refused { failure }, None) => Err(failure.clone()),
        };
        skills.insert(name.clone(), skill);
    }
    Ok(skills)
}

/// The skill of a component, as the journal names it.
fn of_component(admitted: &Admitted, name: &SkillId, pinned: &PinnedSkill) -> Result<Arc<Prepared>, Failure> {
    let (export, terms) = pinned_as(pinned);
    admitted.skill(name, export, &terms).map(Arc::new)
}

/// Another build in the place of a recorded component: the same export of it, or of a compatible version, on the same
/// terms.
async fn another_build(
    registry: &Registry,
    (name, pinned): (&SkillId, &PinnedSkill),
    build: &Arc<[u8]>,
) -> Result<Arc<Prepared>, Failure> {
    let admitted = registry.admit(Arc::clone(build)).await?;
    let (export, terms) = pinned_as(pinned);
    admitted.skill_like(name, export, &terms).map(Arc::new)
}

fn pinned_as(pinned: &PinnedSkill) -> (Option<&ExportName>, SkillTerms) {
    match pinned {
        PinnedSkill::Component { export, terms, .. } => {
            (export.as_ref(), terms.as_deref().cloned().unwrap_or_default())
        }
        PinnedSkill::Refused { .. } => (None, SkillTerms::default()),
    }
}

/// The very components of the run: registered ones, or those that were kept.
pub(super) async fn resolve_live(inner: &Inner, started: &RunStarted) -> Result<Skills, Failure> {
    let mut skills = Skills::new();
    for (name, pinned) in &started.skills {
        let skill = match pinned {
            PinnedSkill::Component { digest, .. } => Ok(match inner.registry.native(digest) {
                Some(native) => native,
                None => of_component(&*find(inner, name, *digest).await?, name, pinned)?,
            }),
            PinnedSkill::Refused { failure } => Err(failure.clone()),
        };
        skills.insert(name.clone(), skill);
    }
    Ok(skills)
}

async fn find(inner: &Inner, name: &SkillId, digest: Digest) -> Result<Arc<Admitted>, Failure> {
    if let Some(skill) = inner.registry.by_digest(&digest) {
        return Ok(skill);
    }
    if let Some(bytes) = inner.components.as_ref().and_then(|store| store.find(digest)) {
        return inner.registry.admit(bytes.into()).await;
    }
    let registered = inner.registry.get(name).map_or_else(
        || "no skill of that name is registered".to_owned(),
        |skill| format!("the registered one is {}", skill.metadata().digest),
    );
    let message = format!("the run used {name} {digest}, and {registered}; name its folder with --skills");
    Err(Failure::new(ErrorCode::SkillDigestMismatch, message))
}

async fn follow(inner: &Inner, ready: Ready) -> Replay {
    let Ready { replayer, workflow, skills, ledger, panicked } = ready;
    let started = replayer.run_started();
    traced::begins(&workflow);
    let plan = RunPlan {
        workflow: workflow.clone(),
        input: started.input.clone(),
        course: Course::Replay(Arc::clone(&replayer)),
        skills,
        stop: watch::Sender::new(None),
        permits: Arc::clone(&inner.replay_permits),
        metrics: inner.metrics.clone(),
    };
    let (ending, broken) = match course::follow(plan).await {
        Ok(ending) => (course::audited(replayer.facts(), ending), None),
        Err(failure) => (course::failed(failure.clone()), Some(failure)),
    };
    let outcome = course::outcome(replayer.facts(), ending, &workflow, replayer.end().at);
    let proof = match broken {
        Some(failure) => Err(failure),
        None => replayer.finish(&outcome).map_err(Failure::from).and(ledger),
    };
    let proof = proof.map_err(|failure| if panicked { unrepeatable(&failure) } else { failure });
    // What is not proven is not shown as if it were.
    let outcome = match &proof {
        Ok(()) => outcome,
        Err(failure) => StructuredOutcome::refused(started.run, failure, replayer.end().at),
    };
    traced::ended(&outcome);
    Replay { outcome, fuel: replayer.fuel(), proof, torn_bytes: 0 }
}
