//! `aos invoke`: a run of a workflow with one step.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use aos_host::failure::{ErrorCode, Failure};
use aos_host::ids::SkillId;
use aos_host::outcome::{OutcomeCode, StructuredOutcome};
use aos_host::policy::{Environment, Narrowing};
use aos_host::providers::World;
use aos_host::sidecar::{SIDECAR_SUFFIX, Sidecar};
use aos_host::workflow_format::Workflow;
use aos_host::{Parting, Prepared, Registered, SkillFile};
use serde_json::{Value, json};

use super::run::{carry_out, input, options, outside};
use crate::render::{conclude, say, say_help, show_faults};
use crate::skills_options::{Grant, InvokeArgs};
use crate::{folders, setup};

/// Runs one skill.
pub(crate) async fn invoke(args: InvokeArgs) -> anyhow::Result<ExitCode> {
    let InvokeArgs { skill, function, grants, running } = args;
    let (input, options) = (input(&running.input)?, options(&running)?);
    let runtime = setup::empty(outside(&running)?)?;
    let (path, wanted) = match as_path(&skill) {
        Some(path) => (path, function),
        None => match find(&running.skills.folders, &skill, function).await? {
            Found::Skill(path, function) => (path, function),
            Found::Refused(failure) => return conclude(&runtime.refuse(&failure), running.format.format),
        },
    };
    let SkillFile { naming, mut sidecar, component, .. } = setup::skill_file(&path)?;
    let granted = granted(&mut sidecar, &grants);
    let registered = match runtime.register_component(component, &naming, &sidecar).await {
        Ok(registered) => registered,
        Err(failure) => {
            let message = format!("{}: {}", path.display(), failure.message);
            return conclude(&runtime.refuse(&Failure { message, ..failure }), running.format.format);
        }
    };
    let chosen = choose(&registered, wanted.as_deref())?;
    let workflow = workflow(chosen, &granted)?;
    let (code, parting) = carry_out(&runtime, &workflow, input, (options, running)).await?;
    if let Some(Parting::Ended(outcome) | Parting::Left(outcome)) = parting
        && was_denied(&outcome)
    {
        say_help("--grant host=HOST grants a host for a try, written as the message has it");
    }
    Ok(code)
}

/// Whether a request was refused for want of a grant, also where a component that knows nothing of this host then failed in
/// its own words.
fn was_denied(outcome: &StructuredOutcome) -> bool {
    let denied = OutcomeCode::Error(ErrorCode::DestinationDenied);
    let in_calls = |details: &Value| {
        let calls = details.get("failed_calls").and_then(Value::as_array).into_iter().flatten();
        calls.into_iter().any(|call| call["code"] == ErrorCode::DestinationDenied.as_str())
    };
    outcome.code == denied || outcome.steps.iter().any(|step| in_calls(&step.details))
}

/// A component by its path: it has a slash, or ends as components do and is there.
fn as_path(skill: &str) -> Option<PathBuf> {
    let path = Path::new(skill);
    let is_component = [".wasm", ".wat", SIDECAR_SUFFIX].iter().any(|suffix| skill.ends_with(suffix));
    (skill.contains('/') || (is_component && path.exists())).then(|| path.to_owned())
}

/// What a name stands for.
enum Found {
    /// The file of a component, and which function of it is meant.
    Skill(PathBuf, Option<String>),
    /// A component that is there and was not taken.
    Refused(Failure),
}

/// The file of a skill, and which function of it is meant: the one among all that has the name, or else the functions of the
/// component that is called so.
async fn find(said: &[PathBuf], name: &str, function: Option<String>) -> anyhow::Result<Found> {
    SkillId::new(name).with_context(|| "a skill has a name, and a component a path with a slash in it")?;
    let (mut known, mut component, mut refused) = (Vec::new(), None, None);
    for folder in folders::skills(said) {
        anyhow::ensure!(
            said.is_empty() || folder.is_dir(),
            "--skills {}: there is no such folder",
            folder.display()
        );
        let loaded = setup::empty(World::live())?.load_skills(&folder).await;
        for (path, found) in loaded.skills {
            if found.metadata().id.as_str() == name && (function.is_none() || !is_called(&path, name)) {
                let is_it = function.is_none_or(|function| ends(name, &function));
                anyhow::ensure!(is_it, "{name} is one function already; leave out --function");
                return Ok(Found::Skill(path, Some(name.to_owned())));
            }
            if is_called(&path, name) {
                component.get_or_insert(path);
            }
            known.push(found.metadata().id.to_string());
        }
        for (path, failure) in loaded.refused {
            say(&format!("skipped {}: {failure}", path.display()));
            if is_called(&path, name) {
                refused.get_or_insert(failure);
            }
        }
    }
    if let Some(path) = component {
        return Ok(Found::Skill(path, function));
    }
    if let Some(failure) = refused {
        return Ok(Found::Refused(failure));
    }
    let path = Path::new(name);
    anyhow::ensure!(!path.is_file(), "there is no skill {name}, but a file; write ./{name} for it");
    let is_component = path.extension().is_some_and(|extension| extension == "wasm" || extension == "wat");
    anyhow::ensure!(!is_component, "there is no file {name}");
    anyhow::ensure!(
        !known.is_empty(),
        "there are no skills; add one with aos skills add, or name a folder with --skills"
    );
    anyhow::bail!("there is no skill {name}; there are: {}", known.join(", "))
}

