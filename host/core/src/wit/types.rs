//! Types of the component model, as far as their values can be written as JSON.

use std::sync::Arc;

use super::Named;

/// Types within types that are followed: their values stay within what the JSON reader takes.
pub const MAX_NESTING: usize = 32;

/// Types that one function may be made of, each counted where it stands. A component can say a type that doubles at each
/// level in a few bytes.
pub const MAX_PARTS: usize = 1024;

/// A type, with what its author says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitType {
    /// Its documentation.
    pub docs: Option<Arc<str>>,
    /// What its values look like.
    pub shape: Shape,
}

/// What the values of a type look like. The names are those of WIT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// `bool`.
    Bool,
    /// `s8`, `s16`, `s32` or `s64`, by its bits.
    Signed(u32),
    /// `u8`, `u16`, `u32` or `u64`, by its bits.
    Unsigned(u32),
    /// `f32`.
    Float32,
    /// `f64`.
    Float64,
    /// `char`.
    Char,
    /// `string`.
    String,
    /// `list<u8>`.
    Bytes,
    /// Any other `list`.
    List(Box<WitType>),
    /// `tuple`.
    Tuple(Vec<WitType>),
    /// `record`.
    Record(Named<Field>),
    /// `variant`.
    Variant(Named<Case>),
    /// `enum`. Its cases carry nothing.
    Enum(Named<Case>),
    /// `option`.
    Option(Box<WitType>),
    /// `result`.
    Result {
        /// What it carries when all went well.
        ok: Option<Box<WitType>>,
        /// What it carries otherwise.
        error: Option<Box<WitType>>,
    },
    /// `flags`. They carry nothing.
    Flags(Named<Case>),
}

/// A field of a record, or a parameter of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its documentation.
    pub docs: Option<Arc<str>>,
    /// Its type.
    pub ty: WitType,
}

/// A case of a variant or an enum, or one of the flags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// Its documentation.
    pub docs: Option<Arc<str>>,
    /// What it carries.
    pub ty: Option<WitType>,
}

impl From<Shape> for WitType {
    fn from(shape: Shape) -> Self {
        Self { docs: None, shape }
    }
}

impl WitType {
    /// Whether `null` is a value of it, so that an option of it needs another word for one that is there.
    pub(super) const fn takes_null(&self) -> bool {
        matches!(self.shape, Shape::Option(_))
    }
}

/// The least and the most of a signed type of so many bits.
pub(super) const fn signed_range(bits: u32) -> (i64, i64) {
    let unused = 64 - bits;
    (i64::MIN >> unused, i64::MAX >> unused)
}

/// The most of an unsigned type of so many bits.
pub(super) const fn unsigned_most(bits: u32) -> u64 {
    u64::MAX >> (64 - bits)
}
