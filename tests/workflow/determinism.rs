//! Nondeterminism on purpose, in great numbers: what differs from run to run is the same again in each replay.

use std::collections::BTreeSet;

use aos_host::failure::ErrorCode;
use aos_host::journal::{Entry, Event};
use aos_host::providers::MemorySink;
use aos_host::{RunOptions, Runtime};
use serde_json::{Value, json};

use crate::support::flow;
use crate::support::recorded::{Recorded, forged, parse, record};
use crate::support::runtime::{elsewhere, in_time, in_time_on_threads, live, stubbed};
use crate::support::server::{Reply, Server};

/// A delay that follows from a number, and looks as if it did not.
fn delay(n: usize) -> u64 {
    (n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60
}

#[test]
fn a_hundred_runs_differ_where_they_should_and_each_repeats_in_three_engines() {
    in_time_on_threads(async {
        let runtime = live().await;
        let (mut folds, mut races, mut struck) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for n in 0..100 {
            let script = [
                Reply::silence().at("/slow"),
                Reply::text(200, "left").at("/left").delayed(delay(2 * n)),
                Reply::text(200, "right").at("/right").delayed(delay(2 * n + 1)),
            ];
            let server = Server::start(script).await;
            let racing = [json!({"url": server.url("/left")}), json!({"url": server.url("/right")})];
            let impatient = json!({"method": "GET", "url": server.url("/slow"), "timeout_ms": 15});
            let with = json!({"do": "fold", "impatient": impatient, "racing": racing});
            // `record` holds the run to its replays, in three engines.
            let run = record(&runtime, &flow::probe_step(&server, json!({"with": with})), json!({})).await;
            let output = run.assert_success().step("call").output.clone();
            assert_eq!(output["seen"]["came_to"], "TIMEOUT");
            struck.insert(output["seen"]["struck_after"].as_u64().unwrap());
            races.insert(output["race"].to_string());
            folds.insert(output["seen"].to_string());
        }
        assert_eq!(folds.len(), 100, "clocks, randomness and the order of a map differ each time");
        assert!(struck.len() > 50, "a timeout strikes at another nanosecond: {}", struck.len());
        assert!(races.len() > 1, "the answers come in both orders");
    });
}

#[test]
fn eight_steps_at_the_same_time_repeat_in_two_hundred_runs() {
    in_time_on_threads(async {
        let runtime = live().await;
        let mut orders = BTreeSet::new();
        for n in 0..200 {
            let script = (0..8).map(|step| {
                Reply::text(200, &format!("{step}")).at(&format!("/{step}")).delayed(delay(8 * n + step))
            });
            let server = Server::start(script).await;
            let steps: Vec<_> = (0..8)
                .map(|step| json!({"id": format!("s{step}"), "skill": "http_call", "with": {"url": server.url(&format!("/{step}"))}}))
                .collect();
            let workflow =
                json!({"aos": 1, "name": "eight", "grants": {"hosts": [server.origin()]}, "steps": steps});
            let run = run_of(&runtime, &workflow.to_string()).await;
            run.assert_success();
            run.assert_replays_on(elsewhere().await).await;
            let order: Vec<_> =
                run.outcome.side_effects.iter().map(|effect| effect.step.to_string()).collect();
            orders.insert(order);
            if n % 50 == 0 {
                run.assert_sound().await;
            }
        }
        assert!(orders.len() > 20, "the steps end in {} orders", orders.len());
    });
}

async fn run_of(runtime: &Runtime, workflow: &str) -> Recorded {
    let sink = MemorySink::default();
    let options = RunOptions::default().journal(sink.clone());
    let outcome = runtime.start(&parse(workflow), json!({}), options).outcome().await;
    Recorded { outcome, journal: sink.bytes() }
}

#[test]
fn a_long_conversation_makes_no_long_journal() {
    in_time(async {
        let stubs = format!("llm:\n  go on: {{text: \"{}\", tokens: 5}}\n", "and so on ".repeat(20));
        let runtime = stubbed(&stubs).await;
        let turns = 200;
        let with = json!({"do": "converse", "model": "gpt-4o-mini", "turns": turns, "words": 60});
        let step = json!({"with": with});
        let workflow = flow::one_step(json!({"models": ["gpt-4o-mini"]}), "probe", step);
        let run = record(&runtime, &workflow, json!({})).await;
        let said = usize::try_from(run.assert_success().step("call").output.as_u64().unwrap()).unwrap();
        let bound = 3 * said + turns * 1024;
        assert!(run.journal.len() <= bound, "{} bytes for a conversation of {said}", run.journal.len());
        // Without it, each question would be there whole.
        let asked: usize =
            run.entries()
                .iter()
                .map(|entry| {
                    if let Event::Intent(intent) = &entry.event {
                        intent.request.to_string().len()
                    } else {
                        0
                    }
                })
                .sum();
        assert!(asked > 20 * run.journal.len(), "{asked} bytes were asked");
    });
}

/// A run of twenty calls, in a step of its own component.
async fn twenty_calls() -> (Recorded, usize) {
    let count = 20;
    let replies = (0..count).map(|n| Reply::text(200, &format!("answer {n}")).at(&format!("/{n}")));
    let server = Server::start(replies).await;
    let request = |n: usize| json!({"method": "POST", "url": server.url(&format!("/{n}")), "headers": [["x-n", format!("{n}")]], "body": format!("body {n}")});
    let requests: Vec<_> = (0..count).map(request).collect();
    let step = json!({"with": {"do": "calls", "requests": requests}});
    let run = record(&live().await, &flow::probe_step(&server, step), json!({})).await;
    run.assert_success();
    (run, count)
}

fn index_of(event: &Event) -> Option<u32> {
    match event {
        Event::Intent(intent) => Some(intent.index),
        Event::Result(result) => Some(result.index),
        _ => None,
    }
}

fn renumber(entries: &mut [Entry], number: impl Fn(u32) -> u32) {
    for entry in entries {
        match &mut entry.event {
            Event::Intent(intent) => intent.index = number(intent.index),
            Event::Result(result) => result.index = number(result.index),
            _ => {}
        }
    }
}

/// What is changed at a call, and at which call the replay has to part from it.
type Mutation = (&'static str, fn(&mut Vec<Entry>, u32), fn(u32) -> u32);

const MUTATIONS: [Mutation; 7] = [
    (
        "another URL",
        |entries, at| request(entries, at, |request| request["url"] = json!("http://127.0.0.1:1/")),
        same,
    ),
    (
        "another header",
        |entries, at| request(entries, at, |request| request["headers"][0][1] = json!("other")),
        same,
    ),
    (
        "another body byte",
        |entries, at| request(entries, at, |request| request["body"]["text"] = json!("Body")),
        same,
    ),
    ("another method", |entries, at| request(entries, at, |request| request["method"] = json!("PUT")), same),
    // The recorded run made one call more: the replay parts from it where the next one should be.
    (
        "one call fewer now",
        |entries, at| {
            let mut more: Vec<_> =
                entries.iter().filter(|entry| index_of(&entry.event) == Some(at)).cloned().collect();
            request(&mut more, at, |request| request["url"] = json!("http://127.0.0.1:1/more"));
            renumber(entries, |index| if index >= at { index + 1 } else { index });
            let place = entries.iter().position(|entry| index_of(&entry.event) == Some(at + 1)).unwrap();
            more.iter_mut().for_each(|entry| entry.stamp = entries[place].stamp);
            entries.splice(place..place, more);
        },
        same,
    ),
    (
        "one call more now",
        |entries, at| {
            entries.retain(|entry| index_of(&entry.event) != Some(at));
            renumber(entries, |index| if index > at { index - 1 } else { index });
        },
        same,
    ),
    (
        "another order",
        |entries, at| {
            let other = if at == 19 { 18 } else { at + 1 };
            renumber(entries, |index| {
                if index == at {
                    other
                } else if index == other {
                    at
                } else {
                    index
                }
            });
        },
        |at| if at == 19 { 18 } else { at },
    ),
];

const fn same(at: u32) -> u32 {
    at
}

fn request(entries: &mut [Entry], at: u32, change: impl Fn(&mut Value)) {
    for entry in entries {
        if let Event::Intent(intent) = &mut entry.event
            && intent.index == at
        {
            change(&mut intent.request);
        }
    }
}

#[test]
fn a_journal_of_another_run_is_parted_from_at_exactly_the_right_call() {
    in_time(async {
        let (run, count) = twenty_calls().await;
        let runtime = live().await;
        let mut tried = 0;
        for (what, change, expected) in MUTATIONS {
            for at in 0..u32::try_from(count).unwrap() {
                let journal = forged(&run, |entries| change(entries, at));
                let failure = runtime.replay(&journal).await.proof.expect_err(what);
                let details = failure.details.as_ref().unwrap();
                let place = (details["step"].as_str(), details["attempt"].as_u64(), details["call"].as_u64());
                assert_eq!(
                    place,
                    (Some("call"), Some(1), Some(expected(at).into())),
                    "{what} at {at}: {failure}"
                );
                assert!(
                    matches!(failure.code, ErrorCode::ReplayDivergence | ErrorCode::ReplayExhausted),
                    "{failure}"
                );
                tried += 1;
            }
        }
        assert_eq!(tried, 140);
    });
}

#[test]
fn the_memory_of_an_attempt_is_recorded_and_proven() {
    in_time(async {
        let runtime = stubbed(&crate::support::runtime::read("fixtures/stubs/demo.yaml")).await;
        let demo = crate::support::runtime::read("fixtures/workflows/demo.yaml");
        let run = record(&runtime, &demo, json!({})).await;
        let memory = |entry: &Entry| match &entry.event {
            Event::StepEnded(ended) => ended.memory_bytes,
            _ => None,
        };
        let all: Vec<u64> = run.entries().iter().filter_map(memory).collect();
        assert_eq!(all.len(), 3);
        assert!(all.iter().all(|bytes| bytes % 65536 == 0 && *bytes > 0), "whole pages: {all:?}");
        let set = |bytes: Option<u64>| {
            forged(&run, |entries| {
                let ended = entries.iter_mut().find_map(|entry| match &mut entry.event {
                    Event::StepEnded(ended) => Some(ended),
                    _ => None,
                });
                ended.expect("an end").memory_bytes = bytes;
            })
        };
        let failure = elsewhere().await.replay(&set(Some(65536))).await.proof.expect_err("another figure");
        assert_eq!(failure.code, ErrorCode::ReplayDivergence);
        assert!(failure.message.contains("/memory_bytes"), "{failure}");
        // A journal from before it was recorded repeats as it is.
        elsewhere().await.replay(&set(None)).await.proof.expect("a journal that does not say");
    });
}
