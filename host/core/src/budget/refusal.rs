//! Why a reservation is refused.

use std::fmt;

use crate::failure::{ErrorCode, Failure};
use crate::units::Money;

/// Why a reservation is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// `BUDGET_EXCEEDED`, `ABSORBED_CEILING_EXCEEDED`, `STEP_CEILING_EXCEEDED`, `COST_OVERRUN` or `BUDGET_STOPPED`.
    pub code: ErrorCode,
    /// What was asked for.
    pub wanted: Money,
    /// What is left under the ceiling that stands in the way.
    pub available: Money,
    /// That ceiling.
    pub ceiling: Money,
    /// False when it would not fit into an untouched budget either, not even as much less of it as would be of use.
    pub fits_later: bool,
}

/// Whether a reservation may be refused with this code.
#[must_use]
pub const fn is_refusal(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::BudgetExceeded
            | ErrorCode::AbsorbedCeilingExceeded
            | ErrorCode::StepCeilingExceeded
            | ErrorCode::CostOverrun
            | ErrorCode::BudgetStopped
    )
}

impl Refusal {
    /// What the ceiling is called.
    #[must_use]
    pub const fn limit(&self) -> &'static str {
        match self.code {
            ErrorCode::AbsorbedCeilingExceeded => "absorbed ceiling",
            ErrorCode::StepCeilingExceeded => "step's ceiling",
            _ => "ceiling",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, wanted, available, ceiling, .. } = self;
        if *code == ErrorCode::BudgetStopped {
            return f.write_str("the budget is stopped: nothing more is reserved");
        }
        let limit = self.limit();
        write!(f, "{wanted} do not fit: {available} are available under the {limit} of {ceiling}")?;
        if *code == ErrorCode::CostOverrun {
            f.write_str(", as a provider billed more than its request could cost")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let details = serde_json::json!({
            "wanted": refusal.wanted, "available": refusal.available, "ceiling": refusal.ceiling,
            "fits_later": refusal.fits_later,
        });
        Self::new(refusal.code, refusal.to_string()).with_details(details)
    }
}
