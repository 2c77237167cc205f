//! Answers that lie about their length, or that have none.

use aos_host::failure::ErrorCode;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use super::scene::{End, Scene};
use crate::support::listener::{Listener, read_head};
use crate::support::recorded::record;
use crate::support::runtime::in_time;

const PROTOCOL: End = End::Sent(ErrorCode::HttpProtocolError);
const INCOMPLETE: End = End::Sent(ErrorCode::ResponseIncomplete);
const TOO_LARGE: End = End::Sent(ErrorCode::ResponseTooLarge);

fn answer(fields: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n{body}")
}

#[test]
fn a_length_that_is_not_kept_or_none_is_told() {
    in_time(async {
        let scene = Scene::new().await;
        for (fields, body, end) in [
            ("content-length: 10", "short", INCOMPLETE),
            ("content-length: 1", "", INCOMPLETE),
            ("content-length: -1", "x", PROTOCOL),
            ("content-length: +1", "x", PROTOCOL),
            ("content-length: 1.0", "x", PROTOCOL),
            ("content-length: 0x1", "x", PROTOCOL),
            ("content-length: one", "x", PROTOCOL),
            ("content-length: ", "x", PROTOCOL),
            ("content-length: 99999999999999999999", "x", PROTOCOL),
            ("content-length: 18446744073709551615", "x", TOO_LARGE),
            ("content-length: 1\r\ncontent-length: 2", "xy", PROTOCOL),
            ("content-length: 1, 2", "xy", PROTOCOL),
            ("content-length: 16777217", "x", TOO_LARGE),
            ("content-length: 9007199254740993", "x", TOO_LARGE),
            ("content-length: 3\r\ntransfer-encoding: chunked", "3\r\nabc\r\n0\r\n\r\n", PROTOCOL),
            ("transfer-encoding: chunked\r\ncontent-length: 99", "3\r\nabc\r\n0\r\n\r\n", PROTOCOL),
        ] {
            let server = Listener::answering(answer(fields, body)).await;
            scene.fails(&server.origin(), json!({}), end).await;
            assert_eq!(server.connections(), 1, "{fields}");
        }
    });
}

#[test]
fn a_length_that_is_said_twice_alike_is_one_length() {
    in_time(async {
        let scene = Scene::new().await;
        for fields in ["content-length: 2\r\ncontent-length: 2", "content-length: 2, 2"] {
            let server = Listener::answering(answer(fields, "hi")).await;
            let run = scene.send(&server.origin(), json!({})).await;
            assert_eq!(run.assert_success().step("call").output["body"], "hi", "{fields}");
        }
    });
}

/// What follows the announced end belongs to nobody: not to this answer, and not to the next request's.
#[test]
fn bytes_beyond_the_length_are_no_answer_to_the_next_request() {
    in_time(async {
        let scene = Scene::new().await;
        let server = Listener::start(|mut stream| async move {
            let asked = String::from_utf8(read_head(&mut stream).await).unwrap();
            let path = asked.split(' ').nth(1).unwrap_or_default().to_owned();
            let forged = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged";
            let bytes = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{path}{forged}", path.len());
            let _ = stream.write_all(bytes.as_bytes()).await;
            let _ = read_head(&mut stream).await;
        })
        .await;
        let step = |id: &str, needs: Vec<&str>| json!({"id": id, "skill": "http_call", "needs": needs, "with": {"url": format!("{}/{id}", server.origin())}});
        let flow = json!({
            "aos": 1, "name": "beyond", "grants": {"hosts": [server.origin()]},
            "steps": [step("a", vec![]), step("b", vec!["a"])],
        });
        let run = record(&scene.runtime, &flow.to_string(), json!({})).await;
        run.assert_success();
        assert_eq!(
            (&run.step("a").output["body"], &run.step("b").output["body"]),
            (&json!("/a"), &json!("/b"))
        );
        assert_eq!(server.connections(), 2);
        scene.goes_on().await;
    });
}

