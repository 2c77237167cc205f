//! A journal in a file, locked for as long as its run writes it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aos_core::journal::{JournalError, MAX_JOURNAL_BYTES, Recording, Sink, Syncer};

/// How often a lock is asked for again that someone holds: it may be one who asks whether there is a writer, and gives it
/// back at once.
const LOCK_TRIES: u32 = 5;

/// The pause before each.
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// When a journal is made to last beyond a loss of power. A killed program loses nothing in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// Before an effect leaves, and before the outcome is told.
    #[default]
    Effects,
    /// With every entry. Each waits for the disk.
    EveryEntry,
    /// Whenever the operating system likes.
    None,
}

/// Writes a journal's lines to a file.
#[derive(Debug)]
pub struct FileSink {
    file: Arc<File>,
    path: Arc<Path>,
    durability: Durability,
    /// The folder of a new file: the file's name has to last as well.
    folder: Option<PathBuf>,
    /// Where a torn line begins, which goes when the first new one is written.
    cut: Option<u64>,
    /// Whether a whole line stands in the file.
    begun: bool,
}

impl FileSink {
    /// Makes a new file, for its owner alone, and locks it.
    ///
    /// # Errors
    ///
    /// [`JournalError::Io`] when the file is there already or cannot be made, [`JournalError::Full`] when there is no
    /// room for it, [`JournalError::Locked`] when another process holds it.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        let refused = |error: io::Error| JournalError::of_file("could not be made", &at(path, &error));
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(refused)?;
        }
        let file =
            OpenOptions::new().append(true).create_new(true).mode(0o600).open(path).map_err(refused)?;
        lock(&file, path)?;
        let folder = path
            .parent()
            .map(|folder| if folder.as_os_str().is_empty() { ".".into() } else { folder.to_owned() });
        Ok(Self { folder, ..Self::of(file, path) })
    }

    /// Takes up the file of a run that was killed: locks it and reads it. A torn line at its end is cut off when something
    /// is written.
    ///
    /// # Errors
    ///
    /// [`JournalError::Locked`] when another process holds it, [`JournalError::Io`] when it cannot be read; else as
    /// [`Recording::read`].
    pub fn take_up(path: &Path) -> Result<(Self, Recording), JournalError> {
        let refused = |error: io::Error| JournalError::of_file("cannot be taken up", &at(path, &error));
        let file = OpenOptions::new().read(true).append(true).open(path).map_err(refused)?;
        lock(&file, path)?;
        let recording = Recording::read(&read_bounded(&file).map_err(refused)?)?;
        let cut = recording.torn().map(|torn| torn.offset as u64);
        Ok((Self { cut, begun: true, ..Self::of(file, path) }, recording))
    }

    fn of(file: File, path: &Path) -> Self {
        let durability = Durability::default();
        Self { file: Arc::new(file), path: path.into(), durability, folder: None, cut: None, begun: false }
    }

    /// When the file is made to last.
    #[must_use]
    pub const fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if let Some(whole) = self.cut.take() {
            self.file.set_len(whole)?;
        }
        if self.durability != Durability::None
            && let Some(folder) = self.folder.take()
        {
            File::open(folder)?.sync_all()?;
        }
        if let Err(error) = (&*self.file).write_all(line) {
            if !self.begun {
                // A part of a first line is no journal; an empty file says so to everyone.
                let _ = self.file.set_len(0);
            }
            return Err(error);
        }
        self.begun = true;
        if self.durability == Durability::EveryEntry { self.file.sync_data() } else { Ok(()) }
    }
}

/// Reads a journal's file. Of one that is too large to be a journal, only as much as shows that it is.
///
/// # Errors
///
/// What the operating system says.
pub fn read_journal(path: &Path) -> io::Result<Vec<u8>> {
    read_bounded(&File::open(path)?)
}

/// Whether a process holds the lock of a journal's file, which a run does for as long as it writes. Nobody who wants the lock
/// is refused it by the question.
///
/// # Errors
///
/// What the operating system says.
pub fn is_written(file: &File) -> io::Result<bool> {
    match file.try_lock_shared() {
        Ok(()) => file.unlock().map(|()| false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn read_bounded(file: &File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MAX_JOURNAL_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn lock(file: &File, path: &Path) -> Result<(), JournalError> {
    let mut locked = file.try_lock();
    for _ in 0..LOCK_TRIES {
        if !matches!(locked, Err(TryLockError::WouldBlock)) {
            break;
        }
        std::thread::sleep(LOCK_PAUSE);
        locked = file.try_lock();
    }
    locked.map_err(|error| match error {
        TryLockError::Error(error) => JournalError::of_file("cannot be locked", &at(path, &error)),
        TryLockError::WouldBlock => JournalError::Locked { reason: format!("{}: {error}", path.display()) },
    })
}

impl Sink for FileSink {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        self.write(line).map_err(|error| at(&self.path, &error))
    }

    fn syncer(&self) -> Option<Arc<dyn Syncer>> {
        let (file, path) = (Arc::clone(&self.file), Arc::clone(&self.path));
        let syncer = || Arc::new(FileSyncer { file, path, failed: Mutex::new(None) }) as Arc<dyn Syncer>;
        (self.durability == Durability::Effects).then(syncer)
    }
}

/// The operating system tells of a failure once, to whoever asks first; here everyone hears of it.
struct FileSyncer {
    file: Arc<File>,
    path: Arc<Path>,
    failed: Mutex<Option<ErrorKind>>,
}

impl Syncer for FileSyncer {
    fn sync(&self) -> io::Result<()> {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kind) = *failed {
            return Err(io::Error::new(kind, "what was written before could not be made to last"));
        }
        self.file.sync_data().map_err(|error| {
            *failed = Some(error.kind());
            at(&self.path, &error)
        })
    }
}

/// The same error, with the file that it is of.
fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
