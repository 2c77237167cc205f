//! A ledger in the plainest words: a list of everything that was ever held, with what became of it, and sums over the
//! whole list. It shares no code with the one that it is compared with.

/// What became of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Reserved,
    InFlight,
    Refunded,
    Billed(u128),
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    None,
    Succeeded,
    Failed,
}

#[derive(Debug, Clone, Copy)]
struct Hold {
    attempt: usize,
    amount: u128,
    fate: Fate,
}

/// The ledger, the steps by their ceilings, and the attempts by their steps.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) ceiling: u128,
    /// None where failures are charged.
    pub(crate) absorbed_ceiling: Option<u128>,
    pub(crate) stopped: bool,
    steps: Vec<Option<u128>>,
    attempts: Vec<(usize, Verdict)>,
    holds: Vec<Hold>,
    peak_held: u128,
}

/// The sums over all holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) held: u128,
    pub(crate) charged: u128,
    pub(crate) absorbed: u128,
    pub(crate) refunded: u128,
    pub(crate) overrun: u128,
    pub(crate) peak_held: u128,
}

/// Why something is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: &'static str,
    pub(crate) wanted: u128,
    pub(crate) available: u128,
    pub(crate) ceiling: u128,
    pub(crate) fits_later: bool,
}

impl Hold {
    /// What is spent of it, and what was billed beyond it.
    fn spent(&self) -> (u128, u128) {
        match self.fate {
            Fate::Billed(bill) if bill > self.amount => (self.amount, bill - self.amount),
            Fate::Billed(bill) => (bill, 0),
            Fate::Reserved | Fate::InFlight | Fate::Refunded => (0, 0),
        }
    }

    const fn is_open(&self) -> bool {
        matches!(self.fate, Fate::Reserved | Fate::InFlight)
    }
}

impl Model {
    pub(crate) const fn new(ceiling: u128, absorbed_ceiling: Option<u128>) -> Self {
        Self {
            ceiling,
            absorbed_ceiling,
            stopped: false,
            steps: Vec::new(),
            attempts: Vec::new(),
            holds: Vec::new(),
            peak_held: 0,
        }
    }

    pub(crate) fn open_step(&mut self, ceiling: Option<u128>) -> usize {
        self.steps.push(ceiling);
        self.steps.len() - 1
    }

    pub(crate) fn open_attempt(&mut self, step: usize) -> usize {
        self.attempts.push((step, Verdict::None));
        self.attempts.len() - 1
    }

    /// Holds an amount, whose place in the list it returns.
    pub(crate) fn reserve(&mut self, attempt: usize, amount: u128) -> Result<usize, Refused> {
        let fits_later = amount <= self.most(attempt);
        self.refusal(attempt, amount, fits_later).map_or(Ok(()), Err)?;
        self.holds.push(Hold { attempt, amount, fate: Fate::Reserved });
        self.peak_held = self.peak_held.max(self.sums().held);
        Ok(self.holds.len() - 1)
    }

    pub(crate) fn send(&mut self, hold: usize) {
        assert_eq!(self.holds[hold].fate, Fate::Reserved);
        self.holds[hold].fate = Fate::InFlight;
    }

    /// Ends a hold; returns what is spent, refunded, and billed beyond it.
    pub(crate) fn end(&mut self, hold: usize, fate: Fate) -> (u128, u128, u128) {
        let hold = &mut self.holds[hold];
        let from = if fate == Fate::Refunded { Fate::Reserved } else { Fate::InFlight };
        assert_eq!(hold.fate, from);
        hold.fate = fate;
        let (spent, overrun) = hold.spent();
        (spent, hold.amount - spent, overrun)
    }

    /// Ends an attempt; returns what it has spent so far.
    pub(crate) fn close(&mut self, attempt: usize, verdict: Verdict) -> u128 {
        assert_eq!(self.attempts[attempt].1, Verdict::None);
        self.attempts[attempt].1 = verdict;
        self.spent_by(attempt)
    }

