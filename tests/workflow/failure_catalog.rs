//! The failure catalogue, held to what it says: the six tests that the specification names, and every code raised for real.

mod raised;
mod raisers;

use std::collections::BTreeSet;

use aos_host::failure::{ErrorCategory, ErrorCode, RetryClass, catalog};
use aos_host::outcome::Status;
use serde_json::{Value, json};

use self::raised::{Raised, raised_by};
use crate::support::flow;
use crate::support::recorded::{Recorded, record};
use crate::support::runtime::{in_time, in_time_on_threads, live, root, specified};
use crate::support::server::{Reply, Server};

/// Asks a server on the loopback once.
async fn ask(reply: Reply, mut with: Value) -> Recorded {
    let server = Server::start([reply]).await;
    with["url"] = server.url("/").into();
    let step = json!({"with": with, "retry": {"max_attempts": 1}});
    record(&live().await, &flow::http_step(&server, step), json!({})).await
}

#[test]
fn test_timeout_produces_timeout_error() {
    in_time(async {
        let run = ask(Reply::silence(), json!({"timeout_ms": 100})).await;
        run.assert_failure(ErrorCode::Timeout);
        assert_eq!(run.outcome.category, Some(ErrorCategory::Transient));
        assert!(run.outcome.retryable, "the hint for whoever began the run");
        let run = ask(Reply::status(408), json!({})).await;
        run.assert_failure(ErrorCode::Timeout);
    });
}

#[test]
fn test_rate_limit_produces_resource_error() {
    in_time(async {
        let run = ask(Reply::status(429).header("retry-after", "7"), json!({})).await;
        run.assert_failure(ErrorCode::RateLimited);
        assert_eq!(run.outcome.category, Some(ErrorCategory::Resource));
        assert_eq!((run.outcome.retryable, run.outcome.retry_after_ms), (true, Some(7_000)));
    });
}

#[test]
fn test_4xx_produces_permanent_error() {
    in_time_on_threads(async {
        for status in [400, 401, 402, 403, 404, 405, 409, 410, 412, 415, 418, 422, 451, 499] {
            let run = ask(Reply::status(status), json!({})).await;
            assert_eq!(run.outcome.status, Status::Failure, "{status}");
            assert_eq!(run.outcome.category, Some(ErrorCategory::Permanent), "{status}");
            assert!(!run.outcome.retryable, "{status}");
            assert_eq!(run.outcome.details["status"], status);
        }
    });
}

#[test]
fn test_5xx_produces_transient_error() {
    in_time_on_threads(async {
        for status in [500, 501, 502, 503, 504, 505, 507, 520, 529, 599] {
            let run = ask(Reply::status(status), json!({})).await;
            assert_eq!(run.outcome.status, Status::Failure, "{status}");
            assert_eq!(run.outcome.category, Some(ErrorCategory::Transient), "{status}");
            assert!(run.outcome.retryable, "{status}");
        }
        let step = json!({"with": {"url": "https://httpstat.us/500"}, "retry": {"max_attempts": 1}});
        let workflow = flow::one_step(json!({"hosts": ["httpstat.us"]}), "http_call", step);
        record(&specified().await, &workflow, json!({})).await.assert_failure(ErrorCode::UpstreamError);
    });
}

#[test]
fn test_validation_error_mapped() {
    in_time(async {
        let runtime = specified().await;
        let step = json!({"with": {"url": 7}});
        let workflow = flow::one_step(json!({}), "http_call", step);
        let run = record(&runtime, &workflow, json!({})).await;
        run.assert_failure(ErrorCode::InputSchemaViolation);
        assert_eq!(run.outcome.category, Some(ErrorCategory::Validation));
        assert_eq!(run.outcome.details["pointer"], "/with/url");
        let mut workflow: Value = serde_json::from_str(&workflow).unwrap();
        workflow["input"] = json!({"type": "object", "required": ["city"]});
        let run = record(&runtime, &workflow.to_string(), json!({})).await;
        run.assert_failure(ErrorCode::InputSchemaViolation);
        assert!(run.outcome.message.contains("city"), "{}", run.outcome.message);
    });
}

#[test]
fn test_all_error_codes_documented() {
    for row in catalog().rows() {
        let page = root().join("docs/failures").join(row.word).with_extension("md");
        let text = std::fs::read_to_string(&page).unwrap_or_else(|_| panic!("{} has no page", row.word));
        assert_eq!(text, row.page, "{}", row.word);
        assert!(!row.meaning.is_empty() && !row.advice.is_empty(), "{}", row.word);
        assert_eq!(row.is_retried(), row.retry.schedule().0 > 1);
        assert_eq!(catalog().get(row.code), *row);
    }
}

/// One test a code: it is raised here, or by another test that is named, or it is said why nothing can raise it.
#[test]
fn every_code_is_raised_for_real() {
    in_time_on_threads(async {
        for row in catalog().rows() {
            match raised_by(row.code) {
                Raised::Here(raise) => {
                    let raised = raise().await;
                    assert_eq!(raised.code, row.code, "{}", raised.message);
                    let own_words = row.code == ErrorCode::SkillError;
                    assert!(
                        own_words || raised.category == row.category,
                        "{}: {}",
                        row.word,
                        raised.category
                    );
                    assert!(!raised.message.is_empty() && raised.message.len() <= 512, "{}", row.word);
                }
                Raised::By(test) => assert_names(test, row.code),
                Raised::Nowhere(why) => assert!(why.len() > 20, "{}", row.word),
            }
        }
    });
}

/// The test is there, and speaks of the code itself, or by a constant of its file.
fn assert_names(test: &str, code: ErrorCode) {
    let (file, name) = test.split_once("::").expect("a file and a test in it");
    let text = std::fs::read_to_string(root().join(file)).unwrap_or_else(|_| panic!("{file} is not there"));
    let (_, after) =
        text.split_once(&format!("fn {name}(")).unwrap_or_else(|| panic!("{file} has no test {name}"));
    let body = after.split("\n}\n").next().unwrap_or_default();
    let speaks = |text: &str| text.contains(&format!("Code::{code:?}")) || text.contains(code.as_str());
    let constants = text.lines().filter_map(|line| line.strip_prefix("const ")).filter(|line| speaks(line));
    let mut named = constants.filter_map(|line| line.split(':').next());
    assert!(speaks(body) || named.any(|name| body.contains(name)), "{name} does not speak of {code}");
}

#[test]
fn few_codes_cannot_be_raised() {
    let nowhere: BTreeSet<&str> = catalog()
        .rows()
        .filter(|row| matches!(raised_by(row.code), Raised::Nowhere(_)))
        .map(|row| row.word)
        .collect();
    assert!(nowhere.len() <= 5, "{nowhere:?}");
}

#[test]
fn every_category_and_every_class_has_codes() {
    for category in ErrorCategory::ALL {
        assert!(catalog().by_category(category).count() > 0, "{category}");
    }
    let classes: BTreeSet<&str> = catalog().rows().map(|row| row.retry.as_str()).collect();
    assert_eq!(classes.len(), 7, "{classes:?}");
    let mut retried = catalog().retryable().map(|row| row.retry);
    assert!(!retried.any(|class| matches!(class, RetryClass::Never | RetryClass::AfterChange)));
}
