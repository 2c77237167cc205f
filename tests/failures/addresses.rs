//! Names and addresses: what was checked is what is connected to.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aos_host::failure::ErrorCode;
use aos_host::providers::{LiveHttp, NameResolver};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use super::scene::{End, Scene, assert_ends};
use crate::support::listener::{Listener, read_head};
use crate::support::recorded::record;
use crate::support::runtime::in_time;

const DENIED: End = End::NotSent(ErrorCode::DestinationDenied);
const UNKNOWN: End = End::NotSent(ErrorCode::DnsFailure);

/// What a resolver says of a name, one time.
#[derive(Clone)]
enum Says {
    Addresses(Vec<IpAddr>),
    Error(io::ErrorKind),
    Nothing,
}

/// A resolver with a script for each name; the last line stays.
#[derive(Default)]
struct Script {
    lines: BTreeMap<String, Vec<Says>>,
    asked: Mutex<BTreeMap<String, usize>>,
    lookups: AtomicUsize,
}

impl Script {
    fn of(name: &str, lines: impl IntoIterator<Item = Says>) -> Arc<Self> {
        let lines = BTreeMap::from([(name.to_owned(), lines.into_iter().collect())]);
        Arc::new(Self { lines, ..Self::default() })
    }

    fn lookups(&self) -> usize {
        self.lookups.load(Ordering::Relaxed)
    }

    fn next(&self, name: &str) -> Says {
        self.lookups.fetch_add(1, Ordering::Relaxed);
        let Some(lines) = self.lines.get(name) else { return Says::Error(io::ErrorKind::NotFound) };
        let mut asked = self.asked.lock().unwrap();
        let place = asked.entry(name.to_owned()).or_default();
        *place += 1;
        lines[(*place - 1).min(lines.len() - 1)].clone()
    }
}

impl NameResolver for Script {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let says = self.next(name);
        Box::pin(async move {
            match says {
                Says::Addresses(addresses) => Ok(addresses),
                Says::Error(kind) => Err(kind.into()),
                Says::Nothing => std::future::pending().await,
            }
        })
    }
}

fn at(addresses: &[&str]) -> Says {
    Says::Addresses(addresses.iter().map(|address| address.parse().unwrap()).collect())
}

async fn resolving(script: &Arc<Script>) -> Scene {
    Scene::of(LiveHttp::new().with_resolver(Arc::<Script>::clone(script))).await
}

/// Answers with the address that was connected to; and with the end of the connection, or not.
async fn telling(address: &str, port: u16, ends: bool) -> Listener {
    Listener::start_at(address.parse().unwrap(), port, move |mut stream| async move {
        while !read_head(&mut stream).await.is_empty() {
            let body = stream.local_addr().unwrap().ip().to_string();
            let length = body.len();
            let close = if ends { "connection: close\r\n" } else { "" };
            let answer = format!("HTTP/1.1 200 OK\r\n{close}content-length: {length}\r\n\r\n{body}");
            let _ = stream.write_all(answer.as_bytes()).await;
            if ends {
                return;
            }
        }
    })
    .await
}

/// Two requests to a name, the second after the first.
fn twice(name: &str, port: u16) -> String {
    let url = format!("http://{name}:{port}/");
    let step = |id: &str, needs: Value| json!({"id": id, "skill": "http_call", "needs": needs, "on_error": "continue", "with": {"url": url}});
    json!({
        "aos": 1, "name": "twice",
        "grants": {"hosts": [format!("http://{name}:{port}"), format!("http://127.0.0.1:{port}")]},
        "steps": [step("first", json!([])), step("second", json!(["first"]))],
    })
    .to_string()
}

#[test]
fn a_name_that_resolves_differently_the_second_time_is_judged_anew() {
    in_time(async {
        let script = Script::of("rebind.test", [at(&["127.0.0.1"]), at(&["127.0.0.2"])]);
        let scene = resolving(&script).await;
        let granted = telling("127.0.0.1", 0, true).await;
        let inside = telling("127.0.0.2", granted.port(), true).await;
        let run = record(&scene.runtime, &twice("rebind.test", granted.port()), json!({})).await;
        assert_eq!(run.step("first").output["body"], "127.0.0.1");
        assert_eq!(run.step("second").code.as_str(), "DESTINATION_DENIED");
        assert!(run.step("second").message.contains("127.0.0.2"), "{}", run.step("second").message);
        assert_eq!((granted.connections(), inside.connections(), script.lookups()), (1, 0, 2));
        scene.goes_on().await;
    });
}

#[test]
fn a_connection_that_was_checked_is_used_again_without_asking() {
    in_time(async {
        let script = Script::of("rebind.test", [at(&["127.0.0.1"]), at(&["127.0.0.2"])]);
        let scene = resolving(&script).await;
        let granted = telling("127.0.0.1", 0, false).await;
        let inside = telling("127.0.0.2", granted.port(), false).await;
        let run = record(&scene.runtime, &twice("rebind.test", granted.port()), json!({})).await;
        for step in ["first", "second"] {
            assert_eq!(run.step(step).output["body"], "127.0.0.1");
        }
        assert_eq!((granted.connections(), inside.connections(), script.lookups()), (1, 0, 1));
    });
}

