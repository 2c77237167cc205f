//! The rules of one step.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::checker::{Checker, MAX_MILLIS};
use super::expressions::Sight;
use crate::failure::ErrorCode;
use crate::ids::{SkillId, StepId};
use crate::journal::MAX_ATTEMPTS;
use crate::retry::{RetryPolicy, may_be_asked_for};
use crate::workflow::expression::Template;
use crate::workflow::file::{ForEachFile, StepFile};
use crate::workflow::{ForEach, MAX_PARALLEL, OnError, Step};

impl Checker {
    /// The step, as far as its parts are right.
    pub(super) fn step(&mut self, place: usize, file: StepFile) -> Option<Step> {
        let at = |part: &str| format!("/steps/{place}/{part}");
        let id = self.name(&at("id"), StepId::new(file.id));
        let skill = self.name(&at("skill"), SkillId::new(file.skill));
        let mut needs = self.needs(&at("needs"), &file.needs);
        let with = file.with.unwrap_or_else(|| Value::Object(Map::new()));
        self.numbers(&at("with"), &with);
        let sight = if file.foreach.is_some() { Sight::Item } else { Sight::Step };
        let with = self.binding(&at("with"), &with, sight);
        let when = file.when.and_then(|when| self.when(&at("when"), &when));
        let foreach = file.foreach.and_then(|foreach| self.foreach(&at("foreach"), foreach, &mut needs));
        let on_error = self.on_error(&at("on_error"), file.on_error.as_ref(), (sight, &mut needs));
        let used = with.iter().map(|(_, used)| used).chain(when.iter().map(|(_, used)| used));
        needs.extend(used.flatten().cloned());
        self.retry(&at("retry"), &file.retry);
        let deadline = self.millis(&at("deadline_ms"), file.deadline_ms);
        let ceiling = self.cents(&at("ceiling_cents"), file.ceiling_cents.as_ref());
        let (retry, needs) =
            (file.retry, needs.into_iter().filter_map(|name| StepId::new(name).ok()).collect());
        let when = when.map(|(when, _)| when);
        let (id, skill, with) = (id?, skill?, with?.0);
        Some(Step { id, skill, foreach, with, needs, when, retry, deadline, ceiling, on_error })
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
        self.retried_codes(pointer, retry);
    }

    fn retried_codes(&mut self, pointer: &str, retry: &RetryPolicy) {
        if let Some(code) = retry.also.iter().find(|code| !may_be_asked_for(**code)) {
            let message = format!(
                "{code} cannot be tried again: only codes of the class after-change can be asked for, where the run goes on"
            );
            self.fault(ErrorCode::WorkflowInvalid, &format!("{pointer}/also"), message);
        }
        if let Some(code) = retry.never.iter().find(|code| !may_be_retried(**code, retry)) {
            let message = format!("{code} is not tried again anyway; leave it out");
            self.fault(ErrorCode::WorkflowInvalid, &format!("{pointer}/never"), message);
        }
    }

    fn foreach(&mut self, pointer: &str, file: ForEachFile, needs: &mut BTreeSet<String>) -> Option<ForEach> {
        let at = format!("{pointer}/in");
        self.numbers(&at, &file.items);
        let literal = |text: &str| Template::parse(text).is_ok_and(|template| template.is_literal());
        if file.items.as_str().map_or(!file.items.is_array(), literal) {
            let message = "in is a list, or a text of the form ${ EXPRESSION } that gives one";
            self.fault(ErrorCode::WorkflowInvalid, &at, message);
        }
        let items = self.binding(&at, &file.items, Sight::Step);
        let parallel = file.parallel.unwrap_or(1);
        let within = u32::try_from(parallel).ok().filter(|parallel| (1..=MAX_PARALLEL).contains(parallel));
        if within.is_none() {
            let message = format!("parallel is from 1 to {MAX_PARALLEL}");
            self.fault(ErrorCode::WorkflowInvalid, &format!("{pointer}/parallel"), message);
        }
        let (items, used) = items?;
        needs.extend(used);
        Some(ForEach { items, parallel: within? })
    }

    fn on_error(
        &mut self,
        pointer: &str,
        value: Option<&Value>,
        (sight, needs): (Sight, &mut BTreeSet<String>),
    ) -> OnError {
        match value {
            None => return OnError::Fail,
            Some(Value::String(word)) if word == "fail" => return OnError::Fail,
            Some(Value::String(word)) if word == "continue" => return OnError::Continue,
            Some(Value::Object(members)) if members.len() == 1 && members.contains_key("fallback") => {
                let value = members.get("fallback").unwrap_or(&Value::Null);
                return self.fallback(&format!("{pointer}/fallback"), value, (sight, needs));
            }
            Some(_) => {
                let form = "on_error is fail, continue, or {fallback: VALUE}";
                self.fault(ErrorCode::WorkflowInvalid, pointer, form);
            }
        }
        OnError::Fail
    }

    fn fallback(
        &mut self,
        pointer: &str,
        value: &Value,
        (sight, needs): (Sight, &mut BTreeSet<String>),
    ) -> OnError {
        self.numbers(pointer, value);
        match self.binding(pointer, value, sight) {
            Some((binding, used)) => {
                needs.extend(used);
                OnError::Fallback(binding)
            }
            None => OnError::Fail,
        }
    }
}

/// A skill says itself whether its own failure may pass; and what is asked for may be excluded again.
fn may_be_retried(code: ErrorCode, retry: &RetryPolicy) -> bool {
    code.row().retry.is_retried() || code == ErrorCode::SkillError || retry.also.contains(&code)
}
