//! Every final status, as one run of as many steps.

use std::collections::BTreeMap;

use aos_host::failure::{ErrorCategory, ErrorCode, Settlement};
use aos_host::journal::Event;
use aos_host::outcome::{OutcomeCode, Status};
use serde_json::{Value, json};

use super::scene::{PRICE, Scene};
use crate::support::recorded::record;
use crate::support::runtime::in_time;
use crate::support::server::{Reply, Server};

/// The table of the specification, in words of its own.
fn expected(status: u16) -> (&'static str, Option<ErrorCategory>) {
    use ErrorCategory::{Permanent, Permission, Resource, Transient};
    match status {
        200..=299 => ("OK", None),
        304 => ("UPSTREAM_PRECONDITION", Some(Permanent)),
        300..=399 => ("REDIRECT_BLOCKED", Some(Permission)),
        408 => ("TIMEOUT", Some(Transient)),
        429 => ("RATE_LIMITED", Some(Resource)),
        401 | 407 => ("UPSTREAM_UNAUTHENTICATED", Some(Permanent)),
        402 => ("UPSTREAM_PAYMENT_REQUIRED", Some(Permanent)),
        403 => ("UPSTREAM_FORBIDDEN", Some(Permanent)),
        404 => ("UPSTREAM_NOT_FOUND", Some(Permanent)),
        405 | 406 | 415 => ("UPSTREAM_UNSUPPORTED", Some(Permanent)),
        409 => ("UPSTREAM_CONFLICT", Some(Permanent)),
        410 => ("UPSTREAM_GONE", Some(Permanent)),
        412 | 417 | 428 => ("UPSTREAM_PRECONDITION", Some(Permanent)),
        451 => ("UPSTREAM_LEGAL_BLOCK", Some(Permanent)),
        400..=499 => ("UPSTREAM_BAD_REQUEST", Some(Permanent)),
        503 => ("UPSTREAM_UNAVAILABLE", Some(Transient)),
        529 => ("UPSTREAM_OVERLOADED", Some(Transient)),
        _ => ("UPSTREAM_ERROR", Some(Transient)),
    }
}

fn workflow(server: &Server) -> Value {
    let step = |status: u16| {
        json!({
            "id": format!("s{status}"), "skill": "http_call", "on_error": "continue", "retry": {"max_attempts": 1},
            "with": {"url": server.url(&format!("/{status}"))},
        })
    };
    let steps: Vec<_> = (200..=599).map(step).collect();
    json!({"aos": 1, "name": "statuses", "grants": {"hosts": [server.origin()]}, "steps": steps})
}

#[test]
fn every_final_status_has_its_code_and_its_class() {
    in_time(async {
        let scene = Scene::new().await;
        let server =
            Server::start((200..=599).map(|status| Reply::status(status).at(&format!("/{status}")))).await;
        let run = record(&scene.runtime, &workflow(&server).to_string(), json!({})).await;
        assert_eq!(run.outcome.status, Status::Partial);
        let mut results = BTreeMap::new();
        for entry in run.entries() {
            if let (Some(cursor), Event::Result(result)) = (entry.cursor, entry.event) {
                results.insert(cursor.step.to_string(), result);
            }
        }
        for status in 200..=599_u16 {
            let (code, category) = expected(status);
            let step = run.step(&format!("s{status}"));
            assert_eq!((step.code.as_str(), step.category), (code, category), "{status}");
            let result = &results[&format!("s{status}")];
            assert_eq!(result.status, Some(status));
            // An upstream that says that it did nothing is paid nothing.
            let refunds =
                matches!(step.code, OutcomeCode::Error(code) if code.row().settlement == Settlement::Refund);
            assert_eq!(result.spent.nanos(), if refunds { 0 } else { PRICE }, "{status}");
            let OutcomeCode::Error(code) = step.code else { continue };
            let failure = result.failure.as_ref().expect("a failure");
            assert!(failure.request_sent && failure.status == Some(status));
            assert_ne!((code, code.row().settlement), (ErrorCode::Unclassified, Settlement::Nothing));
        }
        assert_eq!(server.requests().len(), 400);
        scene.goes_on().await;
    });
}
