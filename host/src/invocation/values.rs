//! Types and values of the engine as those of the core, and back.

use std::sync::Arc;

use aos_core::wit::{Case, Field, Function, MAX_NESTING, MAX_PARTS, Shape, WitType, WitValue};
use wasmtime::component::Val;
use wasmtime::component::types::{ComponentFunc, Type};

use super::not_callable::{NotCallable, NotJson};
use super::wit_docs::{ItemDocs, TypeDocs};

/// Reads the types of one function.
pub(super) struct TypeReader<'a> {
    docs: &'a TypeDocs,
    parts: usize,
}

impl<'a> TypeReader<'a> {
    /// A reader that knows what the author says of named types.
    pub(super) const fn new(docs: &'a TypeDocs) -> Self {
        Self { docs, parts: 0 }
    }

    /// The signature of a function with the parts that its types are made of, or why it cannot be called with JSON.
    pub(super) fn function(mut self, function: &ComponentFunc) -> Result<(Function, usize), NotCallable> {
        if function.async_() {
            return Err(NotCallable::Asynchronous);
        }
        let params = function.params().map(|(name, ty)| {
            let ty = self.ty(&ty, 0).map_err(|why| NotCallable::Parameter { name: name.to_owned(), why })?;
            Ok(Field { name: name.to_owned(), docs: None, ty })
        });
        let params = params.collect::<Result<Vec<_>, NotCallable>>()?;
        let result = function.results().next().map(|ty| self.ty(&ty, 0)).transpose();
        let result = result.map_err(NotCallable::Result)?;
        Ok((Function { params: params.into(), result }, self.parts))
    }

    fn ty(&mut self, ty: &Type, depth: usize) -> Result<WitType, NotJson> {
        self.parts += 1;
        if self.parts > MAX_PARTS || depth > MAX_NESTING {
            return Err(NotJson::TooLarge);
        }
        let docs = self.docs.of(ty);
        let shape = self.shape(ty, depth + 1, docs)?;
        Ok(WitType { docs: docs.and_then(|docs| docs.own.clone()), shape })
    }

    fn shape(&mut self, ty: &Type, depth: usize, docs: Option<&ItemDocs>) -> Result<Shape, NotJson> {
        Ok(match ty {
            Type::Bool => Shape::Bool,
            Type::S8 => Shape::Signed(8),
            Type::S16 => Shape::Signed(16),
            Type::S32 => Shape::Signed(32),
            Type::S64 => Shape::Signed(64),
            Type::U8 => Shape::Unsigned(8),
            Type::U16 => Shape::Unsigned(16),
            Type::U32 => Shape::Unsigned(32),
            Type::U64 => Shape::Unsigned(64),
            Type::Float32 => Shape::Float32,
            Type::Float64 => Shape::Float64,
            Type::Char => Shape::Char,
            Type::String => Shape::String,
            Type::List(list) if list.ty() == Type::U8 => Shape::Bytes,
            Type::List(list) => Shape::List(Box::new(self.ty(&list.ty(), depth)?)),
            Type::Tuple(tuple) => {
                Shape::Tuple(tuple.types().map(|ty| self.ty(&ty, depth)).collect::<Result<_, _>>()?)
            }
            Type::Record(record) => {
                let fields = record.fields().map(|field| {
                    let ty = self.ty(&field.ty, depth)?;
                    Ok(Field { name: field.name.to_owned(), docs: of_item(docs, field.name), ty })
                });
                Shape::Record(fields.collect::<Result<Vec<_>, NotJson>>()?.into())
            }
            Type::Variant(variant) => {
                let cases = variant.cases().map(|case| {
                    let ty = case.ty.map(|ty| self.ty(&ty, depth)).transpose()?;
                    Ok(Case { name: case.name.to_owned(), docs: of_item(docs, case.name), ty })
                });
                Shape::Variant(cases.collect::<Result<Vec<_>, NotJson>>()?.into())
            }
            Type::Enum(cases) => Shape::Enum(self.names(cases.names(), docs)?.into()),
            Type::Flags(flags) => Shape::Flags(self.names(flags.names(), docs)?.into()),
            Type::Option(option) => Shape::Option(Box::new(self.ty(&option.ty(), depth)?)),
            Type::Result(result) => {
                let mut carried =
                    |ty: Option<Type>| ty.map(|ty| self.ty(&ty, depth).map(Box::new)).transpose();
                Shape::Result { ok: carried(result.ok())?, error: carried(result.err())? }
            }
            Type::Own(_) | Type::Borrow(_) => {
                return Err(NotJson::Resource);
            }
            Type::Future(_) | Type::Stream(_) | Type::ErrorContext => {
                return Err(NotJson::Stream);
            }
            Type::Map(_) | Type::FixedLengthList(_) => {
                return Err(NotJson::Unknown);
            }
        })
    }

