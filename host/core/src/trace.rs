//! The trace that a run is part of: what W3C Trace Context hands from program to program.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::{Seed, SpanId, StepId, TraceId};

/// The only bit of the flags that version 00 knows: whether the caller keeps a record.
const SAMPLED: u8 = 1;

/// Letters of a `traceparent` of version 00.
const LENGTH: usize = 55;

/// A `traceparent` (W3C Trace Context, section 3.2), such as
/// `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace: TraceId,
    parent: SpanId,
    sampled: bool,
}

/// Text that is no `traceparent`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a traceparent is 00-TRACE-PARENT-FLAGS of 32, 16 and 2 lower-case hexadecimal digits, with a trace and a parent that \
     are not zero"
)]
pub struct TraceParentInvalid;

impl TraceParent {
    /// The trace.
    #[must_use]
    pub const fn trace(&self) -> TraceId {
        self.trace
    }

    /// The piece of work that this one belongs to.
    #[must_use]
    pub const fn parent(&self) -> SpanId {
        self.parent
    }

    /// What is handed on from one piece of work in this trace.
    #[must_use]
    pub const fn from_within(&self, work: SpanId) -> Self {
        Self { parent: work, ..*self }
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trace, parent, sampled } = self;
        write!(f, "00-{trace}-{parent}-{:02x}", u8::from(*sampled))
    }
}

impl FromStr for TraceParent {
    type Err = TraceParentInvalid;

    /// Versions that are not known yet are read as far as version 00 goes, as the standard asks.
    fn from_str(text: &str) -> Result<Self, TraceParentInvalid> {
        let (known, more) = text.split_at_checked(LENGTH).ok_or(TraceParentInvalid)?;
        let parts: Vec<&str> = known.split('-').collect();
        let [version, trace, parent, flags] = parts.as_slice() else { return Err(TraceParentInvalid) };
        let fits = match byte(version)? {
            0 => more.is_empty(),
            u8::MAX => false,
            _ => more.is_empty() || more.starts_with('-'),
        };
        let trace: TraceId = trace.parse().map_err(|_| TraceParentInvalid)?;
        let parent: SpanId = parent.parse().map_err(|_| TraceParentInvalid)?;
        let sampled = byte(flags)? & SAMPLED == SAMPLED;
        if !fits || *trace.as_bytes() == [0; 16] || *parent.as_bytes() == [0; 8] {
            return Err(TraceParentInvalid);
        }
        Ok(Self { trace, parent, sampled })
    }
}

/// Two lower-case hexadecimal digits.
fn byte(text: &str) -> Result<u8, TraceParentInvalid> {
    let is_lower = |letter: u8| matches!(letter, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != 2 || !text.bytes().all(is_lower) {
        return Err(TraceParentInvalid);
    }
    u8::from_str_radix(text, 16).map_err(|_| TraceParentInvalid)
}

/// Where a run and all that it does stand in a trace. The ids follow from the run's seed and from what it was handed, so
/// that a replay has the same ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunTrace {
    seed: Seed,
    handed: Option<TraceParent>,
}

impl RunTrace {
    /// That of a run with this seed, which was handed this.
    #[must_use]
    pub const fn new(seed: Seed, handed: Option<TraceParent>) -> Self {
        Self { seed, handed }
    }

    /// The trace: the one that was handed in, or one of the run's own.
    #[must_use]
    pub fn trace(&self) -> TraceId {
        self.handed
            .map_or_else(|| TraceId::from_bytes(first(self.seed.derive("trace"))), |handed| handed.trace())
    }

    /// Whose work the run belongs to.
    #[must_use]
    pub fn parent(&self) -> Option<SpanId> {
        self.handed.map(|handed| handed.parent())
    }

    /// The run.
    #[must_use]
    pub fn run(&self) -> SpanId {
        self.span("span")
    }

    /// A step.
    #[must_use]
    pub fn step(&self, step: &StepId) -> SpanId {
        self.span(&format!("span/{step}"))
    }

    /// A call, by its place in the journal.
    #[must_use]
    pub fn call(&self, (step, item, attempt): (&StepId, Option<u32>, u32), index: u32) -> SpanId {
        let item = item.map_or_else(String::new, |item| format!("/{item}"));
        self.span(&format!("span/{step}{item}:{attempt}:{index}"))
    }

    /// What a call hands on. A run that was handed nothing hands on nothing.
    #[must_use]
    pub fn handed_on(&self, call: SpanId) -> Option<TraceParent> {
        self.handed.map(|handed| handed.from_within(call))
    }

    fn span(&self, purpose: &str) -> SpanId {
        SpanId::from_bytes(first(self.seed.derive(purpose)))
    }
}

/// The first bytes of some.
fn first<const N: usize>(bytes: [u8; 32]) -> [u8; N] {
    std::array::from_fn(|place| bytes.get(place).copied().unwrap_or_default())
}

impl Serialize for TraceParent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TraceParent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
