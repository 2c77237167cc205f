//! Named budgets that outlive runs and processes: one file a budget, in which each line is one movement.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use aos_core::agent_budget::{AgentAccount, Ledger, MAX_LEDGER_BYTES, Movement, RunSpending, Taking, Wish};
use aos_core::failure::{BUDGET_FILE, ErrorCode, Failure};
use aos_core::ids::{BudgetName, RunId};
use aos_core::units::{Money, Timestamp};

/// A named budget that a run draws from. It takes its whole ceiling before it begins, and gives back the rest when it
/// ends.
pub trait AgentBudget: Send + Sync {
    /// Its name.
    fn name(&self) -> &BudgetName;

    /// Takes what a run may spend that begins, in one step.
    ///
    /// # Errors
    ///
    /// `AGENT_BUDGET_EXCEEDED`, `BUDGET_STOPPED`, `REQUEST_INVALID` for a run that was here before, or what keeps it
    /// from being written.
    fn take(&self, run: RunId, wish: Wish, at: Timestamp) -> Result<Taking, Failure>;

    /// Takes what a run may still spend that goes on. What it holds it goes on holding.
    ///
    /// # Errors
    ///
    /// As [`AgentBudget::take`]; `REQUEST_INVALID` for a run that has ended and given back.
    fn take_again(&self, run: RunId, wish: Wish, at: Timestamp) -> Result<Taking, Failure>;

    /// Gives back what a run did not spend.
    ///
    /// # Errors
    ///
    /// What keeps it from being written; the run holds its ceilings then until someone settles it.
    fn settle(&self, run: RunId, spent: RunSpending, at: Timestamp) -> Result<(), Failure>;

    /// Whether nothing more may be reserved. It is asked at every reservation of every run that draws from it, so it
    /// has to be quick.
    fn is_stopped(&self) -> bool;
}

/// A folder of named budgets. Several processes may use it at the same time.
#[derive(Debug, Clone)]
pub struct BudgetFolder {
    folder: PathBuf,
}

/// One named budget in its file. `NAME.jsonl` has its movements; while `NAME.stopped` is there, nothing is reserved.
#[derive(Debug, Clone)]
pub struct FileBudget {
    name: BudgetName,
    folder: PathBuf,
}

impl BudgetFolder {
    /// A folder; it is made when the first budget is written.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// A budget of this name, whether it is there already or not.
    #[must_use]
    pub fn budget(&self, name: BudgetName) -> FileBudget {
        FileBudget { name, folder: self.folder.clone() }
    }

    /// The names of all budgets that are there, in order.
    ///
    /// # Errors
    ///
    /// What the operating system says. A folder that is not there has none.
    pub fn names(&self) -> io::Result<Vec<BudgetName>> {
        let listed = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listed => listed?,
        };
        let mut names = Vec::new();
        for entry in listed {
            let file = entry?.file_name();
            let name = file.to_str().and_then(|file| file.strip_suffix(".jsonl"));
            names.extend(name.and_then(|name| BudgetName::new(name).ok()));
        }
        names.sort();
        Ok(names)
    }
}

impl FileBudget {
    /// What its movements add up to, and all of them.
    ///
    /// # Errors
    ///
    /// `CONFIG_INVALID` when it was never set, `LEDGER_INVARIANT` for a file that cannot be trusted.
    pub fn read(&self) -> Result<Ledger, Failure> {
        let mut file = match File::open(self.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(self.unknown()),
            file => file.map_err(|error| self.unusable(&error))?,
        };
        file.lock_shared().map_err(|error| self.unusable(&error))?;
        let ledger = self.read_from(&mut file)?;
        if ledger.account().is_set() { Ok(ledger) } else { Err(self.unknown()) }
    }

    /// Makes it, or changes what it has: the most that all its runs may be charged, and that their failed attempts may lose.
    ///
    /// # Errors
    ///
    /// As [`FileBudget::change`].
    pub fn set(
        &self,
        ceiling: Money,
        absorbed_ceiling: Money,
        at: Timestamp,
    ) -> Result<AgentAccount, Failure> {
        let set = Movement::Set { ceiling, absorbed_ceiling };
        self.change(at, |_| Ok(((), Some(set)))).map(|((), account)| account)
    }

    /// Changes it: reads it, lets `decide` say what happens, and writes that, while no other process can do the same.
    /// Returns what it adds up to afterwards.
    ///
    /// # Errors
    ///
    /// What `decide` says, or what keeps the file from being read or written; nothing has happened then.
    pub fn change<T>(
        &self,
        at: Timestamp,
        decide: impl FnOnce(&AgentAccount) -> Result<(T, Option<Movement>), Failure>,
    ) -> Result<(T, AgentAccount), Failure> {
        self.change_and(at, decide, || Ok(()))
    }

