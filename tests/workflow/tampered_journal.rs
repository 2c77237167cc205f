//! Journals that someone changed, cut or made up: none of them passes for the run.

use std::sync::Arc;

use aos_host::failure::{ErrorCode, Failure};
use aos_host::journal::{Entry, Event, Recording, Retry, RunStarted};
use aos_host::outcome::{OutcomeCode, Status, StructuredOutcome};
use aos_host::providers::{LiveHttp, StubWorld, World};
use aos_host::units::Money;
use aos_host::{Replay, Runtime};
use serde_json::{Value, json};

use crate::support::certified::sealed_again;
use crate::support::recorded::{Recorded, assert_fits_schema, forged, record};
use crate::support::runtime::{in_time, of, read, specified};
use crate::support::server::{Reply, Server};

/// Three steps: a request, a question and a transformation.
async fn original() -> Recorded {
    record(&specified().await, &read("fixtures/workflows/demo.yaml"), json!({})).await
}

/// Replays on a runtime that could reach the world.
async fn replay(journal: &[u8]) -> Replay {
    let replay = specified().await.replay(journal).await;
    assert_fits_schema(&replay.outcome);
    replay
}

async fn assert_refused(journal: &[u8], code: ErrorCode) -> String {
    let failure = replay(journal).await.proof.expect_err("the journal passes for the run");
    assert_eq!(failure.code, code, "{failure}");
    failure.message
}

fn forge_outcome(entries: &mut [Entry], forge: impl FnOnce(&mut StructuredOutcome)) {
    let Some(Event::RunEnded(ended)) = entries.last_mut().map(|entry| &mut entry.event) else {
        panic!("the journal has no end");
    };
    forge(&mut ended.outcome);
}

fn forge_each(entries: &mut [Entry], mut forge: impl FnMut(&mut Event)) {
    entries.iter_mut().for_each(|entry| forge(&mut entry.event));
}

#[test]
fn a_journal_that_nobody_touched_is_the_same_when_it_is_sealed_again() {
    in_time(async {
        let run = original().await;
        assert_eq!(forged(&run, |_| {}), run.journal);
    });
}

#[test]
fn every_flipped_byte_is_found() {
    in_time(async {
        let run = original().await;
        let last = run.journal.len() - 1;
        for place in 0..last {
            let mut journal = run.journal.clone();
            journal[place] ^= 1 << (place % 8);
            assert!(Recording::read(&journal).is_err(), "a bit of byte {place} changed and nobody saw it");
        }
        for place in [0, 40, last / 3, last / 2, last - 1] {
            let mut journal = run.journal.clone();
            journal[place] ^= 0x10;
            assert_refused(&journal, ErrorCode::JournalCorrupt).await;
        }
    });
}

#[test]
fn a_line_that_is_dropped_doubled_or_moved_is_found() {
    in_time(async {
        let run = original().await;
        let lines: Vec<&[u8]> = run.journal.split_inclusive(|byte| *byte == b'\n').collect();
        for place in 0..lines.len() - 1 {
            let (mut dropped, mut doubled, mut moved) = (lines.clone(), lines.clone(), lines.clone());
            dropped.remove(place);
            doubled.insert(place, lines[place]);
            moved.swap(place, place + 1);
            for changed in [dropped, doubled, moved] {
                assert_refused(&changed.concat(), ErrorCode::JournalCorrupt).await;
            }
        }
    });
}

#[test]
fn a_journal_that_was_cut_is_incomplete_and_never_the_run() {
    in_time(async {
        let run = original().await;
        let ends: Vec<_> = (0..run.journal.len()).filter(|place| run.journal[*place] == b'\n').collect();
        for line in ends.windows(2) {
            let (end, next) = (line[0] + 1, line[1] + 1);
            assert_refused(&run.journal[..end], ErrorCode::ReplayIncomplete).await;
            assert_refused(&run.journal[..end + (next - end) / 2], ErrorCode::ReplayIncomplete).await;
        }
        assert_refused(&run.journal[..run.journal.len() - 1], ErrorCode::ReplayIncomplete).await;
        assert_refused(&run.journal[..ends[0] / 2], ErrorCode::JournalCorrupt).await;
        assert_refused(b"", ErrorCode::JournalCorrupt).await;
    });
}

