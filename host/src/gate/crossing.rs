//! One attempt's gate: it counts, allows, reserves, records, performs and settles; or repeats from the journal.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aos_core::budget::{AttemptAccount, Fitted, InFlight, Quote};
use aos_core::failure::{ErrorCode, Failure};
use aos_core::journal::{CallClass, Cursor, Event, Intent, JournalError, Replayer, StepEnded};
use aos_core::outcome::Spending;
use aos_core::policy::Policy;
use aos_core::units::{Money, Timestamp};
use tokio::time::Instant;
use tracing::{Instrument as _, Span};

use super::behind::TakenUp;
use super::progress::Progress;
use super::settle::CameTo;
use super::{HostCall, LiveRun, Sending};
use crate::sandbox::{Stop, caught};

/// What one attempt may do at its gate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GateLimits {
    /// Calls and observations.
    pub host_calls: u32,
    /// How long one call may take, when it does not say less itself.
    pub call_time: Duration,
}

/// The gate of one attempt. A clone is the same gate.
#[derive(Clone)]
pub(crate) struct Gate(pub(super) Arc<Inner>);

/// What all clones of a gate share.
pub(super) struct Inner {
    pub(super) cursor: Cursor,
    pub(super) side: Side,
    limits: GateLimits,
    progress: Mutex<Progress>,
    /// Of the attempt.
    span: Span,
}

/// What lies beyond a gate.
pub(super) enum Side {
    Live {
        run: Arc<LiveRun>,
        account: AttemptAccount,
        policy: Policy,
    },
    Replay(Arc<Replayer>),
    /// A component is asked what it is: it gets no world at all.
    Nowhere,
}

/// What opening a call came to.
pub(super) enum Opened {
    Go(InFlight, Fitted),
    Denied(Failure),
    Ended(Failure),
}

impl Gate {
    /// A gate to the world.
    #[must_use]
    pub(crate) fn live(
        run: Arc<LiveRun>,
        account: AttemptAccount,
        policy: Policy,
        cursor: Cursor,
        limits: GateLimits,
    ) -> Self {
        Self::new(Side::Live { run, account, policy }, cursor, limits)
    }

    /// A gate to a journal.
    #[must_use]
    pub(crate) fn replay(replayer: Arc<Replayer>, cursor: Cursor, limits: GateLimits) -> Self {
        Self::new(Side::Replay(replayer), cursor, limits)
    }

    /// A gate to nothing: every effect is denied, nothing is recorded, and time stands still.
    #[must_use]
    pub(crate) fn nowhere(cursor: Cursor) -> Self {
        let limits = GateLimits { host_calls: u32::MAX, call_time: Duration::ZERO };
        Self::new(Side::Nowhere, cursor, limits)
    }

    fn new(side: Side, cursor: Cursor, limits: GateLimits) -> Self {
        Self(Arc::new(Inner { cursor, side, limits, progress: Mutex::default(), span: Span::current() }))
    }

    /// The one host call. The outer error ends the invocation; the inner one is a value for the guest.
    ///
    /// # Errors
    ///
    /// `CALL_LIMIT`, a refused reservation, a journal that cannot be written, a divergence.
    pub(crate) async fn call<C: HostCall>(&self, call: C) -> Result<(u32, Result<C::Answer, Failure>), Stop> {
        let index = self.next_index()?;
        self.progress().in_flight = Some(index);
        let answer = self.call_at(index, call, self.0.limits.call_time).await?;
        let answer = answer.ok_or_else(|| self.cut_off(index))?;
        self.progress().in_flight = None;
        Ok((index, answer))
    }

    /// The index of a call that the guest begins now and that is made when its request is whole.
    ///
    /// # Errors
    ///
    /// `CALL_LIMIT`.
    pub(crate) fn next_index(&self) -> Result<u32, Stop> {
        self.progress().next_call(self.0.limits.host_calls)
    }

