//! The program `aos`: arguments in, one library call, rendering out.

mod commands;
mod compile_child;
mod failed;
mod failures_options;
mod folders;
mod live;
mod logging;
mod models;
mod money_options;
mod options;
mod progress_bar;
mod render;
mod report_options;
mod screen;
mod serve;
mod setup;
mod skills_options;

use std::process::ExitCode;

use clap::Parser as _;
use rustix::process::Signal;
use tokio::signal::unix::SignalKind;
use tracing::level_filters::LevelFilter;

use self::options::{Aos, Command};
use self::skills_options::{NewCommand, SkillsCommand};

fn main() -> ExitCode {
    let aos = Aos::parse();
    if let Command::CompileComponent { input, output, engine } = &aos.command {
        return compile_child::run(input, output, engine);
    }
    if let Err(error) = logging::begin(&aos.log, usual_level(&aos.command)) {
        return failed::report(&error);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed::report(&error.into()),
    };
    // A file beyond the limit of this process then fails to be written, and does not end the process.
    let limit = SignalKind::from_raw(Signal::XFSZ.as_raw());
    let _survived = runtime.block_on(async { tokio::signal::unix::signal(limit) });
    runtime.block_on(dispatch(aos.command)).unwrap_or_else(|error| failed::report(&error))
}

/// A service tells of each run; a command shows its own.
const fn usual_level(command: &Command) -> LevelFilter {
    match command {
        Command::Serve(_) => LevelFilter::INFO,
        _ => LevelFilter::WARN,
    }
}

async fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Run(run) => commands::run(run).await,
        Command::Replay(replay) => commands::replay(replay).await,
        Command::Resume(resume) => commands::resume(resume).await,
        Command::Inspect(inspect) if inspect.watch => commands::watch(&inspect).await,
        Command::Inspect(inspect) => commands::inspect(&inspect),
        Command::Diff(diff) => commands::diff(&diff),
        Command::Report(report) => commands::report(&report),
        Command::Certify(certify) => commands::certify(certify).await,
        Command::Keygen(keygen) => commands::keygen(&keygen),
        Command::Budget { command } => commands::budget(command),
        Command::Failures { list, command } => commands::failures(&list, command),
        Command::Prices(prices) => commands::prices(&prices),
        Command::Serve(serve) => serve::serve(serve).await,
        Command::Skills { command: SkillsCommand::List(list) } => commands::list(list).await,
        Command::Skills { command: SkillsCommand::Describe(describe) } => commands::describe(describe).await,
        Command::Skills { command: SkillsCommand::Check(check) } => commands::check(check).await,
        Command::Skills { command: SkillsCommand::Add(add) } => commands::add(add).await,
        Command::Skills { command: SkillsCommand::Remove(remove) } => commands::remove(&remove),
        Command::Skills { command: SkillsCommand::Update(update) } => commands::update(update).await,
        Command::Skills { command: SkillsCommand::Wit(wit) } => commands::wit(&wit),
        Command::Invoke(invoke) => commands::invoke(invoke).await,
        Command::New { command: NewCommand::Skill(skill) } => commands::new_skill(&skill),
        Command::CompileComponent { .. } => Ok(ExitCode::SUCCESS),
    }
}
