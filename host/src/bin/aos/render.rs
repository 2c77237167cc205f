//! Data on standard output, talk on standard error, colours only on a terminal, and no control character of a skill
//! or an upstream on either.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use aos_host::canonical;
use aos_host::failure::{ErrorCategory, Failure, advice};
use aos_host::ids::{RunId, StepId};
use aos_host::journal::{Entry, Event, JournalError};
use aos_host::outcome::{Cost, OutcomeCode, Spending, Status, StructuredOutcome};
use aos_host::providers::{Clock as _, SystemClock};
use aos_host::units::{Money, Timestamp};
use aos_host::workflow_format::WorkflowInvalid;
use serde_json::Value;

use crate::failed::{PROOF_FAILED, REFUSED};
use crate::logging;
use crate::options::Format;
use crate::screen::above;

/// Characters of an output that are shown to people.
const SHOWN_OUTPUT: usize = 2000;

/// Writes to standard output. A reader that went away ends the program quietly, as is usual in a pipe.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match above(|| out.write_all(text.as_bytes()).and_then(|()| out.flush())) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        other => Ok(other?),
    }
}

/// Says one line on standard error.
pub(crate) fn say(line: &str) {
    logging::line(&plain(line));
}

/// Says what to do about the line before.
pub(crate) fn say_help(line: &str) {
    say(&format!("  help: {line}"));
}

/// Says that a journal has bytes after its last whole line; nothing where there are none.
pub(crate) fn say_torn(journal: &Path, bytes: usize) {
    if bytes > 0 {
        let journal = journal.display();
        say(&format!("left out the last {bytes} bytes of {journal}: a line that was not written to its end"));
    }
}

/// Says why a journal cannot be used. As JSON, that is an outcome, so that there is a document in any case.
pub(crate) fn refuse_journal(
    journal: &Path,
    error: &JournalError,
    format: Format,
) -> anyhow::Result<ExitCode> {
    let failure = Failure::from(error.clone());
    print_refusal(&failure, format)?;
    say(&format!("{}: {failure}", journal.display()));
    say_help(failure.advice());
    Ok(ExitCode::from(PROOF_FAILED))
}

/// Says why a command was not carried out. As JSON, that is an outcome as well.
pub(crate) fn refuse(failure: &Failure, format: Format) -> anyhow::Result<ExitCode> {
    print_refusal(failure, format)?;
    say(&failure.to_string());
    say_help(failure.advice());
    Ok(exit_code_of(failure))
}

/// How a program exits that was refused something: what cannot be trusted is told apart.
pub(crate) fn exit_code_of(failure: &Failure) -> ExitCode {
    ExitCode::from(if failure.category == ErrorCategory::Integrity { PROOF_FAILED } else { REFUSED })
}

fn print_refusal(failure: &Failure, format: Format) -> anyhow::Result<()> {
    if format == Format::Text {
        return Ok(());
    }
    let outcome = StructuredOutcome::refused(RunId::new(0, [0; 10]), failure, SystemClock::new().wall());
    print_outcome(&outcome, format)
}

/// Text that others wrote, with its control characters and its invisible direction marks escaped.
pub(crate) fn plain(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if hidden(c) { c.escape_default().to_string() } else { c.to_string() }).collect()
}

