//! `aos skills update`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use aos_host::failure::Failure;
use aos_host::ids::{Digest, SkillId};
use aos_host::journal::{PinnedSkill, Recording};
use aos_host::providers::{World, read_journal};
use aos_host::{Naming, Runtime, SkillFile};

use crate::render::{print, say, say_help};
use crate::setup;
use crate::skills_options::UpdateArgs;

/// Puts another build of a skill in its place, if recorded runs do the same with it.
pub(crate) async fn update(args: UpdateArgs) -> anyhow::Result<ExitCode> {
    let folder = setup::skill_folder(&args.of)?;
    let SkillFile { component, sidecar, .. } = setup::skill_file(&args.file)?;
    let runtime = setup::empty(World::live())?;
    runtime.load_skills(folder.path()).await;
    let naming = Naming::Given(args.name.clone());
    let admission = runtime.examine_component(component.clone(), &naming, &sidecar).await;
    if let Some(failure) = &admission.refused {
        say(&format!("{}: {failure}", args.file.display()));
        say_help(failure.advice());
        return Ok(ExitCode::FAILURE);
    }
    setup::know_components(&runtime, &args.journals.join("components")).await;
    setup::know_components(&runtime, &Path::new(crate::folders::STATE).join("components")).await;
    let tried = try_journals(&runtime, &args, &component.clone().into()).await?;
    if tried.parted > 0 && !args.force {
        say(&format!(
            "{} of {} journals do not repeat with this build; nothing was put in place (--force does it all the same)",
            tried.parted,
            tried.parted + tried.equal
        ));
        return Ok(ExitCode::FAILURE);
    }
    let verdict = format!("{} journals repeat with this build, {} do not", tried.equal, tried.parted);
    if args.dry_run {
        print(&format!("{}: {verdict}; nothing was put in place\n", args.name))?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Err(failure) = folder.replace(&args.name, &component) {
        say(&failure.to_string());
        say_help(failure.advice());
        return Ok(ExitCode::FAILURE);
    }
    print(&format!("{} is {} now; {verdict}\n", args.name, Digest::of(&component)))?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Default)]
struct Tried {
    equal: usize,
    parted: usize,
}

/// Replays every journal of a run that used the skill.
async fn try_journals(runtime: &Runtime, args: &UpdateArgs, build: &Arc<[u8]>) -> anyhow::Result<Tried> {
    let mut tried = Tried::default();
    for path in journals(&args.journals) {
        let Ok(journal) = read_journal(&path) else { continue };
        let names = match used(&journal, &args.name) {
            Ok(names) => names,
            Err(failure) => {
                say(&format!("left out {}: {failure}", path.display()));
                continue;
            }
        };
        if names.is_empty() {
            continue;
        }
        let builds: BTreeMap<_, _> = names.into_iter().map(|name| (name, Arc::clone(build))).collect();
        match runtime.replay_against(&journal, builds).await.proof {
            Ok(()) => {
                tried.equal += 1;
                print(&format!("  compatible  {}\n", path.display()))?;
            }
            Err(failure) => {
                tried.parted += 1;
                print(&format!(
                    "  parts       {}: {}\n",
                    path.display(),
                    crate::render::plain(&failure.to_string())
                ))?;
            }
        }
    }
    Ok(tried)
}

fn journals(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    paths.sort();
    paths
}

/// The names of the component's skills that a run used.
fn used(journal: &[u8], name: &SkillId) -> Result<Vec<SkillId>, Failure> {
    let recording = Recording::read(journal)?;
    let skills = &recording.run_started()?.skills;
    let is_of_it = |used: &SkillId| {
        used == name || used.as_str().strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'))
    };
    let pinned = skills.iter().filter(|(_, pinned)| matches!(pinned, PinnedSkill::Component { .. }));
    Ok(pinned.map(|(used, _)| used).filter(|used| is_of_it(used)).cloned().collect())
}
