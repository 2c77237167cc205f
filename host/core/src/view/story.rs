//! What a run did, what it cost, and what to do next, in words. The words are for people; programs read the figures.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::asked::effects;
use super::{AttemptView, CallView, Counts, Head, Place, RunView, StepView};
use crate::budget::FailedSteps;
use crate::failure::ErrorCode;
use crate::ids::StepId;
use crate::journal::Cursor;
use crate::outcome::{Cost, OutcomeCode, Status};
use crate::units::Money;

/// Effects and steps that are named one by one.
pub(super) const NAMED: usize = 3;

/// Characters of an answer that are quoted.
const QUOTED: usize = 200;

/// What is said first of a run that touched nothing.
const SCRIPTED: &str = "Its world was a script: nothing was really sent, and nothing really paid.";

/// One thing to know of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Remark {
    /// What it is for.
    pub tone: Tone,
    /// The words. What a skill, an upstream or a user wrote stands in them as it is.
    pub text: String,
    /// What an upstream answered there, where that is a text: its beginning.
    pub quote: Option<String>,
    /// Where to look.
    pub place: Option<Place>,
}

/// What a remark is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// All is well.
    Good,
    /// Something failed.
    Bad,
    /// Something to know.
    Note,
    /// Something to do.
    Todo,
}

impl RunView {
    /// What happened, in the order in which people ask.
    #[must_use]
    pub fn story(&self) -> Vec<Remark> {
        // It is added up from all attempts, so once for all of the story.
        let head = self.head();
        let counts = head.counts;
        let struck = self.struck();
        let mut story = vec![self.ending(&head)];
        story.extend(head.stubs.map(|_| note(SCRIPTED.to_owned())));
        story.extend(struck.iter().map(|(place, attempt)| where_it_struck(place, attempt)));
        story.extend(struck.iter().filter_map(|(place, _)| self.tries(place)));
        story.push(note(self.went_through(counts)));
        story.extend(self.let_pass(struck.as_ref().map(|(place, _)| place)));
        story.extend(self.did_not_run());
        story.push(effects(counts));
        story.extend(self.cut_off());
        story.extend(self.limited());
        story.extend(self.acts_again());
        story.push(money_words(&head));
        story.extend(self.next(&head));
        story
    }

    fn ending(&self, head: &Head) -> Remark {
        let name = &head.workflow;
        let took = seconds(head.took_us);
        let Some(outcome) = self.outcome() else {
            let under_way = head.counts.under_way;
            let text = format!(
                "The run of the workflow {name} has no end yet: after {took}, {}.",
                match under_way {
                    1 => "1 of its steps is under way".to_owned(),
                    many => format!("{many} of its steps are under way"),
                }
            );
            return note(text);
        };
        let (tone, text) = match (outcome.status, outcome.code) {
            (Status::Success, _) => {
                (Tone::Good, format!("The run of the workflow {name} succeeded in {took}."))
            }
            (Status::Partial, _) => (
                Tone::Note,
                format!(
                    "The run of the workflow {name} came to its end in {took}, though some of it failed."
                ),
            ),
            (_, OutcomeCode::Error(code)) => {
                let meaning = code.row().meaning;
                (
                    Tone::Bad,
                    format!(
                        "The run of the workflow {name} failed after {took} with {code}: {}",
                        sentence(meaning)
                    ),
                )
            }
            (status, OutcomeCode::Ok) => (
                Tone::Note,
                format!("The run of the workflow {name} ended after {took}: {}.", status.as_str()),
            ),
        };
        Remark { tone, text, quote: None, place: None }
    }

    /// The attempt that the run failed with.
    fn struck(&self) -> Option<(Place, &AttemptView)> {
        let outcome = self.outcome()?;
        let step = outcome.details.get("step").and_then(Value::as_str)?;
        let of_it = self.steps().iter().filter(|known| known.step.as_str() == step);
        let item = outcome.details.get("item").and_then(Value::as_u64);
        let failed = |step: &&StepView| step.status() == Some(Status::Failure) && began(step);
        let by_item = |step: &&StepView| item.is_some() && step.item.map(u64::from) == item;
        let step = of_it
            .clone()
            .find(by_item)
            .or_else(|| of_it.clone().find(failed))
            .or_else(|| of_it.clone().next_back())?;
        let attempt = step.attempts.iter().rfind(|attempt| attempt.failure.is_some())?;
        let cursor = Cursor { step: step.step.clone(), item: step.item, attempt: attempt.attempt };
        let index = attempt.failure.as_ref().and_then(|failure| failure.call);
        Some((Place { cursor, index }, attempt))
    }

    /// How often it was tried.
    fn tries(&self, place: &Place) -> Option<Remark> {
        let Cursor { step, item, .. } = &place.cursor;
        let step = self.steps().iter().find(|known| known.step == *step && known.item == *item)?;
        let tries = step.attempts.len();
        let paused: u64 = step
            .attempts
            .iter()
            .filter_map(|attempt| attempt.retry.as_ref())
            .map(|retry| retry.delay_ms)
            .sum();
        let gave_up = step.attempts.iter().rev().find_map(|attempt| attempt.gave_up.as_ref());
        let why = gave_up.map(|gave_up| format!(" It was not tried again: {}.", gave_up.why));
        if tries < 2 {
            return why.map(|why| note(why.trim_start().to_owned()));
        }
        let text = format!("It was tried {tries} times, with pauses of {} in all.", seconds(paused * 1000));
        Some(note(text + &why.unwrap_or_default()))
    }

