//! `aos budget settle`: what a run holds that died goes back, but for what its journal says may be gone.

use std::path::Path;
use std::process::ExitCode;

use aos_host::agent_budget::{AgentAccount, Holding, RunSpending};
use aos_host::failure::{ErrorCode, Failure};
use aos_host::ids::RunId;
use aos_host::journal::{JournalError, Recording};
use aos_host::providers::{FileSink, read_journal};

use super::budget::{now, print_account};
use crate::folders;
use crate::money_options::BudgetSettleArgs;
use crate::render::{say, say_help};

/// What may be given back of a run.
enum Found {
    /// It is dead, and has spent this much at most.
    Dead(RunSpending, Option<FileSink>),
    /// Another process holds its journal.
    Runs,
    /// Nobody can say.
    Unknown(String),
}

/// Settles every run that died, or one.
pub(super) fn settle(args: &BudgetSettleArgs) -> anyhow::Result<ExitCode> {
    let budget = folders::budgets().budget(args.budget.name.clone());
    let account = budget.read()?.account().clone();
    let only = args.run;
    if let Some(run) = only.filter(|run| !account.holding().contains_key(run)) {
        let message = format!("the run {run} holds nothing of this budget; aos budget show tells which do");
        return Err(Failure::new(ErrorCode::ConfigInvalid, message).into());
    }
    let mut code = ExitCode::SUCCESS;
    for (run, holding) in account.holding().iter().filter(|(run, _)| only.is_none_or(|only| only == **run)) {
        match found(holding, args.lost, &account, *run) {
            Found::Dead(spent, _journal) => {
                // Whoever goes on with the run meanwhile waits for its journal, which is held until this is written.
                let still = |account: &AgentAccount| account.holding().get(run) == Some(holding);
                let settle =
                    |account: &AgentAccount| account.settle(*run, spent, true).filter(|_| still(account));
                budget.change(now(), |account| Ok(((), settle(account))))?;
                say(&format!("run {run}: charged {}, absorbed {}", spent.charged, spent.absorbed));
            }
            Found::Runs => say(&format!("run {run}: another process holds its journal; it is left alone")),
            Found::Unknown(why) => {
                say(&format!("run {run}: {why}; it is left alone"));
                say_help(&format!(
                    "aos budget settle {} {run} --lost counts all that it holds as spent",
                    args.budget.name
                ));
                code = ExitCode::FAILURE;
            }
        }
    }
    print_account(&args.budget.name, budget.read()?.account(), args.budget.format.format)?;
    Ok(code)
}

fn found(holding: &Holding, lost: bool, account: &AgentAccount, run: RunId) -> Found {
    let before = account.spent_by(run);
    // It may have spent both ceilings before its journal went away.
    let all = RunSpending {
        charged: before.charged.saturating_add(holding.ceiling),
        absorbed: before.absorbed.saturating_add(holding.absorbed_ceiling),
        ..before
    };
    let Some(path) = &holding.journal else {
        return if lost {
            Found::Dead(all, None)
        } else {
            Found::Unknown("its journal is not known".to_owned())
        };
    };
    match FileSink::take_up(Path::new(path)) {
        Ok((sink, recording)) => match spent(&recording, run) {
            Ok(spent) => Found::Dead(spent, Some(sink)),
            Err(_) if lost => Found::Dead(all, None),
            Err(why) => Found::Unknown(format!("{path}: {why}")),
        },
        Err(JournalError::Locked { .. }) => Found::Runs,
        // It was killed before its first entry was written, and nothing leaves before that.
        Err(_) if read_journal(Path::new(path)).is_ok_and(|bytes| !bytes.contains(&b'\n')) => {
            Found::Dead(before, None)
        }
        Err(_) if lost => Found::Dead(all, None),
        Err(error) => Found::Unknown(error.to_string()),
    }
}

/// What a run's own journal says that was spent.
fn spent(recording: &Recording, run: RunId) -> Result<RunSpending, String> {
    let facts = recording.facts().map_err(|error| error.to_string())?;
    if facts.run().run != run {
        return Err(format!("{}: it is the journal of another run", ErrorCode::RecordingForeign));
    }
    Ok(RunSpending::of(&facts))
}
