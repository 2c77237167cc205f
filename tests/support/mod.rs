//! What the tests stand on: worlds, a server, and the criteria that every run has to meet.

pub(crate) mod browser;
pub(crate) mod cargo;
pub(crate) mod certified;
pub(crate) mod exposition;
pub(crate) mod flow;
pub(crate) mod golden;
pub(crate) mod ledger;
pub(crate) mod listener;
pub(crate) mod models;
pub(crate) mod recorded;
pub(crate) mod runtime;
pub(crate) mod server;
pub(crate) mod tls;

/// Says in one line why a test does nothing here, past what the test runner keeps to itself.
pub(crate) fn skip(why: &str) {
    use std::io::Write as _;
    std::io::stderr().write_all(format!("skipped: {why}\n").as_bytes()).expect("standard error");
}
