//! Journals that are repeated in three engines: every workflow of the specification, what a certificate says,
//! and what is not certified.

use aos_host::Runtime;
use aos_host::certification::Statement;
use aos_host::failure::ErrorCode;
use aos_host::ids::Digest;
use aos_host::journal::{Entry, Event};
use aos_host::outcome::Status;
use aos_host::units::Fuel;
use serde_json::json;

use super::{budget_exceeded_workflow, llm_chain_workflow, permanent_failure_workflow, simple_http_workflow};
use crate::hostile::attempts::body_of;
use crate::hostile::component::hostile;
use crate::hostile::run;
use crate::support::certified::{assert_certified, certified, refused, sealed_again};
use crate::support::flow;
use crate::support::recorded::{Recorded, record, record_under};
use crate::support::runtime::{elsewhere, in_time, live, read, specified, stubbed};
use crate::support::server::{Reply, Server};

/// Certified on a runtime whose world panics when it is touched.
async fn assert_repeats(run: &Recorded) {
    assert_certified(elsewhere().await, &run.outcome, &run.journal).await;
}

/// As another engine would have recorded it.
fn foreign(journal: &[u8]) -> Vec<u8> {
    sealed_again(journal, |entries| {
        if let Some(Entry { event: Event::RunStarted(started), .. }) = entries.first_mut() {
            started.engine = Digest::of(b"another engine");
        }
    })
}

#[test]
fn simple_http_is_certified() {
    in_time(async {
        assert_repeats(&record(&specified().await, simple_http_workflow::ZEN, json!({})).await).await;
        let server = Server::start([Reply::json(200, &json!({"a": [1, 2.5, "é"]}))]).await;
        let workflow =
            flow::http(&server, json!({"method": "POST", "url": server.url("/"), "body": {"b": 1}}));
        assert_repeats(&record(&live().await, &workflow, json!({})).await).await;
        assert_eq!(server.requests().len(), 1, "the replays asked nobody");
    });
}

#[test]
fn llm_chain_is_certified() {
    in_time(async {
        let input = json!({"text": "long"});
        let run = record(&specified().await, llm_chain_workflow::CHAIN, input).await;
        assert_repeats(run.assert_success()).await;
    });
}

#[test]
fn mixed_skills_are_certified() {
    in_time(async {
        let run = record(&specified().await, &read("fixtures/workflows/demo.yaml"), json!({})).await;
        assert_repeats(run.assert_success()).await;
    });
}

#[test]
fn error_recovery_is_certified() {
    in_time(async {
        let stubs = r#"
http:
  - url: https://flaky.test/
    answers: [{error: connection_reset}, {error: dns}, {status: 503}, {status: 200, body: {ok: true}}]
"#;
        let step =
            json!({"with": {"url": "https://flaky.test/"}, "retry": {"base_ms": 0, "max_attempts": 4}});
        let workflow = flow::one_step(json!({"hosts": ["flaky.test"]}), "http_call", step);
        let run = record(&stubbed(stubs).await, &workflow, json!({})).await;
        assert_eq!(run.assert_success().retries().len(), 3);
        assert_repeats(&run).await;
    });
}

#[test]
fn an_exceeded_budget_is_certified() {
    in_time(async {
        let run = record_under(&specified().await, budget_exceeded_workflow::THREE, 150_000).await;
        assert_repeats(run.assert_failure(ErrorCode::BudgetExceeded)).await;
    });
}

#[test]
fn a_permanent_failure_is_certified() {
    in_time(async {
        let server = Server::start([Reply::status(410)]).await;
        let workflow = server.in_place_of_origin(permanent_failure_workflow::CONTINUE);
        let run = record(&live().await, &workflow, json!({})).await;
        assert_eq!(run.outcome.status, Status::Partial);
        assert_repeats(&run).await;
    });
}

#[test]
fn a_kept_component_is_compiled_once_for_each_engine() {
    in_time(async {
        let folder = tempfile::tempdir().unwrap();
        let (compiled, kept) = (folder.path().join("compiled"), folder.path().join("kept"));
        let build = || Runtime::builder().compile_cache(&compiled).keep_components(&kept).build().unwrap();
        let entries = || std::fs::read_dir(&compiled).unwrap().count();
        let runtime = build();
        runtime.register_skill(hostile("kept", "")).await.unwrap();
        let (_, journal) = run(&runtime, "kept", 60_000).await;
        assert_eq!(
            (runtime.replay(&journal).await.proof, entries()),
            (Ok(()), 1),
            "a replay compiles nothing"
        );
        let runtime = build();
        certified(&runtime, &journal, 3).await;
        assert_eq!(entries(), 3, "live runs and replays in one kind of engine share an entry");
        std::fs::remove_dir_all(&kept).unwrap();
        certified(&runtime, &journal, 1).await;
        assert_eq!(refused(&build(), &journal).await.0.code, ErrorCode::SkillDigestMismatch);
    });
}

