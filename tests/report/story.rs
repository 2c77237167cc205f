//! What is said of a run in words: of each run to look at, what people ask first.

use aos_host::failure::ErrorCode;
use aos_host::journal::Recording;
use aos_host::units::Money;
use aos_host::view::{Remark, RunView, Tone};

use crate::report::scenes;
use crate::support::runtime::in_time;

fn story(journal: &[u8]) -> Vec<Remark> {
    let recording = Recording::read(journal).expect("a journal");
    RunView::of(&recording).expect("a run").story()
}

/// The texts of a tone, in order.
fn told(story: &[Remark], tone: Tone) -> Vec<&str> {
    story.iter().filter(|remark| remark.tone == tone).map(|remark| remark.text.as_str()).collect()
}

const SCRIPTED: &str = "Its world was a script: nothing was really sent, and nothing really paid.";

/// Holds a text to its parts, in order: times differ from run to run.
fn assert_says(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { panic!("{part:?} is missing in {text:?}") };
        rest = after;
    }
}

#[test]
fn a_run_that_failed_says_where_how_often_what_it_did_what_it_cost_and_what_to_do() {
    in_time(async {
        let run = scenes::failed().await;
        let story = story(&run.journal);
        let [ending, place] = told(&story, Tone::Bad)[..] else { panic!("{story:#?}") };
        assert_says(
            ending,
            &["The run of the workflow order failed after", "with UPSTREAM_UNAVAILABLE", "503"],
        );
        let struck = "It struck in step ship, attempt 4, in call 0: http.send PUT https://shop.test/orders/42/shipment. \
                      PUT https://shop.test/orders/42/shipment was answered with status 503.";
        assert_eq!(place, struck);
        let places: Vec<_> =
            story.iter().filter_map(|remark| remark.place.as_ref()).map(ToString::to_string).collect();
        assert_eq!(places, ["ship:4:0", "order:1:0"]);
        let quotes: Vec<_> = story.iter().filter_map(|remark| remark.quote.as_deref()).collect();
        assert_eq!(quotes, ["no lorry is free"]);
        let notes = told(&story, Tone::Note);
        assert_eq!(notes[0], SCRIPTED);
        let notes = &notes[1..];
        assert_says(
            notes[0],
            &["It was tried 4 times, with pauses of", "It was not tried again: 4 of 4 attempts are used."],
        );
        assert_eq!(
            notes[1],
            "Of 6 steps, 3 succeeded, 1 failed, 2 did not run. There were 3 retries in all."
        );
        assert_eq!(notes[2], "Not run, since what they need failed: label, mail.");
        assert_eq!(notes[3], "It made 7 requests of the world, of which 4 failed.");
        let again =
            "Done and not undone, and done once more by another run: POST https://shop.test/orders (OK).";
        assert_eq!(notes[4], again);
        assert_says(
            notes[5],
            &[
                "It was charged $0.0",
                "of at most $0.10.",
                "Attempts that failed used $0.00",
                "not in that charge",
                "In all, $0.0",
                " were spent.",
            ],
        );
        let [todo] = told(&story, Tone::Todo)[..] else { panic!("{story:#?}") };
        assert_says(
            todo,
            &[
                "In a world that is no script, do not simply run it again",
                "does what is named above once more",
                "What to do:",
            ],
        );
    });
}

#[test]
fn a_run_that_succeeded_says_no_more_than_that_and_what_it_cost() {
    in_time(async {
        let story = story(&scenes::three_steps().await.journal);
        assert_says(told(&story, Tone::Good)[0], &["The run of the workflow demo succeeded in"]);
        assert_eq!((told(&story, Tone::Bad).len(), told(&story, Tone::Todo).len()), (0, 0));
        let notes = told(&story, Tone::Note);
        assert_eq!(notes[..3], [SCRIPTED, "Of 3 steps, 3 succeeded.", "It made 2 requests of the world."]);
    });
}

#[test]
fn a_run_without_an_end_says_so_and_how_to_go_on() {
    in_time(async {
        let story = story(&scenes::killed_half_way().await);
        assert_says(
            told(&story, Tone::Note)[0],
            &["The run of the workflow resumed has no end yet", "1 of its steps is under way"],
        );
        assert!(told(&story, Tone::Note).iter().any(|note| note.contains("are still held")), "{story:#?}");
        assert!(
            told(&story, Tone::Note).iter().any(|note| note.contains("There is no result yet of 1 call.")),
            "{story:#?}"
        );
        assert_says(told(&story, Tone::Todo)[0], &["aos resume JOURNAL"]);
    });
}

