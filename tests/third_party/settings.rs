//! What stands beside a component in a folder of skills, and what is put there and taken out again.

use aos_host::failure::ErrorCode;
use aos_host::ids::{Digest, SkillId};
use aos_host::journal::{Event, PinnedSkill, Recording};
use aos_host::{Added, COMPONENTS, SkillFolder};
use serde_json::json;

use super::every_type::world;
use crate::support::recorded::record;
use crate::support::runtime::{elsewhere, in_time_on_threads, live};

fn component(ty: &str) -> Vec<u8> {
    world(&format!("package a:one; world w {{ export f: func() -> {ty}; }}"))
}

fn name(name: &str) -> SkillId {
    SkillId::new(name).unwrap()
}

#[test]
fn a_component_is_kept_by_its_digest_and_found_by_its_name() {
    let home = tempfile::tempdir().unwrap();
    let folder = SkillFolder::new(home.path().join("skills"));
    let bytes = component("u8");
    assert_eq!(folder.add(&name("one"), &bytes, (None, "what it is\nin two lines")).unwrap(), Added::New);
    assert_eq!(folder.add(&name("one"), &bytes, (None, "")).unwrap(), Added::Already);
    assert_eq!(folder.add(&name("two"), &bytes, (None, "")).unwrap(), Added::New);
    let taken = folder.add(&name("one"), &component("u16"), (None, "")).unwrap_err();
    assert_eq!(taken.code, ErrorCode::NameInvalid);
    let kept = folder.path().join(COMPONENTS).join(format!("{}.wasm", Digest::of(&bytes)));
    assert_eq!(std::fs::read(&kept).unwrap(), bytes);
    in_time_on_threads(async {
        let runtime = live().await;
        let loaded = runtime.load_skills(folder.path()).await;
        assert!(loaded.refused.is_empty(), "{:?}", loaded.refused);
        assert!(runtime.skill(&name("one")).is_some() && runtime.skill(&name("two")).is_some());
    });
    folder.remove(&name("one")).unwrap();
    assert!(kept.exists(), "another name has it");
    folder.remove(&name("two")).unwrap();
    assert!(!kept.exists());
    let missing = folder.remove(&name("two")).unwrap_err();
    assert_eq!(missing.code, ErrorCode::SkillNotFound);
}

#[test]
fn a_digest_in_a_sidecar_holds_a_component_beside_it_as_well() {
    let home = tempfile::tempdir().unwrap();
    let (one, other) = (component("u8"), component("u16"));
    let write = |file: &str, bytes: &[u8]| std::fs::write(home.path().join(file), bytes).unwrap();
    write("one.skill.toml", format!("component = \"{}\"\n", Digest::of(&one)).as_bytes());
    write("one.wasm", &one);
    in_time_on_threads(async {
        assert!(live().await.load_skills(home.path()).await.refused.is_empty());
        write("one.wasm", &other);
        let refused = live().await.load_skills(home.path()).await.refused;
        assert_eq!(refused[0].1.code, ErrorCode::SkillDigestMismatch, "{refused:?}");
    });
}

#[test]
fn the_line_of_the_component_is_changed_where_it_is_one_and_nothing_else_is() {
    let home = tempfile::tempdir().unwrap();
    let folder = SkillFolder::new(home.path());
    let bytes = component("u8");
    let line = format!("component = \"{}\"\n", Digest::of(&bytes));
    let variable = "[grants.environment]\ncomponent = \"web\"\n";
    folder.add(&name("one"), &bytes, (Some(variable), "")).unwrap();
    let text = std::fs::read_to_string(folder.sidecar(&name("one"))).unwrap();
    assert_eq!(text, format!("{line}{variable}"));
    for unclear in [
        format!("\"component\" = \"{}\"\n", Digest::of(b"x")),
        "description = \"\"\"\ncomponent = nothing\n\"\"\"\n".to_owned(),
    ] {
        let refused = folder.add(&name("two"), &bytes, (Some(&unclear), "")).unwrap_err();
        assert_eq!(refused.code, ErrorCode::ConfigInvalid);
        assert!(refused.message.contains(line.trim()), "{}", refused.message);
        assert!(folder.file(&name("two")).is_err(), "nothing is left");
    }
}

