//! The command line.

use std::path::PathBuf;

use aos_host::providers::Durability;
use aos_host::trace::TraceParent;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::failures_options::{FAILURES_EXAMPLES, FailuresArgs, FailuresCommand};
use crate::logging::LogArgs;
use crate::money_options::{
    BUDGET_EXAMPLES, BudgetCommand, MoneyArgs, PRICES_EXAMPLES, PriceListArg, PricesArgs,
};
use crate::report_options::{REPORT_EXAMPLES, ReportArgs};
use crate::serve::{SERVE_EXAMPLES, ServeArgs};
use crate::skills_options::{INVOKE_EXAMPLES, InvokeArgs, NewCommand, SKILLS_EXAMPLES, SkillsCommand};

/// What follows the help of a run.
const RUN_EXAMPLES: &str = "\
Examples:
  aos run fixtures/workflows/demo.yaml --stubs fixtures/stubs/demo.yaml
  aos run flow.yaml --input '{\"city\": \"Bern\"}'
  aos run flow.yaml --input @input.json --ceiling-cents 5 --format json | jq .output

Exit code: 0 success or partial; 1 failure, whose outcome is printed; 2 a misused command line.

An interrupt (Ctrl-C) cancels the run, which still ends in an outcome; a second one leaves it where it is, and `aos resume` \
goes on with it.

The world is live unless --stubs is given, and the workflow's grants decide what may be reached. \
Models are asked at AOS_LLM_BASE_URL (chat completions, such as https://api.openai.com/v1) with the key AOS_LLM_API_KEY, \
and at AOS_ANTHROPIC_BASE_URL (https://api.anthropic.com unless set) with the key AOS_ANTHROPIC_API_KEY. With both set up, \
models whose name begins with claude go to Anthropic and all others to the first; with one, all go there.";

/// What follows the help of a replay.
const REPLAY_EXAMPLES: &str = "\
Examples:
  aos replay .aos/runs/019ab3c4d5e67f8091a2b3c4d5e6f708.jsonl
  aos replay run.jsonl --skill http_call=new.wasm
  aos replay run.jsonl --inject failures.yaml

