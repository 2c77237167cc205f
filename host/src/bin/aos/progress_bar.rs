//! One line on a terminal that says how far a long command is. Where nobody watches, there is none.

use std::io::{IsTerminal as _, Write as _};

use crate::logging;
use crate::render::plain;

/// Fewer things than this are done before anyone has read the line.
const MANY: usize = 4;

/// Characters of the bar itself, and of the name behind it.
const WIDTH: usize = 20;
const NAME: usize = 48;

/// How many things of how many are done.
pub(crate) struct ProgressBar {
    all: usize,
    done: usize,
    shown: bool,
}

impl ProgressBar {
    pub(crate) fn new(all: usize) -> Self {
        Self { all, done: 0, shown: all >= MANY && std::io::stderr().is_terminal() && !logging::is_json() }
    }

    /// Shows what is done now.
    pub(crate) fn show(&self, name: &str) {
        if self.shown {
            let full = WIDTH * self.done / self.all.max(1);
            let (full, rest) = ("#".repeat(full), "-".repeat(WIDTH - full));
            let name: String = plain(name).chars().take(NAME).collect();
            self.write(&format!("\r\u{1b}[K[{full}{rest}] {}/{} {name}", self.done, self.all));
        }
    }

    /// Takes the line away, so that others may write, and counts one more thing as done.
    pub(crate) fn hide(&mut self) {
        self.done += 1;
        if self.shown {
            self.write("\r\u{1b}[K");
        }
    }

    fn write(&self, text: &str) {
        let mut stderr = std::io::stderr().lock();
        let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
    }
}
