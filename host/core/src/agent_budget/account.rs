//! What the movements of a named budget add up to, and which one may come next.

use std::collections::{BTreeMap, BTreeSet};

use super::{Movement, RunSpending};
use crate::budget::Balance;
use crate::failure::{ErrorCode, Failure};
use crate::ids::RunId;
use crate::units::Money;

/// A named budget at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentAccount {
    limits: Option<(Money, Money)>,
    holding: BTreeMap<RunId, Holding>,
    spent: BTreeMap<RunId, RunSpending>,
    /// Runs that someone else settled last, and that may go on.
    by_hand: BTreeSet<RunId>,
    stopped: Option<String>,
}

/// What a run holds of a named budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// What it may still be charged.
    pub ceiling: Money,
    /// What its failed attempts may still lose.
    pub absorbed_ceiling: Money,
    /// Where its journal is.
    pub journal: Option<String>,
}

/// What a run wants of a named budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// The most that it may be charged.
    pub ceiling: Money,
    /// The most that its failed attempts may lose.
    pub absorbed_ceiling: Money,
    /// Whether it goes with what there is when there is less.
    pub or_less: bool,
    /// Where its journal is.
    pub journal: Option<String>,
}

/// What a run gets of a named budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taking {
    /// The most that it may be charged, over its whole life.
    pub ceiling: Money,
    /// The most that its failed attempts may lose, over its whole life.
    pub absorbed_ceiling: Money,
    /// What has to be written for it; nothing where it holds it already.
    pub movement: Option<Movement>,
}

impl AgentAccount {
    /// The sums: `held` is what runs hold of the ceiling. The absorbed ceiling has a hold of its own, see
    /// [`AgentAccount::held_to_lose`].
    #[must_use]
    pub fn balance(&self) -> Balance {
        let (ceiling, absorbed_ceiling) = self.limits.unwrap_or_default();
        let spent = self.spent();
        let held = sum(self.holding.values().map(|holding| holding.ceiling));
        let RunSpending { charged, absorbed, overrun } = spent;
        Balance { ceiling, absorbed_ceiling, held, charged, absorbed, overrun, ..Balance::default() }
    }

    /// What runs hold of the absorbed ceiling.
    #[must_use]
    pub fn held_to_lose(&self) -> Money {
        sum(self.holding.values().map(|holding| holding.absorbed_ceiling))
    }

    /// What all runs have spent that gave back their rest.
    #[must_use]
    pub fn spent(&self) -> RunSpending {
        let part = |part: fn(&RunSpending) -> Money| sum(self.spent.values().map(part));
        RunSpending {
            charged: part(|spent| spent.charged),
            absorbed: part(|spent| spent.absorbed),
            overrun: part(|spent| spent.overrun),
        }
    }

    /// What a run may take at most as its ceiling, and what as its absorbed ceiling.
    #[must_use]
    pub fn available(&self) -> (Money, Money) {
        let balance = self.balance();
        let taken = |held: Money, spent: Money| held.saturating_add(spent).saturating_add(balance.overrun);
        (
            balance.ceiling.saturating_sub(taken(balance.held, balance.charged)),
            balance.absorbed_ceiling.saturating_sub(taken(self.held_to_lose(), balance.absorbed)),
        )
    }

    /// The runs that hold something of it.
    #[must_use]
    pub const fn holding(&self) -> &BTreeMap<RunId, Holding> {
        &self.holding
    }

    /// What a run has spent that had given back its rest.
    #[must_use]
    pub fn spent_by(&self, run: RunId) -> RunSpending {
        self.spent.get(&run).copied().unwrap_or_default()
    }

    /// Why it is stopped, if it is.
    #[must_use]
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// Whether someone has said how much it has.
    #[must_use]
    pub const fn is_set(&self) -> bool {
        self.limits.is_some()
    }

