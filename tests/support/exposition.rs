//! What a runtime counted, read from its text with a parser of others.

use std::collections::{BTreeMap, BTreeSet};

use aos_host::Runtime;
use prometheus_parse::{LineInfo, SampleType, Scrape, Value};

use super::runtime::read;

/// A name and its labels.
pub(crate) type Series = (String, BTreeMap<String, String>);

/// What a text says of a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub kind: &'static str,
    pub help: String,
}

/// Counts of a histogram: how many, their sum, and the buckets as (upper end, count).
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Timed {
    pub count: f64,
    pub sum: f64,
    pub buckets: Vec<(f64, f64)>,
}

/// A parsed exposition.
#[derive(Debug, Clone)]
pub(crate) struct Exposition {
    pub heads: BTreeMap<String, Head>,
    /// Of counters and gauges.
    pub values: BTreeMap<Series, f64>,
    pub timed: BTreeMap<Series, Timed>,
}

impl Exposition {
    /// What a runtime says now.
    pub(crate) fn of(runtime: &Runtime) -> Self {
        Self::parse(&runtime.metrics())
    }

    /// Reads a text, every line of which has to mean something.
    pub(crate) fn parse(text: &str) -> Self {
        let scrape = Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).expect("lines");
        let mut heads = BTreeMap::new();
        for line in text.lines() {
            match LineInfo::parse(line) {
                LineInfo::Type { metric_name, metric_alias, sample_type } => {
                    let name = metric_alias.unwrap_or(metric_name);
                    let help = scrape.docs.get(&name).cloned().unwrap_or_default();
                    let head = Head { kind: word(sample_type), help };
                    assert_eq!(heads.insert(name, head), None, "a family is there twice: {line}");
                }
                LineInfo::Ignored | LineInfo::Empty => panic!("a line means nothing: {line:?}"),
                LineInfo::Sample { value, .. } => assert!(value.parse::<f64>().is_ok(), "{line}"),
                LineInfo::Doc { .. } => {}
            }
        }
        let mut read = Self { heads, values: BTreeMap::new(), timed: BTreeMap::new() };
        scrape.samples.into_iter().for_each(|sample| read.add(sample));
        read
    }

    fn add(&mut self, sample: prometheus_parse::Sample) {
        let labels: BTreeMap<String, String> =
            sample.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        match sample.value {
            Value::Histogram(buckets) => {
                let timed = self.timed.entry((sample.metric, labels)).or_default();
                timed.buckets = buckets.iter().map(|bucket| (bucket.less_than, bucket.count)).collect();
            }
            Value::Counter(value) | Value::Gauge(value) => {
                let series = (sample.metric, labels);
                assert_eq!(self.values.insert(series.clone(), value), None, "{series:?} is there twice");
            }
            Value::Untyped(value) => match sample.metric.rsplit_once('_') {
                Some((family, "sum")) => {
                    self.timed.entry((family.to_owned(), labels)).or_default().sum = value
                }
                Some((family, "count")) => {
                    self.timed.entry((family.to_owned(), labels)).or_default().count = value
                }
                _ => panic!("{} has no type", sample.metric),
            },
            Value::Summary(_) => panic!("{} is a summary", sample.metric),
        }
    }

    /// The value of a counter or a gauge; 0 where it is not there.
    pub(crate) fn value(&self, family: &str, labels: &[(&str, &str)]) -> f64 {
        assert!(self.heads.contains_key(family), "there is no family {family}");
        self.values.get(&series(family, labels)).copied().unwrap_or_default()
    }

    /// The counts of a histogram; none where it is not there.
    pub(crate) fn timed(&self, family: &str, labels: &[(&str, &str)]) -> Timed {
        assert!(self.heads.contains_key(family), "there is no family {family}");
        self.timed.get(&series(family, labels)).cloned().unwrap_or_default()
    }

    /// The sum of a family's series in which the labels are these.
    pub(crate) fn sum(&self, family: &str, labels: &[(&str, &str)]) -> f64 {
        let fits = |of: &BTreeMap<String, String>| {
            labels.iter().all(|(name, value)| of.get(*name).is_some_and(|own| own == value))
        };
        self.values.iter().filter(|((name, of), _)| name == family && fits(of)).map(|(_, value)| value).sum()
    }

    /// Every series, whatever its value.
    pub(crate) fn series(&self) -> BTreeSet<Series> {
        self.values.keys().chain(self.timed.keys()).cloned().collect()
    }
}

/// A series by its name and its labels.
pub(crate) fn series(family: &str, labels: &[(&str, &str)]) -> Series {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    (family.to_owned(), labels.collect())
}

/// Name, type, labels and help.
pub(crate) type Row = (String, String, BTreeSet<String>, String);

/// The rows of `docs/metrics.md`.
pub(crate) fn documented() -> Vec<Row> {
    let row = |line: &str| {
        let cells: Vec<_> = line.strip_prefix("| `aos_")?.strip_suffix(" |")?.split(" | ").collect();
        let [name, kind, labels, help] = cells.as_slice() else { panic!("{line}") };
        let labels = labels.split(", ").map(|label| label.trim_matches('`').to_owned());
        Some((
            format!("aos_{}", name.trim_matches('`')),
            (*kind).to_owned(),
            labels.collect(),
            (*help).to_owned(),
        ))
    };
    read("docs/metrics.md").lines().filter_map(row).collect()
}

const fn word(kind: SampleType) -> &'static str {
    match kind {
        SampleType::Counter => "counter",
        SampleType::Gauge => "gauge",
        SampleType::Histogram => "histogram",
        SampleType::Summary => "summary",
        SampleType::Untyped => "untyped",
    }
}
