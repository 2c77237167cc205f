//! Runs that draw from a named budget and are killed at each write of their journal: nothing is lost, and nothing counts
//! twice.

use std::path::Path;
use std::sync::Arc;

use aos_host::agent_budget::{AgentAccount, Movement, RunSpending};
use aos_host::failure::ErrorCode;
use aos_host::ids::BudgetName;
use aos_host::journal::{Event, Recording};
use aos_host::outcome::{Cost, StructuredOutcome};
use aos_host::providers::{AgentBudget, BudgetFolder, FileBudget, FileSink};
use aos_host::units::{Money, Timestamp};
use aos_host::{ResumeOptions, RunOptions, Runtime};
use serde_json::{Value, json};

use super::killed_run::{MOMENTS, Moment, kill_by};
use crate::support::ledger;
use crate::support::recorded::parse;
use crate::support::runtime::{in_time, stubbed};

/// What the budget has, in cents.
const CEILING: u64 = 100;

const STUBS: &str = "llm: {ask: {text: yes, tokens: 7, input_tokens: 30}}";

fn now() -> Timestamp {
    Timestamp::EPOCH
}

fn cents(cents: u64) -> Money {
    Money::from_cents(cents).unwrap()
}

/// Two questions, one after the other, of a run that may spend 30 cents.
fn workflow() -> String {
    let with = json!({"model": "gpt-4o-mini", "task": "ask", "prompt": "0123456789", "max_tokens": 16});
    json!({
        "aos": 1, "name": "asking", "grants": {"models": ["gpt-4o-mini"]},
        "budget": {"ceiling_cents": 30, "absorbed_ceiling_cents": 20},
        "steps": [
            {"id": "a", "skill": "llm_invoke", "with": with, "retry": {"base_ms": 1}},
            {"id": "b", "skill": "llm_invoke", "with": with, "needs": ["a"], "retry": {"base_ms": 1}},
        ],
    })
    .to_string()
}

fn team(folder: &Path) -> FileBudget {
    let budget = BudgetFolder::new(folder).budget(BudgetName::new("team").unwrap());
    let set = Movement::Set { ceiling: cents(CEILING), absorbed_ceiling: cents(CEILING) };
    budget.change(now(), |account| Ok(((), (!account.is_set()).then_some(set)))).unwrap();
    budget
}

fn account(budget: &FileBudget) -> AgentAccount {
    budget.read().unwrap().account().clone()
}

/// Nothing of the budget is anywhere but with a run, spent, or available.
fn assert_whole(budget: &FileBudget) {
    let account = account(budget);
    let balance = account.balance();
    let (may_charge, may_lose) = account.available();
    let sum = |parts: [Money; 3]| parts.into_iter().fold(Money::ZERO, Money::saturating_add);
    assert_eq!(sum([may_charge, balance.held, balance.charged]), cents(CEILING));
    assert_eq!(sum([may_lose, account.held_to_lose(), balance.absorbed]), cents(CEILING));
}

fn spent(outcome: &StructuredOutcome) -> RunSpending {
    let Cost { charged, absorbed, overrun, .. } = outcome.cost;
    RunSpending { charged, absorbed, overrun }
}

async fn resume(runtime: &Runtime, journal: &Path, budget: &FileBudget) -> StructuredOutcome {
    let (sink, recording) = FileSink::take_up(journal).unwrap();
    let place = journal.to_str().map(str::to_owned);
    let options = ResumeOptions::default().budget(Arc::new(budget.clone()), place);
    runtime.resume(sink, recording, options).await.unwrap().outcome().await
}

#[test]
fn a_run_that_is_killed_holds_its_ceiling_until_it_goes_on_and_counts_once() {
    in_time(async {
        let runtime = stubbed(STUBS).await;
        let mut killed = 0;
        for (write, moment) in (0..20).flat_map(|write| MOMENTS.map(|moment| (write, moment))) {
            let folder = tempfile::tempdir().unwrap();
            let (journal, budget) = (folder.path().join("run.jsonl"), team(folder.path()));
            let order = json!({"workflow": workflow(), "stubs": STUBS, "budgets": folder.path()});
            if !kill_by(order, &journal, write, moment).await {
                break;
            }
            killed += 1;
            assert_whole(&budget);
            let read = Recording::read(&std::fs::read(&journal).unwrap());
            let Ok(recording) = read else {
                // It was killed before its first entry stood there: the budget holds its ceiling, and nothing has left.
                assert_eq!(account(&budget).holding().len(), 1, "{write} {moment:?}");
                continue;
            };
            if recording.entries().iter().any(|entry| matches!(entry.event, Event::RunEnded(_))) {
                continue;
            }
            assert_eq!(account(&budget).balance().held, cents(30), "{write} {moment:?}");
            let outcome = resume(&runtime, &journal, &budget).await;
            assert_eq!(outcome.code.as_str(), "OK", "{}", outcome.message);
            let entries = Recording::read(&std::fs::read(&journal).unwrap()).unwrap().entries().to_vec();
            ledger::assert_adds_up(&entries, &outcome);
            assert!(account(&budget).holding().is_empty());
            assert_eq!(account(&budget).spent(), spent(&outcome), "{write} {moment:?}");
            assert_whole(&budget);
            let taken = budget
                .read()
                .unwrap()
                .history()
                .iter()
                .filter(|moved| matches!(moved.movement, Movement::Taken { .. }))
                .count();
            assert_eq!(taken, 1, "it was taken once");
        }
        assert!(killed > 20, "{killed}");
    });
}

