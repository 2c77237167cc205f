//! What the tests stand on: worlds, a server, and the criteria that every run has to meet.

pub(crate) mod cargo;
pub(crate) mod certified;
pub(crate) mod flow;
pub(crate) mod golden;
pub(crate) mod ledger;
pub(crate) mod recorded;
pub(crate) mod runtime;
pub(crate) mod server;
