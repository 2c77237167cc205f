//! Journals added up in another way than the host does: line by line, as JSON, by what `docs/journal-format.md` says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::exposition::{Exposition, Series, series};

/// Families whose numbers are in no journal.
const NO_FOLD: [&str; 10] = [
    "aos_runs_refused_total",
    "aos_runs_in_progress",
    "aos_runs_limit",
    "aos_invocations_in_progress",
    "aos_invocations_limit",
    "aos_queue_duration_seconds",
    "aos_skill_memory_peak_bytes",
    "aos_components_total",
    "aos_component_compile_duration_seconds",
    "aos_journal_sync_duration_seconds",
];

/// Codes of `docs/budget.md` that refuse a reservation, or a call for want of a price.
const REFUSALS: [&str; 6] = [
    "BUDGET_EXCEEDED",
    "ABSORBED_CEILING_EXCEEDED",
    "COST_OVERRUN",
    "BUDGET_STOPPED",
    "STEP_CEILING_EXCEEDED",
    "COST_UNKNOWN",
];

/// What metrics have to say in one mode.
pub(super) struct Fold {
    mode: &'static str,
    counts: BTreeMap<Series, u64>,
    /// How many, and nanoseconds together.
    times: BTreeMap<Series, (u64, u64)>,
}

/// A run while its lines are read.
#[derive(Default)]
struct Run {
    began: u64,
    /// Steps that go through a list, by the workflow's text.
    lists: BTreeSet<String>,
    /// When the first attempt of each step began, and when the step ended.
    steps: BTreeMap<String, (u64, u64)>,
    /// Skill and begin of each attempt that is open.
    attempts: BTreeMap<String, (String, u64)>,
    /// Name and begin of each call that is open.
    calls: BTreeMap<(String, u64), (String, u64)>,
}

impl Fold {
    /// Nothing yet.
    pub(super) const fn new(mode: &'static str) -> Self {
        Self { mode, counts: BTreeMap::new(), times: BTreeMap::new() }
    }

    /// Adds a journal that one process wrote.
    pub(super) fn add(&mut self, journal: &[u8]) {
        self.add_from(journal, 0);
    }

    /// Adds what was written to a journal after so many bytes of it.
    pub(super) fn add_from(&mut self, journal: &[u8], after: usize) {
        let (mut run, mut place) = (Run::default(), 0);
        let mut before = Self::new(self.mode);
        for line in journal.split_inclusive(|byte| *byte == b'\n') {
            let to = if place < after { &mut before } else { &mut *self };
            to.line(&mut run, &serde_json::from_slice(line).expect("a line of JSON"));
            place += line.len();
        }
        if self.mode == "live" {
            self.count("aos_journal_bytes_total", &[], (journal.len() - after) as u64);
        }
    }

    /// Adds a run that ended with this code, and whose journal does not say so.
    pub(super) fn add_end(&mut self, code: &str, category: &str) {
        self.count("aos_runs_total", &[("code", code), ("category", category)], 1);
    }

    fn line(&mut self, run: &mut Run, line: &Value) {
        let (kind, at) = (text(line, "type"), nanoseconds(&text(line, "at")));
        if kind != "blob" {
            self.count("aos_journal_entries_total", &[("type", &kind)], 1);
        }
        let cursor = format!("{} {} {}", line["step"], line["item"], line["attempt"]);
        match kind.as_str() {
            "run-started" => run.start(line, at),
            "step-started" => {
                run.steps.entry(text(line, "step")).or_insert((at, 0));
                run.attempts.insert(cursor, (text(line, "skill"), at));
                self.money("reserved", &line["held"]);
            }
            "intent" => {
                run.calls.insert((cursor, number(&line["index"])), (text(line, "call"), at));
                self.money("reserved", &line["held"]);
            }
            "result" => self.result(run, &cursor, line, at),
            "step-ended" => self.step_ended(run, &cursor, line, at),
            "retry" => self.decision(line, "again"),
            "gave-up" => self.decision(line, &text(line, "because")),
            "run-ended" => self.run_ended(run, &line["outcome"], at),
            _ => {}
        }
    }

    fn result(&mut self, run: &mut Run, cursor: &str, line: &Value, at: u64) {
        let (call, began) =
            run.calls.remove(&(cursor.to_owned(), number(&line["index"]))).expect("an intent");
        let code = text(line, "code");
        self.count("aos_host_calls_total", &[("call", &call), ("code", &code)], 1);
        self.time("aos_host_call_duration_seconds", &[("call", &call)], at - began);
        self.money("refunded", &line["refunded"]);
        self.money("overrun", &line["overrun"]);
        self.refusal(&code);
    }

    fn step_ended(&mut self, run: &mut Run, cursor: &str, line: &Value, at: u64) {
        let step = text(line, "step");
        let of_all = line["item"].is_null() && run.lists.contains(&step);
        if let Some((skill, began)) = run.attempts.remove(cursor) {
            self.time("aos_skill_duration_seconds", &[("skill", &skill)], at - began);
            self.count("aos_fuel_total", &[("skill", &skill)], number(&line["fuel"]));
            if line["failure"]["subcode"] == "fuel" {
                self.refusal(&text(line, "code"));
            }
        } else if !of_all {
            self.refusal(&text(line, "code"));
        }
        if let Some((_, ended)) = run.steps.get_mut(&step)
            && line["item"].is_null()
        {
            *ended = at;
        }
        self.money("refunded", &line["fuel_refunded"]);
        self.money("charged", &line["charged"]);
        self.money("absorbed", &line["absorbed"]);
    }

