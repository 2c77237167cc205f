//! The command line of `aos failures`.

use aos_host::failure::{ErrorCategory, ErrorCode, catalog};
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Subcommand};

/// What follows its help.
pub(crate) const FAILURES_EXAMPLES: &str = "\
Examples:
  aos failures
  aos failures show TIMEOUT
  aos failures --category TRANSIENT --retryable
  aos failures --json | jq -r '.[] | select(.fault == \"operator\") | .code'

Every run ends with OK or with one of these codes. A word never changes its meaning and never goes away, so programs may \
compare codes; messages are for people. Exit code: 0; 2 a misused command line.";

/// Codes that are told in the place of one that is not there.
const SHOWN: usize = 8;

#[derive(Debug, Args)]
pub(crate) struct FailuresArgs {
    /// Only codes of this class; may be given more than once
    #[arg(long = "category", value_name = "CATEGORY", ignore_case = true, value_parser = categories())]
    pub categories: Vec<ErrorCategory>,
    /// Only codes that the host tries again by itself
    #[arg(long)]
    pub retryable: bool,
    /// One JSON document (docs/failures.schema.json) instead of lines for people
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum FailuresCommand {
    /// Print the page of a code: what happened, what to do, an example
    Show {
        /// The code
        #[arg(value_name = "CODE", value_parser = code)]
        code: ErrorCode,
        /// Its row as JSON instead
        #[arg(long)]
        json: bool,
    },
    /// Print the JSON Schema of what --json prints
    Schema,
}

fn categories() -> impl clap::builder::TypedValueParser<Value = ErrorCategory> {
    let words = ErrorCategory::ALL.map(ErrorCategory::as_str);
    PossibleValuesParser::new(words).try_map(|word| {
        let known =
            ErrorCategory::ALL.into_iter().find(|category| category.as_str().eq_ignore_ascii_case(&word));
        known.ok_or_else(|| format!("{word:?} is no category"))
    })
}

/// A code in any case; of one that is not there, those that are like it are told.
fn code(text: &str) -> Result<ErrorCode, String> {
    let wanted = text.to_ascii_uppercase().replace('-', "_");
    wanted.parse().map_err(|_| {
        let start = wanted.get(..4).unwrap_or(&wanted);
        let like = catalog().rows().map(|row| row.word).filter(|word| word.contains(start));
        let like: Vec<&str> = like.take(SHOWN).collect();
        match like.as_slice() {
            [] => "the catalogue has no such code; aos failures lists all".to_owned(),
            like => format!("the catalogue has no such code; it has {}", like.join(", ")),
        }
    })
}
