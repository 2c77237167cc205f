//! What a terminal shows of a run that goes on, and that nothing of it is left.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::process::Child;

use super::process::{Home, at_home};
use super::pty::Terminal;
use crate::support::server::{Reply, Server};

/// What turns in the lines of what goes on.
const SPINNER: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

const RUN: [&str; 4] = ["run", "flow.yaml", "--journal", "j.jsonl"];

/// A workflow of these steps, each with an id, which asks for the path of that name.
fn asks(home: &Home, server: &Server, steps: Vec<Value>) {
    let steps = steps.into_iter().map(|mut step| {
        let id = step["id"].as_str().unwrap().to_owned();
        step["skill"] = json!("http_call");
        step["with"]["url"] = json!(server.url(&format!("/{id}")));
        step
    });
    let steps: Vec<_> = steps.collect();
    let flow = json!({"aos": 1, "name": "x", "grants": {"hosts": [server.origin()]}, "steps": steps});
    home.write("flow.yaml", flow.to_string());
}

async fn ends(mut child: Child, code: i32) {
    assert_eq!(child.wait().await.unwrap().code(), Some(code));
}

/// Nothing of the region is left among these lines.
fn assert_gone(lines: &[String]) {
    for line in lines {
        let is_of_the_region = line.contains(SPINNER) || line.contains("charged $") && line.contains(" of $");
        assert!(!is_of_the_region, "{line:?} in {lines:#?}");
    }
}

#[test]
fn what_goes_on_stands_below_what_is_done_and_is_gone_at_the_end() {
    at_home(async |home| {
        let server = Server::start([
            Reply::text(503, "").header("retry-after", "1").at("/again"),
            Reply::text(200, "b").held().at("/again"),
            Reply::text(200, "a").held().at("/slow"),
        ])
        .await;
        // The server says how long to wait, which is longer than what would be drawn.
        let again = json!({"id": "again", "retry": {"base_ms": 1}});
        asks(&home, &server, vec![json!({"id": "slow"}), again]);
        let terminal = Terminal::new(24, 100);
        let child = home.start_on(&terminal, &[], RUN);
        terminal.shows("slow  http_call  0.").await;
        terminal.shows("waits 1.0 s before attempt 2").await;
        terminal.shows("again  attempt 2  http_call  0.").await;
        terminal.shows("0 of 2 steps").await;
        server.release();
        ends(child, 0).await;
        let (written, lines) = terminal.closed();
        assert!(SPINNER.iter().filter(|turn| written.contains(**turn)).count() > 3, "it turns");
        let call = format!("held $0.000100000  http.send GET {}", server.url("/slow"));
        assert!(written.contains(&call), "{call} in {written:?}");
        assert!(written.contains("charged $0.000000000 of $10.000000000  held $0.0"), "{written:?}");
        assert_gone(&lines);
        let lines: Vec<_> = lines.iter().filter(|line| line.get(6..10) == Some(" ms ")).collect();
        assert_eq!(lines.len(), 4, "{lines:#?}");
        for words in [" failure  again  UPSTREAM", " retry    again  again in 1000 ms", " success  again  OK"]
        {
            assert!(lines.iter().any(|line| line[10..].starts_with(words)), "{words} in {lines:#?}");
        }
    });
}

#[test]
fn more_than_fits_is_counted() {
    at_home(async |home| {
        let server = Server::start([Reply::text(200, "a").held()]).await;
        let elements = json!({"in": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], "parallel": 11});
        asks(&home, &server, vec![json!({"id": "each", "foreach": elements})]);
        for (rows, shown) in [(40, 8), (7, 3), (2, 1)] {
            let terminal = Terminal::new(rows, 60);
            let mut child = home.start_on(&terminal, &[], ["run", "flow.yaml"]);
            if rows > 2 {
                terminal.shows(&format!("  and {} more", 11 - shown)).await;
            } else {
                terminal.shows("each[").await;
            }
            child.kill().await.unwrap();
            terminal.closed();
        }
        server.release();
    });
}

