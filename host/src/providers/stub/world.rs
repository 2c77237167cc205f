//! Answers from a file instead of from the world. Each run goes through the sequences from their beginning.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure, UpstreamAnswer, classify_status};
use aos_core::ids::Digest;
use aos_core::policy::{Policy, parse_url};
use aos_core::units::Timestamp;
use aos_core::yaml::{self, YamlInvalid};
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::file::{HttpAnswer, LlmAnswer, StubError, StubFile};
use crate::providers::{
    ChatRequest, ChatResponse, ChatRole, FinishReason, HttpProvider, HttpRequest, HttpResponse, HttpSession,
    LlmProvider, LlmSession, TokenUsage,
};

/// A scripted world.
#[derive(Debug, Clone)]
pub struct StubWorld {
    script: Arc<Script>,
    digest: Digest,
}

#[derive(Debug)]
struct Script {
    http: Vec<HttpScript>,
    llm: BTreeMap<String, Vec<LlmAnswer>>,
}

#[derive(Debug)]
struct HttpScript {
    method: Option<String>,
    url: String,
    answers: Vec<HttpAnswer>,
}

impl StubWorld {
    /// Reads a script.
    ///
    /// # Errors
    ///
    /// [`YamlInvalid`] for text that is no YAML of this shape, or a URL that is none.
    pub fn parse(text: &str) -> Result<Self, YamlInvalid> {
        let file = yaml::read::<StubFile>(text)?;
        let mut http = Vec::new();
        for rule in file.http {
            let url = parse_url(&rule.url.value)
                .map_err(|failure| YamlInvalid::at(text, rule.url.referenced, failure.message))?;
            let url = url.to_string();
            let method = rule.method.as_ref().map(|method| method.to_ascii_uppercase());
            http.push(HttpScript { method, url, answers: rule.into_answers() });
        }
        let llm = file.llm.into_iter().map(|(task, answers)| (task, answers.into_vec())).collect();
        Ok(Self { script: Arc::new(Script { http, llm }), digest: Digest::of(text.as_bytes()) })
    }

    /// A world that answers nothing.
    #[must_use]
    pub fn empty() -> Self {
        let script = Script { http: Vec::new(), llm: BTreeMap::new() };
        Self { script: Arc::new(script), digest: Digest::of(b"") }
    }

    /// The digest of the script's text.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

/// How far one run is in each sequence.
struct StubSession {
    script: Arc<Script>,
    places: Mutex<BTreeMap<String, usize>>,
}

impl StubSession {
    fn new(script: &Arc<Script>) -> Arc<Self> {
        Arc::new(Self { script: Arc::clone(script), places: Mutex::default() })
    }

    /// The next answer of a sequence; the last one stays.
    fn next<'a, T>(&self, key: String, answers: &'a [T]) -> Option<&'a T> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places.entry(key).or_default();
        let answer = answers.get(*place).or_else(|| answers.last());
        *place += 1;
        answer
    }
}

impl StubSession {
    fn next_http(&self, method: &str, url: &str) -> Option<&HttpAnswer> {
        let fits = |rule: &&HttpScript| {
            rule.url == url && rule.method.as_ref().is_none_or(|scripted| *scripted == method)
        };
        let rule = self.script.http.iter().find(fits)?;
        self.next(format!("{:?} {url}", rule.method), &rule.answers)
    }

    fn next_llm(&self, task: &str) -> Option<&LlmAnswer> {
        self.next(format!("llm {task}"), self.script.llm.get(task)?)
    }
}

impl HttpProvider for StubWorld {
    fn open(&self, _policy: Arc<Policy>) -> Arc<dyn HttpSession> {
        StubSession::new(&self.script)
    }
}

impl LlmProvider for StubWorld {
    fn open(&self) -> Arc<dyn LlmSession> {
        StubSession::new(&self.script)
    }
}

impl HttpSession for StubSession {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, Failure>> {
        Box::pin(async move {
            let url = request.url.as_str();
            let Some(answer) = self.next_http(&request.method, url) else {
                let message = format!("the stub file has no answer for {} {url}; add one", request.method);
                return Err(Failure::new(ErrorCode::ConfigInvalid, message));
            };
            wait(answer.delay_ms, answer.error, request.timeout).await?;
            Ok(http_response(answer))
        })
    }

    fn answered_before(&self, method: &str, url: &str) {
        if let Ok(url) = parse_url(url) {
            self.next_http(&method.to_ascii_uppercase(), url.as_str());
        }
    }
}

