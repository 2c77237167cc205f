//! The error codes of `wasi:http` and the words of the catalogue, against the WIT itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use aos_host::failure::{
    ErrorCategory, ErrorCode, Failure, Settlement, WASI_HTTP_CASES, catalog, classify_wasi_http,
    wasi_http_case,
};
use aos_host::policy::Policy;
use aos_host::providers::{HttpProvider, HttpRequest, HttpResponse, HttpSession, World};
use aos_host::workflow_format::Workflow;
use futures_util::future::BoxFuture;
use serde_json::json;
use wit_parser::{Resolve, TypeDefKind};

use crate::support::flow;
use crate::support::runtime::{in_time, of, root};

/// The cases of `error-code`, as its WIT has them.
fn cases() -> Vec<String> {
    let mut resolve = Resolve { all_features: true, ..Resolve::default() };
    resolve.push_dir(root().join("fixtures/wit")).expect("WIT");
    let named = |(_, ty): &(_, &wit_parser::TypeDef)| ty.name.as_deref() == Some("error-code");
    let of_http = |ty: &wit_parser::TypeDef| match &ty.kind {
        TypeDefKind::Variant(variant) => Some(variant.cases.iter().map(|case| case.name.clone()).collect()),
        _ => None,
    };
    let found: Vec<Vec<String>> =
        resolve.types.iter().filter(named).filter_map(|(_, ty)| of_http(ty)).collect();
    let [cases] = found.try_into().expect("one variant of that name");
    cases
}

#[test]
fn every_case_of_the_wit_has_a_code_and_no_other_name_has_one() {
    let wit = cases();
    assert_eq!(wit.len(), 39);
    let ours: Vec<_> = WASI_HTTP_CASES.iter().map(|(case, _)| (*case).to_owned()).collect();
    assert_eq!(ours, wit);
    for (case, code) in WASI_HTTP_CASES {
        let failure = classify_wasi_http(case, "why");
        assert_eq!((failure.code, failure.subcode.as_deref()), (code, Some(case)));
        assert_eq!((failure.category, failure.message.as_str()), (code.row().category, "why"));
        assert_eq!(failure.request_sent, code.row().settlement == Settlement::Hold, "{case}");
        assert_eq!(classify_wasi_http(&case.to_lowercase(), "why"), failure);
    }
    for other in ["", "of-tomorrow", "dns_error", "HTTP-protocol-error "] {
        let failure = classify_wasi_http(other, "why");
        assert_eq!((failure.code, failure.subcode.as_deref()), (ErrorCode::Unclassified, Some(other)));
        assert!(failure.request_sent);
    }
    let lost: Vec<_> = WASI_HTTP_CASES.iter().filter(|(_, code)| *code == ErrorCode::Unclassified).collect();
    assert_eq!(lost.len(), 1, "internal-error alone says nothing");
}

#[test]
fn what_a_host_forbids_is_never_tried_again_and_what_may_pass_is() {
    let code = |case: &str| classify_wasi_http(case, "").code;
    assert_eq!(code("destination-IP-prohibited"), ErrorCode::DestinationDenied);
    assert_eq!(code("HTTP-request-denied"), ErrorCode::CapabilityDenied);
    for case in
        ["connection-refused", "connection-timeout", "destination-IP-unroutable", "destination-not-found"]
    {
        assert_eq!(code(case), ErrorCode::ConnectFailed);
    }
    assert_eq!(code("destination-unavailable"), ErrorCode::ConnectFailed);
    assert_eq!(code("connection-terminated"), ErrorCode::ConnectionLost);
    for (beginning, expected) in [("DNS-", ErrorCode::DnsFailure), ("TLS-", ErrorCode::TlsFailure)] {
        assert!(cases().iter().filter(|case| case.starts_with(beginning)).all(|case| code(case) == expected));
    }
    for case in cases().iter().filter(|case| case.ends_with("-timeout") && !case.starts_with("DNS")) {
        let expected =
            if case == "connection-timeout" { ErrorCode::ConnectFailed } else { ErrorCode::Timeout };
        assert_eq!(code(case), expected, "{case}");
    }
    for case in cases().iter().filter(|case| case.starts_with("HTTP-request-")) {
        let failure = classify_wasi_http(case, "");
        assert!(!failure.retryable && !failure.request_sent, "{case}");
        assert!(matches!(failure.category, ErrorCategory::Validation | ErrorCategory::Permission), "{case}");
    }
}

/// A world in which every request fails in one way.
struct Fails(Failure);

impl HttpProvider for Fails {
    fn open(&self, _policy: Arc<Policy>) -> Arc<dyn HttpSession> {
        Arc::new(Self(self.0.clone()))
    }
}

impl HttpSession for Fails {
    fn send(&self, _request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, Failure>> {
        Box::pin(async { Err(self.0.clone()) })
    }
}

/// What a guest sees of it, as its own bindings print it.
async fn told(failure: Failure) -> String {
    let runtime = of(World::live().with_http(Arc::new(Fails(failure)))).await;
    let with = json!({"do": "send", "request": {"url": "https://a.test/"}});
    let flow = flow::one_step(json!({"hosts": ["a.test"]}), "probe", json!({"with": with}));
    let outcome = runtime.run(&Workflow::parse(flow.as_bytes()).unwrap(), json!({})).await;
    outcome.steps[0].output["error"].as_str().unwrap_or_else(|| panic!("{outcome:?}")).to_owned()
}

/// `HTTP-request-denied` as Rust writes it: `HttpRequestDenied`.
fn in_camels(case: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(1);
        format!("{}{}", first.to_uppercase(), rest.to_lowercase())
    };
    case.split('-').map(word).collect()
}

#[test]
fn every_code_of_the_catalogue_is_told_to_a_guest_in_a_case_of_the_wit() {
    in_time(async {
        let wit: BTreeSet<_> = cases().into_iter().collect();
        let mut used = BTreeSet::new();
        for row in catalog().rows() {
            for failure in [Failure::new(row.code, "why"), Failure::new(row.code, "why").sent()] {
                let case = wasi_http_case(&failure);
                assert!(wit.contains(case), "{case}");
                used.insert(case);
                let told = told(failure).await;
                if case == "internal-error" {
                    assert_eq!(told, format!("internal-error: {}: why", row.word));
                } else {
                    let name = told.trim_start_matches("ErrorCode::").split('(').next().unwrap();
                    assert_eq!(name, in_camels(case), "{}", row.word);
                }
            }
        }
        assert_eq!(used.len(), 16, "{used:?}");
    });
}
