//! `aos inspect` and `aos diff`: journals as people look at them. Neither runs anything.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use aos_host::canonical;
use aos_host::journal::{Divergence, FellBack, Interrupted, JournalError, Recording, differences};
use aos_host::outcome::OutcomeCode;
use aos_host::providers::read_journal;
use aos_host::units::Money;
use aos_host::view::{AttemptView, CallView, Place, RunView, StepView};
use serde_json::Value;

use crate::options::{DiffArgs, Format, InspectArgs};
use crate::render::{plain, print, refuse_journal, say, say_torn};

/// Characters of a text that a tree shows.
const SHOWN: usize = 100;

/// Shows a journal.
pub(crate) fn inspect(args: &InspectArgs) -> anyhow::Result<ExitCode> {
    let recording = match read(&args.journal)? {
        Ok(recording) => recording,
        Err(error) => return refuse_journal(&args.journal, &error, args.format.format),
    };
    let view = RunView::of(&recording)?;
    if let Some(text) = &args.call {
        let place: Place = text.parse().with_context(|| format!("--call {text}"))?;
        let call = place.index.and_then(|index| view.call(&place.cursor, index)).with_context(|| {
            format!("--call {text}: the journal has no such call; `aos inspect` without it lists all")
        })?;
        return show_call(call, args.format.format);
    }
    if args.format.format == Format::Json {
        print(&String::from_utf8(canonical::to_vec(&view.changes_since(None))?)?)?;
        print("\n")?;
    } else {
        print_head(&view)?;
        tree(&view)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows what there is to say of the run as a whole.
pub(super) fn head(args: &InspectArgs) -> anyhow::Result<ExitCode> {
    match read(&args.journal)? {
        Ok(recording) => print_head(&RunView::of(&recording)?).map(|()| ExitCode::SUCCESS),
        Err(error) => refuse_journal(&args.journal, &error, args.format.format),
    }
}

/// Shows where two journals part.
pub(crate) fn diff(args: &DiffArgs) -> anyhow::Result<ExitCode> {
    let (first, second) = match (read(&args.first)?, read(&args.second)?) {
        (Ok(first), Ok(second)) => (first, second),
        (Err(error), _) => return refuse_journal(&args.first, &error, args.format.format),
        (_, Err(error)) => return refuse_journal(&args.second, &error, args.format.format),
    };
    for (path, recording) in [(&args.first, &first), (&args.second, &second)] {
        say_torn(path, recording.torn().map_or(0, |torn| torn.bytes));
    }
    let found = differences(&first, &second, args.observed);
    if args.format.format == Format::Json {
        let all: Vec<Value> = found.iter().map(Divergence::to_json).collect();
        print(&String::from_utf8(canonical::to_vec(&all)?)?)?;
        print("\n")?;
    } else {
        for difference in &found {
            print(&difference_text(difference))?;
        }
    }
    if found.is_empty() {
        say("the journals do not part");
    }
    Ok(ExitCode::from(u8::from(!found.is_empty())))
}

/// A journal, or why it cannot be trusted.
fn read(path: &Path) -> anyhow::Result<Result<Recording, JournalError>> {
    let bytes = read_journal(path).with_context(|| path.display().to_string())?;
    Ok(Recording::read(&bytes))
}

fn show_call(call: &CallView, format: Format) -> anyhow::Result<ExitCode> {
    let mut value = serde_json::to_value(call)?;
    if let Some(members) = value.as_object_mut() {
        members.insert("request".to_owned(), call.request.clone());
        members.insert("answer".to_owned(), call.answer.clone());
    }
    if format == Format::Json {
        print(&String::from_utf8(canonical::to_vec(&value)?)?)?;
        print("\n")?;
        return Ok(ExitCode::SUCCESS);
    }
    print(&format!("{}\n", call_line(call)))?;
    for (name, value) in [("request", &call.request), ("answer", &call.answer)] {
        if !value.is_null() {
            let text = serde_json::to_string_pretty(value)?;
            let lines: Vec<_> = text.lines().map(plain).collect();
            print(&format!("{name}\n{}\n", lines.join("\n")))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print_head(view: &RunView) -> anyhow::Result<()> {
    let head = view.head();
    let end = match &head.outcome {
        Some(outcome) => format!("{}  {}", outcome.status.as_str(), outcome.code.as_str()),
        None => "no end: it was killed, or still goes on".to_owned(),
    };
    print(&format!("{}  run {}  {}\n", plain(&head.workflow), head.run, plain(&end)))?;
    let (charged, absorbed) = (head.cost.charged, head.cost.absorbed);
    let (started, took) = (head.started, time(head.took_us));
    print(&format!("  {started}  {took}  charged {charged}  absorbed {absorbed}  of {}\n", head.ceiling))?;
    if let Some(budget) = &head.budget {
        print(&format!("  under the budget {budget}\n"))?;
    }
    print(&format!("  {} entries  {} bytes\n", head.entries, head.bytes))?;
    for wall in &head.resumed {
        print(&format!("  resumed {wall}\n"))?;
    }
    if let Some(torn) = head.torn_bytes {
        print(&format!("  the last {torn} bytes are a line that was not written to its end\n"))?;
    }
    Ok(())
}

fn tree(view: &RunView) -> anyhow::Result<()> {
    for (place, step) in view.steps().iter().enumerate() {
        step_tree(step, place + 1 == view.steps().len())?;
    }
    Ok(())
}

fn step_tree(step: &StepView, last: bool) -> anyhow::Result<()> {
    let (branch, below) = branches(last);
    let item = step.item.map(|item| format!("/{item}")).unwrap_or_default();
    let skill = step.attempts.iter().find_map(|attempt| attempt.skill.as_ref());
    let skill = skill.map(|skill| format!("  {skill}")).unwrap_or_default();
    print(&format!("{branch}{}{item}{skill}\n", step.step))?;
    for (place, attempt) in step.attempts.iter().enumerate() {
        let (branch, inner) = branches(place + 1 == step.attempts.len());
        print(&format!("{below}{branch}{}\n", attempt_line(attempt)))?;
        for (place, call) in attempt.calls.iter().enumerate() {
            let (branch, _) = branches(place + 1 == attempt.calls.len());
            print(&format!("{below}{inner}{branch}{}\n", call_line(call)))?;
        }
    }
    Ok(())
}

const fn branches(last: bool) -> (&'static str, &'static str) {
    if last { ("└─ ", "   ") } else { ("├─ ", "│  ") }
}

fn attempt_line(attempt: &AttemptView) -> String {
    let code = attempt.code.map_or("no end", |code| code.as_str());
    let took = attempt.took_us.map(|took| format!("  {}", time(took))).unwrap_or_default();
    let mut line = format!("attempt {}  {code}  at {}{took}", attempt.attempt, time(attempt.begun_us));
    if attempt.skill.is_some() {
        line.push_str(&format!("  fuel {} of {}", attempt.fuel.units(), attempt.fuel_granted.units()));
    }
    if let Some(memory) = attempt.memory_bytes.filter(|memory| *memory > 0) {
        line.push_str(&format!("  memory {} KiB", memory.div_ceil(1024)));
    }
    for (name, money) in [("charged", attempt.charged), ("absorbed", attempt.absorbed)] {
        if money > Money::ZERO {
            line.push_str(&format!("  {name} {money}"));
        }
    }
    match attempt.interrupted {
        Some(Interrupted::Fuel(fuel)) => line.push_str(&format!("  cut off at fuel {}", fuel.units())),
        Some(Interrupted::Call(index)) => line.push_str(&format!("  cut off in call {index}")),
        None => {}
    }
    if let Some(failure) = &attempt.failure {
        line.push_str(&format!("  {}", shortened(&failure.message)));
    }
    if let Some(retry) = &attempt.retry {
        line.push_str(&format!("  again in {} ms", retry.delay_ms));
    }
    if let Some(gave_up) = &attempt.gave_up {
        line.push_str(&format!("  not again: {}", shortened(&gave_up.why)));
    }
    match &attempt.fell_back {
        Some(FellBack { failure: None, .. }) => line.push_str("  the fallback stands in"),
        Some(FellBack { failure: Some(failure), .. }) => {
            line.push_str(&format!("  no fallback: {}", shortened(&failure.message)));
        }
        None => {}
    }
    line
}

fn call_line(call: &CallView) -> String {
    let code = call.code.map_or("no result", |code| code.as_str());
    let mut line = format!("{}  {}", call.index, call.call);
    for part in [call.target.as_str(), &text_of(call)] {
        if !part.is_empty() {
            line.push_str(&format!("  {}", shortened(part)));
        }
    }
    if call.code != Some(OutcomeCode::Ok) {
        line.push_str(&format!("  {code}"));
    }
    if let Some(status) = call.status {
        line.push_str(&format!("  {status}"));
    }
    line.push_str(&format!("  at {}", time(call.at_us)));
    if let Some(took) = call.took_us {
        line.push_str(&format!("  {}", time(took)));
    }
    if call.held > Money::ZERO {
        let spent = call.code.map_or_else(|| "held".to_owned(), |_| format!("spent {} of", call.spent));
        line.push_str(&format!("  {spent} {}", call.held));
    }
    if let Some(tokens) = call.clamped_to {
        line.push_str(&format!("  cut to {tokens} tokens"));
    }
    if call.overrun > Money::ZERO {
        line.push_str(&format!("  billed {} beyond it", call.overrun));
    }
    line
}

/// What was seen or written, which is short enough to stand in the tree.
fn text_of(call: &CallView) -> String {
    match call.class {
        "emit" => call.request.as_str().unwrap_or_default().trim_end().to_owned(),
        "observe" => call.answer.to_string(),
        _ => String::new(),
    }
}

fn difference_text(found: &Divergence) -> String {
    let place = place_text(found);
    let mut text = format!("{place}: {}", plain(&found.what));
    if found.recorded.is_some() || found.actual.is_some() {
        let pointer = if found.pointer.is_empty() { "the value" } else { &found.pointer };
        text.push_str(&format!(" differs at {}\n", plain(pointer)));
        for (sign, value) in [("-", &found.recorded), ("+", &found.actual)] {
            let shown = value.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string);
            text.push_str(&format!("  {sign} {}\n", shortened(&shown)));
        }
    } else {
        text.push('\n');
    }
    text
}

fn place_text(found: &Divergence) -> String {
    let Some(cursor) = &found.cursor else { return "run".to_owned() };
    let item = cursor.item.map(|item| format!("/{item}")).unwrap_or_default();
    let index = found.index.map(|index| format!(":{index}")).unwrap_or_default();
    format!("{}{item}:{}{index}", cursor.step, cursor.attempt)
}

fn shortened(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("{}{more}", plain(&shown))
}

/// Microseconds as people read them.
fn time(micros: u64) -> String {
    match micros {
        0..10_000 => format!("{micros} µs"),
        10_000..10_000_000 => format!("{} ms", micros / 1000),
        _ => format!("{}.{} s", micros / 1_000_000, micros / 100_000 % 10),
    }
}