impl LlmSession for StubSession {
    fn complete(
        &self,
        request: ChatRequest,
        timeout: Duration,
    ) -> BoxFuture<'_, Result<ChatResponse, Failure>> {
        Box::pin(async move {
            let task = task_of(&request);
            let Some(answer) = self.next_llm(&task) else {
                let known: Vec<_> = self.script.llm.keys().map(String::as_str).collect();
                let message =
                    format!("the stub file has no answer for the task {task:?}; it has {}", known.join(", "));
                return Err(Failure::new(ErrorCode::ConfigInvalid, message));
            };
            wait(answer.delay_ms, answer.error, timeout).await?;
            if let Some(failure) = answer.status.and_then(refused) {
                return Err(failure);
            }
            Ok(llm_response(&request, answer))
        })
    }

    fn answered_before(&self, question: &ChatRequest) {
        self.next_llm(&task_of(question));
    }
}

/// Waits as long as the script says, and fails as it says, both within the caller's time.
async fn wait(delay_ms: u64, error: Option<StubError>, timeout: Duration) -> Result<(), Failure> {
    let late = || {
        let message = format!("no whole answer within {} ms", timeout.as_millis());
        Failure::new(ErrorCode::Timeout, message).sent()
    };
    let delay = Duration::from_millis(delay_ms);
    // A timer of no time waits for the next tick, which is a millisecond away.
    if !delay.is_zero() {
        tokio::time::sleep(delay.min(timeout)).await;
    }
    if delay >= timeout && !timeout.is_zero() {
        return Err(late());
    }
    let scripted = |code, message: &str| Failure::new(code, format!("{message} (scripted)"));
    Err(match error {
        None => return Ok(()),
        Some(StubError::Dns) => scripted(ErrorCode::DnsFailure, "the name does not resolve"),
        Some(StubError::ConnectionRefused) => scripted(ErrorCode::ConnectFailed, "connection refused"),
        Some(StubError::Tls) => scripted(ErrorCode::TlsFailure, "the certificate is not trusted"),
        Some(StubError::ConnectionReset) => scripted(ErrorCode::ConnectionLost, "connection reset").sent(),
        Some(StubError::IncompleteBody) => {
            scripted(ErrorCode::ResponseIncomplete, "the body ended early").sent()
        }
        Some(StubError::Timeout) => late(),
    })
}

fn http_response(answer: &HttpAnswer) -> HttpResponse {
    let mut headers: Vec<_> =
        answer.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
    let (body, media_type) = match &answer.body {
        None => (String::new(), None),
        Some(Value::String(text)) => (text.clone(), Some("text/plain; charset=utf-8")),
        Some(value) => (value.to_string(), Some("application/json")),
    };
    if let Some(media_type) =
        media_type.filter(|_| !answer.headers.keys().any(|n| n.eq_ignore_ascii_case("content-type")))
    {
        headers.push(("content-type".to_owned(), media_type.to_owned()));
    }
    HttpResponse { status: answer.status.unwrap_or(200), headers, body: body.into() }
}

fn refused(status: u16) -> Option<Failure> {
    classify_status(UpstreamAnswer { status, headers: &[], at: Timestamp::EPOCH })
}

fn task_of(request: &ChatRequest) -> String {
    request.task.clone().unwrap_or_else(|| first_word(request))
}

fn first_word(request: &ChatRequest) -> String {
    let asked = request.messages.iter().find(|message| message.role == ChatRole::User);
    let word = asked.and_then(|message| message.content.split_whitespace().next()).unwrap_or_default();
    word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

fn llm_response(request: &ChatRequest, answer: &LlmAnswer) -> ChatResponse {
    let asked: usize = request.messages.iter().map(|message| message.content.len()).sum();
    // As a provider does, it ends an answer where the tokens end.
    let most = u64::from(request.max_tokens);
    let ended = if answer.tokens > most { FinishReason::Length } else { FinishReason::Stop };
    let usage = TokenUsage {
        input_tokens: answer.input_tokens.unwrap_or_else(|| asked.div_ceil(4) as u64),
        output_tokens: answer.tokens.min(most),
        ..TokenUsage::default()
    };
    ChatResponse {
        text: answer.text.clone(),
        finish_reason: answer.finish_reason.unwrap_or(ended),
        tool_calls: Vec::new(),
        usage: Some(usage),
        model: request.model.clone(),
    }
}
