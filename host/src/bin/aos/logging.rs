//! What the program says on standard error: lines for people, or one JSON object a line.

use std::io::Write as _;
use std::str::FromStr as _;
use std::sync::OnceLock;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::screen::{Above, above};

/// What all targets of this program begin with.
const OWN: &str = "aos";

/// Whether everything on standard error is JSON.
static JSON: OnceLock<bool> = OnceLock::new();

#[derive(Debug, Args)]
pub(crate) struct LogArgs {
    /// What is logged: off, error, warn, info, debug or trace, or targets such as aos_host=debug,hyper=info
    /// [default: AOS_LOG, else info for serve and with --log-format, and warn otherwise]
    #[arg(long, global = true, value_name = "FILTER", help_heading = "Logs")]
    pub log: Option<String>,
    /// How standard error reads [default: text]
    #[arg(long, global = true, value_enum, value_name = "FORMAT", help_heading = "Logs")]
    pub log_format: Option<LogFormat>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object a line, all that is said included
    Json,
}

/// Begins to log. `usual` is the level where nothing is said.
///
/// # Errors
///
/// A filter that cannot be read.
pub(crate) fn begin(args: &LogArgs, usual: LevelFilter) -> anyhow::Result<()> {
    let usual = if args.log_format.is_some() { LevelFilter::INFO } else { usual };
    let filter = match (&args.log, inherited()) {
        (Some(text), _) => filter(text).with_context(|| format!("--log {text}"))?,
        (None, Some(text)) => filter(&text).with_context(|| format!("AOS_LOG {text}"))?,
        (None, None) => Targets::new().with_target(OWN, usual),
    };
    let is_json = args.log_format == Some(LogFormat::Json);
    let _ = JSON.set(is_json);
    let lines = layer().with_writer(|| Above).with_ansi(false).log_internal_errors(false);
    let lines = if is_json {
        lines.json().flatten_event(true).with_current_span(false).with_target(false).boxed()
    } else {
        lines.with_target(false).boxed()
    };
    let listener = tracing_subscriber::registry().with(lines.with_filter(filter));
    tracing::subscriber::set_global_default(listener).context("logs")
}

/// The filter of the environment.
#[expect(clippy::disallowed_methods, reason = "the program may read its environment")]
fn inherited() -> Option<String> {
    std::env::var("AOS_LOG").ok().filter(|text| !text.is_empty())
}

/// One word is the level of this program's own targets.
fn filter(text: &str) -> anyhow::Result<Targets> {
    match text.parse::<LevelFilter>() {
        Ok(level) => Ok(Targets::new().with_target(OWN, level)),
        Err(_) => Ok(Targets::from_str(text)?),
    }
}

/// Whether everything on standard error is JSON.
pub(crate) fn is_json() -> bool {
    JSON.get().copied().unwrap_or_default()
}

/// Writes a line, or some, to standard error. Where nobody reads any more, nothing is lost but these.
pub(crate) fn line(text: &str) {
    if is_json() {
        tracing::info!(target: OWN, "{text}");
    } else {
        let _ = above(|| writeln!(std::io::stderr(), "{text}"));
    }
}

/// As [`line()`], of something that went wrong.
pub(crate) fn error_line(text: &str) {
    if is_json() {
        tracing::error!(target: OWN, "{text}");
    } else {
        let _ = above(|| writeln!(std::io::stderr(), "{text}"));
    }
}
