//! Skills in Rust, in the process of the host: behind the same door as every component.

use std::future::pending;
use std::time::Duration;

use aos_host::failure::{ErrorCategory, ErrorCode, Failure};
use aos_host::journal::{Event, Injections, Interrupted, Recording};
use aos_host::providers::{ChatMessage, ChatRequest, ChatRole, HttpRequest, MemorySink};
use aos_host::skill::{ResourceContract, SkillKind};
use aos_host::units::Fuel;
use aos_host::{Door, LogLevel, NativeSkill, RunOptions, Runtime};
use serde_json::{Value, json};

use crate::support::recorded::{Recorded, record, record_under};
use crate::support::runtime::{elsewhere, in_time, live, specified};
use crate::support::server::{Reply, Server};

/// Registers a skill where it runs, and where its runs are replayed.
async fn with(runtime: Runtime, skill: NativeSkill) -> Runtime {
    elsewhere().await.register_native(skill.clone()).unwrap();
    runtime.register_native(skill).unwrap();
    runtime
}

fn workflow(skill: &str, more: &Value) -> String {
    let mut step = json!({"id": "it", "skill": skill, "with": "${ .input }", "retry": {"max_attempts": 1}});
    let grants = more["grants"].clone();
    for (name, value) in more["step"].as_object().into_iter().flatten() {
        step[name] = value.clone();
    }
    let grants = if grants.is_null() { json!({}) } else { grants };
    json!({"aos": 1, "name": "native", "grants": grants, "steps": [step]}).to_string()
}

async fn fetch(input: &Value, door: &mut Door) -> Result<Value, Failure> {
    let request = HttpRequest::get(input["url"].as_str().unwrap_or_default())?;
    let answer = door.send(request).await?;
    Ok(json!({"status": answer.status, "body": String::from_utf8_lossy(&answer.body)}))
}

fn interrupted(run: &Recorded) -> Option<Interrupted> {
    let ended = |event| if let Event::StepEnded(ended) = event { Some(ended.interrupted) } else { None };
    run.entries().into_iter().find_map(|entry| ended(entry.event)).expect("an end")
}

#[test]
fn what_it_does_is_allowed_recorded_and_repeated() {
    in_time(async {
        let skill = NativeSkill::new("native_all", "1.2.3", |input, door| {
            Box::pin(async move {
                door.log(LogLevel::Info, "begins").await;
                let fetched = fetch(&input, door).await?;
                Ok(json!({"fetched": fetched, "at": door.now().await, "drawn": door.random()}))
            })
        });
        let server = Server::start([Reply::text(200, "from there")]).await;
        let runtime = with(live().await, skill.unwrap().description("Does all of it.")).await;
        let grants = json!({"grants": {"hosts": [server.origin()]}});
        let run = record(&runtime, &workflow("native_all", &grants), json!({"url": server.url("/")})).await;
        let step = run.assert_success().step("it");
        assert_eq!(step.output["fetched"], json!({"status": 200, "body": "from there"}));
        assert_eq!(step.metadata.as_ref().unwrap().skill_version, "1.2.3");
        assert_eq!(run.outcome.fuel, Fuel::ZERO);
        let again = record(&runtime, &workflow("native_all", &grants), json!({"url": server.url("/")})).await;
        assert_ne!(step.output["drawn"], again.step("it").output["drawn"]);
        let known = runtime.skills();
        let known = known.iter().find(|skill| skill.metadata().id.as_str() == "native_all").unwrap();
        assert_eq!((known.metadata().kind, known.component()), (SkillKind::Native, None));
    });
}

#[test]
fn a_failure_of_a_call_that_it_returns_is_the_hosts_own_record_of_it() {
    in_time(async {
        let skill = NativeSkill::new("native_denied", "1", |input, door| {
            Box::pin(async move { fetch(&input, door).await })
        });
        let runtime = with(live().await, skill.unwrap()).await;
        let url = json!({"url": "http://127.0.0.1:1/"});
        let run = record(&runtime, &workflow("native_denied", &json!({})), url).await;
        run.assert_failure(ErrorCode::DestinationDenied);
        assert!(run.outcome.message.contains("add under grants"), "{}", run.outcome.message);
        let narrow =
            ResourceContract { hosts: vec!["api.example.com".to_owned()], ..ResourceContract::usual() };
        let skill = NativeSkill::new("native_narrow", "1", |input, door| {
            Box::pin(async move { fetch(&input, door).await })
        });
        let runtime = with(live().await, skill.unwrap().contract(narrow)).await;
        let granted = json!({"grants": {"hosts": ["http://127.0.0.1:1"]}});
        let url = json!({"url": "http://127.0.0.1:1/"});
        let run = record(&runtime, &workflow("native_narrow", &granted), url).await;
        run.assert_failure(ErrorCode::DestinationDenied);
    });
}

