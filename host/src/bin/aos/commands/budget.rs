//! `aos budget list|show|set|history|settle|stop|start`

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use aos_host::Parting;
use aos_host::agent_budget::{AgentAccount, Moved, Movement};
use aos_host::canonical;
use aos_host::failure::{BUDGET_FILE, ErrorCode, Failure};
use aos_host::ids::{BudgetName, RunId};
use aos_host::providers::{Clock as _, FileBudget, SystemClock};
use aos_host::units::{Money, Timestamp};
use serde_json::{Value, json};

use super::budget_settle::settle;
use crate::folders;
use crate::money_options::{BudgetCommand, BudgetSetArgs};
use crate::options::Format;
use crate::render::{exit_code_of, plain, print, refuse, say, say_help};

/// Does one of them, or says why not.
pub(crate) fn budget(command: BudgetCommand) -> anyhow::Result<ExitCode> {
    let format = format_of(&command);
    carry_out(command).or_else(|error| match error.downcast::<Failure>() {
        Ok(failure) => refuse(&failure, format),
        Err(misused) => Err(misused),
    })
}

const fn format_of(command: &BudgetCommand) -> Format {
    match command {
        BudgetCommand::List(list) => list.format.format,
        BudgetCommand::Show(named) | BudgetCommand::History(named) | BudgetCommand::Start(named) => {
            named.format.format
        }
        BudgetCommand::Set(set) => set.budget.format.format,
        BudgetCommand::Settle(settle) => settle.budget.format.format,
        BudgetCommand::Stop(stop) => stop.budget.format.format,
    }
}

