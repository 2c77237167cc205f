//! A live run: its beginning, its handle, its end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use aos_core::agent_budget::RunSpending;
use aos_core::budget::{BudgetTracker, Limits};
use aos_core::failure::{ErrorCategory, ErrorCode, Failure};
use aos_core::ids::{RunId, Seed, SkillId};
use aos_core::journal::{
    Entry, Event, FORMAT_VERSION, Facts, JournalError, Listener, PinnedSkill, Recorder, RunEnded, RunEnding,
    RunStarted, Sink,
};
use aos_core::json;
use aos_core::outcome::StructuredOutcome;
use aos_core::policy::Policy;
use aos_core::units::{Timestamp, whole_millis};
use aos_core::workflow::Workflow;
use futures_util::stream::{self, Stream};
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle};

use super::under_way::Place;
use super::{Inner, RunOptions, course, new_run_id};
use crate::gate::{Behind, Course, LiveRun, Mode, RunTime};
use crate::invocation::{Prepared, StopReason};
use crate::metrics::{MeteredSink, measured};
use crate::providers::{AgentBudget, MemorySink};
use crate::workflow::{RunPlan, stop};

/// A run that goes on. Dropped, it stops where it is, and its journal has no end.
pub struct Run {
    id: RunId,
    stop: watch::Sender<Option<StopReason>>,
    entries: mpsc::UnboundedReceiver<Arc<Entry>>,
    /// Closed when the work is over, however it ended.
    over: watch::Receiver<()>,
    work: JoinHandle<StructuredOutcome>,
    last_resort: LastResort,
}

/// What is needed to end a run whose task is lost.
struct LastResort {
    id: RunId,
    inner: Arc<Inner>,
    live: Option<Arc<LiveRun>>,
    workflow: Workflow,
}

impl Run {
    /// Its id.
    #[must_use]
    pub const fn id(&self) -> RunId {
        self.id
    }

    /// Asks it to stop: what runs is interrupted, what has not begun is skipped, and it ends `CANCELLED`.
    pub fn cancel(&self) {
        stop(&self.stop, StopReason::Cancelled);
    }

    /// The next entry of its journal, as soon as it is written; `None` after the last one. Entries wait in memory until
    /// they are taken.
    pub async fn next_entry(&mut self) -> Option<Arc<Entry>> {
        tokio::select! {
            biased;
            entry = self.entries.recv() => entry,
            _ = self.over.changed() => self.entries.try_recv().ok(),
        }
    }

    /// The entries of its journal as they are written, from the next one on.
    pub fn entries(&mut self) -> impl Stream<Item = Arc<Entry>> + Send + '_ {
        stream::unfold(self, async |run| run.next_entry().await.map(|entry| (entry, run)))
    }

    /// Waits for its end. The entries that were not taken are dropped.
    pub async fn outcome(mut self) -> StructuredOutcome {
        self.entries.close();
        let worked = (&mut self.work).await;
        self.last_resort.ended(worked)
    }

    /// Waits for its end as long as it is told, and leaves it then.
    pub async fn leave(mut self, patience: Duration) -> Parting {
        self.entries.close();
        match tokio::time::timeout(patience, &mut self.work).await {
            Ok(worked) => Parting::Ended(self.last_resort.ended(worked)),
            Err(_) => Parting::Left(self.last_resort.left()),
        }
    }
}

/// How someone and a run part.
#[derive(Debug)]
pub enum Parting {
    /// It came to its end.
    Ended(StructuredOutcome),
    /// It stopped where it was: its journal has no end, and it can be resumed. The outcome tells what was done until there.
    Left(StructuredOutcome),
}

