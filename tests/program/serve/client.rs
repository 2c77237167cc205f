//! The service as a process, and somebody who asks it.

use std::sync::OnceLock;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr};
use tokio::task::JoinHandle;

use crate::program::process::Home;

/// A service that runs until it is dropped.
pub(crate) struct Service {
    child: Child,
    /// What it says once it listens, which somebody has to read.
    talk: JoinHandle<String>,
    base: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Service {
    /// Starts it in a home, on a port that is free, and waits until it is ready.
    pub(crate) async fn start(home: &Home, arguments: &[&str]) -> Self {
        Self::start_at(home, "127.0.0.1:0", arguments).await
    }

    /// As [`Service::start`], at an address.
    pub(crate) async fn start_at(home: &Home, address: &str, arguments: &[&str]) -> Self {
        let all = ["serve", "--listen", address];
        let all = all.iter().chain(arguments);
        let mut child = home.start(all);
        let mut talk = BufReader::new(child.stderr.take().unwrap()).lines();
        let base = loop {
            let line = talk.next_line().await.unwrap().expect("where it listens");
            if let Some((_, base)) = line.split_once("listening on ") {
                break base.trim_end_matches("\"}").to_owned();
            }
        };
        let talk = tokio::spawn(rest(talk));
        let service = Self { child, talk, base };
        while service.get("/readyz").await.status != StatusCode::OK {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        service
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// `127.0.0.1:PORT`
    pub(crate) fn address(&self) -> String {
        self.base.trim_start_matches("http://").to_owned()
    }

    /// A request that is not sent yet.
    pub(crate) fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        client().request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.ask(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        answer(self.posting(path, body)).await
    }

    /// A request with JSON that is not sent yet.
    pub(crate) fn posting(&self, path: &str, body: &Value) -> RequestBuilder {
        self.ask(Method::POST, path).header(CONTENT_TYPE, "application/json").body(body.to_string())
    }

    /// Waits until a run is over, and gives it.
    pub(crate) async fn over(&self, id: &str) -> Value {
        loop {
            let run = self.get(&format!("/v1/runs/{id}")).await.json();
            if !["running", "resuming"].contains(&run["state"].as_str().unwrap()) {
                return run;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// All runs, newest first.
    pub(crate) async fn all(&self) -> Vec<Value> {
        let list = self.get("/v1/runs?limit=1000").await.json();
        list["runs"].as_array().unwrap().clone()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id().unwrap()).unwrap()).unwrap()
    }

    /// Bounds the bytes of the files that it writes, or lets them be as large as those of this process.
    #[cfg(target_os = "linux")]
    pub(crate) fn bound_files(&self, most: Option<u64>) {
        use rustix::process::{Resource, Rlimit, getrlimit, prlimit};
        let own = getrlimit(Resource::Fsize);
        let bounded = Rlimit { current: most.or(own.current), ..own };
        prlimit(Some(self.pid()), Resource::Fsize, bounded).unwrap();
    }

    /// Waits for its end, and gives its exit code and what it said since it listened.
    pub(crate) async fn ended(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().await.unwrap().code();
        (code, self.talk.await.unwrap())
    }

    /// Kills it, as a loss of power would.
    pub(crate) async fn killed(mut self) {
        self.child.kill().await.unwrap();
    }
}

async fn rest(mut talk: Lines<BufReader<ChildStderr>>) -> String {
    let mut said = String::new();
    while let Some(line) = talk.next_line().await.unwrap() {
        said.push_str(&line);
        said.push('\n');
    }
    said
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// It is a problem of this status; gives it.
    #[track_caller]
    pub(crate) fn assert_problem(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.headers[CONTENT_TYPE], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        for member in ["type", "title", "detail"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {problem}");
        }
        problem
    }

    #[track_caller]
    pub(crate) fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, text: response.text().await.expect("a body") }
}

/// What stands at an address; `None` as long as nothing answers there.
pub(crate) async fn try_json(url: &str) -> Option<Value> {
    let answer = client().get(url).send().await.ok()?.text().await.ok()?;
    serde_json::from_str(&answer).ok()
}

fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        // Plain HTTP alone is spoken, but the client wants to be able to do more.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Client::builder().no_proxy().pool_max_idle_per_host(0).build().expect("a client")
    })
}
