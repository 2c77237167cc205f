//! Requests that are wrong: each gets a problem with a way out, and the service goes on.

use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::client::{Service, answer};
use crate::program::process::at_home;

#[test]
fn a_body_that_is_no_request_is_told_what_it_should_be() {
    at_home(async |home| {
        let service = Service::start(&home, &["--max-body", "4096"]).await;
        let send = async |kind: &str, body: Vec<u8>| {
            answer(service.ask(Method::POST, "/v1/runs").header(CONTENT_TYPE, kind).body(body)).await
        };
        let json_kind = "application/json";
        for (body, code) in [
            ("", "JSON_MALFORMED"),
            ("{\"workflow\": ", "JSON_MALFORMED"),
            ("{\"workflow\": \"a\", \"workflow\": \"b\"}", "JSON_DUPLICATE_KEY"),
            ("{\"workflow\": \"a\", \"input\": 1e999}", "JSON_NUMBER_RANGE"),
            ("[]", "REQUEST_INVALID"),
            ("{}", "REQUEST_INVALID"),
            ("{\"workflow\": 7}", "REQUEST_INVALID"),
            ("{\"workflow\": \"a\", \"imput\": {}}", "REQUEST_INVALID"),
            ("{\"workflow\": \"a\", \"budget\": {\"ceiling_cents\": -1}}", "REQUEST_INVALID"),
            ("{\"workflow\": \"a\", \"budget\": {\"ceiling_cents\": 9007199254740991}}", "REQUEST_INVALID"),
            ("{\"workflow\": \"a\", \"budget\": {\"name\": \"../x\"}}", "NAME_INVALID"),
        ] {
            let problem = send(json_kind, body.into()).await.assert_problem(400);
            assert_eq!(problem["code"], code, "{body}: {problem}");
            assert_eq!(problem["type"], format!("/v1/failures/{code}"));
            assert!(!problem["advice"].as_str().unwrap().is_empty());
        }
        let problem = send(json_kind, b"{\n  \"workflow\": oops}".to_vec()).await.assert_problem(400);
        assert_eq!((&problem["details"]["line"], &problem["details"]["column"]), (&json!(2), &json!(15)));
        send(json_kind, vec![0xff, 0xfe]).await.assert_problem(400);
        send(json_kind, vec![b' '; 5000]).await.assert_problem(413);
        send("text/plain", b"{}".to_vec()).await.assert_problem(415);
        send("application/x-www-form-urlencoded", b"{}".to_vec()).await.assert_problem(415);
        assert!(service.all().await.is_empty());
    });
}

#[test]
fn a_workflow_that_is_wrong_is_told_where() {
    at_home(async |home| {
        std::fs::create_dir_all(home.path(".aos/workflows")).unwrap();
        home.write(".aos/workflows/wrong.yaml", "aos: 1\nname: wrong\nsteps: [{id: a}]\n");
        home.write("secret.yaml", "aos: 1\n");
        let service = Service::start(&home, &[]).await;
        let begin = async |workflow: Value| service.post("/v1/runs", &json!({"workflow": workflow})).await;
        let inline =
            begin(json!({"aos": 1, "name": "x", "steps": [{"id": "a", "skill": "s", "needs": ["b"]}]})).await;
        let problem = inline.assert_problem(400);
        assert_eq!(problem["code"], "INVALID_REFERENCE");
        assert_eq!(problem["pointer"], "/workflow/steps/0/needs/0", "{problem}");
        let problem = begin(json!("wrong")).await.assert_problem(400);
        assert_eq!(problem["details"]["faults"][0]["line"], 3, "{problem}");
        for name in ["none", "../../secret", "..", "", "a/b", "%2e%2e", ".aos/workflows/wrong"] {
            begin(json!(name)).await.assert_problem(404);
        }
        let missing =
            begin(json!({"aos": 1, "name": "x", "steps": [{"id": "a", "skill": "not_there"}]})).await;
        assert!([200, 202].contains(&missing.status.as_u16()), "over at once, or not: {}", missing.text);
        let run = service.over(missing.json()["id"].as_str().unwrap()).await;
        assert_eq!(run["code"], "SKILL_NOT_FOUND");
    });
}

#[test]
fn what_is_not_there_is_told_as_a_problem() {
    at_home(async |home| {
        let service = Service::start(&home, &[]).await;
        for path in [
            "/assets/",
            "/v1",
            "/v1/runs/",
            "/v1/runs/x",
            "/v1/runs/%ff",
            "/v1/runs/x/journal",
            "/v1/runs/x/events",
        ] {
            service.get(path).await.assert_problem(404);
        }
        for query in ["limit=0", "limit=1001", "limit=x", "before=x", "state=sleeping", "limt=1"] {
            service.get(&format!("/v1/runs?{query}")).await.assert_problem(400);
        }
        answer(service.ask(Method::DELETE, "/v1/runs")).await.assert_problem(405);
        answer(service.ask(Method::POST, "/healthz")).await.assert_problem(405);
        service.get("/v1/failures?category=WEATHER").await.assert_problem(400);
    });
}

#[test]
fn bytes_that_are_no_http_concern_nobody_else() {
    at_home(async |home| {
        let service = Service::start(&home, &[]).await;
        let address = service.address();
        for bytes in [&b"\x16\x03\x01\x02\x00\x01\x00"[..], b"GET\r\n\r\n", b"POST /v1/runs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"] {
            let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            stream.shutdown().await.unwrap();
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            assert!(!answer.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer));
        }
        service.get("/healthz").await.assert_status(200);
        assert!(service.all().await.is_empty());
    });
}
