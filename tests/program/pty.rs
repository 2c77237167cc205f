//! A terminal that is no window: what a program writes to it, and what would then stand on its screen.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Between two looks at what was written.
const LOOK: Duration = Duration::from_millis(10);

/// How long something may take to be shown.
const PATIENCE: Duration = Duration::from_secs(60);

/// A terminal of so many rows and columns.
pub(super) struct Terminal {
    master: File,
    end: OwnedFd,
    written: Arc<Mutex<Vec<u8>>>,
    reading: JoinHandle<()>,
    size: (usize, usize),
}

impl Terminal {
    pub(super) fn new(rows: u16, columns: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).expect("it may be used");
        unlockpt(&master).expect("it may be opened");
        let name = ptsname(&master, Vec::new()).expect("its name");
        let end =
            rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("its other end");
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&end, size).expect("a size");
        let (master, written) = (File::from(master), Arc::new(Mutex::new(Vec::new())));
        let (mut source, sink) = (master.try_clone().expect("another handle"), Arc::clone(&written));
        let reading = std::thread::spawn(move || {
            let mut piece = [0; 4096];
            // The end of all writers is an error here.
            while let Ok(read @ 1..) = source.read(&mut piece) {
                sink.lock().unwrap().extend_from_slice(&piece[..read]);
            }
        });
        Self { master, end, written, reading, size: (rows.into(), columns.into()) }
    }

    /// The program's end of it.
    pub(super) fn end(&self) -> Stdio {
        self.end.try_clone().expect("another handle").into()
    }

    /// Types something. The terminal shows it, as terminals do.
    pub(super) fn types(&mut self, keys: &[u8]) {
        self.master.write_all(keys).expect("it is open");
    }

    /// Everything that was written so far.
    pub(super) fn written(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().unwrap()).into_owned()
    }

    /// Waits until something was written, as long as a slow machine may take.
    pub(super) async fn shows(&self, words: &str) {
        let shown = async {
            while !self.written().contains(words) {
                tokio::time::sleep(LOOK).await;
            }
        };
        let shown = tokio::time::timeout(PATIENCE, shown).await;
        assert!(shown.is_ok(), "{words:?} is not in {:?}", self.written());
    }

    /// Waits until all that write to it are gone: all that they wrote, and the lines that are then left on the screen and
    /// above it.
    pub(super) fn closed(self) -> (String, Vec<String>) {
        drop(self.end);
        self.reading.join().expect("it reads to the end");
        let written = String::from_utf8(self.written.lock().unwrap().clone()).expect("UTF-8");
        let lines = Screen::of(&written, self.size).lines;
        (written, lines)
    }
}

/// What stands on a screen: the last rows of these lines.
struct Screen {
    lines: Vec<String>,
    /// The line in which the cursor is, and its column; at the end of a line, the next character wraps.
    cursor: (usize, usize),
    size: (usize, usize),
}

impl Screen {
    fn of(written: &str, size: (usize, usize)) -> Self {
        let mut screen = Self { lines: vec![String::new()], cursor: (0, 0), size };
        let mut rest = written;
        while let Some(first) = rest.chars().next() {
            rest = match rest.strip_prefix("\u{1b}[") {
                Some(sequence) => screen.obey(sequence),
                None => {
                    screen.put(first);
                    &rest[first.len_utf8()..]
                }
            };
        }
        screen.lines.iter_mut().for_each(|line| line.truncate(line.trim_end().len()));
        while screen.lines.last().is_some_and(String::is_empty) {
            screen.lines.pop();
        }
        screen
    }

    fn obey<'a>(&mut self, sequence: &'a str) -> &'a str {
        let end = sequence.find(|c: char| c.is_ascii_alphabetic()).expect("a whole sequence");
        let (figures, rest) = sequence.split_at(end);
        let count = figures.parse().unwrap_or(1);
        let top = self.lines.len().saturating_sub(self.size.0);
        match rest.chars().next() {
            Some('A') => self.cursor.0 = self.cursor.0.saturating_sub(count).max(top),
            Some('B') => self.cursor.0 = (self.cursor.0 + count).min(self.lines.len() - 1),
            Some('K') if figures == "2" => self.lines[self.cursor.0].clear(),
            Some('m') => {}
            other => panic!("{figures:?} {other:?} is a sequence that this screen does not know"),
        }
        &rest[1..]
    }

    fn put(&mut self, character: char) {
        match character {
            '\r' => self.cursor.1 = 0,
            '\n' => self.down(),
            _ => {
                if self.cursor.1 == self.size.1 {
                    self.cursor.1 = 0;
                    self.down();
                }
                let line = &mut self.lines[self.cursor.0];
                let mut cells: Vec<char> = line.chars().collect();
                cells.resize(cells.len().max(self.cursor.1 + 1), ' ');
                cells[self.cursor.1] = character;
                *line = cells.into_iter().collect();
                self.cursor.1 += 1;
            }
        }
    }

    fn down(&mut self) {
        self.cursor.0 += 1;
        if self.cursor.0 == self.lines.len() {
            self.lines.push(String::new());
        }
    }
}

#[test]
fn the_screen_wraps_erases_and_writes_over() {
    let lines = |written| Screen::of(written, (3, 4)).lines;
    assert_eq!(lines("abcdef\r\ng"), ["abcd", "ef", "g"]);
    assert_eq!(lines("abcd\rx\u{1b}[1m"), ["xbcd"]);
    assert_eq!(lines("a\r\nb\r\nc\u{1b}[2A\r\u{1b}[2Kz"), ["z", "b", "c"]);
    assert_eq!(lines("1\r\n2\r\n3\r\n4\u{1b}[9A\r\u{1b}[2K"), ["1", "", "3", "4"], "what has scrolled stays");
}
