//! The command line of the service.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use crate::money_options::PriceListArg;
use crate::options::{DurabilityArg, SkillFolders};

/// What follows the help.
pub(crate) const SERVE_EXAMPLES: &str = "\
Examples:
  aos serve --skills target/skills --stubs stubs.yaml
  curl -sd '{\"workflow\": \"hello\", \"input\": {}}' -H 'content-type: application/json' \\
    'http://127.0.0.1:7878/v1/runs?wait=true'
  curl -sN http://127.0.0.1:7878/v1/runs/RUN/events
  aos serve --listen 0.0.0.0:7878 --tokens tokens.txt --state /var/lib/aos

A workflow is named after its file in --workflows, or stands in the request. Journals lie in STATE/service/runs, one file a \
run; the commands replay, inspect, diff and certify read them. A run that a crash cut off goes on at the next start.

An interrupt or SIGTERM begins no more runs, waits for those under way, and leaves what is not over after --grace seconds \
where it is, to go on at the next start. A second one leaves at once.

The document of its interface (OpenAPI 3.1) is at /openapi.json.

Exit code: 0 it ended as asked; 2 a misused command line, or an address, a folder or a file that cannot be used.";

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen. Beyond this machine, --tokens is needed; port 0 takes a free one, and says which
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7878")]
    pub listen: SocketAddr,
    #[command(flatten)]
    pub skills: SkillFolders,
    /// Answer from a script instead of from the world
    #[arg(long, value_name = "FILE")]
    pub stubs: Option<PathBuf>,
    /// Where journals, components and budgets are kept
    #[arg(long, value_name = "DIR", default_value = crate::folders::STATE)]
    pub state: PathBuf,
    /// Workflows that requests may name, one file each [default: STATE/workflows]
    #[arg(long, value_name = "DIR")]
    pub workflows: Option<PathBuf>,
    /// Bearer tokens of which each request needs one, a line each; lines that begin with # are notes
    #[arg(long, value_name = "FILE")]
    pub tokens: Option<PathBuf>,
    /// Runs that may be under way at one time
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_runs: u32,
    /// Connections that may be open at one time
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub max_connections: u32,
    /// Bytes of the largest request
    #[arg(long, value_name = "BYTES", default_value_t = 16 << 20, value_parser = clap::value_parser!(u32).range(1024..))]
    pub max_body: u32,
    /// Seconds that runs have to end in when the service is told to stop
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub grace: u64,
    /// When journals are made to last beyond a loss of power
    #[arg(long, value_enum, default_value_t = DurabilityArg::Effects)]
    pub durability: DurabilityArg,
    #[command(flatten)]
    pub prices: PriceListArg,
}
