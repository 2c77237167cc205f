//! The rules of one step.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::checker::{Checker, MAX_MILLIS};
use super::expressions::Whole;
use crate::failure::ErrorCode;
use crate::ids::{SkillId, StepId};
use crate::journal::MAX_ATTEMPTS;
use crate::retry::RetryPolicy;
use crate::workflow::file::StepFile;
use crate::workflow::{OnError, Step};

impl Checker {
    /// The step, as far as its parts are right.
    pub(super) fn step(&mut self, place: usize, file: StepFile) -> Option<Step> {
        let at = |part: &str| format!("/steps/{place}/{part}");
        let id = self.name(&at("id"), StepId::new(file.id));
        let skill = self.name(&at("skill"), SkillId::new(file.skill));
        let mut needs = self.needs(&at("needs"), &file.needs);
        let with = file.with.unwrap_or_else(|| Value::Object(Map::new()));
        self.numbers(&at("with"), &with);
        let with = self.binding(&at("with"), &with, Whole::Refused);
        let when = file.when.and_then(|when| self.when(&at("when"), &when));
        let used = with.iter().map(|(_, used)| used).chain(when.iter().map(|(_, used)| used));
        needs.extend(used.flatten().cloned());
        if file.foreach.is_some() {
            let message = "foreach is reserved for a later version";
            self.fault(ErrorCode::WorkflowInvalid, &at("foreach"), message);
        }
        self.retry(&at("retry"), &file.retry);
        let deadline = self.millis(&at("deadline_ms"), file.deadline_ms);
        let ceiling = self.cents(&at("ceiling_cents"), file.ceiling_cents.as_ref());
        let on_error = self.on_error(&at("on_error"), file.on_error.as_ref());
        let (retry, needs) =
            (file.retry, needs.into_iter().filter_map(|name| StepId::new(name).ok()).collect());
        let when = when.map(|(when, _)| when);
        Some(Step { id: id?, skill: skill?, with: with?.0, needs, when, retry, deadline, ceiling, on_error })
    }

    fn needs(&mut self, pointer: &str, needs: &[String]) -> BTreeSet<String> {
        for (place, name) in needs.iter().enumerate() {
            if !self.names.contains_key(name) {
                let pointer = format!("{pointer}/{place}");
                let span = self.positions.of(&pointer);
                self.unknown_step(&pointer, span, name);
            }
        }
        needs.iter().filter(|name| self.names.contains_key(*name)).cloned().collect()
    }

    fn retry(&mut self, pointer: &str, retry: &RetryPolicy) {
        if retry.max_attempts.is_some_and(|attempts| attempts == 0 || attempts > MAX_ATTEMPTS) {
            let message = format!("max_attempts is from 1 (none after the first) to {MAX_ATTEMPTS}");
            self.fault(ErrorCode::WorkflowInvalid, &format!("{pointer}/max_attempts"), message);
        }
        for (name, millis) in
            [("base_ms", retry.base_ms), ("cap_ms", retry.cap_ms), ("within_ms", retry.within_ms)]
        {
            if millis.is_some_and(|millis| millis > MAX_MILLIS) {
                let message = format!("{name} is at most {MAX_MILLIS}");
                self.fault(ErrorCode::WorkflowInvalid, &format!("{pointer}/{name}"), message);
            }
        }
    }

    fn on_error(&mut self, pointer: &str, value: Option<&Value>) -> OnError {
        match value {
            None => return OnError::Fail,
            Some(Value::String(word)) if word == "fail" => return OnError::Fail,
            Some(Value::String(word)) if word == "continue" => return OnError::Continue,
            Some(Value::Object(members)) if members.contains_key("fallback") => {
                self.fault(ErrorCode::WorkflowInvalid, pointer, "fallback is reserved for a later version");
            }
            Some(_) => self.fault(ErrorCode::WorkflowInvalid, pointer, "on_error is fail or continue"),
        }
        OnError::Fail
    }
}