    /// What a run takes that wants this much over its whole life. What it holds already is not taken again; what it has
    /// spent before, and what was billed beyond its holds, is not needed again.
    ///
    /// # Errors
    ///
    /// `AGENT_BUDGET_EXCEEDED` when there is less, or nothing where less would do; `BUDGET_STOPPED` when it is stopped.
    pub fn take(&self, run: RunId, wish: Wish) -> Result<Taking, Failure> {
        if let Some(why) = &self.stopped {
            let because = if why.is_empty() { String::new() } else { format!(": {why}") };
            return Err(Failure::new(ErrorCode::BudgetStopped, format!("the budget is stopped{because}")));
        }
        let before = self.spent_by(run);
        let holding = self.holding.get(&run);
        let (may_charge, may_lose) =
            holding.map_or_else(|| self.available(), |holding| (holding.ceiling, holding.absorbed_ceiling));
        let fit = |what: &str, wanted: Money, spent: Money, left: Money| {
            let before = spent.saturating_add(before.overrun);
            let more = wanted.saturating_sub(before);
            if more <= left {
                return Ok((more, wanted));
            }
            if wish.or_less && left > Money::ZERO {
                return Ok((left, left.saturating_add(before)));
            }
            let there_is = match holding {
                Some(_) => format!("it holds {left}"),
                None => format!("the budget has {left} left"),
            };
            let message = format!("the run wants {what} of {more}, and {there_is}");
            let details = serde_json::json!({"wanted": more, "available": left});
            Err(Failure::new(ErrorCode::AgentBudgetExceeded, message).with_details(details))
        };
        let (ceiling, in_all) = fit("a ceiling", wish.ceiling, before.charged, may_charge)?;
        let (absorbed_ceiling, to_lose_in_all) =
            fit("an absorbed ceiling", wish.absorbed_ceiling, before.absorbed, may_lose)?;
        let taken = Movement::Taken { run, ceiling, absorbed_ceiling, journal: wish.journal };
        let movement = holding.is_none().then_some(taken);
        Ok(Taking { ceiling: in_all, absorbed_ceiling: to_lose_in_all, movement })
    }

    /// Whether a run of this id may begin: one that was here before is another one.
    ///
    /// # Errors
    ///
    /// `REQUEST_INVALID`.
    pub fn check_new(&self, run: RunId) -> Result<(), Failure> {
        if self.holding.contains_key(&run) || self.spent.contains_key(&run) {
            let message = format!("a run {run} has drawn from the budget already");
            return Err(Failure::new(ErrorCode::RequestInvalid, message));
        }
        Ok(())
    }

    /// Whether a run may go on: it holds its ceilings, or someone settled it by hand. One that gave back by itself has
    /// ended, and a journal that says otherwise is an old copy.
    ///
    /// # Errors
    ///
    /// `REQUEST_INVALID`.
    pub fn check_goes_on(&self, run: RunId) -> Result<(), Failure> {
        if self.spent.contains_key(&run) && !self.holding.contains_key(&run) && !self.by_hand.contains(&run) {
            let message =
                format!("the run {run} has ended and given back; its journal is a copy from before");
            return Err(Failure::new(ErrorCode::RequestInvalid, message));
        }
        Ok(())
    }

    /// What has to be written when the journal of a run that holds its ceilings lies elsewhere now.
    #[must_use]
    pub fn moved(&self, run: RunId, journal: Option<&String>) -> Option<Movement> {
        let holding = self.holding.get(&run).filter(|holding| holding.journal.as_ref() != journal)?;
        let Holding { ceiling, absorbed_ceiling, .. } = *holding;
        Some(Movement::Taken { run, ceiling, absorbed_ceiling, journal: journal.cloned() })
    }

    /// What a run has to give back that has spent this much in all; nothing where that stands here already. A run knows
    /// itself what it spent; someone who settles it by hand can only find that it was more.
    #[must_use]
    pub fn settle(&self, run: RunId, spent: RunSpending, by_hand: bool) -> Option<Movement> {
        let before = self.spent_by(run);
        let spent = if by_hand { spent.or_more(&before) } else { spent };
        let is_new = self.holding.contains_key(&run) || spent != before;
        is_new.then_some(Movement::Settled { run, spent, by_hand })
    }

    /// Adds a movement.
    pub fn apply(&mut self, movement: &Movement) {
        match movement {
            Movement::Set { ceiling, absorbed_ceiling } => {
                self.limits = Some((*ceiling, *absorbed_ceiling));
            }
            Movement::Taken { run, ceiling, absorbed_ceiling, journal } => {
                let (ceiling, absorbed_ceiling) = (*ceiling, *absorbed_ceiling);
                let holding = Holding { ceiling, absorbed_ceiling, journal: journal.clone() };
                self.holding.insert(*run, holding);
            }
            Movement::Settled { run, spent, by_hand } => {
                self.holding.remove(run);
                self.spent.insert(*run, *spent);
                if *by_hand {
                    self.by_hand.insert(*run)
                } else {
                    self.by_hand.remove(run)
                };
            }
            Movement::Stopped { why } => self.stopped = Some(why.clone()),
            Movement::Started => self.stopped = None,
        }
    }
}

fn sum(amounts: impl Iterator<Item = Money>) -> Money {
    amounts.fold(Money::ZERO, Money::saturating_add)
}
