//! Values of WIT types as JSON, for functions that know nothing of this host: what they take as a JSON Schema, and both
//! ways between the two. `docs/drop-in.md` has the table for people.

mod function;
mod json_schema;
mod named;
mod read;
mod types;
mod value;
mod write;

pub use function::Function;
pub use named::{HasName, Named};
pub use types::{Case, Field, MAX_NESTING, MAX_PARTS, Shape, WitType};
pub use value::{MAX_VALUES, WitValue};
