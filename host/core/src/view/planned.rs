//! The graph of a workflow: what each step waits for.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ids::{SkillId, StepId};
use crate::workflow::{OnError, Workflow};

/// A step as its workflow has it.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedStep {
    /// The step.
    pub step: StepId,
    /// The skill that it runs.
    pub skill: SkillId,
    /// Steps that end before it begins.
    pub needs: Vec<StepId>,
    /// The most steps that stand before it, one after the other.
    pub layer: usize,
    /// Whether it runs under a condition.
    pub conditional: bool,
    /// How many of its elements may be under way at one time; null where it runs once.
    pub parallel: Option<u32>,
    /// What its failure does to the run: `fail`, `continue` or `fallback`.
    pub on_error: &'static str,
}

/// The steps of a workflow, in the order of its file.
#[must_use]
pub fn planned(workflow: &Workflow) -> Vec<PlannedStep> {
    let layers = layers(workflow);
    let steps = workflow.steps().iter().map(|step| PlannedStep {
        step: step.id.clone(),
        skill: step.skill.clone(),
        needs: step.needs.iter().cloned().collect(),
        layer: layers.get(&step.id).copied().unwrap_or_default(),
        conditional: step.when.is_some(),
        parallel: step.foreach.as_ref().map(|foreach| foreach.parallel),
        on_error: match step.on_error {
            OnError::Fail => "fail",
            OnError::Continue => "continue",
            OnError::Fallback(_) => "fallback",
        },
    });
    steps.collect()
}

/// How deep each step lies. A step may stand in the file before those that it needs.
fn layers(workflow: &Workflow) -> BTreeMap<StepId, usize> {
    let mut needed_by: BTreeMap<&StepId, Vec<&StepId>> = BTreeMap::new();
    let mut open: BTreeMap<&StepId, usize> = BTreeMap::new();
    for step in workflow.steps() {
        open.insert(&step.id, step.needs.len());
        for need in &step.needs {
            needed_by.entry(need).or_default().push(&step.id);
        }
    }
    let mut layers = BTreeMap::new();
    let mut ready: Vec<&StepId> = open.iter().filter(|(_, needs)| **needs == 0).map(|(id, _)| *id).collect();
    while let Some(id) = ready.pop() {
        let layer = *layers.entry(id.clone()).or_insert(0);
        for next in needed_by.get(id).into_iter().flatten() {
            let deepest = layers.entry((*next).clone()).or_insert(0);
            *deepest = (*deepest).max(layer + 1);
            if let Some(needs) = open.get_mut(*next) {
                *needs = needs.saturating_sub(1);
                if *needs == 0 {
                    ready.push(next);
                }
            }
        }
    }
    layers
}
