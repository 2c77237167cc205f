//! What was asked and answered, as much of it as a report can bear.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::journal::Cursor;
use crate::view::{Document, Place, RunView};

/// Bytes of one request or answer, as JSON, that a report has whole.
const WHOLE: usize = 2 << 20;

/// Bytes of the beginning of a longer one.
const BEGINNING: usize = 64 << 10;

/// Bytes of all of them together: what a browser still opens in a moment. What comes after is left out.
const ALL: usize = 48 << 20;

/// Requests and answers by their place; the run's own input and output have the empty one.
pub(super) type Documents = BTreeMap<String, Shown>;

/// A request and an answer.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    #[serde(skip_serializing_if = "Value::is_null")]
    request: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    answer: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    cut: Option<Cut>,
}

/// Bytes of what stands here as the beginning of its JSON text.
#[derive(Debug, Serialize)]
struct Cut {
    request: Option<usize>,
    answer: Option<usize>,
}

/// What is left for the documents of a report.
#[derive(Debug)]
pub(super) struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Self(ALL)
    }
}

impl Room {
    /// All documents of a run, as far as there is room.
    pub(super) fn documents(&mut self, view: &RunView) -> Documents {
        let mut all = Documents::new();
        all.extend(view.document(None).map(|run| (String::new(), self.show(run))));
        for step in view.steps() {
            for attempt in &step.attempts {
                let cursor = Cursor { step: step.step.clone(), item: step.item, attempt: attempt.attempt };
                let places = [None].into_iter().chain(attempt.calls.iter().map(|call| Some(call.index)));
                for index in places {
                    let place = Place { cursor: cursor.clone(), index };
                    let document = view.document(Some(&place)).filter(|document| !document.is_empty());
                    all.extend(document.map(|document| (place.to_string(), self.show(document))));
                }
            }
        }
        all
    }

    fn show(&mut self, document: Document) -> Shown {
        let (request, cut_request) = self.fit(document.request);
        let (answer, cut_answer) = self.fit(document.answer);
        let cut = Cut { request: cut_request, answer: cut_answer };
        Shown { request, answer, cut: Some(cut).filter(|_| cut_request.or(cut_answer).is_some()) }
    }

    /// A value that fits, or the beginning of its text and how long that is.
    fn fit(&mut self, value: Value) -> (Value, Option<usize>) {
        let text = match &value {
            Value::Null => return (value, None),
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        if text.len() <= WHOLE && text.len() <= self.0 {
            self.0 -= text.len();
            return (value, None);
        }
        let beginning = text.floor_char_boundary(BEGINNING.min(self.0));
        self.0 -= beginning;
        (Value::String(text.get(..beginning).unwrap_or_default().to_owned()), Some(text.len()))
    }
}
