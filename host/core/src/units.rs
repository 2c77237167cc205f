//! Quantities with their units in the type: fuel, money, instants. Arithmetic is checked, and no value passes
//! 2^53 - 1, so that every one is exact in JSON (RFC 7493).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest integer that JSON readers agree on (RFC 7493, section 2.2).
pub const MAX_EXACT_INTEGER: u64 = (1 << 53) - 1;

/// Nano-dollars in one cent.
const NANOS_PER_CENT: u64 = 10_000_000;

/// A number is past what its unit can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{value} {unit} is more than {most}")]
pub struct OutOfRange {
    /// The number that did not fit.
    pub value: u128,
    /// The unit it was meant to have.
    pub unit: &'static str,
    /// The most of that unit.
    pub most: u64,
}

/// Money in nano-dollars (10^-9 US dollar), 0 to 2^53 - 1: about nine million dollars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Money(u64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The most that can be said.
    pub const MAX: Self = Self(MAX_EXACT_INTEGER);

    /// # Errors
    ///
    /// [`OutOfRange`] above 2^53 - 1.
    pub const fn from_nanos(nanos: u64) -> Result<Self, OutOfRange> {
        match exact(nanos, "nano-dollars") {
            Ok(nanos) => Ok(Self(nanos)),
            Err(error) => Err(error),
        }
    }

    /// # Errors
    ///
    /// [`OutOfRange`] above 900,719,925 cents.
    pub fn from_cents(cents: u64) -> Result<Self, OutOfRange> {
        let nanos = u128::from(cents) * u128::from(NANOS_PER_CENT);
        u64::try_from(nanos).ok().and_then(|nanos| Self::from_nanos(nanos).ok()).ok_or(OutOfRange {
            value: u128::from(cents),
            unit: "cents",
            most: MAX_EXACT_INTEGER / NANOS_PER_CENT,
        })
    }

    /// The price of `count` units at `per_million` nano-dollars a million, rounded up once.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] when the product is past [`Money::MAX`].
    pub fn of_units(count: u64, per_million: u64) -> Result<Self, OutOfRange> {
        let nanos = (u128::from(count) * u128::from(per_million)).div_ceil(1_000_000);
        u64::try_from(nanos).ok().and_then(|nanos| Self::from_nanos(nanos).ok()).ok_or(OutOfRange {
            value: nanos,
            unit: "nano-dollars",
            most: MAX_EXACT_INTEGER,
        })
    }

    /// Nano-dollars.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// Whole cents, rounded up.
    #[must_use]
    pub const fn cents_rounded_up(self) -> u64 {
        self.0.div_ceil(NANOS_PER_CENT)
    }

    /// The sum, or `None` past [`Money::MAX`].
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).filter(|sum| *sum <= MAX_EXACT_INTEGER).map(Self)
    }

    /// The difference, or `None` below zero.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The sum, at most [`Money::MAX`]: for reports, never for decisions.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0).min(MAX_EXACT_INTEGER))
    }

    /// The difference, at least zero: for reports, never for decisions.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Money {
    /// Dollars with all nine digits, as in `$0.000500000`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${}.{:09}", self.0 / 1_000_000_000, self.0 % 1_000_000_000)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_nanos(u64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Units of computing that a component uses, 0 to 2^53 - 1; one is about one WebAssembly instruction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Fuel(u64);

impl Fuel {
    /// None.
    pub const ZERO: Self = Self(0);
    /// The most that can be said.
    pub const MAX: Self = Self(MAX_EXACT_INTEGER);

    /// # Errors
    ///
    /// [`OutOfRange`] above 2^53 - 1.
    pub const fn new(units: u64) -> Result<Self, OutOfRange> {
        match exact(units, "units of fuel") {
            Ok(units) => Ok(Self(units)),
            Err(error) => Err(error),
        }
    }

    /// At most [`Fuel::MAX`].
    #[must_use]
    pub fn saturating(units: u64) -> Self {
        Self(units.min(MAX_EXACT_INTEGER))
    }

    /// Units.
    #[must_use]
    pub const fn units(self) -> u64 {
        self.0
    }

    /// What is left after `used`, at least zero.
    #[must_use]
    pub const fn saturating_sub(self, used: Self) -> Self {
        Self(self.0.saturating_sub(used.0))
    }

    /// The sum, at most [`Fuel::MAX`].
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self::saturating(self.0.saturating_add(other.0))
    }
}

impl<'de> Deserialize<'de> for Fuel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// An instant in UTC, written by RFC 3339 with nine digits of the second: from 1970 to the summer of 2554, which is as far
/// as nanoseconds go in 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// The first instant of 1970.
    pub const EPOCH: Self = Self(jiff::Timestamp::UNIX_EPOCH);

    /// The instant that lies `since_epoch` after the first of 1970; the last one that can be written for more.
    #[must_use]
    pub fn from_unix(since_epoch: Duration) -> Self {
        let nanos = u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX);
        Self(jiff::Timestamp::from_nanosecond(nanos.into()).unwrap_or(jiff::Timestamp::MAX))
    }

    /// How long after the first instant of 1970.
    #[must_use]
    pub fn since_epoch(self) -> Duration {
        u64::try_from(self.0.as_nanosecond()).map(Duration::from_nanos).unwrap_or_default()
    }

    /// The instant `later` after this one.
    #[must_use]
    pub fn plus(self, later: Duration) -> Self {
        Self::from_unix(self.since_epoch().saturating_add(later))
    }

    /// How long after `earlier` this is; zero when it is not after it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.since_epoch().saturating_sub(earlier.since_epoch())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.9}", self.0)
    }
}

/// Text that is no instant which can be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no instant of 1970 to 2554 in the form YYYY-MM-DDTHH:MM:SS.NNNNNNNNNZ")]
pub struct InstantInvalid {
    /// The text, at most 80 characters of it.
    pub text: String,
}

impl InstantInvalid {
    fn of(text: &str) -> Self {
        Self { text: text.chars().take(80).collect() }
    }
}

impl FromStr for Timestamp {
    type Err = InstantInvalid;

    /// Takes any way in which RFC 3339 writes an instant; a journal takes one alone.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let instant = text.parse::<jiff::Timestamp>().map_err(|_| InstantInvalid::of(text))?;
        let in_range = u64::try_from(instant.as_nanosecond()).is_ok();
        if in_range { Ok(Self(instant)) } else { Err(InstantInvalid::of(text)) }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How an instant is written, with `0` for any digit.
const INSTANT: &[u8] = b"0000-00-00T00:00:00.000000000Z";

/// Whether a text has the form of an instant. A leap second has none: it would be written as another one.
fn has_form_of_instant(text: &str) -> bool {
    let fits = |(byte, form): (u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == *form };
    text.len() == INSTANT.len() && text.bytes().zip(INSTANT).all(fits) && text.get(17..19) != Some("60")
}

impl<'de> Deserialize<'de> for Timestamp {
    /// Takes an instant only as it is written.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let instant = if has_form_of_instant(&text) { text.parse() } else { Err(InstantInvalid::of(&text)) };
        instant.map_err(serde::de::Error::custom)
    }
}

/// Whole milliseconds of a duration, at most 2^53 - 1.
#[must_use]
pub fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(MAX_EXACT_INTEGER).min(MAX_EXACT_INTEGER)
}

const fn exact(value: u64, unit: &'static str) -> Result<u64, OutOfRange> {
    if value > MAX_EXACT_INTEGER {
        return Err(OutOfRange { value: value as u128, unit, most: MAX_EXACT_INTEGER });
    }
    Ok(value)
}
