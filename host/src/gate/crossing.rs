//! One attempt's gate: it counts, allows, reserves, records, performs and settles; or repeats from the journal.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aos_core::budget::{AttemptAccount, InFlight, Refusal};
use aos_core::failure::{ErrorCode, Failure, Settlement};
use aos_core::journal::{
    CallClass, CallResult, Cursor, Emitted, Event, Intent, Interrupted, JournalError, Observed, Recalled,
    Replayer,
};
use aos_core::outcome::OutcomeCode;
use aos_core::policy::Policy;
use aos_core::units::{Money, Timestamp};
use base64::Engine as _;
use serde_json::{Value, json};

use super::behind::TakenUp;
use super::progress::Progress;
use super::{HostCall, LiveRun};
use crate::sandbox::Stop;

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
pub(crate) struct Gate(Arc<Inner>);

struct Inner {
    cursor: Cursor,
    limits: GateLimits,
    side: Side,
    progress: Mutex<Progress>,
}

enum Side {
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
    Go(InFlight),
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
        Self(Arc::new(Inner { cursor, limits, side, progress: Mutex::default() }))
    }

    /// The one host call. The outer error ends the invocation; the inner one is a value for the guest.
    ///
    /// # Errors
    ///
    /// `CALL_LIMIT`, a refused reservation, a journal that cannot be written, a divergence.
    pub(crate) async fn call<C: HostCall>(&self, call: C) -> Result<(u32, Result<C::Answer, Failure>), Stop> {
        let index = self.next_call()?;
        let intent = Intent {
            index,
            call: C::NAME.to_owned(),
            class: CallClass::Effect,
            target: call.target(),
            request: call.request(),
            repeatable: call.repeatable(),
            held: Money::ZERO,
        };
        let (run, account, policy) = match &self.0.side {
            Side::Live { run, account, policy } => (run, account, policy),
            Side::Replay(replayer) => return self.recall::<C>(replayer, &intent),
            Side::Nowhere => return Ok((index, Err(no_world()))),
        };
        self.progress().in_flight = Some(index);
        if let Some(rehearsing) = run.rehearsing() {
            let answer = self.rehearse(run, rehearsing, (account, policy), call, intent).await?;
            let answer = answer.ok_or_else(|| self.cut_off(index))?;
            return Ok((index, answer));
        }
        let in_flight = match self.take_up(run, account, &call, &intent)? {
            TakenUp::Answered(answer) => return Ok((index, answer)),
            TakenUp::SendAgain(in_flight) => in_flight,
            TakenUp::New => {
                let permitted = call.permit(policy).and_then(|()| call.worst_price(&run.prices));
                match self.record(run, |_| open(permitted, account, intent))? {
                    Opened::Go(in_flight) => in_flight,
                    Opened::Denied(failure) => {
                        return Ok((index, Err(self.refused(run, index, failure, false)?)));
                    }
                    Opened::Ended(failure) => {
                        return Err(Stop::new(self.refused(run, index, failure, true)?));
                    }
                }
            }
        };
        self.progress().unrepeatable += u32::from(!call.repeatable());
        run.sync().await.map_err(Stop::new)?;
        let answer = call.perform(&run.world, &run.prices, self.0.limits.call_time).await;
        let answer = answer.map_err(|failure| Failure { call: Some(index), ..failure });
        let spent = match &answer {
            Ok(answer) => C::price(answer),
            Err(failure) => money_lost(failure, in_flight.amount()),
        };
        Ok((index, self.settle(run, index, &call, (answer, spent), in_flight)?))
    }

    /// Records what a call came to, with what became of its money.
    pub(super) fn settle<C: HostCall>(
        &self,
        run: &LiveRun,
        index: u32,
        call: &C,
        (answer, spent): (Result<C::Answer, Failure>, Money),
        in_flight: InFlight,
    ) -> Result<Result<C::Answer, Failure>, Stop> {
        let verdict = self.record(run, |at| {
            let verdict = match &answer {
                Ok(answer) => {
                    call.verdict(answer, at).map(|failure| Failure { call: Some(index), ..failure })
                }
                Err(failure) => Some(failure.clone()),
            };
            (Event::Result(result::<C>(index, &answer, verdict.as_ref(), in_flight, spent)), verdict)
        })?;
        self.progress().ended(index, verdict, call.repeatable());
        Ok(answer)
    }

    /// A look at something that changes by itself.
    ///
    /// # Errors
    ///
    /// As [`Gate::call`].
    pub(crate) fn observe(
        &self,
        name: &'static str,
        nowhere: Value,
        look: impl FnOnce(&LiveRun) -> Value,
    ) -> Result<Value, Stop> {
        let index = self.next_call()?;
        match &self.0.side {
            Side::Live { run, .. } => {
                if let Some(seen) = self.seen_before(run, index, name)? {
                    return Ok(seen);
                }
                self.record(run, |_| {
                    let value = look(run);
                    (Event::Observed(Observed { index, call: name.to_owned(), value: value.clone() }), value)
                })
            }
            Side::Replay(replayer) => self.seen(replayer, index, name),
            Side::Nowhere => Ok(nowhere),
        }
    }

    /// A look at something that has to be waited for. A replay does not wait.
    ///
    /// # Errors
    ///
    /// As [`Gate::call`], and what the wait itself gives.
    pub(crate) async fn observe_after(
        &self,
        name: &'static str,
        nowhere: Value,
        wait: impl Future<Output = wasmtime::Result<Value>>,
    ) -> wasmtime::Result<Value> {
        let index = self.next_call()?;
        match &self.0.side {
            Side::Live { run, .. } => {
                if let Some(seen) = self.seen_before(run, index, name)? {
                    return Ok(seen);
                }
                self.progress().in_flight = Some(index);
                let value = wait.await?;
                self.progress().in_flight = None;
                let observed = Observed { index, call: name.to_owned(), value: value.clone() };
                self.record(run, |_| (Event::Observed(observed), ()))?;
                Ok(value)
            }
            Side::Replay(replayer) => Ok(self.seen(replayer, index, name)?),
            Side::Nowhere => Ok(nowhere),
        }
    }

    /// Text that the guest writes.
    ///
    /// # Errors
    ///
    /// `LOG_LIMIT`, and as [`Gate::call`].
    pub(crate) fn emit(&self, name: &'static str, target: &str, bytes: &[u8]) -> Result<(), Stop> {
        let index = self.progress().next_log(bytes.len())?;
        let text = std::str::from_utf8(bytes).map_or_else(
            |_| json!({ "base64": base64::engine::general_purpose::STANDARD.encode(bytes) }),
            |text| Value::String(text.to_owned()),
        );
        let emitted = Emitted { index, call: name.to_owned(), target: target.to_owned(), text };
        match &self.0.side {
            Side::Live { run, .. } => match run.past().filter(|past| past.has(&self.0.cursor, index)) {
                Some(past) => self.emitted_before(past.replayer(), &emitted),
                None => self.record(run, |_| (Event::Emitted(emitted), ())),
            },
            Side::Replay(replayer) => self.emitted_before(replayer, &emitted),
            Side::Nowhere => Ok(()),
        }
    }

    /// A call that no skill may make. The failure is for the guest, in whatever form its interface has for it.
    ///
    /// # Errors
    ///
    /// As [`Gate::call`].
    pub(crate) fn deny(&self, name: &'static str, target: &str) -> Result<Failure, Stop> {
        let index = self.progress().next_crossing()?;
        let intent = Intent {
            index,
            call: name.to_owned(),
            class: CallClass::Denied,
            target: target.to_owned(),
            request: Value::Null,
            repeatable: true,
            held: Money::ZERO,
        };
        match &self.0.side {
            Side::Live { run, .. } => {
                match run.past().filter(|past| past.has(&self.0.cursor, index)) {
                    Some(past) => match self.denied_before(past.replayer(), &intent)? {
                        Some(failure) => return Ok(failure),
                        None => {}
                    },
                    None => self.record(run, |_| (Event::Intent(intent), ()))?,
                }
                let message = format!("{target} is not open to skills");
                self.refused(run, index, Failure::new(ErrorCode::CapabilityDenied, message), false)
            }
            Side::Replay(replayer) => Ok(self.denied_before(replayer, &intent)?.unwrap_or_else(no_world)),
            Side::Nowhere => Ok(no_world()),
        }
    }

    fn emitted_before(&self, replayer: &Replayer, emitted: &Emitted) -> Result<(), Stop> {
        replayer.emitted(&self.0.cursor, emitted).map_err(|found| Stop::new(found.into()))
    }

    /// The recorded denial; none where the run was killed before it was recorded.
    fn denied_before(&self, replayer: &Replayer, intent: &Intent) -> Result<Option<Failure>, Stop> {
        match replayer.recall(&self.0.cursor, intent).map_err(|found| Stop::new(found.into()))? {
            Recalled::Result(result) => Ok(Some(result.failure.unwrap_or_else(no_world))),
            Recalled::CutOff => Ok(None),
        }
    }

    /// What a run that knows something already saw here.
    fn seen_before(&self, run: &LiveRun, index: u32, name: &str) -> Result<Option<Value>, Stop> {
        if let Some(past) = run.past().filter(|past| past.has(&self.0.cursor, index)) {
            return self.seen(past.replayer(), index, name).map(Some);
        }
        let Some(rehearsing) = run.rehearsing() else { return Ok(None) };
        let known = &rehearsing.known;
        let cut = known.ended(&self.0.cursor).and_then(|ended| ended.interrupted);
        if cut == Some(Interrupted::Call(index)) {
            return Err(self.cut_off(index));
        }
        let Some(value) = known.observed(&self.0.cursor, index, name) else { return Ok(None) };
        let observed = Observed { index, call: name.to_owned(), value: value.clone() };
        self.record(run, |_| (Event::Observed(observed), ()))?;
        Ok(Some(value))
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

    /// The call that is under way.
    #[must_use]
    pub(crate) fn in_flight(&self) -> Option<u32> {
        self.progress().in_flight
    }

    /// Whether making the attempt again does no more than making it once.
    #[must_use]
    pub(crate) fn is_repeatable(&self) -> bool {
        self.progress().unrepeatable == 0
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

    fn seen(&self, replayer: &Replayer, index: u32, name: &str) -> Result<Value, Stop> {
        match replayer.observed(&self.0.cursor, index, name) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(self.cut_off(index)),
            Err(found) => Err(Stop::new(found.into())),
        }
    }

    /// The recorded run was interrupted inside of this call, and so is this one.
    fn cut_off(&self, index: u32) -> Stop {
        self.progress().in_flight = Some(index);
        let ended = match &self.0.side {
            Side::Replay(replayer) => replayer.ended(&self.0.cursor),
            Side::Live { run, .. } => {
                run.rehearsing().and_then(|rehearsing| rehearsing.known.ended(&self.0.cursor).cloned())
            }
            Side::Nowhere => None,
        };
        Stop::new(ended.map_or_else(no_world, |ended| ended.recorded_failure()))
    }

    fn recall<C: HostCall>(
        &self,
        replayer: &Replayer,
        intent: &Intent,
    ) -> Result<(u32, Result<C::Answer, Failure>), Stop> {
        let index = intent.index;
        let recalled = replayer.recall(&self.0.cursor, intent).map_err(|found| Stop::new(found.into()))?;
        let Recalled::Result(result) = recalled else {
            return Err(self.cut_off(index));
        };
        Ok((index, self.answered::<C>(*result, true)?))
    }

    /// What a recorded result means for the guest.
    pub(super) fn answered<C: HostCall>(
        &self,
        result: CallResult,
        repeatable: bool,
    ) -> Result<Result<C::Answer, Failure>, Stop> {
        let index = result.index;
        let unreadable = || Failure::new(ErrorCode::JournalCorrupt, "a recorded answer cannot be read");
        match (result.answer, result.failure) {
            (_, Some(failure)) if result.ends_attempt => Err(Stop::new(failure)),
            (Some(answer), verdict) => {
                self.progress().ended(index, verdict, repeatable);
                Ok(Ok(serde_json::from_value(answer).map_err(|_| Stop::new(unreadable()))?))
            }
            (None, Some(failure)) => {
                self.progress().ended(index, Some(failure.clone()), repeatable);
                Ok(Err(failure))
            }
            (None, None) => Err(Stop::new(unreadable())),
        }
    }

    pub(super) fn refused(
        &self,
        run: &LiveRun,
        index: u32,
        failure: Failure,
        ends: bool,
    ) -> Result<Failure, Stop> {
        let failure = Failure { call: Some(index), ..failure };
        let result = CallResult {
            index,
            code: OutcomeCode::Error(failure.code),
            status: None,
            answer: None,
            failure: Some(failure.clone()),
            ends_attempt: ends,
            spent: Money::ZERO,
            refunded: Money::ZERO,
            overrun: Money::ZERO,
        };
        self.record(run, |_| (Event::Result(result), ()))?;
        self.progress().ended(index, Some(failure.clone()), true);
        Ok(failure)
    }

    pub(super) fn record<T>(
        &self,
        run: &LiveRun,
        make: impl FnOnce(Timestamp) -> (Event, T),
    ) -> Result<T, Stop> {
        let written = run.recorder.append_with(Some(&self.0.cursor), |at, _| make(at));
        written.map(|(_, made)| made).map_err(|error: JournalError| Stop::new(error.into()))
    }

    fn next_call(&self) -> Result<u32, Stop> {
        self.progress().next_call(self.0.limits.host_calls)
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reserves the worst price and says in the same entry what is about to happen.
pub(super) fn open(
    permitted: Result<Money, Failure>,
    account: &AttemptAccount,
    intent: Intent,
) -> (Event, Opened) {
    let (held, opened) = match permitted.map(|price| (price, account.reserve(price))) {
        Ok((price, Ok(reservation))) => (price, Opened::Go(reservation.sent())),
        Ok((_, Err(refusal))) => (Money::ZERO, Opened::Ended(Refusal::into(refusal))),
        Err(failure) => (Money::ZERO, Opened::Denied(failure)),
    };
    (Event::Intent(Intent { held, ..intent }), opened)
}

fn result<C: HostCall>(
    index: u32,
    answer: &Result<C::Answer, Failure>,
    verdict: Option<&Failure>,
    in_flight: InFlight,
    spent: Money,
) -> CallResult {
    let settled = in_flight.settle(spent);
    CallResult {
        index,
        code: verdict.map_or(OutcomeCode::Ok, |failure| OutcomeCode::Error(failure.code)),
        status: answer.as_ref().map_or_else(|failure| failure.status, C::status),
        answer: answer.as_ref().ok().map(|answer| serde_json::to_value(answer).unwrap_or_default()),
        failure: verdict.cloned(),
        ends_attempt: false,
        spent: settled.spent,
        refunded: settled.refunded,
        overrun: settled.overrun,
    }
}

/// What a failed call has cost: nothing where nothing left or the upstream says that it did nothing, else all.
fn money_lost(failure: &Failure, held: Money) -> Money {
    let refunds = failure.code.row().settlement == Settlement::Refund;
    if failure.request_sent && !refunds { held } else { Money::ZERO }
}

fn no_world() -> Failure {
    Failure::new(ErrorCode::CapabilityDenied, "a component that is asked what it is has no world")
}
