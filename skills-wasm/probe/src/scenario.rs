//! What a test can ask for.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::bindings::SkillError;
use crate::bindings::aos::skill::{http, llm, log};
use crate::bindings::wasi::cli::stderr::get_stderr;
use crate::bindings::wasi::cli::stdout::get_stdout;
use crate::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use crate::bindings::wasi::http::types::{Fields, FutureIncomingResponse, OutgoingBody};
use crate::bindings::wasi::io::poll::poll;
use crate::bindings::wasi::io::streams::{OutputStream, StreamError};
use crate::bindings::wasi::random::random;
use crate::claim::Claim;
use crate::client::{Begun, Wanted, answer, taken, text, write_all};
use crate::fold::{Plain, ask, calls, converse, fold};

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum Scenario {
    /// One request, one answer.
    Send { request: Wanted },
    /// All at once; the answers in the order in which they came.
    Concurrent { requests: Vec<Wanted> },
    /// A request that nobody waits for, and then another.
    DropHalfWay { dropped: Wanted, then: Option<Wanted> },
    /// A body that is dropped before it is finished.
    Unfinished { request: Wanted },
    /// A body that is still open when the guest returns.
    LeftOpen { request: Wanted },
    /// A body that is half written while another request is made.
    Interleaved { request: Wanted, between: Wanted },
    /// A body of so many bytes.
    Large { request: Wanted, bytes: usize },
    /// A body with trailers.
    Trailers { request: Wanted },
    /// So many requests whose answers are not taken, and why there was no more.
    Many { request: Wanted, count: usize },
    /// A look before the answer can be there, and one after it was taken.
    Looks { request: Wanted },
    /// Waits for a timer or for an answer that cannot come, as its request's body is open.
    TimerOrNever { request: Wanted },
    /// Begins two requests, one of them with an open body, and computes for as long as it may.
    Compute { open: Wanted, sent: Wanted },
    /// So many bodies of 16 MiB, none of which is finished.
    FloodBodies { request: Wanted, count: usize },
    /// So many fields of a kibibyte.
    FloodFields { count: usize },
    /// So many answers that are kept.
    KeepAnswers { request: Wanted, count: usize },
    /// A request that nobody waits for, and then a trap.
    TrapHalfWay { dropped: Wanted },
    /// Waits for nothing.
    EmptyPoll,
    /// Rules of fields.
    Fields,
    /// Requests through the project's own door, one after another.
    Calls { requests: Vec<Plain> },
    /// So many questions to a model, each with all that was said before.
    Converse { model: String, turns: usize, words: usize },
    /// The same question so many times, whatever comes of it.
    Ask { model: String, count: usize, max_tokens: u32 },
    /// What differs from run to run, with a request that times out, and two whose answers race.
    Fold { impatient: Plain, racing: Vec<Wanted> },
    /// Requests through the project's own door, and then a failure of its own words.
    Fail { first: Vec<Plain>, error: Claim },
    /// Every function that looks at the world, acts on it or writes, once.
    Everything { request: Wanted, url: String, model: String },
}

pub(crate) fn perform(input: &str) -> Result<String, SkillError> {
    let scenario = serde_json::from_str(input).map_err(|error| error.to_string())?;
    let seen = match scenario {
        Scenario::Send { request } => send(&request),
        Scenario::Concurrent { requests } => concurrent(&requests)?,
        Scenario::DropHalfWay { dropped, then } => {
            drop(dropped.send()?);
            then.map_or(Value::Null, |then| send(&then))
        }
        Scenario::Unfinished { request } => {
            let Begun { future, body } = request.begin()?;
            let body = body.ok_or("a body is wanted")?;
            request.write(&body)?;
            drop(body);
            answer(&future)
        }
        Scenario::LeftOpen { request } => {
            let Begun { future, body } = request.begin()?;
            std::mem::forget((future, body));
            Value::Null
        }
        Scenario::Interleaved { request, between } => interleaved(&request, &between)?,
        Scenario::Large { request, bytes } => large(&request, bytes)?,
        Scenario::Trailers { request } => trailers(&request)?,
        Scenario::Many { request, count } => many(&request, count),
        Scenario::Looks { request } => looks(&request)?,
        Scenario::TimerOrNever { request } => timer_or_never(&request)?,
        Scenario::Compute { open, sent } => compute(&open, &sent)?,
        Scenario::FloodBodies { request, count } => flood_bodies(&request, count)?,
        Scenario::FloodFields { count } => {
            let fields = Fields::new();
            let added = (0..count).filter(|_| fields.append("x-a", &[b'x'; 1024]).is_ok()).count();
            json!(added)
        }
        Scenario::KeepAnswers { request, count } => {
            let mut kept = Vec::new();
            for _ in 0..count {
                let future = request.send()?;
                future.subscribe().block();
                kept.push(future.get());
            }
            json!(kept.len())
        }
        Scenario::TrapHalfWay { dropped } => {
            drop(dropped.send()?);
            json!(poll(&[]))
        }
        Scenario::EmptyPoll => json!(poll(&[])),
        Scenario::Fields => fields(),
        Scenario::Calls { requests } => calls(requests),
        Scenario::Fail { first, error } => {
            calls(first);
            return Err(error.into());
        }
        Scenario::Converse { model, turns, words } => converse(&model, turns, words)?,
        Scenario::Ask { model, count, max_tokens } => ask(&model, count, max_tokens),
        Scenario::Fold { impatient, racing } => {
            json!({"seen": fold(impatient), "race": concurrent(&racing)?})
        }
        Scenario::Everything { request, url, model } => everything(&request, url, model)?,
    };
    Ok(seen.to_string())
}