    /// As [`Gate::call`], for a call that the guest does not wait in: it takes no longer than until `end`. `None` is a
    /// call that the recorded attempt left without a result when it was cut off.
    ///
    /// # Errors
    ///
    /// As [`Gate::call`].
    pub(crate) async fn call_aside<C: HostCall>(
        &self,
        index: u32,
        call: C,
        end: Option<Instant>,
    ) -> Result<Option<Result<C::Answer, Failure>>, Stop> {
        let was_cut = self.recorded_end().is_some_and(|ended| ended.interrupted.is_some());
        if was_cut && !self.was_begun(index) {
            return Ok(None);
        }
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        let limit = left.map_or(self.0.limits.call_time, |left| left.min(self.0.limits.call_time));
        match self.call_at(index, call, limit).await? {
            // Nothing cut the attempt off, so this call is what ended it.
            None if !was_cut => Err(self.cut_off(index)),
            answer => Ok(answer),
        }
    }

    async fn call_at<C: HostCall>(
        &self,
        index: u32,
        call: C,
        limit: Duration,
    ) -> Result<Option<Result<C::Answer, Failure>>, Stop> {
        let work = async {
            let came = self.cross(index, call, limit).await;
            self.tell(index, &came);
            came
        };
        work.instrument(self.span_of::<C>(index)).await
    }

    async fn cross<C: HostCall>(
        &self,
        index: u32,
        mut call: C,
        limit: Duration,
    ) -> Result<Option<Result<C::Answer, Failure>>, Stop> {
        let intent = Intent {
            index,
            call: C::NAME.to_owned(),
            class: CallClass::Effect,
            target: call.target(),
            request: call.request(),
            repeatable: call.repeatable(),
            held: Money::ZERO,
            held_for: Spending::default(),
            clamped_to: None,
        };
        let (run, account, policy) = match &self.0.side {
            Side::Live { run, account, policy } => (run, account, policy),
            Side::Replay(replayer) => return self.recall::<C>(replayer, &intent),
            Side::Nowhere => return Ok(Some(Err(no_world()))),
        };
        if let Some(rehearsing) = run.rehearsing() {
            return self.rehearse((run, rehearsing), (account, policy), call, intent).await;
        }
        let (in_flight, held_for) = match self.take_up(run, (account, policy), &call, &intent)? {
            TakenUp::Answered(answer) => return Ok(Some(answer)),
            TakenUp::SendAgain(in_flight) => (in_flight, Spending::default()),
            TakenUp::New => {
                let permitted = call.permit(policy).and_then(|()| call.quote(&run.prices));
                match self.record(run, |_| open(permitted, account, intent))? {
                    Opened::Go(in_flight, Fitted { parts, clamped_to }) => {
                        clamped_to.into_iter().for_each(|tokens| call.clamp(tokens));
                        (in_flight, parts)
                    }
                    Opened::Denied(failure) => {
                        return Ok(Some(Err(self.refused(run, index, failure, false)?)));
                    }
                    Opened::Ended(failure) => {
                        return Err(Stop::new(self.refused(run, index, failure, true)?));
                    }
                }
            }
        };
        self.progress().acted.leaves(call.repeatable());
        run.sync().await.map_err(Stop::new)?;
        let (world, prices, trace) = (&run.world, &*run.prices, self.handed_on(index));
        let answer = match caught(call.perform(Sending { world, prices, limit, trace })).await {
            Ok(answer) => answer.map_err(|failure| Failure { call: Some(index), ..failure }),
            Err(panic) => return Err(Stop::new(self.panicked(run, (panic, index), in_flight, held_for)?)),
        };
        let spent = match &answer {
            Ok(answer) => call.spent(answer, &run.prices),
            Err(failure) => call.lost(failure, &held_for),
        };
        self.settle(run, &call, CameTo { index, answer, spent, in_flight }).map(Some)
    }

    /// The live run that it belongs to.
    pub(super) fn live_run(&self) -> Option<&LiveRun> {
        match &self.0.side {
            Side::Live { run, .. } => Some(run),
            Side::Replay(_) | Side::Nowhere => None,
        }
    }

    /// The span of its attempt.
    pub(super) fn span(&self) -> &Span {
        &self.0.span
    }

