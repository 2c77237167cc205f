//! `aos inspect --watch`: a journal that another process writes, as it is written. It never disturbs that process.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use aos_host::journal::{Entry, JournalError, JournalReader, MAX_LINE};
use aos_host::providers::{Clock as _, SystemClock, is_written};
use aos_host::units::Timestamp;

use super::inspect::{head, inspect};
use crate::live::{Live, redraws};
use crate::options::{Format, InspectArgs};
use crate::render::{refuse_journal, say, say_help};

/// How long nothing is written before it is asked whether anyone writes. A run makes its file a moment before it locks it, and
/// a question at that moment would be in its way.
const QUIET: Duration = Duration::from_secs(1);

/// Bytes that are read at one time, so that what was written before is shown in pieces as well.
const PIECE: u64 = 64 << 10;

/// How the watching ended.
enum Watched {
    /// The run came to its end.
    Ended,
    /// It has no end, and nobody writes it.
    Abandoned,
    /// Someone has seen enough.
    Interrupted,
}

/// Follows a journal to the end of its run.
pub(crate) async fn watch(args: &InspectArgs) -> anyhow::Result<ExitCode> {
    let (path, format) = (&args.journal, args.format.format);
    let mut tail = Tail::open(path).with_context(|| path.display().to_string())?;
    let live = (format == Format::Text).then(Live::new);
    let watched = match follow(&mut tail, live).await.with_context(|| path.display().to_string())? {
        Ok(watched) => watched,
        Err(error) => return refuse_journal(path, &error, format),
    };
    match watched {
        Watched::Ended => {}
        Watched::Abandoned => {
            say(&format!("nobody writes {} any more, and the run in it has no end", path.display()));
            if tail.has_begun() {
                say_help(&format!("go on with it: aos resume {}", path.display()));
            }
        }
        Watched::Interrupted => {
            say("no longer watched; this is the run so far, and nothing was done to it");
            if !tail.has_begun() {
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
    if format == Format::Json { inspect(args) } else { head(args) }
}

/// Shows what is written until there is nothing more to wait for.
async fn follow(tail: &mut Tail, mut live: Option<Live>) -> io::Result<Result<Watched, JournalError>> {
    // The file is looked at as often as it is drawn, so that nobody waits for what is written.
    let mut looks = redraws();
    let mut interrupted = Box::pin(tokio::signal::ctrl_c());
    let mut is_abandoned = false;
    loop {
        let entries = match tail.next()? {
            Ok(entries) => entries,
            Err(error) => return Ok(Err(error)),
        };
        if let Some(live) = &mut live {
            entries.iter().for_each(|entry| live.show(entry));
            live.age(tail.age()?);
        }
        if tail.reader.is_over() {
            return Ok(Ok(Watched::Ended));
        }
        let is_behind = !entries.is_empty();
        if is_abandoned && !is_behind {
            return Ok(Ok(Watched::Abandoned));
        }
        // What was written before the lock was given back is read once more after that.
        is_abandoned = !is_behind && tail.is_quiet() && !is_written(&tail.file)?;
        tokio::select! {
            biased;
            _ = &mut interrupted => return Ok(Ok(Watched::Interrupted)),
            _ = looks.tick() => live.iter_mut().for_each(Live::draw),
            () = tokio::task::yield_now(), if is_behind => {}
        }
    }
}

/// The end of a file that grows.
struct Tail {
    file: File,
    reader: JournalReader,
    /// Where the first line begins that is not whole. It is read anew each time: a run that is resumed cuts it off.
    offset: u64,
    /// Its bytes so far.
    torn: usize,
    clock: SystemClock,
    /// When the file was seen to grow last, by this clock.
    grew: Duration,
}

impl Tail {
    fn open(path: &Path) -> anyhow::Result<Self> {
        // A pipe without a writer would be waited for here already.
        anyhow::ensure!(std::fs::metadata(path)?.is_file(), "it is no file");
        let (file, reader, clock) = (File::open(path)?, JournalReader::default(), SystemClock::new());
        let grew = clock.monotonic();
        Ok(Self { file, reader, offset: 0, torn: 0, clock, grew })
    }

    /// The entries of the lines that are whole by now, of not much more than a piece of them.
    fn next(&mut self) -> io::Result<Result<Vec<Entry>, JournalError>> {
        self.file.seek(SeekFrom::Start(self.offset))?;
        let mut bytes = Vec::new();
        let whole = loop {
            let read = (&self.file).take(PIECE).read_to_end(&mut bytes)?;
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
            // A line that is too long to be one is for the reader to refuse.
            if whole > 0 || read == 0 || bytes.len() > MAX_LINE {
                break whole;
            }
        };
        let torn = bytes.len() - whole;
        if whole > 0 || torn != self.torn {
            self.grew = self.clock.monotonic();
        }
        self.torn = torn;
        if torn <= MAX_LINE {
            bytes.truncate(whole);
        }
        self.offset += bytes.len() as u64;
        Ok(self.reader.push(&bytes))
    }

    /// Whether a line of it was read.
    const fn has_begun(&self) -> bool {
        self.reader.len_bytes() > 0
    }

    fn is_quiet(&self) -> bool {
        self.clock.monotonic().saturating_sub(self.grew) >= QUIET
    }

    /// How long ago it was written.
    fn age(&self) -> io::Result<Duration> {
        let written = self.file.metadata()?.modified()?;
        let since = written.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Ok(self.clock.wall().since(Timestamp::from_unix(since)))
    }
}
