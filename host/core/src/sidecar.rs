//! The file beside a component, `NAME.skill.toml`: what whoever put it there says of it, and on what terms it runs.

use serde::{Deserialize, Serialize};

use crate::failure::{ErrorCode, Failure};
use crate::ids::Digest;
use crate::policy::{Narrowing, check_environment};
use crate::skill::ResourceContract;
use crate::units::Fuel;

/// Bytes of the longest sidecar: grants of hundreds of hosts fit.
pub const MAX_SIDECAR_BYTES: usize = 256 * 1024;

/// What ends the name of a sidecar.
pub const SIDECAR_SUFFIX: &str = ".skill.toml";

/// A sidecar.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sidecar {
    /// The digest of the component, which then lies in the folder `components` beside this file; without it, it is
    /// `NAME.wasm`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<Digest>,
    /// One sentence for people, instead of what the component says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The most that an invocation may use.
    #[serde(skip_serializing_if = "TermLimits::says_nothing")]
    pub limits: TermLimits,
    /// What it may reach.
    #[serde(skip_serializing_if = "says_nothing")]
    pub grants: Narrowing,
}

/// On what terms a skill runs, as far as its component does not say so itself. They stand in the journal of each run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SkillTerms {
    /// The most that an invocation may use.
    #[serde(skip_serializing_if = "TermLimits::says_nothing")]
    pub limits: TermLimits,
    /// What it may reach.
    #[serde(skip_serializing_if = "says_nothing")]
    pub grants: Narrowing,
}

/// Limits that someone set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TermLimits {
    /// Units of fuel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel: Option<Fuel>,
    /// Bytes of linear memory, over all memories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Milliseconds of wall time, host calls included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u32>,
    /// Calls that pass a door.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_calls: Option<u32>,
}

/// A sidecar that does not follow its format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} column {column}: {message}")]
pub struct SidecarInvalid {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl Sidecar {
    /// Reads a sidecar.
    ///
    /// # Errors
    ///
    /// [`SidecarInvalid`] with the place.
    pub fn parse(text: &str) -> Result<Self, SidecarInvalid> {
        let invalid = |at: usize, message: String| {
            let before = text.get(..at).unwrap_or(text);
            let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
            let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
            SidecarInvalid { line: before.matches('\n').count() + 1, column, message }
        };
        if text.len() > MAX_SIDECAR_BYTES {
            return Err(invalid(0, format!("the file has more than {MAX_SIDECAR_BYTES} bytes")));
        }
        let sidecar: Self = toml::from_str(text).map_err(|error| {
            invalid(error.span().map_or(0, |span| span.start), error.message().replace('\n', ", "))
        })?;
        if let Some(environment) = &sidecar.grants.environment {
            let at = text.find("environment").unwrap_or(0);
            check_environment(environment).map_err(|error| invalid(at, error.to_string()))?;
        }
        Ok(sidecar)
    }

    /// Whether it may stand beside a component of this digest.
    ///
    /// # Errors
    ///
    /// `SKILL_DIGEST_MISMATCH` where it names another one.
    pub fn names(&self, digest: Digest) -> Result<(), Failure> {
        match self.component {
            Some(named) if named != digest => {
                let message = format!("the sidecar names the component {named}, and this is {digest}");
                Err(Failure::new(ErrorCode::SkillDigestMismatch, message))
            }
            _ => Ok(()),
        }
    }

    /// The terms that it sets; none where it sets none.
    #[must_use]
    pub fn terms(&self) -> SkillTerms {
        SkillTerms { limits: self.limits, grants: self.grants.clone() }
    }
}

impl SkillTerms {
    /// Whether it says nothing at all.
    #[must_use]
    pub fn says_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl TermLimits {
    /// All limits of a contract.
    #[must_use]
    pub const fn of(contract: &ResourceContract) -> Self {
        Self {
            fuel: Some(contract.fuel),
            memory_bytes: Some(contract.memory_bytes),
            deadline_ms: Some(contract.deadline_ms),
            host_calls: Some(contract.host_calls),
        }
    }

    /// These limits where they are set, those of the contract elsewhere, and never more than the host gives any skill.
    #[must_use]
    pub fn over(&self, mut contract: ResourceContract) -> ResourceContract {
        contract.fuel = self.fuel.unwrap_or(contract.fuel);
        contract.memory_bytes = self.memory_bytes.unwrap_or(contract.memory_bytes);
        contract.deadline_ms = self.deadline_ms.unwrap_or(contract.deadline_ms);
        contract.host_calls = self.host_calls.unwrap_or(contract.host_calls);
        contract.within(&ResourceContract::host_maximum())
    }

    fn says_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl From<SidecarInvalid> for Failure {
    fn from(invalid: SidecarInvalid) -> Self {
        let place = serde_json::json!({"line": invalid.line, "column": invalid.column});
        Self::new(ErrorCode::ConfigInvalid, invalid.to_string()).with_details(place)
    }
}

fn says_nothing(grants: &Narrowing) -> bool {
    *grants == Narrowing::default()
}