    /// Steps that failed and did not end the run, the first of them with the place to look at.
    fn let_pass(&self, struck: Option<&Place>) -> Vec<Remark> {
        let with_elements = self.with_elements();
        let failed = |step: &&StepView| {
            let failed = step.attempts.last().filter(|attempt| attempt.failure.is_some());
            step.item.is_none()
                && failed.is_some_and(|attempt| attempt.began() || with_elements.contains(&step.step))
        };
        let other = |step: &&StepView| struck.is_none_or(|place| place.cursor.step != step.step);
        let all: Vec<&StepView> = self.steps().iter().filter(failed).filter(other).collect();
        let remark = |step: &&StepView| {
            let whole = step.attempts.last()?;
            let then = match &whole.fell_back {
                Some(_) if step.status() == Some(Status::Partial) => ", and a fallback stands in",
                _ if step.status() == Some(Status::Partial) || self.lets_pass(&step.step) => {
                    ", which the workflow lets pass"
                }
                _ => "",
            };
            // A step with elements failed with one of them.
            let step = self.failed_element(step).unwrap_or(step);
            let attempt = step.attempts.last()?;
            let failure = attempt.failure.as_ref()?;
            let cursor = Cursor { step: step.step.clone(), item: step.item, attempt: attempt.attempt };
            let (name, message) = (element(&cursor), sentence(&failure.message));
            let comma = if step.item.is_some() { "," } else { "" };
            let text = format!("Step {name}{comma} failed with {}{then}: {message}", failure.code);
            let call = failure.call.and_then(|index| attempt.calls.iter().find(|call| call.index == index));
            let place = Some(Place { cursor, index: failure.call });
            // Beside what the run failed with, it is nothing that went wrong.
            let tone = if struck.is_some() && !then.is_empty() { Tone::Note } else { Tone::Bad };
            Some(Remark { tone, text, quote: call.and_then(quoted), place })
        };
        let mut told: Vec<Remark> = all.iter().take(NAMED).filter_map(remark).collect();
        if let Some(more @ 1..) = all.len().checked_sub(NAMED) {
            told.push(note(format!("{} failed as well.", many(more, "more step"))));
        }
        told
    }

    /// The element that a step with elements failed with.
    fn failed_element(&self, whole: &StepView) -> Option<&StepView> {
        let failure = whole.attempts.last()?.failure.as_ref()?;
        let item = failure.details.as_ref()?.get("item")?.as_u64()?;
        self.steps().iter().find(|step| step.step == whole.step && step.item.map(u64::from) == Some(item))
    }

    /// The steps that have elements.
    fn with_elements(&self) -> BTreeSet<&StepId> {
        self.steps().iter().filter(|step| step.item.is_some()).map(|step| &step.step).collect()
    }

    /// Whether the workflow lets a step fail.
    fn lets_pass(&self, step: &StepId) -> bool {
        let mut plan = self.plan().into_iter().flatten();
        plan.any(|planned| planned.step == *step && planned.on_error == "continue")
    }

    /// Steps that others kept from running.
    fn did_not_run(&self) -> Option<Remark> {
        let kept = |step: &&StepView| {
            let code = step.attempts.last().and_then(|attempt| attempt.code);
            step.item.is_none() && code == Some(OutcomeCode::Error(ErrorCode::DependencyFailed))
        };
        let kept: Vec<&StepId> = self.steps().iter().filter(kept).map(|step| &step.step).collect();
        let named = kept.iter().take(NAMED).map(|id| id.as_str()).collect::<Vec<_>>().join(", ");
        let more = kept.len().saturating_sub(NAMED);
        match (kept.len(), more) {
            (0, _) => None,
            (_, 0) => Some(note(format!("Not run, since what they need failed: {named}."))),
            (_, more) => {
                Some(note(format!("Not run, since what they need failed: {named} and {more} more.")))
            }
        }
    }

    fn next(&self, head: &Head) -> Option<Remark> {
        let todo = |text: String| Remark { tone: Tone::Todo, text, quote: None, place: None };
        let Some(outcome) = &head.outcome else {
            let text = "If its process is gone, go on with it: aos resume JOURNAL. What is recorded is not asked again.";
            return Some(todo(text.to_owned()));
        };
        if outcome.advice.is_empty() {
            return None;
        }
        let advice = format!("What to do: {}.", outcome.advice);
        let do_not = if head.stubs.is_some() { "In a world that is no script, do not" } else { "Do not" };
        Some(todo(match (!self.acting().is_empty(), outcome.retryable) {
            (true, _) => format!(
                "{do_not} simply run it again: another run begins anew, and does what is named above once more; and a \
                 run that has ended cannot be resumed. {advice}"
            ),
            (false, true) => format!("{advice} The same workflow may succeed later, with nothing changed."),
            (false, false) => advice,
        }))
    }

