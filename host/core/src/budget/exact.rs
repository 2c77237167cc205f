//! Numbers of a price list, no larger than a digest of it can tell from the next one (RFC 7493, section 2.2).

use serde::Deserialize as _;
use serde::de::{Deserializer, Error};

use crate::units::MAX_EXACT_INTEGER;

pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    check(u64::deserialize(deserializer)?)
}

pub(super) fn number_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Option::<u64>::deserialize(deserializer)?.map(check).transpose()
}

fn check<E: Error>(number: u64) -> Result<u64, E> {
    if number > MAX_EXACT_INTEGER {
        return Err(E::custom(format_args!("{number} is more than {MAX_EXACT_INTEGER}")));
    }
    Ok(number)
}