An injection file is a list of one element or more; each names one call of the journal, and one thing that happens there:
  - {step: fetch, index: 0, status: 503, headers: {retry-after: \"1\"}}
  - {step: fetch, attempt: 2, call: http.send, ordinal: 0, error: CONNECTION_LOST}
  - {step: ask, call: llm.complete, timeout: true}      (or trap: true, or refuse: true)
  - {step: each, item: 3, index: 0, status: 500}        (item: the element of a foreach, counted from 0)
What is asked again afterwards gets its recorded answer. That is no replay and proves nothing; it exits with 0 when the run \
came to an end, whatever it was, and with 3 when it asked what neither the journal nor a stub file answers.

Exit code: 0 the bytes are equal, whatever the run's status was; 2 a misused command line; 3 a proof failed: \
the replay did something else, or the journal cannot be trusted.";

/// What follows the help of a resumption.
const RESUME_EXAMPLES: &str = "\
Example:
  aos resume .aos/runs/019ab3c4d5e67f8091a2b3c4d5e6f708.jsonl

Answers that the journal holds are not asked for again. A request that had left without an answer is sent again where that \
does no more than sending it once (GET, PUT, or with an idempotency key) and costs nothing; otherwise it ends in \
UNKNOWN_OUTCOME, and what was held for it counts as spent. The stub file and the price list, where they were given, have to \
be given again. A named budget is looked for in .aos/budgets, so resume from the folder in which the run began.

Exit code: as of run; 3 a journal that cannot be trusted, or that another process holds.";

/// What follows the help of an inspection.
const INSPECT_EXAMPLES: &str = "\
Examples:
  aos inspect run.jsonl
  aos inspect run.jsonl --call fetch:1:0
  aos inspect run.jsonl --format json | jq '.steps[].attempts[].fuel'
  aos inspect --watch run.jsonl

Nothing is run, and no skill is needed. With --watch, a run of another process is shown as it goes on, until it ends, or \
nobody writes its journal any more; an interrupt (Ctrl-C) ends the watching, and not the run.

Exit code: 0; 2 a misused command line; 3 a journal that cannot be trusted.";

/// What follows the help of a comparison.
const DIFF_EXAMPLES: &str = "\
Example:
  aos diff yesterday.jsonl today.jsonl

Compared are the workflow (told first, by its name and the digest of its text), its input, the skills, and of each attempt \
its input, its requests, its answers, its texts and its end; of each attempt the first difference is shown. Times, ids and \
seeds differ between any two runs, and are not compared.

Exit code: 0 they do not part; 1 they do; 2 a misused command line; 3 a journal that cannot be trusted.";

/// What follows the help of a certification.
const CERTIFY_EXAMPLES: &str = "\
Examples:
  aos certify .aos/runs/*.jsonl
  aos certify run.jsonl --repeat 3 --format json | jq .predicate.engines
  aos keygen -o ci
  aos certify run.jsonl --key ci.key -o run.intoto.jsonl
  aos certify --verify run.intoto.jsonl --key ci.pub run.jsonl

Each journal is replayed without a network in three engines: optimised machine code, machine code without \
optimisations, and an interpreter. Every request, output, unit of fuel and byte of the outcome has to be the recorded \
one. The certificate is an in-toto Statement as canonical JSON (RFC 8785), one a line; with --key, each is signed \
(ed25519, in a DSSE envelope). A journal that does not repeat gets none. --verify compares the journals that are named \
behind it; without any, it says that signature and statement hold, and no more.

Exit code: 0 all certified, or all verified; 2 a misused command line; 3 a proof failed: something differs, a journal \
cannot be trusted, or a signature does not hold.";

/// What follows the help of making keys.
const KEYGEN_EXAMPLES: &str = "\
Examples:
  aos keygen
  aos keygen -o ~/.config/aos/ci

Whoever has PREFIX.key can sign; its mode is 600. PREFIX.pub verifies. Both are PEM (PKCS#8, and SubjectPublicKeyInfo), \
so that other programs read them: openssl pkey -in aos.key -text. A file that is there is not written over.";

/// Runs workflows of sandboxed skills, and replays them byte for byte.
///
/// A skill is a WebAssembly component. Everything that it does to the world goes through one gate, which checks
/// grants, reserves money, and writes a journal.
#[derive(Debug, Parser)]
#[command(name = "aos", version, max_term_width = 100)]
pub(crate) struct Aos {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub log: LogArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a workflow, and print its outcome
    #[command(after_help = RUN_EXAMPLES)]
    Run(RunArgs),
    /// Repeat a recorded run from its journal alone, and compare every byte
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(ReplayArgs),
    /// Go on with a run that was killed, from the end of its journal
    #[command(after_help = RESUME_EXAMPLES)]
    Resume(ResumeArgs),
    /// Look into a journal: steps, attempts, calls, charges and times
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(InspectArgs),
    /// Show where two journals part
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(DiffArgs),
    /// Make a page of a run, or of two side by side: what it did, what it cost, why it failed
    #[command(after_help = REPORT_EXAMPLES)]
    Report(ReportArgs),
    /// Prove that recorded runs repeat in three engines, and write certificates; or verify certificates
    #[command(after_help = CERTIFY_EXAMPLES)]
    Certify(CertifyArgs),
    /// Make a pair of keys for certificates
    #[command(after_help = KEYGEN_EXAMPLES)]
    Keygen(KeygenArgs),
    /// Budgets that outlive runs: make, look, stop, settle
    #[command(after_help = BUDGET_EXAMPLES)]
    Budget {
        #[command(subcommand)]
        command: BudgetCommand,
    },
    /// Print what models, requests and fuel cost
    #[command(after_help = PRICES_EXAMPLES)]
    Prices(PricesArgs),
    /// Ask the catalogue of failures: every code, what it means, and what to do
    #[command(after_help = FAILURES_EXAMPLES, args_conflicts_with_subcommands = true)]
    Failures {
        #[command(flatten)]
        list: FailuresArgs,
        #[command(subcommand)]
        command: Option<FailuresCommand>,
    },
    /// Serve runs over HTTP: begin, follow, cancel, replay; metrics and health
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(ServeArgs),
    /// Run one skill, without a workflow
    #[command(after_help = INVOKE_EXAMPLES)]
    Invoke(InvokeArgs),
    /// Begin a project
    New {
        #[command(subcommand)]
        command: NewCommand,
    },
    /// Skills: look at components, add them, remove them
    #[command(after_help = SKILLS_EXAMPLES)]
    Skills {
        #[command(subcommand)]
        command: SkillsCommand,
    },
    /// Compile one component to machine code; the host starts this in a child of itself
    #[command(hide = true)]
    CompileComponent { input: PathBuf, output: PathBuf, engine: String },
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// A workflow, as YAML or JSON
    #[arg(value_name = "WORKFLOW")]
    pub workflow: PathBuf,
    #[command(flatten)]
    pub running: RunningArgs,
}

/// How something is run.
#[derive(Debug, Args)]
pub(crate) struct RunningArgs {
    /// The input, as JSON or as @FILE with JSON in it; @- is standard input
    #[arg(long, value_name = "JSON|@FILE", default_value = "{}")]
    pub input: String,
    #[command(flatten)]
    pub skills: SkillFolders,
    /// Answer from a script instead of from the world
    #[arg(long, value_name = "FILE")]
    pub stubs: Option<PathBuf>,
    /// Where to write the journal [default: .aos/runs/ID.jsonl]
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    /// When the journal is made to last beyond a loss of power
    #[arg(long, value_enum, default_value_t = DurabilityArg::Effects)]
    pub durability: DurabilityArg,
    #[command(flatten)]
    pub money: MoneyArgs,
    /// The trace that the run is part of (W3C Trace Context); it is handed on to the hosts that it calls
    /// [default: TRACEPARENT, where that is one]
    #[arg(long, value_name = "TRACEPARENT")]
    pub traceparent: Option<TraceParent>,
    #[command(flatten)]
    pub format: FormatArg,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// A journal
    #[arg(value_name = "JOURNAL")]
    pub journal: PathBuf,
    #[command(flatten)]
    pub skills: SkillFolders,
    /// Another build of a skill: does it do the same at every call? May be given more than once
    #[arg(long = "skill", value_name = "ID=FILE")]
    pub builds: Vec<String>,
    /// Let something else happen at named calls, and show what the run would have come to
    #[arg(long, value_name = "FILE", conflicts_with = "builds")]
    pub inject: Option<PathBuf>,
    /// With --inject: answer from a script what the journal does not know
    #[arg(long, value_name = "FILE", requires = "inject")]
    pub stubs: Option<PathBuf>,
    #[command(flatten)]
    pub format: FormatArg,
}

#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// The journal of a run that has no end
    #[arg(value_name = "JOURNAL")]
    pub journal: PathBuf,
    #[command(flatten)]
    pub skills: SkillFolders,
    /// The script that the run began with
    #[arg(long, value_name = "FILE")]
    pub stubs: Option<PathBuf>,
    #[command(flatten)]
    pub prices: PriceListArg,
    /// When the journal is made to last beyond a loss of power
    #[arg(long, value_enum, default_value_t = DurabilityArg::Effects)]
    pub durability: DurabilityArg,
    #[command(flatten)]
    pub format: FormatArg,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// A journal
    #[arg(value_name = "JOURNAL")]
    pub journal: PathBuf,
    /// One call in full, by STEP[/ITEM]:ATTEMPT:INDEX
    #[arg(long, value_name = "PLACE")]
    pub call: Option<String>,
    /// Follow it while another process writes it
    #[arg(long, conflicts_with = "call")]
    pub watch: bool,
    #[command(flatten)]
    pub format: FormatArg,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// A journal
    #[arg(value_name = "A")]
    pub first: PathBuf,
    /// Another one
    #[arg(value_name = "B")]
    pub second: PathBuf,
    /// Also compare what guests saw of clocks and of what is ready
    #[arg(long)]
    pub observed: bool,
    #[command(flatten)]
    pub format: FormatArg,
}

#[derive(Debug, Args)]
pub(crate) struct CertifyArgs {
    /// Journals; with --verify, files that the certificates have to be of
    #[arg(value_name = "JOURNAL", required_unless_present = "verify")]
    pub journals: Vec<PathBuf>,
    /// How often each run is repeated in each engine
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub repeat: u32,
    /// Sign with this private key (see aos keygen); with --verify, the public key of whoever signed
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Where to write the certificates, one a line; in-toto calls such a file NAME.intoto.jsonl
    #[arg(short, long, value_name = "FILE", conflicts_with = "verify")]
    pub output: Option<PathBuf>,
    /// Verify signed certificates instead of making them
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "repeat")]
    pub verify: Option<PathBuf>,
    #[command(flatten)]
    pub skills: SkillFolders,
    /// A table for people, or the certificates themselves: canonical JSON (RFC 8785), one a line
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct KeygenArgs {
    /// Where to write PREFIX.key and PREFIX.pub
    #[arg(short, long, value_name = "PREFIX", default_value = "aos")]
    pub output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct SkillFolders {
    /// A folder of components; may be given more than once [default: target/skills, then the installed ones]
    #[arg(long = "skills", value_name = "DIR")]
    pub folders: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DurabilityArg {
    /// Before an effect leaves, and before the outcome is told
    Effects,
    /// With every entry; slow
    EveryEntry,
    /// Whenever the operating system likes
    None,
}

impl From<DurabilityArg> for Durability {
    fn from(durability: DurabilityArg) -> Self {
        match durability {
            DurabilityArg::Effects => Self::Effects,
            DurabilityArg::EveryEntry => Self::EveryEntry,
            DurabilityArg::None => Self::None,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct FormatArg {
    /// For people, or exactly one canonical JSON document (RFC 8785) and a newline
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}
