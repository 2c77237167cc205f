//! What is shown is what the outcome says: figures, failures and what to do, documents, and where two runs part.

use aos_host::journal::Recording;
use aos_host::outcome::Status;
use aos_host::units::Money;
use aos_host::view::RunView;
use serde_json::Value;

use super::written;
use crate::report::scenes;
use crate::support::browser::Look;
use crate::support::recorded::Recorded;
use crate::support::runtime::in_time;

/// The figures of the page, by their names.
const FIGURES: &str = "Object.fromEntries([...document.querySelectorAll('.figures > div')]\
    .map((box) => [box.querySelector('dt').textContent, box.querySelector('dd').textContent]))";

const TEXT: &str = "document.getElementById('main').innerText";

/// Money as the page writes it.
fn dollars(money: Money) -> String {
    let whole = money.to_string();
    let (dollars, nanos) = whole.split_once('.').unwrap();
    format!("{dollars}.{:0<2}", nanos.trim_end_matches('0'))
}

#[test]
fn the_figures_are_those_of_the_outcome() {
    in_time(async {
        for (name, run) in scenes::all().await {
            let report = written(&[(name, &run.journal)]);
            let Some(seen) = Look::at_file(report.path()).eval(FIGURES).seen().await else { return };
            let figures = &seen.results[0];
            let starts = |figure: &str, with: String| {
                let shown = figures[figure].as_str().unwrap_or_default();
                assert!(shown.starts_with(&with), "{name}: {figure} is {shown:?} and not {with:?}");
            };
            let outcome = &run.outcome;
            starts("Charged", format!("{} of", dollars(outcome.cost.charged)));
            starts("Used by failed attempts", dollars(outcome.cost.absorbed));
            let cost = &outcome.cost;
            let total = cost.spent.total().saturating_add(cost.overrun);
            let of_all = if total > cost.charged { dollars(total) } else { String::new() };
            let beyond = figures["Billed beyond what was held"].as_str().unwrap_or_default();
            assert_eq!(
                beyond,
                if cost.overrun > Money::ZERO { dollars(cost.overrun) } else { String::new() }
            );
            let shown = figures["Spent in all"].as_str().unwrap_or_default();
            assert_eq!(shown.strip_suffix(" at most").unwrap_or(shown), of_all, "{name}");
            let supposed = ["cut_off", "resumed"].contains(&name);
            assert_eq!(shown.ends_with("at most"), supposed, "{name}: {shown}");
            let succeeded = outcome.steps.iter().filter(|step| step.status == Status::Success).count();
            starts("Steps", format!("{succeeded} of {} succeeded", outcome.steps.len()));
            if outcome.fuel.units() < 1000 {
                starts("Fuel", outcome.fuel.units().to_string());
            }
        }
    });
}

#[test]
fn a_failed_run_says_what_it_did_what_it_cost_and_what_to_do_next() {
    in_time(async {
        let run = scenes::failed().await;
        let report = written(&[("order.jsonl", &run.journal)]);
        let places = "[...document.querySelectorAll('.failure-code[open] button.link')].map((place) => place.textContent)";
        let look =
            Look::at_file(report.path()).eval(TEXT).eval(places).click(".failure-code[open] button.link");
        let look = look.wait("dialog[open]").eval("document.querySelector('dialog[open]').innerText").axe();
        let Some(seen) = look.seen().await else { return };
        seen.assert_clean();
        let text = seen.results[0].as_str().unwrap();
        let advice = aos_host::failure::advice(aos_host::failure::ErrorCode::UpstreamUnavailable, None);
        for part in [
            "failed after",
            "UPSTREAM_UNAVAILABLE",
            "step ship",
            "503",
            "tried 4 times",
            "label, mail",
            "https://shop.test/orders/42/shipment",
            &dollars(run.outcome.cost.charged),
            &dollars(run.outcome.cost.absorbed),
            "POST https://shop.test/orders (OK)",
            "do not simply run it again",
            "no lorry is free",
            advice,
            "What happened",
        ] {
            assert!(text.contains(part), "{part:?} is missing in\n{text}");
        }
        let places: Vec<_> = seen.results[1].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(places.contains(&"ship:4:0"), "{places:?}");
        assert!(seen.results[2].as_str().unwrap().contains("UPSTREAM_UNAVAILABLE"));
    });
}

