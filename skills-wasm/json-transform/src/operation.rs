//! The eight named operations, for those who need no language.
//!
//! Each file holds one: its arguments, and what it does to the data. None of them knows of another but `map`,
//! which can pick.

mod extract;
mod filter;
mod flatten;
mod keys;
mod map;
mod merge;
mod sort;
#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::fault::Fault;

/// The name of an operation.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Name {
    /// The value at a path.
    Extract,
    /// Each element of an array, reshaped.
    Map,
    /// The elements of an array that fit.
    Filter,
    /// An object's members of certain keys.
    Pick,
    /// An object's members but those of certain keys.
    Omit,
    /// An object with the members of another.
    Merge,
    /// An array or object with fewer levels.
    Flatten,
    /// The elements of an array in order.
    Sort,
}

/// Runs an operation on the data. Without `args` it takes its defaults, where it has them.
pub(crate) fn run(name: Name, args: Option<Value>, data: Value) -> Result<Value, Fault> {
    match name {
        Name::Extract => read::<extract::Extract>(args)?.run(&data),
        Name::Map => read::<map::Map>(args)?.run(data),
        Name::Filter => read::<filter::Filter>(args)?.run(data),
        Name::Pick => read::<keys::Keys>(args)?.pick(data),
        Name::Omit => read::<keys::Keys>(args)?.omit(data),
        Name::Merge => read::<merge::Merge>(args)?.run(data),
        Name::Flatten => read::<flatten::Flatten>(args)?.run(data),
        Name::Sort => read::<sort::Sort>(args)?.run(data),
    }
}

fn read<T: DeserializeOwned>(args: Option<Value>) -> Result<T, Fault> {
    let args = args.unwrap_or_else(|| Value::Object(Map::new()));
    serde_json::from_value(args).map_err(Fault::Args)
}

/// The elements of data that must be an array.
fn elements(operation: &'static str, data: Value) -> Result<Vec<Value>, Fault> {
    match data {
        Value::Array(elements) => Ok(elements),
        other => Err(Fault::data(operation, "an array", &other, "/data".to_owned())),
    }
}