    fn went_through(&self, counts: Counts) -> String {
        let mut text = steps(counts);
        if counts.items > 0 {
            let with_elements = self.with_elements();
            let elements = self.steps().iter().filter(|step| step.item.is_some());
            text.push_str(&format!(
                " Of lists, {} began",
                many(elements.filter(|step| began(step)).count(), "element")
            ));
            let mut wholes = self.steps().iter().filter(|step| step.item.is_none());
            let failed = |step: &StepView| {
                step.status() == Some(Status::Failure) && with_elements.contains(&step.step)
            };
            text.push_str(if wholes.any(failed) { "; a list whose step failed may have more." } else { "." });
        }
        if counts.retries > 0 {
            text.push_str(&match counts.retries {
                1 => " There was 1 retry in all.".to_owned(),
                retries => format!(" There were {retries} retries in all."),
            });
        }
        text
    }
}

fn money_words(head: &Head) -> Remark {
    let Cost { charged, absorbed, overrun, .. } = head.cost;
    let mut text = format!("It was charged {} of at most {}.", dollars(charged), dollars(head.ceiling));
    if absorbed > Money::ZERO {
        text.push_str(&format!(
            " Attempts that failed used {} more, which is not in that charge.",
            dollars(absorbed)
        ));
    } else if head.failed_steps == FailedSteps::Charge {
        text.push_str(" What failed attempts used is part of it.");
    }
    if overrun > Money::ZERO {
        text.push_str(&format!(" Providers billed {} beyond what was held.", dollars(overrun)));
    }
    if head.total > charged {
        let most = if head.supposed { "at most " } else { "" };
        text.push_str(&format!(" In all, {most}{} were spent.", dollars(head.total)));
    }
    if head.held > Money::ZERO {
        text.push_str(&format!(" {} are still held.", dollars(head.held)));
    }
    note(text)
}

/// The name of a step, and of its element.
fn element(Cursor { step, item, .. }: &Cursor) -> String {
    item.map_or_else(|| step.to_string(), |item| format!("{step}, element {item} (counted from 0)"))
}

/// Text that ends as a sentence does.
fn sentence(text: &str) -> String {
    let ends = text.ends_with(['.', '!', '?', '…']);
    format!("{text}{}", if ends { "" } else { "." })
}

fn began(step: &StepView) -> bool {
    step.attempts.iter().any(AttemptView::began)
}

pub(super) fn note(text: String) -> Remark {
    Remark { tone: Tone::Note, text, quote: None, place: None }
}

fn where_it_struck(place: &Place, attempt: &AttemptView) -> Remark {
    let (name, number) = (element(&place.cursor), place.cursor.attempt);
    let mut text = format!("It struck in step {name}, attempt {number}");
    let call = place.index.and_then(|index| attempt.calls.iter().find(|call| call.index == index));
    if let Some(call) = call {
        text.push_str(&format!(", in call {}: {} {}", call.index, call.call, call.target));
    }
    if let Some(failure) = &attempt.failure {
        text.push_str(&format!(". {}", sentence(&failure.message)));
    }
    Remark { tone: Tone::Bad, text, quote: call.and_then(quoted), place: Some(place.clone()) }
}

/// What an upstream answered, where it answered with a text.
fn quoted(call: &CallView) -> Option<String> {
    let text = call.answer.pointer("/body/text")?.as_str()?.trim();
    let short: String = text.chars().take(QUOTED).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    (!short.is_empty()).then(|| format!("{short}{more}"))
}

fn steps(counts: Counts) -> String {
    let Counts { steps, success, partial, failure, skipped, under_way, waiting, .. } = counts;
    let parts = [
        (success, "succeeded"),
        (partial, if partial == 1 { "is partial" } else { "are partial" }),
        (failure, "failed"),
        (skipped, "did not run"),
        (under_way, if under_way == 1 { "is under way" } else { "are under way" }),
        (waiting, if waiting == 1 { "has not begun" } else { "have not begun" }),
    ];
    let parts: Vec<_> =
        parts.iter().filter(|(many, _)| *many > 0).map(|(many, word)| format!("{many} {word}")).collect();
    format!("Of {}, {}.", many(steps, "step"), parts.join(", "))
}

pub(super) fn many(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// Dollars, without the zeros at the end that say nothing.
pub(super) fn dollars(money: Money) -> String {
    let whole = money.to_string();
    let (dollars, nanos) = whole.split_once('.').unwrap_or((&whole, ""));
    let nanos = nanos.trim_end_matches('0');
    format!("{dollars}.{nanos:0<2}")
}

/// Time as people read it.
fn seconds(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{} ms", micros / 1_000),
        1_000_000..60_000_000 => format!("{}.{} s", micros / 1_000_000, micros / 100_000 % 10),
        _ => format!("{} min {} s", micros / 60_000_000, micros / 1_000_000 % 60),
    }
}
