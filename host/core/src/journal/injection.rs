//! Which calls of a recorded run are to come to something else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{CallClass, Cursor, Event, Recording};
use crate::failure::{ErrorCategory, ErrorCode, Failure};
use crate::ids::StepId;
use crate::yaml::{self, YamlInvalid};

/// What a file without any injection is told.
const EMPTY: &str = "there is no injection here, and nothing would be rehearsed; a file is a list with one element for each \
                     call, such as: - {step: fetch, index: 0, status: 503}";

/// The call that a status can be injected into.
const HTTP: &str = "http.send";

/// What happens at a call instead of what was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Injected {
    /// The upstream answers with this status.
    Status {
        /// 200 to 599.
        status: u16,
        /// Fields of the answer.
        headers: Vec<(String, String)>,
        /// Its body.
        body: String,
    },
    /// The call fails with this word.
    Error(ErrorCode),
    /// The call takes too long.
    Timeout,
    /// The guest traps inside of the call.
    Trap,
    /// The budget refuses to reserve what it may cost.
    Refuse,
}

/// What happens at which calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Injections(BTreeMap<(Cursor, u32), Injected>);

/// An injection that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InjectionInvalid(YamlInvalid);

impl fmt::Display for InjectionInvalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for InjectionInvalid {}

impl From<InjectionInvalid> for Failure {
    fn from(invalid: InjectionInvalid) -> Self {
        let details = serde_json::json!({"line": invalid.0.line, "column": invalid.0.column});
        Self::new(ErrorCode::InjectionInvalid, invalid.to_string()).with_details(details)
    }
}

/// Whether a call can come to this: the host's own ends, and what a skill does, are no answers.
fn is_of_a_call(code: ErrorCode) -> bool {
    let of_the_host = matches!(
        code.row().category,
        ErrorCategory::Integrity
            | ErrorCategory::Infrastructure
            | ErrorCategory::Cancelled
            | ErrorCategory::Skill
    );
    let of_the_run = matches!(
        code,
        ErrorCode::BudgetExceeded | ErrorCode::AbsorbedCeilingExceeded | ErrorCode::DeadlineExceeded
    );
    !of_the_host && !of_the_run
}

/// One element of the file. Which call: `index`, or `call` and its `ordinal`; what happens: exactly one of the rest.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Element {
    step: Spanned<String>,
    #[serde(default)]
    item: Option<u32>,
    #[serde(default = "first")]
    attempt: u32,
    #[serde(default)]
    index: Option<u32>,
    #[serde(default)]
    call: Option<String>,
    #[serde(default)]
    ordinal: Option<usize>,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    timeout: bool,
    #[serde(default)]
    trap: bool,
    #[serde(default)]
    refuse: bool,
}

const fn first() -> u32 {
    1
}

/// The effects of a journal, by attempt and index.
type Effects = BTreeMap<(Cursor, u32), String>;

impl Injections {
    /// Reads a list of injections (YAML or JSON) for a journal.
    ///
    /// # Errors
    ///
    /// [`InjectionInvalid`], with its line and column, for what breaks the format, has no element, names no call of the
    /// journal, or names one twice.
    pub fn read(text: &str, recording: &Recording) -> Result<Self, InjectionInvalid> {
        let elements: Vec<Element> = yaml::read(text).map_err(InjectionInvalid)?;
        if elements.is_empty() {
            let nowhere = YamlInvalid { message: EMPTY.to_owned(), span: 0..0, line: 1, column: 1 };
            return Err(InjectionInvalid(nowhere));
        }
        let effects = effects(recording);
        let mut injections = BTreeMap::new();
        for element in elements {
            let place = element.step.referenced;
            let refuse = |message: String| InjectionInvalid(YamlInvalid::at(text, place, message));
            let (place, call) = element.place(&effects).map_err(refuse)?;
            let injected = element.injected(&call).map_err(refuse)?;
            if injections.insert(place, injected).is_some() {
                return Err(refuse("two injections name the same call".to_owned()));
            }
        }
        Ok(Self(injections))
    }

