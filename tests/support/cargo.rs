//! Cargo, called by a test.

use std::process::Command;

/// What cargo tells this test of its package. The build script of `ring` watches these, and would compile it anew.
const OF_THIS_PACKAGE: [&str; 7] = [
    "CARGO_MANIFEST_DIR",
    "CARGO_MANIFEST_LINKS",
    "CARGO_PKG_NAME",
    "CARGO_PKG_VERSION_MAJOR",
    "CARGO_PKG_VERSION_MINOR",
    "CARGO_PKG_VERSION_PATCH",
    "CARGO_PKG_VERSION_PRE",
];

/// Cargo as a person would call it.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    OF_THIS_PACKAGE.iter().for_each(|variable| {
        cargo.env_remove(variable);
    });
    cargo
}
