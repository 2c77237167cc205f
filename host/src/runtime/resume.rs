//! A run that was killed and goes on: what is recorded is not done again.

use std::collections::BTreeSet;
use std::sync::Arc;

use aos_core::agent_budget::Wish;
use aos_core::budget::{Balance, BudgetTracker, FailedSteps};
use aos_core::failure::{ErrorCode, Failure};
use aos_core::journal::{
    CallClass, Entry, Event, Facts, Listener, Past, Recorder, Recording, RunResumed, RunStarted, Sink, audit,
};
use aos_core::outcome::StructuredOutcome;
use aos_core::policy::Policy;
use aos_core::units::{Money, Timestamp};
use aos_core::workflow::Workflow;
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use super::run::{Beginning, Run, follow, keep_components, listen, stoppable};
use super::{Inner, course, replay};
use crate::gate::{Behind, LiveRun, Mode, RunTime};
use crate::metrics::{MeteredSink, measured};
use crate::providers::{AgentBudget, ChatRequest, WorldSession};

/// How a run goes on.
#[derive(Default)]
pub struct ResumeOptions {
    budget: Option<Arc<dyn AgentBudget>>,
    journal: Option<String>,
}

impl ResumeOptions {
    /// The named budget that the run draws from, which has to be the one that its journal names; and where that is.
    #[must_use]
    pub fn budget(mut self, budget: Arc<dyn AgentBudget>, journal: Option<String>) -> Self {
        (self.budget, self.journal) = (Some(budget), journal);
        self
    }

    /// What a run holds of its named budget it goes on holding; what was settled in the meantime it takes again.
    fn take_again(&self, started: &RunStarted, at: Timestamp) -> Result<(), Failure> {
        let invalid = |message: String| Err(Failure::new(ErrorCode::ConfigInvalid, message));
        let budget = match (&started.budget, &self.budget) {
            (None, None) => return Ok(()),
            (Some(name), Some(budget)) if name == budget.name() => budget,
            (Some(name), _) => {
                return invalid(format!("the run draws from the budget {name}; give that one"));
            }
            (None, Some(_)) => return invalid("the run draws from no named budget; give none".to_owned()),
        };
        let absorbed_ceiling = match started.failed_steps {
            FailedSteps::Absorb => started.absorbed_ceiling,
            FailedSteps::Charge => Money::ZERO,
        };
        let journal = self.journal.clone();
        let wish = Wish { ceiling: started.ceiling, absorbed_ceiling, or_less: false, journal };
        budget.take_again(started.run, wish, at).map(|_| ())
    }
}

/// Takes up a run. Nothing is written, and nothing is asked, when this fails.
pub(super) async fn resume(
    inner: &Arc<Inner>,
    sink: Box<dyn Sink>,
    recording: Recording,
    options: ResumeOptions,
) -> Result<Run, Failure> {
    let place = Some(inner.under_way.begin()?);
    let facts = recording.facts()?;
    let started = facts.run().clone();
    check(inner, &recording, &started)?;
    let workflow = replay::workflow_of(&started)?;
    let skills = replay::resolve_live(inner, &started).await?;
    keep_components(inner, &skills)?;
    options.take_again(&started, inner.world.clock().wall())?;
    let (stop, (listener, entries)) = (watch::Sender::new(None), mpsc::unbounded_channel());
    let live = begin(inner, (sink, recording), &workflow, (listen(listener), options.budget))?;
    let (id, input, now) = (started.run, started.input, facts.started());
    Ok(follow(inner, Beginning { id, workflow, input, begun: Ok(live), skills, stop, entries, now, place }))
}

/// The outcome of a run that may not go on: why, and what its journal holds so far. Of a journal that does not hold
/// together, nothing is shown as if it did.
pub(super) fn refused(inner: &Inner, so_far: Facts, failure: Failure) -> StructuredOutcome {
    let trusted = !matches!(failure.code, ErrorCode::ReplayDivergence | ErrorCode::JournalCorrupt);
    match replay::workflow_of(so_far.run()) {
        Ok(workflow) if trusted => {
            let last = so_far.last();
            course::unended(so_far, (failure, ErrorCode::UnknownOutcome), &workflow, last)
        }
        _ => StructuredOutcome::refused(so_far.run().run, &failure, inner.now()),
    }
}

