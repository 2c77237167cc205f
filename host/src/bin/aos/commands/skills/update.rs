//! `aos skills update`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use aos_host::failure::{ErrorCode, Failure};
use aos_host::ids::{Digest, SkillId};
use aos_host::journal::{PinnedSkill, Recording};
use aos_host::providers::{World, read_journal};
use aos_host::sidecar::Sidecar;
use aos_host::skill::SkillMetadata;
use aos_host::{Naming, Prepared, Runtime, SkillFile};

use crate::folders::STATE;
use crate::render::{plain, print, say, say_help};
use crate::setup;
use crate::skills_options::UpdateArgs;

/// Puts another build of a skill in its place, if its functions are the same and recorded runs do the same with it.
pub(crate) async fn update(args: UpdateArgs) -> anyhow::Result<ExitCode> {
    let folder = setup::skill_folder(&args.of)?;
    let journals = args.journals.clone().unwrap_or_else(|| Path::new(STATE).join("runs"));
    anyhow::ensure!(
        args.journals.is_none() || journals.is_dir(),
        "--journals {}: there is no such folder",
        journals.display()
    );
    let there = match folder.file(&args.name) {
        Ok(there) => there,
        Err(failure) => return refused(&failure),
    };
    let component = setup::skill_file(&args.file)?.component;
    let runtime = setup::empty(World::live())?;
    let loaded = runtime.load_skills(folder.path()).await;
    let (installed, others): (Vec<_>, Vec<_>) =
        loaded.skills.into_iter().partition(|(path, _)| *path == there);
    let installed: Vec<_> = installed.into_iter().map(|(_, skill)| skill).collect();
    if installed.is_empty() && !args.force {
        let why = loaded.refused.into_iter().find(|(path, _)| *path == there);
        let why = why.map_or_else(|| "it is not loaded".to_owned(), |(_, failure)| failure.to_string());
        say(&format!("what is there cannot be compared, and nothing was put in its place: {why}"));
        say_help("aos skills remove and add, or --force");
        return Ok(ExitCode::FAILURE);
    }
    if installed.iter().any(|skill| skill.metadata().digest == Digest::of(&component)) {
        print(&format!("{} is that build already\n", args.name))?;
        return Ok(ExitCode::SUCCESS);
    }
    // The new build stands on the terms of the old one, and is called as it is.
    let (naming, sidecar) = match SkillFile::read(&there) {
        Ok(file) => (file.naming, file.sidecar),
        Err(_) => (Naming::Given(args.name.clone()), Sidecar::default()),
    };
    let admission = runtime.examine_component(component.clone(), &naming, &sidecar).await;
    if let Some(failure) = admission.refused {
        return refused(&Failure {
            message: format!("{}: {}", args.file.display(), failure.message),
            ..failure
        });
    }
    let taken = admission.skills.iter().find_map(|skill| {
        others.iter().find(|(_, other)| other.metadata().id == skill.id).map(|(path, _)| (&skill.id, path))
    });
    if let Some((id, path)) = taken {
        let message = format!("the name {id} belongs to another component already ({})", path.display());
        return refused(&Failure::new(ErrorCode::NameInvalid, message));
    }
    let changed = changed(&installed, &admission.skills);
    for what in &changed {
        print(&format!("  changed     {}\n", plain(what)))?;
    }
    setup::know_components(&runtime, &journals.join("components")).await;
    setup::know_components(&runtime, &Path::new(STATE).join("components")).await;
    let names: Vec<_> = installed.iter().map(|skill| skill.metadata().id.clone()).collect();
    let tried = try_journals(&runtime, &journals, (&names, &component.clone().into())).await?;
    let verdict = tried.verdict(&journals);
    if (tried.parted > 0 || !changed.is_empty()) && !args.force {
        say(&format!("{verdict}; nothing was put in place (--force does it all the same)"));
        return Ok(ExitCode::FAILURE);
    }
    if args.dry_run {
        print(&format!("{}: {verdict}; nothing was put in place\n", args.name))?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Err(failure) = folder.replace(&args.name, &component) {
        return refused(&failure);
    }
    print(&format!("{} is {} now; {verdict}\n", args.name, Digest::of(&component)))?;
    Ok(ExitCode::SUCCESS)
}

fn refused(failure: &Failure) -> anyhow::Result<ExitCode> {
    say(&failure.to_string());
    say_help(failure.advice());
    Ok(ExitCode::FAILURE)
}

/// What a workflow that calls the old build would find otherwise in the new one.
fn changed(old: &[Arc<Prepared>], new: &[SkillMetadata]) -> Vec<String> {
    let of = |skill: &Arc<Prepared>| {
        let old = skill.metadata();
        let what = match new.iter().find(|new| new.id == old.id) {
            None => "is gone",
            Some(new) if new.kind != old.kind => "is called in another way",
            Some(new) if new.input_schema != old.input_schema => "takes another input",
            Some(new) if new.output_schema != old.output_schema => "gives another output",
            Some(_) => return None,
        };
        Some(format!("{} {what}", old.id))
    };
    old.iter().filter_map(of).collect()
}

/// What the journals said.
#[derive(Default)]
struct Tried {
    equal: usize,
    parted: usize,
    incomparable: usize,
    unread: usize,
}

impl Tried {
    fn verdict(&self, journals: &Path) -> String {
        if self.equal + self.parted + self.incomparable == 0 {
            let unread = match self.unread {
                0 => String::new(),
                unread => format!(", and {unread} that cannot be read"),
            };
            let folder = journals.display();
            return format!("{folder} has no journal of a run that used it{unread}, so nothing was tried");
        }
        let mut verdict = format!("{} journals repeat with this build, {} do not", self.equal, self.parted);
        if self.incomparable + self.unread > 0 {
            verdict.push_str(&format!(", and {} cannot be compared", self.incomparable + self.unread));
        }
        verdict
    }
}

/// Replays every journal of a run that used one of these skills.
async fn try_journals(
    runtime: &Runtime,
    folder: &Path,
    (names, build): (&[SkillId], &Arc<[u8]>),
) -> anyhow::Result<Tried> {
    let mut tried = Tried::default();
    for path in journals(folder) {
        let used = read_journal(&path)
            .map_err(anyhow::Error::from)
            .and_then(|journal| Ok((used(&journal, names)?, journal)));
        let (names, journal) = match used {
            Ok(used) => used,
            Err(failure) => {
                tried.unread += 1;
                say(&format!("left out {}: {failure:#}", path.display()));
                continue;
            }
        };
        if names.is_empty() {
            continue;
        }
        let builds: BTreeMap<_, _> = names.into_iter().map(|name| (name, Arc::clone(build))).collect();
        let (word, why) = match runtime.replay_against(&journal, builds).await.proof {
            Ok(()) => {
                tried.equal += 1;
                ("compatible", String::new())
            }
            Err(failure) if is_of_the_journal(failure.code) => {
                tried.incomparable += 1;
                ("not tried", format!(": {failure}"))
            }
            Err(failure) => {
                tried.parted += 1;
                ("parts", format!(": {failure}"))
            }
        };
        print(&format!("  {word:<12}{}{}\n", path.display(), plain(&why)))?;
    }
    Ok(tried)
}

/// Whether a run cannot be repeated at all, whichever build it is tried with.
const fn is_of_the_journal(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::ReplayIncomplete | ErrorCode::SkillDigestMismatch | ErrorCode::JournalCorrupt)
}

fn journals(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    paths.sort();
    paths
}

/// Those of the skills that a run used.
fn used(journal: &[u8], names: &[SkillId]) -> Result<Vec<SkillId>, Failure> {
    let recording = Recording::read(journal)?;
    let skills = &recording.run_started()?.skills;
    let is_used = |name: &&SkillId| matches!(skills.get(*name), Some(PinnedSkill::Component { .. }));
    Ok(names.iter().filter(is_used).cloned().collect())
}
