//! Standard error where it is a terminal: lines that stay, and below them a region of a few that are drawn anew. Whoever
//! writes to either stream goes through [`above`], so that nothing tears the region.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use console::{Term, is_dumb, truncate_str};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use crate::logging;

/// Redraws in a second at most, whatever is written meanwhile: more than that nobody sees.
const MOST_REDRAWS: u8 = 20;

/// Columns below which a region says nothing that can be read.
const LEAST_COLUMNS: usize = 20;

/// The region that is on the screen. There is one standard error, so there is one.
static DRAWN: Mutex<Option<Drawn>> = Mutex::new(None);

struct Drawn {
    all: MultiProgress,
    bar: ProgressBar,
    is_empty: bool,
}

/// A few lines at the bottom of the screen, until it is dropped. Where nobody watches, nothing is drawn.
pub(crate) struct Region {
    term: Option<Term>,
}

impl Region {
    /// Nothing is drawn where standard error is no terminal, is one that cannot erase (`TERM=dumb`), or is JSON.
    pub(crate) fn new() -> Self {
        let term = Term::buffered_stderr();
        if !term.is_term() || is_dumb() || logging::is_json() {
            return Self { term: None };
        }
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(Screen(term.clone())), MOST_REDRAWS);
        let all = MultiProgress::with_draw_target(target);
        let bar = all.add(ProgressBar::new_spinner());
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        *drawn() = Some(Drawn { all, bar, is_empty: true });
        Self { term: Some(term) }
    }

    /// Whether there is a screen, so that lines are worth making.
    pub(crate) const fn is_shown(&self) -> bool {
        self.term.is_some()
    }

    /// Rows of the screen.
    pub(crate) fn rows(&self) -> usize {
        self.term.as_ref().map_or(0, |term| usize::from(term.size().0))
    }

    /// Shows these lines instead of those before, each cut to the width of the screen.
    pub(crate) fn draw(&self, lines: &[String]) {
        let (Some(term), Some(drawn)) = (&self.term, &mut *drawn()) else { return };
        let width = usize::from(term.size().1);
        let lines = if width < LEAST_COLUMNS { &[] } else { lines };
        let lines: Vec<_> = lines.iter().map(|line| truncate_str(line, width, "…")).collect();
        drawn.is_empty = lines.is_empty();
        if drawn.is_empty {
            let _ = drawn.all.clear();
        } else {
            drawn.bar.set_message(lines.join("\n"));
        }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        if self.term.is_some()
            && let Some(drawn) = drawn().take()
        {
            drawn.bar.finish_and_clear();
        }
    }
}

/// Writes whole lines to either stream, above the region where there is one.
pub(crate) fn above<T>(write: impl FnOnce() -> T) -> T {
    let drawn = drawn();
    let shown = drawn.as_ref().filter(|drawn| !drawn.is_empty);
    shown.iter().for_each(|drawn| drop(drawn.all.clear()));
    let written = write();
    shown.iter().for_each(|drawn| drawn.bar.tick());
    written
}

fn drawn() -> MutexGuard<'static, Option<Drawn>> {
    DRAWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Standard error for those who log: each write is whole lines.
pub(crate) struct Above;

impl io::Write for Above {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        above(|| io::stderr().write_all(lines)).map(|()| lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A terminal whose cursor waits at the beginning of the last line. At its end, the `^C` that terminals show of an interrupt
/// would begin another line, and the region could not be taken away as a whole.
#[derive(Debug)]
struct Screen(Term);

impl TermLike for Screen {
    fn width(&self) -> u16 {
        self.0.size().1
    }

    fn height(&self) -> u16 {
        self.0.size().0
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        self.0.move_cursor_up(lines)
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        self.0.move_cursor_down(lines)
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.0.move_cursor_right(columns)
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.0.move_cursor_left(columns)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.write_str("\r")?;
        self.0.flush()
    }
}
