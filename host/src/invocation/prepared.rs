//! A component that was admitted: compiled, linked, described and checked.

use std::sync::Arc;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::policy::{HostPattern, Policy};
use aos_core::schema::Schema;
use aos_core::skill::SkillMetadata;
use serde_json::Value;

use crate::doors::Guest;
use crate::sandbox::Engine;
use crate::sandbox::bindings::SkillPre;

/// A skill that is ready to run.
#[derive(Clone)]
pub struct Prepared {
    pub(super) engine: Engine,
    pub(super) pre: SkillPre<Guest>,
    pub(super) metadata: SkillMetadata,
    pub(super) input: Schema,
    pub(super) output: Schema,
    /// Hosts that it says it wants, read.
    pub(super) hosts: Vec<HostPattern>,
    pub(super) bytes: Arc<[u8]>,
}

impl Prepared {
    /// What it says of itself.
    #[must_use]
    pub const fn metadata(&self) -> &SkillMetadata {
        &self.metadata
    }

    /// The component.
    #[must_use]
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// A run's rules, narrowed to what the skill says it wants.
    #[must_use]
    pub(crate) fn policy(&self, run: &Policy) -> Policy {
        run.within(self.hosts.clone(), self.metadata.contract.models.clone())
    }

    /// Checks an input before it is handed over.
    ///
    /// # Errors
    ///
    /// `INPUT_SCHEMA_VIOLATION` with the JSON pointer.
    pub fn check_input(&self, input: &Value) -> Result<(), Failure> {
        self.input.check(input, ErrorCode::InputSchemaViolation)
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