#[test]
fn the_next_run_asks_again() {
    in_time(async {
        let script = Script::of("rebind.test", [at(&["127.0.0.1"]), at(&["169.254.169.254"])]);
        let scene = resolving(&script).await;
        let server = telling("127.0.0.1", 0, false).await;
        let origin = format!("http://rebind.test:{}", server.port());
        let hosts = json!([origin, server.origin()]);
        scene.send_granted(hosts.clone(), &origin, json!({})).await.assert_success();
        let run = scene.send_granted(hosts, &origin, json!({})).await;
        assert_ends(&run, DENIED);
        assert_eq!((server.connections(), script.lookups()), (1, 2));
    });
}

#[test]
fn one_address_that_may_not_be_connected_to_is_enough() {
    in_time(async {
        for addresses in [
            ["127.0.0.1", "127.0.0.2"],
            ["127.0.0.2", "127.0.0.1"],
            ["127.0.0.1", "10.0.0.1"],
            ["127.0.0.1", "::1"],
            ["127.0.0.1", "::ffff:127.0.0.1"],
            ["8.8.8.8", "169.254.169.254"],
            ["2606:4700::1111", "64:ff9b::a9fe:a9fe"],
        ] {
            let script = Script::of("many.test", [at(&addresses)]);
            let scene = resolving(&script).await;
            let server = telling("127.0.0.1", 0, true).await;
            let other = telling("127.0.0.2", server.port(), true).await;
            let origin = format!("http://many.test:{}", server.port());
            let run = scene.send_granted(json!([origin, server.origin()]), &origin, json!({})).await;
            assert_ends(&run, DENIED);
            assert_eq!((server.connections(), other.connections()), (0, 0), "{addresses:?}");
            scene.goes_on().await;
        }
    });
}

#[test]
fn of_several_addresses_that_were_checked_one_that_answers_is_taken() {
    in_time(async {
        let script = Script::of("many.test", [at(&["127.0.0.2", "127.0.0.1"])]);
        let scene = resolving(&script).await;
        let server = telling("127.0.0.1", 0, true).await;
        let origin = format!("http://many.test:{}", server.port());
        let second = format!("http://127.0.0.2:{}", server.port());
        let run = scene.send_granted(json!([origin, server.origin(), second]), &origin, json!({})).await;
        assert_eq!(run.assert_success().step("call").output["body"], "127.0.0.1");
    });
}

#[test]
fn a_name_without_an_address_is_a_failure_of_the_resolution() {
    in_time(async {
        for says in [
            at(&[]),
            Says::Error(io::ErrorKind::NotFound),
            Says::Error(io::ErrorKind::TimedOut),
            Says::Error(io::ErrorKind::ConnectionRefused),
            Says::Error(io::ErrorKind::InvalidData),
            Says::Error(io::ErrorKind::Other),
        ] {
            let scene = resolving(&Script::of("nowhere.test", [says])).await;
            let run = scene.fails("http://nowhere.test:7", json!({}), UNKNOWN).await;
            assert!(run.outcome.message.contains("nowhere.test does not resolve"), "{}", run.outcome.message);
            scene.fails("http://unheard-of.test", json!({}), UNKNOWN).await;
        }
    });
}

#[test]
fn a_resolver_that_does_not_answer_is_late_and_nothing_was_sent() {
    in_time(async {
        let scene = resolving(&Script::of("slow.test", [Says::Nothing])).await;
        for scheme in ["http", "https"] {
            let origin = format!("{scheme}://slow.test:7");
            let late = End::NotSent(ErrorCode::Timeout);
            scene.fails(&origin, json!({"timeout_ms": 200}), late).await;
        }
    });
}

#[test]
fn an_address_in_a_url_is_not_asked_of_a_resolver() {
    in_time(async {
        let script = Arc::new(Script::default());
        let scene = resolving(&script).await;
        let server = telling("127.0.0.1", 0, true).await;
        scene.send(&server.origin(), json!({})).await.assert_success();
        assert_eq!(script.lookups(), 0);
    });
}

#[test]
fn a_name_never_leads_inside_whatever_it_resolves_to() {
    in_time(async {
        for address in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::1",
            "2002:a9fe:a9fe::",
            "2001:0:a9fe:a9fe::",
            "2001:db8::1",
            "3fff::1",
            "5f00::1",
            "::ffff:0:127.0.0.1",
        ] {
            let scene = resolving(&Script::of("inside.test", [at(&[address])])).await;
            let run = scene.fails("http://inside.test:7", json!({}), DENIED).await;
            assert!(run.outcome.message.contains("is not public"), "{}", run.outcome.message);
        }
    });
}