#[test]
fn a_run_that_was_settled_by_hand_takes_the_rest_again_and_knows_better_what_it_spent() {
    in_time(async {
        let runtime = stubbed(STUBS).await;
        for write in [2, 4, 7, 8] {
            let folder = tempfile::tempdir().unwrap();
            let (journal, budget) = (folder.path().join("run.jsonl"), team(folder.path()));
            let order = json!({"workflow": workflow(), "stubs": STUBS, "budgets": folder.path()});
            assert!(kill_by(order, &journal, write, Moment::After).await);
            let facts = Recording::read(&std::fs::read(&journal).unwrap()).unwrap().facts().unwrap();
            let run = facts.run().run;
            let Cost { charged, absorbed, overrun, .. } = facts.cost();
            let by_hand = RunSpending { charged, absorbed: absorbed.saturating_add(facts.held()), overrun };
            for _ in 0..2 {
                budget.change(now(), |account| Ok(((), account.settle(run, by_hand, true)))).unwrap();
                assert_eq!(account(&budget).spent(), by_hand, "twice is once");
            }
            assert!(account(&budget).holding().is_empty());
            assert_whole(&budget);
            let outcome = resume(&runtime, &journal, &budget).await;
            assert_eq!(outcome.code.as_str(), "OK", "{}", outcome.message);
            assert_eq!(account(&budget).spent(), spent(&outcome));
            assert_whole(&budget);
        }
    });
}

#[test]
fn a_run_takes_what_it_may_spend_or_does_not_begin() {
    in_time(async {
        let runtime = stubbed(STUBS).await;
        let folder = tempfile::tempdir().unwrap();
        let budget = team(folder.path());
        let start = |ceiling: Option<u64>, workflow: &str| {
            let mut options = RunOptions::default().budget(Arc::new(budget.clone()), None);
            if let Some(ceiling) = ceiling {
                options = options.ceiling(cents(ceiling)).absorbed_ceiling(cents(ceiling));
            }
            runtime.start(&parse(workflow), json!({}), options)
        };
        let refused = start(Some(CEILING + 1), &workflow()).outcome().await;
        assert_eq!(refused.code.as_str(), "AGENT_BUDGET_EXCEEDED");
        assert!(
            refused.message.contains("$1.01") && refused.message.contains("$1.00"),
            "{}",
            refused.message
        );
        assert!(refused.side_effects.is_empty() && account(&budget).holding().is_empty());
        let outcome = start(Some(CEILING), &workflow()).outcome().await;
        assert_eq!(outcome.code.as_str(), "OK");
        assert_eq!(account(&budget).spent(), spent(&outcome));
        // One that says nothing of money takes what there is.
        let mut silent: Value = serde_json::from_str(&workflow()).unwrap();
        silent.as_object_mut().unwrap().remove("budget");
        assert_eq!(start(None, &silent.to_string()).outcome().await.code.as_str(), "OK");
        assert_whole(&budget);
        // One that charges its failures loses nothing, and takes nothing for it.
        silent["budget"] = json!({"ceiling_cents": 10, "failed_steps": "charge"});
        let run = start(None, &silent.to_string());
        assert_eq!(
            (account(&budget).balance().held, account(&budget).held_to_lose()),
            (cents(10), Money::ZERO)
        );
        assert_eq!(run.outcome().await.code.as_str(), "OK");
        let options = RunOptions::default().absorbed_ceiling(cents(1));
        let refused = runtime.start(&parse(&silent.to_string()), json!({}), options).outcome().await;
        assert_eq!(refused.code.as_str(), "CONFIG_INVALID", "{}", refused.message);
    });
}

