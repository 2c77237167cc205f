//! Calls of a run that knows something already: one that was killed and goes on, or a rehearsal.

use aos_core::budget::{AttemptAccount, InFlight, Quote};
use aos_core::failure::{ErrorCode, Failure};
use aos_core::journal::{CallResult, Divergence, Event, Injected, Intent, Known, Recalled};
use aos_core::policy::Policy;
use aos_core::units::Money;

use super::Sending;
use super::crossing::{Opened, open};
use super::settle::CameTo;
use super::{Gate, HostCall, LiveRun, Rehearsing};
use crate::sandbox::Stop;

/// What a run that goes on has of a call.
pub(super) enum TakenUp<A> {
    /// Its result is recorded.
    Answered(Result<A, Failure>),
    /// It had left and has no result, and making it again does no more than making it once.
    SendAgain(InFlight),
    /// Nothing.
    New,
}

impl Gate {
    /// Looks for a call in what was recorded before the run was killed. One that had left without an answer, and that
    /// would act again, ends in `UNKNOWN_OUTCOME`: all that was held for it counts as spent.
    pub(super) fn take_up<C: HostCall>(
        &self,
        run: &LiveRun,
        (account, policy): (&AttemptAccount, &Policy),
        call: &C,
        intent: &Intent,
    ) -> Result<TakenUp<C::Answer>, Stop> {
        let (index, cursor) = (intent.index, self.cursor());
        let Some(past) = run.past().filter(|past| past.has(cursor, index)) else {
            return Ok(TakenUp::New);
        };
        let recalled = past.replayer().recall(cursor, intent).map_err(|found| Stop::new(found.into()))?;
        if let Recalled::Result(result) = recalled {
            self.progress().acted.leaves(call.repeatable());
            return self.answered::<C>(&result, call.repeatable()).map(TakenUp::Answered);
        }
        let Some(recorded) = past.intent(cursor, index) else { return Ok(TakenUp::New) };
        if let Some(refused) = self.refused_before(run, (account, policy), call, &recorded)? {
            return Ok(TakenUp::Answered(Err(refused)));
        }
        let in_flight = account.held_before(recorded.held);
        // What may have been billed already is not asked for again under the same reservation.
        if call.repeatable() && recorded.held == Money::ZERO && !run.budget.is_stopped() {
            return Ok(TakenUp::SendAgain(in_flight));
        }
        self.progress().acted.leaves(call.repeatable());
        let message = "the run was killed after this request had left, and nobody knows what became of it";
        let failure =
            Failure { call: Some(index), ..Failure::new(ErrorCode::UnknownOutcome, message).sent() };
        let came = CameTo { index, answer: Err(failure), spent: recorded.held_for, in_flight };
        self.settle(run, call, came).map(TakenUp::Answered)
    }

    /// Whether the attempt has crossed with everything that was recorded of it before the run was killed. Until then
    /// nothing may cut it off: what is recorded has happened.
    pub(crate) fn has_caught_up(&self) -> bool {
        self.open_crossing().is_none()
    }

    /// The first recorded crossing that the attempt has not come to again.
    pub(crate) fn open_crossing(&self) -> Option<u32> {
        let last = self.live_run()?.past()?.last_crossing(self.cursor())?;
        let next = self.progress().crossings();
        (next <= last).then_some(next)
    }

    /// A refusal that was decided, and whose result was not written when the run was killed: nothing had left, and
    /// nothing may leave now.
    fn refused_before<C: HostCall>(
        &self,
        run: &LiveRun,
        (account, policy): (&AttemptAccount, &Policy),
        call: &C,
        recorded: &Intent,
    ) -> Result<Option<Failure>, Stop> {
        let index = recorded.index;
        // What is refused holds nothing: this has left, whatever it would cost by the rules of today.
        if recorded.held > Money::ZERO {
            return Ok(None);
        }
        let price = match call.permit(policy).and_then(|()| call.quote(&run.prices)) {
            Ok(quote) => quote.worst().total(),
            Err(failure) => return self.refused(run, index, failure, false).map(Some),
        };
        if price == Money::ZERO {
            return Ok(None);
        }
        // The ledger may have room now that it had not when it refused; the decision stands.
        let failure = match account.reserve(price) {
            Err(refusal) => refusal.into(),
            Ok(reservation) => {
                reservation.refund();
                Failure::new(ErrorCode::BudgetExceeded, "the budget refused what this call may cost")
            }
        };
        Err(Stop::new(self.refused(run, index, failure, true)?))
    }

