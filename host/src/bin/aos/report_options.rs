//! The command line of reports.

use std::path::PathBuf;

use clap::Args;

/// What follows the help.
pub(crate) const REPORT_EXAMPLES: &str = "\
Examples:
  aos report .aos/runs/019ab3c4d5e67f8091a2b3c4d5e6f708.jsonl --open
  aos report run.jsonl -o run.html
  aos report yesterday.jsonl today.jsonl -o both.html
  aos report .aos/runs/*.jsonl -o all.html --without-bodies

The report is one file for a browser, which asks nothing of any network: what happened in words, a timeline, money over \
time, fuel and memory, each request and answer, what failed with its page of the catalogue, the workflow's graph, and tables. \
Two journals stand side by side, with the first difference marked. A journal holds requests and answers in clear, and so \
does its report; --without-bodies leaves them out.

A certificate is looked for beside each journal (run.intoto.jsonl beside run.jsonl), and in --certificates.

Exit code: 0; 2 a misused command line; 3 a journal that cannot be trusted.";

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Journals: one, two to compare, or many
    #[arg(value_name = "JOURNAL", required = true)]
    pub journals: Vec<PathBuf>,
    /// Where to write the report; - is standard output [default: beside the first journal, with the ending html]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Open it in the browser of this machine
    #[arg(long)]
    pub open: bool,
    /// Leave out inputs, outputs, requests and answers
    #[arg(long)]
    pub without_bodies: bool,
    /// A file of certificates, one a line; may be given more than once
    #[arg(long, value_name = "FILE")]
    pub certificates: Vec<PathBuf>,
    /// The public key of whoever signed the certificates
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}
