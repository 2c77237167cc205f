//! What is known of a skill, and the limits that its invocations get.

mod contract;
mod export_name;
mod metadata;

pub use contract::ResourceContract;
pub use export_name::ExportName;
pub use metadata::{SkillEffect, SkillKind, SkillMetadata};
