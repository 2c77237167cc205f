//! The rules of a workflow as a whole.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::checker::Checker;
use crate::budget::FailedSteps;
use crate::failure::ErrorCode;
use crate::ids::StepId;
use crate::policy::{Grants, check_environment};
use crate::schema::Schema;
use crate::units::Money;
use crate::workflow::file::{BudgetFile, GrantsFile, StepFile, WorkflowFile};
use crate::workflow::{MAX_STEPS, Step, Workflow, WorkflowBudget, find_cycle};

/// The one version of the format.
const VERSION: u64 = 1;

impl Checker {
    /// The workflow, as far as its parts are right.
    pub(super) fn workflow(&mut self, file: WorkflowFile) -> Option<Workflow> {
        if file.aos != VERSION {
            self.fault(ErrorCode::WorkflowInvalid, "/aos", format!("this build reads aos: {VERSION}"));
        }
        let name = self.name("/name", StepId::new(file.name));
        let input = file.input.and_then(|schema| self.input(schema));
        let grants = self.grants(file.grants);
        let budget = self.budget(&file.budget);
        let deadline = self.millis("/deadline_ms", file.deadline_ms);
        self.names(&file.steps);
        let steps = file.steps.into_iter().enumerate();
        let steps: Vec<Step> = steps.filter_map(|(place, step)| self.step(place, step)).collect();
        let output = file.output.and_then(|output| self.output(&output));
        self.cycle(&steps);
        let (name, text) = (name?.to_string(), self.text.clone());
        let steps = steps.into();
        let outcomes = std::mem::take(&mut self.outcomes);
        Some(Workflow { name, text, input, grants, budget, deadline, steps, output, outcomes })
    }

    fn input(&mut self, document: Value) -> Option<Schema> {
        let refused = |failure: crate::failure::Failure| {
            let pointer = format!("/input{}", failure.pointer.clone().unwrap_or_default());
            self.fault(failure.code, &pointer, failure.message);
        };
        Schema::new(document).map_err(refused).ok()
    }

    fn grants(&mut self, file: GrantsFile) -> Grants {
        if !file.secrets.is_empty() {
            let message = "this host has no store of secrets yet; leave the list empty";
            self.fault(ErrorCode::SecretDenied, "/grants/secrets", message);
        }
        let mut hosts = Vec::new();
        for (place, text) in file.hosts.iter().enumerate() {
            match text.parse() {
                Ok(pattern) => hosts.push(pattern),
                Err(error) => {
                    let pointer = format!("/grants/hosts/{place}");
                    self.fault(ErrorCode::WorkflowInvalid, &pointer, format!("{error}"));
                }
            }
        }
        if let Err(error) = check_environment(&file.environment) {
            self.fault(ErrorCode::WorkflowInvalid, "/grants/environment", error.to_string());
        }
        Grants { hosts, models: file.models, secrets: Vec::new(), environment: file.environment }
    }

    fn budget(&mut self, file: &BudgetFile) -> WorkflowBudget {
        let pointer = "/budget/absorbed_ceiling_cents";
        if file.failed_steps == FailedSteps::Charge && file.absorbed_ceiling_cents.is_some() {
            let message = "with failed_steps: charge nothing is absorbed; leave this out";
            self.fault(ErrorCode::WorkflowInvalid, pointer, message);
        }
        WorkflowBudget {
            ceiling: self.cents("/budget/ceiling_cents", file.ceiling_cents.as_ref()),
            absorbed_ceiling: self.cents(pointer, file.absorbed_ceiling_cents.as_ref()),
            failed_steps: file.failed_steps,
        }
    }

    /// An amount in whole cents, where one is given.
    pub(super) fn cents(&mut self, pointer: &str, cents: Option<&Value>) -> Option<Money> {
        let Some(whole) = cents?.as_u64() else {
            let message = "a ceiling is a whole number of cents, from 0 to 900719925";
            self.fault(ErrorCode::BudgetInvalidAmount, pointer, message);
            return None;
        };
        Money::from_cents(whole)
            .map_err(|error| self.fault(ErrorCode::BudgetInvalidAmount, pointer, error.to_string()))
            .ok()
    }

    /// Notes which step each name stands for. A name that stands twice is a fault.
    fn names(&mut self, steps: &[StepFile]) {
        if steps.is_empty() {
            self.fault(ErrorCode::WorkflowInvalid, "/steps", "a workflow has at least one step");
        }
        if steps.len() > MAX_STEPS {
            let message =
                format!("a workflow has at most {MAX_STEPS} steps, and this one has {}", steps.len());
            self.fault(ErrorCode::WorkflowLimit, "/steps", message);
        }
        for (place, step) in steps.iter().enumerate() {
            if let Some(first) = self.names.get(&step.id).copied() {
                let message =
                    format!("the name {:?} stands twice; step {} has it already", step.id, first + 1);
                self.fault(ErrorCode::WorkflowInvalid, &format!("/steps/{place}/id"), message);
            } else {
                self.names.insert(step.id.clone(), place);
            }
        }
    }

    fn cycle(&mut self, steps: &[Step]) {
        let needs: BTreeMap<&str, BTreeSet<&str>> = steps
            .iter()
            .map(|step| (step.id.as_str(), step.needs.iter().map(StepId::as_str).collect()))
            .collect();
        let Some(cycle) = find_cycle(&needs) else { return };
        let place = cycle.first().and_then(|name| self.names.get(*name)).copied().unwrap_or(0);
        let message = format!("the steps wait for each other in a circle: {}", cycle.join(" needs "));
        self.fault(ErrorCode::InvalidReference, &format!("/steps/{place}/id"), message);
    }
}