#[test]
fn lines_that_come_meanwhile_stay_whole() {
    at_home(async |home| {
        let server = Server::start([
            Reply::text(200, "a").delayed(300).at("/one"),
            Reply::text(200, "a").delayed(600).at("/two"),
            Reply::text(200, "a").held().at("/three"),
        ])
        .await;
        asks(&home, &server, vec![json!({"id": "one"}), json!({"id": "two"}), json!({"id": "three"})]);
        let terminal = Terminal::new(24, 100);
        let child = home.start_on(&terminal, &[], [&["--log", "debug"], &RUN[..]].concat());
        terminal.shows("2 of 3 steps").await;
        server.release();
        ends(child, 0).await;
        let (written, lines) = terminal.closed();
        assert!(written.contains(SPINNER[3]), "{written:?}");
        assert_gone(&lines);
        for step in ["one", "two", "three"] {
            let line = format!("success  {step}  OK");
            assert!(lines.iter().any(|shown| shown.ends_with(&line)), "{line} in {lines:#?}");
        }
        let logs = lines.iter().filter(|line| line.contains("DEBUG")).count();
        assert!(logs > 3, "what is logged stands there as well: {lines:#?}");
    });
}

#[test]
fn after_an_interrupt_nothing_of_the_region_is_left() {
    at_home(async |home| {
        let server = Server::start([Reply::text(200, "a").at("/quick"), Reply::silence().at("/slow")]).await;
        asks(&home, &server, vec![json!({"id": "quick"}), json!({"id": "slow"})]);
        for interrupts in [1, 2] {
            let mut terminal = Terminal::new(24, 100);
            let journal = format!("{interrupts}.jsonl");
            let child = home.start_on(&terminal, &[], ["run", "flow.yaml", "--journal", &journal]);
            let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
            terminal.shows("1 of 2 steps").await;
            for _ in 0..interrupts {
                // It is the terminal's own process group that a key interrupts, which the program is not in here.
                terminal.types(b"\x03");
                kill_process(pid, Signal::INT).unwrap();
            }
            ends(child, 1).await;
            let (written, lines) = terminal.closed();
            assert!(written.contains("^C"), "the terminal shows the key: {written:?}");
            assert_gone(&lines);
            assert!(lines.iter().any(|line| line.starts_with("failure  CANCELLED")), "{lines:#?}");
            assert!(lines.iter().any(|line| line.ends_with("success  quick  OK")), "{lines:#?}");
        }
    });
}

#[test]
fn nothing_is_drawn_where_nobody_could_read_it() {
    at_home(async |home| {
        let server = Server::start([Reply::text(200, "a").delayed(400)]).await;
        asks(&home, &server, vec![json!({"id": "slow"})]);
        let run = |more: &[&'static str]| [&["run", "flow.yaml"], more].concat();
        for (environment, arguments) in
            [(&[("TERM", "dumb")][..], run(&[])), (&[], run(&["--log-format", "json", "--format", "json"]))]
        {
            let terminal = Terminal::new(24, 100);
            ends(home.start_on(&terminal, environment, arguments), 0).await;
            let (written, _) = terminal.closed();
            assert!(!written.contains('\u{1b}') && !written.contains(SPINNER), "{written:?}");
        }
    });
}

#[test]
fn who_asks_for_no_colours_gets_the_region_without() {
    at_home(async |home| {
        let server = Server::start([Reply::text(200, "a").held()]).await;
        asks(&home, &server, vec![json!({"id": "slow"})]);
        for (environment, colours) in [(&[][..], true), (&[("NO_COLOR", "1")], false)] {
            let terminal = Terminal::new(24, 100);
            let mut child = home.start_on(&terminal, environment, ["run", "flow.yaml"]);
            terminal.shows("http.send GET").await;
            child.kill().await.unwrap();
            let (written, _) = terminal.closed();
            assert_eq!(written.contains("\u{1b}[36m"), colours, "{written:?}");
        }
    });
}

#[test]
fn a_run_that_is_resumed_shows_what_it_goes_on_with() {
    at_home(async |home| {
        let server = Server::start([
            Reply::text(200, "a").at("/first"),
            Reply::silence().at("/second"),
            Reply::text(200, "b").held().at("/second"),
        ])
        .await;
        asks(&home, &server, vec![json!({"id": "first"}), json!({"id": "second", "needs": ["first"]})]);
        let mut child = home.start(RUN);
        server.received(2).await;
        child.kill().await.unwrap();
        let terminal = Terminal::new(24, 100);
        let child = home.start_on(&terminal, &[], ["resume", "j.jsonl"]);
        terminal.shows("second  http_call").await;
        terminal.shows("1 of 2 steps").await;
        server.release();
        ends(child, 0).await;
        let (_, lines) = terminal.closed();
        assert_gone(&lines);
        assert!(lines.iter().any(|line| line.ends_with("success  second  OK")), "{lines:#?}");
    });
}
