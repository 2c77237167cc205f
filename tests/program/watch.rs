//! `aos inspect --watch`: journals that someone else writes.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::time::Duration;

use aos_host::providers::{FileSink, is_written};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::process::Child;

use super::process::{Ended, Home, at_home};
use super::pty::Terminal;
use crate::support::flow;
use crate::support::server::{Reply, Server};

const RUN: [&str; 4] = ["run", "flow.yaml", "--journal", "j.jsonl"];
const WATCH: [&str; 3] = ["inspect", "--watch", "j.jsonl"];

/// Longer than a journal is quiet before it is asked whether anyone writes it.
const LONG: Duration = Duration::from_millis(1500);

/// A run that waits for its only answer.
async fn waiting(home: &Home, server: &Server) -> Child {
    home.write("flow.yaml", flow::http(server, json!({"url": server.url("/slow")})));
    let child = home.start(RUN);
    server.received(1).await;
    child
}

/// The demo, recorded: the bytes of its journal.
async fn recorded(home: &Home) -> Vec<u8> {
    home.aos(["run", "demo.yaml", "--stubs", "stubs.yaml", "--journal", "whole.jsonl"]).await.assert_code(0);
    std::fs::read(home.path("whole.jsonl")).unwrap()
}

/// A journal that this test writes, and its lock.
fn written_here(home: &Home, bytes: &[u8]) -> File {
    let path = home.path("j.jsonl");
    let mut file = OpenOptions::new().append(true).create_new(true).open(path).unwrap();
    file.lock().unwrap();
    file.write_all(bytes).unwrap();
    file
}

async fn ended(child: Child) -> Ended {
    child.wait_with_output().await.unwrap().into()
}

/// The first lines of the tree.
async fn head(home: &Home, journal: &str) -> String {
    let tree = home.aos(["inspect", journal]).await;
    tree.assert_code(0);
    let lines: Vec<_> = tree.stdout.lines().take_while(|line| !line.starts_with(['├', '└'])).collect();
    format!("{}\n", lines.join("\n"))
}

