//! A value of a WIT type. Fields, cases and flags are known by their place in the type.

/// Values that are handed over in one call, either way, each byte of a `list<u8>` being one: the engine keeps some forty
/// bytes for each.
pub const MAX_VALUES: usize = 1 << 20;

/// A value of a WIT type.
#[derive(Debug, Clone, PartialEq)]
pub enum WitValue {
    /// Of `bool`.
    Bool(bool),
    /// Of a signed integer of any width.
    Signed(i64),
    /// Of an unsigned integer of any width.
    Unsigned(u64),
    /// Of `f32`.
    Float32(f32),
    /// Of `f64`.
    Float64(f64),
    /// Of `char`.
    Char(char),
    /// Of `string`.
    String(String),
    /// Of `list<u8>`.
    Bytes(Vec<u8>),
    /// Of any other list.
    List(Vec<WitValue>),
    /// Of a tuple.
    Tuple(Vec<WitValue>),
    /// Of a record: its fields in the order of the type.
    Record(Vec<WitValue>),
    /// Of a variant.
    Variant(usize, Option<Box<WitValue>>),
    /// Of an enum.
    Enum(usize),
    /// Of an option.
    Option(Option<Box<WitValue>>),
    /// Of a result.
    Result(Result<Option<Box<WitValue>>, Option<Box<WitValue>>>),
    /// Of flags: those that are set, in the order of the type.
    Flags(Vec<usize>),
}