    /// As [`FileBudget::change`], with something to do once the movement is written, before another process may follow.
    fn change_and<T>(
        &self,
        at: Timestamp,
        decide: impl FnOnce(&AgentAccount) -> Result<(T, Option<Movement>), Failure>,
        then: impl FnOnce() -> io::Result<()>,
    ) -> Result<(T, AgentAccount), Failure> {
        let unusable = |error: io::Error| self.unusable(&error);
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        made.map_err(|error| self.unusable_at(&self.folder, &error))?;
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(self.path())
            .map_err(unusable)?;
        file.lock().map_err(unusable)?;
        let mut ledger = self.read_from(&mut file)?;
        let whole = ledger.len_bytes();
        let (value, movement) = decide(ledger.account())?;
        if let Some(movement) = movement {
            let line = ledger.write(at, movement)?;
            // A line that was not written to its end goes before the next one stands there.
            file.set_len(whole as u64).map_err(unusable)?;
            if let Err(error) = file.write_all(&line).and_then(|()| file.sync_data()) {
                // What cannot be made to last has not happened, as far as anyone can still say so.
                let _ = file.set_len(whole as u64);
                return Err(self.unusable(&error));
            }
            if whole == 0 {
                File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(unusable)?;
            }
        }
        then().map_err(unusable)?;
        Ok((value, ledger.account().clone()))
    }

    /// Stops it, at once and for every process: the flag is there before the movement is written.
    ///
    /// # Errors
    ///
    /// As [`FileBudget::change`].
    pub fn stop(&self, why: &str, at: Timestamp) -> Result<AgentAccount, Failure> {
        self.read()?;
        // At once, before anyone waits for the file; and again when whoever starts it at the same time is done.
        self.set_flag().map_err(|error| self.unusable(&error))?;
        let stopped = Movement::Stopped { why: why.to_owned() };
        let decide = |_: &AgentAccount| Ok(((), Some(stopped)));
        self.change_and(at, decide, || self.set_flag()).map(|((), account)| account)
    }

    /// Lets it go on.
    ///
    /// # Errors
    ///
    /// As [`FileBudget::change`].
    pub fn start(&self, at: Timestamp) -> Result<AgentAccount, Failure> {
        self.read()?;
        let decide = |_: &AgentAccount| Ok(((), Some(Movement::Started)));
        let clear = || match std::fs::remove_file(self.flag()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        self.change_and(at, decide, clear).map(|((), account)| account)
    }

    fn set_flag(&self) -> io::Result<()> {
        File::create(self.flag())?.sync_all()?;
        File::open(&self.folder)?.sync_all()
    }

    fn read_from(&self, file: &mut File) -> Result<Ledger, Failure> {
        let mut bytes = Vec::new();
        file.take(MAX_LEDGER_BYTES as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| self.unusable(&error))?;
        let mut ledger = Ledger::read(&bytes).map_err(|invalid| {
            let failure = Failure::from(invalid);
            Failure { message: format!("{}: {}", self.path().display(), failure.message), ..failure }
        })?;
        if self.is_stopped() {
            ledger.note_stopped();
        }
        Ok(ledger)
    }

    fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.jsonl", self.name))
    }

    fn flag(&self) -> PathBuf {
        self.folder.join(format!("{}.stopped", self.name))
    }

    fn unknown(&self) -> Failure {
        let name = &self.name;
        let message = format!("there is no budget {name}; aos budget set {name} --ceiling-cents N makes one");
        Failure::new(ErrorCode::ConfigInvalid, message)
    }

    fn unusable(&self, error: &io::Error) -> Failure {
        self.unusable_at(&self.path(), error)
    }

    fn unusable_at(&self, place: &Path, error: &io::Error) -> Failure {
        let message = format!("the budget {}: {}: {error}", self.name, place.display());
        Failure::new(ErrorCode::of_file(error, ErrorCode::JournalIo), message).with_subcode(BUDGET_FILE)
    }
}

impl AgentBudget for FileBudget {
    fn name(&self) -> &BudgetName {
        &self.name
    }

    fn take(&self, run: RunId, wish: Wish, at: Timestamp) -> Result<Taking, Failure> {
        self.read()?;
        let take = |account: &AgentAccount| {
            account.check_new(run)?;
            let taking = account.take(run, wish)?;
            let movement = taking.movement.clone();
            Ok((taking, movement))
        };
        self.change(at, take).map(|(taking, _)| taking)
    }

    fn take_again(&self, run: RunId, wish: Wish, at: Timestamp) -> Result<Taking, Failure> {
        self.read()?;
        let take = |account: &AgentAccount| {
            account.check_goes_on(run)?;
            let journal = wish.journal.clone();
            let taking = account.take(run, wish)?;
            let movement = taking.movement.clone().or_else(|| account.moved(run, journal.as_ref()));
            Ok((taking, movement))
        };
        self.change(at, take).map(|(taking, _)| taking)
    }

    fn settle(&self, run: RunId, spent: RunSpending, at: Timestamp) -> Result<(), Failure> {
        self.read()?;
        self.change(at, |account| Ok(((), account.settle(run, spent, false)))).map(|((), _)| ())
    }

    /// Anything but a flag that is surely not there counts as one.
    fn is_stopped(&self) -> bool {
        !matches!(std::fs::symlink_metadata(self.flag()), Err(error) if error.kind() == io::ErrorKind::NotFound)
    }
}
