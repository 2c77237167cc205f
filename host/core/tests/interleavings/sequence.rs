//! The acts of all threads one after the other, on the model.

use super::model::{Fate, Model, Refused, Verdict};
use super::scene::{Act, Came, Outcome, Scene};

/// How far each thread has come, in one order.
#[derive(Clone)]
pub(crate) struct Sequence<'a> {
    scene: &'a Scene,
    model: Model,
    attempts: [Option<usize>; 3],
    holds: [Vec<Option<usize>>; 3],
    came: [Vec<Came>; 3],
}

impl<'a> Sequence<'a> {
    pub(crate) fn new(scene: &'a Scene) -> Self {
        let mut model = Model::new(scene.ceiling.into(), scene.absorbed.map(u128::from));
        let step = model.open_step(scene.of_step.map(u128::from));
        let attempts: Vec<_> = (0..scene.attempts).map(|_| model.open_attempt(step)).collect();
        let hold =
            |(attempt, amount): &(usize, u64)| model.reserve(attempts[*attempt], (*amount).into()).ok();
        let holds: Vec<_> = scene.holds.iter().map(hold).collect();
        let threads = scene.threads.each_ref();
        Self {
            scene,
            model,
            attempts: threads.map(|script| script.attempt),
            holds: threads.map(|script| script.holds.iter().map(|hold| holds[*hold]).collect()),
            came: Default::default(),
        }
    }

    /// With the next act of a thread, if there is one.
    pub(crate) fn then(&self, thread: usize) -> Option<Self> {
        let act = self.scene.threads[thread].acts.get(self.came[thread].len())?;
        let mut next = self.clone();
        let came = next.act(thread, *act);
        next.came[thread].push(came);
        Some(next)
    }

    pub(crate) fn outcome(self) -> Outcome {
        let sums = self.look();
        (self.came, sums)
    }

    fn look(&self) -> [u128; 6] {
        let sums = self.model.sums();
        [sums.held, sums.charged, sums.absorbed, sums.refunded, sums.overrun, sums.peak_held]
    }

    fn act(&mut self, thread: usize, act: Act) -> Came {
        match act {
            Act::Open => {
                self.attempts[thread] = Some(self.model.open_attempt(0));
                Came::Done
            }
            Act::Reserve(amount) => {
                let reserved = self.model.reserve(self.attempts[thread].unwrap(), amount.into());
                self.holds[thread].push(reserved.ok());
                reserved.map_or_else(refused, |_| Came::Done)
            }
            Act::Refund(hold) | Act::Settle(hold, _) | Act::Lose(hold) => {
                self.holds[thread][hold].take().map_or(Came::Nothing, |hold| self.end(hold, act))
            }
            Act::Close(verdict) => {
                let meant = if verdict == Verdict::Succeeded { verdict } else { Verdict::Failed };
                let spent = self.model.close(self.attempts[thread].take().unwrap(), meant);
                if verdict == Verdict::None { Came::Done } else { Came::Closed(spent) }
            }
            Act::Look => Came::Seen(self.look()),
        }
    }

    fn end(&mut self, hold: usize, act: Act) -> Came {
        let fate = match act {
            Act::Settle(_, bill) => Fate::Billed(bill.into()),
            Act::Lose(_) => Fate::Billed(self.model.amount_of(hold)),
            _ => Fate::Refunded,
        };
        if fate != Fate::Refunded {
            self.model.send(hold);
        }
        let (spent, refunded, overrun) = self.model.end(hold, fate);
        if matches!(act, Act::Settle(..)) { Came::Settled([spent, refunded, overrun]) } else { Came::Done }
    }
}

fn refused(refused: Refused) -> Came {
    let Refused { code, available, fits_later, .. } = refused;
    Came::Refused { code, available, fits_later }
}
