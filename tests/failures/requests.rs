//! What a workflow may try with a request: other spellings of a destination, redirects, methods, fields. Where it is
//! refused, no connection is opened.

use aos_host::failure::ErrorCode;
use aos_host::journal::Event;
use serde_json::{Value, json};

use super::scene::{End, Scene, assert_ends};
use crate::support::flow;
use crate::support::recorded::{Recorded, record};
use crate::support::runtime::in_time;
use crate::support::server::{Reply, Server};

const DENIED: End = End::NotSent(ErrorCode::DestinationDenied);
const INVALID: End = End::NotSent(ErrorCode::UrlInvalid);

/// Spellings of 127.0.0.1, and of what is no URL or no granted one, with `PORT` for the port.
const SAME: [&str; 14] = [
    "http://127.0.0.1:PORT/",
    "http://127.1:PORT/",
    "http://0x7f.1:PORT/",
    "http://2130706433:PORT/",
    "http://0177.0.0.01:PORT/",
    "http://0x7f000001:PORT/",
    "http://127.0.0.1.:PORT/",
    "http://\u{ff11}\u{ff12}\u{ff17}.0.0.1:PORT/",
    "http://127\u{3002}0\u{3002}0\u{3002}1:PORT/",
    "http://%31%32%37.0.0.1:PORT/",
    "http:\\\\127.0.0.1:PORT\\",
    "http:/127.0.0.1:PORT/",
    "ht\ttp://127.0\n.0.1:PORT/",
    "HTTP://@127.0.0.1:PORT/",
];

const OTHER: [(&str, End); 18] = [
    ("http://[::1]:PORT/", DENIED),
    ("http://[::ffff:127.0.0.1]:PORT/", DENIED),
    ("http://[::127.0.0.1]:PORT/", DENIED),
    ("http://[64:ff9b::7f00:1]:PORT/", DENIED),
    ("http://localhost:PORT/", DENIED),
    ("http://localhost.:PORT/", DENIED),
    ("http://0:PORT/", DENIED),
    ("http://127.0.0.2:PORT/", DENIED),
    ("https://127.0.0.1:PORT/", DENIED),
    ("http://127.0.0.1.evil.example:PORT/", DENIED),
    ("http://127.0.0.1\\@evil.example:PORT/", DENIED),
    ("http://[fe80::1%25lo]:PORT/", INVALID),
    ("http://user@127.0.0.1:PORT/", INVALID),
    ("http://evil.example:PORT@127.0.0.1/", INVALID),
    ("http://127.0.0.256:PORT/", INVALID),
    ("http://127.0.0.1:PORT:PORT/", INVALID),
    ("gopher://127.0.0.1:PORT/", INVALID),
    ("http://127.0.0.1%00:PORT/", INVALID),
];

#[test]
fn however_a_destination_is_written_it_is_judged_and_sent_as_what_it_is() {
    in_time(async {
        let scene = Scene::new().await;
        let server = Server::start([Reply::text(200, "hi")]).await;
        let port = server.port().to_string();
        for spelling in SAME {
            let with = json!({"url": spelling.replace("PORT", &port)});
            let run = scene.send_granted(json!(["http://elsewhere.example"]), "", with.clone()).await;
            assert_ends(&run, DENIED);
            assert_eq!(server.connections(), 0, "{spelling}");
        }
        for (spelling, end) in OTHER {
            let with = json!({"url": spelling.replace("PORT", &port)});
            scene.fails(&server.origin(), with, end).await;
            assert_eq!(server.connections(), 0, "{spelling}");
        }
        for spelling in SAME {
            let with = json!({"url": spelling.replace("PORT", &port)});
            scene.send(&server.origin(), with).await.assert_success();
        }
        for request in server.requests() {
            assert_eq!(request.header("host"), [format!("127.0.0.1:{port}")]);
            assert_eq!(request.path, "/");
        }
        assert_eq!(server.requests().len(), SAME.len());
    });
}