#[test]
fn what_is_no_journal_is_refused() {
    in_time(async {
        let deep = "[".repeat(200_000);
        for text in ["\n", "\n\n\n", "{}\n", "null\n", "hello\n", "\u{0}\u{0}\n", deep.as_str()] {
            assert_refused(text.as_bytes(), ErrorCode::JournalCorrupt).await;
            assert_refused(format!("{text}\n").as_bytes(), ErrorCode::JournalCorrupt).await;
        }
        assert_refused(&[0xff, 0xfe, b'\n'], ErrorCode::JournalCorrupt).await;
    });
}

#[test]
fn an_outcome_that_was_made_up_is_a_divergence_however_well_it_is_sealed() {
    in_time(async {
        let run = original().await;
        let forgeries: [fn(&mut StructuredOutcome); 6] = [
            |outcome| outcome.output = json!({"wisdom": "all is well"}),
            |outcome| outcome.cost_cents = 0,
            |outcome| outcome.cost.charged = Money::ZERO,
            |outcome| outcome.side_effects.clear(),
            |outcome| outcome.latency_ms += 1,
            |outcome| outcome.steps[1].output["text"] = json!("another summary"),
        ];
        for forge in forgeries {
            let journal = forged(&run, |entries| forge_outcome(entries, forge));
            let message = assert_refused(&journal, ErrorCode::ReplayDivergence).await;
            assert!(message.contains("the outcome differs"), "{message}");
        }
    });
}

#[test]
fn an_answer_that_was_made_up_is_a_divergence_at_the_step_that_used_it() {
    in_time(async {
        let run = original().await;
        let journal = forged(&run, |entries| {
            forge_each(entries, |event| {
                if let Event::Result(result) = event
                    && let Some(answer) = result.answer.as_mut().filter(|answer| answer["status"] == 200)
                {
                    answer["body"] = json!({"text": "Keep it simple."});
                }
            });
        });
        let message = assert_refused(&journal, ErrorCode::ReplayDivergence).await;
        assert!(message.contains("step fetch attempt 1"), "{message}");
    });
}

#[test]
fn a_request_that_was_made_up_is_a_divergence_at_its_call() {
    in_time(async {
        let run = original().await;
        let journal = forged(&run, |entries| {
            forge_each(entries, |event| {
                if let Event::Intent(intent) = event
                    && intent.call == "llm.complete"
                {
                    intent.request["messages"][0]["content"] = json!("Summarize: nothing");
                }
            });
        });
        let message = assert_refused(&journal, ErrorCode::ReplayDivergence).await;
        assert!(message.contains("step summary attempt 1 call"), "{message}");
        assert!(message.contains("/request/messages/0/content"), "{message}");
    });
}

#[test]
fn an_input_that_was_made_up_is_a_divergence() {
    in_time(async {
        let run = original().await;
        let journal = forged(&run, |entries| {
            forge_each(entries, |event| {
                if let Event::RunStarted(started) = event {
                    started.input = json!({"url": "https://api.github.com/other"});
                }
            });
        });
        let message = assert_refused(&journal, ErrorCode::ReplayDivergence).await;
        assert!(message.contains("step fetch") && message.contains("/input/url"), "{message}");
    });
}

#[test]
fn a_call_or_an_attempt_that_was_left_out_or_put_in_is_found() {
    in_time(async {
        let run = original().await;
        let without_calls = forged(&run, |entries| {
            entries.retain(|entry| !matches!(entry.event, Event::Intent(_) | Event::Result(_)));
        });
        assert_refused(&without_calls, ErrorCode::ReplayExhausted).await;
        let of =
            |entry: &Entry, step: &str| entry.cursor.as_ref().is_some_and(|own| own.step.as_str() == step);
        let without_step = forged(&run, |entries| entries.retain(|entry| !of(entry, "document")));
        assert_refused(&without_step, ErrorCode::ReplayExhausted).await;
        let one_more = forged(&run, |entries| {
            let place = entries.iter().rposition(|entry| of(entry, "document")).unwrap();
            let mut more = entries[place].clone();
            if let Some(cursor) = &mut more.cursor {
                cursor.attempt = 2;
            }
            entries.insert(place + 1, more);
        });
        assert_refused(&one_more, ErrorCode::ReplayDivergence).await;
    });
}

