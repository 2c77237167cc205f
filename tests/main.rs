//! Everything that AOS promises, tested through its public API and its program.
//!
//! `support` builds the worlds and holds every run to the acceptance criteria of the specification; `workflow` has a
//! module for each workflow of the specification; `program` starts `aos` as a process; `house` reads the repository
//! itself; `failures` breaks the network in every way; `hostile` runs components that mean harm; `effects` tries what components can import, class by class; `third_party` runs components that know
//! nothing of this host; `report` has runs to look at, and holds what people are shown of them to what they are; `browser`
//! looks at pages as people do.

mod browser;
mod effects;
mod failures;
mod hostile;
mod house;
mod program;
mod report;
mod support;
mod third_party;
mod workflow;
