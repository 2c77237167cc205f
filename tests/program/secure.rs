//! `https` to a server that the machine trusts: what a program alone can be told, by its environment.

use std::sync::Arc;

use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use super::process::{Home, at_home};
use crate::support::tls;

/// Asks a server that breaks the connection off so, and gives the outcome's code and whether the request was sent.
async fn ask(home: &Home, port: u16) -> String {
    let flow = json!({
        "aos": 1, "name": "secure", "grants": {"hosts": [format!("https://localhost:{port}")]},
        "steps": [{"id": "call", "skill": "http_call", "retry": {"max_attempts": 1},
            "with": {"url": format!("https://localhost:{port}/")}}],
    });
    home.write("secure.yaml", flow.to_string());
    let trusted = format!("SSL_CERT_FILE={}", tls::certificate().display());
    let ended =
        home.aos_within(&["/usr/bin/env", &trusted], ["run", "secure.yaml", "--format", "json"]).await;
    ended.outcome().code.as_str().to_owned()
}

#[test]
fn a_server_that_is_trusted_is_asked_and_what_breaks_afterwards_says_how() {
    at_home(async |home| {
        let whole = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";
        let endless = "HTTP/1.1 200 OK\r\n\r\nhi";
        let half = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi";
        // In order, cut without a word, or with bytes that are no TLS.
        for (answer, end, code) in [
            (whole, End::InOrder, "OK"),
            (endless, End::InOrder, "OK"),
            (endless, End::Cut, "RESPONSE_INCOMPLETE"),
            (half, End::InOrder, "RESPONSE_INCOMPLETE"),
            (half, End::Cut, "RESPONSE_INCOMPLETE"),
            (half, End::Noise, "RESPONSE_INCOMPLETE"),
            ("", End::InOrder, "CONNECTION_LOST"),
            ("", End::Cut, "CONNECTION_LOST"),
            ("", End::Noise, "CONNECTION_LOST"),
            ("HTTP/1.1 2", End::Noise, "CONNECTION_LOST"),
        ] {
            let answer: Arc<str> = answer.into();
            let server = tls::server(move |mut stream| {
                let answer = Arc::clone(&answer);
                async move {
                    tls::read_head(&mut stream).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.flush().await;
                    match end {
                        End::InOrder => drop(stream.shutdown().await),
                        End::Cut => drop(stream.get_mut().0.shutdown().await),
                        End::Noise => drop(stream.get_mut().0.write_all(b"this is no record").await),
                    }
                    let _ = stream.get_ref().0.readable().await;
                }
            })
            .await;
            let found = ask(&home, server.port()).await;
            // Noise may be seen together with what came before it.
            let seen_at_once = matches!(end, End::Noise) && found == "CONNECTION_LOST";
            assert!(found == code || seen_at_once, "{found} after {end:?}, and not {code}");
            assert_eq!(server.connections(), 1);
        }
    });
}

/// How a server ends a connection.
#[derive(Debug, Clone, Copy)]
enum End {
    InOrder,
    Cut,
    Noise,
}
