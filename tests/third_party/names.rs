//! What the functions of a component are called, and what cannot be called.

use aos_host::Naming;
use aos_host::failure::ErrorCode;
use aos_host::ids::SkillId;
use aos_host::sidecar::Sidecar;
use aos_host::skill::SkillMetadata;

use super::every_type::world;
use super::scene::{admission, described, named};
use crate::support::runtime::{elsewhere, in_time_on_threads};

fn names(skills: &[SkillMetadata]) -> Vec<&str> {
    skills.iter().map(|skill| skill.id.as_str()).collect()
}

#[test]
fn functions_are_named_by_interface_and_by_package_where_that_is_needed() {
    in_time_on_threads(async {
        let component = world(
            "package a:one@1.0.0;
             interface tools { run: func(); stop: func(); }
             interface more { again: func() -> string; }
             world w { export tools; export more; export b:two/tools@2.0.0; export bare: func(n: u8) -> u8; }
             package b:two@2.0.0 { interface tools { run: func(); } }",
        );
        let admission = admission(&component, "x").await;
        let mut found = names(&admission.skills);
        found.sort_unstable();
        assert_eq!(
            found,
            ["x.a.one.tools.run", "x.b.two.tools.run", "x.bare", "x.more.again", "x.tools.stop"]
        );
        assert_eq!(described(&admission, "x.b.two.tools.run").version, "2.0.0");
    });
}

#[test]
fn what_json_cannot_carry_is_told_with_the_reason() {
    in_time_on_threads(async {
        let component = world(
            "package a:one;
             interface tools {
                 resource file { constructor(); read: func() -> string; }
                 open: func(name: string) -> file;
                 close: func(file: file);
                 count: func() -> u32;
             }
             world w { export tools; }",
        );
        let admission = admission(&component, "x").await;
        assert_eq!(names(&admission.skills), ["x"]);
        let told: Vec<_> = admission
            .uncallable
            .iter()
            .map(|left| format!("{}: {}", left.export.function(), left.reason))
            .collect();
        let expected = [
            ("[constructor]file", "belongs to a resource"),
            ("[method]file.read", "belongs to a resource"),
            ("open", "its result has a resource"),
            ("close", "its parameter file has a resource"),
        ];
        for (function, reason) in expected {
            let is_told =
                told.iter().any(|told| told.starts_with(&format!("{function}: ")) && told.contains(reason));
            assert!(is_told, "{function} in {told:?}");
        }
    });
}

#[test]
fn a_component_that_has_nothing_to_call_is_refused_with_the_reason() {
    in_time_on_threads(async {
        let component = world(
            "package a:one;
             interface tools { resource file; open: func() -> file; }
             world w { export tools; }",
        );
        let refused =
            elsewhere().await.examine_component(component, &named("x"), &Sidecar::default()).await.refused;
        let refused = refused.unwrap();
        assert_eq!(refused.code, ErrorCode::ExportMissing);
        assert!(
            refused.message.contains("open") && refused.message.contains("resource"),
            "{}",
            refused.message
        );
    });
}

#[test]
fn a_type_that_doubles_at_each_level_is_not_followed_to_its_end() {
    in_time_on_threads(async {
        let levels: String =
            (1..12).map(|level| format!("type t{level} = tuple<t{0}, t{0}>;\n", level - 1)).collect();
        let text = format!(
            "package a:one;
             interface tools {{ type t0 = u8; {levels} small: func() -> t3; large: func() -> t11; }}
             world w {{ export tools; }}"
        );
        let admission = admission(&world(&text), "x").await;
        assert_eq!(names(&admission.skills), ["x"]);
        assert!(
            admission.uncallable[0].reason.contains("more than 1024 parts"),
            "{:?}",
            admission.uncallable
        );
    });
}

#[test]
fn a_component_without_a_name_is_refused_and_two_of_one_name_are_told() {
    in_time_on_threads(async {
        let runtime = crate::support::runtime::live().await;
        let component = |ty: &str| world(&format!("package a:one; world w {{ export f: func() -> {ty}; }}"));
        let refused = runtime.register_skill(component("u8")).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::NameInvalid);
        let register = async |bytes: Vec<u8>, name: &str| {
            let naming = Naming::Given(SkillId::new(name).unwrap());
            runtime.register_component(bytes, &naming, &Sidecar::default()).await
        };
        register(component("u8"), "x").await.unwrap();
        register(component("u8"), "x").await.unwrap();
        let refused = register(component("u16"), "x").await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::NameInvalid);
        assert!(refused.message.contains("belongs to another component"), "{}", refused.message);
        // The same component on other terms is another skill.
        let sidecar = Sidecar::parse("[limits]\nfuel = 1000").unwrap();
        let naming = Naming::Given(SkillId::new("x").unwrap());
        let refused = runtime.register_component(component("u8"), &naming, &sidecar).await.unwrap_err();
        assert!(refused.message.contains("on other terms"), "{}", refused.message);
        assert_eq!(register(component("u16"), "y").await.unwrap().skills[0].metadata().id.as_str(), "y");
        let taken = register(component("u16"), "http_call").await.unwrap_err();
        assert_eq!(taken.code, ErrorCode::NameInvalid);
    });
}

