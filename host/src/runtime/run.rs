//! A live run: its beginning, its handle, its end.

use std::sync::Arc;
use std::time::Duration;

use aos_core::agent_budget::RunSpending;
use aos_core::budget::BudgetTracker;
use aos_core::failure::{ErrorCategory, ErrorCode, Failure, NEW_JOURNAL};
use aos_core::ids::{RunId, Seed};
use aos_core::journal::{
    Entry, Event, Facts, JournalError, Listener, Recorder, RunEnded, RunEnding, RunStarted, Sink,
};
use aos_core::outcome::StructuredOutcome;
use aos_core::policy::Policy;
use aos_core::units::{Timestamp, whole_millis};
use aos_core::workflow::Workflow;
use futures_util::stream::{self, Stream};
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle};
use tracing::Instrument as _;

use super::pinned::{Skills, check_readable, resolve, run_started};
use super::under_way::Place;
use super::{Inner, RunOptions, course, new_run_id, traced};
use crate::gate::{Behind, Course, LiveRun, Mode, RunTime};
use crate::invocation::StopReason;
use crate::metrics::{MeteredSink, Metrics, measured};
use crate::providers::{AgentBudget, MemorySink};
use crate::sandbox::{caught_in, panicked};
use crate::workflow::{RunPlan, stop};

/// A run that goes on. Dropped, it stops where it is, and its journal has no end.
pub struct Run {
    id: RunId,
    stop: watch::Sender<Option<StopReason>>,
    entries: mpsc::UnboundedReceiver<Arc<Entry>>,
    /// Closed when the work is over, however it ended.
    over: watch::Receiver<()>,
    /// None where there is no tokio runtime to do it.
    work: Option<JoinHandle<StructuredOutcome>>,
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
        match &mut self.work {
            Some(work) => {
                let worked = work.await;
                self.last_resort.ended(worked)
            }
            None => self.last_resort.homeless(),
        }
    }

    /// Waits for its end as long as it is told, and leaves it then.
    pub async fn leave(mut self, patience: Duration) -> Parting {
        self.entries.close();
        let Some(work) = &mut self.work else { return Parting::Ended(self.last_resort.homeless()) };
        match tokio::time::timeout(patience, work).await {
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
        self.work.iter().for_each(JoinHandle::abort);
    }
}

impl std::fmt::Debug for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What became of the journal of a run that was left.
const LEFT: &str = "was left";

