//! What a run does now, below the lines of what it has done. Made from the entries of its journal, whoever writes them.

use std::time::Duration;

use aos_host::journal::Entry;
use aos_host::providers::{Clock as _, SystemClock};
use aos_host::units::{Money, Timestamp};
use aos_host::view::{OpenAttempt, UnderWay};
use console::style;
use tokio::time::{Instant, Interval, MissedTickBehavior};

use crate::render::{Progress, named, plain};
use crate::screen::Region;

/// Between two redraws: a spinner turns, and tenths of a second can still be read.
const PERIOD: Duration = Duration::from_millis(100);

/// Attempts that are shown at one time: more move faster than anyone reads.
const MOST_SHOWN: usize = 8;

/// Rows that the region leaves to others: its two last lines, and the end of what was done.
const OTHER_ROWS: usize = 4;

/// Characters of what a call is aimed at.
const SHOWN_TARGET: usize = 60;

/// What turns while something goes on.
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// A run that goes on, as it is shown.
pub(crate) struct Live {
    progress: Progress,
    under_way: UnderWay,
    region: Region,
    clock: SystemClock,
    /// When the last entry was written, by this clock.
    written: Duration,
    turns: usize,
}

impl Live {
    pub(crate) fn new() -> Self {
        Self {
            progress: Progress::new(),
            under_way: UnderWay::default(),
            region: Region::new(),
            clock: SystemClock::new(),
            written: Duration::ZERO,
            turns: 0,
        }
    }

    /// Of a run that goes on: what was done before is known, and not shown again.
    pub(crate) fn after(entries: &[Entry]) -> Self {
        let mut live = Self::new();
        entries.iter().for_each(|entry| live.under_way.apply(entry));
        live
    }

    /// Shows an entry that was written just now.
    pub(crate) fn show(&mut self, entry: &Entry) {
        self.under_way.apply(entry);
        self.progress.show(entry, self.under_way.steps());
        self.written = self.clock.monotonic();
    }

    /// The last entry was written so long ago.
    pub(crate) fn age(&mut self, age: Duration) {
        self.written = self.clock.monotonic().saturating_sub(age);
    }

    /// Draws what goes on now.
    pub(crate) fn draw(&mut self) {
        let Some(last) = self.under_way.last().filter(|_| self.region.is_shown()) else { return };
        let now = last.plus(self.clock.monotonic().saturating_sub(self.written));
        let spinner = SPINNER.get(self.turns % SPINNER.len()).copied().unwrap_or_default();
        let room = self.region.rows().saturating_sub(OTHER_ROWS).clamp(1, MOST_SHOWN);
        self.turns = self.turns.wrapping_add(1);
        self.region.draw(&lines(&self.under_way, now, spinner, room));
    }
}

/// When to draw. The first time is after one period, so that nothing flashes up of a run that is over by then.
pub(crate) fn redraws() -> Interval {
    let mut redraws = tokio::time::interval_at(Instant::now() + PERIOD, PERIOD);
    redraws.set_missed_tick_behavior(MissedTickBehavior::Skip);
    redraws
}

fn lines(under_way: &UnderWay, now: Timestamp, spinner: &str, room: usize) -> Vec<String> {
    let open = under_way.open();
    let more = open.len().saturating_sub(room);
    let spinner = style(spinner).for_stderr().cyan().to_string();
    let mut lines: Vec<_> =
        open.take(room).map(|attempt| format!("{spinner} {}", attempt_line(attempt, now))).collect();
    if more > 0 {
        lines.push(format!("  and {more} more"));
    }
    lines.push(format!("  {}", summary(under_way, now)));
    lines
}

fn attempt_line(attempt: &OpenAttempt, now: Timestamp) -> String {
    let mut parts = vec![named(&attempt.step, attempt.item)];
    if attempt.attempt > 1 && attempt.pause_ms.is_none() {
        parts.push(format!("attempt {}", attempt.attempt));
    }
    parts.extend(attempt.skill.as_ref().map(ToString::to_string));
    parts.push(time(now.since(attempt.since)));
    for (word, money) in [("held", attempt.held), ("used", attempt.used)] {
        parts.extend((money > Money::ZERO).then(|| format!("{word} {money}")));
    }
    if let Some(pause) = attempt.pause_ms {
        let pause = time(Duration::from_millis(pause));
        parts.push(format!("waits {pause} before attempt {}", attempt.attempt));
    } else if let Some(call) = attempt.call() {
        parts.push(format!("{} {}", call.call, shortened(&call.target)));
    }
    plain(&parts.join("  "))
}

fn summary(under_way: &UnderWay, now: Timestamp) -> String {
    let ended = under_way.ended();
    let mut parts = vec![match under_way.steps() {
        Some(steps) => format!("{ended} of {}", many(steps, "step")),
        None => many(ended, "step"),
    }];
    parts.extend((under_way.items() > 0).then(|| many(under_way.items(), "element")));
    parts.extend(under_way.started().map(|started| time(now.since(started))));
    parts.push(format!("charged {} of {}", under_way.charged(), under_way.ceiling()));
    parts.extend((under_way.held() > Money::ZERO).then(|| format!("held {}", under_way.held())));
    parts.join("  ")
}

fn many(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

fn shortened(text: &str) -> String {
    let mut rest = text.chars();
    let shown: String = rest.by_ref().take(SHOWN_TARGET).collect();
    if rest.next().is_some() { format!("{shown}…") } else { shown }
}

/// Time as people follow it.
fn time(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds}.{} s", time.subsec_millis() / 100),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}
