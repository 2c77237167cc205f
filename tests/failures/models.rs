//! Everything that a provider of models may refuse with: each word of its protocol with each status, and each status
//! without a word.

use std::sync::Arc;
use std::time::Duration;

use aos_host::failure::ErrorCode as Code;
use aos_host::failure::Failure;
use aos_host::providers::{AnthropicMessages, ChatRequest, LlmProvider, LlmSession, OpenAiCompatible};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::codings::GZIP;
use crate::support::listener::{Listener, read_head};
use crate::support::runtime::in_time;
use crate::support::server::{Reply, Server};

/// What a status means by the rules that hold for every upstream.
fn by_status(status: u16) -> Code {
    match status {
        304 | 412 | 417 | 428 => Code::UpstreamPrecondition,
        200..=299 => Code::HttpProtocolError,
        300..=399 => Code::RedirectBlocked,
        401 | 407 => Code::UpstreamUnauthenticated,
        403 => Code::UpstreamForbidden,
        405 | 406 | 415 => Code::UpstreamUnsupported,
        408 => Code::Timeout,
        409 => Code::UpstreamConflict,
        410 => Code::UpstreamGone,
        429 => Code::RateLimited,
        451 => Code::UpstreamLegalBlock,
        // What a status means where models are asked.
        402 => Code::ModelQuotaExhausted,
        404 => Code::ModelNotFound,
        413 => Code::RequestTooLarge,
        529 => Code::ModelOverloaded,
        400..=499 => Code::UpstreamBadRequest,
        503 => Code::UpstreamUnavailable,
        _ => Code::UpstreamError,
    }
}

/// A word of a protocol, and what it means whatever the status; none where the status decides.
type Word = (&'static str, Option<Code>);

/// As `code`, or as `type` where there is none.
const OPENAI: [Word; 20] = [
    ("rate_limit_exceeded", Some(Code::RateLimited)),
    ("insufficient_quota", Some(Code::ModelQuotaExhausted)),
    ("billing_hard_limit_reached", Some(Code::ModelQuotaExhausted)),
    ("billing_not_active", Some(Code::ModelQuotaExhausted)),
    ("context_length_exceeded", Some(Code::ModelContextExceeded)),
    ("content_filter", Some(Code::ModelContentFiltered)),
    ("content_policy_violation", Some(Code::ModelContentFiltered)),
    ("model_not_found", Some(Code::ModelNotFound)),
    ("server_is_overloaded", Some(Code::ModelOverloaded)),
    ("overloaded_error", Some(Code::ModelOverloaded)),
    ("invalid_api_key", Some(Code::UpstreamUnauthenticated)),
    ("invalid_request_error", None),
    ("authentication_error", None),
    ("server_error", None),
    ("requests", None),
    ("tokens", None),
    ("unsupported_value", None),
    ("unsupported_country_region_territory", None),
    ("of_tomorrow", None),
    ("", None),
];

const ANTHROPIC: [Word; 12] = [
    ("invalid_request_error", None),
    ("authentication_error", Some(Code::UpstreamUnauthenticated)),
    ("billing_error", Some(Code::ModelQuotaExhausted)),
    ("permission_error", Some(Code::UpstreamForbidden)),
    ("not_found_error", Some(Code::ModelNotFound)),
    ("request_too_large", Some(Code::RequestTooLarge)),
    ("rate_limit_error", Some(Code::RateLimited)),
    ("overloaded_error", Some(Code::ModelOverloaded)),
    ("api_error", None),
    ("timeout_error", None),
    ("of_tomorrow", None),
    ("", None),
];

/// Answers each question with the status and the body that its first message says.
async fn obedient() -> Listener {
    Listener::start(|mut stream| async move {
        while let Some((status, body)) = asked(&mut stream).await {
            let length = body.len();
            let head = format!("HTTP/1.1 {status} Scripted\r\ncontent-length: {length}\r\n\r\n");
            let body = if matches!(status, 204 | 304) { "" } else { &body };
            if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() {
                return;
            }
        }
    })
    .await
}

/// Reads one question whole.
async fn asked(stream: &mut TcpStream) -> Option<(u64, String)> {
    use tokio::io::AsyncReadExt as _;
    let mut bytes = read_head(stream).await;
    let start = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..start]).to_ascii_lowercase();
    let length: usize = head.split("content-length: ").nth(1)?.lines().next()?.parse().ok()?;
    while bytes.len() < start + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let question: Value = serde_json::from_slice(&bytes[start..]).ok()?;
    let said = &question["messages"][0]["content"];
    let said = said.as_str().or_else(|| said[0]["text"].as_str())?;
    let wanted: Value = serde_json::from_str(said).ok()?;
    Some((wanted["status"].as_u64()?, wanted["body"].as_str()?.to_owned()))
}

fn question(said: &str) -> ChatRequest {
    serde_json::from_value(json!({
        "model": "m", "messages": [{"role": "user", "content": said}], "max_tokens": 1, "temperature": null,
        "stop": [], "response_schema": null, "tools": [], "task": null,
    }))
    .unwrap()
}