    /// What happens at a call instead of what was recorded.
    #[must_use]
    pub fn at(&self, cursor: &Cursor, index: u32) -> Option<&Injected> {
        self.0.get(&(cursor.clone(), index))
    }
}

impl Element {
    fn place(&self, effects: &Effects) -> Result<((Cursor, u32), String), String> {
        let step = StepId::new(self.step.value.clone()).map_err(|error| error.to_string())?;
        let cursor = Cursor { step, item: self.item, attempt: self.attempt };
        let of_attempt = || effects.iter().filter(|((of, _), _)| *of == cursor);
        let found = match (self.index, &self.call) {
            (Some(index), None) => of_attempt().find(|((_, at), _)| *at == index),
            (None, Some(call)) => {
                of_attempt().filter(|(_, name)| *name == call).nth(self.ordinal.unwrap_or(0))
            }
            _ => return Err("a call is named by index, or by call and ordinal".to_owned()),
        };
        if self.index.is_some() && self.ordinal.is_some() {
            return Err("ordinal counts the calls of one name; with index it means nothing".to_owned());
        }
        let found = found.map(|(place, call)| (place.clone(), call.clone()));
        found.ok_or_else(|| {
            let known: Vec<_> = of_attempt().map(|((_, index), call)| format!("{index} {call}")).collect();
            let items: BTreeSet<u32> = effects
                .keys()
                .filter(|(of, _)| of.step == cursor.step)
                .filter_map(|(of, _)| of.item)
                .collect();
            let known = match (items.first(), items.last()) {
                (Some(first), Some(last)) if self.item.is_none() => {
                    format!("none: the step goes through a list, so name item, from {first} to {last}")
                }
                _ if known.is_empty() => "none".to_owned(),
                _ => known.join(", "),
            };
            format!(
                "the journal has no such call; of step {} attempt {} it has: {known}",
                cursor.step, cursor.attempt
            )
        })
    }

    fn injected(self, call: &str) -> Result<Injected, String> {
        if self.status.is_none() && (!self.headers.is_empty() || self.body.is_some()) {
            return Err("headers and body belong to a status".to_owned());
        }
        let status = self.status.map(|status| match status {
            200..=599 if call == HTTP => Ok(Injected::Status {
                status,
                headers: self
                    .headers
                    .into_iter()
                    .map(|(name, value)| (name.to_ascii_lowercase(), value))
                    .collect(),
                body: self.body.unwrap_or_default(),
            }),
            200..=599 => Err(format!("a status is for {HTTP}, and this is {call}; give an error")),
            other => Err(format!("a status is from 200 to 599, and this is {other}")),
        });
        let error = self.error.map(|word| match word.parse::<ErrorCode>() {
            Ok(code) if is_of_a_call(code) => Ok(Injected::Error(code)),
            Ok(code) => Err(format!("{code} is nothing that a call comes to")),
            Err(error) => Err(error.to_string()),
        });
        let all = [
            status,
            error,
            self.timeout.then_some(Ok(Injected::Timeout)),
            self.trap.then_some(Ok(Injected::Trap)),
            self.refuse.then_some(Ok(Injected::Refuse)),
        ];
        let mut all = all.into_iter().flatten();
        match (all.next(), all.next()) {
            (Some(injected), None) => injected,
            _ => Err("exactly one of status, error, timeout, trap and refuse says what happens".to_owned()),
        }
    }
}

fn effects(recording: &Recording) -> Effects {
    let entries = recording.entries().iter();
    let effect = |(cursor, event): (&Cursor, &Event)| match event {
        Event::Intent(intent) if intent.class == CallClass::Effect => {
            Some(((cursor.clone(), intent.index), intent.call.clone()))
        }
        _ => None,
    };
    entries.filter_map(|entry| effect((entry.cursor.as_ref()?, &entry.event))).collect()
}
