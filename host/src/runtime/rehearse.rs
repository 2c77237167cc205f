//! A recorded run that is made again with something else happening at named calls. It is no replay, and proves nothing: it
//! shows what the run would have come to.

use std::sync::Arc;
use std::time::Duration;

use aos_core::budget::BudgetTracker;
use aos_core::failure::Failure;
use aos_core::journal::{Injections, JournalError, Recorder, Recording, Rehearsal};
use aos_core::outcome::StructuredOutcome;
use aos_core::policy::Policy;
use aos_core::units::Timestamp;
use tokio::sync::{mpsc, watch};

use super::run::{Beginning, follow, listen};
use super::{Inner, replay};
use crate::gate::{Behind, LiveRun, Rehearsing, RunTime};
use crate::providers::{MemorySink, StillClock, StubWorld, World, WorldSession};

/// Makes a recorded run again.
pub(super) async fn rehearse(
    inner: &Arc<Inner>,
    recording: Recording,
    injections: Injections,
) -> Result<StructuredOutcome, Failure> {
    let known = Rehearsal::new(recording, injections)?;
    let started = known.run_started().clone();
    replay::check_engine(inner, &started)?;
    let workflow = replay::workflow_of(&started)?;
    // What it shows is what a live run would have come to, so it has the engine and the stack of one.
    let skills = replay::resolve_live(inner, &started).await?;
    let (stop, (listener, entries)) = (watch::Sender::new(None), mpsc::unbounded_channel());
    let (id, input, now) = (started.run, started.input.clone(), known.started());
    let stubs = inner.world.stubs().is_some();
    // The live world is not even opened.
    let outside = if stubs { inner.world.clone() } else { World::stub(StubWorld::empty()) };
    let policy = Arc::new(Policy::new(workflow.grants().clone()));
    let clock = Arc::new(StillClock::new(now));
    let world = WorldSession { clock: Arc::<StillClock>::clone(&clock), ..outside.open(&policy) };
    let recorder = record(&clock, now, listen(listener), started.clone())?;
    let live = LiveRun {
        recorder,
        world,
        budget: BudgetTracker::with_limits(started.limits()),
        agent: None,
        prices: Arc::clone(&inner.prices),
        policy,
        time: RunTime { origin: Duration::ZERO, before: Duration::ZERO },
        behind: Behind::Rehearsed(Arc::new(Rehearsing { known, clock, stubs })),
        trace: started.trace(),
    };
    let begun = Ok(Arc::new(live));
    let place = None;
    let beginning = Beginning { id, workflow, input, begun, skills, stop, entries, now, place };
    Ok(follow(inner, beginning).outcome().await)
}

fn record(
    clock: &Arc<StillClock>,
    start: Timestamp,
    listener: aos_core::journal::Listener,
    started: aos_core::journal::RunStarted,
) -> Result<Recorder, JournalError> {
    use crate::providers::Clock as _;
    let clock = Arc::clone(clock);
    let now = Box::new(move || start.plus(clock.monotonic()));
    Recorder::start(Box::new(MemorySink::default()), now, listener, started)
}