/// Wherever a redirect leads, and whatever the request carried: the host asks there only when it is told to, in a call of
/// its own, which the grants are asked about.
#[test]
fn a_redirect_leads_nowhere_and_carries_nothing_along() {
    in_time(async {
        let scene = Scene::new().await;
        let inside = Server::start([Reply::text(200, "secret")]).await;
        let places = [
            inside.url("/"),
            format!("//127.0.0.1:{}/", inside.port()),
            "http://169.254.169.254/latest/meta-data".to_owned(),
            "http://[::1]/".to_owned(),
            "/elsewhere".to_owned(),
            "file:///etc/passwd".to_owned(),
            "https://user:secret@evil.example/".to_owned(),
            "gopher://127.0.0.1/".to_owned(),
            "http://[".to_owned(),
            String::new(),
        ];
        for (status, location) in [301, 302, 303, 307, 308].into_iter().cycle().zip(&places) {
            let reply = Reply::status(status).header("location", location).header("refresh", "0; url=/x");
            let server = Server::start([reply.header("set-cookie", "session=1")]).await;
            let with = json!({"headers": {"authorization": "Bearer canary", "cookie": "session=0"}});
            let grants = json!([server.origin(), inside.origin()]);
            let run = scene.send_granted(grants, &server.origin(), with).await;
            run.assert_failure(ErrorCode::RedirectBlocked);
            assert_eq!((server.requests().len(), inside.connections()), (1, 0), "{location}");
            scene.goes_on().await;
        }
        let (server, hop) = hop(&inside).await;
        let run = record(&scene.runtime, &hop.to_string(), json!({})).await;
        assert_ends_hop(&run);
        assert_eq!((server.requests().len(), inside.connections()), (1, 0));
    });
}

/// A workflow that follows a redirect itself, to where nothing is granted.
async fn hop(inside: &Server) -> (Server, Value) {
    let server = Server::start([Reply::status(302).header("location", &inside.url("/"))]).await;
    let flow = json!({
        "aos": 1, "name": "hop", "grants": {"hosts": [server.origin()]},
        "steps": [
            {"id": "first", "skill": "http_call", "with": {"url": server.url("/"), "accept_status": ["3xx"]}},
            {"id": "second", "skill": "http_call", "with": {"url": "${ .steps.first.headers.location }"}},
        ],
    });
    (server, flow)
}

fn assert_ends_hop(run: &Recorded) {
    run.assert_failure(ErrorCode::DestinationDenied);
    assert_eq!(run.step("second").code.as_str(), "DESTINATION_DENIED");
}

#[test]
fn a_cookie_of_an_answer_does_not_come_back_by_itself() {
    in_time(async {
        let scene = Scene::new().await;
        let reply = Reply::text(200, "hi").header("set-cookie", "session=1; Path=/").header("etag", "\"1\"");
        let server = Server::start([reply]).await;
        let step = |id: &str, needs: Vec<&str>| json!({"id": id, "skill": "http_call", "needs": needs, "with": {"url": server.url("/")}});
        let flow = json!({
            "aos": 1, "name": "cookie", "grants": {"hosts": [server.origin()]},
            "steps": [step("a", vec![]), step("b", vec!["a"])],
        });
        let run = record(&scene.runtime, &flow.to_string(), json!({})).await;
        run.assert_success();
        let requests = server.requests();
        assert_eq!((requests.len(), &requests[0]), (2, &requests[1]));
        for field in ["cookie", "if-none-match", "referer", "authorization"] {
            assert!(requests[1].header(field).is_empty(), "{field}");
        }
    });
}

/// Every field that frames a message or belongs to one connection (RFC 9110, sections 7.2 and 7.6.1).
#[test]
fn a_field_that_is_the_hosts_own_is_refused_in_any_case() {
    in_time(async {
        let scene = Scene::new().await;
        let server = Server::start([Reply::status(200)]).await;
        for field in [
            "Host",
            "hOST",
            "content-length",
            "Content-Length",
            "transfer-encoding",
            "Transfer-Encoding",
            "connection",
            "keep-alive",
            "proxy-connection",
            "proxy-authenticate",
            "Proxy-Authorization",
            "TE",
            "trailer",
            "Upgrade",
            "expect",
            "HTTP2-Settings",
        ] {
            let with = json!({"headers": {field: "1"}, "method": "POST", "body": "x"});
            scene.fails(&server.origin(), with, End::NotSent(ErrorCode::HeaderForbidden)).await;
            let with = json!({"headers": {field: ["1", "2"]}});
            scene.fails(&server.origin(), with, End::NotSent(ErrorCode::HeaderForbidden)).await;
        }
        assert_eq!(server.connections(), 0);
    });
}

