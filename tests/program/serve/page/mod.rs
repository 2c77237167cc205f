//! The page of `aos serve`, in a real browser.

mod budgets;
mod catalogue;
mod connection;
mod form_faults;
mod forms;
mod hostile;
mod kinds;
mod list;
mod looks;
mod one_run;
mod open;

use super::client::Service;
use crate::support::browser::{Look, Seen};

/// A part of the page. It may ask the service, and nobody else.
fn look(service: &Service, part: &str) -> Look {
    Look::at(service.url(&format!("/#/{part}"))).may_ask(service.url("/")).axe()
}

/// As [`Seen::assert_clean`], but for what the browser itself says of answers that a test asks for.
#[track_caller]
fn assert_clean_but_for(seen: &Seen, words: &[&str]) {
    let is_meant = |fault: &String| {
        fault.contains("Failed to load resource") && words.iter().any(|word| fault.contains(word))
    };
    let faults: Vec<_> = seen.faults().into_iter().filter(|fault| !is_meant(fault)).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
