//! `aos skills remove`

use std::process::ExitCode;

use crate::render::{print, say, say_help};
use crate::setup;
use crate::skills_options::RemoveArgs;

/// Takes a skill out of the folder.
pub(crate) fn remove(args: &RemoveArgs) -> anyhow::Result<ExitCode> {
    let folder = setup::skill_folder(&args.from)?;
    match folder.remove(&args.name) {
        Ok(()) => {
            print(&format!("removed {} from {}\n", args.name, folder.path().display()))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => {
            say(&failure.to_string());
            say_help("aos skills list shows what there is");
            Ok(ExitCode::FAILURE)
        }
    }
}
