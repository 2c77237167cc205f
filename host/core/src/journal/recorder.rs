//! Writes a run's entries, one after another, each chained to the one before.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{
    Cursor, Entry, Event, Facts, JournalError, Recording, RunResumed, RunStarted, Sink, Stamp, Syncer, Writer,
};
use crate::units::Timestamp;

/// Tells the time of entries.
pub type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;

/// Sees every entry right after it was written.
pub type Listener = Box<dyn FnMut(&Arc<Entry>) + Send>;

/// The journal of a live run. A write that fails ends it: every later one gives the same error.
pub struct Recorder {
    state: Mutex<State>,
    clock: Clock,
    syncer: Option<Arc<dyn Syncer>>,
}

struct State {
    sink: Box<dyn Sink>,
    writer: Writer,
    last: Timestamp,
    facts: Facts,
    broken: Option<JournalError>,
    /// Whether an entry is under way to the sink. A sink that panics leaves it so.
    at_the_sink: bool,
    listener: Listener,
}

impl Recorder {
    /// Begins a journal with its first entry.
    ///
    /// # Errors
    ///
    /// [`JournalError::Io`] or [`JournalError::Full`] when the sink refuses it.
    pub fn start(
        sink: Box<dyn Sink>,
        clock: Clock,
        listener: Listener,
        run: RunStarted,
    ) -> Result<Self, JournalError> {
        let now = clock();
        let syncer = sink.syncer();
        let (writer, run) = (Writer::default(), Box::new(run));
        let facts = Facts::new(run.clone(), now);
        let mut state = State { sink, writer, last: now, facts, broken: None, at_the_sink: false, listener };
        state.write(Entry {
            stamp: Stamp { seq: 0, at: now },
            cursor: None,
            event: Event::RunStarted(run),
        })?;
        Ok(Self { state: Mutex::new(state), clock, syncer })
    }

    /// Goes on with the journal of a run that was killed.
    ///
    /// # Errors
    ///
    /// As [`Recorder::start`], of the entry that says so.
    pub fn resume(
        sink: Box<dyn Sink>,
        clock: Clock,
        listener: Listener,
        recording: &Recording,
        resumed: RunResumed,
    ) -> Result<Self, JournalError> {
        let syncer = sink.syncer();
        let (writer, facts) = (recording.writer(), recording.facts()?);
        let state =
            State { sink, writer, last: facts.last(), facts, broken: None, at_the_sink: false, listener };
        let recorder = Self { state: Mutex::new(state), clock, syncer };
        recorder.append(None, || Event::RunResumed(resumed))?;
        Ok(recorder)
    }

    /// Writes an entry. `make` runs under the journal's lock, so that what it decides stands in the journal in the
    /// order in which it was decided.
    ///
    /// # Errors
    ///
    /// [`JournalError::Io`] or [`JournalError::Full`] when this or an earlier write failed.
    pub fn append(
        &self,
        cursor: Option<&Cursor>,
        make: impl FnOnce() -> Event,
    ) -> Result<Stamp, JournalError> {
        self.append_with(cursor, |_, _| (make(), ())).map(|(stamp, ())| stamp)
    }

    /// As [`Recorder::append`], for an entry that needs its own time or the facts so far, or that comes with something
    /// to hand back.
    ///
    /// # Errors
    ///
    /// As [`Recorder::append`].
    pub fn append_with<T>(
        &self,
        cursor: Option<&Cursor>,
        make: impl FnOnce(Timestamp, &Facts) -> (Event, T),
    ) -> Result<(Stamp, T), JournalError> {
        let mut state = self.lock();
        state.check()?;
        let at = (self.clock)().max(state.last);
        let (event, made) = make(at, &state.facts);
        let entry = Entry { stamp: Stamp { seq: 0, at }, cursor: cursor.cloned(), event };
        let ends = matches!(entry.event, Event::RunEnded(_));
        match state.write(entry) {
            Ok(stamp) => {
                if ends {
                    let reason = "nothing stands after the end of a run".to_owned();
                    state.broken = Some(JournalError::Io { what: "has ended", reason });
                }
                Ok((stamp, made))
            }
            Err(error) => {
                state.broken = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Makes everything written so far last; this may block for milliseconds. `None` where there is nothing to do.
    #[must_use]
    pub fn syncer(&self) -> Option<Arc<dyn Syncer>> {
        self.syncer.clone()
    }

    /// Ends the journal for want of a disk: every later write gives `error`.
    pub fn break_off(&self, error: JournalError) {
        self.lock().broken.get_or_insert(error);
    }

    /// Looks at the facts so far.
    pub fn with_facts<T>(&self, look: impl FnOnce(&Facts) -> T) -> T {
        look(&self.lock().facts)
    }

    /// The time now, never earlier than the last entry's.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)().max(self.lock().last)
    }

    /// A panic inside of `make` leaves the state as it was before, so a poisoned lock is still good. After one of the sink
    /// nothing more is written.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn check(&self) -> Result<(), JournalError> {
        if self.at_the_sink {
            let reason = "what it is written to panicked".to_owned();
            return Err(JournalError::Io { what: "could not be written", reason });
        }
        self.broken.clone().map_or(Ok(()), Err)
    }

    fn write(&mut self, mut entry: Entry) -> Result<Stamp, JournalError> {
        let lines = self.writer.write(&mut entry)?;
        self.at_the_sink = true;
        let appended = self.sink.append(&lines);
        self.at_the_sink = false;
        appended.map_err(|error| JournalError::of_file("could not be written", &error))?;
        let stamp = entry.stamp;
        self.last = stamp.at;
        self.facts.apply(&entry);
        (self.listener)(&Arc::new(entry));
        Ok(stamp)
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}
