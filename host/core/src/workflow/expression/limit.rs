//! The bounds of an expression: of its text, and of what one evaluation may do.
//!
//! They are part of what a workflow means: an expression that one host evaluates, every host evaluates.
//! So none of them may depend on the machine, its clock or its memory.

/// Longest text of one expression, in bytes.
///
/// An expression is read at a glance; a longer one is a program, and programs run in the sandbox.
pub const TEXT_BYTES: usize = 2_048;

/// Most operator and bracket tokens of one expression; `and`, `or`, `if` and `elif` are operators.
///
/// The parser recurses once for each of them at worst (`- - - 1`, `a | b | c`), so this bounds its stack.
pub const TOKENS: usize = 128;

/// Deepest nesting of brackets, string interpolations and `if` in one expression.
///
/// The lexer and the parser recurse several times for each level.
pub const NESTING: usize = 32;

/// Most steps of one evaluation.
///
/// A step is one node of the expression evaluated, or one element passed on by `.[]`. Lesser work is a
/// sixteenth of a step: a value compared, an element visited by a function, 64 bytes of text read.
pub const STEPS: u64 = 100_000;

/// Most bytes that one evaluation may make.
///
/// A value that is only looked at is not made, however large; one that is copied, joined or built is. A made
/// value counts [`VALUE_BYTES`] and its text, a member of an object [`MEMBER_BYTES`] more and its name. Bytes
/// are not given back: this bounds the work as well as the memory.
pub const MADE_BYTES: u64 = 16 * 1024 * 1024;

/// What every made value counts, in bytes, besides its text: about what it occupies.
pub const VALUE_BYTES: u64 = 32;

/// What every member of a made object counts, in bytes, besides its name and its value.
pub const MEMBER_BYTES: u64 = 64;

/// Nesting at which `fromjson` refuses a text: what the JSON reader itself recurses into is one less.
pub const JSON_DEPTH: usize = 128;

/// Deepest nesting of a value that an expression gives, and of one whose strings are templates.
///
/// A value goes into journals and into skills, and the strict reader on the other side takes no more.
pub const VALUE_DEPTH: usize = 96;
