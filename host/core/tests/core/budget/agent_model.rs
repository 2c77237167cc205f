//! A named budget in the plainest words: what was said of it, and of each run what it holds and has spent.

/// A ceiling, and one for what failed attempts lose.
pub(crate) type Pair = (u128, u128);

/// Charged, absorbed, overrun.
pub(crate) type Spent = (u128, u128, u128);

/// A run that was ever seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) holds: Option<Pair>,
    pub(crate) spent: Spent,
}

/// The budget.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct AgentModel {
    pub(crate) limits: Option<Pair>,
    pub(crate) runs: Vec<Run>,
    pub(crate) stopped: Option<String>,
}

/// Why a run gets nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    Stopped,
    /// What it wants beyond what it spent, and what there is.
    Exceeded(u128, u128),
}

impl AgentModel {
    pub(crate) fn of_runs(runs: usize) -> Self {
        Self { runs: vec![Run::default(); runs], ..Self::default() }
    }

    /// What all runs hold, of either ceiling.
    pub(crate) fn held(&self) -> Pair {
        let holds = || self.runs.iter().filter_map(|run| run.holds);
        (holds().map(|pair| pair.0).sum(), holds().map(|pair| pair.1).sum())
    }

    pub(crate) fn spent(&self) -> Spent {
        let sum = |part: fn(&Spent) -> u128| self.runs.iter().map(|run| part(&run.spent)).sum();
        (sum(|spent| spent.0), sum(|spent| spent.1), sum(|spent| spent.2))
    }

    /// What is taken of either ceiling: held, spent, or billed beyond.
    pub(crate) fn taken(&self) -> Pair {
        let (held, (charged, absorbed, overrun)) = (self.held(), self.spent());
        (held.0 + charged + overrun, held.1 + absorbed + overrun)
    }

    pub(crate) fn available(&self) -> Pair {
        let (limits, taken) = (self.limits.unwrap_or_default(), self.taken());
        (limits.0.saturating_sub(taken.0), limits.1.saturating_sub(taken.1))
    }

    /// What a run may spend over its whole life, and whether it took something for that. What it has spent, and what was
    /// billed beyond it, it needs no more; what it holds it has.
    pub(crate) fn take(&mut self, run: usize, wish: Pair, or_less: bool) -> Result<(Pair, bool), Refused> {
        if self.stopped.is_some() {
            return Err(Refused::Stopped);
        }
        let Run { holds, spent: (charged, absorbed, overrun) } = self.runs[run];
        let left = holds.unwrap_or_else(|| self.available());
        let fit = |wanted: u128, used: u128, left: u128| {
            let more = wanted.saturating_sub(used);
            if more > left && (left == 0 || !or_less) {
                return Err(Refused::Exceeded(more, left));
            }
            Ok((more.min(left), wanted.min(used + more.min(left))))
        };
        let (ceiling, in_all) = fit(wish.0, charged + overrun, left.0)?;
        let (to_lose, to_lose_in_all) = fit(wish.1, absorbed + overrun, left.1)?;
        if holds.is_none() {
            self.runs[run].holds = Some((ceiling, to_lose));
        }
        Ok(((in_all, to_lose_in_all), holds.is_none()))
    }

    /// A run has spent this much in all. Whoever settles it by hand finds no less than what is known. Whether that is
    /// news.
    pub(crate) fn settle(&mut self, run: usize, spent: Spent, by_hand: bool) -> bool {
        let before = self.runs[run];
        let known = before.spent;
        let more = (spent.0.max(known.0), spent.1.max(known.1), spent.2.max(known.2));
        self.runs[run] = Run { holds: None, spent: if by_hand { more } else { spent } };
        self.runs[run] != before
    }
}
