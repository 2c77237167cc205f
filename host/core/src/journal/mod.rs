//! The ordered record of a run: entries, the chained line format, the recorder, the replayer, and the facts that an
//! outcome is made of. It writes to a [`Sink`] and opens no file.

mod divergence;
mod entry;
mod error;
mod facts;
mod line;
mod reader;
mod recorder;
mod replayer;
mod sink;

pub use divergence::Divergence;
pub use entry::{
    CallClass, CallResult, Cursor, Emitted, Entry, Event, FORMAT_VERSION, Intent, Interrupted, Observed,
    PinnedSkill, Retry, RunEnded, RunStarted, Stamp, StepEnded, StepStarted,
};
pub use error::JournalError;
pub use facts::{Facts, RunEnding, StepFacts};
pub use line::{Chain, encode};
pub use reader::{Recording, TornTail};
pub use recorder::{Clock, Listener, Recorder};
pub use replayer::{Recalled, Replayer};
pub use sink::{Sink, Syncer};
