//! The money and the effects of a run, counted once more from its journal, in another way than the host does.

use std::collections::BTreeMap;

use aos_host::journal::{Cursor, Entry, Event, Intent, StepEnded};
use aos_host::outcome::{Cost, OutcomeCode, SideEffect, Status, StructuredOutcome};
use aos_host::units::Money;

/// Nano-dollars as they stand after each entry.
#[derive(Default)]
struct Ledger {
    held: u64,
    peak_held: u64,
    charged: u64,
    absorbed: u64,
    refunded: u64,
    /// What each attempt holds.
    attempts: BTreeMap<Cursor, u64>,
    /// What each open call holds.
    calls: BTreeMap<(Cursor, u32), u64>,
}

/// The ledger keeps both ceilings after every entry, holds nothing at the end, and is what the outcome says.
pub(crate) fn assert_adds_up(entries: &[Entry], outcome: &StructuredOutcome) {
    let Some(Event::RunStarted(run)) = entries.first().map(|entry| &entry.event) else {
        panic!("the journal has no beginning");
    };
    let mut ledger = Ledger::default();
    for entry in entries {
        if let Some(cursor) = &entry.cursor {
            ledger.apply(cursor, &entry.event);
        }
        assert!(ledger.held + ledger.charged <= run.ceiling.nanos(), "the ceiling is passed at {entry:?}");
        assert!(
            ledger.held + ledger.absorbed <= run.absorbed_ceiling.nanos(),
            "too much is lost at {entry:?}"
        );
    }
    assert_eq!(ledger.held, 0, "something is still held");
    assert_eq!(outcome.cost, ledger.cost());
    assert_eq!(outcome.cost_cents, outcome.cost.charged.cents_rounded_up());
    let of_steps = |part: fn(&StructuredOutcome) -> u64| outcome.steps.iter().map(part).sum::<u64>();
    assert_eq!(of_steps(|step| step.cost.charged.nanos()), outcome.cost.charged.nanos());
    assert_eq!(of_steps(|step| step.cost.absorbed.nanos()), outcome.cost.absorbed.nanos());
    assert_eq!(of_steps(|step| step.cost.refunded.nanos()), outcome.cost.refunded.nanos());
    assert_eq!(of_steps(|step| step.fuel.units()), outcome.fuel.units());
    assert_eq!(of_steps(|step| step.observability.retries.into()), u64::from(outcome.observability.retries));
    let retries = entries.iter().filter(|entry| matches!(entry.event, Event::Retry(_))).count();
    assert_eq!(outcome.observability.retries as usize, retries);
}

impl Ledger {
    fn apply(&mut self, cursor: &Cursor, event: &Event) {
        match event {
            Event::StepStarted(event) => self.hold(cursor, event.held),
            Event::Intent(event) => {
                self.calls.insert((cursor.clone(), event.index), event.held.nanos());
                self.hold(cursor, event.held);
            }
            Event::Result(event) => {
                let held = self.calls.remove(&(cursor.clone(), event.index)).expect("a result of an intent");
                assert_eq!(event.spent.nanos() + event.refunded.nanos(), held, "a call is settled in full");
                self.refund(cursor, event.refunded);
            }
            Event::StepEnded(event) => self.end(cursor, event),
            _ => {}
        }
    }

    fn hold(&mut self, cursor: &Cursor, amount: Money) {
        *self.attempts.entry(cursor.clone()).or_default() += amount.nanos();
        self.held += amount.nanos();
        self.peak_held = self.peak_held.max(self.held);
    }

    fn refund(&mut self, cursor: &Cursor, amount: Money) {
        *self.attempts.get_mut(cursor).expect("an attempt that holds") -= amount.nanos();
        self.held -= amount.nanos();
        self.refunded += amount.nanos();
    }

    fn end(&mut self, cursor: &Cursor, event: &StepEnded) {
        if event.fuel_refunded != Money::ZERO {
            self.refund(cursor, event.fuel_refunded);
        }
        let spent = self.attempts.remove(cursor).unwrap_or_default();
        let (charged, absorbed) = (event.charged.nanos(), event.absorbed.nanos());
        assert_eq!(charged + absorbed, spent, "an attempt is billed what it spent, or loses it");
        match event.status {
            Status::Success => assert_eq!(absorbed, 0, "a success loses nothing"),
            _ => assert_eq!(charged, 0, "a failure is not billed"),
        }
        self.held -= spent;
        self.charged += charged;
        self.absorbed += absorbed;
        self.calls.retain(|(of, _), _| of != cursor);
    }

    fn cost(&self) -> Cost {
        let money = |nanos| Money::from_nanos(nanos).expect("an amount");
        Cost {
            charged: money(self.charged),
            absorbed: money(self.absorbed),
            refunded: money(self.refunded),
            peak_held: money(self.peak_held),
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
    }
}