#[test]
fn the_same_component_is_not_added_again_on_other_terms() {
    let home = tempfile::tempdir().unwrap();
    let folder = SkillFolder::new(home.path());
    let (bytes, terms) = (component("u8"), "[limits]\nhost_calls = 7\n");
    folder.add(&name("one"), &bytes, (Some(terms), "")).unwrap();
    assert_eq!(folder.add(&name("one"), &bytes, (Some(terms), "")).unwrap(), Added::Already);
    assert_eq!(folder.add(&name("one"), &bytes, (None, "")).unwrap(), Added::Already);
    let refused = folder.add(&name("one"), &bytes, (Some("[limits]\nhost_calls = 6\n"), "")).unwrap_err();
    assert_eq!(refused.code, ErrorCode::ConfigInvalid);
    assert!(refused.message.contains("one.skill.toml"), "{}", refused.message);
}

#[test]
fn a_sidecar_comes_along_and_one_that_is_broken_can_be_taken_out() {
    let home = tempfile::tempdir().unwrap();
    let folder = SkillFolder::new(home.path());
    let (bytes, own) = (component("u8"), "# mine\n[limits]\nhost_calls = 7\n");
    folder.add(&name("one"), &bytes, (Some(own), "")).unwrap();
    let text = std::fs::read_to_string(folder.sidecar(&name("one"))).unwrap();
    assert_eq!(text, format!("component = \"{}\"\n{own}", Digest::of(&bytes)));
    folder.add(&name("two"), &bytes, (None, "")).unwrap();
    std::fs::write(folder.sidecar(&name("two")), "no TOML").unwrap();
    // It may name the component, which stays for it.
    folder.remove(&name("one")).unwrap();
    let kept = home.path().join(COMPONENTS).join(format!("{}.wasm", Digest::of(&bytes)));
    assert!(kept.exists());
    folder.remove(&name("two")).unwrap();
    assert!(folder.file(&name("two")).is_err());
}

#[test]
fn another_build_takes_the_place_of_a_component_and_its_terms_stay() {
    let home = tempfile::tempdir().unwrap();
    let folder = SkillFolder::new(home.path());
    let (old, new) = (component("u8"), component("u16"));
    folder.add(&name("one"), &old, (None, "")).unwrap();
    let sidecar = folder.sidecar(&name("one"));
    let text = std::fs::read_to_string(&sidecar).unwrap() + "\n[limits]\nhost_calls = 7 # mine\n";
    std::fs::write(&sidecar, &text).unwrap();
    folder.replace(&name("one"), &new).unwrap();
    let (old, new) = (Digest::of(&old).to_string(), Digest::of(&new).to_string());
    assert_eq!(std::fs::read_to_string(&sidecar).unwrap(), text.replace(&old, &new));
    let kept = |digest: &str| home.path().join(COMPONENTS).join(format!("{digest}.wasm")).exists();
    assert!(kept(&new) && !kept(&old));
    assert_eq!(folder.replace(&name("none"), b"").unwrap_err().code, ErrorCode::SkillNotFound);
}

#[test]
fn a_folder_tells_what_is_wrong_with_each_file() {
    let home = tempfile::tempdir().unwrap();
    let write = |file: &str, bytes: &[u8]| std::fs::write(home.path().join(file), bytes).unwrap();
    let digest = Digest::of(&component("u8"));
    write("good.wasm", &component("u8"));
    write("Bad Name.wasm", &component("u16"));
    write("limits.wasm", &component("u32"));
    write("limits.skill.toml", b"[limits]\nfule = 1\n");
    write("gone.skill.toml", format!("component = \"{digest}\"\n").as_bytes());
    write("nothing.skill.toml", b"");
    std::fs::create_dir(home.path().join(COMPONENTS)).unwrap();
    write(&format!("{COMPONENTS}/{}.wasm", Digest::of(b"x")), &component("u8"));
    write("other.skill.toml", format!("component = \"{}\"\n", Digest::of(b"x")).as_bytes());
    in_time_on_threads(async {
        let runtime = live().await;
        let loaded = runtime.load_skills(home.path()).await;
        let refused: Vec<_> = loaded
            .refused
            .iter()
            .map(|(path, failure)| (path.file_name().unwrap().to_str().unwrap(), failure.code))
            .collect();
        let expected = [
            ("Bad Name.wasm", ErrorCode::NameInvalid),
            ("gone.skill.toml", ErrorCode::ComponentInvalid),
            ("limits.wasm", ErrorCode::ConfigInvalid),
            ("nothing.skill.toml", ErrorCode::ComponentInvalid),
            ("other.skill.toml", ErrorCode::SkillDigestMismatch),
        ];
        assert_eq!(refused, expected, "{:?}", loaded.refused);
        let place = loaded.refused.iter().find(|(_, failure)| failure.code == ErrorCode::ConfigInvalid);
        assert!(place.unwrap().1.message.contains("line 2 column 1"), "{place:?}");
        assert_eq!(loaded.skills.len(), 1);
    });
}

