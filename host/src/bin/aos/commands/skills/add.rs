//! `aos skills add`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use aos_host::failure::{ErrorCode, Failure};
use aos_host::ids::SkillId;
use aos_host::providers::World;
use aos_host::sidecar::Sidecar;
use aos_host::skill::SkillMetadata;
use aos_host::{Added, Admission, Naming, Runtime, SkillFile, SkillFolder};
use serde::Serialize;

use super::print_json;
use super::report::{kind, shape, to_paste};
use crate::options::Format;
use crate::render::{plain, print, say, say_help};
use crate::setup;
use crate::skills_options::AddArgs;

/// What became of one component, as JSON.
#[derive(Serialize)]
struct Outcome {
    file: String,
    name: Option<SkillId>,
    added: bool,
    admission: Option<Admission>,
    refused: Option<Failure>,
    #[serde(skip)]
    sidecar: Sidecar,
}

/// Puts components into the folder of skills.
pub(crate) async fn add(args: AddArgs) -> anyhow::Result<ExitCode> {
    let folder = setup::skill_folder(&args.into)?;
    let files = if args.path.is_dir() { components(&args.path)? } else { vec![args.path.clone()] };
    anyhow::ensure!(
        args.name.is_none() || files.len() == 1,
        "--name is for one component, and these are {}",
        files.len()
    );
    let runtime = setup::empty(World::live())?;
    runtime.load_skills(folder.path()).await;
    let (mut outcomes, mut refused) = (Vec::new(), false);
    for file in files {
        let mut outcome = one(&runtime, &folder, &file, args.name.as_ref()).await;
        // What it says now, which may be more than what came along.
        if let Some(Ok(there)) = outcome.name.as_ref().map(|name| folder.file(name)) {
            outcome.sidecar = SkillFile::read(&there).map(|file| file.sidecar).unwrap_or_default();
        }
        refused |= outcome.refused.is_some();
        if args.format.format == Format::Text {
            tell(&folder, &outcome, args.into.folder.as_deref())?;
        }
        outcomes.push(outcome);
    }
    if args.format.format == Format::Json {
        print_json(&outcomes)?;
    }
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn components(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "wasm" || extension == "wat"));
    paths.sort();
    anyhow::ensure!(!paths.is_empty(), "{} has no component (*.wasm)", folder.display());
    Ok(paths)
}

async fn one(runtime: &Runtime, folder: &SkillFolder, file: &Path, name: Option<&SkillId>) -> Outcome {
    let path = file.display().to_string();
    let SkillFile { naming, component, sidecar, text } = match setup::skill_file(file) {
        Ok(file) => file,
        Err(error) => {
            let unreadable = || Failure::new(ErrorCode::ComponentInvalid, format!("{error:#}"));
            let failure = error.downcast_ref::<Failure>().cloned().unwrap_or_else(unreadable);
            return Outcome {
                file: path,
                name: None,
                added: false,
                admission: None,
                refused: Some(failure),
                sidecar: Sidecar::default(),
            };
        }
    };
    let naming = name.map_or(naming, |name| Naming::Given(name.clone()));
    let admission = runtime.examine_component(component.clone(), &naming, &sidecar).await;
    let outcome = |name, added, refused| Outcome {
        file: path.clone(),
        name,
        added,
        admission: Some(admission.clone()),
        refused,
        sidecar: sidecar.clone(),
    };
    if let Some(failure) = admission.refused.clone() {
        return outcome(None, false, Some(failure));
    }
    let Some(name) = base(&naming, &admission) else {
        let message = "the file's name is none for a skill; give one with --name";
        return outcome(None, false, Some(Failure::new(ErrorCode::NameInvalid, message)));
    };
    if let Some(taken) = taken(runtime, &admission) {
        return outcome(Some(name), false, Some(taken));
    }
    let about = |skill: &SkillMetadata| format!("{}  {}", skill.id, skill.description);
    let about: Vec<_> = admission.skills.iter().map(about).collect();
    match folder.add(&name, &component, (text.as_deref(), &about.join("\n"))) {
        Ok(added) => {
            // The next one of a folder may not take its names.
            let is_new = added == Added::New;
            let refused = match is_new {
                true => {
                    runtime.register_component(component, &Naming::Given(name.clone()), &sidecar).await.err()
                }
                false => None,
            };
            outcome(Some(name), is_new, refused)
        }
        Err(failure) => outcome(Some(name), false, Some(failure)),
    }
}

/// What it is called in the folder: as it was said, as it says itself, or as its file.
fn base(naming: &Naming, admission: &Admission) -> Option<SkillId> {
    let own = admission.skills.first().filter(|skill| skill.export.is_none()).map(|skill| skill.id.clone());
    match naming {
        Naming::Given(name) => Some(name.clone()),
        Naming::OwnOr(name) => Some(own.unwrap_or_else(|| name.clone())),
        Naming::Own => own,
    }
}

/// A name of its skills that another component of the folder has.
fn taken(runtime: &Runtime, admission: &Admission) -> Option<Failure> {
    let other = |skill: &SkillMetadata| {
        let other = runtime.skill(&skill.id).filter(|other| other.metadata().digest != admission.digest)?;
        let message = format!(
            "the name {} belongs to another component already ({})",
            skill.id,
            other.metadata().digest
        );
        Some(Failure::new(ErrorCode::NameInvalid, message))
    };
    admission.skills.iter().find_map(other)
}

fn tell(folder: &SkillFolder, outcome: &Outcome, said: Option<&Path>) -> anyhow::Result<()> {
    if let Some(failure) = &outcome.refused {
        say(&format!("not added: {}: {failure}", outcome.file));
        say_help(match (failure.code, &outcome.name) {
            (ErrorCode::NameInvalid, Some(_)) => {
                "put it in that one's place with aos skills update, or give it another name with --name"
            }
            _ => failure.advice(),
        });
        return Ok(());
    }
    let (Some(name), Some(admission)) = (&outcome.name, &outcome.admission) else { return Ok(()) };
    let what = if outcome.added { "added" } else { "there already:" };
    let file = folder.file(name).unwrap_or_else(|_| folder.sidecar(name));
    print(&format!("{what} {name} in {}\n", file.display()))?;
    for skill in &admission.skills {
        print(&format!("  {}  {}  {}\n", kind(skill.kind), skill.id, plain(&shape(&skill.input_schema))))?;
    }
    for left in &admission.uncallable {
        print(&format!("  not callable  {}: {}\n", plain(&left.export.to_string()), plain(&left.reason)))?;
    }
    let skill = admission.skills.first().map_or(name, |first| &first.id);
    let said = said.map_or_else(String::new, |folder| format!(" --skills {}", folder.display()));
    print(&to_paste(admission, &outcome.sidecar, &format!("aos invoke {skill}{said}")))
}
