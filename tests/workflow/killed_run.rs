//! Runs that are killed at each write of their journal in turn, and then go on.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use aos_host::failure::ErrorCode;
use aos_host::ids::BudgetName;
use aos_host::journal::{Event, Recording, Sink, Syncer};
use aos_host::outcome::{OutcomeCode, Status, StructuredOutcome};
use aos_host::providers::{BudgetFolder, FileSink};
use aos_host::units::Money;
use aos_host::{Parting, ResumeOptions, RunOptions, Runtime};
use rustix::process::{Signal, getpid, kill_process};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::support::flow;
use crate::support::ledger;
use crate::support::recorded::{Recorded, parse};
use crate::support::runtime::{in_time, live, stubbed};
use crate::support::server::{Reply, Request, Server};

/// What tells this test binary that it is the child that is to be killed: a file that says how.
const ORDER: &str = "AOS_TEST_KILLED_RUN";

/// Where in a write the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Before,
    Within,
    After,
}

pub(super) const MOMENTS: [Moment; 3] = [Moment::Before, Moment::Within, Moment::After];

/// A journal's file that kills its process at one of its writes.
struct Deadly {
    file: FileSink,
    path: PathBuf,
    writes: u64,
    deadly: u64,
    moment: Moment,
}

impl Sink for Deadly {
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        self.writes += 1;
        if self.writes <= self.deadly {
            return self.file.append(lines);
        }
        match self.moment {
            Moment::Before => {}
            Moment::Within => {
                let half = lines.get(..lines.len() / 2).unwrap_or_default();
                let mut file = std::fs::OpenOptions::new().append(true).open(&self.path)?;
                io::Write::write_all(&mut file, half)?;
            }
            Moment::After => self.file.append(lines)?,
        }
        kill_process(getpid(), Signal::KILL)?;
        loop {
            std::thread::park();
        }
    }

    fn syncer(&self) -> Option<Arc<dyn Syncer>> {
        None
    }
}

/// The child: it runs a workflow, and dies. As a test of its own it does nothing.
#[test]
#[expect(clippy::disallowed_methods, reason = "its parent tells it what to do")]
fn the_child() {
    let Ok(order) = std::env::var(ORDER) else { return };
    let order: Value = serde_json::from_str(&std::fs::read_to_string(order).unwrap()).unwrap();
    let text = |name: &str| order[name].as_str().unwrap().to_owned();
    let moment = MOMENTS[order["moment"].as_u64().unwrap() as usize];
    in_time(async {
        let path = PathBuf::from(text("journal"));
        let file = FileSink::create(&path).unwrap();
        let sink = Deadly { file, path, writes: 0, deadly: order["write"].as_u64().unwrap(), moment };
        let runtime = world(order["stubs"].as_str()).await;
        let mut options = RunOptions::default().journal(sink);
        if let Some(folder) = order["budgets"].as_str() {
            let budget = BudgetFolder::new(folder).budget(BudgetName::new("team").unwrap());
            options = options.budget(Arc::new(budget), Some(text("journal")));
        }
        runtime.start(&parse(&text("workflow")), json!({}), options).outcome().await;
    });
}

async fn world(stubs: Option<&str>) -> Runtime {
    match stubs {
        Some(text) => stubbed(text).await,
        None => live().await,
    }
}

/// Lets a child run a workflow until it is killed; false when it came to its end before.
pub(crate) async fn kill(
    workflow: &str,
    stubs: Option<&str>,
    journal: &Path,
    write: u64,
    moment: Moment,
) -> bool {
    !spawn(workflow, stubs, journal, write, moment).wait().await.unwrap().success()
}

fn spawn(workflow: &str, stubs: Option<&str>, journal: &Path, write: u64, moment: Moment) -> Child {
    spawn_by(json!({"workflow": workflow, "stubs": stubs}), journal, write, moment)
}

/// As [`kill`], with all that the child is told.
pub(super) async fn kill_by(order: Value, journal: &Path, write: u64, moment: Moment) -> bool {
    !spawn_by(order, journal, write, moment).wait().await.unwrap().success()
}

