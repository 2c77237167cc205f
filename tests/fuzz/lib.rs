//! The bodies that are fuzzed, by the names of their targets. Those of `core/` build in seconds; those of `host/` have
//! the engine with them.

#[path = "core/mod.rs"]
mod core_bodies;
#[cfg(feature = "host")]
#[path = "host/mod.rs"]
mod host_bodies;

/// Runs a body on some bytes.
///
/// # Panics
///
/// When something is not as it should be.
pub fn run(target: &str, data: &[u8]) {
    let bodies = core_bodies::BODIES.iter();
    #[cfg(feature = "host")]
    let bodies = bodies.chain(&host_bodies::BODIES);
    let (_, body) = bodies.into_iter().find(|(name, _)| *name == target).expect("a target");
    body(data);
}
