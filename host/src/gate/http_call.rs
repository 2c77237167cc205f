//! An HTTP request as a call of the gate. Every door to HTTP makes this same call.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::time::Duration;

use aos_core::budget::{PriceList, Quote};
use aos_core::failure::{ErrorCode, Failure, Settlement, UpstreamAnswer, classify_status, code_of_status};
use aos_core::outcome::Spending;
use aos_core::policy::{Policy, check_head, parse_url};
use aos_core::trace::TraceParent;
use aos_core::units::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::{HostCall, Sending};
use crate::providers::{HttpRequest, HttpResponse, MAX_BODY_BYTES, WorldSession};

/// Methods that do no more when they come twice (RFC 9110, section 9.2.2).
const IDEMPOTENT: [&str; 5] = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"];

/// Where W3C Trace Context is handed on.
const TRACEPARENT: &str = "traceparent";

/// Characters of a URL that stand in the target, which is for people.
const SHOWN: usize = 300;

/// A request as the guest made it.
#[derive(Debug, Clone)]
pub(crate) struct HttpCall {
    /// The method, in any case.
    pub method: String,
    /// The URL.
    pub url: String,
    /// Fields in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Bytes>,
    /// Milliseconds that it may take.
    pub timeout_ms: Option<u32>,
    /// What lets the upstream see that it comes twice.
    pub idempotency_key: Option<String>,
    /// A fault of the request that was found while it was put together.
    pub fault: Option<Failure>,
    /// The URL, once it was read.
    pub parsed: OnceLock<Url>,
}

/// The answer, as the journal holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HttpAnswer {
    /// 200 to 599.
    pub status: u16,
    /// Fields in order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
}

/// Bytes as people can read them, where they are text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Body {
    /// UTF-8.
    Text(String),
    /// Anything else, in base64 (RFC 4648, section 4).
    Base64(String),
}

impl Body {
    fn of(bytes: &Bytes) -> Self {
        std::str::from_utf8(bytes)
            .map_or_else(|_| Self::Base64(STANDARD.encode(bytes)), |text| Self::Text(text.to_owned()))
    }

    /// How many bytes it has.
    fn len_bytes(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Base64(text) => {
                let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
                (text.len() / 4 * 3).saturating_sub(padding) as u64
            }
        }
    }

    /// The bytes; none for base64 that is none, which only a forged journal has.
    #[must_use]
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Base64(text) => STANDARD.decode(text).unwrap_or_default(),
        }
    }
}

impl HttpCall {
    fn method(&self) -> Cow<'_, str> {
        if self.method.bytes().any(|byte| byte.is_ascii_lowercase()) {
            self.method.to_ascii_uppercase().into()
        } else {
            self.method.as_str().into()
        }
    }

    fn body_len(&self) -> u64 {
        self.body.as_ref().map_or(0, |body| body.len() as u64)
    }

    fn parsed(&self) -> Result<&Url, Failure> {
        match self.parsed.get() {
            Some(url) => Ok(url),
            None => parse_url(&self.url).map(|url| self.parsed.get_or_init(|| url)),
        }
    }

    /// An answer that the guest cannot read. One that refuses keeps the word of its status.
    fn not_as_asked(failure: Failure, answer: &HttpResponse, world: &WorldSession) -> Failure {
        let (status, headers, at) = (answer.status, &answer.headers, world.clock.wall());
        let refused = classify_status(UpstreamAnswer { status, headers, at });
        match refused {
            Some(refused) => Failure { message: failure.message, ..refused },
            None => failure,
        }
    }

    fn fields(&self) -> Vec<(String, String)> {
        let key = self.idempotency_key.iter().map(|key| ("idempotency-key".to_owned(), key.clone()));
        self.headers.iter().cloned().chain(key).collect()
    }

    /// With the trace that the run is part of, unless the guest is in one of its own. It is no part of the request that the
    /// journal holds.
    fn fields_with(&self, trace: Option<TraceParent>) -> Vec<(String, String)> {
        let mut fields = self.fields();
        let own = fields.iter().any(|(name, _)| name.eq_ignore_ascii_case(TRACEPARENT));
        fields.extend(trace.filter(|_| !own).map(|trace| (TRACEPARENT.to_owned(), trace.to_string())));
        fields
    }
}

impl HostCall for HttpCall {
    const NAME: &'static str = "http.send";

    type Answer = HttpAnswer;

    fn target(&self) -> String {
        let end = self.url.char_indices().nth(SHOWN).map_or(self.url.len(), |(end, _)| end);
        format!("{} {}", self.method(), self.url.get(..end).unwrap_or_default())
    }

    fn request(&self) -> Value {
        json!({
            "method": self.method, "url": self.url, "headers": self.headers,
            "body": self.body.as_ref().map(Body::of), "timeout_ms": self.timeout_ms,
            "idempotency_key": self.idempotency_key,
        })
    }

    fn permit(&self, policy: &Policy) -> Result<(), Failure> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let url = self.parsed()?;
        check_head(&self.method(), &self.fields())?;
        let size = self.body.as_ref().map_or(0, Bytes::len);
        if size > MAX_BODY_BYTES {
            let message = format!("the body has {size} bytes, and at most {MAX_BODY_BYTES} are sent");
            return Err(Failure::new(ErrorCode::RequestTooLarge, message));
        }
        policy.check_destination(url)
    }

    fn quote(&self, prices: &PriceList) -> Result<Quote, Failure> {
        Ok(prices.http(self.parsed()?).quote(self.body_len().saturating_add(MAX_BODY_BYTES as u64)))
    }

    /// An upstream that says that it did nothing is paid nothing.
    fn spent(&self, answer: &HttpAnswer, prices: &PriceList) -> Spending {
        let refused =
            code_of_status(answer.status).is_some_and(|code| code.row().settlement == Settlement::Refund);
        if refused {
            return Spending::default();
        }
        let bytes = self.body_len().saturating_add(answer.body.len_bytes());
        self.parsed().map(|url| prices.http(url).quote(bytes).worst()).unwrap_or_default()
    }

    fn repeatable(&self) -> bool {
        let field = self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("idempotency-key"));
        self.idempotency_key.is_some() || field || IDEMPOTENT.contains(&&*self.method())
    }

    fn verdict(&self, answer: &HttpAnswer, at: Timestamp) -> Option<Failure> {
        classify_status(UpstreamAnswer { status: answer.status, headers: &answer.headers, at })
    }

    fn status(answer: &HttpAnswer) -> Option<u16> {
        Some(answer.status)
    }

    fn answer_of(
        &self,
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    ) -> Result<HttpAnswer, Failure> {
        Ok(HttpAnswer { status, headers, body: Body::Text(body) })
    }

    async fn perform(&self, Sending { world, limit, trace, .. }: Sending<'_>) -> Result<HttpAnswer, Failure> {
        let asked = self.timeout_ms.map_or(limit, |millis| Duration::from_millis(millis.into()));
        let request = HttpRequest {
            method: self.method().into_owned(),
            url: self.parsed()?.clone(),
            headers: self.fields_with(trace),
            body: self.body.clone().unwrap_or_default(),
            timeout: asked.min(limit),
        };
        let answer = world.http.send(request).await?;
        if let Some(failure) = answer.undecodable(&self.fields()) {
            return Err(Self::not_as_asked(failure, &answer, world));
        }
        Ok(HttpAnswer { status: answer.status, headers: answer.headers, body: Body::of(&answer.body) })
    }
}
