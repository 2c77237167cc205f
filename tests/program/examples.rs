//! The programs of `host/examples`: each is short, and does what it says.

use crate::support::cargo::cargo;
use crate::support::runtime::root;

/// Each has fewer lines.
const MAX_LINES: usize = 40;

#[test]
fn every_example_runs_and_is_short() {
    let folder = root().join("host/examples");
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let expected = ["own_provider", "own_skill", "replay_in_a_test", "run_a_workflow", "shared_budget"];
    assert_eq!(names, expected);
    let target = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned();
    // Both packages, so that the features of what they share are those of this test's own build.
    let built = cargo()
        .args(["build", "--locked", "-p", "aos-host", "-p", "aos-tests", "--examples", "--target-dir"])
        .arg(&target)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    for name in names {
        let text = std::fs::read_to_string(folder.join(format!("{name}.rs"))).unwrap();
        assert!(text.lines().count() < MAX_LINES, "{name} has {} lines", text.lines().count());
        let program = target.join("debug/examples").join(&name);
        let ran = std::process::Command::new(program).current_dir(root()).output().unwrap();
        assert!(ran.status.success(), "{name}: {}", String::from_utf8_lossy(&ran.stderr));
    }
}
