//! `https` to what is not trusted, or is no TLS at all.

use std::sync::Arc;

use aos_host::failure::ErrorCode;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use super::scene::{End, Scene};
use crate::support::listener::{Listener, read_to_end};
use crate::support::runtime::in_time;
use crate::support::server::{Reply, Server};
use crate::support::tls;

const REFUSED: End = End::NotSent(ErrorCode::TlsFailure);

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent() {
    in_time(async {
        let scene = Scene::new().await;
        let server = tls::server(|mut stream| async move { tls::answer(&mut stream, b"").await }).await;
        for origin in [server.secure_origin(), format!("https://localhost:{}", server.port())] {
            let run = scene.fails(&origin, json!({"method": "POST", "body": "pay"}), REFUSED).await;
            assert!(!run.outcome.retryable);
        }
        assert_eq!(server.connections(), 2);
    });
}

#[test]
fn a_server_that_speaks_no_tls_is_refused_before_anything_is_sent() {
    in_time(async {
        let scene = Scene::new().await;
        let plain = Server::start([Reply::text(200, "hi")]).await;
        let origin = plain.origin().replace("http:", "https:");
        let closed = End::NotSent(ErrorCode::ConnectFailed);
        // This one waits for the end of a head that never comes, until it is gone.
        let run = scene.fails(&origin, json!({"timeout_ms": 200}), End::NotSent(ErrorCode::Timeout)).await;
        assert!(plain.requests().is_empty(), "{}", run.outcome.message);
        for (bytes, end) in [
            (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], REFUSED),
            (b"SSH-2.0-OpenSSH_9.6\r\n", REFUSED),
            // A fatal alert: handshake_failure.
            (b"\x15\x03\x03\0\x02\x02\x28", REFUSED),
            // A handshake record that holds no handshake.
            (b"\x16\x03\x03\0\x04\xff\xff\xff\xff", REFUSED),
            (b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8", REFUSED),
            (b"", closed),
            (b"\x16", closed),
        ] {
            let server = Listener::start(move |mut stream| async move {
                let _ = stream.readable().await;
                let _ = stream.write_all(bytes).await;
                let _ = stream.shutdown().await;
                read_to_end(&mut stream).await;
            })
            .await;
            scene.fails(&server.secure_origin(), json!({}), end).await;
        }
        let server = Listener::start(|stream| async move {
            let _ = stream.readable().await;
            let _ = stream.set_zero_linger();
        })
        .await;
        scene.fails(&server.secure_origin(), json!({}), closed).await;
    });
}

#[test]
fn plain_http_to_a_server_of_tls_breaks_the_protocol() {
    in_time(async {
        let scene = Scene::new().await;
        let server = tls::server(|mut stream| async move { tls::answer(&mut stream, b"").await }).await;
        let ends = [End::Sent(ErrorCode::HttpProtocolError), End::Sent(ErrorCode::ConnectionLost)];
        scene.fails_as_one_of(&server.origin(), json!({}), &ends).await;
    });
}

#[test]
fn old_versions_of_tls_are_not_spoken() {
    in_time(async {
        let scene = Scene::new().await;
        // The server's choice of TLS 1.0 (RFC 2246), as the whole of its hello.
        let mut hello = vec![0x16, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1];
        hello.extend([7; 32]);
        hello.extend([0, 0, 0x2f, 0]);
        let hello = Arc::new(hello);
        let server = Listener::start(move |mut stream| {
            let hello = Arc::clone(&hello);
            async move {
                let _ = stream.readable().await;
                let _ = stream.write_all(&hello).await;
                read_to_end(&mut stream).await;
            }
        })
        .await;
        scene.fails(&server.secure_origin(), json!({}), REFUSED).await;
    });
}
