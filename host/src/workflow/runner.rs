//! The graph of a run: which steps may begin, which are skipped, and how the whole ends.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::{SkillId, StepId};
use aos_core::journal::{Cursor, RunEnding, StepEnded};
use aos_core::outcome::Status;
use aos_core::policy::Environment;
use aos_core::retry::ends_the_run;
use aos_core::workflow::{OnError, Step, Workflow};
use serde_json::Value;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tracing::{Instrument as _, Span, field, info_span};

use super::elements::Elements;
use super::{Scope, ledger, step};
use crate::gate::Course;
use crate::invocation::{Prepared, StopReason};
use crate::metrics::Metrics;

/// Steps of a run that have begun and not ended: many more than invocations that run at one time, so that steps that wait
/// before another attempt keep nobody from running; and not all of a workflow, whose steps would wait in memory.
const MOST_BEGUN: usize = 1024;

/// What each skill's name stands for in one run.
pub(super) type Skills = BTreeMap<SkillId, Result<Arc<Prepared>, Failure>>;

/// What a run is made of.
pub(crate) struct RunPlan {
    /// The workflow.
    pub workflow: Workflow,
    /// Its input.
    pub input: Value,
    /// Live, or from a journal.
    pub course: Course,
    /// What each skill's name stands for.
    pub skills: Skills,
    /// Where someone asks it to stop.
    pub stop: watch::Sender<Option<StopReason>>,
    /// How many invocations may run at one time.
    pub permits: Arc<Semaphore>,
    /// What is counted.
    pub metrics: Metrics,
}

/// What the steps of a run share.
pub(super) struct RunContext {
    pub course: Course,
    pub scope: Scope,
    pub skills: Skills,
    pub stop: watch::Sender<Option<StopReason>>,
    pub permits: Arc<Semaphore>,
    pub metrics: Metrics,
    pub deadline: Option<Duration>,
    /// The variables that the workflow grants.
    pub environment: Environment,
    /// Elements of steps whose tasks are still there.
    pub elements: Elements,
}

/// Runs a workflow's steps.
pub(crate) struct Runner {
    context: Arc<RunContext>,
    workflow: Workflow,
    graph: Graph,
    running: JoinSet<(usize, Result<StepEnded, Failure>)>,
}

/// The steps by their place in the file: what waits for what, and what has ended.
struct Graph {
    places: BTreeMap<StepId, usize>,
    dependents: Vec<Vec<usize>>,
    open_needs: Vec<usize>,
    ready: VecDeque<usize>,
    ended: Vec<Option<StepEnded>>,
}

impl Runner {
    /// A runner at the beginning.
    #[must_use]
    pub(crate) fn new(plan: RunPlan) -> Self {
        let RunPlan { workflow, input, course, skills, stop, permits, metrics } = plan;
        let (scope, deadline) = (Scope::new(input), workflow.deadline());
        let context = RunContext {
            course,
            scope,
            skills,
            stop,
            permits,
            metrics,
            deadline,
            environment: workflow.grants().environment.clone(),
            elements: Elements::default(),
        };
        let graph = Graph::new(workflow.steps());
        Self { context: Arc::new(context), workflow, graph, running: JoinSet::new() }
    }

    /// Runs to the end.
    ///
    /// # Errors
    ///
    /// A failure that ends the run without an entry in its journal: a journal that cannot be written, a divergence.
    pub(crate) async fn run(mut self) -> Result<RunEnding, Failure> {
        let ended = self.follow().await;
        // Nothing goes on behind the back of a run that has ended, however it did.
        self.running.shutdown().await;
        self.context.elements.gone().await;
        ended
    }

    async fn follow(&mut self) -> Result<RunEnding, Failure> {
        let (deadline, mut is_over) = (deadline(Arc::clone(&self.context)), false);
        tokio::pin!(deadline);
        self.refuse_missing_skills()?;
        self.begin_what_can()?;
        while !self.running.is_empty() {
            tokio::select! {
                () = &mut deadline, if !is_over => {
                    is_over = true;
                    stop(&self.context.stop, StopReason::Deadline);
                }
                Some(joined) = self.running.join_next() => {
                    let (place, ended) = joined.map_err(|error| {
                        Failure::new(ErrorCode::HostPanic, format!("a step panicked in the host: {error}"))
                    })?;
                    self.has_ended(place, ended?);
                    self.begin_what_can()?;
                }
            }
        }
        Ok(self.ending())
    }