/// Begins a run.
pub(super) fn start(inner: &Arc<Inner>, workflow: &Workflow, input: Value, options: RunOptions) -> Run {
    let (stop, (listener, entries)) = (watch::Sender::new(None), mpsc::unbounded_channel());
    let skills = resolve(inner, workflow);
    let told = caught_in(|| inner.world.clock().wall());
    let now = told.clone().unwrap_or(Timestamp::EPOCH);
    let draw = || caught_in(|| inner.world.entropy().draw()).and_then(|drawn| drawn);
    let drawn = draw();
    let new_id = || new_run_id(whole_millis(now.since_epoch()), drawn.clone().unwrap_or_default());
    let id = options.id.unwrap_or_else(new_id);
    let place = inner.under_way.begin();
    let readable = place.as_ref().map_err(Failure::clone).and_then(|_| check_readable(&input));
    let begun = told.and(readable).and(drawn).and_then(|_| draw()).and_then(|seed| {
        let money = &options.money;
        keep_components(inner, &skills)?;
        let limits = caught_in(|| money.take(id, workflow.budget(), now))??;
        let mut started = run_started(inner, workflow, &input, &skills, (id, Seed::from_bytes(seed), limits));
        started.traceparent = options.trace;
        started.budget = caught_in(|| money.budget.as_ref().map(|budget| budget.name().clone()))?;
        let to = (listener, money.budget.clone());
        let begun = caught_in(|| begin(inner, workflow, options.sink, started, to));
        begun.and_then(|begun| begun).inspect_err(|_| money.give_back(id, now))
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

/// How a run comes to be, for those who read logs.
fn mode(live: Option<&LiveRun>) -> &'static str {
    match live.map(|live| &live.behind) {
        None | Some(Behind::Nothing) => "live",
        Some(Behind::Killed(_)) => "resume",
        Some(Behind::Rehearsed(_)) => "rehearsal",
    }
}

/// Follows a run to its end, in a task of its own.
pub(super) fn follow(inner: &Arc<Inner>, beginning: Beginning) -> Run {
    let Beginning { id, workflow, input, begun, skills, stop, entries, now, place } = beginning;
    let live = begun.as_ref().ok().cloned();
    let trace = live.as_ref().map(|live| live.trace);
    let span = traced::span(mode(live.as_deref()), id, &workflow, trace);
    let last_resort = LastResort { id, inner: Arc::clone(inner), live, workflow: workflow.clone() };
    let (at_work, over) = watch::channel(());
    let (inner, asked) = (Arc::clone(inner), stop.clone());
    let home = Handle::try_current().ok();
    let work = async move {
        traced::begins(&workflow);
        let outcome = match begun {
            Ok(live) => live_run(inner, live, workflow, input, (skills, asked)).await,
            Err(failure) => {
                inner.metrics.run_refused(&failure);
                StructuredOutcome::refused(id, &failure, now)
            }
        };
        traced::ended(&outcome);
        drop((at_work, place));
        outcome
    };
    let work = home.map(|home| home.spawn(work.instrument(span)));
    Run { id, stop, entries, over, work, last_resort }
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
    let sink = Box::new(MeteredSink::new(sink, &inner.metrics));
    // Entries carry the wall time of the start and the monotonic time since then, so that they never step back.
    let clock = Box::new(move || wall.plus(time.at(clock.monotonic())));
    let trace = started.trace();
    let unbegun = |error| Failure::from(error).with_subcode(NEW_JOURNAL);
    let listener = measured(inner.metrics.meter(Mode::Live), listen(listener));
    let recorder = Recorder::start(sink, clock, listener, started).map_err(unbegun)?;
    let prices = Arc::clone(&inner.prices);
    let behind = Behind::Nothing;
    Ok(Arc::new(LiveRun { recorder, world, budget, agent, prices, policy, time, behind, trace }))
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
    let _under_way = live.rehearsing().is_none().then(|| inner.metrics.run_begins());
    let plan = RunPlan {
        workflow: workflow.clone(),
        input,
        course: Course::Live(Arc::clone(&live)),
        skills,
        stop,
        permits: Arc::clone(&inner.permits),
        metrics: inner.metrics.clone(),
    };
    let ending = course::follow(plan).await;
    finish(&inner.metrics, &live, &workflow, ending).await
}

/// A run begins when its components are kept, so that whatever comes of it can be replayed and resumed.
pub(super) fn keep_components(inner: &Inner, skills: &Skills) -> Result<(), Failure> {
    let Some(store) = &inner.components else {
        return Ok(());
    };
    skills.values().flatten().try_for_each(|skill| store.keep(skill))
}

/// Seals the journal. When it cannot be written, the outcome says so, and is true of everything up to there.
async fn finish(
    metrics: &Metrics,
    live: &LiveRun,
    workflow: &Workflow,
    ending: Result<RunEnding, Failure>,
) -> StructuredOutcome {
    if let Err(failure) = &ending
        && live.past().is_some()
        && (failure.code.row().category == ErrorCategory::Integrity || failure.code == ErrorCode::HostPanic)
    {
        // A run that does something else than its journal holds, or that panicked before it had done all of that again,
        // did not end: its journal stays as it is.
        live.recorder
            .break_off(JournalError::Io { what: "is not gone on with", reason: failure.to_string() });
        return counted(metrics, live, unsealed(live, workflow, failure.clone()));
    }
    let panic = ending.as_ref().err().filter(|failure| failure.code == ErrorCode::HostPanic).cloned();
    let sealed = live.recorder.append_with(None, |at, facts| {
        let ending = match ending {
            Ok(ending) => course::audited(facts, ending),
            Err(failure) => course::failed(failure),
        };
        let outcome = course::outcome(facts, ending, workflow, at);
        (Event::RunEnded(Box::new(RunEnded { outcome: outcome.clone() })), outcome)
    });
    let unwritten = |error: JournalError| {
        let was_left = matches!(error, JournalError::Io { what: LEFT, .. });
        let outcome = unsealed(live, workflow, panic.clone().unwrap_or_else(|| error.into()));
        if was_left { outcome } else { counted(metrics, live, outcome) }
    };
    let outcome = match sealed {
        Ok((_, outcome)) => live.sync().await.map(|()| outcome),
        Err(error) => return unwritten(error),
    };
    if let Ok(outcome) = &outcome {
        give_back_rest(live, outcome).await;
    }
    // A panic that took the journal with it is why the run ends.
    outcome.unwrap_or_else(|failure| unsealed(live, workflow, panic.unwrap_or(failure)))
}

/// Tells the named budget what the run has spent. Where that fails, the run holds its ceilings until someone settles it:
/// the outcome is sealed, and is not changed by it.
async fn give_back_rest(live: &LiveRun, outcome: &StructuredOutcome) {
    let Some(agent) = live.agent.clone() else { return };
    let (run, at) = (outcome.run_id, live.world.clock.wall());
    let spent = live.recorder.with_facts(RunSpending::of);
    let _ = tokio::task::spawn_blocking(move || caught_in(|| agent.settle(run, spent, at))).await;
}

/// A run that ended and has no entry to say so is counted all the same.
fn counted(metrics: &Metrics, live: &LiveRun, outcome: StructuredOutcome) -> StructuredOutcome {
    if live.rehearsing().is_none() {
        metrics.run_unsealed(&outcome);
    }
    outcome
}

fn unsealed(live: &LiveRun, workflow: &Workflow, failure: Failure) -> StructuredOutcome {
    let facts = live.recorder.with_facts(Facts::clone);
    // The clock may be what panicked.
    let now = caught_in(|| live.recorder.now()).unwrap_or(facts.last());
    let open = failure.code;
    course::unended(facts, (failure, open), workflow, now)
}

impl LastResort {
    /// What a run came to. One whose task panicked ends here.
    fn ended(&self, worked: Result<StructuredOutcome, JoinError>) -> StructuredOutcome {
        worked.unwrap_or_else(|error| {
            let cancelled = || Failure::new(ErrorCode::HostPanic, "the task of the run is lost");
            let failure = error.try_into_panic().map_or_else(|_| cancelled(), panicked);
            self.counted(self.outcome(failure))
        })
    }

    /// A run that no tokio runtime runs does not even begin.
    fn homeless(&self) -> StructuredOutcome {
        let message = "a run is started within a tokio runtime, and there is none";
        self.counted(self.outcome(Failure::new(ErrorCode::ConfigInvalid, message)))
    }

    fn counted(&self, outcome: StructuredOutcome) -> StructuredOutcome {
        match &self.live {
            Some(live) => counted(&self.inner.metrics, live, outcome),
            None => outcome,
        }
    }

    /// A run that is left ends nowhere: nothing is written any more.
    fn left(&self) -> StructuredOutcome {
        let failure = Failure::new(
            ErrorCode::Cancelled,
            "the run was left where it was; it has no end, and can be resumed",
        );
        if let Some(live) = &self.live {
            live.recorder.break_off(JournalError::Io { what: LEFT, reason: failure.message.clone() });
        }
        self.outcome(failure)
    }

    /// With everything that the journal holds, if there is one.
    fn outcome(&self, failure: Failure) -> StructuredOutcome {
        match &self.live {
            Some(live) => unsealed(live, &self.workflow, failure),
            None => StructuredOutcome::refused(self.id, &failure, self.inner.now()),
        }
    }
}
