//! `aos invoke`: a run of a workflow with one step.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use aos_host::failure::Failure;
use aos_host::ids::SkillId;
use aos_host::policy::{Environment, Narrowing};
use aos_host::sidecar::Sidecar;
use aos_host::workflow_format::Workflow;
use aos_host::{Prepared, Runtime, SkillFile};
use serde_json::json;

use super::run::{carry_out, input, options, outside};
use crate::render::{conclude, say, show_faults};
use crate::skills_options::{Grant, InvokeArgs};
use crate::{folders, setup};

/// Runs one skill.
pub(crate) async fn invoke(args: InvokeArgs) -> anyhow::Result<ExitCode> {
    let InvokeArgs { skill, function, grants, running } = args;
    let (input, options) = (input(&running.input)?, options(&running)?);
    let runtime = setup::empty(outside(&running)?)?;
    let path = match as_path(&skill) {
        Some(path) => path,
        None => find(&running.skills.folders, &skill, &runtime).await?,
    };
    let SkillFile { naming, mut sidecar, component } = setup::skill_file(&path)?;
    let granted = granted(&mut sidecar, &grants);
    let registered = match runtime.register_component(component, &naming, &sidecar).await {
        Ok(registered) => registered,
        Err(failure) => return refuse(&runtime, &failure, running.format.format),
    };
    let wanted = if as_path(&skill).is_some() { function } else { Some(skill) };
    let chosen = choose(&registered.skills, wanted.as_deref())?;
    let workflow = workflow(chosen, &granted)?;
    carry_out(&runtime, &workflow, input, (options, running)).await
}

/// A component by its path: it has a slash, or ends as components do and is there.
fn as_path(skill: &str) -> Option<PathBuf> {
    let path = Path::new(skill);
    let is_component = path.extension().is_some_and(|extension| extension == "wasm" || extension == "wat");
    (skill.contains('/') || (is_component && path.exists())).then(|| path.to_owned())
}

fn refuse(runtime: &Runtime, failure: &Failure, format: crate::options::Format) -> anyhow::Result<ExitCode> {
    conclude(&runtime.refuse(failure), format)
}

/// The file of a skill: the one that its name says, or else the one among all that has it.
async fn find(said: &[PathBuf], skill: &str, runtime: &Runtime) -> anyhow::Result<PathBuf> {
    SkillId::new(skill).with_context(|| "a skill has a name, and a component a path with a slash in it")?;
    let mut known = Vec::new();
    for folder in folders::skills(said) {
        let looked_at = setup::empty(aos_host::providers::World::live())?;
        for (path, found) in looked_at.load_skills(&folder).await.skills {
            if found.metadata().id.as_str() == skill {
                return Ok(path);
            }
            known.push(found.metadata().id.to_string());
        }
    }
    let _ = runtime;
    anyhow::ensure!(
        !known.is_empty(),
        "there are no skills; add one with aos skills add, or name a folder with --skills"
    );
    anyhow::bail!("there is no skill {skill}; there are: {}", known.join(", "))
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

fn choose<'a>(skills: &'a [std::sync::Arc<Prepared>], wanted: Option<&str>) -> anyhow::Result<&'a Prepared> {
    let names = || skills.iter().map(|skill| skill.metadata().id.to_string()).collect::<Vec<_>>().join(", ");
    let is_meant = |skill: &&std::sync::Arc<Prepared>| {
        let id = skill.metadata().id.as_str();
        wanted.is_none_or(|wanted| id == wanted || id.ends_with(&format!(".{wanted}")))
    };
    let meant: Vec<_> = skills.iter().filter(is_meant).collect();
    match (meant.as_slice(), wanted) {
        ([only], _) => Ok(only),
        ([], Some(wanted)) => anyhow::bail!("the component has no {wanted}; it has {}", names()),
        (_, Some(wanted)) => anyhow::bail!("{wanted} may be one of several: {}", names()),
        (_, None) => {
            anyhow::bail!("the component has several functions; say which with --function: {}", names())
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
