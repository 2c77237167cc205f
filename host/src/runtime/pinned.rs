//! What a run is bound to when it begins: its input, its skills, and the entry that says so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aos_core::budget::Limits;
use aos_core::failure::{ErrorCode, Failure};
use aos_core::ids::{RunId, Seed, SkillId};
use aos_core::journal::{FORMAT_VERSION, PinnedSkill, RunStarted};
use aos_core::json;
use aos_core::workflow::Workflow;
use serde_json::Value;

use super::Inner;
use crate::invocation::Prepared;

/// An input that the journal could not give back, such as one of a thousand levels, begins nothing.
pub(super) fn check_readable(input: &Value) -> Result<(), Failure> {
    let refused =
        |error: json::JsonInvalid| Failure::new(error.code, format!("the input: {}", error.message));
    json::read(&input.to_string()).map(|_| ()).map_err(refused)
}

pub(super) type Skills = BTreeMap<SkillId, Result<Arc<Prepared>, Failure>>;

/// What each name of a skill stands for now.
pub(super) fn resolve(inner: &Inner, workflow: &Workflow) -> Skills {
    let names: BTreeSet<&SkillId> = workflow.steps().iter().map(|step| &step.skill).collect();
    let find = |name: &SkillId| {
        let known: Vec<String> =
            inner.registry.all().iter().map(|skill| skill.metadata().id.to_string()).take(12).collect();
        inner.registry.get(name).ok_or_else(|| {
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            Failure::new(
                ErrorCode::SkillNotFound,
                format!("no skill {name} is registered; there are: {known}"),
            )
        })
    };
    names.into_iter().map(|name| (name.clone(), find(name))).collect()
}

/// The first entry of a run.
pub(super) fn run_started(
    inner: &Inner,
    workflow: &Workflow,
    input: &Value,
    skills: &Skills,
    (run, seed, limits): (RunId, Seed, Limits),
) -> RunStarted {
    let pin = |skill: &Result<Arc<Prepared>, Failure>| match skill {
        Ok(skill) => PinnedSkill::Component {
            digest: skill.metadata().digest,
            version: skill.metadata().version.clone(),
            export: skill.metadata().export.clone(),
            terms: (!skill.terms().says_nothing()).then(|| Box::new(skill.terms().clone())),
        },
        Err(failure) => PinnedSkill::Refused { failure: failure.clone() },
    };
    RunStarted {
        format: FORMAT_VERSION,
        run,
        workflow: workflow.name().to_owned(),
        workflow_digest: workflow.digest(),
        workflow_text: workflow.text().to_owned(),
        input: input.clone(),
        ceiling: limits.ceiling,
        absorbed_ceiling: limits.absorbed_ceiling,
        failed_steps: limits.failed_steps,
        budget: None,
        prices: inner.prices.digest(),
        fuel_price: inner.prices.fuel,
        seed,
        engine: inner.registry.compiler().engine().fingerprint(),
        skills: skills.iter().map(|(name, skill)| (name.clone(), pin(skill))).collect(),
        stubs: inner.world.stubs(),
        traceparent: None,
    }
}
