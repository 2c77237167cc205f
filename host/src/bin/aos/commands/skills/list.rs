//! `aos skills list`

use std::path::PathBuf;
use std::process::ExitCode;

use aos_host::providers::World;

use super::print_json;
use crate::options::Format;
use crate::render::{plain, print, say};
use crate::skills_options::ListArgs;
use crate::{folders, setup};

/// Prints one skill a line.
pub(crate) async fn list(args: ListArgs) -> anyhow::Result<ExitCode> {
    let (runtime, skipped) = setup::load(World::live(), &args.skills.folders).await?;
    let skills = runtime.skills();
    if args.format.format == Format::Json {
        print_json(&skills.iter().map(|skill| skill.metadata()).collect::<Vec<_>>())?;
    } else {
        for skill in &skills {
            let metadata = skill.metadata();
            let (version, description) = (plain(&metadata.version), plain(&metadata.description));
            let line = format!("{}  {version}  {description}", metadata.id);
            print(&format!("{}\n", line.trim_end()))?;
        }
    }
    if skills.is_empty() {
        say(&no_skills(&args.skills.folders));
    }
    Ok(if skills.is_empty() && skipped > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What is said where there are none.
pub(super) fn no_skills(said: &[PathBuf]) -> String {
    let folders: Vec<_> = folders::skills(said).iter().map(|folder| folder.display().to_string()).collect();
    format!("there are no skills in {}; name a folder of components with --skills", folders.join(" or "))
}
