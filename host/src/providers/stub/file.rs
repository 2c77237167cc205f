//! The shape of a stub world's file.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_saphyr::Spanned;

use crate::providers::FinishReason;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StubFile {
    #[serde(default)]
    pub http: Vec<HttpRule>,
    #[serde(default)]
    pub llm: BTreeMap<String, OneOrMany<LlmAnswer>>,
}

/// Which requests, and what they get: the answer itself, or `answers` one after another.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpRule {
    #[serde(default)]
    pub method: Option<String>,
    pub url: Spanned<String>,
    #[serde(default)]
    pub answers: Vec<HttpAnswer>,
    #[serde(default, deserialize_with = "status")]
    pub status: Option<u16>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub body: Option<Value>,
    #[serde(default)]
    pub delay_ms: u64,
    #[serde(default)]
    pub error: Option<StubError>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpAnswer {
    #[serde(default, deserialize_with = "status")]
    pub status: Option<u16>,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub body: Option<Value>,
    #[serde(default)]
    pub delay_ms: u64,
    #[serde(default)]
    pub error: Option<StubError>,
}

/// How a scripted connection fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StubError {
    Dns,
    ConnectionRefused,
    ConnectionReset,
    Tls,
    Timeout,
    IncompleteBody,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LlmAnswer {
    #[serde(default)]
    pub text: String,
    /// Tokens of the answer.
    #[serde(default)]
    pub tokens: u64,
    /// Tokens of the question; absent: a quarter of its bytes, rounded up.
    #[serde(default)]
    pub input_tokens: Option<u64>,
    #[serde(default)]
    pub finish_reason: Option<FinishReason>,
    #[serde(default)]
    pub delay_ms: u64,
    /// A status other than 200, as a provider would answer it.
    #[serde(default, deserialize_with = "status")]
    pub status: Option<u16>,
    #[serde(default)]
    pub error: Option<StubError>,
}

/// One answer, or a list of them.
#[derive(Debug, Clone)]
pub(super) enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrManyVisitor(PhantomData))
    }
}

/// Not an untagged enum: that would not say what is wrong in an answer, and where.
struct OneOrManyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OneOrManyVisitor<T> {
    type Value = OneOrMany<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer, or a list of answers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, answers: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(answers)).map(OneOrMany::Many)
    }

    fn visit_map<A: MapAccess<'de>>(self, answer: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(answer)).map(OneOrMany::One)
    }
}

impl<T> OneOrMany<T> {
    pub(super) fn into_vec(self) -> Vec<T> {
        match self {
            Self::Many(all) => all,
            Self::One(one) => vec![one],
        }
    }
}

/// A status that the gate would let through.
fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    match u16::deserialize(deserializer)? {
        status @ 200..=599 => Ok(Some(status)),
        other => Err(D::Error::custom(format_args!("a status is from 200 to 599, and this is {other}"))),
    }
}

impl HttpRule {
    /// The answers in their order; at least one.
    pub(super) fn into_answers(self) -> Vec<HttpAnswer> {
        if self.answers.is_empty() {
            let Self { status, headers, body, delay_ms, error, .. } = self;
            return vec![HttpAnswer { status, headers, body, delay_ms, error }];
        }
        self.answers
    }
}