#[test]
fn nothing_gets_into_a_request_through_a_field() {
    in_time(async {
        let scene = Scene::new().await;
        let server = Server::start([Reply::status(200)]).await;
        for headers in [
            json!({"x": "a\r\nhost: evil.example"}),
            json!({"x": "a\nb: c"}),
            json!({"x": "a\rb: c"}),
            json!({"x": "a\r\n\r\nGET /second HTTP/1.1\r\n\r\n"}),
            json!({"x": "a\u{0}b"}),
            json!({"x": "a\u{10d}\u{10a}b"}),
        ] {
            scene
                .fails(&server.origin(), json!({"headers": headers}), End::NotSent(ErrorCode::RequestInvalid))
                .await;
        }
        assert_eq!(server.connections(), 0);
    });
}

#[test]
fn nothing_gets_into_a_request_through_its_url_or_key() {
    in_time(async {
        let scene = Scene::new().await;
        let server = Server::start([Reply::status(200)]).await;
        let run = scene
            .send(
                &server.origin(),
                json!({"url": server.url("/a b\r\nx: y\tHTTP/1.1\u{0}?q=\r\n\u{e9}#f\r\n")}),
            )
            .await;
        run.assert_success();
        assert_eq!(server.only_request().path, "/a%20bx:%20yHTTP/1.1%00?q=%C3%A9");
        assert!(server.only_request().header("x").is_empty());
        let with = json!({"method": "POST", "idempotency_key": "k\r\nhost: evil.example"});
        let run = scene.send(&server.origin(), with).await;
        let codes = ["REQUEST_INVALID", "INPUT_SCHEMA_VIOLATION"];
        assert!(codes.contains(&run.code()), "{}", run.code());
        assert_eq!(server.requests().len(), 1);
    });
}

#[test]
fn a_request_has_one_host_and_one_length_whatever_is_in_its_body() {
    in_time(async {
        let scene = Scene::new().await;
        let server = Server::start([Reply::status(200)]).await;
        let body = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: evil.example\r\n\r\n";
        scene.send(&server.origin(), json!({"method": "POST", "body": body})).await.assert_success();
        let request = server.only_request();
        assert_eq!(request.body, body.as_bytes());
        assert_eq!(request.header("content-length"), [body.len().to_string()]);
        assert_eq!(request.header("host"), [format!("127.0.0.1:{}", server.port())]);
        assert!(request.header("transfer-encoding").is_empty());
    });
}

/// What the project's own door says to requests of a guest that checks nothing itself.
async fn said_to(scene: &Scene, server: &Server, requests: Value) -> Vec<(ErrorCode, bool)> {
    let step = json!({"with": {"do": "calls", "requests": requests}});
    let run = record(&scene.runtime, &flow::probe_step(server, step), json!({})).await;
    run.assert_success();
    let failures = run.entries().into_iter().filter_map(|entry| match entry.event {
        Event::Result(result) => result.failure,
        _ => None,
    });
    failures.map(|failure| (failure.code, failure.request_sent)).collect()
}

#[test]
fn a_name_that_is_none_is_not_sent() {
    in_time(async {
        let scene = Scene::new().await;
        let server = Server::start([Reply::status(200)]).await;
        let names = ["x\r\nhost", "x: y\r\nz", "host ", " host", "host:", "", "a b", "ho\u{17f}t", "x\u{0}"];
        let request =
            |name: &&str| json!({"method": "GET", "url": server.url("/"), "headers": [[name, "1"]]});
        let said = said_to(&scene, &server, names.iter().map(request).collect()).await;
        assert_eq!(said, vec![(ErrorCode::RequestInvalid, false); names.len()]);
        assert_eq!(server.connections(), 0);
        scene.goes_on().await;
    });
}

#[test]
fn a_method_that_would_reach_past_the_request_is_denied() {
    in_time(async {
        let scene = Scene::new().await;
        let server = Server::start([Reply::status(200)]).await;
        let methods =
            ["CONNECT", "connect", "TRACE", "TRACK", "PRI", "BREW", "GET /x", "GET\r\n", "", "G\u{117}T"];
        let request = |method: &&str| json!({"method": method, "url": server.url("/")});
        let said = said_to(&scene, &server, methods.iter().map(request).collect()).await;
        assert_eq!(said, vec![(ErrorCode::MethodDenied, false); methods.len()]);
        assert_eq!(server.connections(), 0);
        scene.goes_on().await;
    });
}
