//! `aos budget` and `aos prices`: what they print, what they refuse, and how they exit.

use std::path::Path;

use aos_host::agent_budget::Wish;
use aos_host::ids::{BudgetName, RunId};
use aos_host::providers::{AgentBudget as _, BudgetFolder};
use aos_host::units::{Money, Timestamp};
use serde_json::{Value, json};

use super::process::{Ended, Home, at_home};

const FLOW: &str = "aos: 1\nname: flow\ngrants: {models: [gpt-4o-mini]}\nsteps:\n  - id: ask\n    skill: llm_invoke\n    \
                    with: {model: gpt-4o-mini, task: ask, prompt: hello, max_tokens: 100}\n";

/// A folder with a workflow of one question, the stub world for it, and the budget `team` of five dollars.
async fn with_team() -> Home {
    let home = Home::new();
    home.write("flow.yaml", FLOW).write("stubs.yaml", "llm: {ask: {text: yes, tokens: 3, input_tokens: 9}}");
    home.aos(["budget", "set", "team", "--ceiling-cents", "500"]).await.assert_code(0);
    home
}

async fn aos(home: &Home, line: &str) -> Ended {
    home.aos(line.split(' ')).await
}

async fn json_of(home: &Home, line: &str) -> Value {
    let ended = aos(home, &format!("{line} --format json")).await;
    ended.assert_code(0);
    ended.json()
}

fn file(home: &Home) -> String {
    std::fs::read_to_string(home.path(".aos/budgets/team.jsonl")).unwrap()
}

#[test]
fn a_budget_is_set_shown_listed_and_changed() {
    at_home(async |_| {
        let home = with_team().await;
        let shown = json_of(&home, "budget show team").await;
        let expected = json!({
            "name": "team", "ceiling": 5_000_000_000_u64, "held": 0, "charged": 0, "available": 5_000_000_000_u64,
            "absorbed_ceiling": 5_000_000_000_u64, "absorbed_held": 0, "absorbed": 0,
            "absorbed_available": 5_000_000_000_u64, "overrun": 0, "stopped": null, "runs": [],
        });
        assert_eq!(shown, expected);
        let changed = json_of(&home, "budget set team --ceiling-cents 2 --absorbed-ceiling-cents 0").await;
        assert_eq!((&changed["available"], &changed["absorbed_available"]), (&json!(20_000_000), &json!(0)));
        json_of(&home, "budget set another.one --ceiling-cents 900719925").await;
        let listed = json_of(&home, "budget list").await;
        assert_eq!((&listed[0]["name"], &listed[1]["name"]), (&json!("another.one"), &json!("team")));
        let list = aos(&home, "budget list").await;
        assert_eq!(
            list.stdout,
            "another.one  $9007199.250000000 of $9007199.250000000 left\n\
             team         $0.020000000 of $0.020000000 left\n"
        );
    });
}

#[test]
fn the_sums_of_a_budget_stand_in_columns() {
    at_home(async |_| {
        let home = with_team().await;
        for cents in [0, 500, 900_719_925] {
            let shown = aos(&home, &format!("budget set team --ceiling-cents {cents}")).await;
            let lines: Vec<_> = shown.stdout.lines().collect();
            assert_eq!(lines.len(), 4, "{}", shown.stdout);
            assert!(lines[1..].iter().all(|line| line.len() == lines[1].len()), "{}", shown.stdout);
            let words = |line: &str| line.split_whitespace().count();
            assert_eq!(lines[1..].iter().map(|line| words(line)).collect::<Vec<_>>(), [4, 5, 5]);
        }
    });
}

#[test]
fn what_a_run_does_stands_in_the_history() {
    at_home(async |_| {
        let home = with_team().await;
        let run =
            aos(&home, "run flow.yaml --stubs stubs.yaml --budget team --ceiling-cents 10 --format json");
        let outcome = run.await.outcome();
        assert_eq!(outcome.code.as_str(), "OK");
        let history = json_of(&home, "budget history team").await;
        let kinds: Vec<_> = history.as_array().unwrap().iter().map(|moved| &moved["type"]).collect();
        assert_eq!(kinds, ["set", "taken", "settled"]);
        let run = json!(outcome.run_id);
        assert_eq!((&history[1]["run"], &history[1]["ceiling"]), (&run, &json!(100_000_000)));
        assert!(Path::new(history[1]["journal"].as_str().unwrap()).is_file(), "{history}");
        let spent = json!({"charged": outcome.cost.charged, "absorbed": 0, "overrun": 0});
        assert_eq!((&history[2]["run"], &history[2]["spent"]), (&run, &spent));
        let shown = json_of(&home, "budget show team").await;
        assert_eq!((&shown["charged"], &shown["held"]), (&json!(outcome.cost.charged), &json!(0)));
        let text = aos(&home, "budget history team").await.stdout;
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.contains(&format!("charged {}, absorbed", outcome.cost.charged)), "{text}");
    });
}

