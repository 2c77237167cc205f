//! `docs/operations/`: a dashboard and alerts that ask for what there is, and a page that says what to do.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

use aos_host::Runtime;
use serde_json::Value;

use crate::hostile::component::hostile;
use crate::support::exposition::{Exposition, documented};
use crate::support::runtime::{in_time, read, root};
use crate::support::skip;

/// Labels that Prometheus itself adds.
const ADDED: [&str; 2] = ["instance", "job"];

/// Names of strangers to closed sets: registered skills are as many as there are.
const OPEN: [&str; 1] = ["skill"];

/// What a query may name.
struct Registry {
    labels: BTreeMap<String, BTreeSet<String>>,
    /// Values of closed labels by family and label.
    values: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Registry {
    async fn known() -> Self {
        let runtime = Runtime::builder().build().expect("a runtime");
        runtime.register_skill(hostile("any", "")).await.expect("a skill");
        let fresh = Exposition::of(&runtime);
        let mut values: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        for (family, labels) in fresh.series() {
            for (label, value) in labels {
                values.entry((family.clone(), label)).or_default().insert(value);
            }
        }
        let mut labels: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (name, kind, own, _) in documented() {
            if kind == "histogram" {
                let with_end = own.iter().cloned().chain(["le".to_owned()]).collect();
                labels.insert(format!("{name}_bucket"), with_end);
                labels.extend(["sum", "count"].map(|part| (format!("{name}_{part}"), own.clone())));
            } else {
                labels.insert(name, own);
            }
        }
        labels.insert("up".to_owned(), BTreeSet::new());
        Self { labels, values }
    }

    /// What is wrong with a query: a metric, a label or a value that is not there.
    fn faults(&self, query: &str) -> Vec<String> {
        let metrics = metrics(query);
        let mut faults = Vec::new();
        let mut known: BTreeSet<&str> = ADDED.into();
        for (name, matchers) in &metrics {
            let Some(labels) = self.labels.get(*name) else {
                faults.push(format!("there is no {name}"));
                continue;
            };
            known.extend(labels.iter().map(String::as_str));
            for (label, value) in matchers {
                if ADDED.contains(label) {
                    continue;
                }
                if !labels.contains(*label) {
                    faults.push(format!("{name} has no {label}"));
                } else if let Some(values) = self.values.get(&(family(name), (*label).to_owned())) {
                    let unknown = value.split('|').filter(|value| !values.contains(*value));
                    faults.extend(unknown.map(|value| format!("{label} of {name} is never {value:?}")));
                } else {
                    assert!(OPEN.contains(label), "{label} of {name} has no values from the start");
                }
            }
        }
        if metrics.is_empty() {
            faults.push("it asks for nothing".to_owned());
        }
        let unknown = grouped(query).into_iter().filter(|label| !known.contains(label));
        faults.extend(unknown.map(|label| format!("it groups by {label}, which nothing of it has")));
        faults
    }
}

fn family(metric: &str) -> String {
    let part = ["_bucket", "_sum", "_count"].iter().find_map(|part| metric.strip_suffix(part));
    part.unwrap_or(metric).to_owned()
}

fn is_of_a_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Every metric of a query with its matchers. A metric is a name that begins with `aos_`, or `up`.
fn metrics(query: &str) -> Vec<(&str, Vec<(&str, &str)>)> {
    let mut found = Vec::new();
    let mut rest = query;
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_alphabetic() || letter == '_') {
        rest = &rest[start..];
        let end = rest.find(|letter| !is_of_a_name(letter)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        rest = after;
        if !name.starts_with("aos_") && name != "up" {
            continue;
        }
        let mut matchers = Vec::new();
        if let Some(inner) = after.strip_prefix('{') {
            let (inside, after) = inner.split_once('}').expect("matchers end");
            matchers = inside.split(", ").map(matcher).collect();
            rest = after;
        }
        found.push((name, matchers));
    }
    found
}

fn matcher(text: &str) -> (&str, &str) {
    let (label, value) = text.split_once(['=', '!']).unwrap_or_else(|| panic!("{text} is no matcher"));
    (label, value.trim_start_matches(['=', '~']).trim_matches('"'))
}

/// The labels that a query groups by.
fn grouped(query: &str) -> Vec<&str> {
    let lists = query.split("by (").skip(1).filter_map(|after| after.split_once(')'));
    lists.flat_map(|(list, _)| list.split(", ")).collect()
}

/// Title and query of each panel.
fn panels() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_str(&read("docs/operations/dashboard.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels").iter();
    let queries = panels.flat_map(|panel| {
        let title = panel["title"].as_str().expect("a title").to_owned();
        assert!(panel["type"] == "row" || panel["datasource"]["uid"] == "${datasource}", "{title}");
        let targets = panel["targets"].as_array().into_iter().flatten();
        targets.map(move |target| (title.clone(), target["expr"].as_str().expect("a query").to_owned()))
    });
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    assert!(
        variables.iter().any(|variable| variable["type"] == "datasource" && variable["name"] == "datasource")
    );
    queries.collect()
}

/// The rules, each an object.
fn alerts() -> Vec<Value> {
    let file: Value = serde_saphyr::from_str(&read("docs/operations/alerts.yml")).expect("YAML");
    let groups = file["groups"].as_array().expect("groups").iter();
    groups.flat_map(|group| group["rules"].as_array().expect("rules").clone()).collect()
}

#[test]
fn every_query_asks_for_what_there_is() {
    in_time(async {
        let known = Registry::known().await;
        let alerts = alerts();
        let of_alerts = alerts.iter().map(|rule| (text(rule, "alert"), text(rule, "expr")));
        let panels = panels();
        assert!(panels.len() > 30 && alerts.len() > 10, "the queries are found");
        let faults: Vec<_> = panels
            .into_iter()
            .chain(of_alerts)
            .flat_map(|(of, query)| {
                known.faults(&query).into_iter().map(move |fault| format!("{of}: {fault}"))
            })
            .collect();
        assert!(faults.is_empty(), "{faults:#?}");
    });
}

#[test]
fn what_is_wrong_with_a_query_is_found() {
    in_time(async {
        let known = Registry::known().await;
        for (query, fault) in [
            ("rate(aos_no_such_total[5m])", "there is no aos_no_such_total"),
            ("rate(aos_queue_duration_seconds[5m])", "there is no aos_queue_duration_seconds"),
            (r#"aos_runs_total{kind="x"}"#, "aos_runs_total has no kind"),
            (r#"aos_runs_total{code=~"OK|NO_SUCH"}"#, r#"code of aos_runs_total is never "NO_SUCH""#),
            (r#"aos_runs_total{mode!="dead", code="OK"}"#, r#"mode of aos_runs_total is never "dead""#),
            ("sum by (mode, skill) (aos_runs_total)", "it groups by skill, which nothing of it has"),
            ("1 + 1", "it asks for nothing"),
        ] {
            assert_eq!(known.faults(query), [fault], "{query}");
        }
        assert!(
            known.faults(r#"up{job="aos"} + aos_fuel_total{skill="any", instance=~"$instance"}"#).is_empty()
        );
    });
}

fn text(of: &Value, member: &str) -> String {
    of[member].as_str().unwrap_or_else(|| panic!("{member} of {of}")).to_owned()
}

#[test]
fn each_alert_says_what_it_means_and_where_to_read_on_and_has_been_seen() {
    let page = read("docs/operations/README.md");
    let after = page.split_once("\n## Alerts\n").expect("a chapter").1;
    let sections: BTreeSet<_> = after.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let names: Vec<_> = alerts().iter().map(|rule| text(rule, "alert")).collect();
    assert_eq!(names.iter().map(String::as_str).collect::<BTreeSet<_>>(), sections);
    assert_eq!(names.len(), sections.len(), "an alert is there twice");
    let seen = read("fixtures/operations/alerts.test.yml");
    for rule in alerts() {
        let (name, notes) = (text(&rule, "alert"), &rule["annotations"]);
        let anchor = format!("docs/operations/README.md#{}", name.to_lowercase());
        assert_eq!(text(notes, "runbook_url"), anchor);
        assert!(text(notes, "summary").ends_with('.') && text(notes, "description").ends_with('.'), "{name}");
        assert!(["critical", "warning"].contains(&text(&rule["labels"], "severity").as_str()), "{name}");
        assert!(seen.contains(&format!("alertname=\"{name}\"")), "nothing has seen {name} fire");
    }
}

/// Lets promtool look at something; says why not where it is not there.
fn promtool(arguments: &[&str]) {
    let mut promtool = Command::new("promtool");
    promtool.args(arguments).current_dir(root()).stdin(Stdio::null());
    match promtool.output() {
        Ok(ended) => {
            let said = [ended.stdout, ended.stderr].concat();
            assert!(ended.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said));
        }
        Err(_) => skip("no rules are checked by promtool, which is not installed"),
    }
}

#[test]
fn alerts_fire_when_something_is_wrong_and_at_no_other_time() {
    promtool(&["check", "rules", "docs/operations/alerts.yml"]);
    promtool(&["test", "rules", "fixtures/operations/alerts.test.yml"]);
}

#[test]
fn the_queries_of_the_dashboard_are_queries() {
    let folder = tempfile::tempdir().unwrap();
    let rules: Vec<Value> = panels()
        .into_iter()
        .enumerate()
        .map(|(place, (_, query))| {
            let query = query.replace("$__rate_interval", "5m").replace("$__range", "6h");
            serde_json::json!({"record": format!("panel_{place}"), "expr": query})
        })
        .collect();
    let file = folder.path().join("rules.yml");
    std::fs::write(&file, serde_json::json!({"groups": [{"name": "panels", "rules": rules}]}).to_string())
        .unwrap();
    promtool(&["check", "rules", file.to_str().unwrap()]);
}
