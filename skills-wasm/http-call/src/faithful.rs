//! A JSON reader that would rather not read than change what it reads.
//!
//! It refuses objects with the same key twice, numbers that a double may not hold exactly, and texts nested
//! deeper than the output may be. The caller then keeps the text.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// 2^53 - 1. Past it, a reader that takes numbers for doubles sees another integer than was written.
const MAX_EXACT: u64 = (1 << 53) - 1;

/// The host reads 96 levels, and the value stands in objects of the output and of the next step.
const MAX_DEPTH: usize = 90;

/// The value of a JSON text, or nothing where a reader could see another value than the writer meant.
pub(crate) fn read(text: &str) -> Option<Value> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Faithful { levels: MAX_DEPTH }.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    Some(value)
}

/// Reads one value that may hold `levels` more levels of arrays and objects.
#[derive(Clone, Copy)]
struct Faithful {
    levels: usize,
}

impl Faithful {
    fn inside<E: Error>(self) -> Result<Self, E> {
        let levels = self.levels.checked_sub(1).ok_or_else(|| E::custom("nested too deep"))?;
        Ok(Self { levels })
    }
}

impl<'de> DeserializeSeed<'de> for Faithful {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Faithful {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        exact(value.unsigned_abs() <= MAX_EXACT, value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        exact(value <= MAX_EXACT, value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        // A longer integer arrives here too, already rounded, so a large number is refused however it was written.
        let number = Number::from_f64(value).ok_or_else(|| E::custom("not finite"))?;
        exact(value.abs() <= MAX_EXACT as f64, number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inside)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut object = Map::new();
        while let Some(key) = members.next_key()? {
            if object.insert(key, members.next_value_seed(inside)?).is_some() {
                return Err(A::Error::custom("the same key twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

fn exact<E: Error>(exact: bool, number: impl Into<Number>) -> Result<Value, E> {
    if exact { Ok(Value::Number(number.into())) } else { Err(E::custom("number past 2^53 - 1")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_read_as_long_as_a_double_holds_them() {
        assert_eq!(
            read("[9007199254740991, -9007199254740991, 0.1]"),
            Some(json!([MAX_EXACT, -9007199254740991_i64, 0.1]))
        );
        for text in
            ["9007199254740992", "-9007199254740992", "123456789012345678901234567890", "1e300", "1e999"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn depth_and_doubled_keys_are_bounded() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(read(&nested(MAX_DEPTH)).is_some());
        assert!(read(&nested(MAX_DEPTH + 1)).is_none());
        assert!(read(r#"{"a": {"b": 1, "\u0062": 2}}"#).is_none());
        assert!(read("1 2").is_none());
    }
}