#[test]
fn a_run_that_does_not_fit_does_not_begin() {
    at_home(async |_| {
        let home = with_team().await;
        let run = aos(&home, "run flow.yaml --stubs stubs.yaml --budget team --ceiling-cents 501").await;
        run.assert_code(1);
        assert!(run.stdout.contains("AGENT_BUDGET_EXCEEDED"), "{}", run.stdout);
        assert!(run.stderr.contains("help: give the run a smaller --ceiling-cents"), "{}", run.stderr);
        assert!(!run.stderr.contains("still holds"), "{}", run.stderr);
        assert_eq!(file(&home).lines().count(), 1, "nothing was taken");
    });
}

#[test]
fn a_budget_that_is_not_there_is_told_with_the_way_to_make_it() {
    at_home(async |_| {
        let home = with_team().await;
        for line in [
            "budget show nobody",
            "budget history nobody",
            "budget stop nobody",
            "budget start nobody",
            "budget settle nobody",
            "run flow.yaml --stubs stubs.yaml --budget nobody",
        ] {
            let ended = aos(&home, &format!("{line} --format json")).await;
            ended.assert_code(1);
            let outcome = ended.outcome();
            assert_eq!(outcome.code.as_str(), "CONFIG_INVALID", "{line}");
            assert!(outcome.message.contains("aos budget set nobody --ceiling-cents"), "{line}");
            assert!(!ended.stderr.contains("still holds"), "{line}: {}", ended.stderr);
        }
        assert!(!home.path(".aos/budgets/nobody.jsonl").exists(), "looking makes nothing");
    });
}

#[test]
fn names_and_amounts_that_are_none_are_a_misused_command_line() {
    at_home(async |_| {
        let home = with_team().await;
        let before = file(&home);
        for (line, word) in [
            ("budget show Team", "not of the form"),
            ("budget show ../team", "not of the form"),
            ("budget set .team --ceiling-cents 1", "not of the form"),
            ("budget set team", "--ceiling-cents"),
            ("budget set team --ceiling-cents=-1", "invalid"),
            ("budget set team --ceiling-cents 0.5", "invalid"),
            ("budget set team --ceiling-cents 900719926", "more than 900719925"),
            ("budget set team --ceiling-cents 18446744073709551616", "invalid"),
            (
                "budget set team --ceiling-cents 1 --absorbed-ceiling-cents 900719926",
                "--absorbed-ceiling-cents",
            ),
            ("budget settle team me", "32 lower-case hexadecimal digits"),
            ("budget settle team --lost", "<RUN>"),
            ("run flow.yaml --budget ../team", "not of the form"),
            ("run flow.yaml --ceiling-cents 900719926", "more than 900719925"),
        ] {
            let ended = aos(&home, line).await;
            ended.assert_code(2);
            assert_eq!(ended.stdout, "", "{line}");
            assert!(ended.stderr.contains(word), "{line}: {}", ended.stderr);
        }
        assert_eq!(file(&home), before);
    });
}

#[test]
fn a_stopped_budget_lets_no_run_begin_until_it_is_started() {
    at_home(async |_| {
        let home = with_team().await;
        home.aos(["budget", "stop", "team", "--why", "a loop in flow\u{1b}"]).await.assert_code(0);
        assert!(home.path(".aos/budgets/team.stopped").exists());
        let shown = aos(&home, "budget show team").await;
        assert!(shown.stdout.contains("STOPPED: a loop in flow\\u{1b}"), "{}", shown.stdout);
        assert_eq!(json_of(&home, "budget show team").await["stopped"], "a loop in flow\u{1b}");
        let run = aos(&home, "run flow.yaml --stubs stubs.yaml --budget team").await;
        run.assert_code(1);
        assert!(run.stdout.contains("BUDGET_STOPPED"), "{}", run.stdout);
        assert!(run.stderr.contains("help: see why with aos budget show"), "{}", run.stderr);
        let started = json_of(&home, "budget start team").await;
        assert_eq!(started["stopped"], json!(null));
        assert!(!home.path(".aos/budgets/team.stopped").exists());
        aos(&home, "run flow.yaml --stubs stubs.yaml --budget team").await.assert_code(0);
    });
}