#[test]
fn a_step_with_elements_is_shown_from_every_place_that_names_it() {
    in_time(async {
        let run = scenes::budget_gone().await;
        let report = written(&[("letters.jsonl", &run.journal)]);
        let shown = "document.querySelector('dialog[open]').innerText";
        let mut look = Look::at_file(report.path());
        for place in [
            ".sorted button.link:text-is('letter')",
            ".row.group .label",
            ".graph [role=button]:has-text('letter')",
        ] {
            look = look
                .click(place)
                .wait("dialog[open] h3:text-is('Elements')")
                .eval(shown)
                .press("Escape")
                .gone("dialog[open]");
        }
        let Some(seen) = look.eval(FIGURES).axe().seen().await else { return };
        seen.assert_clean();
        for shown in &seen.results[..3] {
            let shown = shown.as_str().unwrap();
            assert!(
                shown.contains("letter[4], failed, BUDGET_EXCEEDED")
                    && shown.contains("letter[0], succeeded"),
                "{shown}"
            );
            assert!(!shown.contains("not in this report"), "{shown}");
        }
        assert_eq!(seen.results[3]["Requests"], "6, 1 failed, 1 more never left");
    });
}

#[test]
fn what_a_partial_list_gave_is_shown() {
    in_time(async {
        let run = scenes::in_part().await;
        let report = written(&[("in-part.jsonl", &run.journal)]);
        let look = Look::at_file(report.path()).click(".row.group .label");
        let Some(seen) = look.wait("dialog[open] .document:has-text('Rain in the north')").seen().await
        else {
            return;
        };
        seen.assert_clean();
    });
}

#[test]
fn each_request_and_answer_is_shown_and_what_is_long_is_folded() {
    in_time(async {
        let run = scenes::hostile().await;
        let recording = Recording::read(&run.journal).unwrap();
        let view = RunView::of(&recording).unwrap();
        assert!(view.steps().len() > 1);
        let report = written(&[("hostile.jsonl", &run.journal)]);
        let unfold = "document.querySelector('.opener').click()";
        let shown = "document.querySelector('dialog[open] .documents').innerText.length";
        let strange =
            "[...document.querySelectorAll('img, iframe, object, embed, a[href^=javascript]')].length";
        let mut look = Look::at_file(report.path()).eval(unfold).click(".row.call .label");
        for _ in 0..6 {
            look = look
                .wait("dialog[open] .document")
                .eval(shown)
                .eval(strange)
                .press("Escape")
                .press("ArrowDown")
                .press("Enter");
        }
        let Some(seen) = look.axe().seen().await else { return };
        seen.assert_clean();
        for pair in seen.results[1..].chunks(2) {
            assert!(pair[0].as_u64().unwrap() < 200_000, "a long text is folded: {}", pair[0]);
            assert_eq!(pair[1], 0, "nothing of it is markup");
        }
    });
}

