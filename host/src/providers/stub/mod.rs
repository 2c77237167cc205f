//! A scripted world: HTTP by method and URL, models by task, from a YAML file. `docs/workflow-format.md` describes it.

mod file;
mod world;

pub use world::StubWorld;
