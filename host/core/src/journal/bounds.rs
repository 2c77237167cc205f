//! What the values of an entry may be: a journal is held to it when it is read, and not only when something is made of it.
//! It looks at one entry alone, and never at what stands before it.

use serde::Deserialize as _;
use serde_json::Value;

use super::{Entry, Event, Interrupted, Observed};
use crate::units::{MAX_EXACT_INTEGER, Timestamp};

/// Attempts that a step may have: with full backoff, more would outlive any deadline.
pub const MAX_ATTEMPTS: u32 = 20;

/// Crossings of one attempt that are recorded at all, refused ones included: what keeps a journal readable.
pub const MAX_CROSSINGS: u32 = 100_000;

/// Refuses an entry with a value that no run can have written.
pub(super) fn check(entry: &Entry) -> Result<(), String> {
    if let Some(cursor) = &entry.cursor
        && !(1..=MAX_ATTEMPTS).contains(&cursor.attempt)
    {
        return Err(format!("has attempt {}, and attempts are from 1 to {MAX_ATTEMPTS}", cursor.attempt));
    }
    match &entry.event {
        Event::RunStarted(event) => exact("fuel_price", event.fuel_price),
        Event::StepStarted(event) => exact("deadline_ms", event.deadline_ms),
        Event::Intent(event) => crossing(event.index),
        Event::Result(event) => crossing(event.index),
        Event::Observed(event) => crossing(event.index).and_then(|()| seen(event)),
        Event::Emitted(event) => crossing(event.index),
        Event::StepEnded(event) => {
            exact("memory_bytes", event.memory_bytes.unwrap_or_default())?;
            match event.interrupted {
                Some(Interrupted::Call(index)) => crossing(index),
                Some(Interrupted::Fuel(_)) | None => Ok(()),
            }
        }
        Event::Retry(event) => exact("delay_ms", event.delay_ms),
        Event::RunResumed(event) => exact("torn_bytes", event.torn_bytes),
        Event::GaveUp(_) | Event::FellBack(_) | Event::RunEnded(_) => Ok(()),
    }
}

fn exact(name: &str, value: u64) -> Result<(), String> {
    let fits = value <= MAX_EXACT_INTEGER;
    if fits { Ok(()) } else { Err(format!("has {name} {value}, and {MAX_EXACT_INTEGER} is the most")) }
}

fn crossing(index: u32) -> Result<(), String> {
    let fits = index < MAX_CROSSINGS;
    if fits {
        Ok(())
    } else {
        Err(format!("has index {index}, and an attempt crosses {MAX_CROSSINGS} times at most"))
    }
}

/// What a guest saw has the form that its door gives it. A door that is not known here may have any.
fn seen(event: &Observed) -> Result<(), String> {
    let (value, fits): (_, fn(&Value) -> bool) = match event.call.as_str() {
        "wall-clock.now" => ("an instant", |value| Timestamp::deserialize(value).is_ok()),
        "monotonic-clock.now" => ("nanoseconds", |value| value.as_u64().is_some()),
        "poll.poll" => ("a list of places", |value| {
            value.as_array().is_some_and(|places| places.iter().all(Value::is_u64))
        }),
        "poll.ready" | "future-incoming-response.get" => ("true or false", Value::is_boolean),
        "poll.block" => ("null", Value::is_null),
        _ => return Ok(()),
    };
    if fits(&event.value) { Ok(()) } else { Err(format!("has of {} what is not {value}", event.call)) }
}
