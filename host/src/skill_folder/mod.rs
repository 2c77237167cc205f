//! A folder of skills: components by name, the sidecars beside them, and what is put there and taken out again.

mod folder;
mod skill_file;

pub use folder::{Added, SkillFolder};
pub(crate) use skill_file::files;
pub use skill_file::{COMPONENTS, SkillFile, read_component};
