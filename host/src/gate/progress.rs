//! What one attempt has done at its gate so far, and how much more it may.

use std::collections::{BTreeMap, BTreeSet};

use aos_core::failure::{ErrorCode, Failure};
use aos_core::journal::MAX_CROSSINGS;
use aos_core::retry::Acted;

use crate::sandbox::Stop;

/// Bytes of log text of one attempt.
const MAX_LOG_BYTES: usize = 1 << 20;

/// Bytes of the end of what a guest wrote to its standard error that are kept: a panic and its place.
const MAX_LAST_WORDS: usize = 1024;

/// Counts and notes of one attempt.
#[derive(Default)]
pub(super) struct Progress {
    crossings: u32,
    calls: u32,
    log_bytes: usize,
    /// The call that the guest waits in. One that it began and does not wait in is never here.
    pub(super) in_flight: Option<u32>,
    /// What the host recorded of calls that failed or were answered with a refusal.
    pub(super) failed: BTreeMap<u32, Failure>,
    /// Those of them that no skill may make.
    denied: BTreeSet<u32>,
    /// The end of what the guest wrote to its standard error.
    last_words: Vec<u8>,
    /// Calls that may have acted, and would act again.
    pub(super) acted: Acted,
}

impl Progress {
    /// The index of the next call or observation.
    pub(super) fn next_call(&mut self, limit: u32) -> Result<u32, Stop> {
        self.calls = self.calls.saturating_add(1);
        if self.calls > limit {
            let message = format!("the contract has {limit} host calls, and this is one more");
            return Err(Stop::new(Failure::new(ErrorCode::CallLimit, message)));
        }
        self.next_crossing()
    }

    /// The index of the next crossing of any kind.
    pub(super) fn next_crossing(&mut self) -> Result<u32, Stop> {
        let index = self.crossings;
        if index >= MAX_CROSSINGS {
            let message = format!("an attempt crosses to the host at most {MAX_CROSSINGS} times");
            return Err(Stop::new(Failure::new(ErrorCode::CallLimit, message)));
        }
        self.crossings += 1;
        Ok(index)
    }

    /// The index of the next piece of log text.
    pub(super) fn next_log(&mut self, bytes: usize) -> Result<u32, Stop> {
        self.log_bytes = self.log_bytes.saturating_add(bytes);
        if self.log_bytes > MAX_LOG_BYTES {
            let message = format!("an attempt writes at most {MAX_LOG_BYTES} bytes of log text");
            return Err(Stop::new(Failure::new(ErrorCode::LogLimit, message)));
        }
        self.next_crossing()
    }

    /// Keeps the end of what the guest writes to its standard error.
    pub(super) fn wrote(&mut self, bytes: &[u8]) {
        self.last_words.extend_from_slice(bytes);
        let surplus = self.last_words.len().saturating_sub(MAX_LAST_WORDS);
        self.last_words.drain(..surplus);
    }

    /// The end of what the guest wrote to its standard error, from the first whole character on.
    pub(super) fn last_words(&self) -> String {
        let is_rest = |byte: &&u8| **byte & 0xc0 == 0x80;
        let cut = self.last_words.iter().take_while(is_rest).count();
        String::from_utf8_lossy(self.last_words.get(cut..).unwrap_or_default()).into_owned()
    }

    /// How many crossings there were.
    pub(super) const fn crossings(&self) -> u32 {
        self.crossings
    }

    /// A call is over.
    pub(super) fn ended(&mut self, index: u32, verdict: Option<Failure>, repeatable: bool) {
        self.acted.ended(repeatable, verdict.as_ref());
        if let Some(failure) = verdict {
            self.failed.insert(index, failure);
        }
    }

    /// A call that no skill may make was refused.
    pub(super) fn denied(&mut self, index: u32, failure: Failure) {
        self.denied.insert(index);
        self.failed.insert(index, failure);
    }

    /// Calls that failed, those that no skill may make left out.
    pub(super) fn failed_calls(&self) -> Vec<(u32, Failure)> {
        let made = self.failed.iter().filter(|(index, _)| !self.denied.contains(index));
        made.map(|(index, failure)| (*index, failure.clone())).collect()
    }
}
