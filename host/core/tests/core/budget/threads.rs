//! Many threads on one ledger.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};

use aos_core::budget::{AttemptAccount, Reservation};
use aos_core::failure::ErrorCode;
use aos_core::units::Money;

use super::{nanos, open, tracker};

const THREADS: usize = 64;
const UNITS: usize = 1_000;

/// Of each thread; a million in all.
const TRIES: usize = 15_625;

/// Between one unit that is given back and the next one: so the last one comes before the last tries.
const TRIES_A_UNIT: usize = THREADS * TRIES / UNITS;

/// All units are held at first, and given back one at a time, so that all threads race for each of them.
struct Race {
    held: Mutex<Vec<Reservation>>,
    begin: Barrier,
    tries: AtomicUsize,
    taken: AtomicU64,
}

impl Race {
    fn run(&self, attempt: &AttemptAccount) {
        self.begin.wait();
        for _ in 0..TRIES {
            if self.tries.fetch_add(1, Ordering::Relaxed).is_multiple_of(TRIES_A_UNIT) {
                let unit = self.held.lock().unwrap().pop();
                unit.unwrap().refund();
            }
            match attempt.reserve(nanos(1)) {
                Ok(reservation) => {
                    assert_eq!(reservation.sent().settle(nanos(1)).spent, nanos(1));
                    self.taken.fetch_add(1, Ordering::Relaxed);
                }
                Err(refusal) => {
                    let expected = (ErrorCode::BudgetExceeded, Money::ZERO, true);
                    assert_eq!((refusal.code, refusal.available, refusal.fits_later), expected);
                }
            }
        }
    }
}

#[test]
fn sixty_four_threads_take_each_unit_once() {
    let all = nanos(UNITS as u64);
    let tracker = tracker(all.nanos());
    let before = open(&tracker);
    let race = Race {
        held: Mutex::new((0..UNITS).map(|_| before.reserve(nanos(1)).unwrap()).collect()),
        begin: Barrier::new(THREADS),
        tries: AtomicUsize::new(0),
        taken: AtomicU64::new(0),
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let attempt = open(&tracker);
                race.run(&attempt);
                attempt.succeed();
            });
        }
    });
    let balance = tracker.balance();
    assert_eq!(race.taken.into_inner(), all.nanos());
    assert_eq!((balance.charged, balance.held, balance.peak_held), (all, Money::ZERO, all));
    assert_eq!((balance.refunded, balance.absorbed, balance.overrun), (all, Money::ZERO, Money::ZERO));
}
