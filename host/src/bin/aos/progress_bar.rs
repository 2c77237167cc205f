//! One line on a terminal that says how far a long command is. Where nobody watches, there is none.

use crate::render::plain;
use crate::screen::Region;

/// Fewer things than this are done before anyone has read the line.
const MANY: usize = 4;

/// Characters of the bar itself.
const WIDTH: usize = 20;

/// How many things of how many are done.
pub(crate) struct ProgressBar {
    all: usize,
    done: usize,
    region: Option<Region>,
}

impl ProgressBar {
    pub(crate) fn new(all: usize) -> Self {
        Self { all, done: 0, region: (all >= MANY).then(Region::new) }
    }

    /// Shows what is done now.
    pub(crate) fn show(&self, name: &str) {
        let Some(region) = &self.region else { return };
        let full = WIDTH * self.done / self.all.max(1);
        let (full, rest) = ("#".repeat(full), "-".repeat(WIDTH.saturating_sub(full)));
        region.draw(&[format!("[{full}{rest}] {}/{} {}", self.done, self.all, plain(name))]);
    }

    /// Takes the line away, and counts one more thing as done.
    pub(crate) fn hide(&mut self) {
        self.done += 1;
        self.region.iter().for_each(|region| region.draw(&[]));
    }
}