#[test]
fn a_certificate_says_what_was_repeated() {
    in_time(async {
        let run = record(&specified().await, &read("fixtures/workflows/demo.yaml"), json!({})).await;
        let statement = certified(elsewhere().await, &run.journal, 2).await;
        let value = serde_json::to_value(&statement).unwrap();
        let engine = |name: &str| json!({"name": name, "repetitions": 2, "verdict": "equal"});
        assert_eq!(value["_type"], "https://in-toto.io/Statement/v1");
        assert_eq!(value["predicateType"], "urn:aos:replay-certificate:1");
        assert_eq!(value["subject"][0]["name"], "run.jsonl");
        let predicate = &value["predicate"];
        let last = String::from_utf8(run.journal.clone()).unwrap();
        let seal = last.trim_end().strip_suffix("\"}").unwrap();
        assert_eq!(predicate["seal"], seal[seal.len() - 64..]);
        assert_eq!(predicate["runId"], json!(run.outcome.run_id));
        assert_eq!(predicate["fuelRules"]["recorded"], predicate["fuelRules"]["own"]);
        assert_eq!(
            predicate["compared"],
            json!(["outcome", "requests", "steps", "side-effects", "ledger", "fuel"])
        );
        assert_eq!(
            predicate["engines"],
            json!([engine("cranelift-speed"), engine("cranelift-none"), engine("pulley")])
        );
        let skills: Vec<_> =
            predicate["skills"].as_array().unwrap().iter().map(|skill| &skill["name"]).collect();
        assert_eq!(skills, ["http_call", "json_transform", "llm_invoke"]);
        let bytes = statement.canonical_bytes().unwrap();
        assert_eq!(bytes, aos_host::canonical::to_vec(&value).unwrap());
        assert_eq!(Statement::read(&bytes).unwrap(), statement);
        let again = certified(elsewhere().await, &run.journal, 2).await;
        assert_eq!(again.canonical_bytes().unwrap(), bytes, "the same proof, the same bytes");
    });
}

#[test]
fn what_was_changed_is_not_certified() {
    in_time(async {
        let run = record(&specified().await, &read("fixtures/workflows/demo.yaml"), json!({})).await;
        let runtime = specified().await;
        let mut flipped = run.journal.clone();
        flipped[run.journal.len() / 2] ^= 1;
        let more = [run.journal.as_slice(), b"more"].concat();
        let cut = &run.journal[..run.journal.len() - 10];
        for (journal, code) in [
            (flipped.as_slice(), ErrorCode::JournalCorrupt),
            (&more, ErrorCode::JournalCorrupt),
            (cut, ErrorCode::ReplayIncomplete),
            (b"", ErrorCode::JournalCorrupt),
        ] {
            let (failure, certification) = refused(&runtime, journal).await;
            assert_eq!(failure.code, code, "{failure}");
            assert!(certification.engines.is_empty(), "nothing to repeat");
        }
        let forged = sealed_again(&run.journal, |entries| {
            for entry in entries {
                if let Event::StepEnded(ended) = &mut entry.event {
                    ended.fuel = ended.fuel.saturating_sub(Fuel::saturating(1));
                }
            }
        });
        let (failure, certification) = refused(&runtime, &forged).await;
        assert_eq!(failure.code, ErrorCode::ReplayDivergence);
        assert_eq!(failure.details.unwrap()["pointer"], "/fuel");
        assert!(certification.engines.iter().all(|engine| engine.proof.is_err() && engine.equal == 0));
    });
}

#[test]
fn under_another_engine_the_fuel_is_the_journals_and_the_certificate_says_so() {
    in_time(async {
        let run = record(&specified().await, &read("fixtures/workflows/demo.yaml"), json!({})).await;
        let journal = foreign(&run.journal);
        let replay = elsewhere().await.replay(&journal).await;
        assert_eq!((replay.proof, replay.outcome.fuel), (Ok(()), run.outcome.fuel));
        let statement = certified(elsewhere().await, &journal, 3).await;
        let rules = statement.predicate.fuel_rules;
        assert_eq!(rules.recorded, Digest::of(b"another engine"));
        assert_ne!(rules.own, rules.recorded);
        let one_unit = sealed_again(&journal, |entries| {
            for entry in entries {
                if let Event::StepStarted(started) = &mut entry.event {
                    started.fuel_granted = Fuel::saturating(1);
                }
            }
        });
        let (failure, _) = refused(elsewhere().await, &one_unit).await;
        let pointer = failure.details.unwrap()["pointer"].clone();
        assert_eq!(
            pointer, "/fuel_granted",
            "a grant that another engine counted stops nobody, and stands in the outcome"
        );
        let forged = sealed_again(&journal, |entries| {
            for entry in entries {
                if let Event::StepEnded(ended) = &mut entry.event {
                    ended.output = Some(json!("forged"));
                }
            }
        });
        let (failure, _) = refused(elsewhere().await, &forged).await;
        let pointer = failure.details.unwrap()["pointer"].clone();
        assert_eq!(pointer, "/output", "everything else is compared");
    });
}

#[test]
fn a_run_that_fuel_ended_under_another_engine_cannot_be_repeated() {
    in_time(async {
        let runtime: Runtime = stubbed("{}").await;
        for name in ["recurses_without_end", "loops_forever"] {
            runtime.register_skill(hostile(name, &body_of(name))).await.unwrap();
            let (_, journal) = run(&runtime, name, 60_000).await;
            let (failure, _) = refused(&runtime, &foreign(&journal)).await;
            assert_eq!(failure.code, ErrorCode::ReplayIncomplete, "{name}: {failure}");
            assert!(failure.message.contains("step a attempt 1"), "{failure}");
            assert_eq!(failure.advice(), "use the version of the program that wrote it", "{name}");
        }
    });
}
