//! From JSON to a value of a type, or to the first thing that is wrong with it.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::types::{signed_range, unsigned_most};
use super::{Case, Field, MAX_VALUES, Named, Shape, WitType, WitValue};
use crate::failure::{ErrorCode, Failure};
use crate::units::MAX_EXACT_INTEGER;

/// Characters of a wrong value that a message repeats.
const MAX_SHOWN: usize = 80;

/// Names that a message tells.
const MAX_NAMES: usize = 20;

/// Reads one value; it knows where it is, and how many values there were.
#[derive(Default)]
pub(super) struct Reader {
    place: Vec<String>,
    values: usize,
}

impl Reader {
    /// The fields of an object, in the order of the type.
    pub(super) fn fields(&mut self, fields: &Named<Field>, value: &Value) -> Result<Vec<WitValue>, Failure> {
        let Value::Object(members) = value else {
            return Err(self.unexpected("an object", value));
        };
        if let Some(unknown) = members.keys().find(|name| fields.place(name).is_none()) {
            let names = listed(fields.iter().map(|field| field.name.as_str()));
            return self.within(unknown, |reader| {
                Err(reader.wrong(&format!("there is no {unknown:?} here; there is {names}")))
            });
        }
        fields.iter().map(|field| self.field(field, members)).collect()
    }

    fn field(&mut self, field: &Field, members: &Map<String, Value>) -> Result<WitValue, Failure> {
        match members.get(&field.name) {
            Some(value) => self.within(&field.name, |reader| reader.value(&field.ty, value)),
            None if field.ty.takes_null() => self.value(&field.ty, &Value::Null),
            None => {
                let message = format!("{:?} is missing: {}", field.name, expected(&field.ty));
                Err(self.wrong(&message))
            }
        }
    }

    fn value(&mut self, ty: &WitType, value: &Value) -> Result<WitValue, Failure> {
        self.count(1)?;
        Ok(match (&ty.shape, value) {
            (Shape::Bool, Value::Bool(is_set)) => WitValue::Bool(*is_set),
            (Shape::Signed(bits), _) => WitValue::Signed(self.signed(*bits, ty, value)?),
            (Shape::Unsigned(bits), _) => WitValue::Unsigned(self.unsigned(*bits, ty, value)?),
            (Shape::Float32, Value::Number(_)) => WitValue::Float32(self.float32(value)?),
            (Shape::Float64, Value::Number(number)) => {
                WitValue::Float64(number.as_f64().ok_or_else(|| self.unexpected("a number", value))?)
            }
            (Shape::Char, Value::String(text)) => WitValue::Char(self.character(text, value)?),
            (Shape::String, Value::String(text)) => WitValue::String(text.clone()),
            (Shape::Bytes, Value::String(text)) => self.bytes(text, value)?,
            (Shape::List(element), Value::Array(elements)) => {
                WitValue::List(self.elements(elements.iter().map(|value| (&**element, value)))?)
            }
            (Shape::Tuple(types), Value::Array(elements)) if types.len() == elements.len() => {
                WitValue::Tuple(self.elements(types.iter().zip(elements))?)
            }
            (Shape::Record(fields), Value::Object(_)) => WitValue::Record(self.fields(fields, value)?),
            (Shape::Variant(cases), _) => self.variant(cases, value)?,
            (Shape::Enum(cases), Value::String(name)) => WitValue::Enum(self.case(cases, name)?),
            (Shape::Option(_), Value::Null) => WitValue::Option(None),
            (Shape::Option(inner), _) => WitValue::Option(Some(Box::new(self.some(inner, value)?))),
            (Shape::Result { ok, error }, _) => self.result((ok.as_deref(), error.as_deref()), value)?,
            (Shape::Flags(flags), Value::Array(names)) => WitValue::Flags(self.flags(flags, names)?),
            _ => return Err(self.unexpected(&expected(ty), value)),
        })
    }