    /// Which attempt it is the gate of.
    pub(super) fn cursor(&self) -> &Cursor {
        &self.0.cursor
    }

    /// How long one call may take.
    pub(super) fn call_time(&self) -> Duration {
        self.0.limits.call_time
    }

    /// What the host recorded of a call that failed or was answered with a refusal.
    #[must_use]
    pub(crate) fn failure_of(&self, index: u32) -> Option<Failure> {
        self.progress().failed.get(&index).cloned()
    }

    /// Monotonic time since the run began; none in a replay, where nobody waits.
    #[must_use]
    pub(crate) fn elapsed(&self) -> Option<Duration> {
        match &self.0.side {
            Side::Live { run, .. } if run.rehearsing().is_none() => Some(run.elapsed()),
            Side::Live { .. } | Side::Replay(_) | Side::Nowhere => None,
        }
    }

    /// Whether there is a world or a journal beyond it. A component that is asked what it is has neither.
    #[must_use]
    pub(crate) fn leads_somewhere(&self) -> bool {
        !matches!(self.0.side, Side::Nowhere)
    }

    /// The call that the guest waits in.
    #[must_use]
    pub(crate) fn in_flight(&self) -> Option<u32> {
        self.progress().in_flight
    }

    /// Whether making the attempt again does no more than making it once.
    #[must_use]
    pub(crate) fn is_repeatable(&self) -> bool {
        self.progress().acted.is_repeatable()
    }

    /// Gives the attempt's account back when the guest is gone: a gate that is still shared keeps it, and the account
    /// counts as failed then.
    #[must_use]
    pub(crate) fn into_account(self) -> Option<AttemptAccount> {
        match Arc::into_inner(self.0)?.side {
            Side::Live { account, .. } => Some(account),
            Side::Replay(_) | Side::Nowhere => None,
        }
    }

    pub(super) fn recorded_end(&self) -> Option<StepEnded> {
        match &self.0.side {
            Side::Replay(replayer) => replayer.ended(&self.0.cursor),
            Side::Live { run, .. } => run.rehearsing()?.known.ended(&self.0.cursor),
            Side::Nowhere => None,
        }
    }

    /// Whether the recorded attempt began the call of this index. A stub world answers calls that it never made.
    pub(super) fn was_begun(&self, index: u32) -> bool {
        let cursor = &self.0.cursor;
        match &self.0.side {
            Side::Replay(replayer) => replayer.holds(cursor, index),
            Side::Live { run, .. } => run
                .rehearsing()
                .is_none_or(|rehearsing| rehearsing.stubs || rehearsing.known.holds(cursor, index)),
            Side::Nowhere => true,
        }
    }

    pub(super) fn record<T>(
        &self,
        run: &LiveRun,
        make: impl FnOnce(Timestamp) -> (Event, T),
    ) -> Result<T, Stop> {
        let written = run.recorder.append_with(Some(&self.0.cursor), |at, _| make(at));
        written.map(|(_, made)| made).map_err(|error: JournalError| Stop::new(error.into()))
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reserves the worst price, or as much of it as is affordable, and says in the same entry what is about to happen.
pub(super) fn open(
    permitted: Result<Quote, Failure>,
    account: &AttemptAccount,
    intent: Intent,
) -> (Event, Opened) {
    match permitted.map(|quote| account.reserve_quote(&quote)) {
        Ok(Ok((reservation, fitted))) => {
            let (held, in_flight) = (reservation.amount(), reservation.sent());
            let Fitted { parts: held_for, clamped_to } = fitted;
            let intent = Intent { held, held_for, clamped_to, ..intent };
            (Event::Intent(intent), Opened::Go(in_flight, fitted))
        }
        Ok(Err(refusal)) => (Event::Intent(intent), Opened::Ended(refusal.into())),
        Err(failure) => (Event::Intent(intent), Opened::Denied(failure)),
    }
}

pub(super) fn no_world() -> Failure {
    Failure::new(ErrorCode::CapabilityDenied, "a component that is asked what it is has no world")
}
