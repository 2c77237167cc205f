//! The worked example of `docs/budget.md`: its workflow is run in its stub world under its price list, and every number of
//! its table is compared with what the journal says.

use std::fmt::Write as _;

use aos_host::RunOptions;
use aos_host::budget::PriceList;
use aos_host::journal::{Entry, Event, Facts};
use aos_host::outcome::Cost;
use aos_host::providers::{StubWorld, World};
use aos_host::units::Money;
use serde_json::{Value, json};

use crate::support::recorded::{Recorded, record_with};
use crate::support::runtime::{in_time, of_prices, read};

const PAGE: &str = "docs/budget.md";

/// The heading of the table.
const HEADING: &str = "| step | attempt | entry | held for it | given back | held | charged | absorbed | free | free of the step |";

#[test]
fn every_number_of_the_worked_example_is_the_journals() {
    in_time(async {
        let page = read(PAGE);
        let run = run(&page).await;
        run.assert_success();
        let (written, recorded) = (table(&page), movements(&run));
        assert_eq!(written, recorded, "{PAGE} says something else than the journal, which has\n{recorded}");
    });
}

#[test]
fn the_cost_of_the_worked_example_is_the_outcomes() {
    in_time(async {
        let page = read(PAGE);
        let run = run(&page).await;
        let written: Value = serde_json::from_str(block(&page, "`outcome.cost`:")).unwrap();
        assert_eq!(written, serde_json::to_value(run.outcome.cost).unwrap());
        let attempts: Vec<(&str, Cost)> = run
            .outcome
            .steps
            .iter()
            .flat_map(|step| {
                step.attempts.iter().map(|of| (step.step_id.as_ref().unwrap().as_str(), of.cost))
            })
            .collect();
        let lines: String = attempts.iter().fold(String::new(), |mut lines, (step, cost)| {
            let line = json!([step, cost.charged, cost.absorbed, cost.peak_held]);
            writeln!(lines, "{line}").unwrap();
            lines
        });
        assert_eq!(answer(&page, "attempts[]"), lines, "of each attempt");
        let clamped: Vec<_> =
            run.outcome.side_effects.iter().filter_map(|effect| effect.clamped_to).collect();
        assert_eq!(answer(&page, "clamped_to"), format!("{}\n", json!(clamped)));
    });
}

async fn run(page: &str) -> Recorded {
    let prices = PriceList::from_toml(block(page, "`prices.toml`:")).unwrap();
    let stubs = StubWorld::parse(block(page, "`book.stubs.yaml`:")).unwrap();
    let runtime = of_prices(World::stub(stubs), prices).await;
    record_with(&runtime, block(page, "`book.yaml`:"), json!({}), RunOptions::default()).await
}

/// The fenced text that follows a line.
fn block<'a>(page: &'a str, label: &str) -> &'a str {
    let after = page.split_once(&format!("\n{label}\n")).unwrap_or_else(|| panic!("no {label} in {PAGE}")).1;
    let fenced = after.split_once("```").unwrap().1;
    let (_, text) = fenced.split_once('\n').unwrap();
    &text[..text.find("```").unwrap()]
}

/// What a command of the page prints: the lines after the one that has these words.
fn answer(page: &str, words: &str) -> String {
    let is_command = |line: &&str| line.starts_with("$ jq") && line.contains(words);
    let mut lines = page.lines().skip_while(|line| !is_command(line)).skip(1);
    let printed = lines.by_ref().take_while(|line| !line.starts_with(['$', '`']));
    printed.map(|line| format!("{line}\n")).collect()
}

/// The rows of the table, each as its cells with one space between them.
fn table(page: &str) -> String {
    let rows = page.lines().skip_while(|line| *line != HEADING).skip(2);
    let cells = |row: &str| row.split('|').map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned();
    let text: Vec<_> = rows.take_while(|line| line.starts_with('|')).map(cells).collect();
    assert!(!text.is_empty(), "no table in {PAGE}");
    text.join("\n")
}

/// The same rows, from the journal: each entry that moves money, and how the sums stand after it.
fn movements(run: &Recorded) -> String {
    let entries = run.entries();
    let Event::RunStarted(started) = &entries[0].event else { panic!("no beginning") };
    let mut facts = Facts::new(started.clone(), entries[0].stamp.at);
    let mut rows = Vec::new();
    for entry in &entries[1..] {
        facts.apply(entry);
        rows.extend(row(entry, &facts));
    }
    rows.join("\n")
}

fn row(entry: &Entry, facts: &Facts) -> Option<String> {
    let (kind, holds, back) = match &entry.event {
        Event::StepStarted(event) => ("`step-started`", Some(event.held), None),
        Event::Intent(event) => ("`intent`", Some(event.held), None),
        Event::Result(event) => ("`result`", None, Some(event.refunded)),
        Event::StepEnded(event) => ("`step-ended`", None, Some(event.fuel_refunded)),
        _ => return None,
    };
    let cursor = entry.cursor.as_ref()?;
    let (limits, cost, held) = (facts.run().limits(), facts.cost(), facts.held());
    let to_charge = limits.ceiling.nanos() - held.nanos() - cost.charged.nanos();
    let to_lose = limits.absorbed_ceiling.nanos() - held.nanos() - cost.absorbed.nanos();
    // Only the second step has a ceiling, of one cent.
    let of_step = facts.step(&cursor.step)?.used().nanos();
    let of_step = (cursor.step.as_str() == "blurb").then(|| 10_000_000 - of_step);
    let cells = [
        cursor.step.to_string(),
        cursor.attempt.to_string(),
        kind.to_owned(),
        amount(holds.map(Money::nanos)),
        amount(back.map(Money::nanos)),
        amount(Some(held.nanos())),
        amount(Some(cost.charged.nanos())),
        amount(Some(cost.absorbed.nanos())),
        amount(Some(to_charge.min(to_lose))),
        amount(of_step),
    ];
    Some(cells.join(" ").trim().to_owned())
}

/// With a comma before each three digits; a dash for none.
fn amount(nanos: Option<u64>) -> String {
    let Some(nanos) = nanos else { return "–".to_owned() };
    let digits = nanos.to_string();
    let places = digits.len();
    digits
        .chars()
        .enumerate()
        .flat_map(|(at, digit)| {
            let comma = (at > 0 && (places - at).is_multiple_of(3)).then_some(',');
            comma.into_iter().chain([digit])
        })
        .collect()
}
