//! The command line's words for money.

use std::path::PathBuf;

use aos_host::ids::{BudgetName, RunId};
use clap::{Args, Subcommand};

use crate::options::FormatArg;

/// What follows the help of budgets.
pub(crate) const BUDGET_EXAMPLES: &str = "\
Examples:
  aos budget set team --ceiling-cents 5000
  aos run flow.yaml --budget team --ceiling-cents 20
  aos budget show team
  aos budget stop team --why 'a loop in flow.yaml'
  aos budget settle team

A run takes its whole ceiling from the budget before it begins, and gives back what it did not spend when it ends; so all \
runs together can never pass the budget, also from several processes at once. A run that was killed holds its ceiling until \
it goes on (aos resume), or until it is settled. Budgets lie in .aos/budgets, one file each.

Exit code: 0; 1 refused, or a budget that is not there; 2 a misused command line; 3 a budget's file cannot be trusted.";

/// What follows the help of prices.
pub(crate) const PRICES_EXAMPLES: &str = "\
Examples:
  aos prices
  aos prices gpt-4o-mini
  aos prices --toml > prices.toml
  aos run flow.yaml --prices prices.toml

A model without a price is never asked: no ceiling could be kept (COST_UNKNOWN).

Exit code: 0; 1 a model without a price; 2 a misused command line, or a list that is not of its format.";

#[derive(Debug, Subcommand)]
pub(crate) enum BudgetCommand {
    /// Print every budget, one a line
    List(BudgetListArgs),
    /// Print what a budget has, holds and has spent, and which runs hold it
    Show(BudgetNameArgs),
    /// Make a budget, or change what it has
    Set(BudgetSetArgs),
    /// Print every movement of a budget
    History(BudgetNameArgs),
    /// Give back what runs hold that died
    Settle(BudgetSettleArgs),
    /// Refuse every further reservation under a budget at once, in every process
    Stop(BudgetStopArgs),
    /// Let a stopped budget go on
    Start(BudgetNameArgs),
}

#[derive(Debug, Args)]
pub(crate) struct BudgetListArgs {
    #[command(flatten)]
    pub format: FormatArg,
}

#[derive(Debug, Args)]
pub(crate) struct BudgetNameArgs {
    /// Its name: a-z, 0-9, dot, dash and underscore, 64 letters at most
    #[arg(value_name = "NAME", value_parser = budget_name)]
    pub name: BudgetName,
    #[command(flatten)]
    pub format: FormatArg,
}

#[derive(Debug, Args)]
pub(crate) struct BudgetSetArgs {
    #[command(flatten)]
    pub budget: BudgetNameArgs,
    /// The most that all runs together may be charged
    #[arg(long, value_name = "N")]
    pub ceiling_cents: u64,
    /// The most that their failed attempts may lose together [default: as much as the ceiling]
    #[arg(long, value_name = "N")]
    pub absorbed_ceiling_cents: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct BudgetSettleArgs {
    #[command(flatten)]
    pub budget: BudgetNameArgs,
    /// Only this run
    #[arg(value_name = "RUN")]
    pub run: Option<RunId>,
    /// Count all that the run holds as spent, as its journal is gone
    #[arg(long, requires = "run")]
    pub lost: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BudgetStopArgs {
    #[command(flatten)]
    pub budget: BudgetNameArgs,
    /// Why, for whoever finds it stopped
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub why: String,
}

#[derive(Debug, Args)]
pub(crate) struct PricesArgs {
    /// One model, as a workflow names it
    #[arg(value_name = "MODEL")]
    pub model: Option<String>,
    #[command(flatten)]
    pub prices: PriceListArg,
    /// The list that comes with this program as TOML, to make one's own of it
    #[arg(long, conflicts_with_all = ["model", "prices", "format"])]
    pub toml: bool,
    #[command(flatten)]
    pub format: FormatArg,
}

#[derive(Debug, Args)]
pub(crate) struct PriceListArg {
    /// A price list, as TOML, instead of the one that comes with this program (aos prices --toml)
    #[arg(long = "prices", id = "prices", value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// Where a run's money comes from, and how much it is.
#[derive(Debug, Args)]
pub(crate) struct MoneyArgs {
    /// The most that the run may be charged, instead of the workflow's own ceiling
    #[arg(long, value_name = "N")]
    pub ceiling_cents: Option<u64>,
    /// The most that failed attempts may lose, instead of what the workflow says
    #[arg(long, value_name = "N")]
    pub absorbed_ceiling_cents: Option<u64>,
    /// A named budget that the run takes its ceiling from (see aos budget)
    #[arg(long, value_name = "NAME", value_parser = budget_name)]
    pub budget: Option<BudgetName>,
    #[command(flatten)]
    pub prices: PriceListArg,
}

fn budget_name(text: &str) -> Result<BudgetName, String> {
    BudgetName::new(text).map_err(|error| error.to_string())
}
