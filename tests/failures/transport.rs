//! Connections that are refused, reset or closed, and servers that speak something else.

use std::sync::Arc;
use std::time::Duration;

use aos_host::failure::ErrorCode;
use aos_host::policy::{Grants, Policy, parse_url};
use aos_host::providers::{HttpProvider as _, HttpRequest, LiveHttp};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use super::scene::{End, Scene};
use crate::support::listener::{Listener, read_head, read_to_end};
use crate::support::recorded::record;
use crate::support::runtime::{in_time, in_time_on_threads};
use crate::support::server::{Reply, Server};

const LOST: End = End::Sent(ErrorCode::ConnectionLost);
const PROTOCOL: End = End::Sent(ErrorCode::HttpProtocolError);

#[test]
fn a_refused_connection_sends_nothing_and_costs_nothing() {
    in_time(async {
        let scene = Scene::new().await;
        let gone = Server::start([]).await.stop().await;
        for with in [json!({}), json!({"method": "POST", "body": "pay"})] {
            scene.fails(&gone, with, End::NotSent(ErrorCode::ConnectFailed)).await;
        }
    });
}

#[test]
fn a_reset_before_the_request_is_read_may_have_met_it() {
    in_time(async {
        let scene = Scene::new().await;
        let server = Listener::start(|stream| async move {
            stream.readable().await.expect("a request");
            stream.set_zero_linger().expect("a reset");
        })
        .await;
        for with in requests() {
            scene.fails(&server.origin(), with, LOST).await;
        }
        assert_eq!(server.connections(), requests().len(), "no request is sent twice");
    });
}

/// A small request, and one that does not fit into what the sockets of both sides keep.
fn requests() -> [Value; 2] {
    [json!({}), json!({"method": "POST", "body": "x".repeat(7 << 20)})]
}

#[test]
fn a_connection_that_ends_as_soon_as_it_is_open_has_taken_the_request_or_not() {
    in_time(async {
        let scene = Scene::new().await;
        let reset = Listener::start(|stream| async move {
            stream.set_zero_linger().expect("a reset");
        })
        .await;
        let closed = Listener::start(|stream| async move { drop(stream) }).await;
        for server in [reset, closed] {
            let ends = [LOST, End::NotSent(ErrorCode::ConnectFailed)];
            scene.fails_as_one_of(&server.origin(), json!({}), &ends).await;
            assert_eq!(server.connections(), 1);
        }
    });
}

