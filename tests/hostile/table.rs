//! What every attempt comes to, as a table for people: `just hostile`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

use aos_host::Runtime;
use tokio::time::Instant;

use super::attempts::{Attempt, attempts};
use super::component::{Contract, hostile};
use super::{GOOD, run};
use crate::support::runtime::{in_time_on_threads, stubbed};

/// What an attempt may take beyond its deadline, and the process beyond the guest's memory, before a row is marked.
const LATE: Duration = Duration::from_millis(50);
const LARGE: u64 = 16 << 20;

/// What one attempt came to.
struct Row {
    code: String,
    took: Duration,
    guest: u64,
    growth: u64,
}

#[test]
#[ignore = "just hostile: prints a table"]
fn every_attempt_with_what_it_took() {
    in_time_on_threads(async {
        let runtime = stubbed("{}").await;
        runtime.register_skill(hostile(GOOD, "")).await.unwrap();
        let mut table = format!(
            "\n{:42} {:18} {:>7} {:>10} {:>12}\n",
            "attempt", "outcome", "ms", "guest KiB", "process KiB"
        );
        let mut wrong = Vec::new();
        for (name, attempt) in attempts() {
            let row = measured(&runtime, &name, &attempt).await;
            let late = row.took > Duration::from_millis(attempt.deadline_ms) + LATE;
            let large = row.growth > row.guest.max(Contract::default().memory_bytes) + LARGE;
            let marks = [(late, " late"), (large, " large"), (row.code != attempt.code, " WRONG")];
            let marks: String = marks.iter().filter(|(is, _)| *is).map(|(_, mark)| *mark).collect();
            writeln!(
                table,
                "{name:42} {:18} {:>7} {:>10} {:>12}{marks}",
                row.code,
                row.took.as_millis(),
                row.guest / 1024,
                row.growth / 1024
            )
            .unwrap();
            if row.code != attempt.code {
                wrong.push(name);
            }
            assert_eq!(run(&runtime, GOOD, 60_000).await.0.code.as_str(), "OK");
        }
        std::io::stdout().write_all(table.as_bytes()).unwrap();
        assert!(wrong.is_empty(), "{wrong:?}");
    });
}

async fn measured(runtime: &Runtime, name: &str, attempt: &Attempt) -> Row {
    let component = attempt.component(name);
    let before = begin_to_measure();
    let began = Instant::now();
    let registered = runtime.register_skill(component).await;
    let Err(refused) = registered else {
        let before = begin_to_measure();
        let began = Instant::now();
        let (outcome, _) = run(runtime, name, attempt.deadline_ms).await;
        let took = began.elapsed();
        let growth = peak().saturating_sub(before);
        return Row {
            code: outcome.code.as_str().to_owned(),
            took,
            guest: guest_memory(runtime, name),
            growth,
        };
    };
    let took = began.elapsed();
    Row { code: refused.code.to_string(), took, guest: 0, growth: peak().saturating_sub(before) }
}

/// The most memory that the skill had, as the metrics tell it.
fn guest_memory(runtime: &Runtime, name: &str) -> u64 {
    let metrics = runtime.metrics();
    let line = metrics.lines().find(|line| {
        line.starts_with("aos_skill_memory_peak_bytes") && line.contains(&format!("\"{name}\""))
    });
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or_default()
}

/// Sets the peak of this process's memory back, and gives what it has now. Linux alone tells it; elsewhere it is 0.
fn begin_to_measure() -> u64 {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    status("VmRSS:")
}

fn peak() -> u64 {
    status("VmHWM:")
}

fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}
