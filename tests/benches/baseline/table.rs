//! What was measured: a figure, what it is measured against, and the quotient of the two, beside the aim.

use std::fmt::Write as _;
use std::time::Duration;

/// What a figure should come to.
#[derive(Clone, Copy)]
pub(crate) enum Aim {
    /// At most so many times what it is measured against.
    Times(f64),
    /// At most so long.
    Within(Duration),
    /// It is told, and nothing more.
    None,
}

/// One line of the table.
pub(crate) struct Row {
    /// What was measured.
    pub(crate) name: String,
    /// What it came to, for people.
    pub(crate) figure: String,
    /// What it is measured against, and what that came to.
    pub(crate) baseline: String,
    pub(crate) ratio: f64,
    pub(crate) aim: Aim,
    /// For an aim that is a time.
    pub(crate) took: Option<Duration>,
}

/// All lines, in the order in which they were measured.
#[derive(Default)]
pub(crate) struct Table(Vec<Row>);

impl Table {
    pub(crate) fn add(&mut self, row: Row) {
        self.0.push(row);
    }

    /// The table in Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text =
            "| figure | came to | against | ratio | aim | |\n|---|--:|---|--:|--:|---|\n".to_owned();
        for Row { name, figure, baseline, ratio, aim, took } in &self.0 {
            let (aim, met) = match *aim {
                Aim::Times(most) => (format!("{most} ×"), met(*ratio <= most)),
                Aim::Within(most) => {
                    (format!("{} ms", most.as_millis()), met(took.is_some_and(|took| took <= most)))
                }
                Aim::None => (String::new(), ""),
            };
            writeln!(text, "| {name} | {figure} | {baseline} | {ratio:.2} × | {aim} | {met} |").unwrap();
        }
        text
    }
}

const fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "not met" }
}

/// A time for people, with three digits.
pub(crate) fn shown(seconds: f64) -> String {
    let (value, unit) = match seconds {
        ..1e-6 => (seconds * 1e9, "ns"),
        ..1e-3 => (seconds * 1e6, "µs"),
        ..1.0 => (seconds * 1e3, "ms"),
        _ => (seconds, "s"),
    };
    match value {
        ..10.0 => format!("{value:.2} {unit}"),
        ..100.0 => format!("{value:.1} {unit}"),
        _ => format!("{value:.0} {unit}"),
    }
}
