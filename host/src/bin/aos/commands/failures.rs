//! `aos failures`

use std::process::ExitCode;

use aos_host::canonical;
use aos_host::failure::{CATALOG_SCHEMA, Row, catalog};
use serde_json::Value;

use crate::failures_options::{FailuresArgs, FailuresCommand};
use crate::render::print;

/// Prints codes, or one of them.
pub(crate) fn failures(list: &FailuresArgs, command: Option<FailuresCommand>) -> anyhow::Result<ExitCode> {
    match command {
        None => print_list(list)?,
        Some(FailuresCommand::Show { code, json: true }) => print_json(&code.row().to_json())?,
        Some(FailuresCommand::Show { code, json: false }) => print(code.row().page)?,
        Some(FailuresCommand::Schema) => print(CATALOG_SCHEMA)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print_list(wanted: &FailuresArgs) -> anyhow::Result<()> {
    let fits = |row: &&Row| {
        let category = wanted.categories.is_empty() || wanted.categories.contains(&row.category);
        category && (row.is_retried() || !wanted.retryable)
    };
    let rows: Vec<&Row> = catalog().rows().filter(fits).collect();
    if wanted.json {
        return print_json(&rows.iter().map(|row| row.to_json()).collect());
    }
    let words = |row: &Row| [row.word, row.category.as_str(), row.retry.as_str()];
    let width = |column: usize| {
        rows.iter().filter_map(|row| words(row).get(column).map(|word| word.len())).max().unwrap_or_default()
    };
    let [code, category, retry] = [0, 1, 2].map(width);
    let line = |row: &&Row| {
        let [word, class, again] = words(row);
        format!("{word:code$}  {class:category$}  {again:retry$}  {}\n", row.meaning)
    };
    print(&rows.iter().map(line).collect::<String>())
}

fn print_json(value: &Value) -> anyhow::Result<()> {
    print(&String::from_utf8(canonical::to_vec(value)?)?)?;
    print("\n")
}
