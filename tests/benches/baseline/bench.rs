//! How things are measured: pairs that take turns, and the medians of their quotients.

use std::cell::RefCell;
use std::time::Duration;

use criterion::{Criterion, SamplingMode};
use tokio::runtime::Runtime as Threads;

use crate::measure::median;
use crate::table::{Aim, Row, Table, shown};

/// Samples of each pair.
const SAMPLES: usize = 20;

/// How long a pair is measured, unless its operations take longer.
const MEASURED: Duration = Duration::from_secs(2);

/// What the chapters measure with, and where they put what they found.
pub(crate) struct Bench {
    criterion: Criterion,
    filter: Option<String>,
    /// One thread, which all work of a pair is done on: the time of a pair is the time that it has a processor.
    pub(crate) thread: &'static Threads,
    pub(crate) table: Table,
}

/// Something to measure against something else.
pub(crate) struct Pair<'a> {
    /// The chapter and the figure, such as `invocation/tiny`.
    pub(crate) id: &'a str,
    /// For people.
    pub(crate) name: &'a str,
    pub(crate) against: &'a str,
    /// Operations in one turn, of the one and the other: what is told is the time of one operation.
    pub(crate) operations: u32,
    pub(crate) aim: Aim,
}

impl Bench {
    /// Reads the filter from the command line, as criterion does.
    pub(crate) fn from_arguments() -> Self {
        let criterion =
            Criterion::default().sample_size(SAMPLES).measurement_time(MEASURED).configure_from_args();
        let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
        let thread = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let thread = Box::leak(Box::new(thread));
        Self { criterion, filter, thread, table: Table::default() }
    }

    /// Whether a figure of this id, or a chapter with this beginning, was asked for.
    pub(crate) fn is_wanted(&self, id: &str) -> bool {
        self.filter.as_ref().is_none_or(|filter| id.contains(filter) || filter.starts_with(id))
    }

    /// Measures a pair: in each sample both take their turn, the one first and then the other first. Each is told how many
    /// turns to do, and says how long that took.
    pub(crate) fn pair(
        &mut self,
        pair: &Pair<'_>,
        mut baseline: impl FnMut(u64) -> Duration,
        mut figure: impl FnMut(u64) -> Duration,
    ) {
        if !self.is_wanted(pair.id) {
            return;
        }
        let taken = RefCell::new(Vec::new());
        let mut group = self.criterion.benchmark_group(pair.id);
        group.sampling_mode(SamplingMode::Flat);
        group.bench_function("both", |bencher| {
            bencher.iter_custom(|turns| {
                let is_first = taken.borrow().len() % 2 == 0;
                let before = is_first.then(|| baseline(turns));
                let took = figure(turns);
                let base = before.unwrap_or_else(|| baseline(turns));
                let one = |took: Duration| took.as_secs_f64() / turns as f64 / f64::from(pair.operations);
                taken.borrow_mut().push((one(took), one(base)));
                took
            });
        });
        group.finish();
        self.table.add(row(pair, &taken.into_inner()));
    }
}

/// The line of a pair. What came before the samples was for warming up.
fn row(pair: &Pair<'_>, taken: &[(f64, f64)]) -> Row {
    let samples = &taken[taken.len().saturating_sub(SAMPLES)..];
    let base = median(samples.iter().map(|(_, base)| *base));
    Row {
        name: pair.name.to_owned(),
        figure: shown(median(samples.iter().map(|(took, _)| *took))),
        baseline: format!("{}: {}", pair.against, shown(base)),
        ratio: median(samples.iter().map(|(took, base)| took / base)),
        aim: pair.aim,
        took: None,
    }
}
