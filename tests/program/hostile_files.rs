//! Files that are no workflow: an outcome with a word and a place, and never a panic, a hang or a full memory.

use aos_host::ids::Seed;
use aos_host::outcome::StructuredOutcome;

use super::process::{Home, at_home};

/// Runs a file that is no workflow.
async fn refused(home: &Home, bytes: impl AsRef<[u8]>) -> (StructuredOutcome, String) {
    home.write("flow.yaml", bytes);
    let ended = home.aos(["run", "flow.yaml", "--format", "json"]).await;
    ended.assert_code(1);
    assert!(!home.path(".aos/runs").exists(), "nothing began");
    let outcome = ended.outcome();
    let faults = outcome.details["faults"].as_array().expect("faults");
    assert!(faults.iter().all(|fault| fault["line"].is_u64() && fault["column"].is_u64()), "{faults:?}");
    assert!(outcome.message.starts_with("line "), "{}", outcome.message);
    (outcome, ended.stderr)
}

#[test]
fn random_bytes_are_no_workflow() {
    at_home(async |home| {
        for seed in 0..8 {
            let chunks = (0..64).map(|chunk| Seed::from_bytes([seed; 32]).derive(&format!("{chunk}")));
            let bytes = chunks.collect::<Vec<_>>().concat();
            let (outcome, _) = refused(&home, bytes).await;
            assert_eq!(outcome.code.as_str(), "WORKFLOW_INVALID");
            assert!(outcome.message.contains("not UTF-8"), "{}", outcome.message);
        }
    });
}

#[test]
fn random_letters_are_no_workflow() {
    at_home(async |home| {
        let letters = b" \n\t:-[]{}&*!|>'\"%@`#?,.a0$";
        for seed in 0..12 {
            let chunks = (0..40).map(|chunk| Seed::from_bytes([seed; 32]).derive(&format!("{chunk}")));
            let bytes = chunks.collect::<Vec<_>>().concat();
            let text: Vec<u8> =
                bytes.iter().map(|byte| letters[usize::from(*byte) % letters.len()]).collect();
            refused(&home, text).await;
        }
    });
}

#[test]
fn a_file_with_nothing_in_it_is_no_workflow() {
    at_home(async |home| {
        for text in
            ["", " ", "\n\n", " \t\r\n ", "# a comment\n", "---\n", "---\n...\n", "null\n", "\u{feff}"]
        {
            let (outcome, _) = refused(&home, text).await;
            assert_eq!(outcome.code.as_str(), "WORKFLOW_INVALID", "{text:?}");
        }
    });
}

#[test]
fn other_yaml_is_no_workflow_either() {
    at_home(async |home| {
        for text in [
            "42",
            "[]",
            "hello",
            "aos: 1",
            "{\"aos\": \"1\", \"name\": \"x\", \"steps\": []}",
            "a: 1\n---\nb: 2\n",
        ] {
            refused(&home, text).await;
        }
    });
}

#[test]
fn a_circle_is_shown_where_it_is() {
    at_home(async |home| {
        let text = "aos: 1\nname: circle\nsteps:\n  - id: a\n    skill: x\n    needs: [b]\n  - id: b\n    skill: x\n    needs: [a]\n";
        let (outcome, stderr) = refused(&home, text).await;
        assert_eq!(outcome.code.as_str(), "INVALID_REFERENCE");
        assert!(outcome.message.starts_with("line 4 column 9: "), "{}", outcome.message);
        assert!(outcome.message.contains("a needs b needs a"), "{}", outcome.message);
        assert!(stderr.contains("flow.yaml:4:9"), "{stderr}");
    });
}

#[test]
fn all_faults_are_shown_with_their_lines() {
    at_home(async |home| {
        let text = "aos: 1\nname: Many Faults\nsteps:\n  - id: a\n    skill: x\n    needs: [nobody]\n";
        let (outcome, stderr) = refused(&home, text).await;
        assert_eq!(outcome.details["faults"].as_array().unwrap().len(), 2);
        assert!(stderr.contains("flow.yaml:2:7") && stderr.contains("flow.yaml:6:13"), "{stderr}");
        assert!(stderr.contains("Many Faults"), "the line itself is shown: {stderr}");
    });
}

#[test]
fn deep_nesting_is_refused() {
    at_home(async |home| {
        let depth = 1 << 20;
        let nested = [
            "[".repeat(depth),
            "{a: ".repeat(depth / 4),
            "- ".repeat(depth / 2),
            "? ".repeat(depth / 2),
            (0..2_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect(),
            format!(
                "aos: 1\nname: x\nsteps:\n  - {{id: a, skill: s, with: {{x: {}1{}}}}}\n",
                "[".repeat(500),
                "]".repeat(500)
            ),
        ];
        for text in nested {
            let shown: String = text.chars().take(20).collect();
            let (outcome, _) = refused(&home, text).await;
            assert!(["WORKFLOW_INVALID", "WORKFLOW_LIMIT"].contains(&outcome.code.as_str()), "{shown}");
        }
    });
}

#[test]
fn an_alias_bomb_does_not_go_off() {
    at_home(async |home| {
        let levels = (1..30).map(|level| {
            let aliases = vec![format!("*l{}", level - 1); 10].join(", ");
            format!("  - &l{level} [{aliases}]\n")
        });
        let bomb: String = std::iter::once("  - &l0 boom\n".to_owned()).chain(levels).collect();
        let text =
            format!("aos: 1\nname: bomb\ninput:\n  enum:\n{}steps: []\n", bomb.replace("  - ", "    - "));
        let (outcome, _) = refused(&home, text).await;
        assert!(["WORKFLOW_INVALID", "WORKFLOW_LIMIT"].contains(&outcome.code.as_str()));
    });
}

#[test]
fn a_file_that_is_too_large_is_not_read_to_its_end() {
    at_home(async |home| {
        let (outcome, _) = refused(&home, "#".repeat((8 << 20) + 1)).await;
        assert_eq!(outcome.code.as_str(), "WORKFLOW_LIMIT");
        let endless = home.aos(["run", "/dev/zero", "--format", "json"]).await;
        endless.assert_code(1);
        assert_eq!(endless.outcome().code.as_str(), "WORKFLOW_LIMIT");
    });
}

#[test]
fn what_cannot_be_read_is_a_misused_command_line() {
    at_home(async |home| {
        std::fs::create_dir(home.path("folder")).unwrap();
        for path in ["missing.yaml", "folder", "folder/none.yaml"] {
            let ended = home.aos(["run", path, "--format", "json"]).await;
            ended.assert_code(2);
            assert!(ended.stdout.is_empty() && ended.stderr.contains(path), "{}", ended.stderr);
        }
    });
}

#[test]
fn names_of_others_are_shown_without_their_control_characters() {
    at_home(async |home| {
        let (outcome, stderr) = refused(&home, "aos: 1\nname: \"\\e[31mred\"\nsteps: []\n").await;
        assert_eq!(outcome.code.as_str(), "NAME_INVALID");
        assert!(!stderr.contains('\u{1b}'));
    });
}
