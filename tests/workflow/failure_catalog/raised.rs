//! What raises each code: the one list of it. A code that is not here fails the test that goes through the catalogue.

use aos_host::failure::ErrorCode;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::json;

use super::raisers::{
    Found, answered, cached_openly, components, deep, hostile, large, missing, nobody_listens, odd, panicked,
    played, read, registered, stubbed, traced, unsaved, without_a_compiler, without_its_skill,
};
use crate::support::server::Reply;

/// How a code comes about.
pub(super) enum Raised {
    /// This raises it.
    Here(Box<dyn Fn() -> BoxFuture<'static, Found> + Send>),
    /// This other test does: its file, and its name.
    By(&'static str),
    /// Nothing can, and why.
    Nowhere(&'static str),
}

fn here<F: Future<Output = Found> + Send + 'static>(raise: impl Fn() -> F + Send + 'static) -> Raised {
    Raised::Here(Box::new(move || raise().boxed()))
}

/// A server that answers so.
fn status(status: u16) -> Raised {
    here(move || answered(Reply::status(status), json!({})))
}

/// A component of `fixtures/hostile`.
fn attempt(name: &'static str) -> Raised {
    here(move || hostile(name))
}

/// A workflow file.
fn file(text: &'static str) -> Raised {
    here(move || read(text.to_owned()))
}

/// One step in a stub world.
fn step(text: &'static str) -> Raised {
    here(move || stubbed("{}", text))
}

const PROVIDERS: &str = "tests/workflow/model_provider.rs::refusals_of_a_provider_have_words_of_their_own";

/// What raises a code.
#[expect(clippy::too_many_lines, reason = "one line a code")]
pub(super) fn raised_by(code: ErrorCode) -> Raised {
    match code {
        // Workflow.
        ErrorCode::WorkflowInvalid => file("aos: 1\nname: x\nsteps: []\n"),
        ErrorCode::NameInvalid => file("aos: 1\nname: ../x\nsteps: [{id: a, skill: b}]\n"),
        ErrorCode::InvalidReference => file("aos: 1\nname: x\nsteps: [{id: a, skill: b, needs: [a]}]\n"),
        ErrorCode::ExpressionError => step(r#"{skill: http_call, with: {url: "${ .input | first }"}}"#),
        ErrorCode::WorkflowLimit => here(|| {
            let long = "1 + ".repeat(200);
            read(format!("aos: 1\nname: x\nsteps: [{{id: a, skill: b, with: {{x: \"${{ {long}1 }}\"}}}}]\n"))
        }),
        ErrorCode::DeadlineExceeded => Raised::By(
            "tests/workflow/stopped_workflow.rs::a_run_that_takes_longer_than_its_deadline_is_stopped_in_the_middle_of_a_call",
        ),
        ErrorCode::Cancelled => {
            Raised::By("tests/workflow/stopped_workflow.rs::a_run_that_is_cancelled_ends_and_replays")
        }
        ErrorCode::DependencyFailed => Raised::By(
            "tests/workflow/permanent_failure_workflow.rs::what_depends_on_a_failure_is_skipped_and_says_so",
        ),
        // Data.
        ErrorCode::InputSchemaViolation => step("{skill: http_call, with: {url: 7}}"),
        ErrorCode::OutputSchemaViolation => here(odd),
        ErrorCode::SchemaInvalid => file("aos: 1\nname: x\ninput: {type: 7}\nsteps: [{id: a, skill: b}]\n"),
        ErrorCode::JsonMalformed => attempt("returns_what_is_no_json"),
        ErrorCode::JsonDuplicateKey => attempt("returns_a_name_twice"),
        ErrorCode::JsonTooDeep => here(deep),
        ErrorCode::JsonNumberRange => {
            file("aos: 1\nname: x\nsteps: [{id: a, skill: b, with: {x: 9007199254740992}}]\n")
        }
        ErrorCode::PayloadTooLarge => here(large),
        ErrorCode::TransformError => {
            step(r#"{skill: json_transform, with: {data: 1, filter: 'error("no")'}}"#)
        }
        // Skill supply.
        ErrorCode::SkillNotFound => step("{skill: nobody}"),
        ErrorCode::SkillDigestMismatch => here(without_its_skill),
        ErrorCode::CacheIntegrity => here(cached_openly),
        ErrorCode::ComponentInvalid => here(|| registered(Vec::new())),
        ErrorCode::ComponentTooLarge => here(|| registered(vec![0; (64 << 20) + 1])),
        ErrorCode::LinkUnknownImport => {
            here(|| registered(components(r#"(component (import "evil:door/open@1.0.0" (instance)))"#)))
        }
        ErrorCode::LinkTypeMismatch => here(|| {
            let log = r#"(instance (export "log" (func (param "message" string))))"#;
            registered(components(&format!(r#"(component (import "aos:skill/log@0.1.0" {log}))"#)))
        }),
        ErrorCode::CompileFailed => here(without_a_compiler),
        ErrorCode::CompileTimeout => {
            Raised::By("tests/hostile/mod.rs::a_component_that_takes_too_long_to_compile_is_refused_in_time")
        }
        ErrorCode::ExportMissing => here(|| registered(components("(component)"))),
        // Skill run.
        ErrorCode::SkillError => attempt("claims_that_the_host_panicked"),
        ErrorCode::SkillTrap => attempt("traps"),
        ErrorCode::SkillExit => attempt("exits"),
        ErrorCode::AbiViolation => attempt("returns_an_unknown_variant"),
        ErrorCode::InstantiationFailed => Raised::Nowhere(
            "what can fail while a component is set up is a trap, a limit or a want of memory, and each has its own word",
        ),
        ErrorCode::ReentrancyDenied => attempt("calls_the_host_from_its_allocator"),
        ErrorCode::InstanceLimit => attempt("is_of_a_hundred_instances"),
        ErrorCode::Deadlock => Raised::Nowhere(
            "only components with asynchronous functions can wait for themselves, and the engine is built without them",
        ),
        ErrorCode::StackOverflow => attempt("recurses_without_end"),
        ErrorCode::FuelExhausted => attempt("loops_forever"),
        ErrorCode::MemoryLimit => attempt("eats_memory"),
        ErrorCode::TableLimit => attempt("grows_tables"),
        ErrorCode::HandleLimit => attempt("holds_too_many_handles"),
        ErrorCode::PayloadLimit => attempt("hands_over_too_much_at_once"),
        ErrorCode::CallLimit => attempt("floods_the_host_with_calls"),
        ErrorCode::LogLimit => attempt("floods_the_log"),
        // Budget.
        ErrorCode::BudgetExceeded => here(|| {
            played("budget: {ceiling_cents: 0}", "{skill: json_transform, with: {data: 1, filter: .}}")
        }),
        ErrorCode::AbsorbedCeilingExceeded => Raised::By(
            "tests/workflow/budget_exceeded_workflow.rs::what_failed_attempts_lose_counts_across_retries_and_has_a_ceiling",
        ),
        ErrorCode::StepCeilingExceeded => {
            step("{skill: json_transform, ceiling_cents: 0, with: {data: 1, filter: .}}")
        }
        ErrorCode::AgentBudgetExceeded => Raised::By(
            "tests/program/shared_budget.rs::sixteen_runs_of_several_processes_never_pass_their_budget_and_give_back_what_they_did_not_spend",
        ),
        ErrorCode::BudgetStopped => {
            Raised::By("tests/program/budgets.rs::a_stopped_budget_lets_no_run_begin_until_it_is_started")
        }
        ErrorCode::BudgetInvalidAmount => {
            file("aos: 1\nname: x\nbudget: {ceiling_cents: -1}\nsteps: [{id: a, skill: b}]\n")
        }
        ErrorCode::CostUnknown => here(|| {
            played(
                "grants: {models: [unheard-of]}",
                "{skill: llm_invoke, with: {model: unheard-of, prompt: x}}",
            )
        }),
        ErrorCode::CostOverrun => Raised::By(
            "tests/workflow/budget_enforcement.rs::the_model_that_answered_is_billed_and_what_passes_the_hold_is_told_and_missing_after",
        ),
        ErrorCode::LedgerInvariant => {
            Raised::By("tests/program/budgets.rs::a_file_that_was_changed_is_not_trusted_and_not_written")
        }
        // Permission.
        ErrorCode::CapabilityDenied => step("{skill: llm_invoke, with: {model: gpt-4o-mini, prompt: x}}"),
        ErrorCode::DestinationDenied => step("{skill: http_call, with: {url: 'http://169.254.169.254/'}}"),
        ErrorCode::MethodDenied => here(traced),
        ErrorCode::HeaderForbidden => {
            here(|| answered(Reply::status(200), json!({"headers": {"host": "evil.test"}})))
        }
        ErrorCode::RedirectBlocked => status(302),
        ErrorCode::SecretDenied => {
            file("aos: 1\nname: x\ngrants: {secrets: [key]}\nsteps: [{id: a, skill: b}]\n")
        }
        // Network.
        ErrorCode::UrlInvalid => step("{skill: http_call, with: {url: 'http://user:key@a.test/'}}"),
        ErrorCode::RequestInvalid => Raised::By(
            "tests/workflow/model_provider_anthropic.rs::what_the_protocol_has_no_words_for_is_not_sent",
        ),
        ErrorCode::RequestTooLarge => Raised::By(
            "tests/effects/wasi_http.rs::a_body_that_is_too_large_or_has_trailers_is_refused_by_a_typed_error",
        ),
        ErrorCode::DnsFailure => Raised::By(
            "tests/workflow/error_recovery_workflow.rs::a_name_that_does_not_resolve_is_tried_again",
        ),
        ErrorCode::TlsFailure => Raised::By(
            "tests/failures/tls.rs::a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent",
        ),
        ErrorCode::ConnectFailed => here(nobody_listens),
        ErrorCode::ConnectionLost => here(|| answered(Reply::reset(), json!({}))),
        ErrorCode::ResponseIncomplete => here(|| answered(Reply::half_a_body(), json!({}))),
        ErrorCode::HttpProtocolError => here(|| answered(Reply::raw(b"SSH-2.0-nothing\r\n\r\n"), json!({}))),
        ErrorCode::Timeout => here(|| answered(Reply::silence(), json!({"timeout_ms": 50}))),
        ErrorCode::ResponseTooLarge => Raised::By(
            "tests/workflow/permanent_failure_workflow.rs::an_answer_that_is_too_large_is_not_taken",
        ),
        ErrorCode::DecodingUnsupported => {
            here(|| answered(Reply::text(200, "x").header("content-encoding", "br"), json!({})))
        }
        // Upstream.
        ErrorCode::UpstreamBadRequest => status(400),
        ErrorCode::UpstreamUnauthenticated => status(401),
        ErrorCode::UpstreamPaymentRequired => status(402),
        ErrorCode::UpstreamForbidden => status(403),
        ErrorCode::UpstreamNotFound => status(404),
        ErrorCode::UpstreamUnsupported => status(405),
        ErrorCode::UpstreamConflict => status(409),
        ErrorCode::UpstreamGone => status(410),
        ErrorCode::UpstreamPrecondition => status(412),
        ErrorCode::UpstreamLegalBlock => status(451),
        ErrorCode::RateLimited => status(429),
        ErrorCode::UpstreamError => status(500),
        ErrorCode::UpstreamUnavailable => status(503),
        ErrorCode::UpstreamOverloaded => status(529),
        // Model.
        ErrorCode::ModelNotFound
        | ErrorCode::ModelContextExceeded
        | ErrorCode::ModelContentFiltered
        | ErrorCode::ModelQuotaExhausted
        | ErrorCode::ModelOverloaded => Raised::By(PROVIDERS),
        ErrorCode::ModelRefused => Raised::By(
            "tests/workflow/model_provider_anthropic.rs::a_model_that_declines_ends_the_run_in_a_word_of_its_own",
        ),
        ErrorCode::ModelOutputTruncated => {
            Raised::By("tests/workflow/llm_chain_workflow.rs::json_that_max_tokens_cut_off_is_truncated")
        }
        ErrorCode::ModelOutputInvalid => Raised::By(
            "tests/workflow/llm_chain_workflow.rs::an_answer_that_never_fits_is_invalid_and_not_billed",
        ),
        // Replay and journal.
        ErrorCode::ReplayDivergence => Raised::By(
            "tests/workflow/tampered_journal.rs::an_outcome_that_was_made_up_is_a_divergence_however_well_it_is_sealed",
        ),
        ErrorCode::ReplayExhausted => Raised::By(
            "tests/workflow/replay_certification.rs::a_question_that_the_journal_does_not_know_is_a_divergence_or_goes_to_the_stub_world",
        ),
        ErrorCode::ReplayIncomplete => Raised::By(
            "tests/workflow/tampered_journal.rs::a_journal_that_was_cut_is_incomplete_and_never_the_run",
        ),
        ErrorCode::InjectionInvalid => Raised::By(
            "tests/workflow/replay_certification.rs::an_injection_that_names_no_call_is_refused_before_anything_runs",
        ),
        ErrorCode::RecordingVersionUnsupported => Raised::By(
            "tests/workflow/tampered_journal.rs::another_format_and_another_component_are_told_apart",
        ),
        ErrorCode::RecordingForeign => {
            Raised::By("tests/program/budgets.rs::the_journal_of_another_run_settles_nothing")
        }
        ErrorCode::UnknownOutcome => Raised::By(
            "tests/workflow/killed_run.rs::a_run_killed_at_any_write_goes_on_and_asks_nothing_twice",
        ),
        ErrorCode::JournalCorrupt => {
            Raised::By("tests/workflow/tampered_journal.rs::every_flipped_byte_is_found")
        }
        ErrorCode::JournalIo => here(unsaved),
        ErrorCode::DiskFull => Raised::By(
            "tests/program/full_disk.rs::a_run_whose_journal_fills_the_disk_ends_and_goes_on_when_there_is_room",
        ),
        // Host.
        ErrorCode::HostPanic => here(panicked),
        ErrorCode::HostOutOfMemory => Raised::By(
            "tests/program/out_of_memory.rs::components_that_the_machine_has_no_memory_for_end_in_host_out_of_memory",
        ),
        ErrorCode::ConcurrencyLimit => Raised::By(
            "tests/workflow/under_way.rs::a_run_beyond_the_most_is_refused_and_begins_when_another_has_ended",
        ),
        ErrorCode::HostShuttingDown => Raised::By(
            "tests/workflow/under_way.rs::a_host_that_shuts_down_begins_nothing_and_waits_for_what_is_under_way",
        ),
        ErrorCode::HostBug => Raised::Nowhere(
            "it stands for states that the code does not come to; a way to it would be a bug to mend",
        ),
        ErrorCode::ConfigInvalid => here(missing),
        ErrorCode::Unclassified => Raised::Nowhere(
            "it stands for what has no word yet; whatever comes to it gets one, and the tests see none",
        ),
        other => panic!("nobody says what raises {other}"),
    }
}
