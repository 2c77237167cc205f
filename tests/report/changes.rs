//! Whoever puts the changes of a run over what is there has, at the end, what the whole journal shows.

use aos_host::journal::{JournalReader, Recording};
use aos_host::view::RunView;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::figures::frozen;
use super::scenes;
use crate::support::runtime::in_time;

/// Puts changes over what is there, as the documentation of `view/changes.rs` says.
fn put(whole: &mut Value, mut changes: Value) {
    let (steps, money) = (changes["steps"].take(), changes["money"].take());
    for (name, value) in changes.as_object().expect("an object") {
        if !["steps", "money"].contains(&name.as_str()) {
            whole[name] = value.clone();
        }
    }
    for step in list(steps) {
        put_step(rows(whole, "steps"), step);
    }
    rows(whole, "money").extend(list(money));
}

fn put_step(steps: &mut Vec<Value>, mut step: Value) {
    let place = step["place"].as_u64().expect("a place") as usize;
    let attempts = list(step["attempts"].take());
    if place == steps.len() {
        step["attempts"] = json!([]);
        steps.push(step);
    }
    let known = rows(&mut steps[place], "attempts");
    for attempt in attempts {
        put_attempt(known, attempt);
    }
}

fn put_attempt(attempts: &mut Vec<Value>, mut attempt: Value) {
    let calls = list(attempt["calls"].take());
    let known = attempts.iter_mut().find(|known| known["attempt"] == attempt["attempt"]);
    let mut all = known.map(|known| list(known["calls"].take())).unwrap_or_default();
    for call in calls {
        let index = |call: &Value| call["index"].as_u64().expect("an index");
        match all.binary_search_by_key(&index(&call), index) {
            Ok(place) => all[place] = call,
            Err(place) => all.insert(place, call),
        }
    }
    attempt["calls"] = all.into();
    match attempts.iter_mut().find(|known| known["attempt"] == attempt["attempt"]) {
        Some(known) => *known = attempt,
        None => attempts.push(attempt),
    }
}

fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(values) => values,
        other => panic!("{other} is no list"),
    }
}

fn rows<'a>(value: &'a mut Value, name: &str) -> &'a mut Vec<Value> {
    value[name].as_array_mut().expect("a list")
}

/// What is drawn by somebody who reads a journal piece by piece, and asks for the changes after each.
fn drawn(journal: &[u8], cuts: &[usize]) -> Value {
    let (mut reader, mut view, mut drawn) = (JournalReader::default(), None::<RunView>, None::<Value>);
    for piece in cuts.windows(2).map(|cut| &journal[cut[0]..cut[1]]) {
        let known = view.as_ref().map(RunView::seq);
        for entry in reader.push(piece).expect("a journal") {
            match &mut view {
                Some(view) => view.apply(&entry),
                None => view = Some(RunView::begin(Some(&entry)).expect("a beginning")),
            }
        }
        let Some(view) = &mut view else { continue };
        view.stands_at(&reader);
        let changes = serde_json::to_value(view.changes_since(known)).expect("JSON");
        match &mut drawn {
            Some(drawn) => put(drawn, changes),
            None => drawn = Some(changes),
        }
    }
    drawn.expect("a run")
}

/// Where a journal is cut: its ends, and places between them.
fn cuts(journal: &[u8], places: &[prop::sample::Index]) -> Vec<usize> {
    let mut cuts: Vec<_> = places.iter().map(|place| place.index(journal.len())).collect();
    cuts.extend([0, journal.len()]);
    cuts.sort_unstable();
    cuts
}

fn assert_draws(name: &str, journal: &[u8], cases: u32, most: usize) {
    let recording = Recording::read(journal).unwrap();
    let whole = RunView::of(&recording).unwrap();
    let whole = serde_json::to_value(whole.changes_since(None)).unwrap();
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let places = prop::collection::vec(any::<prop::sample::Index>(), 0..most);
    let tried = TestRunner::new(config).run(&places, |places| {
        let drawn = drawn(journal, &cuts(journal, &places));
        prop_assert!(drawn == whole, "{}", parting(&drawn, &whole));
        Ok(())
    });
    tried.unwrap_or_else(|failure| panic!("{name}: {failure}"));
}

/// Where two documents part, for people: both may be long.
fn parting(drawn: &Value, whole: &Value) -> String {
    let (Some(drawn), Some(whole)) = (drawn.as_object(), whole.as_object()) else { return String::new() };
    let differs = |(name, value): &(&String, &Value)| drawn.get(*name) != Some(*value);
    let differing =
        whole.iter().filter(differs).map(|(name, value)| format!("{name}: {value} is {:?}", drawn.get(name)));
    differing.map(|line| line.chars().take(500).collect()).collect::<Vec<String>>().join("\n")
}

#[test]
fn changes_add_up_to_the_whole_wherever_the_journal_is_cut() {
    in_time(async {
        for (name, journal) in frozen() {
            assert_draws(&name, &journal, 40, 30);
        }
        for (name, run) in scenes::all().await {
            let cases = if run.journal.len() > 100_000 { 4 } else { 40 };
            assert_draws(name, &run.journal, cases, 30);
        }
        assert_draws("killed_half_way", &scenes::killed_half_way().await, 40, 30);
    });
}

#[test]
fn changes_add_up_to_the_whole_entry_by_entry() {
    in_time(async {
        for journal in [scenes::resumed().await.journal, scenes::failed().await.journal] {
            let whole = RunView::of(&Recording::read(&journal).unwrap()).unwrap();
            let ends =
                journal.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(place, _)| place + 1);
            let cuts: Vec<_> = [0].into_iter().chain(ends).collect();
            assert_eq!(drawn(&journal, &cuts), serde_json::to_value(whole.changes_since(None)).unwrap());
        }
    });
}
