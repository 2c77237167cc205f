//! Arbitrary types, and values of them. The tests of components use them as well.

use super::{Case, Field, Shape, WitType, WitValue};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Any type.
pub(super) fn types() -> BoxedStrategy<WitType> {
    let bits = prop_oneof![Just(8_u32), Just(16), Just(32), Just(64)];
    let leaf = prop_oneof![
        Just(Shape::Bool),
        bits.clone().prop_map(Shape::Signed),
        bits.prop_map(Shape::Unsigned),
        Just(Shape::Float32),
        Just(Shape::Float64),
        Just(Shape::Char),
        Just(Shape::String),
        Just(Shape::Bytes),
        (1_usize..5).prop_map(|count| Shape::Enum(names(count).into())),
        (1_usize..33).prop_map(|count| Shape::Flags(names(count).into())),
    ];
    let leaf = leaf.prop_map(WitType::from).boxed();
    leaf.prop_recursive(4, 24, 4, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        prop_oneof![
            // WIT has one type for a list of bytes, whose JSON is another one than that of a list.
            boxed().prop_map(|element| match element.shape {
                Shape::Unsigned(8) => Shape::Bytes,
                _ => Shape::List(element),
            }),
            boxed().prop_map(Shape::Option),
            vec(inner.clone(), 1..4).prop_map(Shape::Tuple),
            vec(inner.clone(), 1..4).prop_map(|types| Shape::Record(fields(types).into())),
            vec(option::of(inner.clone()), 1..4).prop_map(|types| Shape::Variant(cases(types).into())),
            (option::of(boxed()), option::of(boxed())).prop_map(|(ok, error)| Shape::Result { ok, error }),
        ]
        .prop_map(WitType::from)
    })
    .boxed()
}

fn names(count: usize) -> Vec<Case> {
    (0..count).map(|place| Case { name: format!("case-{place}"), docs: None, ty: None }).collect()
}

fn fields(types: Vec<WitType>) -> Vec<Field> {
    let field = |(place, ty)| Field { name: format!("field-{place}"), docs: None, ty };
    types.into_iter().enumerate().map(field).collect()
}

fn cases(types: Vec<Option<WitType>>) -> Vec<Case> {
    let case = |(place, ty)| Case { name: format!("case-{place}"), docs: None, ty };
    types.into_iter().enumerate().map(case).collect()
}

/// Any value of a type, floats that JSON has no number for left out.
pub(super) fn of(ty: &WitType) -> BoxedStrategy<WitValue> {
    use proptest::num::{f32, f64};
    let carried = |ty: &Option<Box<WitType>>| carried(ty.as_deref());
    match &ty.shape {
        Shape::Bool => any::<bool>().prop_map(WitValue::Bool).boxed(),
        Shape::Signed(bits) => {
            let unused = 64 - *bits;
            any::<i64>().prop_map(move |integer| WitValue::Signed(integer >> unused)).boxed()
        }
        Shape::Unsigned(bits) => {
            let unused = 64 - *bits;
            any::<u64>().prop_map(move |integer| WitValue::Unsigned(integer >> unused)).boxed()
        }
        Shape::Float32 => (f32::NORMAL | f32::SUBNORMAL | f32::ZERO).prop_map(WitValue::Float32).boxed(),
        Shape::Float64 => (f64::NORMAL | f64::SUBNORMAL | f64::ZERO).prop_map(WitValue::Float64).boxed(),
        Shape::Char => any::<char>().prop_map(WitValue::Char).boxed(),
        Shape::String => any::<String>().prop_map(WitValue::String).boxed(),
        Shape::Bytes => vec(any::<u8>(), 0..40).prop_map(WitValue::Bytes).boxed(),
        Shape::List(element) => vec(of(element), 0..4).prop_map(WitValue::List).boxed(),
        Shape::Tuple(types) => types.iter().map(of).collect::<Vec<_>>().prop_map(WitValue::Tuple).boxed(),
        Shape::Record(fields) => {
            let values: Vec<_> = fields.iter().map(|field| of(&field.ty)).collect();
            values.prop_map(WitValue::Record).boxed()
        }
        Shape::Variant(cases) => {
            let types: Vec<_> = cases.iter().map(|case| case.ty.clone()).enumerate().collect();
            let chosen = proptest::sample::select(types)
                .prop_flat_map(|(place, ty)| (Just(place), self::carried(ty.as_ref())));
            chosen.prop_map(|(place, carried)| WitValue::Variant(place, carried)).boxed()
        }
        Shape::Enum(cases) => (0..cases.len()).prop_map(WitValue::Enum).boxed(),
        Shape::Option(inner) => option::of(of(inner).prop_map(Box::new)).prop_map(WitValue::Option).boxed(),
        Shape::Result { ok, error } => {
            let (ok, error) = (carried(ok).prop_map(Ok), carried(error).prop_map(Err));
            prop_oneof![ok, error].prop_map(WitValue::Result).boxed()
        }
        Shape::Flags(flags) => {
            let all: Vec<usize> = (0..flags.len()).collect();
            proptest::sample::subsequence(all, 0..=flags.len()).prop_map(WitValue::Flags).boxed()
        }
    }
}

fn carried(ty: Option<&WitType>) -> BoxedStrategy<Option<Box<WitValue>>> {
    match ty {
        None => Just(None).boxed(),
        Some(ty) => of(ty).prop_map(|value| Some(Box::new(value))).boxed(),
    }
}
