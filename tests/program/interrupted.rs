//! A program that someone stops: by an interrupt, or by going away from its output.

use aos_host::outcome::Status;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;

use super::process::{Ended, at_home};
use crate::support::server::{Reply, Server};

fn two_requests(server: &Server) -> String {
    two_requests_the_second_with(server, json!({}))
}

fn two_requests_the_second_with(server: &Server, mut with: Value) -> String {
    with["url"] = json!(server.url("/slow"));
    let quick = json!({"id": "quick", "skill": "http_call", "with": {"url": server.url("/quick")}});
    let slow = json!({"id": "slow", "skill": "http_call", "needs": ["quick"], "with": with});
    json!({"aos": 1, "name": "x", "grants": {"hosts": [server.origin()]}, "steps": [quick, slow]}).to_string()
}

async fn quick_and_silent() -> Server {
    Server::start([Reply::text(200, "hi").at("/quick").delayed(50), Reply::silence().at("/slow")]).await
}

/// Interrupts a program when the second request has left.
async fn interrupt(mut child: Child, server: &Server) -> Ended {
    let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    // The line of the first step tells that the program listens, and the request that the second one waits.
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    while !lines.next_line().await.unwrap().expect("the line of the first step").contains("quick") {}
    server.received(2).await;
    kill_process(pid, Signal::INT).unwrap();
    let mut rest = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        rest.push_str(&line);
        rest.push('\n');
    }
    Ended { stderr: rest, ..Ended::from(child.wait_with_output().await.unwrap()) }
}

#[test]
fn an_interrupt_cancels_the_run_which_ends_and_replays() {
    at_home(async |home| {
        let server = quick_and_silent().await;
        home.write("flow.yaml", two_requests(&server));
        let child = home.start(["run", "flow.yaml", "--journal", "j.jsonl", "--format", "json"]);
        let ended = interrupt(child, &server).await;
        assert!(ended.stderr.contains("slow  CANCELLED"), "the talk goes on: {}", ended.stderr);
        ended.assert_code(1);
        let outcome = ended.outcome();
        assert_eq!((outcome.status, outcome.code.as_str()), (Status::Failure, "CANCELLED"));
        assert_eq!(outcome.side_effects.len(), 2);
        let replay = home.aos(["replay", "j.jsonl", "--format", "json"]).await;
        replay.assert_code(0);
        assert_eq!(replay.stdout, ended.stdout);
        assert_eq!(server.paths(), ["/quick", "/slow"]);
    });
}

#[test]
fn after_an_interrupt_the_advice_fits_what_was_done() {
    at_home(async |home| {
        for (method, journal, advice) in [
            (
                "GET",
                "get.jsonl",
                "another run does all of it again; `aos inspect get.jsonl` shows what this one did",
            ),
            ("POST", "post.jsonl", "see in `aos inspect post.jsonl` which requests have no result"),
        ] {
            let server = quick_and_silent().await;
            home.write("flow.yaml", two_requests_the_second_with(&server, json!({"method": method})));
            let ended = interrupt(home.start(["run", "flow.yaml", "--journal", journal]), &server).await;
            ended.assert_code(1);
            assert!(ended.stderr.contains(&format!("  help: {advice}")), "{}", ended.stderr);
            let may_have_acted = ended.stdout.contains("1 request had left without a recorded answer");
            assert_eq!(may_have_acted, method == "POST", "{}", ended.stdout);
            let again = home.aos(["resume", journal]).await;
            assert!(again.stderr.contains(&format!("  help: {advice}")), "it has ended: {}", again.stderr);
        }
    });
}

#[test]
fn a_program_that_is_killed_leaves_a_journal_without_an_end() {
    at_home(async |home| {
        let server = Server::start([Reply::text(200, "hi").at("/quick"), Reply::silence().at("/slow")]).await;
        home.write("flow.yaml", two_requests(&server));
        let mut child = home.start(["run", "flow.yaml", "--journal", "j.jsonl"]);
        server.received(2).await;
        child.kill().await.unwrap();
        let replay = home.aos(["replay", "j.jsonl", "--format", "json"]).await;
        replay.assert_code(3);
        assert_eq!(replay.outcome().code.as_str(), "REPLAY_INCOMPLETE");
        let journal = std::fs::read_to_string(home.path("j.jsonl")).unwrap();
        let last = journal.lines().last().unwrap();
        assert!(
            last.contains("\"type\":\"intent\"") && last.contains("/slow"),
            "nothing left unwritten: {last}"
        );
    });
}

#[test]
fn a_reader_that_went_away_ends_the_program_quietly() {
    at_home(async |home| {
        let home = home.with_demo();
        let commands: [&[&str]; 5] = [
            &["run", "demo.yaml", "--stubs", "stubs.yaml"],
            &["run", "demo.yaml", "--stubs", "stubs.yaml", "--format", "json"],
            &["skills", "list"],
            &["skills", "describe", "http_call"],
            &["--help"],
        ];
        for arguments in commands {
            let mut child = home.start(arguments);
            drop(child.stdout.take());
            let ended = Ended::from(child.wait_with_output().await.unwrap());
            ended.assert_code(0);
            assert!(!ended.stderr.contains("roken pipe"), "{}", ended.stderr);
        }
    });
}

#[test]
fn nobody_has_to_read_the_talk() {
    at_home(async |home| {
        let home = home.with_demo();
        let mut child = home.start(["run", "demo.yaml", "--stubs", "stubs.yaml", "--format", "json"]);
        drop(child.stderr.take());
        let ended = Ended::from(child.wait_with_output().await.unwrap());
        ended.assert_code(0);
        assert_eq!(ended.outcome().status, Status::Success);
    });
}