    pub(crate) fn sums(&self) -> Sums {
        let mut sums = Sums { peak_held: self.peak_held, ..Sums::default() };
        for hold in &self.holds {
            let (spent, overrun) = hold.spent();
            if hold.is_open() {
                sums.held += hold.amount;
                continue;
            }
            sums.refunded += hold.amount - spent;
            sums.overrun += overrun;
            *match (self.attempts[hold.attempt].1, self.absorbed_ceiling) {
                (Verdict::None, _) => &mut sums.held,
                (Verdict::Succeeded, _) | (Verdict::Failed, None) => &mut sums.charged,
                (Verdict::Failed, Some(_)) => &mut sums.absorbed,
            } += spent;
        }
        sums
    }

    pub(crate) fn spent_by(&self, attempt: usize) -> u128 {
        self.holds.iter().filter(|hold| hold.attempt == attempt).map(|hold| hold.spent().0).sum()
    }

    /// What a step uses: what is held for it, what it has spent, and what was billed beyond.
    pub(crate) fn used_by(&self, step: usize) -> u128 {
        let of_step = self.holds.iter().filter(|hold| self.attempts[hold.attempt].0 == step);
        of_step.map(|hold| if hold.is_open() { hold.amount } else { hold.spent().0 + hold.spent().1 }).sum()
    }

    /// Every ceiling over an attempt, in the order in which they are looked at, and what is taken under it.
    fn limits(&self, attempt: usize) -> [(&'static str, u128, Option<u128>); 5] {
        let Sums { held, charged, absorbed, overrun, .. } = self.sums();
        let step = self.attempts[attempt].0;
        [
            ("BUDGET_EXCEEDED", held + charged, Some(self.ceiling)),
            ("ABSORBED_CEILING_EXCEEDED", held + absorbed, self.absorbed_ceiling),
            ("COST_OVERRUN", held + charged + overrun, Some(self.ceiling)),
            ("COST_OVERRUN", held + absorbed + overrun, self.absorbed_ceiling),
            ("STEP_CEILING_EXCEEDED", self.used_by(step), self.steps[step]),
        ]
    }

    /// What still fits, under the run's ceilings and under the step's.
    pub(crate) fn left(&self, attempt: usize) -> (u128, u128) {
        let left =
            self.limits(attempt).map(|(_, taken, ceiling)| ceiling.map(|most| most.saturating_sub(taken)));
        let [run @ .., step] = left;
        (run.into_iter().flatten().min().unwrap(), step.unwrap_or(u128::MAX))
    }

    pub(crate) fn available(&self, attempt: usize) -> u128 {
        let (run, step) = self.left(attempt);
        run.min(step)
    }

    /// What would fit if nothing had been spent yet.
    pub(crate) fn most(&self, attempt: usize) -> u128 {
        self.limits(attempt).into_iter().filter_map(|(_, _, ceiling)| ceiling).min().unwrap()
    }

    /// Why an amount is refused, if it is. What costs nothing is not, unless everything is stopped.
    pub(crate) fn refusal(&self, attempt: usize, wanted: u128, fits_later: bool) -> Option<Refused> {
        if self.stopped {
            let (code, ceiling) = ("BUDGET_STOPPED", self.ceiling);
            return Some(Refused { code, wanted, available: 0, ceiling, fits_later: true });
        }
        self.limits(attempt).into_iter().find_map(|(code, taken, ceiling)| {
            let ceiling = ceiling.filter(|ceiling| wanted > 0 && taken + wanted > *ceiling)?;
            Some(Refused { code, wanted, available: ceiling.saturating_sub(taken), ceiling, fits_later })
        })
    }

    /// The attempts that have not ended, and the holds that are in this state.
    pub(crate) fn open_attempts(&self) -> Vec<usize> {
        (0..self.attempts.len()).filter(|attempt| self.attempts[*attempt].1 == Verdict::None).collect()
    }

    pub(crate) fn holds_that_are(&self, fate: Fate) -> Vec<usize> {
        (0..self.holds.len()).filter(|hold| self.holds[*hold].fate == fate).collect()
    }

    pub(crate) fn attempt_of(&self, hold: usize) -> usize {
        self.holds[hold].attempt
    }

    pub(crate) fn amount_of(&self, hold: usize) -> u128 {
        self.holds[hold].amount
    }

    pub(crate) fn steps(&self) -> &[Option<u128>] {
        &self.steps
    }

    pub(crate) fn step_of(&self, attempt: usize) -> usize {
        self.attempts[attempt].0
    }
}
