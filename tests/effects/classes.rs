//! The table of imports against the WIT of everything that a component of WASI 0.2 can import.

use std::collections::BTreeSet;
use std::path::Path;

use aos_host::failure::ErrorCode;
use aos_host::sidecar::Sidecar;
use aos_host::{Admission, EffectClass, ImportNote, Naming};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi, Resolve};

use crate::support::golden::compare;
use crate::support::runtime::{elsewhere, in_time, root};

/// The packages of WASI and of ours, with unstable functions as well.
pub(super) fn packages() -> Resolve {
    let mut resolve = Resolve { all_features: true, ..Resolve::default() };
    let mut push = |folder: &Path| {
        resolve.push_dir(folder).unwrap_or_else(|error| panic!("{}: {error:#}", folder.display()));
    };
    push(&root().join("fixtures/wit"));
    push(&root().join("wit"));
    resolve
}

/// The interfaces of each package, with versions.
fn interfaces(resolve: &Resolve) -> Vec<Vec<String>> {
    let named = |package: &wit_parser::Package| {
        package.interfaces.keys().map(|interface| package.name.interface_id(interface)).collect::<Vec<_>>()
    };
    resolve.packages.iter().map(|(_, package)| named(package)).filter(|all| !all.is_empty()).collect()
}

/// A skill that imports every function of these interfaces, and traps as soon as it is asked anything.
fn importing(interfaces: &[String]) -> Vec<u8> {
    let mut resolve = packages();
    let imports: String = interfaces.iter().map(|interface| format!("import {interface};\n")).collect();
    let world = format!("package test:probe;\nworld probe {{\ninclude aos:skill/skill@0.1.0;\n{imports}}}\n");
    let package = resolve.push_str("probe.wit", &world).unwrap();
    let world = resolve.select_world(&[package], Some("probe")).unwrap();
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
}

async fn examine(interfaces: &[String]) -> Admission {
    elsewhere().await.examine_component(importing(interfaces), &Naming::Own, &Sidecar::default()).await
}

fn refusal(admission: &Admission) -> ErrorCode {
    admission.refused.as_ref().expect("a component that traps is refused").code
}

/// What the host says of every function that a component can import from interfaces that it has.
pub(super) async fn functions() -> Vec<(String, String, EffectClass)> {
    let known: Vec<_> = interfaces(&packages()).concat();
    let notes = examine(&known).await.imports.into_iter().filter(|note| note.class.is_some());
    let of = |note: ImportNote| {
        let interface = note.interface.split('@').next().unwrap_or_default().to_owned();
        note.functions.into_iter().map(move |function| {
            let class =
                function.class.unwrap_or_else(|| panic!("{interface} {} has no class", function.name));
            (interface.clone(), function.name, class)
        })
    };
    notes.flat_map(of).collect()
}

#[test]
fn every_function_of_every_package_has_a_class_or_its_interface_is_refused_by_name() {
    in_time(async {
        let resolve = packages();
        let mut unknown = BTreeSet::new();
        for package in interfaces(&resolve) {
            let admission = examine(&package).await;
            let noted: BTreeSet<_> = admission.imports.iter().map(|note| note.interface.as_str()).collect();
            for interface in &package {
                // An interface of types alone is imported where its types are used, and does nothing.
                let has_functions = resolve.interfaces.iter().any(|(_, own)| {
                    let id = own
                        .package
                        .zip(own.name.as_ref())
                        .map(|(of, name)| resolve.packages[of].name.interface_id(name));
                    id.as_ref() == Some(interface) && !own.functions.is_empty()
                });
                assert!(!has_functions || noted.contains(interface.as_str()), "{interface} is imported");
            }
            for note in &admission.imports {
                assert!(
                    note.functions.iter().all(|function| function.class.is_some() == note.class.is_some()),
                    "{note:?}"
                );
            }
            let (refused, known): (Vec<_>, Vec<_>) =
                admission.imports.iter().partition(|note| note.class.is_none());
            if !refused.is_empty() {
                let failure = admission.refused.as_ref().unwrap();
                assert_eq!(failure.code, ErrorCode::LinkUnknownImport, "{failure}");
                assert!(refused.iter().any(|note| failure.message.contains(&note.interface)), "{failure}");
            }
            unknown.extend(refused.iter().map(|note| note.interface.clone()));
            // What has a class is linked with the type that the WIT says: the component gets as far as its first trap.
            let known: Vec<_> = known.into_iter().map(|note| note.interface.clone()).collect();
            assert_eq!(refusal(&examine(&known).await), ErrorCode::SkillTrap, "{known:?}");
        }
        // What others call, and what is not stable.
        let expected =
            ["wasi:cli/run@0.2.12", "wasi:clocks/timezone@0.2.12", "wasi:http/incoming-handler@0.2.12"];
        assert_eq!(unknown.into_iter().collect::<Vec<_>>(), expected);
    });
}

#[test]
fn the_class_of_each_function_is_the_one_in_the_golden_list() {
    in_time(async {
        let word = |class: EffectClass| format!("{class:?}").to_lowercase();
        let mut lines: Vec<_> = functions()
            .await
            .into_iter()
            .map(|(interface, function, class)| format!("{interface} {function} {}\n", word(class)))
            .collect();
        lines.sort_unstable();
        compare("classes.txt", lines.concat().as_bytes());
    });
}
