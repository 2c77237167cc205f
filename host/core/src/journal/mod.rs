//! The ordered record of a run: entries, the chained line format, the recorder, the replayer, and the facts that an
//! outcome is made of. It writes to a [`Sink`] and opens no file.

mod audit;
mod bounds;
mod compare;
mod divergence;
mod entry;
mod error;
mod event_kind;
mod facts;
mod following;
mod injection;
mod lanes;
mod line;
mod line_read;
mod pack;
mod past;
mod reader;
mod recorder;
mod rehearsal;
mod replayer;
mod retry_bucket;
mod sink;
mod step_facts;
mod tally;
mod unanswered;

pub use audit::audit;
pub use bounds::{MAX_ATTEMPTS, MAX_CROSSINGS};
pub use compare::differences;
pub use divergence::Divergence;
pub use entry::{
    Because, CallClass, CallResult, Cursor, Emitted, Entry, Event, FORMAT_VERSION, FellBack, GaveUp, Intent,
    Interrupted, Observed, PinnedSkill, Retry, RunEnded, RunResumed, RunStarted, Stamp, StepEnded,
    StepStarted,
};
pub use error::JournalError;
pub use facts::{Facts, RunEnding};
pub use following::Decision;
pub use injection::{Injected, InjectionInvalid, Injections};
pub use line::{Chain, MAX_JOURNAL_BYTES, MAX_LINE, Writer};
pub use past::Past;
pub use reader::{JournalReader, Recording, TornTail};
pub use recorder::{Clock, Listener, Recorder};
pub use rehearsal::{Known, Rehearsal};
pub use replayer::{FuelProof, Recalled, Replayer};
pub use retry_bucket::RetryBucket;
pub use sink::{Sink, Syncer};
pub use step_facts::StepFacts;
