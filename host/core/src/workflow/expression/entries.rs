//! Functions of the names in objects and of the positions in arrays.

use serde_json::{Map, Value};

use super::{
    kind,
    meter::{Site, Stop},
    number, sequence,
};

type Result<T = Value> = std::result::Result<T, Stop>;

/// `keys`: the sorted names of an object, the positions of an array.
pub(super) fn keys(site: Site<'_>, input: &Value) -> Result {
    site.make(0)?;
    let keys = pairs(site, "list the keys of", input)?.map(|(key, _)| {
        site.make(key.as_str().map_or(0, str::len))?;
        Ok(key)
    });
    keys.collect::<Result<Vec<_>>>().map(Value::Array)
}

/// `has(key)`
pub(super) fn has(site: Site<'_>, input: &Value, key: &Value) -> Result<bool> {
    match (input, key) {
        (Value::Null, _) => Ok(false),
        (Value::Object(members), Value::String(name)) => {
            site.read(name.len())?;
            Ok(members.contains_key(name))
        }
        (Value::Array(items), Value::Number(position)) => {
            Ok(usize::try_from(number::position(position)).is_ok_and(|position| position < items.len()))
        }
        _ => Err(site.fail(format!("cannot look for {} in {}", kind::describe(key), kind::describe(input)))),
    }
}

/// `to_entries`
pub(super) fn to_entries(site: Site<'_>, input: &Value) -> Result {
    site.make(0)?;
    let entries = pairs(site, "list the entries of", input)?.map(|(key, value)| {
        let mut entry = Map::new();
        site.make(0)?;
        site.make(key.as_str().map_or(0, str::len))?;
        site.insert(&mut entry, "key", key)?;
        let value = site.copy(value)?;
        site.insert(&mut entry, "value", value)?;
        Ok(Value::Object(entry))
    });
    entries.collect::<Result<Vec<_>>>().map(Value::Array)
}

/// Where `from_entries` looks for the name of a member, as in jq 1.7.
const NAMES: [&str; 4] = ["key", "Key", "name", "Name"];

/// `from_entries`: the name is the first one that is neither missing, null nor false.
pub(super) fn from_entries(site: Site<'_>, input: &Value) -> Result {
    site.make(0)?;
    let mut object = Map::new();
    for item in sequence::items(site, input)? {
        site.touch(1)?;
        let entry = sequence::members(site, "take an entry from", item)?;
        let mut names = NAMES.iter().filter_map(|name| entry.get(*name));
        let name = match names.find(|name| kind::is_true(name)) {
            Some(Value::String(name)) => name,
            other => return Err(site.fail(format!("cannot name a member with {}", described(other)))),
        };
        let value = entry.get("value").or_else(|| entry.get("Value")).unwrap_or(&Value::Null);
        let value = site.copy(value)?;
        site.insert(&mut object, name, value)?;
    }
    Ok(Value::Object(object))
}

fn described(name: Option<&Value>) -> String {
    kind::describe(name.unwrap_or(&Value::Null))
}

/// The keys with their values; each key is a name or a position.
fn pairs<'v>(
    site: Site<'_>,
    verb: &str,
    input: &'v Value,
) -> Result<Box<dyn Iterator<Item = (Value, &'v Value)> + 'v>> {
    match input {
        Value::Object(members) => {
            Ok(Box::new(members.iter().map(|(name, value)| (Value::from(name.as_str()), value))))
        }
        Value::Array(items) => {
            Ok(Box::new(items.iter().enumerate().map(|(at, item)| (Value::from(at), item))))
        }
        _ => Err(site.fail(format!("cannot {verb} {}", kind::describe(input)))),
    }
}
