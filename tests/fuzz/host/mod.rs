//! What is fuzzed of the host: files that it reads beside those of the core, components, and every way into a runtime.
//!
//! `tests/hostile/fuzz.rs` replays the corpus of each in every run of the tests; `just fuzz` looks for more.

mod component;
mod files;
mod runtime;

use std::sync::OnceLock;

use aos_host::Runtime;
use aos_host::failure::{ErrorCode, Failure};
use aos_host::providers::{StubWorld, World};

/// A body.
pub(crate) type Body = fn(&[u8]);

/// All of them, by the names of their targets.
pub(crate) const BODIES: [(&str, Body); 4] = [
    ("stubs", files::stubs),
    ("certificates", files::certificates),
    ("component", component::admit),
    ("runtime", runtime::every_entry),
];

/// The world of the frozen journals.
const STUBS: &str = r#"
http:
  - {url: "https://frozen.example/a", answers: [{status: 503, headers: {retry-after: "1"}, body: later}, {body: now}]}
llm:
  answer: {text: "An answer.", tokens: 5, input_tokens: 9}
"#;

/// The components of the frozen journals, but the one that loops: it has fuel for minutes.
const COMPONENTS: [&str; 3] = [
    include_str!("../../../fixtures/journals/v1/components/asks.wat"),
    include_str!("../../../fixtures/journals/v1/components/recurses.wat"),
    include_str!("../../../fixtures/journals/v1/components/traps.wat"),
];

/// A runtime with the components of the frozen journals in a world of its own.
fn frozen() -> &'static Runtime {
    static FROZEN: OnceLock<Runtime> = OnceLock::new();
    FROZEN.get_or_init(|| {
        let world = World::stub(StubWorld::parse(STUBS).expect("a stub world"));
        let runtime = Runtime::builder().world(world).build().expect("a runtime");
        for text in COMPONENTS {
            let component = wat::parse_str(text).expect("a component");
            on_one_thread(runtime.register_skill(component)).expect("it is admitted");
        }
        runtime
    })
}

/// Waits for something. Where time can be skipped, it is: pauses of hours then take none.
fn on_one_thread<T>(work: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all();
    #[cfg(fuzzing)]
    builder.start_paused(true);
    builder.build().expect("a tokio runtime").block_on(work)
}

/// A code that no input may lead to.
fn is_nobodys(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::Unclassified | ErrorCode::HostPanic | ErrorCode::HostBug)
}

fn assert_sound(failure: &Failure) {
    assert!(!is_nobodys(failure.code), "{failure}");
    assert!((1..=512).contains(&failure.message.len()), "{failure}");
}