async fn ask(session: &Arc<dyn LlmSession>, status: u16, body: &str) -> Failure {
    let said = json!({"status": status, "body": body}).to_string();
    session.complete(question(&said), Duration::from_secs(60)).await.expect_err("a refusal")
}

/// The failure has the code that the table says, and everything that follows from it.
fn assert_is(failure: &Failure, expected: Code, status: u16, word: &str) {
    assert_eq!(failure.code, expected, "{status} {word:?}: {}", failure.message);
    assert_ne!(failure.code, Code::Unclassified);
    assert_eq!(failure.category, expected.row().category);
    assert!(failure.request_sent);
    if !(200..300).contains(&status) {
        assert_eq!(failure.status, Some(status));
        let subcode = failure.subcode.as_deref().unwrap_or_default();
        assert_eq!(subcode, if matches!(status, 304) { "" } else { word });
    }
}

/// A status of success is no refusal, whatever the body says: it is an answer that is not of the protocol. 200 is the one
/// that both protocols answer with.
fn expected(status: u16, meaning: Option<Code>) -> Code {
    match status {
        200 | 204 | 304 => by_status(status),
        _ => meaning.unwrap_or_else(|| by_status(status)),
    }
}

#[test]
fn every_word_of_chat_completions_with_every_status() {
    in_time(async {
        let server = obedient().await;
        let provider = OpenAiCompatible::new(&server.origin(), None).unwrap().open();
        for status in 200..=599 {
            for (word, meaning) in OPENAI {
                for error in [
                    json!({"message": "no", "type": "of_its_kind", "code": word}),
                    json!({"message": "no", "type": word, "code": null}),
                ] {
                    let failure = ask(&provider, status, &json!({"error": error}).to_string()).await;
                    assert_is(&failure, expected(status, meaning), status, word);
                }
            }
        }
    });
}

#[test]
fn every_word_of_the_messages_protocol_with_every_status() {
    in_time(async {
        let server = obedient().await;
        let provider = AnthropicMessages::new(&server.origin(), "key".to_owned()).unwrap().open();
        for status in 200..=599 {
            for (word, meaning) in ANTHROPIC {
                let body = json!({"type": "error", "error": {"type": word, "message": "no"}}).to_string();
                let failure = ask(&provider, status, &body).await;
                assert_is(&failure, expected(status, meaning), status, word);
            }
        }
    });
}

#[test]
fn a_body_that_says_nothing_leaves_it_to_the_status() {
    in_time(async {
        let server = obedient().await;
        let providers = [
            OpenAiCompatible::new(&server.origin(), None).unwrap().open(),
            AnthropicMessages::new(&server.origin(), "key".to_owned()).unwrap().open(),
        ];
        for provider in providers {
            for status in 200..=599 {
                for body in [
                    "",
                    "<html>",
                    "null",
                    "[]",
                    "{\"error\":null}",
                    "{\"error\":\"no\"}",
                    "{\"error\":{\"code\":429}}",
                ] {
                    let failure = ask(&provider, status, body).await;
                    assert_eq!(failure.code, by_status(status), "{status} {body}");
                    assert!(failure.request_sent);
                }
            }
        }
    });
}

/// Anthropic says some refusals with words for people alone.
#[test]
fn a_400_for_want_of_money_is_no_bad_request() {
    in_time(async {
        let server = obedient().await;
        let provider = AnthropicMessages::new(&server.origin(), "key".to_owned()).unwrap().open();
        for (message, code) in [
            ("Your credit balance is too low to access the Anthropic API.", Code::ModelQuotaExhausted),
            ("You have reached your specified API usage limits.", Code::ModelQuotaExhausted),
            ("This workspace has reached its monthly spend limit.", Code::ModelQuotaExhausted),
            ("prompt is too long: 208310 tokens > 200000 maximum", Code::ModelContextExceeded),
            ("max_tokens: too large", Code::UpstreamBadRequest),
        ] {
            let body =
                json!({"type": "error", "error": {"type": "invalid_request_error", "message": message}});
            assert_eq!(ask(&provider, 400, &body.to_string()).await.code, code, "{message}");
        }
    });
}

#[test]
fn a_provider_that_answers_in_a_coding_is_not_read() {
    in_time(async {
        let zipped = |status| Reply::bytes(status, &GZIP).header("content-encoding", "gzip");
        let server = Server::start([zipped(200), zipped(200), zipped(429), zipped(429)]).await;
        let providers = [
            OpenAiCompatible::new(&server.origin(), None).unwrap().open(),
            AnthropicMessages::new(&server.origin(), "key".to_owned()).unwrap().open(),
        ];
        for (provider, code) in providers.iter().cycle().zip([
            Code::DecodingUnsupported,
            Code::DecodingUnsupported,
            Code::RateLimited,
            Code::RateLimited,
        ]) {
            let failure =
                provider.complete(question("?"), Duration::from_secs(60)).await.expect_err("a refusal");
            assert_eq!((failure.code, failure.request_sent), (code, true));
        }
        for request in server.requests() {
            assert_eq!(request.header("accept-encoding"), ["identity"]);
        }
    });
}
