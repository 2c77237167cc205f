//! The money of a run, of its steps and of their attempts, and the calls that have no result yet.

use std::collections::BTreeMap;

use super::Cursor;
use crate::outcome::{Cost, OutcomeCode, SideEffect, Spending};
use crate::units::Money;

/// An attempt that has not ended.
#[derive(Debug, Clone, Default)]
pub(super) struct OpenAttempt {
    /// Whether it ran, and was not refused before.
    pub(super) began: bool,
    pub(super) tally: Tally,
    /// Held for its fuel.
    pub(super) fuel: Money,
    pub(super) spent: Spending,
    pub(super) calls: BTreeMap<u32, OpenCall>,
    /// Calls that would act again, and of which nobody knows what became.
    pub(super) unknown: u64,
}

/// A call without a result.
#[derive(Debug, Clone)]
pub(super) struct OpenCall {
    pub(super) call: String,
    pub(super) target: String,
    pub(super) held: Money,
    pub(super) held_for: Spending,
    pub(super) clamped_to: Option<u32>,
    /// Whether making it again would act again.
    pub(super) acts: bool,
}

/// The money of a run, of a step or of an attempt.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) cost: Cost,
    pub(super) held: Money,
}

impl Tally {
    pub(super) fn hold(&mut self, amount: Money) {
        self.held = self.held.saturating_add(amount);
        self.cost.peak_held = self.cost.peak_held.max(self.held);
    }

    pub(super) fn refund(&mut self, amount: Money) {
        self.held = self.held.saturating_sub(amount);
        self.cost.refunded = self.cost.refunded.saturating_add(amount);
    }

    pub(super) fn end(&mut self, charged: Money, absorbed: Money, spent: &Spending) {
        self.held = self.held.saturating_sub(charged.saturating_add(absorbed));
        self.cost.charged = self.cost.charged.saturating_add(charged);
        self.cost.absorbed = self.cost.absorbed.saturating_add(absorbed);
        self.cost.spent = self.cost.spent.and(spent);
    }
}

impl OpenCall {
    pub(super) fn effect(
        self,
        (cursor, index): (&Cursor, u32),
        status: Option<u16>,
        code: OutcomeCode,
        charge: Money,
    ) -> SideEffect {
        let Self { call, target, clamped_to, .. } = self;
        let Cursor { step, item, attempt } = cursor.clone();
        SideEffect { step, item, attempt, index, call, target, status, code, charge, clamped_to }
    }
}