#[test]
fn a_connection_that_breaks_after_the_request_says_where() {
    in_time(async {
        let scene = Scene::new().await;
        let half_a_body = End::Sent(ErrorCode::ResponseIncomplete);
        for (reply, end) in [
            (Reply::reset(), LOST),
            (Reply::close(), LOST),
            (Reply::raw(b""), LOST),
            (Reply::half_a_head(), LOST),
            (Reply::raw(b"HTTP/1.1 200 OK\r\n"), LOST),
            (Reply::raw(b"HTTP/1.1"), LOST),
            (Reply::raw(b"H"), LOST),
            (Reply::half_a_body(), half_a_body),
            (Reply::raw(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n"), half_a_body),
        ] {
            let server = Server::start([reply.clone()]).await;
            scene.fails(&server.origin(), json!({"method": "POST", "body": "pay"}), end).await;
            assert_eq!(server.requests().len(), 1, "{reply:?}");
        }
    });
}

#[test]
fn a_reset_within_the_body_leaves_it_incomplete() {
    in_time(async {
        let scene = Scene::new().await;
        let server = Listener::start(|mut stream| async move {
            read_head(&mut stream).await;
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf";
            stream.write_all(head).await.expect("it is read");
            // What is not read by now is lost by the reset, and that is the head at worst.
            tokio::time::sleep(Duration::from_millis(50)).await;
            stream.set_zero_linger().expect("a reset");
        })
        .await;
        let ends = [End::Sent(ErrorCode::ResponseIncomplete), LOST];
        scene.fails_as_one_of(&server.origin(), json!({}), &ends).await;
    });
}

#[test]
fn a_server_that_speaks_something_else_breaks_the_protocol() {
    in_time(async {
        let scene = Scene::new().await;
        let noise: Vec<u8> = (0..4096_u32).map(|place| (place * 167 + 89) as u8 | 0x80).collect();
        for bytes in [
            b"SSH-2.0-OpenSSH_9.6\r\n".to_vec(),
            b"220 mail.example ESMTP\r\n".to_vec(),
            b"<html><body>hello</body></html>\r\n\r\n".to_vec(),
            b"HTTP/1.1 abc\r\n\r\n".to_vec(),
            b"HTTP/1.1 99 Low\r\n\r\n".to_vec(),
            b"HTTP/1.1 600 High\r\n\r\n".to_vec(),
            b"HTTP/1.1 999 What\r\n\r\n".to_vec(),
            b"HTTP/1.1 2000 Long\r\n\r\n".to_vec(),
            b"HTTP/1.1 -200 No\r\n\r\n".to_vec(),
            b"HTTP/9.9 200 OK\r\n\r\n".to_vec(),
            b"HTTP/2.0 200 OK\r\n\r\n".to_vec(),
            b"http/1.1 200 OK\r\n\r\n".to_vec(),
            b"ICY 200 OK\r\n\r\n".to_vec(),
            b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64\r\n\r\n".to_vec(),
            b"\x15\x03\x03\0\x02\x02\x46\r\n\r\n".to_vec(),
            noise,
        ] {
            let server = Listener::answering(bytes.clone()).await;
            scene.fails(&server.origin(), json!({}), PROTOCOL).await;
            assert_eq!(server.connections(), 1, "{bytes:?}");
        }
    });
}

#[test]
fn a_server_that_speaks_before_it_is_asked_is_not_believed() {
    in_time(async {
        let scene = Scene::new().await;
        for banner in ["SSH-2.0-OpenSSH_9.6\r\n", "220 mail.example ESMTP\r\n"] {
            let server = Listener::start(move |mut stream| async move {
                let _ = stream.write_all(banner.as_bytes()).await;
                read_to_end(&mut stream).await;
            })
            .await;
            let ends = [PROTOCOL, End::NotSent(ErrorCode::ConnectFailed), LOST];
            scene.fails_as_one_of(&server.origin(), json!({}), &ends).await;
        }
    });
}

/// A request is sent on a connection that the server has ended meanwhile: it is seen before anything left, and another
/// connection is opened, or the request counts as sent. It never arrives twice.
#[test]
fn a_connection_that_ended_while_it_was_idle_loses_no_request_twice() {
    in_time(async {
        let scene = Scene::new().await;
        let server = Listener::start(|mut stream| async move {
            read_head(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await;
        })
        .await;
        let step = |id: &str, needs: Value| {
            json!({"id": id, "skill": "http_call", "needs": needs, "retry": {"max_attempts": 1},
                "with": {"url": format!("{}/{id}", server.origin())}})
        };
        let steps = json!([step("a", json!([])), step("b", json!(["a"])), step("c", json!(["b"]))]);
        let flow = json!({"aos": 1, "name": "idle", "grants": {"hosts": [server.origin()]}, "steps": steps});
        let run = record(&scene.runtime, &flow.to_string(), json!({})).await;
        assert!(["OK", "CONNECTION_LOST"].contains(&run.code()), "{}", run.code());
        assert!(server.connections() <= 3);
        scene.goes_on().await;
    });
}

/// No request of a workflow is as long; an embedder's may be.
#[test]
fn what_the_transport_cannot_write_is_never_sent() {
    in_time(async {
        let server = Server::start([Reply::status(200)]).await;
        let hosts = vec![server.origin().parse().unwrap()];
        let session = LiveHttp::new().open(Arc::new(Policy::new(Grants { hosts, ..Grants::default() })));
        let send = |method: &str, path: &str, headers: Vec<(String, String)>| {
            session.send(HttpRequest {
                method: method.to_owned(),
                url: parse_url(&server.origin()).unwrap().join(path).unwrap(),
                headers,
                body: Vec::new().into(),
                timeout: Duration::from_secs(60),
            })
        };
        let field = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        for sent in [
            send("GET", &format!("/{}", "x".repeat(70_000)), Vec::new()),
            send("G T", "/", Vec::new()),
            send("GET", "/", field("a b", "c")),
            send("GET", "/", field("a", "b\r\nc")),
        ] {
            let failure = sent.await.expect_err("a refusal");
            assert_eq!((failure.code, failure.request_sent), (ErrorCode::RequestInvalid, false));
        }
        assert_eq!(server.connections(), 0);
        assert_eq!(send("GET", "/", Vec::new()).await.unwrap().status, 200);
    });
}

/// Whether the end of a connection is seen before it takes the request or after is a race, and both ends have a word.
#[test]
fn a_connection_that_ends_at_once_has_a_word_whichever_way_the_race_ends() {
    in_time_on_threads(async {
        let reset = Listener::start(|stream| async move {
            stream.set_zero_linger().expect("a reset");
        })
        .await;
        let closed = Listener::start(|stream| async move { drop(stream) }).await;
        let banner = Listener::start(|mut stream| async move {
            let _ = stream.write_all(b"220 mail.example ESMTP\r\n").await;
        })
        .await;
        for server in [reset, closed, banner] {
            let hosts = vec![server.origin().parse().unwrap()];
            let policy = Arc::new(Policy::new(Grants { hosts, ..Grants::default() }));
            for _ in 0..500 {
                let session = LiveHttp::new().open(Arc::clone(&policy));
                let sent = session.send(HttpRequest {
                    method: "GET".to_owned(),
                    url: parse_url(&server.origin()).unwrap(),
                    headers: Vec::new(),
                    body: Vec::new().into(),
                    timeout: Duration::from_secs(60),
                });
                let failure = sent.await.expect_err("a failure");
                let expected = match failure.code {
                    ErrorCode::ConnectFailed => false,
                    ErrorCode::ConnectionLost | ErrorCode::HttpProtocolError => true,
                    other => panic!("{other}: {}", failure.message),
                };
                assert_eq!(failure.request_sent, expected, "{}", failure.message);
            }
        }
    });
}
