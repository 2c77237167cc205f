//! One component calls every function that looks at the world, acts on it or writes, and each leaves its entry.

use std::collections::{BTreeMap, BTreeSet};

use aos_host::EffectClass;
use aos_host::journal::{CallClass, Event};
use serde_json::json;

use super::classes::functions;
use crate::support::flow;
use crate::support::recorded::record;
use crate::support::runtime::{elsewhere, in_time, specified};

/// Functions that cross the gate, what their entries are called, and how many such entries `everything` of the probe
/// leaves in all.
const ENTRIES: [(&str, &str, &str, usize); 18] = [
    ("aos:skill/http", "send", "http.send", 2),
    ("aos:skill/llm", "complete", "llm.complete", 1),
    ("aos:skill/log", "log", "log.log", 1),
    ("wasi:cli/stderr", "get-stderr", "cli.stderr", 3),
    ("wasi:cli/stdout", "get-stdout", "cli.stdout", 3),
    ("wasi:clocks/monotonic-clock", "now", "monotonic-clock.now", 1),
    ("wasi:clocks/wall-clock", "now", "wall-clock.now", 1),
    ("wasi:http/outgoing-handler", "handle", "http.send", 2),
    ("wasi:http/types", "[method]future-incoming-response.get", "future-incoming-response.get", 1),
    ("wasi:io/poll", "[method]pollable.block", "poll.block", 2),
    ("wasi:io/poll", "[method]pollable.ready", "poll.ready", 1),
    ("wasi:io/poll", "poll", "poll.poll", 1),
    ("wasi:io/streams", "[method]output-stream.blocking-splice", "cli.stderr", 3),
    ("wasi:io/streams", "[method]output-stream.blocking-write-and-flush", "cli.stderr", 3),
    ("wasi:io/streams", "[method]output-stream.blocking-write-zeroes-and-flush", "cli.stderr", 3),
    ("wasi:io/streams", "[method]output-stream.splice", "cli.stdout", 3),
    ("wasi:io/streams", "[method]output-stream.write", "cli.stdout", 3),
    ("wasi:io/streams", "[method]output-stream.write-zeroes", "cli.stdout", 3),
];

#[test]
fn each_function_that_crosses_the_gate_leaves_its_entry_and_no_other_does() {
    in_time(async {
        let crosses = |class| matches!(class, EffectClass::Observe | EffectClass::Effect | EffectClass::Emit);
        let functions = functions().await;
        let crossing: BTreeSet<_> = functions
            .iter()
            .filter(|(_, _, class)| crosses(*class))
            .map(|(interface, function, _)| (interface.as_str(), function.as_str()))
            .collect();
        let listed: BTreeSet<_> =
            ENTRIES.iter().map(|(interface, function, ..)| (*interface, *function)).collect();
        assert_eq!(crossing, listed);

        let url = "https://api.github.com/zen";
        let with = json!({"do": "everything", "request": {"url": url}, "url": url, "model": "gpt-4o-mini"});
        let grants = json!({"hosts": ["api.github.com"], "models": ["gpt-4o-mini"]});
        let workflow = flow::one_step(grants, "probe", json!({"with": with}));
        let run = record(&specified().await, &workflow, json!({})).await;
        let output = &run.assert_success().step("call").output;
        assert_eq!((&output["sent"]["Ok"], &output["answer"]), (&json!(200), &json!(200)));
        assert_eq!(output["asked"]["Ok"], "This is a summary.");

        let (mut entries, mut written) = (BTreeMap::<String, usize>::new(), Vec::new());
        for entry in run.entries() {
            let call = match entry.event {
                Event::Emitted(emitted) => {
                    written.push((emitted.target, emitted.text));
                    emitted.call
                }
                Event::Intent(intent) => {
                    assert_eq!(intent.class, CallClass::Effect);
                    intent.call
                }
                Event::Observed(observed) => observed.call,
                _ => continue,
            };
            *entries.entry(call).or_default() += 1;
        }
        let expected: BTreeMap<_, _> =
            ENTRIES.iter().map(|(_, _, call, count)| ((*call).to_owned(), *count)).collect();
        assert_eq!(entries, expected);
        let lines = [
            ("info", "a line"),
            ("stdout", "out\n"),
            ("stdout", "\0"),
            ("stderr", "err\n"),
            ("stderr", "\0"),
            ("stdout", "Keep "),
            ("stderr", "it logically awesome."),
        ];
        assert_eq!(written, lines.map(|(target, text)| (target.to_owned(), json!(text))));
        run.assert_replays_on(elsewhere().await).await;
    });
}
