//! All runs of the service: how they begin, go on, and are found again.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use aos_host::agent_budget::RunSpending;
use aos_host::failure::{ErrorCode, Failure, NEW_JOURNAL};
use aos_host::ids::{BudgetName, RunId};
use aos_host::journal::{Facts, Sink as _, Syncer};
use aos_host::outcome::{OutcomeCode, StructuredOutcome};
use aos_host::providers::{
    AgentBudget as _, BudgetFolder, Clock as _, Durability, FileBudget, FileSink, SystemClock,
};
use aos_host::trace::TraceParent;
use aos_host::units::Money;
use aos_host::workflow_format::Workflow;
use aos_host::{Run, RunOptions, Runtime};
use serde_json::Value;
use tokio::sync::{Mutex, watch};

use super::figures::{self, Figures};
use super::journal_lines::Head;
use super::keys::Keys;
use super::known::{Known, Phase};
use super::state_folder::StateFolder;
use crate::render::say;

/// All runs of one service.
pub(super) struct Runs {
    pub(super) runtime: Runtime,
    pub(super) folder: StateFolder,
    pub(super) durability: Durability,
    keys: Keys,
    /// Held from the look at a key until its run is known.
    keyed: Mutex<()>,
    known: RwLock<BTreeMap<RunId, Arc<Known>>>,
    leave: watch::Sender<bool>,
}

/// What a request asks for.
pub(super) struct Asked {
    pub workflow: Workflow,
    pub input: Value,
    pub ceiling: Option<Money>,
    pub absorbed_ceiling: Option<Money>,
    pub budget: Option<BudgetName>,
    pub trace: Option<TraceParent>,
}

impl Runs {
    pub(super) fn new(runtime: Runtime, folder: StateFolder, durability: Durability) -> Self {
        let keys = Keys::new(folder.keys());
        let (known, leave) = (RwLock::default(), watch::Sender::new(false));
        Self { runtime, folder, durability, keys, keyed: Mutex::new(()), known, leave }
    }

    /// The runtime that they run in.
    pub(super) const fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Whether those that are not over are being left.
    pub(super) fn leaving(&self) -> watch::Receiver<bool> {
        self.leave.subscribe()
    }

