//! Where a provider of models is asked, and with which key. The key goes to this address alone, and an answer that
//! repeats it, as some refusals do, carries it no further.

use std::sync::Arc;
use std::time::Duration;

use aos_core::failure::{ErrorCode, Failure};
use aos_core::policy::{Grants, HostPattern, Policy, parse_url};
use serde_json::Value;
use url::Url;

use crate::providers::{HttpProvider, HttpRequest, HttpResponse, HttpSession, LiveHttp};

/// What stands where a key stood.
const REDACTED: &str = "[redacted]";

/// One URL of a provider, with the header fields that every question to it has.
#[derive(Clone)]
pub(super) struct Endpoint {
    url: Url,
    headers: Vec<(String, String)>,
    key: Option<String>,
    http: Arc<dyn HttpSession>,
}

impl Endpoint {
    /// The endpoint at a path below a base URL. The operator names it, so no grant of a workflow is asked about it.
    ///
    /// # Errors
    ///
    /// `CONFIG_INVALID` for a base URL that is none, or that has a query or a fragment.
    pub(super) fn new(base_url: &str, path: &str) -> Result<Self, Failure> {
        let refused =
            |reason: String| Failure::new(ErrorCode::ConfigInvalid, format!("{base_url:?}: {reason}"));
        if base_url.contains(['?', '#']) {
            return Err(refused("a base URL has no query and no fragment".to_owned()));
        }
        let text = format!("{}{path}", base_url.trim_end_matches('/'));
        let url = parse_url(&text).map_err(|failure| refused(failure.message))?;
        let pattern = HostPattern::granting(&url);
        let hosts = vec![pattern.parse().map_err(|error| refused(format!("{error}")))?];
        let http = LiveHttp::new().open(Arc::new(Policy::new(Grants { hosts, ..Default::default() })));
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Ok(Self { url, headers, key: None, http })
    }

    /// With one more header field.
    pub(super) fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// With a key, which a header field carries after a scheme such as `Bearer `.
    ///
    /// # Errors
    ///
    /// `CONFIG_INVALID` for a key that is empty, or that no header field can carry.
    pub(super) fn with_key(mut self, name: &str, scheme: &str, key: String) -> Result<Self, Failure> {
        let refused = |reason: &str| Err(Failure::new(ErrorCode::ConfigInvalid, reason));
        if key.is_empty() {
            return refused("the key is empty; give none where none is wanted");
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return refused("the key has a character that is no visible one of ASCII");
        }
        self = self.with_header(name, format!("{scheme}{key}"));
        self.key = Some(key);
        Ok(self)
    }

    /// Sends a question and collects the whole answer, without the key in it.
    ///
    /// # Errors
    ///
    /// As [`HttpSession::send`], and `DECODING_UNSUPPORTED`. A status is no error.
    pub(super) async fn ask(&self, question: &Value, timeout: Duration) -> Result<HttpResponse, Failure> {
        let request = HttpRequest {
            method: "POST".to_owned(),
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: question.to_string().into(),
            timeout,
        };
        let answer = self.http.send(request).await?;
        match answer.undecodable(&self.headers) {
            // A refusal has its meaning by its status as well.
            Some(failure) if answer.status == 200 => Err(failure),
            _ => Ok(self.without_key(answer)),
        }
    }

    fn without_key(&self, answer: HttpResponse) -> HttpResponse {
        let Some(key) = &self.key else { return answer };
        let hide = |text: &str| text.replace(key, REDACTED);
        let headers = answer.headers.iter().map(|(name, value)| (name.clone(), hide(value))).collect();
        let body = match serde_json::from_slice::<Value>(&answer.body) {
            Ok(mut value) => {
                hide_in(&mut value, &hide);
                value.to_string().into()
            }
            Err(_) => hide(&String::from_utf8_lossy(&answer.body)).into(),
        };
        HttpResponse { status: answer.status, headers, body }
    }
}

/// Changes every string and every name of a JSON value. JSON may write one character in several ways, so its text
/// will not do.
fn hide_in(value: &mut Value, hide: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = hide(text),
        Value::Array(items) => items.iter_mut().for_each(|item| hide_in(item, hide)),
        Value::Object(members) => {
            let hidden = std::mem::take(members).into_iter().map(|(name, mut member)| {
                hide_in(&mut member, hide);
                (hide(&name), member)
            });
            *members = hidden.collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
