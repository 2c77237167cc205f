//! Everything can be reached, opened and read without a mouse.

use super::written;
use crate::report::scenes;
use crate::support::browser::Look;
use crate::support::runtime::in_time;

const FOCUS_GRID: &str = "document.querySelector('.row').focus()";
const LABEL: &str = "document.activeElement.querySelector('.label')?.textContent";
const TITLE: &str = "document.querySelector('dialog[open] h2')?.textContent";

#[test]
fn rows_are_moved_through_opened_shown_and_closed_by_keys() {
    in_time(async {
        let report = written(&[("run.jsonl", &scenes::three_steps().await.journal)]);
        let look = Look::at_file(report.path()).eval(FOCUS_GRID).eval(LABEL).press("ArrowRight");
        let look =
            look.press("ArrowDown").eval(LABEL).press("Enter").wait("dialog[open] .document").eval(TITLE);
        let look = look.axe().press("Escape").eval(TITLE).eval(LABEL).press("ArrowLeft").press("ArrowLeft");
        let Some(seen) = look.eval("document.querySelectorAll('.row').length").seen().await else { return };
        seen.assert_clean();
        let text = |at: usize| seen.results[at].as_str().unwrap_or_default().to_owned();
        assert!(text(1).contains("fetch"), "{}", text(1));
        assert!(text(2).contains("http.send"), "{}", text(2));
        assert!(text(3).contains("http.send GET "), "{}", text(3));
        assert!(seen.results[4].is_null(), "it is closed: {}", text(4));
        assert!(text(5).contains("http.send"), "the focus is where it was: {}", text(5));
        assert_eq!(seen.results[6].as_u64(), Some(3), "it is folded again");
    });
}

#[test]
fn time_is_looked_at_more_closely_by_keys_and_all_drawings_follow() {
    in_time(async {
        let report = written(&[("run.jsonl", &scenes::failed().await.journal)]);
        let scale = "[...document.querySelectorAll('.scale span')].map((mark) => mark.textContent).join(' ')";
        let curve =
            "[...document.querySelectorAll('.curve .tick')].map((mark) => mark.textContent).join(' ')";
        let frames = "new Promise((done) => setTimeout(done, 100))";
        let look = Look::at_file(report.path()).eval(FOCUS_GRID).eval(scale).eval(curve);
        let look = look.press("+").press("+").eval(frames).eval(scale).eval(curve);
        let look = look.press("0").eval(frames).eval(scale);
        let Some(seen) = look.seen().await else { return };
        seen.assert_clean();
        let [whole, whole_curve, near, near_curve, again] = [1, 2, 4, 5, 7].map(|at| &seen.results[at]);
        assert_ne!(whole, near);
        assert_ne!(whole_curve, near_curve);
        assert_eq!(whole, again);
    });
}

#[test]
fn money_is_read_point_by_point() {
    in_time(async {
        let report = written(&[("run.jsonl", &scenes::failed().await.journal)]);
        let read = "document.querySelector('.reading').textContent";
        let look = Look::at_file(report.path()).eval("document.querySelector('.curve').focus()").eval(read);
        let look = look.press("ArrowLeft").press("ArrowLeft").eval(read).press("ArrowRight").eval(read);
        let Some(seen) = look.seen().await else { return };
        seen.assert_clean();
        assert_ne!(seen.results[1], seen.results[2]);
        assert_ne!(seen.results[2], seen.results[3]);
    });
}
