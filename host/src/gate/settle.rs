//! The end of a call: what it came to goes into the journal, in one entry with what became of its money.

use aos_core::budget::{InFlight, Settled};
use aos_core::failure::Failure;
use aos_core::journal::{CallResult, Event};
use aos_core::outcome::{OutcomeCode, Spending};
use aos_core::units::Money;

use super::{Gate, HostCall, LiveRun};
use crate::sandbox::Stop;

/// What a call came to, and what is held for it.
pub(super) struct CameTo<A> {
    pub(super) index: u32,
    pub(super) answer: Result<A, Failure>,
    pub(super) spent: Spending,
    pub(super) in_flight: InFlight,
}

impl Gate {
    /// Records what a call came to, with what became of its money.
    pub(super) fn settle<C: HostCall>(
        &self,
        run: &LiveRun,
        call: &C,
        came: CameTo<C::Answer>,
    ) -> Result<Result<C::Answer, Failure>, Stop> {
        let CameTo { index, answer, spent, in_flight } = came;
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

    /// Records that the host panicked in a call. It may have acted: all that was held for it counts as spent, and the
    /// attempt ends there.
    pub(super) fn panicked(
        &self,
        run: &LiveRun,
        (panic, index): (Failure, u32),
        in_flight: InFlight,
        held_for: Spending,
    ) -> Result<Failure, Stop> {
        let failure = Failure { call: Some(index), ..panic.sent() };
        let ended = unanswered(index, &failure);
        self.record(run, |_| {
            let Settled { spent, refunded, overrun } = in_flight.settle(held_for.total());
            let spent_on = held_for.within(spent);
            let result = CallResult { ends_attempt: true, spent, spent_on, refunded, overrun, ..ended };
            (Event::Result(result), ())
        })?;
        Ok(failure)
    }

    /// Records that a call was not made.
    pub(super) fn refused(
        &self,
        run: &LiveRun,
        index: u32,
        failure: Failure,
        ends: bool,
    ) -> Result<Failure, Stop> {
        let failure = Failure { call: Some(index), ..failure };
        let result = CallResult { ends_attempt: ends, ..unanswered(index, &failure) };
        self.record(run, |_| (Event::Result(result), ()))?;
        self.progress().ended(index, Some(failure.clone()), true);
        Ok(failure)
    }
}

/// A call that has no answer, and has cost nothing.
fn unanswered(index: u32, failure: &Failure) -> CallResult {
    CallResult {
        index,
        code: OutcomeCode::Error(failure.code),
        status: None,
        answer: None,
        failure: Some(failure.clone()),
        ends_attempt: false,
        spent: Money::ZERO,
        spent_on: Spending::default(),
        refunded: Money::ZERO,
        overrun: Money::ZERO,
    }
}

fn result<C: HostCall>(
    index: u32,
    answer: &Result<C::Answer, Failure>,
    verdict: Option<&Failure>,
    in_flight: InFlight,
    spent: Spending,
) -> CallResult {
    let settled = in_flight.settle(spent.total());
    CallResult {
        index,
        code: verdict.map_or(OutcomeCode::Ok, |failure| OutcomeCode::Error(failure.code)),
        status: answer.as_ref().map_or_else(|failure| failure.status, C::status),
        answer: answer.as_ref().ok().map(|answer| serde_json::to_value(answer).unwrap_or_default()),
        failure: verdict.cloned(),
        ends_attempt: false,
        spent: settled.spent,
        spent_on: spent.within(settled.spent),
        refunded: settled.refunded,
        overrun: settled.overrun,
    }
}