/// Whether a name ends with another one, as a whole part of it.
fn ends(name: &str, wanted: &str) -> bool {
    name.strip_suffix(wanted).is_some_and(|rest| rest.ends_with('.'))
}

/// Whether a file of a folder of skills is that of a component of this name.
fn is_called(path: &Path, name: &str) -> bool {
    let file = path.file_name().and_then(|file| file.to_str()).and_then(|file| file.strip_prefix(name));
    matches!(file, Some(".wasm" | SIDECAR_SUFFIX))
}

/// What the sidecar and the command line grant together. The sidecar no longer narrows what is granted for a try.
fn granted(sidecar: &mut Sidecar, grants: &[Grant]) -> Narrowing {
    let own = &mut sidecar.grants;
    let mut all = Narrowing {
        hosts: Some(own.hosts.clone().unwrap_or_default()),
        models: Some(own.models.clone().unwrap_or_default()),
        environment: Some(own.environment.clone().unwrap_or_default()),
    };
    for grant in grants {
        match grant.clone() {
            Grant::Host(host) => {
                own.hosts.iter_mut().for_each(|hosts| hosts.push(host.clone()));
                all.hosts.iter_mut().for_each(|hosts| hosts.push(host.clone()));
            }
            Grant::Model(model) => {
                own.models.iter_mut().for_each(|models| models.push(model.clone()));
                all.models.iter_mut().for_each(|models| models.push(model.clone()));
            }
            Grant::Variable(name, value) => {
                let put = |variables: &mut Environment| {
                    variables.insert(name.clone(), value.clone());
                };
                own.environment.iter_mut().for_each(put);
                all.environment.iter_mut().for_each(put);
            }
        }
    }
    all
}

/// The function that is meant: by its name here, by what ends that, or by its name in the component.
fn choose<'a>(registered: &'a Registered, wanted: Option<&str>) -> anyhow::Result<&'a Prepared> {
    let is_exactly =
        |skill: &&Arc<Prepared>| wanted.is_some_and(|wanted| skill.metadata().id.as_str() == wanted);
    if let Some(exact) = registered.skills.iter().find(is_exactly) {
        return Ok(exact);
    }

    let is_meant = |skill: &&Arc<Prepared>| {
        let metadata = skill.metadata();
        let exported = |wanted| metadata.export.as_ref().is_some_and(|export| export.function() == wanted);
        wanted.is_none_or(|wanted| ends(metadata.id.as_str(), wanted) || exported(wanted))
    };
    let meant: Vec<_> = registered.skills.iter().filter(is_meant).collect();
    let names = |skills: &[&Arc<Prepared>]| {
        skills.iter().map(|skill| skill.metadata().id.to_string()).collect::<Vec<_>>().join(", ")
    };
    match (meant.as_slice(), wanted) {
        ([only], _) => Ok(only),
        ([], Some(wanted)) => {
            let left = registered.uncallable.iter().find(|left| left.export.function() == wanted);
            left.map_or(Ok(()), |left| {
                Err(anyhow::anyhow!("{} cannot be called: {}", left.export, left.reason))
            })?;
            anyhow::bail!(
                "the component has no {wanted}; it has {}",
                names(&registered.skills.iter().collect::<Vec<_>>())
            )
        }
        (several, Some(wanted)) => anyhow::bail!("{wanted} may be one of several: {}", names(several)),
        (several, None) => {
            anyhow::bail!(
                "the component has several functions; say which with --function: {}",
                names(several)
            )
        }
    }
}

/// A workflow of this one step. JSON is YAML as well.
fn workflow(skill: &Prepared, granted: &Narrowing) -> anyhow::Result<Workflow> {
    let text = json!({
        "aos": 1,
        "name": "invoke",
        "grants": {"hosts": granted.hosts, "models": granted.models, "environment": granted.environment},
        "steps": [{"id": "invoke", "skill": skill.metadata().id, "with": "${ .input }"}],
        "output": "${ .steps.invoke }",
    });
    Workflow::parse(serde_json::to_string_pretty(&text)?.as_bytes()).map_err(|invalid| {
        show_faults(Path::new("--grant"), &invalid);
        say("what is granted is refused");
        anyhow::Error::from(invalid)
    })
}
