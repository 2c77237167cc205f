//! What was proven, in a form that others can check: an in-toto Statement, and with a key, a DSSE envelope around it.
//! Nothing is proven here; that is the runtime's work.

mod envelope;
mod keys;
mod statement;

pub use envelope::{Envelope, EnvelopeInvalid, PAYLOAD_TYPE};
pub use keys::{KeyInvalid, KeyPair, PublicKey, SigningKey};
pub use statement::{
    Blake3, Compared, CountedBy, EngineVerdict, JournalDigests, OutcomeSeen, PREDICATE_TYPE, Predicate,
    STATEMENT_TYPE, SkillUsed, Statement, StatementInvalid, Subject, Verdict, WorkflowRun,
};