    /// A run by its id.
    pub(super) fn get(&self, id: RunId) -> Option<Arc<Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Runs that fit, newest first, from before one of them on.
    pub(super) fn list(
        &self,
        before: Option<RunId>,
        most: usize,
        fits: impl Fn(&Known) -> bool,
    ) -> Vec<Arc<Known>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let end = before.map_or(Bound::Unbounded, Bound::Excluded);
        let newest = known.range((Bound::Unbounded, end)).rev().map(|(_, run)| run);
        newest.filter(|run| fits(run)).take(most).cloned().collect()
    }

    pub(super) fn add(&self, known: Known) -> Arc<Known> {
        let known = Arc::new(known);
        let mut all = self.known.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(known.id, Arc::clone(&known));
        known
    }

    /// Begins a run. Of a request with a key that was sent before, the run that it began, and `false`.
    ///
    /// # Errors
    ///
    /// Why it could not begin; nothing was done then.
    pub(super) async fn begin(
        self: &Arc<Self>,
        asked: Asked,
        key: Option<(&str, &[u8])>,
    ) -> Result<(Arc<Known>, bool), Failure> {
        let Some((key, bytes)) = key else {
            return Ok((self.start(self.runtime.new_id(), asked).await?, true));
        };
        let _one_at_a_time = self.keyed.lock().await;
        let new = self.runtime.new_id();
        let id = tokio::task::block_in_place(|| self.keys.run_of(key, bytes, new))?;
        match self.get(id) {
            Some(known) => Ok((known, false)),
            // Its key was kept, and then it did not begin.
            None => Ok((self.start(id, asked).await?, true)),
        }
    }

    async fn start(self: &Arc<Self>, id: RunId, asked: Asked) -> Result<Arc<Known>, Failure> {
        let path = self.folder.journal(id);
        let made = tokio::task::block_in_place(|| FileSink::create(&path));
        let sink =
            made.map_err(|error| Failure::from(error).with_subcode(NEW_JOURNAL))?.durability(self.durability);
        let (syncer, budget) = (sink.syncer(), asked.budget.map(|name| self.budget(name)));
        let mut options = RunOptions::default().id(id).journal(sink);
        if let Some(ceiling) = asked.ceiling {
            options = options.ceiling(ceiling);
        }
        if let Some(ceiling) = asked.absorbed_ceiling {
            options = options.absorbed_ceiling(ceiling);
        }
        if let Some(budget) = &budget {
            options = options.budget(Arc::new(budget.clone()), full_path(&path));
        }
        if let Some(parent) = asked.trace {
            options = options.trace(parent);
        }
        let mut run = self.runtime.start(&asked.workflow, asked.input, options);
        let Some(facts) = run.next_entry().await.and_then(|first| figures::begun(&first)) else {
            let outcome = run.outcome().await;
            self.forget(id);
            return Err(failure_of(&outcome));
        };
        let now = (Phase::Running, Figures::of(&facts));
        let known = self.add(Known::new(id, Head::of(&facts), path, now));
        self.follow(Arc::clone(&known), run, facts);
        last(syncer).await.inspect_err(|_| known.cancel())?;
        Ok(known)
    }

    pub(super) fn follow(&self, known: Arc<Known>, run: Run, facts: Facts) {
        let leaving = self.leaving();
        tokio::spawn(async move { known.follow(run, facts, leaving).await });
    }

    /// Whether there is a named budget.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub(super) fn has_budget(&self, name: &BudgetName) -> std::io::Result<bool> {
        Ok(self.budgets().names()?.contains(name))
    }

    pub(super) fn budget(&self, name: BudgetName) -> FileBudget {
        self.budgets().budget(name)
    }

    pub(super) fn budgets(&self) -> BudgetFolder {
        BudgetFolder::new(self.folder.state().join("budgets"))
    }

    /// A run that never began leaves nothing behind: no journal, and no money held.
    pub(super) fn forget(&self, id: RunId) {
        let path = self.folder.journal(id);
        for name in self.budgets().names().unwrap_or_default() {
            let budget = self.budget(name);
            let holds = budget.read().is_ok_and(|ledger| ledger.account().holding().contains_key(&id));
            if holds
                && let Err(failure) = budget.settle(id, RunSpending::default(), SystemClock::new().wall())
            {
                say(&format!("run {id}, which never began, still holds its ceiling: {failure}"));
                return;
            }
        }
        if let Err(error) = std::fs::remove_file(&path) {
            say(&format!("{}: {error}", path.display()));
        }
    }

    /// Begins no more runs, and waits until those under way are over. Those that are not when `patience` is over stop where
    /// they are; gives how many.
    pub(super) async fn shut_down(&self, patience: impl Future<Output = ()>) -> usize {
        tokio::select! {
            () = self.runtime.shut_down() => {}
            () = patience => {}
        }
        self.leave.send_replace(true);
        let all = self.list(None, usize::MAX, |_| true);
        for run in &all {
            // The run is held here, so its channel cannot be closed.
            let _ = run.watch().wait_for(|now| now.phase.is_over()).await;
        }
        all.iter().filter(|run| matches!(run.now().phase, Phase::Left)).count()
    }
}

/// Makes what was written last.
async fn last(syncer: Option<Arc<dyn Syncer>>) -> Result<(), Failure> {
    let Some(syncer) = syncer else { return Ok(()) };
    let synced = tokio::task::spawn_blocking(move || syncer.sync()).await;
    synced.map_err(std::io::Error::from).flatten().map_err(|error| {
        Failure::new(ErrorCode::of_file(&error, ErrorCode::JournalIo), format!("the journal: {error}"))
    })
}

/// Why a run that never began did not.
fn failure_of(outcome: &StructuredOutcome) -> Failure {
    let code = match outcome.code {
        OutcomeCode::Error(code) => code,
        OutcomeCode::Ok => ErrorCode::HostBug,
    };
    let mut failure = Failure::new(code, outcome.message.clone());
    let text = |name: &str| outcome.details.get(name).and_then(Value::as_str).map(str::to_owned);
    (failure.pointer, failure.subcode) = (text("pointer"), text("subcode"));
    if outcome.details.is_object() {
        failure.details = Some(outcome.details.clone());
    }
    failure
}

pub(super) fn full_path(path: &Path) -> Option<String> {
    std::path::absolute(path).ok()?.to_str().map(str::to_owned)
}