#[test]
fn what_it_says_of_itself_is_its_own_word_and_never_the_hosts() {
    in_time(async {
        let skill = NativeSkill::new("native_claims", "1", |_, _| {
            Box::pin(async {
                Err(Failure::new(ErrorCode::HostPanic, "all is lost").with_details(json!({"a": 1})))
            })
        });
        let runtime = with(live().await, skill.unwrap()).await;
        let run = record(&runtime, &workflow("native_claims", &json!({})), json!({})).await;
        run.assert_failure(ErrorCode::SkillError);
        let details = &run.step("it").details;
        assert_eq!((&details["subcode"], &details["a"]), (&json!("HOST_PANIC"), &json!(1)));
        assert_eq!(run.step("it").category, Some(ErrorCategory::Skill));
        let panics = NativeSkill::new("native_panics", "1", |_, _| Box::pin(async { panic!("on purpose") }));
        let runtime = with(live().await, panics.unwrap()).await;
        let run = record(&runtime, &workflow("native_panics", &json!({})), json!({})).await;
        run.assert_failure(ErrorCode::HostPanic);
    });
}

#[test]
fn input_and_output_fit_its_schemas() {
    in_time(async {
        let skill =
            NativeSkill::new("native_schemas", "1", |input, _| Box::pin(async { Ok(input) })).unwrap();
        let (input, output) = (json!({"required": ["a"]}), json!({"type": "object", "maxProperties": 1}));
        let runtime = with(live().await, skill.schemas(input, output).unwrap()).await;
        let run = async |input| record(&runtime, &workflow("native_schemas", &json!({})), input).await;
        run(json!({"a": 1})).await.assert_success();
        run(json!({})).await.assert_failure(ErrorCode::InputSchemaViolation);
        run(json!({"a": 1, "b": 2})).await.assert_failure(ErrorCode::OutputSchemaViolation);
        assert_eq!(
            NativeSkill::new("No", "1", |input, _| Box::pin(async { Ok(input) })).unwrap_err().code,
            ErrorCode::NameInvalid
        );
        let twice = NativeSkill::new("http_call", "1", |input, _| Box::pin(async { Ok(input) })).unwrap();
        assert_eq!(runtime.register_native(twice).unwrap_err().code, ErrorCode::NameInvalid);
    });
}

#[test]
fn its_deadline_drops_it_in_a_call_and_outside_of_one_and_that_is_repeated() {
    in_time(async {
        let server = Server::start([Reply::text(200, "x").at("/first"), Reply::silence()]).await;
        let skill = NativeSkill::new("native_late", "1", |input, door| {
            Box::pin(async move {
                let fetched = fetch(&input, door).await?;
                if input["waits"] == true {
                    pending::<()>().await;
                }
                Ok(fetched)
            })
        });
        let runtime = with(live().await, skill.unwrap()).await;
        let more = json!({"grants": {"hosts": [server.origin()]}, "step": {"deadline_ms": 300}});
        let run = async |input| record(&runtime, &workflow("native_late", &more), input).await;
        let in_call = run(json!({"url": server.url("/never")})).await;
        in_call.assert_failure(ErrorCode::Timeout);
        // The call itself ends at the deadline, a moment before the attempt does.
        let outside = run(json!({"url": server.url("/first"), "waits": true})).await;
        outside.assert_failure(ErrorCode::Timeout);
        assert_eq!(interrupted(&outside), Some(Interrupted::Fuel(Fuel::ZERO)));
    });
}

#[test]
fn a_call_that_the_budget_refuses_does_not_come_back() {
    in_time(async {
        let skill = NativeSkill::new("native_spends", "1", |_, door| {
            Box::pin(async move {
                let message = ChatMessage {
                    role: ChatRole::User,
                    content: "summarize: this".to_owned(),
                    tool_calls: Vec::new(),
                    tool_call_id: None,
                };
                let question = ChatRequest {
                    model: "gpt-4o".to_owned(),
                    messages: vec![message],
                    max_tokens: 1000,
                    temperature: None,
                    stop: Vec::new(),
                    response_schema: None,
                    tools: Vec::new(),
                    task: Some("summarize".to_owned()),
                };
                let answer = door.ask(question).await;
                Ok(answer.map_or(json!("it went on"), |answer| json!(answer.text)))
            })
        });
        let runtime = with(specified().await, skill.unwrap()).await;
        let text = workflow("native_spends", &json!({"grants": {"models": ["gpt-4o"]}}));
        let run = record(&runtime, &text, json!({})).await;
        assert_eq!(run.assert_success().step("it").output, "This is a summary.");
        assert!(run.outcome.cost.charged > aos_host::units::Money::ZERO);
        let poor = record_under(&runtime, &text, 10).await;
        poor.assert_failure(ErrorCode::BudgetExceeded);
    });
}

