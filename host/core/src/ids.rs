//! Names and digests. Each is checked where it is made, so that the rest of the house need not ask again.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Letters of the longest step or skill name.
const MAX_NAME: usize = 64;

/// A name breaks the rule `[a-z0-9][a-z0-9_.-]{0,63}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the name {name:?} is not of the form [a-z0-9][a-z0-9_.-]{{0,63}}")]
pub struct NameInvalid {
    /// The name, at most 80 characters of it.
    pub name: String,
}

fn check_name(name: &str) -> Result<(), NameInvalid> {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let first = name.chars().next().is_some_and(letter);
    if first && name.len() <= MAX_NAME && name.chars().all(|c| letter(c) || "_.-".contains(c)) {
        return Ok(());
    }
    Err(NameInvalid { name: name.chars().take(80).collect() })
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(Arc<str>);

        impl $type {
            /// # Errors
            ///
            /// [`NameInvalid`] for anything but `[a-z0-9][a-z0-9_.-]{0,63}`.
            pub fn new(name: impl Into<Arc<str>>) -> Result<Self, NameInvalid> {
                let name = name.into();
                check_name(&name)?;
                Ok(Self(name))
            }

            /// The name itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    };
}

name! {
    /// The name of a step in its workflow.
    StepId
}
name! {
    /// The name by which workflows call a skill.
    SkillId
}

name! {
    /// The name of a budget that outlives runs.
    BudgetName
}

macro_rules! bytes {
    ($(#[$doc:meta])* $type:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type([u8; $length]);

        impl $type {
            /// From its bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }

            /// Its bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut digits = [0; $length * 2];
                f.write_str(hex(&self.0, &mut digits))
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($type))
            }
        }

        impl FromStr for $type {
            type Err = HexInvalid;

            fn from_str(text: &str) -> Result<Self, HexInvalid> {
                let mut bytes = [0; $length];
                read_hex(text, &mut bytes)?;
                Ok(Self(bytes))
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

bytes! {
    /// A BLAKE3 digest, written as 64 lower-case hexadecimal digits.
    Digest, 32
}
bytes! {
    /// What a run draws its randomness from, written as 64 hexadecimal digits.
    Seed, 32
}
bytes! {
    /// A run, written as 32 hexadecimal digits; the first 12 are its start in milliseconds (RFC 9562, version 7).
    RunId, 16
}

bytes! {
    /// A trace of many programs' work (W3C Trace Context, `trace-id`), written as 32 hexadecimal digits.
    TraceId, 16
}
bytes! {
    /// One piece of work in a trace (W3C Trace Context, `parent-id`), written as 16 hexadecimal digits.
    SpanId, 8
}

impl Digest {
    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl Seed {
    /// Bytes for one purpose: the same purpose always gives the same ones.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        *blake3::keyed_hash(&self.0, purpose.as_bytes()).as_bytes()
    }
}

impl RunId {
    /// The id of a run that starts `unix_millis` after 1970, made distinct by ten random bytes (RFC 9562, UUIDv7).
    #[must_use]
    pub fn new(unix_millis: u64, random: [u8; 10]) -> Self {
        let time = unix_millis.to_be_bytes();
        let [_, _, t0, t1, t2, t3, t4, t5] = time;
        let [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9] = random;
        let (version, variant) = (0x70 | (r0 & 0x0f), 0x80 | (r2 & 0x3f));
        Self([t0, t1, t2, t3, t4, t5, version, r1, variant, r3, r4, r5, r6, r7, r8, r9])
    }
}

/// Text that is not the hexadecimal form of a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} lower-case hexadecimal digits")]
pub struct HexInvalid {
    /// How many digits there should be.
    pub expected: usize,
}

/// Hexadecimal digits of some bytes, two of each.
fn hex<'a>(bytes: &[u8], digits: &'a mut [u8]) -> &'a str {
    let digit = |value: u8| if value < 10 { b'0' + value } else { b'a' + value - 10 };
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
    std::str::from_utf8(digits).unwrap_or_default()
}

fn read_hex(text: &str, bytes: &mut [u8]) -> Result<(), HexInvalid> {
    let invalid = HexInvalid { expected: bytes.len() * 2 };
    if text.len() != invalid.expected {
        return Err(invalid);
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digit = |c: &u8| match c {
            b'0'..=b'9' => Some(c - b'0'),
            b'a'..=b'f' => Some(c - b'a' + 10),
            _ => None,
        };
        let [high, low] = pair else { return Err(invalid) };
        *byte =
            digit(high).zip(digit(low)).map(|(high, low)| high << 4 | low).ok_or_else(|| invalid.clone())?;
    }
    Ok(())
}