#[test]
fn another_format_and_another_component_are_told_apart() {
    in_time(async {
        let run = original().await;
        let other = aos_host::ids::Digest::of(b"another");
        let started = |forge: fn(&mut aos_host::journal::RunStarted)| {
            forged(&run, |entries| {
                forge_each(entries, |event| {
                    if let Event::RunStarted(started) = event {
                        forge(started);
                    }
                });
            })
        };
        let newer = started(|started| started.format = 2);
        assert_refused(&newer, ErrorCode::RecordingVersionUnsupported).await;
        let rebuilt = String::from_utf8(run.journal.clone()).unwrap();
        let skill = specified().await.skills()[0].metadata().digest.to_string();
        assert!(rebuilt.contains(&skill));
        let rebuilt = started(|started| {
            started.skills.values_mut().for_each(|pinned| {
                if let aos_host::journal::PinnedSkill::Component { digest, .. } = pinned {
                    *digest = aos_host::ids::Digest::of(b"another");
                }
            });
        });
        let message = assert_refused(&rebuilt, ErrorCode::SkillDigestMismatch).await;
        assert!(message.contains(&other.to_string()) && message.contains("--skills"), "{message}");
    });
}

#[test]
fn a_workflow_text_that_was_made_up_is_found() {
    in_time(async {
        let run = original().await;
        let journal = forged(&run, |entries| {
            forge_each(entries, |event| {
                if let Event::RunStarted(started) = event {
                    started.workflow_text = started.workflow_text.replace("Summarize in one", "Tell in one");
                }
            });
        });
        assert!(replay(&journal).await.proof.is_err());
    });
}

#[test]
fn a_replay_of_a_forged_journal_asks_nobody() {
    in_time(async {
        let server = Server::start([Reply::text(200, "Keep it real.")]).await;
        let stubs = StubWorld::parse(&read("fixtures/stubs/spec.yaml")).unwrap();
        let runtime: Runtime = of(World::stub(stubs).with_http(Arc::new(LiveHttp::new()))).await;
        let text = read("fixtures/workflows/demo.yaml")
            .replace("[api.github.com]", &format!("[\"{}\"]", server.origin()));
        let run = record(&runtime, &text, json!({"url": server.url("/zen")})).await;
        run.assert_success();
        let journal = forged(&run, |entries| {
            entries.retain(|entry| !matches!(entry.event, Event::Intent(_) | Event::Result(_)));
        });
        let proof: Result<(), Value> =
            runtime.replay(&journal).await.proof.map_err(|failure| json!(failure.code));
        assert_eq!(proof, Err(json!("REPLAY_EXHAUSTED")));
        assert_eq!(server.requests().len(), 1);
    });
}

type Change = fn(&mut Event, Money);

#[test]
fn money_that_was_made_up_does_not_add_up_however_well_it_is_sealed() {
    in_time(async {
        let run = original().await;
        let cent = Money::from_cents(1).unwrap();
        let changes: [(&str, Change); 5] = [
            ("another price", |event, _| {
                if let Event::StepEnded(ended) = event {
                    ended.fuel_refunded = Money::ZERO
                }
            }),
            ("billed more", |event, cent| {
                if let Event::StepEnded(ended) = event {
                    ended.charged = ended.charged.saturating_add(cent)
                }
            }),
            ("lost instead of billed", |event, _| {
                if let Event::StepEnded(ended) = event {
                    std::mem::swap(&mut ended.charged, &mut ended.absorbed)
                }
            }),
            ("a call spent less", |event, _| {
                if let Event::Result(result) = event {
                    result.spent = Money::ZERO
                }
            }),
            ("more is held than there is", |event, _| {
                if let Event::Intent(intent) = event {
                    intent.held = Money::MAX
                }
            }),
        ];
        for (what, change) in changes {
            let journal =
                forged(&run, |entries| entries.iter_mut().for_each(|entry| change(&mut entry.event, cent)));
            // The outcome is made up as well, difference by difference.
            let mut journal = journal;
            let mut failure = replay(&journal).await.proof.expect_err(what);
            for _ in 0..40 {
                let details = failure.details.clone().unwrap();
                let Some(pointer) = details["pointer"].as_str().filter(|pointer| !pointer.is_empty()) else {
                    break;
                };
                journal = sealed_again(&journal, |entries| {
                    let Some(Event::RunEnded(ended)) = entries.last_mut().map(|entry| &mut entry.event)
                    else {
                        panic!("the journal has no end");
                    };
                    let mut outcome = serde_json::to_value(&ended.outcome).unwrap();
                    *outcome.pointer_mut(pointer).expect("a member") = details["actual"].clone();
                    ended.outcome = serde_json::from_value(outcome).unwrap();
                });
                failure = replay(&journal).await.proof.expect_err(what);
            }
            assert_eq!(failure.code, ErrorCode::ReplayDivergence, "{what}");
            assert!(failure.message.contains("does not add up"), "{what}: {failure}");
        }
    });
}