#[test]
fn a_budget_that_is_stopped_reserves_nothing_more() {
    in_time(async {
        let runtime = stubbed("llm: {ask: {text: yes, tokens: 7, input_tokens: 30, delay_ms: 300}}").await;
        let folder = tempfile::tempdir().unwrap();
        let budget = team(folder.path());
        let options = || RunOptions::default().budget(Arc::new(budget.clone()), None);
        let mut run = runtime.start(&parse(&workflow()), json!({}), options());
        while let Some(entry) = run.next_entry().await {
            if matches!(entry.event, Event::Intent(_)) {
                budget.stop("enough", now()).unwrap();
                break;
            }
        }
        let outcome = run.outcome().await;
        assert_eq!(outcome.code.as_str(), "BUDGET_STOPPED", "{}", outcome.message);
        let codes: Vec<_> = outcome.steps.iter().map(|step| step.code.as_str()).collect();
        assert_eq!(codes, ["OK", "BUDGET_STOPPED"], "what had left is settled, and nothing more leaves");
        assert_eq!(outcome.side_effects.len(), 1);
        assert!(budget.is_stopped() && account(&budget).holding().is_empty());
        assert_eq!(account(&budget).spent(), spent(&outcome));
        let refused = runtime.start(&parse(&workflow()), json!({}), options()).outcome().await;
        assert_eq!(refused.code.as_str(), ErrorCode::BudgetStopped.as_str());
        assert!(refused.message.contains("enough"), "{}", refused.message);
        // The flag alone counts as well, whoever set it and could say no more.
        budget.start(now()).unwrap();
        std::fs::write(folder.path().join("team.stopped"), "").unwrap();
        assert_eq!(account(&budget).stopped(), Some(""));
        let refused = runtime.start(&parse(&workflow()), json!({}), options()).outcome().await;
        assert_eq!(refused.code.as_str(), "BUDGET_STOPPED");
        budget.start(now()).unwrap();
        assert_eq!(account(&budget).stopped(), None);
        assert_eq!(
            runtime.start(&parse(&workflow()), json!({}), options()).outcome().await.code.as_str(),
            "OK"
        );
    });
}

#[test]
fn a_run_is_known_by_its_id() {
    in_time(async {
        let runtime = stubbed(STUBS).await;
        let folder = tempfile::tempdir().unwrap();
        let (journal, budget) = (folder.path().join("run.jsonl"), team(folder.path()));
        let order = json!({"workflow": workflow(), "stubs": STUBS, "budgets": folder.path()});
        assert!(kill_by(order, &journal, 4, Moment::After).await);
        let run = *account(&budget).holding().keys().next().unwrap();
        // Another run of the same id begins neither while it goes nor after it has ended.
        let again = || {
            let options = RunOptions::default().id(run).budget(Arc::new(budget.clone()), None);
            runtime.start(&parse(&workflow()), json!({}), options).outcome()
        };
        assert_eq!(again().await.code.as_str(), "REQUEST_INVALID");
        assert_eq!(account(&budget).balance().held, cents(30), "and it takes nothing away from it");
        // A copy elsewhere goes on, and the budget knows where it lies.
        let copy = folder.path().join("copy.jsonl");
        std::fs::copy(&journal, &copy).unwrap();
        let (sink, recording) = FileSink::take_up(&copy).unwrap();
        let options = ResumeOptions::default().budget(Arc::new(budget.clone()), Some("copy".to_owned()));
        let going = runtime.resume(sink, recording, options).await.unwrap();
        assert_eq!(account(&budget).holding()[&run].journal.as_deref(), Some("copy"));
        let outcome = going.outcome().await;
        assert_eq!(account(&budget).spent(), spent(&outcome));
        assert_eq!(again().await.code.as_str(), "REQUEST_INVALID");
        // What it was copied from is no run that goes on any more.
        let (sink, recording) = FileSink::take_up(&journal).unwrap();
        let options = ResumeOptions::default().budget(Arc::new(budget.clone()), None);
        let failure = runtime.resume(sink, recording, options).await.unwrap_err();
        assert_eq!(failure.code, ErrorCode::RequestInvalid);
        assert!(failure.message.contains("has ended"), "{failure}");
        assert_eq!(account(&budget).spent(), spent(&outcome));
        assert_whole(&budget);
    });
}

#[test]
fn a_run_goes_on_with_the_budget_that_it_began_with_and_no_other() {
    in_time(async {
        let runtime = stubbed(STUBS).await;
        let folder = tempfile::tempdir().unwrap();
        let (journal, budget) = (folder.path().join("run.jsonl"), team(folder.path()));
        let order = json!({"workflow": workflow(), "stubs": STUBS, "budgets": folder.path()});
        assert!(kill_by(order, &journal, 4, Moment::After).await);
        let other = BudgetFolder::new(folder.path()).budget(BudgetName::new("other").unwrap());
        for options in [ResumeOptions::default(), ResumeOptions::default().budget(Arc::new(other), None)] {
            let (sink, recording) = FileSink::take_up(&journal).unwrap();
            let failure = runtime.resume(sink, recording, options).await.unwrap_err();
            assert_eq!(failure.code, ErrorCode::ConfigInvalid);
            assert!(failure.message.contains("team"), "{failure}");
        }
        assert_eq!(resume(&runtime, &journal, &budget).await.code.as_str(), "OK");
    });
}