#[test]
fn a_replay_asks_for_the_very_version() {
    in_time(async {
        let build = |version: &str| {
            NativeSkill::new("native_versions", version, |input, _| Box::pin(async { Ok(input) })).unwrap()
        };
        let runtime = with(live().await, build("1")).await;
        let run = record(&runtime, &workflow("native_versions", &json!({})), json!({})).await;
        let other = live().await;
        other.register_native(build("2")).unwrap();
        let replay = other.replay(&run.journal).await;
        assert_eq!(replay.proof.unwrap_err().code, ErrorCode::SkillDigestMismatch);
    });
}

#[test]
fn a_call_that_it_drops_ends_it_and_that_is_repeated() {
    in_time(async {
        let server = Server::start([Reply::silence()]).await;
        let skill = NativeSkill::new("native_drops", "1", |input, door| {
            Box::pin(async move {
                let soon = tokio::time::timeout(Duration::from_millis(50), fetch(&input, door)).await;
                // It has ended: nothing of this is recorded, and nothing leaves.
                door.log(LogLevel::Warn, "gave up").await;
                let again = fetch(&input, door).await;
                Ok(json!({"gave_up": soon.is_err(), "again": again.is_ok()}))
            })
        });
        let runtime = with(live().await, skill.unwrap()).await;
        let more = json!({"grants": {"hosts": [server.origin()]}});
        let run = record(&runtime, &workflow("native_drops", &more), json!({"url": server.url("/")})).await;
        run.assert_failure(ErrorCode::SkillError);
        assert_eq!(run.step("it").details["subcode"], "call-dropped");
        assert_eq!(server.connections(), 1);
        assert!(!String::from_utf8_lossy(&run.journal).contains("gave up"));
        assert!(matches!(interrupted(&run), Some(Interrupted::Call(_))), "{:?}", interrupted(&run));
    });
}

#[test]
fn it_runs_for_each_element_and_in_a_rehearsal() {
    in_time(async {
        let server = Server::start([Reply::text(200, "x"), Reply::text(200, "x")]).await;
        let skill = NativeSkill::new("native_each", "1", |input, door| {
            Box::pin(async move { fetch(&input, door).await })
        });
        let runtime = with(live().await, skill.unwrap()).await;
        let url = server.url("/");
        let more = json!({
            "grants": {"hosts": [server.origin()]},
            "step": {"foreach": {"in": [url, url], "parallel": 2}, "with": {"url": "${ .item }"}},
        });
        let run = record(&runtime, &workflow("native_each", &more), json!({})).await;
        assert_eq!(run.assert_success().step("it").output[1]["body"], "x");
        let recording = Recording::read(&run.journal).unwrap();
        let injections = json!([{"step": "it", "item": 1, "index": 0, "error": "TIMEOUT"}]).to_string();
        let injections = Injections::read(&injections, &recording).unwrap();
        let rehearsed = elsewhere().await.rehearse(recording, injections).await.unwrap();
        assert_eq!(rehearsed.code.as_str(), "TIMEOUT", "{}", rehearsed.message);
    });
}

#[test]
fn what_it_waits_for_beside_its_door_a_replay_does_not_wait_for() {
    in_time(async {
        let first = std::sync::atomic::AtomicBool::new(true);
        let skill = NativeSkill::new("native_hangs", "1", move |_, _| {
            let ends = first.swap(false, std::sync::atomic::Ordering::SeqCst);
            Box::pin(async move { if ends { Ok(json!(1)) } else { pending().await } })
        });
        let short = ResourceContract { deadline_ms: 100, ..ResourceContract::usual() };
        let runtime = live().await;
        runtime.register_native(skill.unwrap().contract(short)).unwrap();
        let text =
            aos_host::workflow_format::Workflow::parse(workflow("native_hangs", &json!({})).as_bytes());
        let journal = MemorySink::default();
        let options = RunOptions::default().journal(journal.clone());
        let outcome = runtime.start(&text.unwrap(), json!({}), options).outcome().await;
        assert_eq!(outcome.code.as_str(), "OK", "{}", outcome.message);
        let parted = runtime.replay(&journal.bytes()).await.proof.unwrap_err();
        assert_eq!(parted.code, ErrorCode::ReplayDivergence);
        assert!(
            parted.message.contains("did not come to its recorded end within 100 ms"),
            "{}",
            parted.message
        );
    });
}
