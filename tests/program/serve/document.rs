//! The document of the interface, held against the service by those who read it.

use std::collections::BTreeSet;
use std::process::{Output, Stdio};

use serde_json::{Value, json};
use tokio::process::Command;

use super::client::Service;
use super::runs::with_demo;
use crate::program::process::{Home, at_home};
use crate::support::runtime::{read, root};
use crate::support::skip;

/// Runs a tool to its end; `None` where it is not installed.
async fn tool(home: &Home, name: &str, arguments: &[&str]) -> Option<Output> {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(home.path("")).stdin(Stdio::null()).kill_on_drop(true);
    match command.output().await {
        Ok(output) => Some(output),
        Err(_) => {
            skip(&format!("the service is not tried with {name}, which is not installed"));
            None
        }
    }
}

#[test]
fn the_page_of_the_service_has_a_row_for_each_request() {
    at_home(async |home| {
        let service = Service::start(&home, &[]).await;
        let document = service.get("/openapi.json").await.assert_status(200).json();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
        let mut served = BTreeSet::from(["GET /openapi.json", "GET /"].map(str::to_owned));
        for (path, item) in document["paths"].as_object().unwrap() {
            served.extend(
                item.as_object().unwrap().keys().map(|method| format!("{} {path}", method.to_uppercase())),
            );
        }
        let page = read("docs/service.md");
        let rows =
            page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next().map(str::to_owned));
        let told: BTreeSet<_> =
            rows.filter(|row| row.starts_with("GET /") || row.starts_with("POST /")).collect();
        assert_eq!(told, served);
    });
}

#[test]
fn a_client_made_of_the_document_finds_nothing_that_it_does_not_say() {
    at_home(async |home| {
        let home = with_demo(home);
        let token = "a-token-for-whoever-reads-the-document";
        home.write("tokens.txt", token);
        let service = Service::start(&home, &["--stubs", "stubs.yaml", "--tokens", "tokens.txt"]).await;
        let config = root().join("fixtures/service/schemathesis.toml");
        let address = format!("http://{}/openapi.json", service.address());
        let bearer = format!("Authorization: Bearer {token}");
        let arguments = ["--config-file", config.to_str().unwrap(), "run", &address, "--header", &bearer];
        let rest = ["--max-examples", "15", "--seed", "1", "--no-color"];
        let Some(output) = tool(&home, "schemathesis", &[&arguments[..], &rest].concat()).await else {
            return;
        };
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
        assert!(said.contains("Tested: 24") && said.contains(" passed"), "{said}");
    });
}

#[test]
fn prometheus_itself_scrapes_the_service() {
    at_home(async |home| {
        if tool(&home, "prometheus", &["--version"]).await.is_none() {
            return;
        }
        let home = with_demo(home);
        let service = Service::start(&home, &["--stubs", "stubs.yaml"]).await;
        service.post("/v1/runs?wait=true", &json!({"workflow": "demo"})).await.assert_status(200);
        let scrape = json!({
            "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms"},
            "scrape_configs": [{"job_name": "aos", "static_configs": [{"targets": [service.address()]}]}],
        });
        home.write("prometheus.yml", scrape.to_string());
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let listen = format!("--web.listen-address={free}");
        let mut prometheus = Command::new("prometheus");
        prometheus.args(["--config.file=prometheus.yml", "--storage.tsdb.path=tsdb", &listen]);
        prometheus.current_dir(home.path("")).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let mut scraping = prometheus.spawn().unwrap();
        let counted = loop {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            let query = format!(
                "http://{free}/api/v1/query?query=aos_runs_total%7Bcode%3D%22OK%22%2Cmode%3D%22live%22%7D"
            );
            let Some(found) = super::client::try_json(&query).await else { continue };
            if let Some(value) = found.pointer("/data/result/0/value/1").and_then(Value::as_str) {
                break value.to_owned();
            }
        };
        assert_eq!(counted, "1");
        scraping.kill().await.unwrap();
    });
}