impl Drop for Run {
    fn drop(&mut self) {
        self.work.abort();
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Begins a run.
pub(super) fn start(inner: &Arc<Inner>, workflow: &Workflow, input: Value, options: RunOptions) -> Run {
    let (stop, (listener, entries)) = (watch::Sender::new(None), mpsc::unbounded_channel());
    let skills = resolve(inner, workflow);
    let now = inner.world.clock().wall();
    let drawn = inner.world.entropy().draw();
    let new_id = || new_run_id(whole_millis(now.since_epoch()), drawn.clone().unwrap_or_default());
    let id = options.id.unwrap_or_else(new_id);
    let place = inner.under_way.begin();
    let readable = place.as_ref().map_err(Failure::clone).and_then(|_| check_readable(&input));
    let begun = readable.and(drawn).and_then(|_| inner.world.entropy().draw()).and_then(|seed| {
        let money = &options.money;
        let limits = money.take(id, workflow.budget(), now)?;
        let mut started = run_started(inner, workflow, &input, &skills, (id, Seed::from_bytes(seed), limits));
        started.budget = money.budget.as_ref().map(|budget| budget.name().clone());
        begin(inner, workflow, options.sink, started, (listener, money.budget.clone()))
            .inspect_err(|_| money.give_back(id, now))
    });
    let (workflow, place) = (workflow.clone(), place.ok());
    follow(inner, Beginning { id, workflow, input, begun, skills, stop, entries, now, place })
}

/// A run that is about to be followed to its end.
pub(super) struct Beginning {
    pub id: RunId,
    pub workflow: Workflow,
    pub input: Value,
    pub begun: Result<Arc<LiveRun>, Failure>,
    pub skills: Skills,
    pub stop: watch::Sender<Option<StopReason>>,
    pub entries: mpsc::UnboundedReceiver<Arc<Entry>>,
    pub now: Timestamp,
    /// Among the runs that are under way; a rehearsal has none.
    pub place: Option<Place>,
}

/// Follows a run to its end, in a task of its own.
pub(super) fn follow(inner: &Arc<Inner>, beginning: Beginning) -> Run {
    let Beginning { id, workflow, input, begun, skills, stop, entries, now, place } = beginning;
    let live = begun.as_ref().ok().cloned();
    let last_resort = LastResort { id, inner: Arc::clone(inner), live, workflow: workflow.clone() };
    let (at_work, over) = watch::channel(());
    let (inner, asked) = (Arc::clone(inner), stop.clone());
    let work = tokio::spawn(async move {
        let outcome = match begun {
            Ok(live) => live_run(inner, live, workflow, input, (skills, asked)).await,
            Err(failure) => {
                inner.metrics.run_refused(&failure);
                StructuredOutcome::refused(id, &failure, now)
            }
        };
        drop((at_work, place));
        outcome
    });
    Run { id, stop, entries, over, work, last_resort }
}

/// An input that the journal could not give back, such as one of a thousand levels, begins nothing.
fn check_readable(input: &Value) -> Result<(), Failure> {
    let refused =
        |error: json::JsonInvalid| Failure::new(error.code, format!("the input: {}", error.message));
    json::read(&input.to_string()).map(|_| ()).map_err(refused)
}

pub(super) type Skills = BTreeMap<SkillId, Result<Arc<Prepared>, Failure>>;

fn resolve(inner: &Inner, workflow: &Workflow) -> Skills {
    let names: BTreeSet<&SkillId> = workflow.steps().iter().map(|step| &step.skill).collect();
    let find = |name: &SkillId| {
        let known: Vec<String> =
            inner.registry.all().iter().map(|skill| skill.metadata().id.to_string()).take(12).collect();
        inner.registry.get(name).ok_or_else(|| {
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Failure::new(
                ErrorCode::SkillNotFound,
                format!("no skill {name} is registered; there are: {known}"),
            )
        })
    };
    names.into_iter().map(|name| (name.clone(), find(name))).collect()
}

fn run_started(
    inner: &Inner,
    workflow: &Workflow,
    input: &Value,
    skills: &Skills,
    (run, seed, limits): (RunId, Seed, Limits),
) -> RunStarted {
    let pin = |skill: &Result<Arc<Prepared>, Failure>| match skill {
        Ok(skill) => PinnedSkill::Component {
            digest: skill.metadata().digest,
            version: skill.metadata().version.clone(),
        },
        Err(failure) => PinnedSkill::Refused { failure: failure.clone() },
    };
    RunStarted {
        format: FORMAT_VERSION,
        run,
        workflow: workflow.name().to_owned(),
        workflow_digest: workflow.digest(),
        workflow_text: workflow.text().to_owned(),
        input: input.clone(),
        ceiling: limits.ceiling,
        absorbed_ceiling: limits.absorbed_ceiling,
        failed_steps: limits.failed_steps,
        budget: None,
        prices: inner.prices.digest(),
        fuel_price: inner.prices.fuel,
        seed,
        engine: inner.registry.compiler().engine().fingerprint(),
        skills: skills.iter().map(|(name, skill)| (name.clone(), pin(skill))).collect(),
        stubs: inner.world.stubs(),
    }
}

fn begin(
    inner: &Inner,
    workflow: &Workflow,
    sink: Option<Box<dyn Sink>>,
    started: RunStarted,
    (listener, agent): (mpsc::UnboundedSender<Arc<Entry>>, Option<Arc<dyn AgentBudget>>),
) -> Result<Arc<LiveRun>, Failure> {
    let policy = Arc::new(Policy::new(workflow.grants().clone()));
    let world = inner.world.open(&policy);
    let (clock, wall) = (Arc::clone(&world.clock), world.clock.wall());
    let time = RunTime { origin: clock.monotonic(), before: Duration::ZERO };
    let budget = stoppable(BudgetTracker::with_limits(started.limits()), agent.as_ref());
    let sink = sink.unwrap_or_else(|| Box::new(MemorySink::default()));
    let sink = Box::new(MeteredSink::new(sink, inner.metrics.clone()));
    // Entries carry the wall time of the start and the monotonic time since then, so that they never step back.
    let clock = Box::new(move || wall.plus(time.at(clock.monotonic())));
    let listener = measured(inner.metrics.meter(Mode::Live), listen(listener));
    let recorder = Recorder::start(sink, clock, listener, started)?;
    let prices = Arc::clone(&inner.prices);
    let behind = Behind::Nothing;
    Ok(Arc::new(LiveRun { recorder, world, budget, agent, prices, policy, time, behind }))
}

/// The ledger of a run, which reserves nothing once its named budget is stopped.
pub(super) fn stoppable(budget: BudgetTracker, agent: Option<&Arc<dyn AgentBudget>>) -> BudgetTracker {
    match agent.cloned() {
        Some(agent) => budget.stopped_by(Box::new(move || agent.is_stopped())),
        None => budget,
    }
}

/// Hands entries on to the handle.
pub(super) fn listen(listener: mpsc::UnboundedSender<Arc<Entry>>) -> Listener {
    Box::new(move |entry: &Arc<Entry>| {
        // Nobody listens any more once the handle waits for the outcome.
        let _ = listener.send(Arc::clone(entry));
    })
}

async fn live_run(
    inner: Arc<Inner>,
    live: Arc<LiveRun>,
    workflow: Workflow,
    input: Value,
    (skills, stop): (Skills, watch::Sender<Option<StopReason>>),
) -> StructuredOutcome {
    let made = live.rehearsing().is_none();
    let _under_way = made.then(|| inner.metrics.run_begins());
    let ending = match keep_components(&inner, &skills) {
        Ok(()) => {
            let plan = RunPlan {
                workflow: workflow.clone(),
                input,
                course: Course::Live(Arc::clone(&live)),
                skills,
                stop,
                permits: Arc::clone(&inner.permits),
                metrics: inner.metrics.clone(),
            };
            course::follow(plan).await
        }
        Err(failure) => Err(failure),
    };
    let outcome = finish(&live, &workflow, ending).await;
    if made {
        inner.metrics.run_took(live.elapsed());
    }
    outcome
}

fn keep_components(inner: &Inner, skills: &Skills) -> Result<(), Failure> {
    let Some(store) = &inner.components else {
        return Ok(());
    };
    skills.values().flatten().try_for_each(|skill| store.keep(skill))
}

/// Seals the journal. When it cannot be written, the outcome says so, and is true of everything up to there.
async fn finish(
    live: &LiveRun,
    workflow: &Workflow,
    ending: Result<RunEnding, Failure>,
) -> StructuredOutcome {
    if let Err(failure) = &ending
        && live.past().is_some()
        && failure.code.row().category == ErrorCategory::Integrity
    {
        // A run that does something else than its journal holds did not end: its journal stays as it is.
        live.recorder
            .break_off(JournalError::Io { what: "is not gone on with", reason: failure.to_string() });
        return unsealed(live, workflow, failure.clone());
    }
    let sealed = live.recorder.append_with(None, |at, facts| {
        let ending = match ending {
            Ok(ending) => course::audited(facts, ending),
            Err(failure) => course::failed(failure),
        };
        let outcome = course::outcome(facts, ending, workflow, at);
        (Event::RunEnded(Box::new(RunEnded { outcome: outcome.clone() })), outcome)
    });
    let outcome = match sealed {
        Ok((_, outcome)) => live.sync().await.map(|()| outcome),
        Err(error) => Err(error.into()),
    };
    if let Ok(outcome) = &outcome {
        give_back_rest(live, outcome).await;
    }
    outcome.unwrap_or_else(|failure| unsealed(live, workflow, failure))
}

/// Tells the named budget what the run has spent. Where that fails, the run holds its ceilings until someone settles it:
/// the outcome is sealed, and is not changed by it.
async fn give_back_rest(live: &LiveRun, outcome: &StructuredOutcome) {
    let Some(agent) = live.agent.clone() else { return };
    let (run, at) = (outcome.run_id, live.world.clock.wall());
    let spent = live.recorder.with_facts(RunSpending::of);
    let _ = tokio::task::spawn_blocking(move || agent.settle(run, spent, at)).await;
}

fn unsealed(live: &LiveRun, workflow: &Workflow, failure: Failure) -> StructuredOutcome {
    let (now, facts) = (live.recorder.now(), live.recorder.with_facts(Facts::clone));
    let open = failure.code;
    course::unended(facts, (failure, open), workflow, now)
}

impl LastResort {
    /// What a run came to. One whose task panicked ends here.
    fn ended(&self, worked: Result<StructuredOutcome, JoinError>) -> StructuredOutcome {
        worked.unwrap_or_else(|error| {
            let message = format!("the run panicked in the host: {error}");
            self.outcome(Failure::new(ErrorCode::HostPanic, message))
        })
    }

    /// A run that is left ends nowhere: nothing is written any more.
    fn left(&self) -> StructuredOutcome {
        let failure = Failure::new(
            ErrorCode::Cancelled,
            "the run was left where it was; it has no end, and can be resumed",
        );
        if let Some(live) = &self.live {
            live.recorder.break_off(JournalError::Io { what: "was left", reason: failure.message.clone() });
        }
        self.outcome(failure)
    }

    /// With everything that the journal holds, if there is one.
    fn outcome(&self, failure: Failure) -> StructuredOutcome {
        match &self.live {
            Some(live) => unsealed(live, &self.workflow, failure),
            None => StructuredOutcome::refused(self.id, &failure, self.inner.world.clock().wall()),
        }
    }
}
