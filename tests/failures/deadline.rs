//! One deadline over the name, the connection, TLS, the first byte and the body.

use std::time::Duration;

use aos_host::failure::ErrorCode;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use super::scene::{End, Scene};
use crate::support::listener::{Listener, read_head, read_to_end};
use crate::support::runtime::in_time;

const NOT_SENT: End = End::NotSent(ErrorCode::Timeout);
const SENT: End = End::Sent(ErrorCode::Timeout);

/// Long enough for a request to leave on a busy machine.
fn patient() -> Value {
    json!({"timeout_ms": 1500})
}

#[test]
fn a_tls_handshake_that_is_not_answered_sends_nothing() {
    in_time(async {
        let scene = Scene::new().await;
        let server = Listener::start(|mut stream| async move { read_to_end(&mut stream).await }).await;
        let run = scene.fails(&server.secure_origin(), json!({"timeout_ms": 200}), NOT_SENT).await;
        assert!(run.outcome.message.contains("no connection within 200 ms"), "{}", run.outcome.message);
        assert_eq!(server.connections(), 1);
    });
}

/// The system takes connections for a program that accepts none until its queue is full; then it answers nothing at all.
#[test]
fn a_connection_that_is_not_answered_sends_nothing() {
    in_time(async {
        let scene = Scene::new().await;
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut taken = Vec::new();
        while let Ok(Ok(stream)) =
            tokio::time::timeout(Duration::from_millis(500), tokio::net::TcpStream::connect(address)).await
        {
            taken.push(stream);
            assert!(taken.len() < 64, "the queue never fills");
        }
        scene.fails(&format!("http://{address}"), json!({"timeout_ms": 200}), NOT_SENT).await;
    });
}

#[test]
fn an_answer_that_does_not_begin_is_late() {
    in_time(async {
        let scene = Scene::new().await;
        let server = Listener::start(|mut stream| async move { read_to_end(&mut stream).await }).await;
        let run = scene.fails(&server.origin(), patient(), SENT).await;
        assert!(run.outcome.message.contains("no whole answer within 1500 ms"), "{}", run.outcome.message);
    });
}

#[test]
fn a_head_or_a_body_that_trickles_does_not_move_the_deadline() {
    in_time(async {
        let scene = Scene::new().await;
        let body = "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n";
        for head in ["HTTP/1.1 200 OK\r\nx: ", body, "HTTP/1.1 200 OK\r\n\r\n"] {
            let server = Listener::start(move |mut stream| async move {
                read_head(&mut stream).await;
                let _ = stream.write_all(head.as_bytes()).await;
                while stream.write_all(b"x").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            })
            .await;
            scene.fails(&server.origin(), patient(), SENT).await;
        }
    });
}

#[test]
fn answers_before_the_final_one_do_not_move_the_deadline() {
    in_time(async {
        let scene = Scene::new().await;
        let server = Listener::start(|mut stream| async move {
            read_head(&mut stream).await;
            while stream.write_all(b"HTTP/1.1 102 Processing\r\n\r\n").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        scene.fails(&server.origin(), patient(), SENT).await;
    });
}

#[test]
fn a_request_that_is_not_read_is_late() {
    in_time(async {
        let scene = Scene::new().await;
        let server = Listener::start(|stream| async move {
            tokio::time::sleep(Duration::from_secs(600)).await;
            drop(stream);
        })
        .await;
        let with = json!({"method": "POST", "body": "x".repeat(7 << 20), "timeout_ms": 1500});
        scene.fails(&server.origin(), with, SENT).await;
    });
}
