//! `aos run`

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use aos_host::failure::{Failure, NEW_JOURNAL};
use aos_host::json;
use aos_host::providers::FileSink;
use aos_host::trace::TraceParent;
use aos_host::units::Money;
use aos_host::workflow_format::{MAX_WORKFLOW_BYTES, Workflow};
use aos_host::{Parting, RunOptions, Runtime};
use serde_json::Value;

use super::budget::{full_path, holds, say_unsettled};
use super::follow::{follow, part};
use crate::folders;
use crate::live::Live;
use crate::money_options::MoneyArgs;
use crate::options::{RunArgs, RunningArgs};
use crate::render::{conclude, say, show_faults};
use crate::setup::{self, Outside};

/// Runs a workflow.
pub(crate) async fn run(args: RunArgs) -> anyhow::Result<ExitCode> {
    let RunArgs { workflow: path, running } = args;
    let input = input(&running.input)?;
    let options = options(&running)?;
    let world = outside(&running)?;
    let bytes = read_workflow(&path)?;
    let workflow = match Workflow::parse(&bytes) {
        Ok(workflow) => workflow,
        Err(invalid) => {
            show_faults(&path, &invalid);
            return conclude(&setup::empty(world)?.refuse(&invalid.into()), running.format.format);
        }
    };
    let runtime = setup::runtime(world, &running.skills.folders).await?;
    Ok(carry_out(&runtime, &workflow, input, (options, running)).await?.0)
}

/// What a run takes from outside.
pub(super) fn outside(running: &RunningArgs) -> anyhow::Result<Outside> {
    Outside::new(setup::world(running.stubs.as_deref())?, &running.money.prices)
}

/// How a run differs from what its workflow says.
pub(super) fn options(running: &RunningArgs) -> anyhow::Result<RunOptions> {
    let options = money(&running.money)?;
    Ok(match running.traceparent.or_else(inherited_trace) {
        Some(parent) => options.trace(parent),
        None => options,
    })
}

/// Runs a workflow to its end, with its journal, and shows what it does. What came of it is handed back where it began.
pub(super) async fn carry_out(
    runtime: &Runtime,
    workflow: &Workflow,
    input: Value,
    (options, running): (RunOptions, RunningArgs),
) -> anyhow::Result<(ExitCode, Option<Parting>)> {
    let format = running.format.format;
    let id = runtime.new_id();
    let in_runs = || Path::new(folders::STATE).join("runs").join(format!("{id}.jsonl"));
    let journal = running.journal.unwrap_or_else(in_runs);
    let sink = match FileSink::create(&journal) {
        Ok(sink) => sink.durability(running.durability.into()),
        Err(error) => {
            let failure = Failure::from(error).with_subcode(NEW_JOURNAL);
            return Ok((conclude(&runtime.refuse(&failure), format)?, None));
        }
    };
    let mut options = options.id(id).journal(sink);
    let budget = running.money.budget.map(|name| folders::budgets().budget(name));
    if let Some(budget) = &budget {
        options = options.budget(Arc::new(budget.clone()), full_path(&journal));
    }
    let run = runtime.start(workflow, input, options);
    let parting = follow(run, Live::new()).await;
    budget.iter().for_each(|budget| say_unsettled(budget, id, &parting));
    let never_began = !matches!(&parting, Parting::Ended(outcome) if outcome.is_of_a_run());
    if never_began
        && std::fs::metadata(&journal).is_ok_and(|file| file.len() == 0)
        && !holds(budget.as_ref(), id)
    {
        // It never began: there is nothing to look at, and nothing to go on with.
        std::fs::remove_file(&journal).with_context(|| journal.display().to_string())?;
    } else {
        say(&format!("journal {}", journal.display()));
    }
    Ok((part(&parting, &journal, format)?, Some(parting)))
}

/// The trace of whoever started this program. What is none begins none, as the standard asks.
#[expect(clippy::disallowed_methods, reason = "the program may read its environment")]
fn inherited_trace() -> Option<TraceParent> {
    std::env::var("TRACEPARENT").ok()?.parse().ok()
}

fn money(args: &MoneyArgs) -> anyhow::Result<RunOptions> {
    let cents =
        |cents: Option<u64>, name: &'static str| cents.map(Money::from_cents).transpose().context(name);
    let mut options = RunOptions::default();
    if let Some(ceiling) = cents(args.ceiling_cents, "--ceiling-cents")? {
        options = options.ceiling(ceiling);
    }
    if let Some(ceiling) = cents(args.absorbed_ceiling_cents, "--absorbed-ceiling-cents")? {
        options = options.absorbed_ceiling(ceiling);
    }
    Ok(options)
}

/// The input that is said.
pub(super) fn input(text: &str) -> anyhow::Result<Value> {
    let read =
        |text: &str, place: &str| json::read(text).map_err(|error| anyhow::anyhow!("{place}: {error}"));
    match text.strip_prefix('@') {
        Some(path) => {
            let place = format!("--input @{path}");
            let text = match path {
                "-" => std::io::read_to_string(std::io::stdin()),
                path => std::fs::read_to_string(path),
            };
            let text = text.with_context(|| place.clone())?;
            read(&text, &place)
        }
        None => read(text, "--input").map_err(|error| match Path::new(text).is_file() {
            true => anyhow::anyhow!("{error}; to read the file, write @{text}"),
            false => error,
        }),
    }
}

/// Reads no more than a workflow may have, so that a wrong file name costs nothing.
fn read_workflow(path: &Path) -> anyhow::Result<Vec<u8>> {
    use std::io::Read as _;
    let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
    let mut bytes = Vec::new();
    file.take(MAX_WORKFLOW_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .with_context(|| path.display().to_string())?;
    Ok(bytes)
}
