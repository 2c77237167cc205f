//! `probe`: a component for tests of the host, no skill. Its input says what it does, such as `{"do": "send", ...}`, and
//! its output is what it saw. `client` speaks `wasi:http`, `scenario` has what can be asked for.

mod claim;
mod client;
mod fold;
mod scenario;

use bindings::aos::skill::types::ResourceContract;
use bindings::{Guest, Metadata, SkillError};

/// The generated side of the contract, and of the WASI interfaces that are tried.
mod bindings {
    #![expect(
        unsafe_code,
        reason = "calls over the component boundary are unsafe, and the generator writes them"
    )]
    wit_bindgen::generate!({
        path: ["../../fixtures/wit", "../../wit"],
        inline: "
            package aos:probe;

            world probe {
                include aos:skill/skill@0.1.0;
                import wasi:clocks/wall-clock@0.2.12;
                import wasi:clocks/monotonic-clock@0.2.12;
                import wasi:io/poll@0.2.12;
                import wasi:io/streams@0.2.12;
                import wasi:random/random@0.2.12;
                import wasi:cli/stdout@0.2.12;
                import wasi:cli/stderr@0.2.12;
                import wasi:http/types@0.2.12;
                import wasi:http/outgoing-handler@0.2.12;
            }
        ",
        world: "aos:probe/probe",
        generate_all,
    });

    use super::Probe;
    export!(Probe with_types_in self);
}

struct Probe;

impl Guest for Probe {
    fn describe() -> Metadata {
        Metadata {
            id: "probe".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Does what a test asks for, and reports what it saw.".to_owned(),
            input_schema: "{}".to_owned(),
            output_schema: "{}".to_owned(),
            deterministic: true,
            effects: vec![],
            idempotent: false,
            estimate: None,
            contract: ResourceContract {
                fuel: 100_000_000_000,
                memory_bytes: 128 << 20,
                deadline_ms: 60_000,
                host_calls: 10_000,
                hosts: vec![],
                models: vec![],
                secrets: vec![],
            },
        }
    }

    fn invoke(input: String) -> Result<String, SkillError> {
        scenario::perform(&input)
    }
}