    /// A skill that cannot be run fails its step, and with it the run, before anything is spent on the others.
    fn refuse_missing_skills(&mut self) -> Result<(), Failure> {
        let steps = self.workflow.steps().iter().enumerate();
        let missing = steps.filter(|(_, step)| step.on_error == OnError::Fail).find_map(|(place, step)| {
            let failure = self.context.skill(&step.skill).err()?;
            Some((place, failure))
        });
        let Some((place, failure)) = missing else {
            return Ok(());
        };
        self.graph.ready.retain(|ready| *ready != place);
        self.end_early(place, ledger::ended_early(Status::Failure, Some(failure)))
    }

    /// Begins every step whose needs have ended, and skips every one that needs what failed.
    fn begin_what_can(&mut self) -> Result<(), Failure> {
        while let Some(place) = self.next_ready() {
            let Some(step) = self.workflow.steps().get(place).cloned() else {
                continue;
            };
            if self.graph.has_ended(place) {
                continue;
            }
            if let Some(need) = self.failed_need(&step) {
                let message = format!("it needs step {need}, which failed");
                let failure = Failure::new(ErrorCode::DependencyFailed, message);
                self.end_early(place, ledger::ended_early(Status::Skipped, Some(failure)))?;
                continue;
            }
            let context = Arc::clone(&self.context);
            let step = Arc::new(step);
            let span = span(&context.course, &step);
            let work = async move { (place, step::run(context, step).await) };
            self.running.spawn(work.instrument(span));
        }
        Ok(())
    }

    /// The next step that may begin. A rehearsal runs one after the other.
    fn next_ready(&mut self) -> Option<usize> {
        let most = if self.context.course.is_rehearsal() { 1 } else { MOST_BEGUN };
        if self.running.len() < most { self.graph.ready.pop_front() } else { None }
    }

    fn end_early(&mut self, place: usize, ended: StepEnded) -> Result<(), Failure> {
        let Some(step) = self.workflow.steps().get(place) else {
            return Ok(());
        };
        let cursor = Cursor { step: step.id.clone(), item: None, attempt: 1 };
        let ended = ledger::end_early(&self.context.course, &cursor, ended)?;
        self.has_ended(place, ended);
        Ok(())
    }

    fn failed_need(&self, step: &Step) -> Option<StepId> {
        let fatal = |need: &&StepId| self.graph.places.get(*need).is_some_and(|place| self.is_fatal(*place));
        step.needs.iter().find(fatal).cloned()
    }

    /// Whether a step's end keeps the run from succeeding, and its dependents from running.
    fn is_fatal(&self, place: usize) -> bool {
        let (Some(Some(ended)), Some(step)) = (self.graph.ended.get(place), self.workflow.steps().get(place))
        else {
            return false;
        };
        is_fatal(step, ended)
    }

    fn has_ended(&mut self, place: usize, ended: StepEnded) {
        let Some(step) = self.workflow.steps().get(place) else {
            return;
        };
        let outcome =
            ledger::with_facts(&self.context.course, |facts| facts.step_outcome(&step.id, &step.skill));
        if let Some(outcome) = outcome {
            let is_read = self.workflow.outcomes_read().reads(&step.id);
            self.context.scope.add(&step.id, &outcome, is_read);
        }
        self.graph.end(place, ended);
        if self.is_fatal(place) && matches!(self.context.course, Course::Live(_)) {
            stop(&self.context.stop, StopReason::SiblingFailed);
        }
    }

    fn ending(&self) -> RunEnding {
        if let Some((step, failure)) = self.first_fatal() {
            return RunEnding {
                status: Status::Failure,
                failure: Some(failure),
                step: Some(step),
                output: Value::Null,
            };
        }
        let output = match self.workflow.output() {
            Some(binding) => self.context.scope.bind(binding),
            None => Ok(self.context.scope.outputs()),
        };
        match output {
            Ok(output) => {
                let let_pass = self.was_let_pass();
                let status = if let_pass { Status::Partial } else { Status::Success };
                RunEnding { status, failure: None, step: None, output }
            }
            Err(failure) => {
                let pointer = format!("/output{}", failure.pointer.clone().unwrap_or_default());
                let failure = Some(failure.at(pointer));
                RunEnding { status: Status::Failure, failure, step: None, output: Value::Null }
            }
        }
    }

