//! What is known of a skill: what it says of itself, or what its types say of it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ExportName, ResourceContract};
use crate::ids::{Digest, SkillId};
use crate::units::Money;

/// What a skill may do to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SkillEffect {
    /// Sends HTTP requests.
    Http,
    /// Asks models.
    Llm,
}

/// How a skill is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(rename_all = "lowercase")]
pub enum SkillKind {
    /// A component of the contract `aos:skill/skill`, JSON in and JSON out.
    Skill,
    /// A function with WIT types of any component.
    Function,
    /// A program: `wasi:cli/run`.
    Command,
    /// A server of HTTP: `wasi:http/incoming-handler`.
    Handler,
    /// Rust of the embedder's own, in the process of the host.
    Native,
}

/// What is known of a skill.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SkillMetadata {
    /// The name that workflows use.
    pub id: SkillId,
    /// How it is called.
    pub kind: SkillKind,
    /// Which export of its component is called; none where the component says itself what it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export: Option<ExportName>,
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
