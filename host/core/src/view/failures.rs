//! What failed in a run, by code.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Place, StepView};
use crate::failure::{ErrorCategory, ErrorCode};
use crate::ids::StepId;
use crate::journal::Cursor;
use crate::outcome::OutcomeCode;

/// Places that are named of one code: enough to look at.
const MOST_PLACES: usize = 20;

/// One code, and where it struck.
#[derive(Debug, Clone, Serialize)]
pub struct FailureView {
    /// The code.
    pub code: ErrorCode,
    /// Its class.
    pub category: ErrorCategory,
    /// What happened, in one line.
    pub meaning: &'static str,
    /// What to do about it, in one line.
    pub advice: &'static str,
    /// Attempts that ended with it.
    pub attempts: usize,
    /// Ends of a step or an element for which no skill was called.
    pub unbegun: usize,
    /// Calls that ended with it.
    pub calls: usize,
    /// Places where it struck; an attempt that one of its calls ended is at the place of the call.
    pub struck: usize,
    /// The first places where it struck, twenty at most.
    pub places: Vec<Place>,
}

/// All codes, in the order in which each struck first.
pub(super) fn failures(steps: &[StepView]) -> Vec<FailureView> {
    let (mut found, mut known) = (Vec::new(), BTreeMap::new());
    let of_elements: BTreeSet<_> = steps.iter().filter(|step| step.item.is_some()).flat_map(codes).collect();
    for step in steps {
        for attempt in &step.attempts {
            let at = |index| Place {
                cursor: Cursor { step: step.step.clone(), item: step.item, attempt: attempt.attempt },
                index,
            };
            for call in &attempt.calls {
                if let Some(OutcomeCode::Error(code)) = call.code {
                    let place = Some(at(Some(call.index)));
                    add((&mut found, &mut known), code, place, |failure| failure.calls += 1);
                }
            }
            // A step with elements mostly ends as one of them did.
            if let Some(OutcomeCode::Error(code)) = attempt.code
                && (step.item.is_some() || !of_elements.contains(&(&step.step, code)))
            {
                // Where one of its calls ended it, that is the place to look at, and named already.
                let call = attempt.failure.as_ref().and_then(|failure| failure.call);
                let named = call.is_some_and(|index| {
                    attempt.calls.iter().any(|call| call.index == index && call.code == attempt.code)
                });
                let place = (!named).then(|| at(None));
                add((&mut found, &mut known), code, place, |failure| match attempt.began() {
                    true => failure.attempts += 1,
                    false => failure.unbegun += 1,
                });
            }
        }
    }
    found
}

/// What the attempts of a step ended with.
fn codes(step: &StepView) -> impl Iterator<Item = (&StepId, ErrorCode)> {
    step.attempts.iter().filter_map(|attempt| match attempt.code? {
        OutcomeCode::Error(code) => Some((&step.step, code)),
        OutcomeCode::Ok => None,
    })
}

fn add(
    (found, known): (&mut Vec<FailureView>, &mut BTreeMap<ErrorCode, usize>),
    code: ErrorCode,
    place: Option<Place>,
    count: impl FnOnce(&mut FailureView),
) {
    let at = *known.entry(code).or_insert_with(|| {
        let row = code.row();
        let (category, meaning, advice) = (row.category, row.meaning, row.advice);
        found.push(FailureView {
            code,
            category,
            meaning,
            advice,
            attempts: 0,
            unbegun: 0,
            calls: 0,
            struck: 0,
            places: Vec::new(),
        });
        found.len() - 1
    });
    if let Some(failure) = found.get_mut(at) {
        count(failure);
        failure.struck += usize::from(place.is_some());
        let has_room = failure.places.len() < MOST_PLACES;
        failure.places.extend(place.filter(|_| has_room));
    }
}