#[test]
fn a_file_that_was_changed_is_not_trusted_and_not_written() {
    at_home(async |_| {
        let home = with_team().await;
        let tampered = file(&home).replace("5000000000", "9000000000");
        home.write(".aos/budgets/team.jsonl", &tampered);
        for line in [
            "budget show team",
            "budget set team --ceiling-cents 1",
            "budget stop team",
            "budget settle team",
            "budget list",
        ] {
            let ended = aos(&home, line).await;
            ended.assert_code(3);
            let place =
                "LEDGER_INVARIANT: .aos/budgets/team.jsonl: the budget's file cannot be trusted: line 1";
            assert!(ended.stderr.contains(place), "{line}: {}", ended.stderr);
            assert!(ended.stderr.contains("help: move the file away"), "{line}: {}", ended.stderr);
        }
        let run = aos(&home, "run flow.yaml --stubs stubs.yaml --budget team").await;
        run.assert_code(1);
        assert!(run.stdout.contains("LEDGER_INVARIANT"), "{}", run.stdout);
        assert!(run.stderr.contains("help: move the file away"), "{}", run.stderr);
        assert!(!run.stderr.contains("still holds"), "{}", run.stderr);
        assert_eq!(file(&home), tampered);
    });
}

#[test]
fn a_line_that_was_not_written_to_its_end_did_not_happen() {
    at_home(async |_| {
        let home = with_team().await;
        let whole = file(&home);
        home.write(".aos/budgets/team.jsonl", format!("{whole}{{\"seq\":1,\"at\""));
        assert_eq!(json_of(&home, "budget show team").await["ceiling"], 5_000_000_000_u64);
        json_of(&home, "budget set team --ceiling-cents 7").await;
        assert!(file(&home).starts_with(&whole));
        assert_eq!(file(&home).lines().count(), 2);
        assert_eq!(json_of(&home, "budget show team").await["ceiling"], 70_000_000);
    });
}

#[test]
fn a_folder_that_cannot_be_used_is_told() {
    at_home(async |home| {
        home.write("flow.yaml", FLOW);
        std::fs::create_dir(home.path(".aos")).unwrap();
        home.write(".aos/budgets", "no folder");
        for line in ["budget set team --ceiling-cents 1", "budget show team", "budget list"] {
            let ended = aos(&home, line).await;
            ended.assert_code(1);
            assert!(ended.stderr.contains("JOURNAL_IO"), "{line}: {}", ended.stderr);
            assert!(ended.stderr.contains(".aos/budgets"), "{line}: {}", ended.stderr);
            assert!(
                ended.stderr.contains("help: see the operating system's words, mend"),
                "{}",
                ended.stderr
            );
        }
    });
}

/// Records a run as `j.jsonl`, and cuts its journal off after its question had left, as if it had been killed there. The
/// budget has what it took.
async fn killed(home: &Home) -> RunId {
    aos(home, "run flow.yaml --stubs stubs.yaml --ceiling-cents 10 --journal j.jsonl").await.assert_code(0);
    let whole = std::fs::read_to_string(home.path("j.jsonl")).unwrap();
    let began: Value = serde_json::from_str(whole.lines().next().unwrap()).unwrap();
    let until: String = whole.split_inclusive('\n').take_while(|line| !line.contains("\"result\"")).collect();
    assert!(until.lines().last().unwrap().contains("\"intent\""), "{until}");
    home.write("j.jsonl", until);
    let run = began["run"].as_str().unwrap().parse().unwrap();
    take(home, run, "j.jsonl");
    run
}

fn take(home: &Home, run: RunId, journal: &str) {
    let ceiling = Money::from_cents(10).unwrap();
    let journal = Some(home.path(journal).to_str().unwrap().to_owned());
    let wish = Wish { ceiling, absorbed_ceiling: ceiling, or_less: false, journal };
    let budget = BudgetFolder::new(home.path(".aos/budgets")).budget(BudgetName::new("team").unwrap());
    budget.take(run, wish, Timestamp::EPOCH).unwrap();
}

#[test]
fn a_run_that_was_killed_is_settled_by_what_its_journal_may_have_spent() {
    at_home(async |_| {
        let home = with_team().await;
        let run = killed(&home).await;
        let shown = json_of(&home, "budget show team").await;
        assert_eq!((&shown["held"], &shown["absorbed_held"]), (&json!(100_000_000), &json!(100_000_000)));
        assert_eq!(shown["runs"][0]["run"], json!(run));
        let text = aos(&home, "budget show team").await.stdout;
        assert!(text.contains(&format!("run {run} holds $0.100000000")), "{text}");
        let settled = aos(&home, "budget settle team --format json").await;
        settled.assert_code(0);
        assert!(settled.stderr.contains(&format!("run {run}: charged $0.000000000, absorbed $0.0001")));
        // Its fuel, and its question: 5 bytes and 32 tokens, and an answer of 100.
        let held = 100_000 + 37 * 150 + 100 * 600;
        let shown = settled.json();
        assert_eq!(
            (&shown["held"], &shown["absorbed"], &shown["runs"]),
            (&json!(0), &json!(held), &json!([]))
        );
        let again = aos(&home, &format!("budget settle team {run} --format json")).await;
        again.assert_code(1);
        assert!(again.outcome().message.contains("holds nothing of this budget"));
        assert_eq!(json_of(&home, "budget show team").await, shown, "it is counted once");
    });
}

