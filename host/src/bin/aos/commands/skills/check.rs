//! `aos skills check`

use std::process::ExitCode;

use aos_host::SkillFile;
use aos_host::providers::World;

use super::print_json;
use super::report::report;
use crate::options::Format;
use crate::render::{print, say, say_help};
use crate::setup;
use crate::skills_options::CheckArgs;

/// Looks at a component file.
pub(crate) async fn check(args: CheckArgs) -> anyhow::Result<ExitCode> {
    let SkillFile { naming, sidecar, component, .. } = setup::skill_file(&args.file)?;
    let runtime = setup::runtime(World::live(), &args.skills.folders).await?;
    let admission = runtime.examine_component(component, &naming, &sidecar).await;
    for skill in &admission.skills {
        if let Some(other) =
            runtime.skill(&skill.id).filter(|other| other.metadata().digest != admission.digest)
        {
            let (id, digest) = (&skill.id, other.metadata().digest);
            say(&format!("the name {id} belongs to another component already ({digest})"));
            say_help("aos skills update puts this one in its place; or give it another name");
            break;
        }
    }
    if args.format.format == Format::Json {
        print_json(&admission)?;
    } else {
        print(&report(&args.file.display().to_string(), &sidecar, &admission))?;
    }
    Ok(if admission.refused.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
