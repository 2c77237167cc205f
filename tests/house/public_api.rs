//! The public API of the library: no change of it goes unseen.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::cargo::cargo;
use crate::support::golden::compare;
use crate::support::runtime::root;
use crate::support::skip;

/// Crates whose items an embedder sees: `aos_host` re-exports `aos_core`.
const CRATES: [&str; 2] = ["aos-host", "aos-core"];

/// The program that documents in JSON, which rustdoc calls unstable: the reader below knows the format of one version.
/// Only rustdoc is told, so that nothing else is built anew.
const RUSTDOC: &str = "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n";

#[test]
fn the_public_api_is_as_it_stands_there_golden() {
    let mut all = String::new();
    for name in CRATES {
        match public_api::Builder::from_rustdoc_json(documented(name))
            .omit_blanket_impls(true)
            .omit_auto_trait_impls(true)
            .omit_auto_derived_impls(true)
            .build()
        {
            Ok(api) => api.items().for_each(|item| all.push_str(&format!("{item}\n"))),
            Err(error) => {
                skip(&format!("the public API is not compared: this rustdoc writes another format: {error}"));
                return;
            }
        }
    }
    compare("public-api.txt", all.as_bytes());
}

/// The documentation of a crate as JSON.
fn documented(name: &str) -> std::path::PathBuf {
    let rustdoc = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rustdoc-json");
    std::fs::write(&rustdoc, RUSTDOC).unwrap();
    std::fs::set_permissions(&rustdoc, std::fs::Permissions::from_mode(0o755)).unwrap();
    let target = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned();
    let made = cargo()
        .args(["rustdoc", "--locked", "--quiet", "-p", name, "--lib", "--target-dir"])
        .arg(&target)
        .args(["--", "-Z", "unstable-options", "--output-format", "json", "--cap-lints", "allow"])
        .env("RUSTDOC", &rustdoc)
        .env_remove("RUSTDOCFLAGS")
        .current_dir(root())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    target.join(format!("doc/{}.json", name.replace('-', "_")))
}
