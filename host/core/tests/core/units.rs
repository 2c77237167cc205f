//! Quantities neither wrap nor lose a unit.

use std::time::Duration;

use aos_core::ids::{Digest, RunId, Seed, StepId};
use aos_core::units::{Fuel, MAX_EXACT_INTEGER, Money, Timestamp};
use proptest::prelude::*;

#[test]
fn money_is_refused_one_past_its_end() {
    assert_eq!(Money::from_nanos(MAX_EXACT_INTEGER), Ok(Money::MAX));
    assert!(Money::from_nanos(MAX_EXACT_INTEGER + 1).is_err());
    assert!(Money::from_cents(900_719_925).is_ok());
    assert!(Money::from_cents(900_719_926).is_err());
    assert!(Money::from_cents(u64::MAX).is_err());
    assert_eq!(Money::MAX.checked_add(Money::from_nanos(1).unwrap()), None);
    assert_eq!(Money::ZERO.checked_sub(Money::from_nanos(1).unwrap()), None);
}

#[test]
fn a_price_is_rounded_up_once() {
    assert_eq!(Money::of_units(1, 1).unwrap().nanos(), 1);
    assert_eq!(Money::of_units(1_000_000, 500).unwrap().nanos(), 500);
    assert_eq!(Money::of_units(1_000_001, 500).unwrap().nanos(), 501);
    assert_eq!(Money::of_units(0, u64::MAX).unwrap(), Money::ZERO);
    assert!(Money::of_units(u64::MAX, u64::MAX).is_err());
}

#[test]
fn cents_are_rounded_up_and_dollars_show_nine_digits() {
    let money = Money::from_nanos(10_000_001).unwrap();
    assert_eq!(money.cents_rounded_up(), 2);
    assert_eq!(money.to_string(), "$0.010000001");
    assert_eq!(Money::MAX.to_string(), "$9007199.254740991");
}

#[test]
fn an_instant_is_written_with_nine_digits_and_reads_back() {
    let instant = Timestamp::from_unix(Duration::new(1_764_547_200, 5));
    assert_eq!(instant.to_string(), "2025-12-01T00:00:00.000000005Z");
    assert_eq!("2025-12-01T00:00:00.000000005Z".parse::<Timestamp>().unwrap(), instant);
    assert_eq!(instant.since(instant.plus(Duration::from_secs(1))), Duration::ZERO);
}

#[test]
fn an_instant_is_read_only_as_it_is_written() {
    let read = |text: &str| serde_json::from_value::<Timestamp>(text.into());
    let last = Timestamp::from_unix(Duration::MAX);
    assert_eq!(last.to_string(), "2554-07-21T23:34:33.709551615Z");
    for good in [last, Timestamp::EPOCH, Timestamp::from_unix(Duration::new(1_764_547_200, 5))] {
        assert_eq!(read(&good.to_string()).unwrap(), good);
    }
    for bad in [
        "",
        "2025-12-01T00:00:00Z",
        "2025-12-01T00:00:00.00000000Z",
        "2025-12-01T00:00:00.0000000000Z",
        "2025-12-01t00:00:00.000000000z",
        "2025-12-01 00:00:00.000000000Z",
        "2025-12-01T00:00:00.000000000+00:00",
        "2025-12-01T01:00:00.000000000+01",
        "2025-12-01T00:00:60.000000000Z",
        "2025-12-01T24:00:00.000000000Z",
        "2025-02-29T00:00:00.000000000Z",
        "1969-12-31T23:59:59.999999999Z",
        "2554-07-21T23:34:33.709551616Z",
        "9999-12-30T00:00:00.000000000Z",
        "-00001-01-01T00:00:00.000000000Z",
        "+2025-12-01T00:00:00.000000000Z",
        "２025-12-01T00:00:00.000000000Z",
    ] {
        assert!(read(bad).is_err(), "{bad:?}");
    }
    for bad in ["1969-12-31T23:59:59Z", "2555-01-01T00:00:00Z", "-000001-01-01T00:00:00Z"] {
        assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
    }
}

#[test]
fn names_follow_their_rule() {
    for good in ["a", "0", "http_call", "a.b-c_d", &"x".repeat(64)] {
        assert!(StepId::new(good).is_ok(), "{good:?}");
    }
    for bad in ["", "_a", "A", "../x", "a b", "a\0", "ä", "CON", &"x".repeat(65), "a/b"] {
        assert!(StepId::new(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn digests_read_back_and_refuse_other_spellings() {
    let digest = Digest::of(b"abc");
    let text = digest.to_string();
    assert_eq!(text.parse::<Digest>().unwrap(), digest);
    assert!(text.to_uppercase().parse::<Digest>().is_err());
    assert!(text.trim_start_matches(&text[..1]).parse::<Digest>().is_err());
}

#[test]
fn run_ids_sort_by_time_and_are_uuids_of_version_7() {
    let (early, late) = (RunId::new(1_000, [0xff; 10]), RunId::new(1_001, [0; 10]));
    assert!(early.to_string() < late.to_string());
    assert_eq!(&late.to_string()[12..13], "7");
    assert!("89ab".contains(&late.to_string()[16..17]));
}

#[test]
fn one_seed_gives_other_bytes_for_other_purposes() {
    let seed = Seed::from_bytes([7; 32]);
    assert_eq!(seed.derive("a"), seed.derive("a"));
    assert_ne!(seed.derive("a"), seed.derive("b"));
}

proptest! {
    #[test]
    fn money_and_fuel_read_back_from_json(nanos in 0..=MAX_EXACT_INTEGER) {
        let money = Money::from_nanos(nanos).unwrap();
        let text = serde_json::to_string(&money).unwrap();
        prop_assert_eq!(serde_json::from_str::<Money>(&text).unwrap(), money);
        let fuel = Fuel::new(nanos).unwrap();
        prop_assert_eq!(serde_json::from_str::<Fuel>(&text).unwrap(), fuel);
    }

    #[test]
    fn instants_read_back(seconds in 0..4_000_000_000_u64, nanos in 0..1_000_000_000_u32) {
        let instant = Timestamp::from_unix(Duration::new(seconds, nanos));
        prop_assert_eq!(instant.to_string().parse::<Timestamp>().unwrap(), instant);
        prop_assert_eq!(instant.since_epoch(), Duration::new(seconds, nanos));
    }
}