#[test]
fn chunks_are_put_together_and_wrong_ones_are_told() {
    in_time(async {
        let scene = Scene::new().await;
        let chunked = |body: &str| answer("transfer-encoding: Chunked", body);
        let server = Listener::answering(chunked("2;a=b\r\nhi\r\n1\r\n!\r\n0\r\nx: y\r\n\r\n")).await;
        let run = scene.send(&server.origin(), json!({})).await;
        assert_eq!(run.assert_success().step("call").output["body"], "hi!");
        for (body, end) in [
            ("g\r\n", PROTOCOL),
            ("-1\r\nx\r\n0\r\n\r\n", PROTOCOL),
            ("1\r\nxy\r\n0\r\n\r\n", PROTOCOL),
            ("11111111111111111\r\nx", PROTOCOL),
            ("\r\nhi\r\n0\r\n\r\n", PROTOCOL),
            ("2\nhi\r\n0\r\n\r\n", PROTOCOL),
            ("2\r\nhi\r\n0\r\nnonsense\r\n\r\n", PROTOCOL),
            ("9\r\nhi", INCOMPLETE),
            ("2\r\nhi\r\n", INCOMPLETE),
            ("2\r\nhi\r\n0\r\n", INCOMPLETE),
            ("2\r\nhi", INCOMPLETE),
            ("", INCOMPLETE),
        ] {
            let server = Listener::answering(chunked(body)).await;
            scene.fails(&server.origin(), json!({}), end).await;
        }
    });
}

#[test]
fn a_transfer_coding_that_nobody_asked_for_is_not_taken_for_the_body() {
    in_time(async {
        let scene = Scene::new().await;
        for coding in ["gzip", "gzip, chunked", "chunked, gzip", "identity", "chunked, chunked", "x"] {
            let server =
                Listener::answering(answer(&format!("transfer-encoding: {coding}"), "2\r\nhi\r\n0\r\n\r\n"))
                    .await;
            scene.fails(&server.origin(), json!({}), PROTOCOL).await;
        }
        let twice = "transfer-encoding: gzip\r\ntransfer-encoding: chunked";
        let server = Listener::answering(answer(twice, "2\r\nhi\r\n0\r\n\r\n")).await;
        scene.fails(&server.origin(), json!({}), PROTOCOL).await;
    });
}

#[test]
fn an_answer_without_a_body_has_none_whatever_it_announces() {
    in_time(async {
        let scene = Scene::new().await;
        for head in [
            "HTTP/1.1 204 No\r\ncontent-length: 9\r\n\r\n",
            "HTTP/1.1 204 No\r\ntransfer-encoding: gzip\r\n\r\n",
        ] {
            let server = Listener::answering(head).await;
            let run = scene.send(&server.origin(), json!({})).await;
            assert_eq!(run.assert_success().step("call").output["body"], "", "{head}");
        }
        let server = Listener::answering(answer("content-length: 99999999999", "")).await;
        let run = scene.send(&server.origin(), json!({"method": "HEAD"})).await;
        assert_eq!(run.assert_success().step("call").output["body"], "");
    });
}

#[test]
fn a_body_without_a_length_ends_with_the_connection() {
    in_time(async {
        let scene = Scene::new().await;
        let server = Listener::answering("HTTP/1.1 200 OK\r\n\r\nto the end").await;
        let run = scene.send(&server.origin(), json!({})).await;
        assert_eq!(run.assert_success().step("call").output["body"], "to the end");
        let server = Listener::answering("HTTP/1.0 200 OK\r\n\r\nold").await;
        let run = scene.send(&server.origin(), json!({})).await;
        assert_eq!(run.assert_success().step("call").output["body"], "old");
    });
}

#[test]
fn a_body_without_an_end_is_cut_at_16_mib() {
    in_time(async {
        let scene = Scene::new().await;
        for fields in ["content-type: text/plain", "transfer-encoding: chunked"] {
            let server = Listener::start(move |mut stream| async move {
                read_head(&mut stream).await;
                let piece = [b'x'; 0x10000];
                let _ = stream.write_all(answer(fields, "").as_bytes()).await;
                let chunked = fields.ends_with("chunked");
                loop {
                    let frame = if chunked { &b"10000\r\n"[..] } else { b"" };
                    let end = if chunked { &b"\r\n"[..] } else { b"" };
                    if stream.write_all(&[frame, &piece, end].concat()).await.is_err() {
                        return;
                    }
                }
            })
            .await;
            scene.fails(&server.origin(), json!({}), TOO_LARGE).await;
        }
    });
}
