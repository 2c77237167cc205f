//! The file beside a component.

use aos_core::failure::{ErrorCode, Failure};
use aos_core::policy::{Environment, Narrowing};
use aos_core::sidecar::{MAX_SIDECAR_BYTES, Sidecar, TermLimits};
use aos_core::skill::ResourceContract;
use aos_core::units::Fuel;

#[test]
fn a_sidecar_says_what_it_says_and_nothing_else() {
    assert_eq!(Sidecar::parse("").unwrap(), Sidecar::default());
    assert!(Sidecar::parse("# nothing").unwrap().terms().says_nothing());
    let sidecar = Sidecar::parse(
        r#"
        description = "Counts words."
        [limits]
        fuel = 5
        deadline_ms = 100
        [grants]
        hosts = ["api.example.com", "http://127.0.0.1:8080"]
        models = []
        [grants.environment]
        TZ = "UTC"
        "#,
    )
    .unwrap();
    assert_eq!(sidecar.limits.fuel, Some(Fuel::new(5).unwrap()));
    assert_eq!(sidecar.grants.hosts.as_ref().unwrap().len(), 2);
    assert_eq!(sidecar.grants.models, Some(Vec::new()));
    assert_eq!(sidecar.grants.environment.as_ref().unwrap()["TZ"], "UTC");
    // It stands in journals as JSON, and reads back.
    let terms = serde_json::to_value(sidecar.terms()).unwrap();
    assert_eq!(serde_json::from_value::<aos_core::sidecar::SkillTerms>(terms).unwrap(), sidecar.terms());
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, place, message) in [
        ("\n  limit = 1", "line 2 column 3", "unknown field `limit`"),
        ("[limits]\nfuel = -1", "line 2 column 8", "u64"),
        ("[grants]\nhosts = [\"ftp://x\"]", "line 2 column 9", "the scheme is http or https"),
        ("x = ", "line 1 column 5", ""),
        ("[grants.environment]\n\"A=B\" = \"1\"", "line 1 column 9", "no name of a variable"),
        ("[grants.environment]\nA = \"\\u0000\"", "line 1 column 9", "NUL"),
        ("component = \"abc\"", "line 1 column 13", ""),
    ] {
        let failure = Failure::from(Sidecar::parse(text).unwrap_err());
        assert_eq!(failure.code, ErrorCode::ConfigInvalid);
        assert!(failure.message.starts_with(place), "{text:?}: {}", failure.message);
        assert!(failure.message.contains(message), "{text:?}: {}", failure.message);
    }
    assert!(Sidecar::parse(&"#".repeat(MAX_SIDECAR_BYTES + 1)).is_err());
}

#[test]
fn limits_are_those_that_are_set_and_never_past_the_hosts() {
    let usual = ResourceContract::usual();
    assert_eq!(TermLimits::default().over(usual.clone()), usual);
    let more = TermLimits { fuel: Some(Fuel::MAX), host_calls: Some(7), ..TermLimits::default() };
    let over = more.over(usual.clone());
    assert_eq!((over.fuel, over.host_calls), (ResourceContract::host_maximum().fuel, 7));
    assert_eq!((over.memory_bytes, over.deadline_ms), (usual.memory_bytes, usual.deadline_ms));
    assert_eq!(TermLimits::of(&over).over(usual), over);
}

#[test]
fn of_an_environment_the_narrower_counts() {
    let variables = |all: &[(&str, &str)]| -> Environment {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let granted = variables(&[("A", "workflow"), ("B", "workflow")]);
    let says_nothing = Narrowing::default();
    assert_eq!(says_nothing.environment(&granted), granted);
    let own =
        Narrowing { environment: Some(variables(&[("A", "own"), ("C", "own")])), ..Narrowing::default() };
    assert_eq!(own.environment(&granted), variables(&[("A", "workflow"), ("C", "own")]));
    let none = Narrowing { environment: Some(Environment::new()), ..Narrowing::default() };
    assert_eq!(none.environment(&granted), Environment::new());
}