    fn names<'n>(
        &mut self,
        names: impl Iterator<Item = &'n str>,
        docs: Option<&ItemDocs>,
    ) -> Result<Vec<Case>, NotJson> {
        let names: Vec<_> =
            names.map(|name| Case { name: name.to_owned(), docs: of_item(docs, name), ty: None }).collect();
        self.parts = self.parts.saturating_add(names.len());
        if self.parts > MAX_PARTS {
            return Err(NotJson::TooManyNames);
        }
        Ok(names)
    }
}

fn of_item(docs: Option<&ItemDocs>, name: &str) -> Option<Arc<str>> {
    docs?.items.get(name).cloned()
}

/// A value as the engine takes it. None for one that is not of the type.
pub(super) fn lower(ty: &WitType, value: WitValue) -> Option<Val> {
    let all = |values: Vec<Val>| Some(values);
    Some(match (&ty.shape, value) {
        (Shape::Bool, WitValue::Bool(is_set)) => Val::Bool(is_set),
        (Shape::Signed(8), WitValue::Signed(integer)) => Val::S8(integer.try_into().ok()?),
        (Shape::Signed(16), WitValue::Signed(integer)) => Val::S16(integer.try_into().ok()?),
        (Shape::Signed(32), WitValue::Signed(integer)) => Val::S32(integer.try_into().ok()?),
        (Shape::Signed(_), WitValue::Signed(integer)) => Val::S64(integer),
        (Shape::Unsigned(8), WitValue::Unsigned(integer)) => Val::U8(integer.try_into().ok()?),
        (Shape::Unsigned(16), WitValue::Unsigned(integer)) => Val::U16(integer.try_into().ok()?),
        (Shape::Unsigned(32), WitValue::Unsigned(integer)) => Val::U32(integer.try_into().ok()?),
        (Shape::Unsigned(_), WitValue::Unsigned(integer)) => Val::U64(integer),
        (Shape::Float32, WitValue::Float32(float)) => Val::Float32(float),
        (Shape::Float64, WitValue::Float64(float)) => Val::Float64(float),
        (Shape::Char, WitValue::Char(character)) => Val::Char(character),
        (Shape::String, WitValue::String(text)) => Val::String(text),
        (Shape::Bytes, WitValue::Bytes(bytes)) => Val::List(bytes.into_iter().map(Val::U8).collect()),
        (Shape::List(element), WitValue::List(values)) => {
            Val::List(values.into_iter().map(|value| lower(element, value)).collect::<Option<_>>()?)
        }
        (Shape::Tuple(types), WitValue::Tuple(values)) => {
            let values = types.iter().zip(values).map(|(ty, value)| lower(ty, value));
            Val::Tuple(values.collect::<Option<Vec<_>>>().and_then(all)?)
        }
        (Shape::Record(fields), WitValue::Record(values)) => {
            let values = fields
                .iter()
                .zip(values)
                .map(|(field, value)| Some((field.name.clone(), lower(&field.ty, value)?)));
            Val::Record(values.collect::<Option<_>>()?)
        }
        (Shape::Variant(cases), WitValue::Variant(place, carried)) => {
            let case = cases.get(place)?;
            Val::Variant(case.name.clone(), lower_carried(case.ty.as_ref(), carried)?)
        }
        (Shape::Enum(cases), WitValue::Enum(place)) => Val::Enum(cases.get(place)?.name.clone()),
        (Shape::Option(_), WitValue::Option(None)) => Val::Option(None),
        (Shape::Option(inner), WitValue::Option(Some(value))) => {
            Val::Option(Some(Box::new(lower(inner, *value)?)))
        }
        (Shape::Result { ok, .. }, WitValue::Result(Ok(value))) => {
            Val::Result(Ok(lower_carried(ok.as_deref(), value)?))
        }
        (Shape::Result { error, .. }, WitValue::Result(Err(value))) => {
            Val::Result(Err(lower_carried(error.as_deref(), value)?))
        }
        (Shape::Flags(flags), WitValue::Flags(set)) => {
            let names = set.into_iter().map(|place| Some(flags.get(place)?.name.clone()));
            Val::Flags(names.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

#[expect(clippy::option_option, reason = "nothing may be carried, and that may be wrong")]
fn lower_carried(ty: Option<&WitType>, value: Option<Box<WitValue>>) -> Option<Option<Box<Val>>> {
    match (ty, value) {
        (None, None) => Some(None),
        (Some(ty), Some(value)) => Some(Some(Box::new(lower(ty, *value)?))),
        _ => None,
    }
}

/// A value that the engine gave. None for one that is not of the type.
pub(super) fn lift(ty: &WitType, value: Val) -> Option<WitValue> {
    Some(match (&ty.shape, value) {
        (Shape::Bool, Val::Bool(is_set)) => WitValue::Bool(is_set),
        (Shape::Signed(8), Val::S8(integer)) => WitValue::Signed(integer.into()),
        (Shape::Signed(16), Val::S16(integer)) => WitValue::Signed(integer.into()),
        (Shape::Signed(32), Val::S32(integer)) => WitValue::Signed(integer.into()),
        (Shape::Signed(64), Val::S64(integer)) => WitValue::Signed(integer),
        (Shape::Unsigned(8), Val::U8(integer)) => WitValue::Unsigned(integer.into()),
        (Shape::Unsigned(16), Val::U16(integer)) => WitValue::Unsigned(integer.into()),
        (Shape::Unsigned(32), Val::U32(integer)) => WitValue::Unsigned(integer.into()),
        (Shape::Unsigned(64), Val::U64(integer)) => WitValue::Unsigned(integer),
        (Shape::Float32, Val::Float32(float)) => WitValue::Float32(float),
        (Shape::Float64, Val::Float64(float)) => WitValue::Float64(float),
        (Shape::Char, Val::Char(character)) => WitValue::Char(character),
        (Shape::String, Val::String(text)) => WitValue::String(text),
        (Shape::Bytes, Val::List(bytes)) => {
            let byte = |value: Val| if let Val::U8(byte) = value { Some(byte) } else { None };
            WitValue::Bytes(bytes.into_iter().map(byte).collect::<Option<_>>()?)
        }
        (Shape::List(element), Val::List(values)) => {
            WitValue::List(values.into_iter().map(|value| lift(element, value)).collect::<Option<_>>()?)
        }
        (Shape::Tuple(types), Val::Tuple(values)) if types.len() == values.len() => {
            let values = types.iter().zip(values).map(|(ty, value)| lift(ty, value));
            WitValue::Tuple(values.collect::<Option<_>>()?)
        }
        (Shape::Record(fields), Val::Record(values)) if fields.len() == values.len() => {
            let values = fields.iter().zip(values).map(|(field, (_, value))| lift(&field.ty, value));
            WitValue::Record(values.collect::<Option<_>>()?)
        }
        (Shape::Variant(cases), Val::Variant(name, carried)) => {
            let place = cases.place(&name)?;
            WitValue::Variant(place, lift_carried(cases.get(place)?.ty.as_ref(), carried)?)
        }
        (Shape::Enum(cases), Val::Enum(name)) => WitValue::Enum(cases.place(&name)?),
        (Shape::Option(_), Val::Option(None)) => WitValue::Option(None),
        (Shape::Option(inner), Val::Option(Some(value))) => {
            WitValue::Option(Some(Box::new(lift(inner, *value)?)))
        }
        (Shape::Result { ok, .. }, Val::Result(Ok(value))) => {
            WitValue::Result(Ok(lift_carried(ok.as_deref(), value)?))
        }
        (Shape::Result { error, .. }, Val::Result(Err(value))) => {
            WitValue::Result(Err(lift_carried(error.as_deref(), value)?))
        }
        (Shape::Flags(flags), Val::Flags(names)) => {
            let mut set = names.iter().map(|name| flags.place(name)).collect::<Option<Vec<_>>>()?;
            set.sort_unstable();
            WitValue::Flags(set)
        }
        _ => return None,
    })
}

#[expect(clippy::option_option, reason = "nothing may be carried, and that may be wrong")]
fn lift_carried(ty: Option<&WitType>, value: Option<Box<Val>>) -> Option<Option<Box<WitValue>>> {
    match (ty, value) {
        (None, None) => Some(None),
        (Some(ty), Some(value)) => Some(Some(Box::new(lift(ty, *value)?))),
        _ => None,
    }
}