    /// Whether a step failed, and nothing stands in for its output.
    fn was_let_pass(&self) -> bool {
        let mut ended = self.workflow.steps().iter().zip(&self.graph.ended);
        ended.any(|(step, ended)| {
            step.on_error == OnError::Continue && ended.as_ref().is_some_and(|ended| ended.failure.is_some())
        })
    }

    /// The failure that names the run: of the steps that failed, the one whose end comes first in the journal; without
    /// any, of the steps that never began.
    fn first_fatal(&self) -> Option<(StepId, Failure)> {
        let steps = self.workflow.steps().iter().enumerate().filter(|(place, _)| self.is_fatal(*place));
        let fatal = steps.filter_map(|(place, step)| Some((step, self.graph.ended.get(place)?.as_ref()?)));
        let first = fatal.min_by_key(|(step, ended)| {
            let seq = ledger::with_facts(&self.context.course, |facts| facts.ended_at(&step.id));
            (ended.status == Status::Skipped, seq)
        });
        first.and_then(|(step, ended)| Some((step.id.clone(), ended.failure.clone()?)))
    }
}

impl RunContext {
    /// The skill that a name stands for in this run.
    pub(super) fn skill(&self, name: &SkillId) -> Result<Arc<Prepared>, Failure> {
        self.skills.get(name).cloned().unwrap_or_else(|| {
            Err(Failure::new(ErrorCode::SkillNotFound, format!("no skill {name} is registered")))
        })
    }
}

impl Graph {
    fn new(steps: &[Step]) -> Self {
        let places: BTreeMap<StepId, usize> =
            steps.iter().enumerate().map(|(i, step)| (step.id.clone(), i)).collect();
        let mut dependents = vec![Vec::new(); steps.len()];
        for (place, step) in steps.iter().enumerate() {
            for need in step.needs.iter().filter_map(|need| places.get(need)) {
                if let Some(waiting) = dependents.get_mut(*need) {
                    waiting.push(place);
                }
            }
        }
        let open_needs: Vec<usize> = steps.iter().map(|step| step.needs.len()).collect();
        let ready = open_needs.iter().enumerate().filter(|(_, open)| **open == 0).map(|(i, _)| i).collect();
        Self { places, dependents, open_needs, ready, ended: vec![None; steps.len()] }
    }

    fn has_ended(&self, place: usize) -> bool {
        self.ended.get(place).is_some_and(Option::is_some)
    }

    fn end(&mut self, place: usize, ended: StepEnded) {
        if let Some(slot) = self.ended.get_mut(place) {
            *slot = Some(ended);
        }
        for waiting in self.dependents.get_mut(place).map(std::mem::take).unwrap_or_default() {
            let Some(open) = self.open_needs.get_mut(waiting) else {
                continue;
            };
            *open = open.saturating_sub(1);
            if *open == 0 {
                self.ready.push_back(waiting);
            }
        }
    }
}

/// Whether an end keeps the run from succeeding, and what needs the step from running.
pub(super) fn is_fatal(step: &Step, ended: &StepEnded) -> bool {
    let Some(failure) = &ended.failure else {
        return false;
    };
    let passes = match step.on_error {
        OnError::Fail => false,
        OnError::Continue => true,
        OnError::Fallback(_) => ended.status == Status::Partial,
    };
    ended.status == Status::Skipped || !passes || ends_the_run(failure.code)
}

/// Becomes ready at the run's deadline. A replay has none.
async fn deadline(context: Arc<RunContext>) {
    match (context.deadline, &context.course) {
        (Some(deadline), Course::Live(run)) if context.course.waits() => {
            tokio::time::sleep(deadline.saturating_sub(run.elapsed())).await;
        }
        _ => std::future::pending().await,
    }
}

/// The span of a step, in that of its run.
fn span(course: &Course, step: &Step) -> Span {
    let span = info_span!("step", step = step.id.as_str(), span_id = field::Empty);
    if !span.is_disabled() {
        span.record("span_id", field::display(course.trace().step(&step.id)));
    }
    span
}

/// Asks a run to stop. The first reason stays.
pub(crate) fn stop(sender: &watch::Sender<Option<StopReason>>, reason: StopReason) {
    sender.send_if_modified(|current| {
        let first = current.is_none();
        if first {
            *current = Some(reason);
        }
        first
    });
}
