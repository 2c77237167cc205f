//! `aos skills`: one file a command.

mod add;
mod check;
mod describe;
mod list;
mod remove;
mod report;
mod update;
mod wit;

pub(crate) use add::add;
pub(crate) use check::check;
pub(crate) use describe::{Described, describe};
pub(crate) use list::list;
pub(crate) use remove::remove;
pub(crate) use update::update;
pub(crate) use wit::wit;

use aos_host::canonical;
use serde::Serialize;

use crate::render::print;

/// Prints one canonical JSON document.
fn print_json<T: Serialize>(value: &T) -> anyhow::Result<()> {
    print(&String::from_utf8(canonical::to_vec(value)?)?)?;
    print("\n")
}
