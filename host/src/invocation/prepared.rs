//! A skill that is ready to run: what of an admitted component is called, under which name and on which terms.

use std::sync::Arc;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::policy::{HostPattern, NarrowedBy, Narrowing, Policy};
use aos_core::sidecar::SkillTerms;
use aos_core::skill::SkillMetadata;
use serde_json::Value;
use wasmtime::component::InstancePre;

use super::admitted::Admitted;
use super::callee::Callee;
use super::{NativeSkill, contract};
use crate::doors::Guest;
use crate::sandbox::Engine;

/// A skill that is ready to run.
#[derive(Clone)]
pub struct Prepared {
    pub(super) code: Code,
    pub(super) metadata: Arc<SkillMetadata>,
    terms: SkillTerms,
    /// Hosts that it says it wants, read.
    hosts: Vec<HostPattern>,
}

/// What is run.
#[derive(Clone)]
pub(super) enum Code {
    Component(Arc<ComponentCode>),
    Native(Arc<NativeSkill>),
}

/// A component in an engine, and what of it is called.
pub(super) struct ComponentCode {
    pub(super) engine: Engine,
    pub(super) pre: InstancePre<Guest>,
    pub(super) callee: Callee,
    bytes: Arc<[u8]>,
}

impl Prepared {
    pub(super) fn new(
        admitted: &Admitted,
        callee: Callee,
        metadata: Arc<SkillMetadata>,
        terms: SkillTerms,
    ) -> Self {
        let (engine, pre, bytes) =
            (admitted.engine.clone(), admitted.pre.clone(), Arc::clone(&admitted.bytes));
        let code = Code::Component(Arc::new(ComponentCode { engine, pre, callee, bytes }));
        // They were read when the component was admitted.
        let hosts = contract::hosts(&metadata).unwrap_or_default();
        Self { code, metadata, terms, hosts }
    }

    /// A skill in Rust.
    ///
    /// # Errors
    ///
    /// `COMPONENT_INVALID` for hosts of its contract that are none.
    pub(crate) fn native(skill: NativeSkill) -> Result<Self, Failure> {
        let metadata = Arc::new(skill.metadata.clone());
        let hosts = contract::hosts(&metadata)?;
        Ok(Self { code: Code::Native(Arc::new(skill)), metadata, terms: SkillTerms::default(), hosts })
    }

    /// What is known of it.
    #[must_use]
    pub fn metadata(&self) -> &SkillMetadata {
        &self.metadata
    }

    /// On what terms it runs, as far as its component does not say so itself.
    #[must_use]
    pub const fn terms(&self) -> &SkillTerms {
        &self.terms
    }

    /// Its component; a skill in Rust has none.
    #[must_use]
    pub fn component(&self) -> Option<&Arc<[u8]>> {
        match &self.code {
            Code::Component(code) => Some(&code.bytes),
            Code::Native(_) => None,
        }
    }

    /// A run's rules, narrowed to what the skill says it wants and to what whoever put it there allows.
    #[must_use]
    pub fn policy(&self, run: &Policy) -> Policy {
        let models = &self.metadata.contract.models;
        let wishes = Narrowing {
            hosts: (!self.hosts.is_empty()).then(|| self.hosts.clone()),
            models: (!models.is_empty()).then(|| models.clone()),
            environment: None,
        };
        let narrowed = run.clone().narrowed(NarrowedBy::Skill, wishes);
        narrowed.narrowed(NarrowedBy::Sidecar, self.terms.grants.clone())
    }

    /// Checks an input before it is handed over.
    ///
    /// # Errors
    ///
    /// `INPUT_SCHEMA_VIOLATION` with the JSON pointer; of a function with WIT types also `JSON_NUMBER_RANGE` and
    /// `PAYLOAD_TOO_LARGE`; of a command `CAPABILITY_DENIED` for a variable that its sidecar does not name.
    pub fn check_input(&self, input: &Value) -> Result<(), Failure> {
        let code = match &self.code {
            Code::Component(code) => code,
            Code::Native(native) => return native.check(input),
        };
        code.callee.check(input)?;
        let (Callee::Command { .. }, Some(named)) = (&code.callee, &self.terms.grants.environment) else {
            return Ok(());
        };
        let given = input.get("env").and_then(Value::as_object);
        let unnamed =
            given.into_iter().flat_map(|given| given.keys()).find(|name| !named.contains_key(*name));
        unnamed.map_or(Ok(()), |name| {
            let message =
                format!("the variable {name:?} is not among those that the skill's own file grants");
            let name = name.replace('~', "~0").replace('/', "~1");
            Err(Failure::new(ErrorCode::CapabilityDenied, message).at(format!("/env/{name}")))
        })
    }
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared")
            .field("id", &self.metadata.id)
            .field("digest", &self.metadata.digest)
            .finish()
    }
}
