//! The lines of named budgets; they get a chain that fits.

use aos_core::agent_budget::{Ledger, Movement, Wish};
use aos_core::failure::Failure;
use aos_core::ids::RunId;
use aos_core::units::{Money, Timestamp};

pub(super) fn read(data: &[u8]) {
    let bytes = super::journal::sealed(data);
    let mut ledger = match Ledger::read(&bytes) {
        Ok(ledger) => ledger,
        Err(invalid) => return super::assert_sound(&Failure::from(invalid)),
    };
    assert_eq!(ledger.len_bytes(), bytes.len());
    assert_written_again(&ledger);
    let (may_charge, _) = ledger.account().available();
    let wish = Wish { ceiling: may_charge, absorbed_ceiling: Money::ZERO, or_less: false, journal: None };
    let run = RunId::new(u64::MAX, [0xff; 10]);
    match ledger.account().take(run, wish) {
        Ok(taking) => {
            assert_eq!(taking.ceiling, may_charge);
            let Some(movement) = taking.movement else { return };
            let line = ledger.write(Timestamp::EPOCH, movement).expect("there is room");
            let again = Ledger::read(&[bytes, line].concat()).expect("what was written is read");
            assert_eq!(again.account(), ledger.account());
            assert!(again.account().balance().held >= may_charge);
        }
        Err(failure) => super::assert_sound(&failure),
    }
}

/// The same movements, written anew, add up to the same.
fn assert_written_again(ledger: &Ledger) {
    let (mut again, mut bytes) = (Ledger::default(), Vec::new());
    for moved in ledger.history() {
        let movement: Movement = moved.movement.clone();
        bytes.extend(again.write(moved.at, movement).expect("there is room"));
    }
    let read = Ledger::read(&bytes).expect("what was written is read");
    assert_eq!((read.account(), read.history()), (ledger.account(), ledger.history()));
}