/// Prints an outcome.
pub(crate) fn print_outcome(outcome: &StructuredOutcome, format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        print(&String::from_utf8(outcome.canonical_bytes()?)?)?;
        return print("\n");
    }
    let paint = Paint::for_output();
    print(&format!("{}  {}\n", paint.status(outcome.status), outcome.code.as_str()))?;
    if !outcome.message.is_empty() {
        print(&format!("  {}\n", plain(&outcome.message)))?;
    }
    if let Some(place) = place_of(&outcome.details) {
        print(&format!("  {}\n", plain(&place)))?;
    }
    for step in &outcome.steps {
        let name = step.step_id.as_ref().map(ToString::to_string).unwrap_or_default();
        let retries = match step.observability.retries {
            0 => String::new(),
            1 => ", 1 retry".to_owned(),
            retries => format!(", {retries} retries"),
        };
        let status = paint.status(step.status);
        print(&format!("  {status}  {name}  {}  {} ms{retries}\n", step.code.as_str(), step.latency_ms))?;
    }
    if !outcome.is_of_a_run() {
        return Ok(());
    }
    let (cost, fuel) = (outcome.cost, outcome.fuel.units());
    let held = held(outcome).map(|held| format!(", held {held}")).unwrap_or_default();
    print(&format!("  charged {}, absorbed {}{held}, fuel {fuel}\n", cost.charged, cost.absorbed))?;
    print(&spent_on(&cost))?;
    // Numbers as RFC 8785 writes them, so that both formats show the same.
    let output: Value = serde_json::from_slice(&canonical::to_vec(&outcome.output)?)?;
    let text = serde_json::to_string_pretty(&output)?;
    let shown: String = text.chars().take(SHOWN_OUTPUT).collect();
    let more = if shown.len() < text.len() { "\n… (whole with --format json)" } else { "" };
    let lines: Vec<String> = shown.lines().map(plain).collect();
    print(&format!("{}{more}\n", lines.join("\n")))
}

/// What the money was spent on, where it was spent on more than computing.
fn spent_on(cost: &Cost) -> String {
    let Spending { fuel, request, input, output } = cost.spent;
    let parts = [("requests", request), ("questions", input), ("answers", output)];
    let parts = parts.into_iter().filter(|(_, money)| *money > Money::ZERO);
    let mut parts: Vec<_> = parts.map(|(name, money)| format!("{name} {money}")).collect();
    if !parts.is_empty() {
        parts.push(format!("fuel {fuel}"));
    }
    if cost.overrun > Money::ZERO {
        parts.push(format!("and {} were billed beyond what was held", cost.overrun));
    }
    if parts.is_empty() { String::new() } else { format!("  of it {}\n", parts.join(", ")) }
}

/// What is held for calls and attempts that have no end.
fn held(outcome: &StructuredOutcome) -> Option<Money> {
    Money::from_nanos(outcome.details.get("held")?.as_u64()?).ok()
}

/// Prints the outcome of a run, and what to do about it. The exit code says whether the output is usable.
pub(crate) fn conclude(outcome: &StructuredOutcome, format: Format) -> anyhow::Result<ExitCode> {
    match outcome.code {
        OutcomeCode::Ok => conclude_with(outcome, "", format),
        OutcomeCode::Error(code) => {
            let subcode = outcome.details.get("subcode").and_then(Value::as_str);
            conclude_with(outcome, advice(code, subcode), format)
        }
    }
}