#[test]
fn the_texts_that_others_wrote_are_shown_with_what_nobody_would_see_spelled_out() {
    in_time(async {
        let run = scenes::hostile_failure().await;
        let report = written(&[("hostile.jsonl", &run.journal)]);
        let Some(seen) = Look::at_file(report.path()).eval(TEXT).axe().seen().await else { return };
        seen.assert_clean();
        let text = seen.results[0].as_str().unwrap();
        assert!(text.contains("<script>alert(1)</script>"), "{text}");
        let hidden = |c: char| {
            (c.is_control() && c != '\n' && c != '\t')
                || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert_eq!(text.chars().find(|c| hidden(*c)), None);
    });
}

#[test]
fn where_two_runs_part_is_marked_in_both() {
    in_time(async {
        let [left, right]: [Recorded; 2] = scenes::two_that_part().await;
        let report = written(&[("left.jsonl", &left.journal), ("right.jsonl", &right.journal)]);
        let marked = "[...document.querySelectorAll('.row.marked .label')].map((label) => label.textContent)";
        let look = Look::at_file(report.path())
            .eval("document.querySelector('.differences').innerText")
            .eval(marked);
        let look = look.eval("[...document.querySelectorAll('.side')].map((side) => Math.round(side.getBoundingClientRect().top))");
        let Some(seen) = look.axe().seen().await else { return };
        seen.assert_clean();
        let differences = seen.results[0].as_str().unwrap();
        for part in ["The first difference", "other:1:0", "meet", "part"] {
            assert!(differences.contains(part), "{part:?} is missing in\n{differences}");
        }
        let marked = seen.results[1].as_array().unwrap();
        assert!(
            marked.len() >= 2 && marked.iter().all(|label| label.as_str().unwrap().contains('≠')),
            "{marked:?}"
        );
        let tops = seen.results[2].as_array().unwrap();
        assert_eq!(tops[0], tops[1], "they stand beside each other");
    });
}

/// How far the upper edges of the drawn money are from what the ledger said, at worst, in pixels: in all columns of the
/// picture that lie two or more from a point at which something moved. The number of looks is the second one.
const FAR_FROM_THE_LEDGER: &str = r"(() => {
    const { changes } = JSON.parse(document.getElementById('report').textContent).runs[0];
    const [, , width] = document.querySelector('.curve').getAttribute('viewBox').split(' ').map(Number);
    const edge = (kind) => {
        const steps = [];
        let [x, before] = [0, ''];
        for (const [, letter, value] of document.querySelector('.area.' + kind).getAttribute('d').matchAll(/([MHV])([\d.]+)/g)) {
            if (letter === 'V' && before === 'V') break;
            if (letter === 'V') steps.push([x, Number(value)]);
            else x = Number(value);
            before = letter;
        }
        return steps;
    };
    const base = Number(document.querySelector('.area.charged').getAttribute('d').match(/^M[\d.]+,([\d.]+)/)[1]);
    const upTo = { charged: ([, , charged]) => charged, held: ([, held, charged]) => held + charged,
        absorbed: ([, held, charged, absorbed]) => held + charged + absorbed };
    const highest = Math.max(...changes.money.map(upTo.absorbed));
    const scale = (base - Math.min(...edge('absorbed').map(([, y]) => y))) / highest;
    const moved = changes.money.map(([at]) => (at / changes.took_us) * width);
    let [worst, looked] = [0, 0];
    for (const [kind, money] of Object.entries(upTo)) {
        const steps = edge(kind);
        for (let column = 0.5; column < width; column += 1) {
            const point = moved.findLastIndex((at) => at <= column);
            if (point < 0 || moved.some((at) => Math.abs(at - column) < 2)) continue;
            const drawn = steps.findLast(([at]) => at <= column)[1];
            worst = Math.max(worst, Math.abs(base - scale * money(changes.money[point]) - drawn));
            looked += 1;
        }
    }
    return [worst, looked];
})()";

#[test]
fn the_curve_of_the_money_goes_where_the_ledger_went() {
    in_time(async {
        for run in [scenes::failed().await, scenes::quick_and_slow().await] {
            let report = written(&[("run.jsonl", &run.journal)]);
            let Some(seen) = Look::at_file(report.path()).eval(FAR_FROM_THE_LEDGER).seen().await else {
                return;
            };
            let [worst, looked] = [0, 1].map(|at| seen.results[0][at].as_f64().expect("a number"));
            assert!(looked > 100.0, "{looked} columns were looked at");
            assert!(worst < 1.5, "the curve is {worst} pixels from the ledger");
        }
    });
}