#[test]
fn documentation_that_a_component_carries_is_its_description() {
    in_time_on_threads(async {
        let text = "package a:one@1.0.0;
             /// Shapes and what can be done with them.
             interface shapes {
                 /// A point in the plane.
                 record point {
                     /// To the right.
                     x: f64,
                     y: f64,
                 }
                 /// Which way.
                 enum way {
                     /// Towards the sky.
                     up,
                     down,
                 }
                 /// Moves a point
                 /// by one.
                 move: func(point: point, way: way) -> point;
             }
             world w { export shapes; }";
        let plain = described(&admission(&world(text), "x").await, "x").description.clone();
        assert_eq!(plain, "");
        let admission = admission(&super::every_type::documented(text), "x").await;
        let moves = described(&admission, "x");
        assert_eq!(moves.description, "Moves a point by one.");
        let point = &moves.input_schema["properties"]["point"];
        assert_eq!(point["description"], "A point in the plane.");
        assert_eq!(point["properties"]["x"]["description"], "To the right.");
        assert_eq!(moves.input_schema["properties"]["way"]["oneOf"][0]["description"], "Towards the sky.");
    });
}

#[test]
fn a_long_name_of_an_export_is_cut_and_cannot_be_called() {
    in_time_on_threads(async {
        let (long, longer) = ("a".repeat(56), "a".repeat(1000));
        let text = format!(
            "package a:one; world w {{ export b: func(); export {long}: func(); export {longer}: func(); }}"
        );
        let admission = admission(&world(&text), "some-name").await;
        assert_eq!(names(&admission.skills), ["some-name.b".to_owned(), format!("some-name.{long}")][..1]);
        assert_eq!(admission.uncallable.len(), 2);
        for left in &admission.uncallable {
            assert!(left.export.to_string().len() <= 512 && !left.reason.is_empty(), "{left:?}");
        }
    });
}

#[test]
fn of_very_many_functions_some_can_be_called_and_the_rest_is_told() {
    in_time_on_threads(async {
        use std::fmt::Write as _;
        let mut text = "package a:one; world w { ".to_owned();
        (0..1200).for_each(|place| write!(text, "export g{place}: func(); ").unwrap());
        let admission = admission(&world(&(text + "}")), "x").await;
        assert_eq!(admission.skills.len(), 256);
        assert!(admission.uncallable.len() <= 1001 - 256, "{}", admission.uncallable.len());
        let last = &admission.uncallable.last().unwrap().reason;
        assert!(last.contains("not looked at"), "{last}");
    });
}

#[test]
fn what_only_looks_like_a_server_or_a_program_is_a_function() {
    in_time_on_threads(async {
        let component = world(
            "package a:one;
             world w { export wasi:http/incoming-handler@0.2.3; export wasi:cli/run@0.2.3; }
             package wasi:http@0.2.3 { interface incoming-handler { handle: func(n: u32) -> u32; } }
             package wasi:cli@0.2.3 { interface run { run: func(n: u8) -> u8; } }",
        );
        let admission = admission(&component, "x").await;
        let kinds: Vec<_> = admission.skills.iter().map(|skill| (skill.id.as_str(), skill.kind)).collect();
        let function = aos_host::skill::SkillKind::Function;
        assert_eq!(kinds, [("x.incoming-handler.handle", function), ("x.run.run", function)]);
    });
}

#[test]
fn a_function_called_run_beside_a_program_leaves_it_its_name_in_full() {
    in_time_on_threads(async {
        let component = world(
            "package a:one;
             world w { export run: func() -> u8; export wasi:cli/run@0.2.3; }
             package wasi:cli@0.2.3 { interface run { run: func() -> result; } }",
        );
        let admission = admission(&component, "x").await;
        let mut found = names(&admission.skills);
        found.sort_unstable();
        assert_eq!(found, ["x.run", "x.wasi.cli.run"], "{:?}", admission.uncallable);
    });
}

#[test]
fn a_server_takes_the_hosts_own_request_and_no_other_handle() {
    in_time_on_threads(async {
        let component = world(
            "package a:one;
             world w { export wasi:http/incoming-handler@0.2.3; export f: func(); }
             package wasi:http@0.2.3 {
                 interface incoming-handler {
                     resource request; resource answer;
                     handle: func(request: request, answer: answer);
                 }
             }",
        );
        let admission = admission(&component, "x").await;
        assert_eq!(names(&admission.skills), ["x"]);
        assert!(admission.uncallable.iter().any(|left| left.export.function() == "handle"));
    });
}

#[test]
fn the_types_of_all_functions_together_have_a_bound() {
    in_time_on_threads(async {
        use std::fmt::Write as _;
        let mut text = "package a:one; interface tools { type t0 = u8; ".to_owned();
        (1..10).for_each(|level| write!(text, "type t{level} = tuple<t{0}, t{0}>; ", level - 1).unwrap());
        // Each is of 1,023 parts.
        (0..10).for_each(|place| write!(text, "g{place}: func() -> t9; ").unwrap());
        let admission = admission(&world(&(text + "} world w { export tools; }")), "x").await;
        assert_eq!((admission.skills.len(), admission.uncallable.len()), (8, 2));
        for left in &admission.uncallable {
            assert!(left.reason.contains("more than 8192 parts"), "{}", left.reason);
        }
    });
}

#[test]
fn documentation_is_kept_within_bounds() {
    in_time_on_threads(async {
        let described_by = async |words: usize| {
            let docs = "word ".repeat(words);
            let text = format!(
                "package a:one; interface tools {{\n/// {docs}\nmove: func();\n}} world w {{ export tools; }}"
            );
            let admission = admission(&super::every_type::documented(&text), "x").await;
            described(&admission, "x").description.clone()
        };
        assert_eq!(described_by(2).await, "word word");
        let long = described_by(1_000).await;
        assert!(long.starts_with("word word") && long.chars().count() <= 1_025, "{}", long.len());
        assert_eq!(described_by(300_000).await, "", "more than a mebibyte of it is not read");
    });
}