fn send(request: &Wanted) -> Value {
    match request.send() {
        Ok(future) => answer(&future),
        Err(error) => json!({ "error": error }),
    }
}

fn concurrent(requests: &[Wanted]) -> Result<Value, String> {
    let begun: Result<Vec<_>, _> = requests.iter().map(Wanted::send).collect();
    let mut waiting: Vec<(usize, FutureIncomingResponse)> = begun?.into_iter().enumerate().collect();
    let mut arrived = Vec::new();
    while !waiting.is_empty() {
        let pollables: Vec<_> = waiting.iter().map(|(_, future)| future.subscribe()).collect();
        let ready = poll(&pollables.iter().collect::<Vec<_>>());
        drop(pollables);
        let mut place = 0;
        waiting.retain(|(index, future)| {
            let is_ready = ready.contains(&place);
            place += 1;
            if is_ready {
                arrived.push(json!({ "index": index, "answer": taken(future) }));
            }
            !is_ready
        });
    }
    Ok(json!(arrived))
}

fn interleaved(request: &Wanted, between: &Wanted) -> Result<Value, String> {
    let Begun { future, body } = request.begin()?;
    let body = body.ok_or("a body is wanted")?;
    let early = taken(&future);
    let between = send(between);
    request.write(&body)?;
    OutgoingBody::finish(body, None).map_err(|error| text(&error))?;
    Ok(json!({ "early": early, "between": between, "answer": answer(&future) }))
}

fn large(request: &Wanted, bytes: usize) -> Result<Value, String> {
    let Begun { future, body } = request.begin()?;
    let body = body.ok_or("a body is wanted")?;
    let stream = body.write().map_err(|()| "the body has no stream")?;
    let chunk = vec![b'x'; 64 * 1024];
    let mut rest = bytes;
    let mut written = String::from("all");
    while rest > 0 {
        let now = chunk.get(..rest.min(chunk.len())).unwrap_or(&chunk);
        if let Err(error) = write_all(&stream, now) {
            written = format!("{error:?}");
            break;
        }
        rest -= now.len();
    }
    drop(stream);
    let finished = OutgoingBody::finish(body, None).map_err(|error| text(&error));
    Ok(json!({ "written": written, "finished": finished, "answer": answer(&future) }))
}

fn trailers(request: &Wanted) -> Result<Value, String> {
    let Begun { future, body } = request.begin()?;
    let body = body.ok_or("a body is wanted")?;
    let trailers = Fields::from_list(&[("x-sum".to_owned(), b"1".to_vec())]).map_err(|_| "fields")?;
    let finished = OutgoingBody::finish(body, Some(trailers)).map_err(|error| text(&error));
    Ok(json!({ "finished": finished, "answer": answer(&future) }))
}

fn many(request: &Wanted, count: usize) -> Value {
    let begun: Vec<_> = (0..count).map(|_| request.send()).collect();
    let refused = begun.iter().find_map(|begun| begun.as_ref().err());
    json!({ "begun": begun.iter().filter(|begun| begun.is_ok()).count(), "refused": refused })
}

fn looks(request: &Wanted) -> Result<Value, String> {
    let future = request.send()?;
    let early = taken(&future);
    let pollable = future.subscribe();
    let was_ready = pollable.ready();
    pollable.block();
    let is_ready = pollable.ready();
    drop(pollable);
    Ok(json!({
        "early": early, "was_ready": was_ready, "is_ready": is_ready, "answer": taken(&future), "again": taken(&future),
    }))
}

fn timer_or_never(request: &Wanted) -> Result<Value, String> {
    let Begun { future, body } = request.begin()?;
    let (timer, never) = (monotonic_clock::subscribe_duration(1_000_000), future.subscribe());
    let ready = poll(&[&timer, &never]);
    drop(body);
    Ok(json!(ready))
}

fn compute(open: &Wanted, sent: &Wanted) -> Result<Value, String> {
    let begun = (open.begin()?, sent.send()?);
    // Filling memory takes much time and little fuel, so an engine that is slow with fuel repeats it as fast.
    let (mut sum, mut room) = (0_u64, vec![0_u8; 8 << 20]);
    while std::hint::black_box(sum) < u64::MAX {
        sum += 1;
        if sum.is_multiple_of(20_000) {
            room.fill(std::hint::black_box(sum) as u8);
        }
    }
    drop(begun);
    Ok(json!(sum))
}