/// A run goes on under the rules that it began under, or not at all.
fn check(inner: &Inner, recording: &Recording, started: &RunStarted) -> Result<(), Failure> {
    audit(recording)?;
    if recording.entries().iter().any(|entry| matches!(entry.event, Event::RunEnded(_))) {
        return Err(Failure::new(
            ErrorCode::RequestInvalid,
            "the run has ended; there is nothing to go on with",
        ));
    }
    replay::check_engine(inner, started)?;
    let invalid = |message: &str| Err(Failure::new(ErrorCode::ConfigInvalid, message));
    if started.prices != inner.prices.digest() {
        let (theirs, ours, day) = (started.prices, inner.prices.digest(), &inner.prices.as_of);
        return invalid(&format!(
            "the run began under the price list {theirs}, and this is {ours}, of {day}; give that one with --prices"
        ));
    }
    match (started.stubs, inner.world.stubs()) {
        (recorded, own) if recorded == own => Ok(()),
        (None, _) => invalid("the run began in the live world, and this one is a stub; leave --stubs out"),
        (Some(_), None) => invalid("the run began in a stub world; give its file with --stubs"),
        (Some(_), Some(_)) => invalid("the run began in another stub world; give the same file with --stubs"),
    }
}

fn begin(
    inner: &Inner,
    (sink, recording): (Box<dyn Sink>, Recording),
    workflow: &Workflow,
    (listener, agent): (Listener, Option<Arc<dyn AgentBudget>>),
) -> Result<Arc<LiveRun>, Failure> {
    let facts = recording.facts()?;
    let policy = Arc::new(Policy::new(workflow.grants().clone()));
    let world = inner.world.open(&policy);
    answered_before(&world, &recording);
    let time = RunTime { origin: world.clock.monotonic(), before: facts.last().since(facts.started()) };
    let (clock, began) = (Arc::clone(&world.clock), facts.started());
    let torn_bytes = recording.torn().map_or(0, |torn| torn.bytes as u64);
    let resumed = RunResumed { wall: world.clock.wall(), torn_bytes };
    let clock = Box::new(move || began.plus(time.at(clock.monotonic())));
    let mut meter = inner.metrics.meter(Mode::Live);
    meter.skip(recording.entries());
    let sink = Box::new(MeteredSink::new(sink, &inner.metrics));
    let recorder = Recorder::resume(sink, clock, measured(meter, listener), &recording, resumed)?;
    let budget = BudgetTracker::restored(balance(&facts), facts.run().failed_steps);
    let budget = stoppable(budget, agent.as_ref());
    let prices = Arc::clone(&inner.prices);
    let behind = Behind::Killed(Arc::new(Past::new(recording)?));
    let trace = facts.run().trace();
    Ok(Arc::new(LiveRun { recorder, world, budget, agent, prices, policy, time, behind, trace }))
}

/// The ledger as the journal adds up to it.
fn balance(facts: &Facts) -> Balance {
    let (run, cost) = (facts.run(), facts.cost());
    Balance {
        ceiling: run.ceiling,
        absorbed_ceiling: run.absorbed_ceiling,
        held: facts.held(),
        charged: cost.charged,
        absorbed: cost.absorbed,
        refunded: cost.refunded,
        overrun: cost.overrun,
        peak_held: cost.peak_held,
    }
}

/// Tells a world that answers in sequences how far the run was.
fn answered_before(world: &WorldSession, recording: &Recording) {
    let result = |entry: &Entry| match &entry.event {
        Event::Result(result) => Some((entry.cursor.clone()?, result.index)),
        _ => None,
    };
    let answered: BTreeSet<_> = recording.entries().iter().filter_map(result).collect();
    for entry in recording.entries() {
        let (Event::Intent(intent), Some(cursor)) = (&entry.event, &entry.cursor) else { continue };
        if intent.class != CallClass::Effect || !answered.contains(&(cursor.clone(), intent.index)) {
            continue;
        }
        let text = |name: &str| intent.request.get(name).and_then(Value::as_str).unwrap_or_default();
        match serde_json::from_value::<ChatRequest>(intent.request.clone()) {
            Ok(question) => world.llm.answered_before(&question),
            Err(_) => world.http.answered_before(text("method"), text("url")),
        }
    }
}
