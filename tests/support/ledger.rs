//! The money and the effects of a run, counted once more from its journal, in another way than the host does.

use std::collections::BTreeMap;

use aos_host::budget::FailedSteps;
use aos_host::ids::StepId;
use aos_host::journal::{Cursor, Entry, Event, Intent, StepEnded};
use aos_host::outcome::{Cost, OutcomeCode, SideEffect, Spending, Status, StructuredOutcome};
use aos_host::units::Money;

/// Nano-dollars as they stand after each entry.
#[derive(Default)]
struct Ledger {
    held: u64,
    cost: Cost,
    /// What each attempt holds, and what of it is for its fuel.
    attempts: BTreeMap<Cursor, (u64, u64)>,
    /// What each open call holds.
    calls: BTreeMap<(Cursor, u32), Intent>,
    /// What each step has used, whatever became of it, and its ceiling.
    steps: BTreeMap<StepId, (u64, Option<u64>)>,
}

/// The ledger keeps all ceilings after every entry, holds nothing at the end, and is what the outcome says.
pub(crate) fn assert_adds_up(entries: &[Entry], outcome: &StructuredOutcome) {
    let Some(Event::RunStarted(run)) = entries.first().map(|entry| &entry.event) else {
        panic!("the journal has no beginning");
    };
    let mut ledger = Ledger::default();
    for entry in entries {
        if let Some(cursor) = &entry.cursor {
            ledger.apply(cursor, &entry.event);
        }
        let Cost { charged, absorbed, overrun, .. } = ledger.cost;
        if ledger.held == 0 || overrun > Money::ZERO {
            continue; // What a provider bills beyond what it could is not held back by any ceiling.
        }
        assert!(ledger.held + charged.nanos() <= run.ceiling.nanos(), "the ceiling is passed at {entry:?}");
        let to_lose = run.absorbed_ceiling.nanos();
        let charges = run.failed_steps == FailedSteps::Charge;
        assert!(charges || ledger.held + absorbed.nanos() <= to_lose, "too much is lost at {entry:?}");
        let over = ledger.steps.iter().find(|(_, (used, ceiling))| ceiling.is_some_and(|most| *used > most));
        assert!(over.is_none(), "a step passes its ceiling: {over:?} at {entry:?}");
    }
    assert_eq!(ledger.held, 0, "something is still held");
    assert_eq!(outcome.cost, ledger.cost);
    let spent = outcome.cost.charged.nanos() + outcome.cost.absorbed.nanos();
    assert_eq!(outcome.cost.spent.total().nanos(), spent, "every nano-dollar went somewhere");
    assert_eq!(outcome.cost_cents, outcome.cost.charged.cents_rounded_up());
    let steps: Vec<_> = outcome.steps.iter().map(|step| step.cost).collect();
    assert_sums(&steps, outcome.cost);
    for step in &outcome.steps {
        let attempts: Vec<_> = step.attempts.iter().map(|attempt| attempt.cost).collect();
        assert_sums(&attempts, step.cost);
    }
    let of_steps = |part: fn(&StructuredOutcome) -> u64| outcome.steps.iter().map(part).sum::<u64>();
    assert_eq!(of_steps(|step| step.fuel.units()), outcome.fuel.units());
    assert_eq!(of_steps(|step| step.observability.retries.into()), u64::from(outcome.observability.retries));
    let retries = entries.iter().filter(|entry| matches!(entry.event, Event::Retry(_))).count();
    assert_eq!(outcome.observability.retries as usize, retries);
}

/// The parts are the whole, but for the most that was held at one time.
fn assert_sums(parts: &[Cost], whole: Cost) {
    let sum = parts.iter().fold(Cost::default(), |sum, part| Cost {
        charged: sum.charged.saturating_add(part.charged),
        absorbed: sum.absorbed.saturating_add(part.absorbed),
        refunded: sum.refunded.saturating_add(part.refunded),
        overrun: sum.overrun.saturating_add(part.overrun),
        peak_held: whole.peak_held,
        spent: sum.spent.and(&part.spent),
    });
    assert_eq!(sum, whole);
    assert!(parts.iter().all(|part| part.peak_held <= whole.peak_held), "{parts:?} of {whole:?}");
}

