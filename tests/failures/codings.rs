//! Content codings: none is asked for unless the guest does, and none is taken for the body.

use aos_host::failure::ErrorCode;
use serde_json::{Value, json};

use super::scene::{End, Scene, assert_ends};
use crate::support::flow;
use crate::support::recorded::record;
use crate::support::runtime::{in_time, stubbed};
use crate::support::server::{Reply, Server};

const UNSUPPORTED: End = End::Sent(ErrorCode::DecodingUnsupported);

/// `hello`, in gzip.
pub(super) const GZIP: [u8; 25] = [
    0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 7, 0, 0x86, 0xa6, 0x10, 0x36, 5, 0, 0,
    0,
];

fn zipped(status: u16) -> Reply {
    Reply::bytes(status, &GZIP).header("content-encoding", "gzip")
}

#[test]
fn the_host_asks_for_no_coding_and_the_record_of_the_request_does_not_say_so() {
    in_time(async {
        let scene = Scene::new().await;
        let server = Server::start([Reply::text(200, "hi")]).await;
        let run = scene.send(&server.origin(), json!({})).await;
        run.assert_success();
        assert_eq!(server.only_request().header("accept-encoding"), ["identity"]);
        let journal = String::from_utf8(run.journal).unwrap();
        assert!(!journal.contains("accept-encoding") && !journal.contains("identity"));
    });
}

#[test]
fn a_coding_that_nobody_asked_for_fails_the_call() {
    in_time(async {
        let scene = Scene::new().await;
        let plain = |coding: &str| Reply::text(200, "plain after all").header("Content-Encoding", coding);
        for reply in [
            zipped(200),
            zipped(203),
            plain("br"),
            plain("identity, deflate"),
            plain("X-GZip"),
            plain("zstd"),
            plain("aes128gcm"),
        ] {
            let server = Server::start([reply]).await;
            let run = scene.fails(&server.origin(), json!({}), UNSUPPORTED).await;
            assert!(!run.outcome.retryable);
            assert!(run.outcome.message.contains("content coding"), "{}", run.outcome.message);
            assert_eq!(server.requests().len(), 1);
        }
        let server = Server::start([zipped(200)]).await;
        for asked in ["br", "identity", "", "gzip;q=0", "*;q=0"] {
            let with = json!({"headers": {"Accept-Encoding": asked}});
            scene.fails(&server.origin(), with, UNSUPPORTED).await;
        }
    });
}

#[test]
fn a_guest_that_asks_for_a_coding_gets_its_bytes_as_they_are() {
    in_time(async {
        let scene = Scene::new().await;
        for asked in ["gzip", "br, GZIP;q=0.1", "*", "x-gzip"] {
            let server = Server::start([zipped(200)]).await;
            let run = scene.send(&server.origin(), json!({"headers": {"accept-encoding": asked}})).await;
            let output = &run.assert_success().step("call").output;
            assert_eq!(output["headers"]["content-encoding"], "gzip");
            assert_eq!(output["body"], json!({"base64": "H4sIAAAAAAAAA8tIzcnJBwCGphA2BQAAAA=="}));
            assert_eq!(server.only_request().header("accept-encoding"), [asked]);
        }
    });
}

#[test]
fn what_has_no_body_has_no_coding() {
    in_time(async {
        let scene = Scene::new().await;
        let server = Server::start([zipped(200)]).await;
        scene.send(&server.origin(), json!({"method": "HEAD"})).await.assert_success();
        let server = Server::start([Reply::status(200).header("content-encoding", "gzip")]).await;
        scene.send(&server.origin(), json!({})).await.assert_success();
        let server = Server::start([Reply::text(200, "hi").header("content-encoding", "identity")]).await;
        scene.send(&server.origin(), json!({})).await.assert_success();
    });
}

/// A refusal keeps its own word and its hint, also where the step accepts its status: nobody gets a body that was not
/// read for one that was.
#[test]
fn a_refusal_in_a_coding_keeps_the_word_of_its_status() {
    in_time(async {
        let scene = Scene::new().await;
        for (status, code) in [
            (302, ErrorCode::RedirectBlocked),
            (404, ErrorCode::UpstreamNotFound),
            (408, ErrorCode::Timeout),
            (429, ErrorCode::RateLimited),
            (500, ErrorCode::UpstreamError),
            (503, ErrorCode::UpstreamUnavailable),
        ] {
            let server = Server::start([zipped(status).header("retry-after", "0")]).await;
            let with = json!({"accept_status": ["2xx", status]});
            let run = scene.fails(&server.origin(), with, End::Sent(code)).await;
            assert_eq!(run.outcome.details["status"], status);
            assert!(run.outcome.message.contains("content coding"), "{}", run.outcome.message);
        }
    });
}

#[test]
fn a_stub_world_has_the_same_rule() {
    in_time(async {
        let stubs = "http: [{url: https://a.test/, headers: {Content-Encoding: gzip}, body: not really}]";
        let runtime = stubbed(stubs).await;
        let flow = |headers: Value| {
            let step = json!({"with": {"url": "https://a.test/", "headers": headers}});
            flow::one_step(json!({"hosts": ["a.test"]}), "http_call", step)
        };
        let run = record(&runtime, &flow(json!({})), json!({})).await;
        assert_ends(&run, UNSUPPORTED);
        let run = record(&runtime, &flow(json!({"accept-encoding": "gzip"})), json!({})).await;
        assert_eq!(run.assert_success().step("call").output["body"], "not really");
    });
}
