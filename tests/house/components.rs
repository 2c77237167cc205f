//! The skills build with cargo-component as well, where it is installed.

use std::path::Path;

use aos_host::sidecar::Sidecar;
use aos_host::{Naming, read_component};

use crate::support::cargo::cargo;
use crate::support::runtime::{elsewhere, in_time_on_threads, root};
use crate::support::skip;

#[test]
fn the_skills_build_with_cargo_component() {
    if !cargo().args(["component", "--version"]).output().is_ok_and(|output| output.status.success()) {
        skip("the skills are not built with cargo-component, which is not installed");
        return;
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cargo-component");
    let built = cargo()
        .args(["component", "build", "--locked", "--release", "--target", "wasm32-wasip2"])
        .env("CARGO_TARGET_DIR", &target)
        .current_dir(root().join("skills-wasm"))
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    in_time_on_threads(async {
        for id in ["http_call", "llm_invoke", "json_transform"] {
            let file = target.join(format!("wasm32-wasip1/release/{id}.wasm"));
            let component = read_component(&file).unwrap();
            let runtime = elsewhere().await;
            let admission = runtime.examine_component(component, &Naming::Own, &Sidecar::default()).await;
            assert!(admission.refused.is_none(), "{id}: {:?}", admission.refused);
            assert_eq!(admission.skills[0].id.as_str(), id);
        }
    });
}