#[test]
fn what_a_killed_run_holds_that_charges_failures_is_charged() {
    at_home(async |_| {
        let home = with_team().await;
        home.write("flow.yaml", FLOW.replace("steps:", "budget: {failed_steps: charge}\nsteps:"));
        killed(&home).await;
        let settled = json_of(&home, "budget settle team").await;
        assert_eq!((&settled["charged"], &settled["absorbed"]), (&json!(165_550), &json!(0)));
    });
}

#[test]
fn a_run_whose_journal_is_gone_is_left_alone_until_it_is_given_up() {
    at_home(async |_| {
        let home = with_team().await;
        let run = killed(&home).await;
        std::fs::remove_file(home.path("j.jsonl")).unwrap();
        let settled = aos(&home, "budget settle team").await;
        settled.assert_code(1);
        assert!(settled.stderr.contains("it is left alone"), "{}", settled.stderr);
        let way = format!("help: aos budget settle team {run} --lost counts all that it holds as spent");
        assert!(settled.stderr.contains(&way), "{}", settled.stderr);
        let shown = json_of(&home, &format!("budget settle team {run} --lost")).await;
        assert_eq!((&shown["charged"], &shown["absorbed"]), (&json!(100_000_000), &json!(100_000_000)));
        assert_eq!(shown["held"], 0);
    });
}

#[test]
fn the_journal_of_another_run_settles_nothing() {
    at_home(async |_| {
        let home = with_team().await;
        killed(&home).await;
        aos(&home, "budget settle team").await.assert_code(0);
        let stranger: RunId = "01a206168c0f7c87be4200a2d2d9bf27".parse().unwrap();
        take(&home, stranger, "j.jsonl");
        let settled = aos(&home, "budget settle team").await;
        settled.assert_code(1);
        assert!(settled.stderr.contains("RECORDING_FOREIGN"), "{}", settled.stderr);
        let shown = json_of(&home, &format!("budget settle team {stranger} --lost")).await;
        assert_eq!((&shown["charged"], &shown["held"]), (&json!(100_000_000), &json!(0)));
    });
}

#[test]
fn prices_are_shown_and_those_of_a_file_count() {
    at_home(async |home| {
        let bundled = json_of(&home, "prices").await;
        assert_eq!(bundled["models"]["gpt-4o-mini"]["input"], 150_000_000);
        let one = json_of(&home, "prices gpt-4o-mini").await;
        assert_eq!(one["models"].as_object().unwrap().len(), 1);
        let text = aos(&home, "prices").await.stdout;
        let table: Vec<Vec<_>> = text
            .lines()
            .take_while(|line| !line.is_empty())
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert!(
            table.len() > 5 && table[1..].iter().all(|row| row.len() == 5),
            "columns stand apart: {text}"
        );
        let toml = aos(&home, "prices --toml").await.stdout;
        home.write("own.toml", &toml);
        assert_eq!(json_of(&home, "prices --prices own.toml").await, bundled, "a beginning for one's own");
        home.write("own.toml", toml.replace("[models.\"gpt-4o-mini\"]", "[models.\"mine-*\"]"));
        let mine = json_of(&home, "prices mine-2 --prices own.toml").await;
        assert_eq!(mine["models"]["mine-2"]["input"], 150_000_000);
    });
}

#[test]
fn a_model_without_a_price_and_a_list_that_is_none_are_refused() {
    at_home(async |home| {
        let ended = aos(&home, "prices nobody --format json").await;
        ended.assert_code(1);
        assert_eq!(ended.outcome().code.as_str(), "COST_UNKNOWN");
        assert!(ended.stderr.contains("help: use a model of the price list"), "{}", ended.stderr);
        home.write("flow.yaml", FLOW).write("stubs.yaml", "llm: {}");
        for (list, word) in [
            ("fuel = 1", "missing field `as_of`"),
            ("as_of = \"2026-01-01\"\nfuel = 9_007_199_254_740_992", "is more than 9007199254740991"),
            ("as_of = \"2026-01-01\"\nfuel = 1\n[http.\"a b\"]", "http.\"a b\": "),
        ] {
            home.write("own.toml", list);
            for line in ["prices", "run flow.yaml --stubs stubs.yaml"] {
                let ended = aos(&home, &format!("{line} --prices own.toml")).await;
                ended.assert_code(2);
                assert_eq!(ended.stderr.matches(word).count(), 1, "{line}: {}", ended.stderr);
                assert!(ended.stderr.contains("--prices own.toml"), "{line}: {}", ended.stderr);
            }
        }
        aos(&home, "prices --prices missing.toml").await.assert_code(2);
    });
}
