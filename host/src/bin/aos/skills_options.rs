//! The command line's words for skills.

use std::path::PathBuf;
use std::str::FromStr;

use aos_host::ids::SkillId;
use aos_host::policy::HostPattern;
use clap::{Args, Subcommand, ValueEnum};

use crate::options::{FormatArg, RunningArgs, SkillFolders};

/// What follows the help of skills.
pub(crate) const SKILLS_EXAMPLES: &str = "\
Examples:
  aos skills check pages.wasm
  aos skills add pages.wasm
  aos skills describe pages.reader.fetch
  aos skills update pages ./pages-1.3.wasm --journals .aos/runs
  aos skills remove pages

A component needs to know nothing of this program. Each function that it exports is a skill: NAME where there is one, \
NAME.INTERFACE.FUNCTION where there are more; and so is a program (wasi:cli/run) and a server of HTTP \
(wasi:http/incoming-handler). What they may reach, and the most that they may use, stands beside each in NAME.skill.toml.

Exit code: 0; 1 refused, or not compatible; 2 a misused command line.";

/// What follows the help of an invocation.
pub(crate) const INVOKE_EXAMPLES: &str = "\
Examples:
  aos invoke json_transform --input '{\"data\": {\"n\": [3, 1, 2]}, \"filter\": \".n | sort\"}'
  aos invoke ./pages.wasm --function reader.fetch --grant host=example.com --input '{\"url\": \"https://example.com/\"}'
  aos invoke pages.reader.title-of --input @page.json --format json | jq .output

It is a run like any other, of a workflow with this one step: with a ceiling (--ceiling-cents), a journal and an outcome. It may reach what the \
skill's own file (NAME.skill.toml) grants, and what is granted here.

Exit code: 0 success; 1 failure, whose outcome is printed; 2 a misused command line.";

/// What follows the help of a new skill.
pub(crate) const NEW_EXAMPLES: &str = "\
Examples:
  aos new skill word-count --lang rust
  cd word-count && cargo test
  aos new skill word-count --lang python
  cd word-count && python3 -m unittest
  aos new skill word-count --lang javascript
  cd word-count && npm install && npm test

Nothing is written over: a folder that is there has to be empty.";

#[derive(Debug, Subcommand)]
pub(crate) enum SkillsCommand {
    /// Print one skill a line, its name first
    List(ListArgs),
    /// Print what a skill says of itself
    Describe(DescribeArgs),
    /// Look at a component: what it imports, what each import does, and whether it is admitted
    Check(CheckArgs),
    /// Put a component, or all of a folder, into the folder of skills
    Add(AddArgs),
    /// Take a skill out of the folder of skills
    Remove(RemoveArgs),
    /// Put another build of a skill in its place, if recorded runs do the same with it
    Update(UpdateArgs),
    /// Write the contract that skills are built against, as WIT files
    Wit(WitArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub skills: SkillFolders,
    #[command(flatten)]
    pub format: FormatArg,
}

#[derive(Debug, Args)]
pub(crate) struct DescribeArgs {
    /// The skill's name
    #[arg(value_name = "ID")]
    pub id: String,
    #[command(flatten)]
    pub skills: SkillFolders,
    #[command(flatten)]
    pub format: FormatArg,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// A component, or the sidecar that names it
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub skills: SkillFolders,
    #[command(flatten)]
    pub format: FormatArg,
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// A component, or a folder of them
    #[arg(value_name = "FILE|DIR")]
    pub path: PathBuf,
    /// What it is called here [default: as it says, else as its file]
    #[arg(long, value_name = "NAME", value_parser = skill_name)]
    pub name: Option<SkillId>,
    #[command(flatten)]
    pub into: SkillFolder,
    #[command(flatten)]
    pub format: FormatArg,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// What it is called in the folder: NAME of NAME.skill.toml or NAME.wasm
    #[arg(value_name = "NAME", value_parser = skill_name)]
    pub name: SkillId,
    #[command(flatten)]
    pub from: SkillFolder,
}

#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// What it is called in the folder
    #[arg(value_name = "NAME", value_parser = skill_name)]
    pub name: SkillId,
    /// The other build
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Journals of runs that used it; each is replayed with the other build [default: .aos/runs]
    #[arg(long, value_name = "DIR")]
    pub journals: Option<PathBuf>,
    /// Put it in place even where a recorded run does something else with it, or its functions are others
    #[arg(long)]
    pub force: bool,
    /// Say what would come of it, and put nothing in place
    #[arg(long, conflicts_with = "force")]
    pub dry_run: bool,
    #[command(flatten)]
    pub of: SkillFolder,
}

/// The folder that is changed.
#[derive(Debug, Args)]
pub(crate) struct SkillFolder {
    /// The folder of skills [default: $XDG_DATA_HOME/aos/skills, else ~/.local/share/aos/skills]
    #[arg(long = "skills", value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct InvokeArgs {
    /// A skill by its name, or a component by its path
    #[arg(value_name = "SKILL|FILE")]
    pub skill: String,
    /// Of a component with several functions, the one to call, such as reader.fetch
    #[arg(long, value_name = "NAME")]
    pub function: Option<String>,
    /// Let it reach something, beside what its own file grants: host=PATTERN, model=NAME or env=NAME=VALUE; may be given
    /// more than once
    #[arg(long = "grant", value_name = "KIND=WHAT")]
    pub grants: Vec<Grant>,
    #[command(flatten)]
    pub running: RunningArgs,
}

/// Something that is granted for a try.
#[derive(Debug, Clone)]
pub(crate) enum Grant {
    Host(HostPattern),
    Model(String),
    Variable(String, String),
}

impl FromStr for Grant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || "the form is host=PATTERN, model=NAME or env=NAME=VALUE".to_owned();
        match text.split_once('=') {
            Some(("host", host)) => host.parse().map(Self::Host).map_err(|error| format!("{error}")),
            Some(("model", model)) if !model.is_empty() => Ok(Self::Model(model.to_owned())),
            Some(("env", variable)) => {
                let (name, value) =
                    variable.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(form)?;
                Ok(Self::Variable(name.to_owned(), value.to_owned()))
            }
            _ => Err(form()),
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum NewCommand {
    /// A skill, with a test that runs it in this host
    #[command(after_help = NEW_EXAMPLES)]
    Skill(NewSkillArgs),
}

#[derive(Debug, Args)]
pub(crate) struct NewSkillArgs {
    /// Its name, which is that of the folder as well
    #[arg(value_name = "NAME", value_parser = skill_name)]
    pub name: SkillId,
    /// What it is written in
    #[arg(long, value_enum)]
    pub lang: Language,
    /// The folder to make [default: ./NAME]
    #[arg(long, value_name = "DIR")]
    pub path: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// Needs cargo and the target wasm32-wasip2
    Rust,
    /// Needs Python 3.10 or later; componentize-py comes from PyPI
    Python,
    /// Needs Node 20 or later; componentize-js comes from npm
    Javascript,
}

fn skill_name(text: &str) -> Result<SkillId, String> {
    SkillId::new(text).map_err(|error| error.to_string())
}

#[derive(Debug, Args)]
pub(crate) struct WitArgs {
    /// The folder to write them into
    #[arg(value_name = "DIR", default_value = "wit")]
    pub folder: PathBuf,
}
