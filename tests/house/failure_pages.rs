//! The catalogue and what is written about it: one page a code, which says what the table says, and the lists of the
//! documentation.

use std::collections::BTreeSet;

use aos_host::failure::{CATALOG_SCHEMA, ErrorCode, RetryClass, Row, catalog};
use aos_host::workflow_format::Workflow;

use crate::support::runtime::{read, root};

/// Everything on a page that the table says.
fn head(row: &Row) -> String {
    let mut meaning = row.meaning.to_owned();
    meaning.get_mut(..1).into_iter().for_each(str::make_ascii_uppercase);
    let word = |value: &dyn erased::Word| value.word();
    format!(
        "# {}\n\n{meaning}.\n\n| category | severity | retry | who can act | money held | HTTP | gRPC |\n\
         |---|---|---|---|---|---|---|\n| {} | {} | {} | {} | {} | {} | {} |\n\n",
        row.word,
        row.category,
        word(&row.severity),
        row.retry.as_str(),
        word(&row.fault),
        word(&row.settlement),
        row.http_status,
        row.grpc_status
    )
}

mod erased {
    pub(super) trait Word {
        fn word(&self) -> String;
    }

    impl<T: std::fmt::Debug> Word for T {
        fn word(&self) -> String {
            format!("{self:?}").to_lowercase()
        }
    }
}

const BODY: &str = "## What happened\n";

/// `just bless` writes the heads of the pages anew.
#[test]
fn a_page_begins_with_what_the_table_says_golden() {
    for row in catalog().rows() {
        let path = root().join("docs/failures").join(row.word).with_extension("md");
        let page = std::fs::read_to_string(&path).unwrap();
        let at = page.find(BODY).unwrap_or_else(|| panic!("{} does not say what happened", row.word));
        let (own, body) = page.split_at(at);
        if std::env::var_os("AOS_BLESS").is_some() {
            std::fs::write(&path, format!("{}{body}", head(row))).unwrap();
        } else {
            assert_eq!(own, head(row), "{}; when the table is right, run just bless", path.display());
            assert_eq!(row.page, page, "{}: what is compiled in is another one", row.word);
        }
    }
}

#[test]
fn each_page_says_what_happened_what_to_do_and_shows_it() {
    for row in catalog().rows() {
        let part = |name: &str| {
            let (_, after) = row
                .page
                .split_once(&format!("\n## {name}\n"))
                .unwrap_or_else(|| panic!("{}: {name}", row.word));
            after.split("\n## ").next().unwrap().trim().len()
        };
        for name in ["What happened", "What to do", "Example"] {
            assert!(part(name) > 60, "{}: {name}", row.word);
        }
        for (place, line) in row.page.lines().enumerate().skip(8) {
            assert!(line.chars().count() <= 110, "{} line {}: {line}", row.word, place + 1);
        }
    }
}

#[test]
fn there_is_a_page_for_each_code_and_none_besides() {
    let files = std::fs::read_dir(root().join("docs/failures")).unwrap();
    let files: BTreeSet<String> =
        files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect();
    let codes: BTreeSet<String> = catalog().rows().map(|row| format!("{}.md", row.word)).collect();
    assert_eq!(files, codes);
}

#[test]
fn workflows_on_the_pages_are_right_or_wrong_in_the_way_of_the_page() {
    let mut seen = 0;
    for row in catalog().rows() {
        for block in row.page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()) {
            if !block.starts_with("aos: 1") {
                continue;
            }
            seen += 1;
            if let Err(invalid) = Workflow::parse(block.as_bytes()) {
                assert_eq!(invalid.code(), row.code, "{}: {invalid}\n{block}", row.word);
            }
        }
    }
    assert!(seen > 40, "{seen} workflows");
}

#[test]
fn links_of_the_pages_lead_somewhere() {
    let index = ("docs", read("docs/failures.md"));
    let pages = catalog().rows().map(|row| ("docs/failures", row.page.to_owned()));
    for (folder, page) in pages.chain([index]) {
        for link in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            if link.starts_with("http") {
                continue;
            }
            let text = if file.is_empty() {
                page.clone()
            } else {
                let path = root().join(folder).join(file);
                std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{link} on the page\n{page}"))
            };
            let anchors = text.lines().filter(|line| line.starts_with('#')).map(|line| {
                let name = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
                name.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect::<String>()
            });
            assert!(anchor.is_empty() || anchors.into_iter().any(|own| own == anchor), "{link}");
        }
    }
}

#[test]
fn the_index_has_every_code_with_its_meaning() {
    let index = read("docs/failures.md");
    for row in catalog().rows() {
        let line = format!("| [{0}](failures/{0}.md) | {1} |", row.word, row.meaning);
        assert!(index.contains(&line), "docs/failures.md lacks\n{line}");
    }
}

#[test]
fn the_export_fits_its_schema_and_is_whole() {
    let schema = serde_json::from_str(CATALOG_SCHEMA).unwrap();
    let schema = jsonschema::draft202012::new(&schema).unwrap();
    let export = catalog().to_json();
    let violations: Vec<_> = schema.iter_errors(&export).map(|error| error.to_string()).collect();
    assert!(violations.is_empty(), "{violations:#?}");
    assert_eq!(export.as_array().unwrap().len(), catalog().rows().count());
}

/// The table of classes in docs/workflow-format.md names every code that is tried again, under its class.
#[test]
fn the_workflow_format_names_what_is_tried_again() {
    let text = read("docs/workflow-format.md");
    let classes = [
        RetryClass::Backoff,
        RetryClass::Idempotent,
        RetryClass::Hint,
        RetryClass::Overload,
        RetryClass::Once,
    ];
    for class in classes {
        let start = format!("| {} |", class.as_str());
        let line = text.lines().find(|line| line.starts_with(&start)).unwrap();
        let named: BTreeSet<ErrorCode> =
            line.split('`').skip(1).step_by(2).map(|word| word.parse().unwrap()).collect();
        let own: BTreeSet<ErrorCode> =
            catalog().rows().filter(|row| row.retry == class).map(|row| row.code).collect();
        assert_eq!(named, own, "{start}");
    }
}