#[test]
fn a_run_of_another_process_is_followed_to_its_end() {
    at_home(async |home| {
        let server = Server::start([Reply::text(200, "a").held()]).await;
        let run = waiting(&home, &server).await;
        let (talk, terminal) = (home.start(WATCH), Terminal::new(24, 100));
        let seen = home.start_on(&terminal, &[], WATCH);
        terminal.shows("call  http_call  ").await;
        terminal.shows("0 of 1 step  ").await;
        tokio::time::sleep(LONG).await;
        server.release();
        let (run, talk) = (ended(run).await, ended(talk).await);
        run.assert_code(0);
        talk.assert_code(0);
        let lines: Vec<_> = run.stderr.lines().filter(|line| !line.starts_with("journal ")).collect();
        assert_eq!(talk.stderr.lines().collect::<Vec<_>>(), lines);
        assert_eq!(talk.stdout, head(&home, "j.jsonl").await);
        assert!(talk.stdout.contains("success  OK") && talk.stdout.contains("charged $"), "{}", talk.stdout);
        ended(seen).await.assert_code(0);
        let (_, lines) = terminal.closed();
        assert!(lines.iter().any(|line| line.ends_with("success  call  OK")), "{lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("0 of 1 step")), "{lines:#?}");
    });
}

#[test]
fn a_run_that_was_killed_is_told_of() {
    at_home(async |home| {
        let server = Server::start([Reply::silence()]).await;
        let mut run = waiting(&home, &server).await;
        let watch = home.start(WATCH);
        tokio::time::sleep(LONG).await;
        run.kill().await.unwrap();
        let watch = ended(watch).await;
        watch.assert_code(0);
        assert!(watch.stderr.contains("nobody writes j.jsonl any more"), "{}", watch.stderr);
        assert!(watch.stderr.contains("aos resume j.jsonl"), "{}", watch.stderr);
        assert_eq!(watch.stdout, head(&home, "j.jsonl").await);
        let json = home.aos([&WATCH[..], &["--format", "json"]].concat()).await;
        json.assert_code(0);
        assert_eq!(json.json()["outcome"], json!(null));
    });
}

#[test]
fn an_interrupt_ends_the_watching_and_not_the_run() {
    at_home(async |home| {
        let server = Server::start([Reply::text(200, "a").held()]).await;
        let run = waiting(&home, &server).await;
        let terminal = Terminal::new(24, 100);
        let mut watch = home.start_on(&terminal, &[], WATCH);
        terminal.shows("0 of 1 step").await;
        let pid = Pid::from_raw(i32::try_from(watch.id().unwrap()).unwrap()).unwrap();
        kill_process(pid, Signal::INT).unwrap();
        assert_eq!(watch.wait().await.unwrap().code(), Some(0));
        let (_, lines) = terminal.closed();
        assert!(lines.iter().any(|line| line.contains("still goes on")), "{lines:#?}");
        server.release();
        ended(run).await.assert_code(0);
    });
}

#[test]
fn the_end_of_a_torn_line_and_of_an_empty_file_is_waited_for() {
    at_home(async |home| {
        let home = home.with_demo();
        let whole = recorded(&home).await;
        for torn in [0, 9, whole.len() - 9] {
            let mut file = written_here(&home, &whole[..torn]);
            let mut watch = home.start(WATCH);
            tokio::time::sleep(LONG).await;
            assert_eq!(watch.try_wait().unwrap(), None, "{torn} bytes are there");
            file.write_all(&whole[torn..]).unwrap();
            let watch = ended(watch).await;
            watch.assert_code(0);
            assert_eq!(watch.stdout, head(&home, "whole.jsonl").await);
            std::fs::remove_file(home.path("j.jsonl")).unwrap();
        }
    });
}

#[test]
fn a_torn_line_that_a_resumed_run_cuts_off_is_forgotten() {
    at_home(async |home| {
        let home = home.with_demo();
        let whole = recorded(&home).await;
        let half = whole.len() / 2;
        let half = half + whole[half..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let mut file = written_here(&home, &whole[..half]);
        file.write_all(b"{\"seq\":99,\"a line of which the rest was lost").unwrap();
        let watch = home.start(WATCH);
        tokio::time::sleep(LONG).await;
        file.set_len(half as u64).unwrap();
        file.write_all(&whole[half..]).unwrap();
        let watch = ended(watch).await;
        watch.assert_code(0);
        assert_eq!(watch.stdout, head(&home, "whole.jsonl").await);
    });
}

#[test]
fn what_cannot_be_trusted_is_not_followed_any_further() {
    at_home(async |home| {
        let home = home.with_demo();
        let whole = recorded(&home).await;
        let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let mut file = written_here(&home, &whole[..first]);
        let watch = home.start([&WATCH[..], &["--format", "json"]].concat());
        tokio::time::sleep(Duration::from_millis(300)).await;
        file.write_all(b"{\"seq\":1,\"forged\":true}\n").unwrap();
        let watch = ended(watch).await;
        watch.assert_code(3);
        assert_eq!(watch.outcome().code.as_str(), "JOURNAL_CORRUPT");
        let text = home.aos(WATCH).await;
        text.assert_code(3);
        assert!(text.stdout.is_empty() && text.stderr.contains("JOURNAL_CORRUPT"), "{}", text.stderr);
    });
}

#[test]
fn the_document_of_a_run_that_is_watched_is_that_of_inspect() {
    at_home(async |home| {
        let home = home.with_demo();
        recorded(&home).await;
        let watched = home.aos(["inspect", "--watch", "whole.jsonl", "--format", "json"]).await;
        watched.assert_code(0);
        assert_eq!(watched.stderr, "");
        assert_eq!(watched.stdout, home.aos(["inspect", "whole.jsonl", "--format", "json"]).await.stdout);
        for (arguments, words) in [
            (&["inspect", "--watch", "nothing.jsonl"][..], "nothing.jsonl"),
            (&["inspect", "--watch", "."], "is no file"),
            (&["inspect", "--watch", "whole.jsonl", "--call", "fetch:1:0"], "cannot be used with"),
        ] {
            let refused = home.aos(arguments).await;
            refused.assert_code(2);
            assert!(refused.stderr.contains(words), "{}", refused.stderr);
        }
    });
}

#[test]
fn who_asks_whether_a_journal_is_written_is_in_nobodys_way() {
    at_home(async |home| {
        let home = home.with_demo();
        recorded(&home).await;
        let path = home.path("whole.jsonl");
        let file = File::open(&path).unwrap();
        assert!(!is_written(&file).unwrap());
        // A question that takes long, as it may on a machine with much to do.
        file.lock_shared().unwrap();
        let asking = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            file.unlock().unwrap();
            file
        });
        let (sink, _) = FileSink::take_up(&path).unwrap();
        let file = asking.join().unwrap();
        assert!(is_written(&file).unwrap());
        drop(sink);
        assert!(!is_written(&file).unwrap());
    });
}
