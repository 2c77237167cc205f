//! Heads of answers that are too large, and answers before the final one.

use aos_host::failure::ErrorCode;
use serde_json::json;

use super::scene::{End, Scene};
use crate::support::listener::Listener;
use crate::support::runtime::in_time;

const TOO_LARGE: End = End::Sent(ErrorCode::ResponseTooLarge);

fn with_fields(count: usize) -> String {
    let fields: String = (1..count).map(|place| format!("x-{place}: {place}\r\n")).collect();
    format!("HTTP/1.1 200 OK\r\n{fields}content-length: 0\r\n\r\n")
}

#[test]
fn a_hundred_header_fields_are_taken_and_one_more_is_not() {
    in_time(async {
        let scene = Scene::new().await;
        let server = Listener::answering(with_fields(100)).await;
        let run = scene.send(&server.origin(), json!({})).await;
        let headers = &run.assert_success().step("call").output["headers"];
        assert_eq!(headers.as_object().unwrap().len(), 100);
        for count in [101, 33_000] {
            let server = Listener::answering(with_fields(count)).await;
            scene.fails(&server.origin(), json!({}), TOO_LARGE).await;
        }
    });
}

#[test]
fn a_line_of_megabytes_is_not_taken() {
    in_time(async {
        let scene = Scene::new().await;
        let line = "x".repeat(4 << 20);
        for head in [
            format!("HTTP/1.1 200 OK\r\nx: {line}\r\n\r\n"),
            format!("HTTP/1.1 200 OK\r\n{line}: x\r\n\r\n"),
            format!("HTTP/1.1 200 {line}\r\n\r\n"),
            format!("HTTP/1.1 200 OK\r\nx: {line}"),
        ] {
            let server = Listener::answering(head).await;
            scene.fails(&server.origin(), json!({}), TOO_LARGE).await;
        }
    });
}

#[test]
fn a_field_that_is_none_breaks_the_protocol() {
    in_time(async {
        let scene = Scene::new().await;
        for field in ["no colon", ": no name", "a b: c", "a\0b: c", "a: b\0c", "a: b\n\rc: d", " folded: x"] {
            let server = Listener::answering(format!("HTTP/1.1 200 OK\r\n{field}\r\n\r\n")).await;
            scene.fails(&server.origin(), json!({}), End::Sent(ErrorCode::HttpProtocolError)).await;
        }
    });
}

#[test]
fn answers_before_the_final_one_are_passed_over() {
    in_time(async {
        let scene = Scene::new().await;
        let early: String = [100, 102, 103, 199]
            .map(|status| format!("HTTP/1.1 {status} Early\r\nlink: </x>; rel=preload\r\n\r\n"))
            .concat();
        let last = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlast";
        let server = Listener::answering(format!("{early}{last}")).await;
        let run = scene.send(&server.origin(), json!({"method": "POST", "body": "x"})).await;
        let output = &run.assert_success().step("call").output;
        assert_eq!((&output["body"], output["headers"].get("link")), (&json!("last"), None));
        let server = Listener::answering(early).await;
        scene.fails(&server.origin(), json!({}), End::Sent(ErrorCode::ConnectionLost)).await;
    });
}

#[test]
fn another_protocol_on_the_connection_is_not_spoken() {
    in_time(async {
        let scene = Scene::new().await;
        for upgrade in ["websocket", "h2c"] {
            let head = format!("HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: {upgrade}\r\n\r\n");
            let server = Listener::answering(head).await;
            scene.fails(&server.origin(), json!({}), End::Sent(ErrorCode::HttpProtocolError)).await;
        }
    });
}
