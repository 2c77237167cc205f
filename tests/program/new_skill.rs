//! `aos new skill`: each template is built, and its own test runs it in this host.

use std::path::{Path, PathBuf};
use std::process::Output;

use super::process::{Home, at_home, program};
use crate::support::cargo::cargo;
use crate::support::runtime::root;
use crate::support::skip;

/// Where CI leaves the toolchains that it brings.
fn tools() -> PathBuf {
    std::env::var_os("AOS_TOOLS").map_or_else(|| root().join("target/tools"), PathBuf::from)
}

async fn made(home: &Home, name: &str, lang: &str) -> PathBuf {
    let ended = home.aos(["new", "skill", name, "--lang", lang]).await;
    ended.assert_code(0);
    let folder = home.path(name);
    for file in std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()) {
        let text = if file.is_file() { std::fs::read_to_string(&file).unwrap() } else { String::new() };
        for placeholder in ["NAME.wasm", "SNAKE", "KEBAB", "COMPONENT\n"] {
            assert!(!text.contains(placeholder), "{placeholder} in {}", file.display());
        }
    }
    // Nothing is written over.
    home.aos(["new", "skill", name, "--lang", lang]).await.assert_code(2);
    folder
}

fn succeeded(output: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
}

/// A program with the host in reach, as the templates look for it.
fn command(name: impl AsRef<std::ffi::OsStr>, folder: &Path, path: &Path) -> std::process::Command {
    let mut command = std::process::Command::new(name);
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let paths =
        std::env::join_paths([path.to_owned()].into_iter().chain(std::env::split_paths(&paths))).unwrap();
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
    command.current_dir(folder).env("PATH", paths).env("AOS", program()).env("XDG_CACHE_HOME", cache);
    command
}

#[test]
fn a_project_in_rust_builds_and_its_test_passes() {
    at_home(async |home| {
        let folder = made(&home, "word_count.2", "rust").await;
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-skill");
        let mut test = cargo();
        test.args(["test", "--quiet"])
            .current_dir(&folder)
            .env("CARGO_TARGET_DIR", &target)
            .env("AOS", program());
        succeeded(&test.output().unwrap());
    });
}

#[test]
fn a_project_in_python_builds_and_its_test_passes() {
    let tool = tools().join("componentize-py-0.25.1/bin");
    if !tool.join("componentize-py").exists() {
        skip("the template in Python is not built: componentize-py is not here; .ci/third-party brings it");
        return;
    }
    at_home(async |home| {
        let folder = made(&home, "word-count", "python").await;
        succeeded(&command("python3", &folder, &tool).args(["-m", "unittest"]).output().unwrap());
    });
}

#[test]
fn a_project_in_javascript_builds_and_its_test_passes() {
    let modules = tools().join("componentize-js-0.23.0/node_modules");
    if !modules.exists() {
        skip(
            "the template in JavaScript is not built: componentize-js is not here; .ci/third-party brings it",
        );
        return;
    }
    at_home(async |home| {
        let folder = made(&home, "list", "javascript").await;
        std::os::unix::fs::symlink(&modules, folder.join("node_modules")).unwrap();
        succeeded(&command("npm", &folder, &modules).arg("test").output().unwrap());
    });
}