fn carry_out(command: BudgetCommand) -> anyhow::Result<ExitCode> {
    let folder = folders::budgets();
    match command {
        BudgetCommand::List(list) => return show_all(list.format.format),
        BudgetCommand::Show(show) => {
            let ledger = folder.budget(show.name.clone()).read()?;
            print_account(&show.name, ledger.account(), show.format.format)?;
        }
        BudgetCommand::Set(args) => set(&args)?,
        BudgetCommand::History(show) => {
            let ledger = folder.budget(show.name).read()?;
            history(ledger.history(), show.format.format)?;
        }
        BudgetCommand::Settle(args) => return settle(&args),
        BudgetCommand::Stop(args) => {
            let name = args.budget.name;
            let account = folder.budget(name.clone()).stop(&args.why, now())?;
            print_account(&name, &account, args.budget.format.format)?;
        }
        BudgetCommand::Start(args) => {
            let account = folder.budget(args.name.clone()).start(now())?;
            print_account(&args.name, &account, args.format.format)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn now() -> Timestamp {
    SystemClock::new().wall()
}

/// Where a journal lies, for whoever has to settle its run from another folder.
pub(super) fn full_path(path: &Path) -> Option<String> {
    std::path::absolute(path).ok()?.to_str().map(str::to_owned)
}

/// Whether a run holds its ceiling of a budget.
pub(super) fn holds(budget: Option<&FileBudget>, run: RunId) -> bool {
    budget
        .and_then(|budget| budget.read().ok())
        .is_some_and(|ledger| ledger.account().holding().contains_key(&run))
}

/// Says that a run still holds its ceiling, when it should have given it back. One that was left goes on holding it.
pub(super) fn say_unsettled(budget: &FileBudget, run: RunId, parting: &Parting) {
    if matches!(parting, Parting::Left(_)) {
        return;
    }
    let began = matches!(parting, Parting::Ended(outcome) if outcome.is_of_a_run());
    let holds = budget.read().map(|ledger| ledger.account().holding().contains_key(&run));
    if holds.unwrap_or(began) {
        let name = aos_host::providers::AgentBudget::name(budget);
        say(&format!("the run still holds its ceiling of the budget {name}"));
        say_help(&format!("resume the run, or give its rest back with: aos budget settle {name} {run}"));
    }
}

fn set(args: &BudgetSetArgs) -> anyhow::Result<()> {
    let ceiling = Money::from_cents(args.ceiling_cents).context("--ceiling-cents")?;
    let absorbed_ceiling = match args.absorbed_ceiling_cents {
        Some(cents) => Money::from_cents(cents).context("--absorbed-ceiling-cents")?,
        None => ceiling,
    };
    let name = &args.budget.name;
    let account = folders::budgets().budget(name.clone()).set(ceiling, absorbed_ceiling, now())?;
    print_account(name, &account, args.budget.format.format)
}

fn show_all(format: Format) -> anyhow::Result<ExitCode> {
    let folder = folders::budgets();
    let names = folder.names().map_err(|error| {
        Failure::new(ErrorCode::JournalIo, format!(".aos/budgets: {error}")).with_subcode(BUDGET_FILE)
    })?;
    let (mut all, mut code) = (Vec::new(), ExitCode::SUCCESS);
    for name in &names {
        match folder.budget(name.clone()).read() {
            Ok(ledger) => all.push((name, ledger)),
            Err(failure) => {
                say(&failure.to_string());
                say_help(failure.advice());
                code = exit_code_of(&failure);
            }
        }
    }
    if format == Format::Json {
        let all: Vec<Value> = all.iter().map(|(name, ledger)| budget_value(name, ledger.account())).collect();
        print_json(&json!(all))?;
        return Ok(code);
    }
    let widest = all.iter().map(|(name, _)| name.as_str().len()).max().unwrap_or_default();
    for (name, ledger) in &all {
        print(&line(&format!("{name:widest$}", name = name.as_str()), ledger.account()))?;
    }
    if names.is_empty() {
        say("there are no budgets in .aos/budgets; aos budget set NAME --ceiling-cents N makes one");
    }
    Ok(code)
}

pub(super) fn print_account(name: &BudgetName, account: &AgentAccount, format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        return print_json(&budget_value(name, account));
    }
    let (balance, (may_charge, may_lose)) = (account.balance(), account.available());
    print(&line(name.as_str(), account))?;
    let row = |name: &str, sums: [Money; 4]| (name.to_owned(), sums.map(|sum| sum.to_string()));
    let sums = [
        (String::new(), ["ceiling", "held", "spent", "left"].map(str::to_owned)),
        row("charged", [balance.ceiling, balance.held, balance.charged, may_charge]),
        row("absorbed", [balance.absorbed_ceiling, account.held_to_lose(), balance.absorbed, may_lose]),
    ];
    let widest = sums.iter().flat_map(|(_, sums)| sums).map(String::len).max().unwrap_or_default();
    for (name, sums) in sums {
        let sums = sums.map(|sum| format!("  {sum:>widest$}")).concat();
        print(&format!("  {name:<8}{sums}\n"))?;
    }
    if balance.overrun > Money::ZERO {
        print(&format!("  billed beyond what was held: {}\n", balance.overrun))?;
    }
    for (run, holding) in account.holding() {
        let journal = holding.journal.as_deref().unwrap_or("no journal is known");
        print(&format!("  run {run} holds {}  {}\n", holding.ceiling, plain(journal)))?;
    }
    Ok(())
}

fn line(name: &str, account: &AgentAccount) -> String {
    let stopped = match account.stopped() {
        None => String::new(),
        Some("") => "  STOPPED".to_owned(),
        Some(why) => format!("  STOPPED: {}", plain(why)),
    };
    format!("{name}  {} of {} left{stopped}\n", account.available().0, account.balance().ceiling)
}

/// A budget as JSON.
pub(crate) fn budget_value(name: &BudgetName, account: &AgentAccount) -> Value {
    let (balance, (may_charge, may_lose)) = (account.balance(), account.available());
    let runs: Vec<Value> = account
        .holding()
        .iter()
        .map(|(run, holding)| {
            json!({
                "run": run, "ceiling": holding.ceiling, "absorbed_ceiling": holding.absorbed_ceiling,
                "journal": holding.journal,
            })
        })
        .collect();
    json!({
        "name": name, "ceiling": balance.ceiling, "held": balance.held, "charged": balance.charged,
        "available": may_charge, "absorbed_ceiling": balance.absorbed_ceiling,
        "absorbed_held": account.held_to_lose(), "absorbed": balance.absorbed, "absorbed_available": may_lose,
        "overrun": balance.overrun, "stopped": account.stopped(), "runs": runs,
    })
}

fn history(history: &[Moved], format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        return print_json(&serde_json::to_value(history)?);
    }
    for Moved { at, movement, .. } in history {
        let what = match movement {
            Movement::Set { ceiling, absorbed_ceiling } => {
                format!("set       ceiling {ceiling}, absorbed ceiling {absorbed_ceiling}")
            }
            Movement::Taken { run, ceiling, absorbed_ceiling, .. } => {
                format!("taken     {run}  {ceiling}, to lose {absorbed_ceiling}")
            }
            Movement::Settled { run, spent, by_hand } => {
                let by_hand = if *by_hand { "  by hand" } else { "" };
                format!("settled   {run}  charged {}, absorbed {}{by_hand}", spent.charged, spent.absorbed)
            }
            Movement::Stopped { why } => format!("stopped   {}", plain(why)),
            Movement::Started => "started".to_owned(),
        };
        print(&format!("{at}  {what}\n"))?;
    }
    Ok(())
}

fn print_json(value: &Value) -> anyhow::Result<()> {
    print(&String::from_utf8(canonical::to_vec(value)?)?)?;
    print("\n")
}