impl Ledger {
    fn apply(&mut self, cursor: &Cursor, event: &Event) {
        match event {
            Event::StepStarted(event) => {
                let ceiling = event.ceiling.map(Money::nanos);
                self.steps.entry(cursor.step.clone()).or_insert((0, ceiling));
                self.attempts.entry(cursor.clone()).or_default().1 = event.held.nanos();
                self.hold(cursor, event.held);
            }
            Event::Intent(event) => {
                assert!(event.held == event.held_for.total(), "the parts of a hold are the whole");
                self.calls.insert((cursor.clone(), event.index), event.clone());
                self.hold(cursor, event.held);
            }
            Event::Result(event) => {
                let intent =
                    self.calls.remove(&(cursor.clone(), event.index)).expect("a result of an intent");
                let settled = event.spent.nanos() + event.refunded.nanos();
                assert_eq!(settled, intent.held.nanos(), "a call is settled in full");
                assert_eq!(event.spent_on.total(), event.spent, "the parts of what was spent are the whole");
                self.refund(cursor, event.refunded);
                self.cost.overrun = self.cost.overrun.saturating_add(event.overrun);
                self.cost.spent = self.cost.spent.and(&event.spent_on);
                self.steps.entry(cursor.step.clone()).or_default().0 += event.overrun.nanos();
            }
            Event::StepEnded(event) => self.end(cursor, event),
            _ => {}
        }
    }

    fn hold(&mut self, cursor: &Cursor, amount: Money) {
        self.attempts.entry(cursor.clone()).or_default().0 += amount.nanos();
        self.steps.entry(cursor.step.clone()).or_default().0 += amount.nanos();
        self.held += amount.nanos();
        self.cost.peak_held = self.cost.peak_held.max(Money::from_nanos(self.held).expect("an amount"));
    }

    fn refund(&mut self, cursor: &Cursor, amount: Money) {
        self.attempts.get_mut(cursor).expect("an attempt that holds").0 -= amount.nanos();
        self.steps.get_mut(&cursor.step).expect("a step that holds").0 -= amount.nanos();
        self.held -= amount.nanos();
        self.cost.refunded = self.cost.refunded.saturating_add(amount);
    }

    fn end(&mut self, cursor: &Cursor, event: &StepEnded) {
        if event.fuel_refunded != Money::ZERO {
            self.refund(cursor, event.fuel_refunded);
        }
        let (spent, fuel) = self.attempts.remove(cursor).unwrap_or_default();
        let (charged, absorbed) = (event.charged, event.absorbed);
        assert_eq!(
            charged.nanos() + absorbed.nanos(),
            spent,
            "an attempt is billed what it spent, or loses it"
        );
        if event.status == Status::Success {
            assert_eq!(absorbed, Money::ZERO, "a success loses nothing");
        }
        self.held -= spent;
        self.cost.charged = self.cost.charged.saturating_add(charged);
        self.cost.absorbed = self.cost.absorbed.saturating_add(absorbed);
        let fuel = Money::from_nanos(fuel - event.fuel_refunded.nanos()).expect("an amount");
        self.cost.spent = self.cost.spent.and(&Spending { fuel, ..Spending::default() });
        let cut_off: Vec<_> = self.calls.extract_if(.., |(of, _), _| of == cursor).collect();
        for (_, intent) in cut_off {
            self.cost.spent = self.cost.spent.and(&intent.held_for);
        }
    }
}

/// Every call and every line of text of a journal, in the order in which they ended.
pub(crate) fn side_effects(entries: &[Entry]) -> Vec<SideEffect> {
    let mut open: BTreeMap<(&Cursor, u32), &Intent> = BTreeMap::new();
    let mut effects = Vec::new();
    for entry in entries {
        let Some(cursor) = &entry.cursor else { continue };
        match &entry.event {
            Event::Intent(intent) => {
                open.insert((cursor, intent.index), intent);
            }
            Event::Result(result) => {
                let intent = open.remove(&(cursor, result.index)).expect("a result of an intent");
                let effect = effect(cursor, intent, result.code, result.spent);
                effects.push(SideEffect { status: result.status, ..effect });
            }
            Event::Emitted(emitted) => effects.push(SideEffect {
                step: cursor.step.clone(),
                item: cursor.item,
                attempt: cursor.attempt,
                index: emitted.index,
                call: emitted.call.clone(),
                target: emitted.target.clone(),
                status: None,
                code: OutcomeCode::Ok,
                charge: Money::ZERO,
                clamped_to: None,
            }),
            Event::StepEnded(ended) => {
                let cut_off: Vec<_> = open.keys().filter(|(of, _)| *of == cursor).copied().collect();
                let cut_off = cut_off.into_iter().filter_map(|key| open.remove(&key));
                effects.extend(cut_off.map(|intent| effect(cursor, intent, ended.code, intent.held)));
            }
            _ => {}
        }
    }
    assert!(open.is_empty(), "a call outlived its attempt: {open:?}");
    effects
}

fn effect(cursor: &Cursor, intent: &Intent, code: OutcomeCode, charge: Money) -> SideEffect {
    SideEffect {
        step: cursor.step.clone(),
        item: cursor.item,
        attempt: cursor.attempt,
        index: intent.index,
        call: intent.call.clone(),
        target: intent.target.clone(),
        status: None,
        code,
        charge,
        clamped_to: intent.clamped_to,
    }
}