    fn elements<'a>(
        &mut self,
        elements: impl Iterator<Item = (&'a WitType, &'a Value)>,
    ) -> Result<Vec<WitValue>, Failure> {
        let read = |(place, (ty, value)): (usize, (&WitType, &Value))| {
            self.within(&place.to_string(), |reader| reader.value(ty, value))
        };
        elements.enumerate().map(read).collect()
    }

    fn signed(&self, bits: u32, ty: &WitType, value: &Value) -> Result<i64, Failure> {
        let number = match value {
            Value::String(digits) if bits == 64 && is_canonical(digits, true) => digits.parse().ok(),
            Value::Number(number) => match number.as_i64() {
                Some(integer) => Some(integer),
                None => whole(number.as_f64()).or_else(|| number.as_u64().map(|_| i64::MAX)),
            },
            _ => None,
        };
        let (least, most) = signed_range(bits);
        let fits = number.filter(|number| (least..=most).contains(number));
        let integer = fits.ok_or_else(|| self.unexpected(&expected(ty), value))?;
        self.exact(value, integer.unsigned_abs()).map(|()| integer)
    }

    fn unsigned(&self, bits: u32, ty: &WitType, value: &Value) -> Result<u64, Failure> {
        let number = match value {
            Value::String(digits) if bits == 64 && is_canonical(digits, false) => digits.parse().ok(),
            Value::Number(number) => match number.as_u64() {
                Some(integer) => Some(integer),
                None => whole(number.as_f64()).and_then(|whole| u64::try_from(whole).ok()),
            },
            _ => None,
        };
        let fits = number.filter(|number| *number <= unsigned_most(bits));
        let integer = fits.ok_or_else(|| self.unexpected(&expected(ty), value))?;
        self.exact(value, integer).map(|()| integer)
    }

    /// A number past what all readers of JSON keep exact may have changed on its way here.
    fn exact(&self, value: &Value, magnitude: u64) -> Result<(), Failure> {
        if !value.is_number() || magnitude <= MAX_EXACT_INTEGER {
            return Ok(());
        }
        let message = format!("the integer {value} is past 2^53 - 1 and would change; quote it");
        Err(self.failure(ErrorCode::JsonNumberRange, &message))
    }

    #[expect(clippy::cast_possible_truncation, reason = "the nearest float of 32 bits is what is wanted")]
    fn float32(&self, value: &Value) -> Result<f32, Failure> {
        let float = value.as_f64().map(|float| float as f32).filter(|float| float.is_finite());
        float.ok_or_else(|| self.unexpected("a number that a float of 32 bits can hold", value))
    }

    fn character(&self, text: &str, value: &Value) -> Result<char, Failure> {
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(self.unexpected("a string of one character (a Unicode scalar value)", value)),
        }
    }

    fn bytes(&mut self, text: &str, value: &Value) -> Result<WitValue, Failure> {
        let bytes = STANDARD
            .decode(text)
            .map_err(|_| self.unexpected("bytes in base64 (RFC 4648, section 4, with padding)", value))?;
        self.count(bytes.len())?;
        Ok(WitValue::Bytes(bytes))
    }

    /// The value of an option that is there.
    fn some(&mut self, inner: &WitType, value: &Value) -> Result<WitValue, Failure> {
        if !inner.takes_null() {
            return self.value(inner, value);
        }
        let (_, value) = self.only_member(value, &["some"])?;
        self.within("some", |reader| reader.value(inner, value))
    }

    fn result(
        &mut self,
        (ok, error): (Option<&WitType>, Option<&WitType>),
        value: &Value,
    ) -> Result<WitValue, Failure> {
        let (name, payload) = self.only_member(value, &["ok", "error"])?;
        let is_ok = name == "ok";
        let read = self.within(name, |reader| reader.payload(if is_ok { ok } else { error }, payload))?;
        Ok(WitValue::Result(if is_ok { Ok(read) } else { Err(read) }))
    }

    fn payload(&mut self, ty: Option<&WitType>, value: &Value) -> Result<Option<Box<WitValue>>, Failure> {
        match ty {
            Some(ty) => self.value(ty, value).map(|value| Some(Box::new(value))),
            None if value.is_null() => Ok(None),
            None => Err(self.unexpected("null, as it carries nothing", value)),
        }
    }

    fn variant(&mut self, cases: &Named<Case>, value: &Value) -> Result<WitValue, Failure> {
        if let Value::String(name) = value {
            let place = self.case(cases, name)?;
            return match cases.get(place).and_then(|case| case.ty.as_ref()) {
                None => Ok(WitValue::Variant(place, None)),
                Some(ty) => {
                    let message = format!("{name} carries {}: write {{{name:?}: …}}", expected(ty));
                    Err(self.wrong(&message))
                }
            };
        }
        let Some((name, payload)) = only_member(value) else {
            let plain = listed(cases.iter().filter(|case| case.ty.is_none()).map(|case| case.name.as_str()));
            let carrying =
                listed(cases.iter().filter(|case| case.ty.is_some()).map(|case| case.name.as_str()));
            let expected = format!("{plain}, or an object with one member, {carrying}");
            return Err(self.unexpected(&expected, value));
        };
        let place = self.case(cases, name)?;
        let Some(ty) = cases.get(place).and_then(|case| case.ty.as_ref()) else {
            return Err(self.wrong(&format!("{name} carries nothing: write {name:?}")));
        };
        let read = self.within(name, |reader| reader.value(ty, payload))?;
        Ok(WitValue::Variant(place, Some(Box::new(read))))
    }

    fn case(&self, cases: &Named<Case>, name: &str) -> Result<usize, Failure> {
        cases.place(name).ok_or_else(|| {
            let names = listed(cases.iter().map(|case| case.name.as_str()));
            self.unexpected(&names, &Value::from(name))
        })
    }

    fn flags(&mut self, flags: &Named<Case>, names: &[Value]) -> Result<Vec<usize>, Failure> {
        let mut set = BTreeSet::new();
        for (place, value) in names.iter().enumerate() {
            let flag = self.within(&place.to_string(), |reader| match value {
                Value::String(name) => reader.case(flags, name),
                other => Err(reader.unexpected("the name of a flag", other)),
            })?;
            if !set.insert(flag) {
                return self.within(&place.to_string(), |reader| {
                    Err(reader.wrong(&format!("the flag {value} stands twice")))
                });
            }
        }
        Ok(set.into_iter().collect())
    }

    /// The one member of an object that says by its name what it is.
    fn only_member<'a>(&self, value: &'a Value, names: &[&str]) -> Result<(&'a str, &'a Value), Failure> {
        only_member(value).filter(|(name, _)| names.contains(name)).ok_or_else(|| {
            let names = listed(names.iter().copied());
            self.unexpected(&format!("an object with one member, {names}"), value)
        })
    }

    fn within<T>(&mut self, part: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.place.push(part.replace('~', "~0").replace('/', "~1"));
        let read = read(self);
        self.place.pop();
        read
    }

    fn count(&mut self, values: usize) -> Result<(), Failure> {
        self.values = self.values.saturating_add(values);
        if self.values <= MAX_VALUES {
            return Ok(());
        }
        let message = format!("the input has more than {MAX_VALUES} values, bytes of lists included");
        Err(self.failure(ErrorCode::PayloadTooLarge, &message))
    }

    fn unexpected(&self, expected: &str, value: &Value) -> Failure {
        self.wrong(&format!("expected {expected}, and this is {}", shown(value)))
    }

    fn wrong(&self, message: &str) -> Failure {
        self.failure(ErrorCode::InputSchemaViolation, message)
    }

    fn failure(&self, code: ErrorCode, message: &str) -> Failure {
        let pointer: String = self.place.iter().map(|part| format!("/{part}")).collect();
        Failure::new(code, format!("at {pointer:?}: {message}")).at(pointer)
    }
}

