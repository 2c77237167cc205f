//! What a run tells to those who listen by `tracing`: ids, codes and numbers. The texts of skills and upstreams stand in its
//! journal, and nowhere else.

use aos_core::failure::ErrorCategory;
use aos_core::ids::RunId;
use aos_core::outcome::StructuredOutcome;
use aos_core::trace::RunTrace;
use aos_core::workflow::Workflow;
use tracing::{Span, error, field, info, info_span};

/// The span of a run. One that could not begin stands in no trace.
pub(super) fn span(mode: &str, run: RunId, workflow: &Workflow, trace: Option<RunTrace>) -> Span {
    let span = info_span!(
        "run",
        run_id = field::display(run),
        workflow = workflow.name(),
        mode,
        trace_id = field::Empty,
        parent_id = field::Empty,
        span_id = field::Empty,
    );
    if !span.is_disabled()
        && let Some(trace) = trace
    {
        span.record("trace_id", field::display(trace.trace()));
        span.record("span_id", field::display(trace.run()));
        span.record("parent_id", trace.parent().map(field::display));
    }
    span
}

/// Says that a run begins.
pub(super) fn begins(workflow: &Workflow) {
    info!(steps = workflow.steps().len(), "the run begins");
}

/// Says how a run ended.
pub(super) fn ended(outcome: &StructuredOutcome) {
    let (code, latency_ms) = (outcome.code.as_str(), outcome.latency_ms);
    let (charged, absorbed) = (outcome.cost.charged.nanos(), outcome.cost.absorbed.nanos());
    let ours = [ErrorCategory::Infrastructure, ErrorCategory::Integrity];
    if outcome.category.is_some_and(|category| ours.contains(&category)) {
        error!(code, latency_ms, charged, absorbed, "the run ended");
    } else {
        info!(code, latency_ms, charged, absorbed, "the run ended");
    }
}