#[test]
fn a_run_that_was_killed_goes_on_with_the_export_and_the_terms_of_its_journal() {
    in_time_on_threads(async {
        let home = tempfile::tempdir().unwrap();
        let component =
            wat::parse_str(crate::support::runtime::read("fixtures/third-party/sums/sums.wat")).unwrap();
        std::fs::write(home.path().join("sums.wasm"), &component).unwrap();
        std::fs::write(home.path().join("sums.skill.toml"), "[limits]\nfuel = 5000\n").unwrap();
        let runtime = live().await;
        runtime.load_skills(home.path()).await;
        elsewhere().await.know_component(component.clone()).await.unwrap();
        let workflow = r#"{aos: 1, name: two, output: "${ .steps.b }", steps: [
            {id: a, skill: sums, with: {numbers: [1, 2]}}, {id: b, skill: sums, with: {numbers: ["${ .steps.a }", 4]}}]}"#;
        let run = record(&runtime, workflow, json!({})).await;
        assert_eq!(run.assert_success().outcome.output, 7);
        // Killed after the first step. What goes on knows the component by its digest alone, and no sidecar.
        let text = String::from_utf8(run.journal.clone()).unwrap();
        let whole: String = text.lines().take(3).map(|line| format!("{line}\n")).collect();
        let path = home.path().join("killed.jsonl");
        std::fs::write(&path, whole).unwrap();
        let other = live().await;
        other.know_component(component).await.unwrap();
        let (sink, recording) = aos_host::providers::FileSink::take_up(&path).unwrap();
        let resumed = other.resume(sink, recording, aos_host::ResumeOptions::default()).await.unwrap();
        let outcome = resumed.outcome().await;
        assert_eq!((outcome.code.as_str(), &outcome.output), ("OK", &json!(7)), "{}", outcome.message);
        let journal = std::fs::read(&path).unwrap();
        assert_eq!(elsewhere().await.replay(&journal).await.proof, Ok(()));
        let entries = Recording::read(&journal).unwrap().entries().to_vec();
        let granted = entries.into_iter().filter_map(|entry| match entry.event {
            Event::StepStarted(started) => Some(started.fuel_granted.units()),
            _ => None,
        });
        assert_eq!(granted.collect::<Vec<_>>(), [5000, 5000]);
    });
}

#[test]
fn the_journal_holds_the_export_and_the_terms() {
    in_time_on_threads(async {
        let home = tempfile::tempdir().unwrap();
        let component =
            wat::parse_str(crate::support::runtime::read("fixtures/third-party/sums/sums.wat")).unwrap();
        std::fs::write(home.path().join("sums.wasm"), &component).unwrap();
        std::fs::write(
            home.path().join("sums.skill.toml"),
            "[limits]\nhost_calls = 3\n[grants.environment]\nA = \"b\"\n",
        )
        .unwrap();
        let runtime = live().await;
        runtime.load_skills(home.path()).await;
        elsewhere().await.know_component(component).await.unwrap();
        let workflow = r#"{aos: 1, name: one, steps: [{id: it, skill: sums, with: {numbers: [1, 2]}}]}"#;
        let run = record(&runtime, workflow, json!({})).await;
        let entries = run.entries();
        let Event::RunStarted(started) = &entries[0].event else { panic!("{:?}", entries[0]) };
        let PinnedSkill::Component { export, terms, .. } = &started.skills[&name("sums")] else { panic!() };
        assert_eq!(export.as_ref().unwrap().to_string(), "sum");
        let terms = serde_json::to_value(terms).unwrap();
        assert_eq!(terms["limits"]["host_calls"], 3);
        assert_eq!(terms["limits"]["memory_bytes"], 256 << 20);
        assert_eq!(terms["grants"], json!({"environment": {"A": "b"}}));
    });
}