#[test]
fn a_run_whose_budget_is_gone_says_what_began_what_left_and_what_may_have_been_done() {
    in_time(async {
        let journal = scenes::budget_gone().await.journal;
        let story = story(&journal);
        let bad = told(&story, Tone::Bad);
        assert_says(bad[0], &["failed after", "with BUDGET_EXCEEDED", "."]);
        assert_says(
            bad[1],
            &["in step letter, element 4 (counted from 0), attempt 1, in call 0", "do not fit"],
        );
        assert_eq!(bad.len(), 2, "what the workflow lets pass is no second cause: {bad:#?}");
        let notes = told(&story, Tone::Note);
        for said in [
            "Of 4 steps, 1 succeeded, 2 failed, 1 did not run. Of lists, 5 elements began; a list whose step failed may have more.",
            "Step note failed with UPSTREAM_CONFLICT, which the workflow lets pass: POST https://crm.test/notes was answered with status 409.",
            "It made 6 requests of the world, of which 1 failed. 1 more request never left.",
            "Perhaps done, and tried once more by another run: POST https://crm.test/notes (UPSTREAM_CONFLICT).",
        ] {
            assert!(notes.contains(&said), "{said:?} is missing in {notes:#?}");
        }
        let limited = notes.iter().find(|note| note.contains("The budget shortened an answer"));
        assert_says(limited.expect("a limit"), &["that of gpt-4o, to ", " tokens."]);
        let recording = Recording::read(&journal).unwrap();
        let failures = RunView::of(&recording).unwrap().failures();
        let told: Vec<_> = failures
            .iter()
            .map(|failure| {
                let places: Vec<_> = failure.places.iter().map(ToString::to_string).collect();
                (failure.code.as_str(), failure.attempts, failure.calls, failure.unbegun, places.join(" "))
            })
            .collect();
        let expected = [
            ("UPSTREAM_CONFLICT", 1, 1, 0, "note:1:0"),
            ("BUDGET_EXCEEDED", 1, 1, 0, "letter/4:1:0"),
            ("DEPENDENCY_FAILED", 0, 0, 1, "post:1"),
        ];
        assert_eq!(
            told,
            expected.map(|(code, attempts, calls, kept, at)| (code, attempts, calls, kept, at.to_owned()))
        );
    });
}

#[test]
fn an_element_that_its_workflow_lets_pass_is_named() {
    in_time(async {
        let story = story(&scenes::in_part().await.journal);
        let [passed] = told(&story, Tone::Bad)[..] else { panic!("{story:#?}") };
        let expected = "Step article, element 1 (counted from 0), failed with UPSTREAM_NOT_FOUND, which the workflow lets pass: \
                        GET https://news.test/12 was answered with status 404.";
        assert_eq!(passed, expected);
        let remark = story.iter().find(|remark| remark.tone == Tone::Bad).unwrap();
        assert_eq!(remark.place.as_ref().unwrap().to_string(), "article/1:1:0");
        assert_eq!(remark.quote.as_deref(), Some("gone"));
        assert_says(
            told(&story, Tone::Note)[2],
            &["Of 2 steps, 1 succeeded, 1 is partial. Of lists, 2 elements began."],
        );
    });
}

#[test]
fn what_a_provider_billed_beyond_what_was_held_is_told_and_part_of_what_was_spent() {
    in_time(async {
        let run = scenes::overrun().await;
        let story = story(&run.journal);
        let cost = run.assert_success().outcome.cost;
        assert!(cost.overrun > Money::ZERO);
        let total = cost.charged.saturating_add(cost.overrun).to_string();
        let money = *told(&story, Tone::Note).last().unwrap();
        let in_all = format!("In all, {} were spent.", total.trim_end_matches('0'));
        assert_says(
            money,
            &["It was charged $0.0", "Providers billed $0.0", " beyond what was held.", &in_all],
        );
    });
}

#[test]
fn a_run_of_which_nothing_left_says_so() {
    in_time(async {
        let run = scenes::refused().await;
        run.assert_failure(ErrorCode::DestinationDenied);
        let story = story(&run.journal);
        let notes = told(&story, Tone::Note);
        assert!(notes.contains(&"It reached nothing of the world. 1 request never left."), "{notes:#?}");
    });
}

#[test]
fn a_call_that_was_cut_off_counts_as_spent_and_is_named() {
    in_time(async {
        for (run, named) in [
            (scenes::cut_off().await, "llm.complete gpt-4o. "),
            (scenes::resumed().await, "gpt-4o-mini (UNKNOWN_OUTCOME). "),
        ] {
            let story = story(&run.journal);
            let notes = told(&story, Tone::Note);
            let cut_off = notes.iter().find(|note| note.starts_with("Of what was cut off"));
            let cut_off = cut_off.unwrap_or_else(|| panic!("{notes:#?}"));
            let counts = "All that was held for it, $0.00";
            assert_says(cut_off, &["nobody knows the end: ", named, counts, ", counts as spent."]);
            assert!(notes.iter().any(|note| note.contains("In all, at most $0.00")), "{notes:#?}");
        }
    });
}

#[test]
fn a_run_of_which_some_failed_names_what_failed_and_what_stands_in() {
    in_time(async {
        let story = story(&scenes::hostile().await.journal);
        let bad = told(&story, Tone::Bad);
        assert!(
            bad.iter().any(|text| text
                .starts_with("Step denied failed with DESTINATION_DENIED, which the workflow lets pass: ")),
            "{bad:#?}"
        );
        assert!(bad.iter().any(|text| text.contains("SKILL_ERROR, and a fallback stands in: ")), "{bad:#?}");
        assert_says(told(&story, Tone::Note)[0], &["came to its end in", "though some of it failed"]);
    });
}
