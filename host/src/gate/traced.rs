//! The place of a call in the trace of its run: its span, and what it hands on to whom it reaches.

use aos_core::failure::Failure;
use aos_core::ids::SpanId;
use aos_core::outcome::OutcomeCode;
use aos_core::trace::{RunTrace, TraceParent};
use tracing::{Span, debug, field, info_span};

use super::crossing::Side;
use super::{Gate, HostCall};
use crate::sandbox::Stop;

impl Gate {
    /// What a call of this attempt hands on.
    pub(super) fn handed_on(&self, index: u32) -> Option<TraceParent> {
        self.trace()?.handed_on(self.span_id(index)?)
    }

    fn span_id(&self, index: u32) -> Option<SpanId> {
        let cursor = self.cursor();
        Some(self.trace()?.call((&cursor.step, cursor.item, cursor.attempt), index))
    }

    /// A component that is asked what it is has none.
    fn trace(&self) -> Option<RunTrace> {
        match &self.0.side {
            Side::Live { run, .. } => Some(run.trace),
            Side::Replay(replayer) => Some(replayer.run_started().trace()),
            Side::Nowhere => None,
        }
    }

    /// The span of a call, in that of its attempt.
    pub(super) fn span_of<C: HostCall>(&self, index: u32) -> Span {
        let span = info_span!(parent: self.span(), "call", call = C::NAME, index, span_id = field::Empty);
        if !span.is_disabled()
            && let Some(id) = self.span_id(index)
        {
            span.record("span_id", field::display(id));
        }
        span
    }

    /// Says what a call came to.
    pub(super) fn tell<A>(&self, index: u32, came: &Result<Option<Result<A, Failure>>, Stop>) {
        let code = match came {
            Ok(Some(Ok(_))) => self.failure_of(index).map(|failure| failure.code),
            Ok(Some(Err(failure))) => Some(failure.code),
            Ok(None) => return debug!("cut off"),
            Err(stop) => Some(stop.failure().code),
        };
        debug!(code = code.map_or(OutcomeCode::Ok, OutcomeCode::Error).as_str(), "answered");
    }
}