#[test]
fn entries_that_no_run_writes_are_found_however_well_they_are_sealed() {
    in_time(async {
        let run = original().await;
        let twice = |kind: &str| {
            forged(&run, |entries| {
                let place = entries.iter().position(|entry| entry.event.kind() == kind).unwrap();
                entries.insert(place, entries[place].clone());
            })
        };
        for kind in ["step-started", "intent", "result", "step-ended"] {
            let failure = replay(&twice(kind)).await.proof.expect_err(kind);
            assert_eq!(failure.code, ErrorCode::ReplayDivergence, "{kind}: {failure}");
        }
        let retried = forged(&run, |entries| {
            let place = entries.iter().position(|entry| entry.event.kind() == "step-ended").unwrap();
            let retry = Event::Retry(Retry { code: ErrorCode::Timeout, delay_ms: 1, why: String::new() });
            let entry = Entry { event: retry, ..entries[place].clone() };
            entries.insert(place + 1, entry);
        });
        assert!(replay(&retried).await.proof.is_err(), "a retry after a success");
    });
}

#[test]
fn a_step_that_the_journal_skips_for_no_reason_is_a_divergence() {
    in_time(async {
        let run = original().await;
        for (status, code) in [
            (Status::Skipped, None),
            (Status::Skipped, Some(ErrorCode::DependencyFailed)),
            (Status::Failure, Some(ErrorCode::ExpressionError)),
            (Status::Failure, Some(ErrorCode::SkillNotFound)),
            (Status::Failure, Some(ErrorCode::Timeout)),
        ] {
            let journal = forged(&run, |entries| {
                entries.retain(|entry| {
                    let of_last =
                        entry.cursor.as_ref().is_some_and(|cursor| cursor.step.as_str() == "document");
                    !of_last || entry.event.kind() == "step-ended"
                });
                let ended = entries.iter_mut().rev().find_map(|entry| match &mut entry.event {
                    Event::StepEnded(ended) => Some(ended),
                    _ => None,
                });
                let ended = ended.unwrap();
                ended.status = status;
                ended.failure = code.map(|code| Failure::new(code, "made up"));
                ended.code = code.map_or(OutcomeCode::Ok, OutcomeCode::Error);
                ended.output = None;
                (ended.charged, ended.fuel_refunded) = (Money::ZERO, Money::ZERO);
                ended.fuel = aos_host::units::Fuel::ZERO;
            });
            let failure = replay(&journal).await.proof.unwrap_err();
            assert_eq!(failure.code, ErrorCode::ReplayDivergence, "{code:?}: {failure}");
            assert!(failure.message.contains("step document"), "{code:?}: {failure}");
        }
    });
}

#[test]
fn a_journal_names_the_workflow_that_it_holds() {
    in_time(async {
        let run = original().await;
        let digest = forged(&run, |entries| {
            forge_started(entries, |started| started.workflow_digest = aos_host::ids::Digest::of(b"another"));
        });
        assert_refused(&digest, ErrorCode::JournalCorrupt).await;
        let name =
            forged(&run, |entries| forge_started(entries, |started| started.workflow = "payroll".to_owned()));
        assert_refused(&name, ErrorCode::JournalCorrupt).await;
    });
}

fn forge_started(entries: &mut [Entry], forge: impl FnOnce(&mut RunStarted)) {
    let Some(Event::RunStarted(started)) = entries.first_mut().map(|entry| &mut entry.event) else {
        panic!("the journal has no beginning");
    };
    forge(started);
}

#[test]
fn what_is_not_proven_is_not_shown_as_if_it_were() {
    in_time(async {
        let run = original().await;
        let journal =
            forged(&run, |entries| forge_outcome(entries, |outcome| outcome.message = "made up".to_owned()));
        let replay = replay(&journal).await;
        assert_eq!(replay.outcome.code, OutcomeCode::Error(ErrorCode::ReplayDivergence));
        assert_eq!(replay.outcome.details["pointer"], "/message");
    });
}
