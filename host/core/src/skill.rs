//! What a skill says of itself, and the limits that its invocations get.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{Digest, SkillId};
use crate::units::{Fuel, Money};

/// What a skill may do to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SkillEffect {
    /// Sends HTTP requests.
    Http,
    /// Asks models.
    Llm,
}

/// What a skill's `describe` says, checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SkillMetadata {
    /// The name that workflows use.
    pub id: SkillId,
    /// Semantic version.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// JSON Schema (2020-12) of the input.
    pub input_schema: Value,
    /// JSON Schema (2020-12) of the output.
    pub output_schema: Value,
    /// Whether same input and same answers give same output.
    pub deterministic: bool,
    /// What it may do to the world.
    pub effects: Vec<SkillEffect>,
    /// Whether twice does no more than once.
    pub idempotent: bool,
    /// The least an invocation needs apart from fuel.
    pub estimate: Money,
    /// The most an invocation may use.
    pub contract: ResourceContract,
    /// BLAKE3 of the component.
    pub digest: Digest,
}

/// The most that one invocation may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResourceContract {
    /// Units of fuel.
    pub fuel: Fuel,
    /// Bytes of linear memory, over all memories.
    pub memory_bytes: u64,
    /// Milliseconds of wall time, host calls included.
    pub deadline_ms: u32,
    /// Calls that pass a door.
    pub host_calls: u32,
    /// Hosts that it wants; empty: as the workflow grants.
    pub hosts: Vec<String>,
    /// Model names; empty: as the workflow grants.
    pub models: Vec<String>,
    /// Names of secrets.
    pub secrets: Vec<String>,
}

impl ResourceContract {
    /// The most that this host gives any skill: 10^11 fuel (about a minute of computing), 256 MiB, ten minutes, 10,000
    /// calls.
    #[must_use]
    pub fn host_maximum() -> Self {
        Self {
            fuel: Fuel::saturating(100_000_000_000),
            memory_bytes: 256 << 20,
            deadline_ms: 600_000,
            host_calls: 10_000,
            hosts: Vec::new(),
            models: Vec::new(),
            secrets: Vec::new(),
        }
    }

    /// The smaller of each of two contracts' limits, with the wishes of this one.
    #[must_use]
    pub fn within(mut self, other: &Self) -> Self {
        self.fuel = self.fuel.min(other.fuel);
        self.memory_bytes = self.memory_bytes.min(other.memory_bytes);
        self.deadline_ms = self.deadline_ms.min(other.deadline_ms);
        self.host_calls = self.host_calls.min(other.host_calls);
        self
    }
}