fn only_member(value: &Value) -> Option<(&str, &Value)> {
    let only = value.as_object().filter(|members| members.len() == 1)?.iter().next();
    only.map(|(name, value)| (name.as_str(), value))
}

/// What a type takes, for people.
fn expected(ty: &WitType) -> String {
    match &ty.shape {
        Shape::Bool => "true or false".to_owned(),
        Shape::Signed(bits) => {
            let (least, most) = signed_range(*bits);
            format!("an integer from {least} to {most}{}", quoted(*bits))
        }
        Shape::Unsigned(bits) => {
            format!("an integer from 0 to {}{}", unsigned_most(*bits), quoted(*bits))
        }
        Shape::Float32 | Shape::Float64 => "a number".to_owned(),
        Shape::Char => "a string of one character".to_owned(),
        Shape::String => "a string".to_owned(),
        Shape::Bytes => "bytes, as a string in base64".to_owned(),
        Shape::List(_) => "a list".to_owned(),
        Shape::Tuple(types) => format!("a list of {} elements", types.len()),
        Shape::Record(_) => "an object".to_owned(),
        Shape::Variant(cases) | Shape::Enum(cases) => listed(cases.iter().map(|case| case.name.as_str())),
        Shape::Option(inner) => format!("null, or {}", expected(inner)),
        Shape::Result { .. } => "an object with one member, \"ok\" or \"error\"".to_owned(),
        Shape::Flags(flags) => {
            format!("a list of {}", listed(flags.iter().map(|case| case.name.as_str())))
        }
    }
}

const fn quoted(bits: u32) -> &'static str {
    if bits == 64 { ", as a string of digits where it is past 2^53 - 1" } else { "" }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<String> = names.map(|name| format!("{name:?}")).collect();
    if names.is_empty() {
        return "nothing".to_owned();
    }
    if names.len() > MAX_NAMES {
        names.truncate(MAX_NAMES);
        names.push("…".to_owned());
    }
    names.join(" or ")
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// A float that is a whole number, as JSON Schema counts it among the integers.
#[expect(clippy::cast_possible_truncation, reason = "it is whole and within the range")]
fn whole(float: Option<f64>) -> Option<i64> {
    let float = float.filter(|float| float.fract() == 0.0)?;
    // Beyond, neighbours are further apart than one; it is refused for its size wherever it lies.
    Some(float.clamp(-9e18, 9e18) as i64)
}

/// Whether a string is an integer as it is usually written, so that one number has one spelling.
fn is_canonical(digits: &str, signed: bool) -> bool {
    let magnitude = digits.strip_prefix('-').filter(|_| signed && digits != "-0").unwrap_or(digits);
    let is_digits = !magnitude.is_empty() && magnitude.bytes().all(|byte| byte.is_ascii_digit());
    is_digits && (magnitude == "0" || !magnitude.starts_with('0'))
}
