//! What a run asked of the world, in words: what left, what nobody knows the end of, what another run would do once more.

use super::story::{NAMED, dollars, many, note};
use super::{CallView, Counts, Place, Remark, RunView};
use crate::failure::ErrorCode;
use crate::journal::Cursor;
use crate::outcome::OutcomeCode;
use crate::units::Money;

impl RunView {
    /// Calls that something is to be said of, with their places.
    fn calls(&self, fits: impl Fn(&CallView) -> bool) -> Vec<(Place, &CallView)> {
        let mut found = Vec::new();
        for step in self.steps() {
            for attempt in &step.attempts {
                for call in attempt.calls.iter().filter(|call| fits(call)) {
                    let cursor =
                        Cursor { step: step.step.clone(), item: step.item, attempt: attempt.attempt };
                    found.push((Place { cursor, index: Some(call.index) }, call));
                }
            }
        }
        found
    }

    /// Calls that nobody knows the end of.
    pub(super) fn cut_off(&self) -> Option<Remark> {
        let calls = self.calls(is_unknown);
        let (place, _) = calls.first()?;
        let spent = calls.iter().fold(Money::ZERO, |sum, (_, call)| sum.saturating_add(call.spent));
        let mut text = format!("Of what was cut off nobody knows the end: {}.", named(&calls));
        if spent > Money::ZERO {
            text.push_str(&format!(" All that was held for it, {}, counts as spent.", dollars(spent)));
        }
        Some(Remark { place: Some(place.clone()), ..note(text) })
    }

    /// Answers that the budget made shorter.
    pub(super) fn limited(&self) -> Option<Remark> {
        let calls = self.calls(|call| call.clamped_to.is_some());
        let (place, call) = calls.first()?;
        let tokens = call.clamped_to?;
        let (target, tokens) = (&call.target, many(tokens as usize, "token"));
        let text = match calls.len() {
            1 => format!("The budget shortened an answer: that of {target}, to {tokens}."),
            all => {
                format!("The budget shortened {all} answers, the first of them, of {target}, to {tokens}.")
            }
        };
        Some(Remark { place: Some(place.clone()), ..note(text) })
    }

    /// What may have changed the world, and would change it once more: requests that are not safe to make twice, and that
    /// did not fail without doing anything.
    pub(super) fn acting(&self) -> Vec<(Place, &CallView)> {
        self.calls(|call| call.acts() && !call.repeatable && !call.did_nothing)
    }

    /// What another run would do once more: what was done, and what may have been.
    pub(super) fn acts_again(&self) -> Vec<Remark> {
        let (done, perhaps): (Vec<_>, Vec<_>) =
            self.acting().into_iter().partition(|(_, call)| call.code == Some(OutcomeCode::Ok));
        let words = [
            (done, "Done and not undone, and done once more by another run"),
            (perhaps, "Perhaps done, and tried once more by another run"),
        ];
        let told = words.into_iter().filter_map(|(calls, words)| {
            let (place, _) = calls.first()?;
            let place = Some(place.clone());
            Some(Remark { place, ..note(format!("{words}: {}.", named(&calls))) })
        });
        told.collect()
    }
}

/// Whether nobody knows what became of a call: its attempt ended before it did, or the process that made it.
fn is_unknown(call: &CallView) -> bool {
    call.cut_off || call.code == Some(OutcomeCode::Error(ErrorCode::UnknownOutcome))
}

/// What left through the gate, and what did not.
pub(super) fn effects(counts: Counts) -> Remark {
    let Counts { effects, sent, failed, unsent, unanswered, .. } = counts;
    if effects == 0 && unsent == 0 {
        return note("It asked nothing of the world, and did nothing to it.".to_owned());
    }
    let mut text = match (sent, failed) {
        (0, _) => "It reached nothing of the world.".to_owned(),
        (_, 0) => format!("It made {} of the world.", many(sent, "request")),
        _ => format!("It made {} of the world, of which {failed} failed.", many(sent, "request")),
    };
    if unsent > 0 {
        let more = if sent > 0 { "more " } else { "" };
        text.push_str(&format!(" {} never left.", many(unsent, &format!("{more}request"))));
    }
    if unanswered > 0 {
        text.push_str(&format!(" There is no result yet of {}.", many(unanswered, "call")));
    }
    note(text)
}

/// Calls by name, the first of them.
fn named(calls: &[(Place, &CallView)]) -> String {
    let target = |call: &CallView| match call.code {
        Some(code) => format!("{} ({})", call.target, code.as_str()),
        None => format!("{} {}", call.call, call.target),
    };
    let named: Vec<_> = calls.iter().take(NAMED).map(|(_, call)| target(call)).collect();
    let more = calls.len() - named.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    named.join(", ") + &more
}