    /// Makes a call of a rehearsal: what is injected there, or what the journal knows, or what a stub world says.
    pub(super) async fn rehearse<C: HostCall>(
        &self,
        (run, rehearsing): (&LiveRun, &Rehearsing),
        (account, policy): (&AttemptAccount, &Policy),
        mut call: C,
        intent: Intent,
    ) -> Result<Option<Result<C::Answer, Failure>>, Stop> {
        let index = intent.index;
        let injected = rehearsing.known.injected(self.cursor(), index).cloned();
        let known = match injected {
            Some(_) => None,
            None => rehearsing.known.answer(self.cursor(), &intent),
        };
        let permitted = call.permit(policy).and_then(|()| match (&known, &injected) {
            (Some(known), _) => Ok(Quote::fixed(known.held_for)),
            (None, Some(Injected::Refuse)) => Ok(Quote::unaffordable()),
            (None, _) => call.quote(&run.prices),
        });
        let clamped_before = known.as_ref().and_then(|known| known.clamped_to);
        let opened = self.record(run, |_| {
            let (event, opened) = open(permitted, account, intent);
            (clamped(event, clamped_before), opened)
        })?;
        let (in_flight, fitted) = match opened {
            Opened::Go(in_flight, fitted) => (in_flight, fitted),
            Opened::Denied(failure) => return Ok(Some(Err(self.refused(run, index, failure, false)?))),
            Opened::Ended(failure) => return Err(Stop::new(self.refused(run, index, failure, true)?)),
        };
        fitted.clamped_to.into_iter().for_each(|tokens| call.clamp(tokens));
        self.progress().acted.leaves(call.repeatable());
        let answer = match (injected, known) {
            (Some(injected), _) => injected_answer(&call, injected)?,
            (None, Some(Known { result: Some(result), took, .. })) => {
                rehearsing.clock.advance(took);
                return self.known_answer::<C>(run, index, &call, (&result, in_flight)).map(Some);
            }
            // The recorded attempt was cut off in here.
            (None, Some(Known { result: None, .. })) => return Ok(None),
            (None, None) if rehearsing.stubs => {
                let (world, prices, limit) = (&run.world, &*run.prices, self.call_time());
                call.perform(Sending { world, prices, limit, trace: None }).await
            }
            (None, None) => {
                let what = format!("{} asks what the journal does not know; --stubs may answer it", C::NAME);
                let found = Divergence::unmatched(ErrorCode::ReplayExhausted, what);
                return Err(Stop::new(found.at(self.cursor(), Some(index)).into()));
            }
        };
        let spent = match &answer {
            Ok(answer) => call.spent(answer, &run.prices),
            Err(failure) => call.lost(failure, &fitted.parts),
        };
        let answer = answer.map_err(|failure| Failure { call: Some(index), ..failure });
        self.settle(run, &call, CameTo { index, answer, spent, in_flight }).map(Some)
    }

    /// A recorded result, as this attempt's own.
    fn known_answer<C: HostCall>(
        &self,
        run: &LiveRun,
        index: u32,
        call: &C,
        (result, in_flight): (&CallResult, InFlight),
    ) -> Result<Result<C::Answer, Failure>, Stop> {
        let settled = in_flight.settle(result.spent);
        let failure = result.failure.clone().map(|failure| Failure { call: Some(index), ..failure });
        let result = CallResult {
            index,
            failure,
            spent: settled.spent,
            spent_on: result.spent_on.within(settled.spent),
            refunded: settled.refunded,
            overrun: settled.overrun,
            ..result.clone()
        };
        self.record(run, |_| (Event::Result(result.clone()), ()))?;
        self.answered::<C>(&result, call.repeatable())
    }
}

/// An intent that was cut to fewer tokens before says so again.
fn clamped(event: Event, before: Option<u32>) -> Event {
    match event {
        Event::Intent(intent) => Event::Intent(Intent { clamped_to: intent.clamped_to.or(before), ..intent }),
        other => other,
    }
}

fn injected_answer<C: HostCall>(call: &C, injected: Injected) -> Result<Result<C::Answer, Failure>, Stop> {
    let failed = |code, message: &str| {
        let failure = Failure::new(code, message);
        let left = failure.code.row().settlement != aos_core::failure::Settlement::Refund;
        if left { failure.sent() } else { failure }
    };
    Ok(match injected {
        Injected::Status { status, headers, body } => call.answer_of(status, headers, body),
        Injected::Error(code) => Err(failed(code, "injected")),
        Injected::Timeout => Err(failed(ErrorCode::Timeout, "no whole answer in time (injected)")),
        Injected::Trap => {
            return Err(Stop::new(Failure::new(ErrorCode::SkillTrap, "the component trapped (injected)")));
        }
        Injected::Refuse => Err(failed(ErrorCode::BudgetExceeded, "the budget refuses (injected)")),
    })
}