fn flood_bodies(request: &Wanted, count: usize) -> Result<Value, String> {
    let piece = vec![b'x'; 16 << 20];
    let mut open = Vec::new();
    for _ in 0..count {
        let Begun { future, body } = request.begin()?;
        let stream = body.as_ref().ok_or("a body is wanted")?.write().map_err(|()| "no stream")?;
        write_all(&stream, &piece).map_err(|error| format!("{error:?}"))?;
        open.push((stream, future, body));
    }
    Ok(json!(open.len()))
}

fn fields() -> Value {
    let fields = Fields::new();
    let mut seen = Vec::new();
    let mut note = |what: String| seen.push(what);
    note(format!("{:?}", fields.append("X-A", b"1")));
    note(format!("{:?}", fields.append("x-b", b"2")));
    note(format!("{:?}", fields.append("x-a", b"3")));
    note(format!("{:?}", fields.append("host", b"elsewhere.test")));
    note(format!("{:?}", fields.append("bad name", b"1")));
    note(format!("{:?}", fields.append("x-c", b"1\r\nx-d: 2")));
    note(format!("{:?}", fields.append("content-length", b"many")));
    note(format!("{:?}", fields.get("X-a")));
    note(format!("{:?} {:?}", fields.has("x-B"), fields.has("x-z")));
    note(format!("{:?}", fields.set("X-B", &[b"4".to_vec(), b"5".to_vec()])));
    note(format!("{:?}", fields.delete("x-A")));
    note(format!("{:?}", fields.entries()));
    let request = crate::bindings::wasi::http::types::OutgoingRequest::new(fields);
    note(format!("{:?}", request.headers().append("x-e", b"6")));
    note(format!("{:?}", request.headers().clone().append("x-e", b"6")));
    for authority in ["", "a b", "a/b", "user@host", "host:80"] {
        note(format!("{authority:?} {:?}", request.set_authority(Some(authority))));
    }
    for path in ["", "x", "@evil.test/", "/a b", "/a#b", "/a?b=%20", "?q"] {
        note(format!("{path:?} {:?}", request.set_path_with_query(Some(path))));
    }
    json!(seen)
}

fn everything(request: &Wanted, url: String, model: String) -> Result<Value, String> {
    let wall = wall_clock::now();
    let now = monotonic_clock::now();
    let timer = monotonic_clock::subscribe_duration(1_000_000);
    let was_ready = timer.ready();
    timer.block();
    let ready = poll(&[&timer]);
    let random = random::get_random_u64();
    let sent = http::send(&http::Request {
        method: "GET".to_owned(),
        url,
        headers: vec![],
        body: None,
        timeout_ms: None,
        idempotency_key: None,
    });
    let asked = llm::complete(&llm::ChatRequest {
        model,
        messages: vec![llm::Message {
            role: llm::Role::User,
            content: "summarize: this".to_owned(),
            tool_calls: vec![],
            tool_call_id: None,
        }],
        max_tokens: 100,
        temperature: None,
        stop: vec![],
        response_schema: None,
        tools: vec![],
        task: None,
        timeout_ms: None,
    });
    log::log(log::Level::Info, "a line");
    let (out, err) = (get_stdout(), get_stderr());
    let faulty = |error: StreamError| format!("{error:?}");
    out.write(b"out\n").and_then(|()| out.write_zeroes(1)).map_err(faulty)?;
    err.blocking_write_and_flush(b"err\n").map_err(faulty)?;
    err.blocking_write_zeroes_and_flush(1).map_err(faulty)?;
    let status = piped(request, &out, &err)?;
    Ok(json!({
        "wall": [wall.seconds, wall.nanoseconds], "now": now, "was_ready": was_ready, "ready": ready,
        "random": random.to_string(), "sent": sent.map(|sent| sent.status).map_err(|failure| failure.code),
        "asked": asked.map(|asked| asked.text).map_err(|failure| failure.code), "answer": status,
    }))
}

/// Writes the answer's body out: five bytes of it to one stream, the rest to the other.
fn piped(request: &Wanted, out: &OutputStream, err: &OutputStream) -> Result<u16, String> {
    let future = request.send()?;
    future.subscribe().block();
    let Some(Ok(Ok(response))) = future.get() else { return Err("there is no answer".to_owned()) };
    let body = response.consume().map_err(|()| "there is no body")?;
    let stream = body.stream().map_err(|()| "there is no stream")?;
    out.splice(&stream, 5).map_err(|error| format!("{error:?}"))?;
    err.blocking_splice(&stream, 1000).map_err(|error| format!("{error:?}"))?;
    Ok(response.status())
}
