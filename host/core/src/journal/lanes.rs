//! A journal by attempts: what began, what crossed, how it ended. A replay, a run that goes on and a rehearsal draw from it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::{
    CallResult, Emitted, Event, FellBack, GaveUp, Intent, Observed, Retry, Stamp, StepEnded, StepStarted,
};
use crate::units::Timestamp;

/// The entries of one attempt.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) started: Option<(Stamp, StepStarted)>,
    pub(super) crossings: BTreeMap<u32, Crossing>,
    pub(super) ended: Option<(Stamp, StepEnded)>,
    pub(super) retry: Option<(Timestamp, Retry)>,
    pub(super) gave_up: Option<GaveUp>,
    pub(super) fell_back: Option<FellBack>,
    /// Whether the value that it fell back to was met again.
    pub(super) fell_back_met: bool,
    pub(super) closed: bool,
}

/// One crossing of the gate.
#[derive(Debug)]
pub(super) struct Crossing {
    pub(super) recorded: Recorded,
    pub(super) taken: bool,
}

#[derive(Debug)]
pub(super) enum Recorded {
    Call(Box<RecordedCall>),
    Observed(Observed),
    Emitted(Emitted),
}

#[derive(Debug)]
pub(super) struct RecordedCall {
    pub(super) intent: Intent,
    pub(super) result: Option<Arc<CallResult>>,
    /// How long it took, where it has a result.
    pub(super) took: Duration,
    /// The place of its intent.
    pub(super) stamp: Stamp,
}

impl Lane {
    pub(super) fn add(&mut self, stamp: Stamp, event: Event) {
        match event {
            Event::StepStarted(event) => self.started = Some((stamp, event)),
            Event::Intent(intent) => {
                self.cross(
                    intent.index,
                    Recorded::Call(Box::new(RecordedCall {
                        intent,
                        result: None,
                        took: Duration::ZERO,
                        stamp,
                    })),
                );
            }
            Event::Result(event) => self.answer(stamp.at, event),
            Event::Observed(event) => self.cross(event.index, Recorded::Observed(event)),
            Event::Emitted(event) => self.cross(event.index, Recorded::Emitted(event)),
            Event::StepEnded(event) => self.ended = Some((stamp, *event)),
            Event::Retry(event) => self.retry = Some((stamp.at, event)),
            Event::GaveUp(event) => self.gave_up = Some(event),
            Event::FellBack(event) => self.fell_back = Some(event),
            Event::RunStarted(_) | Event::RunResumed(_) | Event::RunEnded(_) => {}
        }
    }

    /// Whether it was cut off, and did not end by itself.
    pub(super) fn was_cut_off(&self) -> bool {
        self.ended.as_ref().is_some_and(|(_, ended)| ended.interrupted.is_some())
    }

    /// The call of an index.
    pub(super) fn call(&self, index: u32) -> Option<&RecordedCall> {
        match &self.crossings.get(&index)?.recorded {
            Recorded::Call(call) => Some(call),
            Recorded::Observed(_) | Recorded::Emitted(_) => None,
        }
    }

    /// Its calls, by index.
    pub(super) fn calls(&self) -> impl Iterator<Item = &RecordedCall> {
        self.crossings.values().filter_map(|crossing| match &crossing.recorded {
            Recorded::Call(call) => Some(&**call),
            Recorded::Observed(_) | Recorded::Emitted(_) => None,
        })
    }

    fn cross(&mut self, index: u32, recorded: Recorded) {
        self.crossings.insert(index, Crossing { recorded, taken: false });
    }

    fn answer(&mut self, at: Timestamp, event: CallResult) {
        if let Some(Crossing { recorded: Recorded::Call(call), .. }) = self.crossings.get_mut(&event.index) {
            call.took = at.since(call.stamp.at);
            call.result = Some(Arc::new(event));
        }
    }
}

impl Recorded {
    pub(super) fn call(&self) -> &str {
        match self {
            Self::Call(call) => &call.intent.call,
            Self::Observed(observed) => &observed.call,
            Self::Emitted(emitted) => &emitted.call,
        }
    }
}
