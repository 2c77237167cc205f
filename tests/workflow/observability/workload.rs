//! Runs of every kind on one runtime, many of them at the same time, with every line that their journals have.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use aos_host::agent_budget::Movement;
use aos_host::failure::{ErrorCode, Failure};
use aos_host::ids::BudgetName;
use aos_host::journal::{Event, Recording, Sink, Syncer};
use aos_host::providers::{BudgetFolder, MemorySink};
use aos_host::units::{Money, Timestamp};
use aos_host::{Parting, ResumeOptions, Run, RunOptions, Runtime};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::fold::Fold;
use crate::hostile::attempts::body_of;
use crate::hostile::component::hostile;
use crate::support::exposition::Exposition;
use crate::support::recorded::parse;
use crate::support::runtime::{read, stubbed};

/// The world of all runs.
pub(super) const WORLD: &str = r#"
http:
  - {url: https://a.test/fine, body: {ok: fine}}
  - {url: https://a.test/busy, answers: [{status: 503}, {status: 200}]}
  - {url: https://a.test/down, error: connection_refused}
  - {url: https://a.test/lost, error: connection_reset}
  - {url: https://a.test/gone, status: 410}
  - {url: https://a.test/limited, status: 429, headers: {retry-after: "3600"}}
  - {url: https://a.test/stuck, delay_ms: 3000000}
  - {url: https://a.test/slow, delay_ms: 1000, body: {ok: slow}}
llm:
  ask: {text: yes, tokens: 5, input_tokens: 12}
  lost: {error: connection_reset}
  dear: {text: yes, tokens: 16, input_tokens: 1000000}
  wrong: {status: 400}
  summarize: {text: short, tokens: 3}
"#;

/// What was run, and what its journals add up to.
pub(super) struct Workload {
    pub runtime: Runtime,
    pub live: Fold,
    /// The journals that have an end.
    pub whole: Vec<Vec<u8>>,
    /// How many runs were refused, by their codes.
    pub refused: Vec<&'static str>,
}

/// A runtime of [`WORLD`] with a skill that asks for what it may not have, and one that traps.
pub(super) async fn runtime() -> Runtime {
    let runtime = stubbed(WORLD).await;
    let asks = r#"
        (import "wasi:cli/environment@0.2.0" "get-environment" (func $environment (param i32)))
        (func $body (call $environment (i32.const 4096)) (call $environment (i32.const 4096)))"#;
    for component in [hostile("asks", asks), hostile("traps", &body_of("traps"))] {
        runtime.register_skill(component).await.expect("it is admitted");
    }
    runtime
}

/// A workflow that may reach the world.
pub(super) fn workflow(steps: Value) -> Value {
    json!({"aos": 1, "name": "mixed", "grants": {"hosts": ["a.test"], "models": ["*"]}, "steps": steps})
}

/// A request to a path of the world.
pub(super) fn get(id: &str, path: &str, more: Value) -> Value {
    let with = json!({"url": format!("https://a.test/{path}")});
    merged(json!({"id": id, "skill": "http_call", "with": with, "retry": {"base_ms": 0}}), more)
}

/// A question to a model of the world.
pub(super) fn ask(id: &str, task: &str, more: Value) -> Value {
    let with = json!({"model": "gpt-4o-mini", "task": task, "prompt": "0123456789", "max_tokens": 16});
    merged(json!({"id": id, "skill": "llm_invoke", "with": with, "retry": {"max_attempts": 1}}), more)
}

fn merged(mut step: Value, more: Value) -> Value {
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    step
}

/// A run of `runs.jsonl`.
struct Wanted {
    code: String,
    workflow: Value,
    options: RunOptions,
}

/// All runs of `runs.jsonl`, a line each: the code, the steps, and ceilings in nano-dollars that are not the usual ones.
fn wanted() -> Vec<Wanted> {
    let lines = read("tests/workflow/observability/runs.jsonl");
    lines.lines().map(|line| want(serde_json::from_str(line).expect(line))).collect()
}

fn want(line: Value) -> Wanted {
    let money = |name: &str| line[name].as_u64().map(|nanos| Money::from_nanos(nanos).unwrap());
    let mut options = RunOptions::default();
    if let Some(ceiling) = money("ceiling") {
        options = options.ceiling(ceiling);
    }
    if let Some(ceiling) = money("absorbed") {
        options = options.absorbed_ceiling(ceiling);
    }
    let steps = line["steps"].as_array().unwrap().iter().map(whole).collect();
    Wanted { code: line["code"].as_str().unwrap().to_owned(), workflow: workflow(steps), options }
}

/// A step that may say `get` or `ask` instead of its skill.
fn whole(step: &Value) -> Value {
    let mut more = step.clone();
    let mut take = |name: &str| more.as_object_mut().unwrap().remove(name);
    let (path, task) = (take("get"), take("ask"));
    match (path, task) {
        (Some(path), _) => get("", path.as_str().unwrap(), more),
        (_, Some(task)) => ask("", task.as_str().unwrap(), more),
        _ => more,
    }
}

impl Workload {
    /// Runs everything.
    pub(super) async fn run() -> Self {
        let (runtime, live) = (runtime().await, Fold::new("live"));
        let mut workload = Self { runtime, live, whole: Vec::new(), refused: Vec::new() };
        let ran = join_all(wanted().into_iter().map(|wanted| workload.one(wanted))).await;
        ran.into_iter().for_each(|journal| workload.ended(journal));
        workload.cut_off().await;
        workload.gone_on_with().await;
        workload.stopped().await;
        workload.broken_off().await;
        workload.refuse().await;
        workload.settled().await;
        workload
    }

    /// Runs to the end that is wanted, and gives the journal.
    async fn one(&self, wanted: Wanted) -> Vec<u8> {
        let Wanted { code, workflow, options } = wanted;
        let (sink, text) = (MemorySink::default(), workflow.to_string());
        let run = self.runtime.start(&parse(&text), json!({}), options.journal(sink.clone()));
        let outcome = run.outcome().await;
        assert_eq!(outcome.code.as_str(), code, "{text}: {}", outcome.message);
        sink.bytes()
    }

    fn ended(&mut self, journal: Vec<u8>) {
        self.live.add(&journal);
        self.whole.push(journal);
    }

    /// A run that waits for an answer, and its journal.
    async fn waiting(&self, path: &str, options: RunOptions) -> (Run, MemorySink) {
        let sink = MemorySink::default();
        let steps = json!([get("a", path, json!({})), ask("b", "ask", json!({"needs": ["a"]}))]);
        let workflow = parse(&workflow(steps).to_string());
        let mut run = self.runtime.start(&workflow, json!({}), options.journal(sink.clone()));
        while !matches!(run.next_entry().await.expect("an entry").event, Event::Intent(_)) {}
        (run, sink)
    }

    /// Runs that are cancelled, and dropped.
    async fn cut_off(&mut self) {
        let (run, sink) = self.waiting("stuck", RunOptions::default()).await;
        run.cancel();
        assert_eq!(run.outcome().await.code.as_str(), "CANCELLED");
        self.ended(sink.bytes());
        let (run, sink) = self.waiting("stuck", RunOptions::default()).await;
        drop(run);
        self.live.add(&sink.bytes());
    }

    /// A run that was left here, so that its beginning counts as well, and one that was killed elsewhere.
    async fn gone_on_with(&mut self) {
        let (run, sink) = self.waiting("slow", RunOptions::default()).await;
        let Parting::Left(_) = run.leave(Duration::ZERO).await else { panic!("it has ended") };
        let left = self.resume(&sink.bytes()).await;
        self.ended(left);
        let whole = self.whole.first().expect("a run").clone();
        let lines: Vec<_> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        let answered = lines
            .iter()
            .position(|line| line.windows(15).any(|part| part == b"\"type\":\"result\""))
            .unwrap();
        let killed = lines[..=answered].concat();
        let resumed = self.resume(&killed).await;
        self.live.add_from(&resumed, killed.len());
        self.whole.push(resumed);
    }

    async fn resume(&self, before: &[u8]) -> Vec<u8> {
        let sink = MemorySink::default();
        let recording = Recording::read(before).unwrap();
        let run = self.runtime.resume(sink.clone(), recording, ResumeOptions::default()).await.unwrap();
        let outcome = run.outcome().await;
        assert_eq!(outcome.code.as_str(), "OK", "{}", outcome.message);
        [before, &sink.bytes()].concat()
    }

    /// A run whose named budget is stopped while it waits, and one that does not begin any more.
    async fn stopped(&mut self) {
        let folder = tempfile::tempdir().unwrap();
        let budget = BudgetFolder::new(folder.path()).budget(BudgetName::new("team").unwrap());
        let cents = |cents| Money::from_cents(cents).unwrap();
        let set = Movement::Set { ceiling: cents(5000), absorbed_ceiling: cents(5000) };
        budget.change(Timestamp::EPOCH, |_| Ok(((), Some(set)))).unwrap();
        let budget = Arc::new(budget);
        let options = || RunOptions::default().budget(budget.clone(), None);
        let (run, sink) = self.waiting("slow", options()).await;
        budget.stop("enough", Timestamp::EPOCH).unwrap();
        assert_eq!(run.outcome().await.code.as_str(), "BUDGET_STOPPED");
        self.ended(sink.bytes());
        let workflow = parse(&workflow(json!([ask("a", "ask", json!({}))])).to_string());
        let refused = self.runtime.start(&workflow, json!({}), options()).outcome().await;
        self.refused.push(refused.code.as_str());
        assert_eq!(self.refused, ["BUDGET_STOPPED"]);
    }

    /// A run whose journal cannot be written any more.
    async fn broken_off(&mut self) {
        let (kept, workflow) = (MemorySink::default(), workflow(json!([get("a", "fine", json!({}))])));
        let options = RunOptions::default().journal(Full { room: 3, kept: kept.clone() });
        let outcome = self.runtime.start(&parse(&workflow.to_string()), json!({}), options).outcome().await;
        assert_eq!(outcome.code.as_str(), "DISK_FULL", "{}", outcome.message);
        self.live.add(&kept.bytes());
        self.live.add_end("DISK_FULL", "INFRASTRUCTURE");
    }

    /// Runs that do not begin.
    async fn refuse(&mut self) {
        let workflow = parse(&workflow(json!([get("a", "fine", json!({}))])).to_string());
        let deep = (0..200).fold(json!(1), |inner, _| json!([inner]));
        let outcome = self.runtime.run(&workflow, deep).await;
        self.refused.push(outcome.code.as_str());
        let outcome = self.runtime.refuse(&Failure::new(ErrorCode::WorkflowInvalid, "wrong"));
        self.refused.push(outcome.code.as_str());
    }

    /// Waits until what was dropped is over, and has told what it added up.
    async fn settled(&self) {
        let entries = |of: &Exposition| of.sum("aos_journal_entries_total", &[("mode", "live")]) as u64;
        for _ in 0..1000 {
            let told = Exposition::of(&self.runtime);
            if entries(&told) >= self.live.all("aos_journal_entries_total") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// A journal with room for so many writes.
struct Full {
    room: usize,
    kept: MemorySink,
}

impl Sink for Full {
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        self.room = self.room.checked_sub(1).ok_or(io::ErrorKind::StorageFull)?;
        self.kept.append(lines)
    }

    fn syncer(&self) -> Option<Arc<dyn Syncer>> {
        None
    }
}