fn spawn_by(mut order: Value, journal: &Path, write: u64, moment: Moment) -> Child {
    let moment = MOMENTS.iter().position(|each| *each == moment).unwrap();
    let more = json!({"journal": journal, "write": write, "moment": moment});
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let file = journal.with_extension("order");
    std::fs::write(&file, order.to_string()).unwrap();
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "workflow::killed_run::the_child", "--nocapture"])
        .env(ORDER, &file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Goes on with a journal, and gives the outcome and the whole journal.
pub(crate) async fn resume(runtime: &Runtime, path: &Path) -> Recorded {
    let (sink, recording) = FileSink::take_up(path).unwrap();
    let run = runtime
        .resume(sink, recording, ResumeOptions::default())
        .await
        .unwrap_or_else(|failure| panic!("{failure}"));
    let outcome = run.outcome().await;
    let recorded = Recorded { outcome, journal: std::fs::read(path).unwrap() };
    recorded.assert_sound().await;
    recorded
}

/// Three requests, one after another, and a transformation.
fn three_requests(server: &Server) -> String {
    let step = |id: &str, with: Value, needs: &[&str]| json!({"id": id, "skill": "http_call", "needs": needs, "with": with, "retry": {"base_ms": 0}});
    let steps = json!([
        step("get", json!({"url": server.url("/get")}), &[]),
        step("keyed", json!({"url": server.url("/keyed"), "method": "POST", "body": "x", "idempotency_key": "k-1"}), &["get"]),
        step("once", json!({"url": server.url("/once"), "method": "POST", "body": "x"}), &["keyed"]),
        {"id": "join", "skill": "json_transform", "with": {"data": "${ [.steps.get.body, .steps.keyed.body, .steps.once.body] }", "filter": "join(\"-\")"}},
    ]);
    let grants = json!({"hosts": [server.origin()]});
    json!({"aos": 1, "name": "killed", "grants": grants, "steps": steps, "output": "${ .steps.join.result }"})
        .to_string()
}

async fn server() -> Server {
    Server::start([
        Reply::text(200, "a").at("/get"),
        Reply::text(200, "b").at("/keyed"),
        Reply::text(200, "c").at("/once"),
    ])
    .await
}

/// What an outcome says that has nothing to do with time.
fn timeless(outcome: &StructuredOutcome) -> Value {
    let mut value = serde_json::to_value(outcome).unwrap();
    strip(&mut value);
    value
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for name in ["run_id", "latency_ms", "timestamp", "observability", "target"] {
                members.remove(name);
            }
            members.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}

/// The call whose intent is the journal's last entry, or whose result was about to be written.
fn open_call(recording: &Recording) -> Option<String> {
    match &recording.entries().last()?.event {
        Event::Intent(intent) => Some(intent.target.clone()),
        _ => None,
    }
}

fn count(requests: &[Request], path: &str) -> usize {
    requests.iter().filter(|request| request.path == path).count()
}

#[test]
fn a_run_killed_at_any_write_goes_on_and_asks_nothing_twice() {
    in_time(async {
        let quiet = server().await;
        let whole = crate::support::recorded::record(&live().await, &three_requests(&quiet), json!({})).await;
        let expected = timeless(&whole.assert_success().outcome);
        let folder = tempfile::tempdir().unwrap();
        let (mut writes, mut unknown) = (0, 0);
        for write in 0.. {
            for moment in MOMENTS {
                let server = server().await;
                let path = folder.path().join(format!("{write}-{moment:?}.jsonl"));
                if !kill(&three_requests(&server), None, &path, write, moment).await {
                    assert_eq!(moment, Moment::Before, "the run has {write} writes");
                    assert!(writes == 15 && unknown == 3, "{writes} writes, {unknown} unknown");
                    return;
                }
                writes = write;
                let bytes = std::fs::read(&path).unwrap();
                if write == 0 && moment != Moment::After {
                    assert!(Recording::read(&bytes).is_err(), "nothing of it was written");
                    continue;
                }
                let before = Recording::read(&bytes).unwrap();
                if matches!(before.entries().last().unwrap().event, Event::RunEnded(_)) {
                    continue;
                }
                assert_eq!(before.torn().is_some(), moment == Moment::Within);
                let seen = server.requests();
                let open = open_call(&before);
                let resumed = resume(&live().await, &path).await;
                let requests = server.requests();
                let place = format!("write {write} {moment:?}, open {open:?}");
                if open.as_ref().is_some_and(|target| target.ends_with("/once")) {
                    unknown += 1;
                    resumed.assert_failure(ErrorCode::UnknownOutcome);
                    assert_eq!(count(&requests, "/once"), count(&seen, "/once"), "{place}");
                    continue;
                }
                assert_eq!(timeless(&resumed.outcome), expected, "{place}");
                for path in ["/get", "/keyed", "/once"] {
                    let again = usize::from(
                        open.as_ref().is_some_and(|target| target.ends_with(path)) && count(&seen, path) > 0,
                    );
                    assert_eq!(count(&requests, path), 1 + again, "{path} at {place}");
                }
                let keys: Vec<_> =
                    requests.iter().flat_map(|request| request.header("idempotency-key")).collect();
                assert!(keys.iter().all(|key| *key == "k-1"), "{keys:?}");
            }
        }
    });
}

#[test]
fn requests_that_were_under_way_at_the_same_time_go_on_after_a_kill_at_any_write() {
    in_time(async {
        let folder = tempfile::tempdir().unwrap();
        for write in 2.. {
            let script = [Reply::text(200, "a").at("/a"), Reply::text(200, "b").at("/b").delayed(20)];
            let server = Server::start(script).await;
            let requests = json!([{"url": server.url("/a")}, {"url": server.url("/b"), "pieces": []}]);
            let with = json!({"do": "concurrent", "requests": requests});
            let workflow = flow::probe_step(&server, json!({"with": with}));
            let path = folder.path().join(format!("{write}.jsonl"));
            if !kill(&workflow, None, &path, write, Moment::After).await {
                assert!(write >= 9, "{write} writes");
                return;
            }
            let before = Recording::read(&std::fs::read(&path).unwrap()).unwrap();
            if matches!(before.entries().last().unwrap().event, Event::RunEnded(_)) {
                continue;
            }
            let resumed = resume(&live().await, &path).await;
            let output = &resumed.assert_success().step("call").output;
            let mut bodies: Vec<_> =
                output.as_array().unwrap().iter().map(|each| each["answer"]["body"].clone()).collect();
            bodies.sort_by_key(ToString::to_string);
            assert_eq!(bodies, ["a", "b"], "write {write}");
            let requests = server.requests();
            assert!(
                ["/a", "/b"].iter().all(|path| (1..=2).contains(&count(&requests, path))),
                "{requests:?}"
            );
        }
    });
}

const QUESTIONS: &str = r#"
aos: 1
name: questions
grants: {models: [gpt-4o-mini]}
steps:
  - {id: one, skill: llm_invoke, retry: {base_ms: 0}, with: {model: gpt-4o-mini, prompt: Summarize this.}}
  - {id: two, skill: llm_invoke, needs: [one], retry: {base_ms: 0}, with: {model: gpt-4o-mini, prompt: Summarize that.}}
output: ${ [.steps.one.text, .steps.two.text] }
"#;

#[test]
fn no_reservation_is_lost_or_counted_twice() {
    in_time(async {
        let stubs = "llm:\n  summarize: [{text: first, tokens: 7}, {text: second, tokens: 9}]\n";
        let folder = tempfile::tempdir().unwrap();
        let runtime = stubbed(stubs).await;
        for write in 1.. {
            let path = folder.path().join(format!("{write}.jsonl"));
            if !kill(QUESTIONS, Some(stubs), &path, write, Moment::Before).await {
                assert!(write >= 9, "{write} writes");
                return;
            }
            let before = Recording::read(&std::fs::read(&path).unwrap()).unwrap();
            let open = open_call(&before).is_some();
            let resumed = resume(&runtime, &path).await;
            resumed.assert_success();
            assert_eq!(resumed.outcome.output, json!(["first", "second"]), "write {write}");
            ledger::assert_adds_up(&resumed.entries(), &resumed.outcome);
            let lost = resumed.outcome.cost.absorbed > Money::ZERO;
            assert_eq!(
                lost, open,
                "what was held for a question without an answer counts as spent: write {write}"
            );
            assert_eq!(
                resumed.retries().len(),
                usize::from(open),
                "and it is asked again in another attempt"
            );
        }
    });
}

#[test]
fn a_run_can_be_killed_more_than_once() {
    in_time(async {
        let server =
            Server::start([Reply::text(503, "later"), Reply::text(503, "later"), Reply::text(200, "now")])
                .await;
        let workflow = json!({"aos": 1, "name": "x", "grants": {"hosts": [server.origin()]}, "steps": [
            {"id": "a", "skill": "http_call", "with": {"url": server.url("/")}, "retry": {"base_ms": 0, "cap_ms": 0}}]})
        .to_string();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("j.jsonl");
        assert!(kill(&workflow, None, &path, 5, Moment::Within).await);
        let runtime = live().await;
        // It goes on, and its process is dropped as if it were killed again.
        let (sink, recording) = FileSink::take_up(&path).unwrap();
        let mut run = runtime.resume(sink, recording, ResumeOptions::default()).await.unwrap();
        while !matches!(run.next_entry().await.expect("an entry").event, Event::Intent(_)) {}
        drop(run);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        let resumed = resume(&runtime, &path).await;
        resumed.assert_success();
        let resumptions =
            resumed.entries().iter().filter(|entry| matches!(entry.event, Event::RunResumed(_))).count();
        assert_eq!(resumptions, 2);
        assert_eq!(resumed.outcome.output["a"]["body"], "now");
    });
}

#[test]
fn a_run_that_is_left_tells_what_it_did_and_goes_on() {
    in_time(async {
        let server = Server::start([
            Reply::text(200, "a").at("/get"),
            Reply::silence().at("/keyed"),
            Reply::text(200, "b").at("/keyed"),
            Reply::text(200, "c").at("/once"),
        ])
        .await;
        let (folder, runtime) = (tempfile::tempdir().unwrap(), live().await);
        let path = folder.path().join("j.jsonl");
        let options = RunOptions::default().journal(FileSink::create(&path).unwrap());
        let run = runtime.start(&parse(&three_requests(&server)), json!({}), options);
        server.received(2).await;
        let id = run.id();
        let Parting::Left(outcome) = run.leave(Duration::ZERO).await else { panic!("it has no end") };
        assert_eq!((outcome.run_id, outcome.code.as_str()), (id, "CANCELLED"));
        assert!(outcome.message.contains("can be resumed"), "{}", outcome.message);
        assert_eq!((outcome.side_effects.len(), outcome.steps.len()), (2, 1));
        let held = outcome.details["held"].as_u64().unwrap();
        assert!(held > 0 && outcome.cost.charged > Money::ZERO, "{held} and {:?}", outcome.cost);
        let before = std::fs::read(&path).unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(std::fs::read(&path).unwrap(), before, "nothing is written any more");
        resume(&runtime, &path).await.assert_success();
        assert_eq!(server.paths(), ["/get", "/keyed", "/keyed", "/once"]);
    });
}

#[test]
fn a_run_that_ends_in_time_is_not_left() {
    in_time(async {
        let server = server().await;
        let run = live().await.start(&parse(&three_requests(&server)), json!({}), RunOptions::default());
        let Parting::Ended(outcome) = run.leave(Duration::from_secs(60)).await else { panic!("it was left") };
        assert_eq!(outcome.status, Status::Success);
    });
}

#[test]
fn a_run_goes_on_under_the_rules_it_began_under_or_not_at_all() {
    in_time(async {
        let stubs = "llm:\n  summarize: {text: first}\n";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("j.jsonl");
        assert!(kill(QUESTIONS, Some(stubs), &path, 2, Moment::After).await);
        let bytes = std::fs::read(&path).unwrap();
        for runtime in [live().await, stubbed("llm:\n  summarize: {text: other}\n").await] {
            let (sink, recording) = FileSink::take_up(&path).unwrap();
            let failure = runtime.resume(sink, recording, ResumeOptions::default()).await.unwrap_err();
            assert_eq!(failure.code, ErrorCode::ConfigInvalid);
            assert!(failure.message.contains("--stubs"), "{failure}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "and nothing was written");
        let runtime = stubbed(stubs).await;
        let resumed = resume(&runtime, &path).await;
        assert_eq!((resumed.outcome.status, resumed.outcome.code), (Status::Success, OutcomeCode::Ok));
        let (sink, ended) = FileSink::take_up(&path).unwrap();
        let failure = runtime.resume(sink, ended, ResumeOptions::default()).await.unwrap_err();
        assert!(failure.message.contains("has ended"), "{failure}");
    });
}

#[test]
fn a_refusal_stays_one_when_the_run_is_killed_before_it_is_written() {
    in_time(async {
        let folder = tempfile::tempdir().unwrap();
        // Write 2 is the intent of the only call.
        let server = server().await;
        let denied = json!({"aos": 1, "name": "x", "grants": {"hosts": []}, "steps": [
            {"id": "a", "skill": "http_call", "with": {"url": server.url("/get")}}]});
        let path = folder.path().join("denied.jsonl");
        assert!(kill(&denied.to_string(), None, &path, 2, Moment::After).await);
        let resumed = resume(&live().await, &path).await;
        resumed.assert_failure(ErrorCode::DestinationDenied);
        assert!(server.requests().is_empty(), "nothing had left, and nothing may leave");

        let stubs = "llm:\n  summarize: {text: cheap, tokens: 1}\n";
        let dear = json!({"aos": 1, "name": "x", "grants": {"models": ["gpt-4o-mini"]}, "budget": {"ceiling_cents": 1},
            "steps": [{"id": "a", "skill": "llm_invoke", "with": {"model": "gpt-4o-mini", "prompt": "Summarize", "max_tokens": 100_000}}]});
        let path = folder.path().join("dear.jsonl");
        assert!(kill(&dear.to_string(), Some(stubs), &path, 2, Moment::After).await);
        let resumed = resume(&stubbed(stubs).await, &path).await;
        resumed.assert_failure(ErrorCode::BudgetExceeded);
        assert_eq!(resumed.outcome.cost.charged, Money::ZERO);
    });
}

#[test]
fn a_run_that_does_something_else_is_not_gone_on_with() {
    in_time(async {
        let folder = tempfile::tempdir().unwrap();
        let server = server().await;
        let path = folder.path().join("j.jsonl");
        assert!(kill(&three_requests(&server), None, &path, 6, Moment::After).await);
        let whole = std::fs::read(&path).unwrap();
        // The input of the attempt that is open, of another run.
        let other = crate::support::certified::sealed_again(&whole, |entries| {
            for entry in entries {
                if let Event::StepStarted(started) = &mut entry.event
                    && started.input["method"] == "POST"
                {
                    started.input["body"] = json!("y");
                }
            }
        });
        std::fs::write(&path, [other.as_slice(), b"{\"torn"].concat()).unwrap();
        let (sink, recording) = FileSink::take_up(&path).unwrap();
        let outcome =
            live().await.resume(sink, recording, ResumeOptions::default()).await.unwrap().outcome().await;
        assert_eq!(outcome.code, OutcomeCode::Error(ErrorCode::ReplayDivergence), "{}", outcome.message);
        let after = Recording::read(&std::fs::read(&path).unwrap()).unwrap();
        let ended = after.entries().iter().any(|entry| matches!(entry.event, Event::RunEnded(_)));
        assert!(!ended, "the journal has no end, so it can still be looked into");
    });
}

#[test]
fn an_attempt_that_goes_on_is_not_cut_off_before_it_has_done_again_what_is_recorded() {
    in_time(async {
        // Two requests at the same time, both open when the run is killed. The one ends the run; the other has much to do
        // before it comes to its own again.
        let server = Server::start([Reply::silence().at("/small"), Reply::silence().at("/large")]).await;
        let rows: Vec<_> = (0..40_000).collect();
        let with =
            |path: &str, body: &Value| json!({"url": server.url(path), "method": "POST", "body": body});
        let steps = json!([
            {"id": "large", "skill": "http_call", "with": with("/large", &json!(rows))},
            {"id": "small", "skill": "http_call", "with": with("/small", &json!("x"))},
        ]);
        let workflow = json!({"aos": 1, "name": "x", "grants": {"hosts": [server.origin()]}, "steps": steps})
            .to_string();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("j.jsonl");
        // Two starts and two intents: the fifth write never comes.
        let mut child = spawn(&workflow, None, &path, 5, Moment::After);
        server.received(2).await;
        child.kill().await.unwrap();
        let resumed = resume(&live().await, &path).await;
        resumed.assert_failure(ErrorCode::UnknownOutcome);
        let large = resumed.step("large");
        assert_eq!(
            large.side_effects[0].code,
            OutcomeCode::Error(ErrorCode::UnknownOutcome),
            "it is told of"
        );
    });
}