/// As [`conclude`], with something else to do about it; nothing where that is empty.
pub(crate) fn conclude_with(
    outcome: &StructuredOutcome,
    advice: &str,
    format: Format,
) -> anyhow::Result<ExitCode> {
    print_outcome(outcome, format)?;
    if !advice.is_empty() {
        let in_json = format == Format::Text && advice.contains("details");
        say_help(&format!("{advice}{}", if in_json { "; --format json has them" } else { "" }));
    }
    Ok(if outcome.is_usable() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where a failure struck, as far as its details say.
fn place_of(details: &Value) -> Option<String> {
    let part = |name: &str, label: &str| {
        let value = details.get(name).filter(|value| !value.is_null())?;
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (!value.is_empty()).then(|| format!("{label} {value}"))
    };
    let parts = [
        part("step", "step"),
        part("item", "item"),
        part("pointer", "at"),
        part("call", "call"),
        part("status", "status"),
        part("subcode", "subcode"),
    ];
    let place = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    (!place.is_empty()).then_some(place)
}

/// Shows what is wrong in a workflow file, with the lines themselves.
pub(crate) fn show_faults(path: &Path, invalid: &WorkflowInvalid) {
    let handler = if std::io::stderr().is_terminal() {
        miette::GraphicalReportHandler::new()
    } else {
        miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor())
    };
    for fault in invalid.faults() {
        let source = miette::NamedSource::new(path.display().to_string(), invalid.text().to_owned());
        let label = miette::LabeledSpan::at(fault.span.clone(), "here");
        let mut diagnostic = miette::MietteDiagnostic::new(plain(&fault.message))
            .with_code(fault.code.as_str())
            .with_label(label);
        if let Some(help) = &fault.help {
            diagnostic = diagnostic.with_help(plain(help));
        }
        let report = miette::Report::new(diagnostic).with_source_code(source);
        let mut text = String::new();
        if handler.render_report(&mut text, report.as_ref()).is_ok() {
            logging::error_line(text.trim_end());
        }
    }
}

/// A line for each thing that a step does, as it does it.
pub(crate) struct Progress {
    paint: Paint,
    started: Option<Timestamp>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { paint: Paint { colours: console::colors_enabled_stderr() }, started: None }
    }

    /// Shows an entry of a run of so many steps. Logs in JSON tell the same without the texts of skills.
    pub(crate) fn show(&mut self, entry: &Entry, steps: Option<usize>) {
        if logging::is_json() {
            return;
        }
        let started = *self.started.get_or_insert(entry.stamp.at);
        let millis = entry.stamp.at.since(started).as_millis();
        let Some(cursor) = &entry.cursor else {
            if let Event::RunStarted(run) = &entry.event {
                let many = match steps {
                    None => String::new(),
                    Some(1) => ", 1 step".to_owned(),
                    Some(steps) => format!(", {steps} steps"),
                };
                say(&format!("run {} of {}{many}", run.run, run.workflow));
            }
            return;
        };
        let name = named(&cursor.step, cursor.item);
        match &entry.event {
            Event::StepEnded(ended) => {
                let why = ended.failure.as_ref().map(|failure| format!("  {}", plain(&failure.message)));
                let status = self.paint.status(ended.status);
                let line = format!("{status}  {name}  {}", ended.code.as_str());
                logging::line(&format!("{millis:>6} ms  {line}{}", why.unwrap_or_default()));
            }
            Event::Retry(retry) => {
                let line = format!("again in {} ms ({})", retry.delay_ms, plain(&retry.why));
                self.tell(millis, "retry  ", &format!("{name}  {line}"));
            }
            Event::GaveUp(gave_up) => {
                self.tell(millis, "gave up", &format!("{name}  {}", plain(&gave_up.why)));
            }
            Event::FellBack(event) => {
                let why = event.failure.as_ref().map_or("the fallback stands in", |failure| &failure.message);
                self.tell(millis, "fallback", &format!("{name}  {}", plain(why)));
            }
            _ => {}
        }
    }

    fn tell(&self, millis: u128, word: &str, line: &str) {
        logging::line(&format!("{millis:>6} ms  {}  {line}", self.paint.word(word, 33)));
    }
}

/// A step, or an element of one.
pub(crate) fn named(step: &StepId, item: Option<u32>) -> String {
    match item {
        Some(item) => format!("{step}[{item}]"),
        None => step.to_string(),
    }
}

/// Colours, where a terminal shows them and nobody has asked for none (`NO_COLOR`, `TERM=dumb`).
#[derive(Clone, Copy)]
struct Paint {
    colours: bool,
}

impl Paint {
    fn for_output() -> Self {
        Self { colours: console::colors_enabled() }
    }

    fn status(self, status: Status) -> String {
        let colour = match status {
            Status::Success => 32,
            Status::Partial => 33,
            Status::Skipped => 36,
            Status::Failure => 31,
        };
        self.word(status.as_str(), colour)
    }

    fn word(self, word: &str, colour: u8) -> String {
        if self.colours { format!("\u{1b}[{colour}m{word}\u{1b}[0m") } else { word.to_owned() }
    }
}
