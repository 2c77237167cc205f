//! Requests that had left when their attempt was cut off, that have no answer on record, and that would act again: how the
//! end of an attempt and the outcome of a run tell of them. It counts none itself.

use super::StepEnded;

/// The member of a failure's details, and of an outcome's.
pub(super) const UNANSWERED: &str = "unanswered";

impl StepEnded {
    /// Tells of such requests in the failure of an attempt that was cut off.
    pub fn tell_unanswered(&mut self, requests: u64) {
        if self.interrupted.is_some() && requests > 0 {
            let failure = self.failure.take();
            self.failure = failure.map(|failure| failure.with_detail(UNANSWERED, requests));
        }
    }

    /// How many the end of the attempt tells of. What a skill calls so is something else.
    pub(super) fn unanswered(&self) -> u64 {
        let details = self.failure.as_ref().and_then(|failure| failure.details.as_ref());
        let told = details.and_then(|details| details.get(UNANSWERED)?.as_u64());
        told.filter(|_| self.interrupted.is_some()).unwrap_or_default()
    }
}

/// What is said of them behind the reason why a run ended.
pub(super) fn words(requests: u64) -> String {
    match requests {
        0 => String::new(),
        1 => "; 1 request had left without a recorded answer, and may have acted".to_owned(),
        more => format!("; {more} requests had left without a recorded answer, and may have acted"),
    }
}
