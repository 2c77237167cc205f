//! A report: journals in, one file of HTML out.

use std::collections::BTreeMap;

use aos_core::failure::ErrorCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::assets;
use super::certificate::{self, CertificateView};
use super::documents::Room;
use crate::journal::{Divergence, JournalError, Recording, TornTail, differences};
use crate::view::{FailureView, RunView};

/// Whether a report has what was asked and answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Bodies {
    /// Requests, answers, inputs and outputs, long ones cut.
    #[default]
    Shown,
    /// None of them: times, money, codes and targets alone.
    LeftOut,
}

/// A report of one run, of two side by side with where they part, or of many.
#[derive(Debug, Default)]
pub struct Report {
    runs: Vec<Reported>,
    bodies: Bodies,
}

#[derive(Debug)]
struct Reported {
    name: String,
    recording: Recording,
    view: RunView,
    certificate: Option<CertificateView>,
}

impl Report {
    /// A report of nothing yet.
    #[must_use]
    pub const fn new(bodies: Bodies) -> Self {
        Self { runs: Vec::new(), bodies }
    }

    /// Adds a run under the name of its journal, with its certificate where it has one. Gives what was left out at the end of
    /// the journal.
    ///
    /// # Errors
    ///
    /// As [`Recording::read`].
    pub fn add(
        &mut self,
        name: impl Into<String>,
        journal: &[u8],
        certificate: Option<CertificateView>,
    ) -> Result<Option<TornTail>, JournalError> {
        let recording = Recording::read(journal)?;
        let view = RunView::of(&recording)?;
        let torn = recording.torn();
        self.runs.push(Reported { name: name.into(), recording, view, certificate });
        Ok(torn)
    }

    /// Where the runs part, if there are two of them.
    #[must_use]
    pub fn differences(&self) -> Option<Vec<Divergence>> {
        match self.runs.as_slice() {
            [first, second] => Some(differences(&first.recording, &second.recording, false)),
            _ => None,
        }
    }

    /// The page, whole: it asks nothing of anyone.
    ///
    /// # Errors
    ///
    /// What the data cannot be written for; those of a journal always can.
    pub fn html(&self) -> Result<String, serde_json::Error> {
        let mut data = script("report", &self.data())?;
        let mut room = Room::default();
        for (place, run) in self.runs.iter().enumerate() {
            let documents = match self.bodies {
                Bodies::Shown => room.documents(&run.view),
                Bodies::LeftOut => BTreeMap::new(),
            };
            data.push_str(&script(&format!("documents-{place}"), &documents)?);
        }
        Ok(assets::report_page(&self.title(), &data))
    }

    fn title(&self) -> String {
        match self.runs.as_slice() {
            [run] => {
                let head = run.view.head();
                let code = head.outcome.map_or("no end", |outcome| outcome.code.as_str());
                format!("{}: {code}", head.workflow)
            }
            runs => format!("{} runs", runs.len()),
        }
    }

    fn data(&self) -> Value {
        let runs = self.runs.iter().map(|run| {
            let mut changes = run.view.changes_since(None);
            if self.bodies == Bodies::LeftOut {
                changes.story.iter_mut().for_each(|remark| remark.quote = None);
            }
            json!({
                "name": run.name, "changes": changes, "certificate": certificate::value(run.certificate.as_ref()),
            })
        });
        let differences = self.differences();
        let differences = differences.map(|found| found.iter().map(Divergence::to_json).collect::<Vec<_>>());
        json!({
            "version": env!("CARGO_PKG_VERSION"), "runs": runs.collect::<Vec<_>>(), "differences": differences,
            "catalogue": self.catalogue(),
        })
    }

    /// The pages of the codes that struck.
    fn catalogue(&self) -> BTreeMap<&'static str, Value> {
        let codes = self.runs.iter().flat_map(|run| run.view.failures());
        codes.map(|FailureView { code, .. }| (code.as_str(), page(code))).collect()
    }
}

fn page(code: ErrorCode) -> Value {
    let row = code.row();
    let mut value = row.to_json();
    if let Some(members) = value.as_object_mut() {
        members.insert("page".to_owned(), row.page.into());
    }
    value
}

/// Data as an element that no browser runs. No `<` stands in it, so nothing ends it before its time.
fn script(id: &str, data: &impl Serialize) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string(data)?.replace('<', "\\u003c");
    Ok(format!("<script type=\"application/json\" id=\"{id}\">{text}</script>\n"))
}
