//! Runs without an end: found at the start of the service, and gone on with.

use std::sync::Arc;
use std::time::Duration;

use aos_host::failure::{ErrorCode, Failure};
use aos_host::journal::{Facts, Recording};
use aos_host::providers::FileSink;
use aos_host::{ResumeOptions, Run};
use axum::http::StatusCode;
use tokio::task::JoinSet;

use super::figures::{self, Figures};
use super::found::Found;
use super::known::{Known, Phase};
use super::problem::Problem;
use super::runs::{Runs, full_path};
use crate::render::say;

/// After which a run that found no room to go on in tries again.
const NO_ROOM: Duration = Duration::from_millis(100);

impl Runs {
    /// Takes note of all journals, and goes on with what a former service did not end. Gives how many those are.
    ///
    /// # Errors
    ///
    /// What the operating system says of the folder.
    pub(super) async fn take_up(self: &Arc<Self>) -> std::io::Result<usize> {
        let mut cut_off = JoinSet::new();
        for id in tokio::task::block_in_place(|| self.folder.runs())? {
            let path = self.folder.journal(id);
            match tokio::task::block_in_place(|| Found::in_journal(&path)) {
                Ok(Found::Nothing) => self.forget(id),
                Ok(Found::Ended(head, ending, figures)) => {
                    self.add(Known::new(id, head, path, (Phase::Ended(ending), figures)));
                }
                Ok(Found::CutOff(head)) => {
                    let now = (Phase::Resuming, Figures::default());
                    let known = self.add(Known::new(id, head, path, now));
                    let runs = Arc::clone(self);
                    cut_off.spawn(async move { runs.go_on(known).await });
                }
                Err(error) => say(&format!("{}: {error}", path.display())),
            }
        }
        Ok(cut_off.join_all().await.len())
    }

    /// Tries again a run that stopped without its end. It goes on in a task of its own, whether anybody waits or not.
    ///
    /// # Errors
    ///
    /// 409 for a run that goes on, or that has ended.
    pub(super) fn try_again(self: &Arc<Self>, known: &Arc<Known>) -> Result<(), Problem> {
        known.reopen().map_err(|phase| {
            let words = match phase {
                Phase::Resuming => "is about to go on already",
                Phase::Running => "goes on already",
                Phase::Left => "was left as this service stops, and goes on when it is started again",
                Phase::Ended(_) | Phase::Stuck(_) => "has ended; there is nothing to go on with",
            };
            Problem::of(StatusCode::CONFLICT, format!("run {} {words}", known.id))
        })?;
        let (runs, known) = (Arc::clone(self), Arc::clone(known));
        tokio::spawn(async move { runs.go_on(known).await });
        Ok(())
    }

    /// Goes on with a run that was cut off.
    async fn go_on(&self, known: Arc<Known>) {
        let resumed = loop {
            match self.resume(&known).await {
                Err(failure) if failure.code == ErrorCode::ConcurrencyLimit => {
                    tokio::time::sleep(NO_ROOM).await
                }
                resumed => break resumed,
            }
        };
        match resumed {
            Ok((run, facts)) => {
                known.turn(Phase::Running);
                self.follow(known, run, facts);
            }
            Err(failure) => {
                say(&format!("run {} cannot go on: {failure}", known.id));
                known.turn(Phase::Stuck(Arc::new(failure)));
            }
        }
    }

    /// Takes up a journal and its run, with what it held before.
    async fn resume(&self, known: &Known) -> Result<(Run, Facts), Failure> {
        let path = known.journal.clone();
        let (sink, recording): (FileSink, Recording) =
            tokio::task::block_in_place(|| FileSink::take_up(&path)).map_err(Failure::from)?;
        let facts = tokio::task::block_in_place(|| figures::recorded(&recording))?;
        known.count(&facts);
        let budget = recording.run_started()?.budget.clone().map(|name| self.budget(name));
        let options = match budget {
            Some(budget) => ResumeOptions::default().budget(Arc::new(budget), full_path(&path)),
            None => ResumeOptions::default(),
        };
        let run = self.runtime.resume(sink.durability(self.durability), recording, options).await?;
        Ok((run, facts))
    }
}