    fn run_ended(&mut self, run: &Run, outcome: &Value, at: u64) {
        self.time("aos_run_duration_seconds", &[], at - run.began);
        let told = |of: &Value| (text(of, "code"), of["category"].as_str().unwrap_or_default().to_owned());
        let (code, category) = told(outcome);
        self.add_end(&code, &category);
        for step in outcome["steps"].as_array().expect("steps") {
            let (code, category) = told(step);
            self.count("aos_steps_total", &[("code", &code), ("category", &category)], 1);
            if let Some((began, ended)) = run.steps.get(&text(step, "step_id")) {
                self.time("aos_step_duration_seconds", &[], ended - began);
            }
        }
    }

    fn decision(&mut self, line: &Value, verdict: &str) {
        self.count("aos_retries_total", &[("code", &text(line, "code")), ("verdict", verdict)], 1);
    }

    fn refusal(&mut self, code: &str) {
        if REFUSALS.contains(&code) {
            self.count("aos_budget_refusals_total", &[("code", code)], 1);
        }
    }

    fn money(&mut self, kind: &str, amount: &Value) {
        self.count("aos_money_nanodollars_total", &[("kind", kind)], number(amount));
    }

    fn count(&mut self, family: &str, labels: &[(&str, &str)], by: u64) {
        *self.counts.entry(self.series(family, labels)).or_default() += by;
    }

    fn time(&mut self, family: &str, labels: &[(&str, &str)], nanos: u64) {
        let (count, sum) = self.times.entry(self.series(family, labels)).or_default();
        (*count, *sum) = (*count + 1, *sum + nanos);
    }

    fn series(&self, family: &str, labels: &[(&str, &str)]) -> Series {
        let mode = [("mode", self.mode)];
        series(family, &labels.iter().copied().chain(mode).collect::<Vec<_>>())
    }

    /// What was counted, for a test that wants to see that something was.
    pub(super) fn counted(&self, family: &str, labels: &[(&str, &str)]) -> u64 {
        self.counts.get(&self.series(family, labels)).copied().unwrap_or_default()
    }

    /// As [`Fold::counted`], over all series of a family.
    pub(super) fn all(&self, family: &str) -> u64 {
        self.counts.iter().filter(|((name, _), _)| name == family).map(|(_, count)| count).sum()
    }

    /// Every series of the mode is what the journals add up to, and all others are 0.
    pub(super) fn assert_told_by(&self, exposition: &Exposition) {
        let mut wrong = Vec::new();
        let own = |series: &&Series| series.1["mode"] == self.mode && !NO_FOLD.contains(&series.0.as_str());
        let counted = exposition.values.keys().filter(own).chain(self.counts.keys());
        for series in counted.collect::<BTreeSet<_>>() {
            let told = exposition.values.get(series).copied().unwrap_or_default();
            let wanted = self.counts.get(series).copied().unwrap_or_default();
            if told != wanted as f64 {
                wrong.push(format!("{series:?} is {told}, and the journals say {wanted}"));
            }
        }
        let timed = exposition.timed.keys().filter(own).chain(self.times.keys());
        for series in timed.collect::<BTreeSet<_>>() {
            let told = exposition.timed.get(series).cloned().unwrap_or_default();
            let (count, nanos) = self.times.get(series).copied().unwrap_or_default();
            // A replay tells how long it took itself.
            let is_own_time = self.mode == "replay" && series.0 == "aos_run_duration_seconds";
            let sum = nanos as f64 / 1e9;
            let is_sum = is_own_time || (told.sum - sum).abs() <= 1e-9 * sum.max(1.0);
            if told.count != count as f64 || !is_sum {
                wrong.push(format!("{series:?} is {told:?}, and the journals say {count} in {sum} s"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

impl Run {
    fn start(&mut self, line: &Value, at: u64) {
        self.began = at;
        let workflow: Value = serde_json::from_str(&text(line, "workflow_text")).expect("a workflow as JSON");
        let steps = workflow["steps"].as_array().expect("steps").iter();
        self.lists = steps.filter(|step| !step["foreach"].is_null()).map(|step| text(step, "id")).collect();
    }
}

fn text(of: &Value, member: &str) -> String {
    of[member].as_str().unwrap_or_else(|| panic!("{member} of {of}")).to_owned()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// Nanoseconds since 1970 of `2026-11-23T04:10:46.346551663Z`; the day by the rule of the Julian day number.
fn nanoseconds(at: &str) -> u64 {
    let part = |range: std::ops::Range<usize>| at[range].parse::<u64>().expect("digits");
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469;
    let seconds = days * 86_400 + part(11..13) * 3_600 + part(14..16) * 60 + part(17..19);
    seconds * 1_000_000_000 + part(20..29)
}

#[test]
fn an_instant_is_read_to_the_nanosecond() {
    assert_eq!(nanoseconds("1970-01-01T00:00:00.000000001Z"), 1);
    assert_eq!(nanoseconds("2024-02-29T12:00:00.000000000Z"), 1_709_208_000_000_000_000);
}
