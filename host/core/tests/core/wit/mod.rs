//! Values of WIT types as JSON, both ways.

mod arbitrary;

use aos_core::failure::ErrorCode;
use aos_core::json;
use aos_core::schema::Schema;
use aos_core::wit::{Case, Field, Function, MAX_VALUES, Shape, WitType, WitValue};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use self::arbitrary::{of, types};

fn field(name: &str, ty: impl Into<WitType>) -> Field {
    Field { name: name.to_owned(), docs: None, ty: ty.into() }
}

fn case(name: &str, ty: Option<Shape>) -> Case {
    Case { name: name.to_owned(), docs: None, ty: ty.map(WitType::from) }
}

fn boxed(shape: Shape) -> Box<WitType> {
    Box::new(shape.into())
}

/// A function of one parameter `v`.
fn takes(shape: Shape) -> Function {
    Function { params: vec![field("v", shape)].into(), result: None }
}

fn gives(shape: Shape) -> Function {
    Function { params: Vec::new().into(), result: Some(shape.into()) }
}

fn read(shape: Shape, value: &Value) -> Result<WitValue, (ErrorCode, String, String)> {
    let read = takes(shape).arguments(&json!({ "v": value }));
    read.map(|mut arguments| arguments.remove(0))
        .map_err(|failure| (failure.code, failure.pointer.unwrap(), failure.message))
}

fn shape_of_a_point() -> Shape {
    Shape::Record(
        vec![field("x", Shape::Float64), field("label", Shape::Option(boxed(Shape::String)))].into(),
    )
}

fn shape_of_a_choice() -> Shape {
    Shape::Variant(
        vec![case("none", None), case("circle", Some(Shape::Float64)), case("at", Some(shape_of_a_point()))]
            .into(),
    )
}

/// Each row: a type, its JSON, and the value. The first JSON of a value is what it is written as.
fn rows() -> Vec<(Shape, Value, WitValue)> {
    let twice = || Shape::Option(boxed(Shape::Option(boxed(Shape::Unsigned(8)))));
    let some = |value| WitValue::Option(Some(Box::new(value)));
    let result = || Shape::Result { ok: Some(boxed(Shape::Bool)), error: None };
    let flags = || Shape::Flags(vec![case("read", None), case("write", None), case("execute", None)].into());
    vec![
        (Shape::Bool, json!(true), WitValue::Bool(true)),
        (Shape::Signed(8), json!(-128), WitValue::Signed(-128)),
        (Shape::Unsigned(16), json!(65535), WitValue::Unsigned(65535)),
        (Shape::Signed(64), json!(9_007_199_254_740_991_i64), WitValue::Signed(9_007_199_254_740_991)),
        (Shape::Signed(64), json!("9007199254740992"), WitValue::Signed(9_007_199_254_740_992)),
        (Shape::Signed(64), json!("-9223372036854775808"), WitValue::Signed(i64::MIN)),
        (Shape::Unsigned(64), json!("18446744073709551615"), WitValue::Unsigned(u64::MAX)),
        (Shape::Float32, json!(0.5), WitValue::Float32(0.5)),
        (Shape::Float64, json!(0.1), WitValue::Float64(0.1)),
        (Shape::Char, json!("🦀"), WitValue::Char('🦀')),
        (Shape::String, json!("a\u{0}b"), WitValue::String("a\u{0}b".to_owned())),
        (Shape::Bytes, json!("AP8="), WitValue::Bytes(vec![0, 255])),
        (
            Shape::List(boxed(Shape::Unsigned(8))),
            json!([0, 255]),
            WitValue::List(vec![WitValue::Unsigned(0), WitValue::Unsigned(255)]),
        ),
        (
            Shape::Tuple(vec![Shape::String.into(), Shape::Unsigned(32).into()]),
            json!(["a", 1]),
            WitValue::Tuple(vec![WitValue::String("a".to_owned()), WitValue::Unsigned(1)]),
        ),
        (
            shape_of_a_point(),
            json!({"x": 1.5, "label": null}),
            WitValue::Record(vec![WitValue::Float64(1.5), WitValue::Option(None)]),
        ),
        (shape_of_a_choice(), json!("none"), WitValue::Variant(0, None)),
        (
            shape_of_a_choice(),
            json!({"circle": 2.5}),
            WitValue::Variant(1, Some(Box::new(WitValue::Float64(2.5)))),
        ),
        (Shape::Enum(vec![case("up", None), case("down", None)].into()), json!("down"), WitValue::Enum(1)),
        (Shape::Option(boxed(Shape::Bool)), json!(null), WitValue::Option(None)),
        (Shape::Option(boxed(Shape::Bool)), json!(false), some(WitValue::Bool(false))),
        (twice(), json!(null), WitValue::Option(None)),
        (twice(), json!({"some": null}), some(WitValue::Option(None))),
        (twice(), json!({"some": 7}), some(some(WitValue::Unsigned(7)))),
        (result(), json!({"ok": true}), WitValue::Result(Ok(Some(Box::new(WitValue::Bool(true)))))),
        (result(), json!({"error": null}), WitValue::Result(Err(None))),
        (flags(), json!(["read", "execute"]), WitValue::Flags(vec![0, 2])),
        (flags(), json!([]), WitValue::Flags(vec![])),
    ]
}

#[test]
fn every_type_has_its_json() {
    for (shape, value, expected) in rows() {
        assert_eq!(read(shape.clone(), &value).unwrap(), expected, "{value}");
        // A result on its own is the function's success or failure; within a list it is a value.
        let listed = gives(Shape::Tuple(vec![shape.into()]));
        assert_eq!(listed.output(Some(&WitValue::Tuple(vec![expected]))).unwrap(), json!([value]));
    }
}

#[test]
fn other_spellings_are_taken_as_well() {
    assert_eq!(read(Shape::Unsigned(64), &json!("7")), Ok(WitValue::Unsigned(7)));
    assert_eq!(read(Shape::Unsigned(8), &json!(7.0)), Ok(WitValue::Unsigned(7)));
    assert_eq!(read(Shape::Float64, &json!(7)), Ok(WitValue::Float64(7.0)));
    let point = read(shape_of_a_point(), &json!({"x": 1}));
    assert_eq!(point, Ok(WitValue::Record(vec![WitValue::Float64(1.0), WitValue::Option(None)])));
    let flags = Shape::Flags(vec![case("a", None), case("b", None)].into());
    assert_eq!(read(flags, &json!(["b", "a"])), Ok(WitValue::Flags(vec![0, 1])));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let violation = ErrorCode::InputSchemaViolation;
    let list = |shape| Shape::List(boxed(shape));
    let slash = Shape::Record(vec![field("a/b~c", Shape::Bool)].into());
    for (shape, value, pointer, message) in [
        (Shape::Bool, json!(1), "/v", "expected true or false, and this is 1"),
        (Shape::Unsigned(8), json!(256), "/v", "expected an integer from 0 to 255, and this is 256"),
        (Shape::Unsigned(8), json!(-1), "/v", "expected an integer from 0 to 255"),
        (Shape::Signed(16), json!(1.5), "/v", "expected an integer from -32768 to 32767"),
        (Shape::Unsigned(8), json!("7"), "/v", "expected an integer from 0 to 255, and this is \"7\""),
        (Shape::Unsigned(64), json!("18446744073709551616"), "/v", "as a string of digits"),
        (Shape::Unsigned(64), json!("007"), "/v", "as a string of digits"),
        (Shape::Unsigned(64), json!("-0"), "/v", "as a string of digits"),
        (Shape::Signed(64), json!("-0"), "/v", "as a string of digits"),
        (Shape::Signed(64), json!("+1"), "/v", "as a string of digits"),
        (Shape::Float32, json!(1e300), "/v", "a number that a float of 32 bits can hold"),
        (Shape::Char, json!("ab"), "/v", "a string of one character"),
        (Shape::Char, json!(""), "/v", "a string of one character"),
        (Shape::Bytes, json!("AP8"), "/v", "bytes in base64"),
        (Shape::Bytes, json!("A-8="), "/v", "bytes in base64"),
        (list(Shape::Char), json!(["a", "", "b"]), "/v/1", "a string of one character"),
        (Shape::Tuple(vec![Shape::Bool.into()]), json!([]), "/v", "expected a list of 1 elements"),
        (shape_of_a_point(), json!({}), "/v", "\"x\" is missing: a number"),
        (
            shape_of_a_point(),
            json!({"x": 1, "y": 2}),
            "/v/y",
            "there is no \"y\" here; there is \"x\" or \"label\"",
        ),
        (slash, json!({"a/b~c": 0}), "/v/a~1b~0c", "expected true or false"),
        (shape_of_a_choice(), json!("square"), "/v", "expected \"none\" or \"circle\" or \"at\""),
        (shape_of_a_choice(), json!("circle"), "/v", "circle carries a number: write {\"circle\": …}"),
        (shape_of_a_choice(), json!({"none": null}), "/v", "none carries nothing: write \"none\""),
        (shape_of_a_choice(), json!({"circle": 1, "at": 2}), "/v", "an object with one member"),
        (shape_of_a_choice(), json!({"at": {"x": "1"}}), "/v/at/x", "expected a number"),
        (Shape::Result { ok: None, error: None }, json!({"ok": 1}), "/v/ok", "null, as it carries nothing"),
        (Shape::Option(boxed(Shape::Option(boxed(Shape::Bool)))), json!(true), "/v", "\"some\""),
        (Shape::Flags(vec![case("a", None)].into()), json!(["a", "a"]), "/v/1", "stands twice"),
        (Shape::Flags(vec![case("a", None)].into()), json!(["b"]), "/v/0", "expected \"a\""),
    ] {
        let (code, place, told) = read(shape, &value).unwrap_err();
        assert_eq!((code, place.as_str()), (violation, pointer), "{value}: {told}");
        assert!(told.contains(message), "{value}: {told:?} lacks {message:?}");
    }
    let missing = takes(Shape::Bool).arguments(&json!({})).unwrap_err();
    assert_eq!((missing.code, missing.pointer.as_deref()), (violation, Some("")));
    assert!(takes(Shape::Bool).arguments(&json!([true])).is_err());
}

#[test]
fn integers_that_would_change_are_to_be_quoted() {
    for value in [json!(9_007_199_254_740_992_u64), json!(u64::MAX), json!(1e17), json!(1e300)] {
        for shape in [Shape::Unsigned(64), Shape::Signed(64)] {
            let (code, pointer, message) = read(shape.clone(), &value).unwrap_err();
            let past_all = value == json!(1e300) || (value == json!(u64::MAX) && shape == Shape::Signed(64));
            if !past_all {
                assert_eq!(
                    (code, pointer.as_str()),
                    (ErrorCode::JsonNumberRange, "/v"),
                    "{value}: {message}"
                );
                assert!(message.contains("quote it"), "{message}");
            }
        }
    }
}

#[test]
fn a_float_that_json_has_no_number_for_is_refused_by_name() {
    for (float, name) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (f64::NEG_INFINITY, "-inf")] {
        let function = gives(Shape::Record(vec![field("a", Shape::List(boxed(Shape::Float64)))].into()));
        let value =
            WitValue::Record(vec![WitValue::List(vec![WitValue::Float64(0.0), WitValue::Float64(float)])]);
        let failure = function.output(Some(&value)).unwrap_err();
        assert_eq!(
            (failure.code, failure.pointer.as_deref()),
            (ErrorCode::OutputSchemaViolation, Some("/a/1"))
        );
        assert!(failure.message.contains(name), "{}", failure.message);
    }
}

#[test]
fn an_error_of_a_result_is_a_failure_that_tells_it() {
    let function =
        gives(Shape::Result { ok: Some(boxed(Shape::Bool)), error: Some(boxed(shape_of_a_choice())) });
    let ok = WitValue::Result(Ok(Some(Box::new(WitValue::Bool(true)))));
    assert_eq!(function.output(Some(&ok)), Ok(json!(true)));
    let error = WitValue::Result(Err(Some(Box::new(WitValue::Variant(0, None)))));
    let failure = function.output(Some(&error)).unwrap_err();
    assert_eq!(
        (failure.code, failure.message.as_str()),
        (ErrorCode::SkillError, "the function returned the error \"none\"")
    );
    assert_eq!(failure.details, Some(json!({"error": "none"})));
    assert_eq!(
        gives(Shape::Result { ok: None, error: None }).output(Some(&WitValue::Result(Ok(None)))),
        Ok(json!(null))
    );
}

#[test]
fn more_values_than_are_handed_over_are_refused() {
    let most = json!(vec![true; MAX_VALUES - 1]);
    assert!(read(Shape::List(boxed(Shape::Bool)), &most).is_ok());
    let more = json!(vec![true; MAX_VALUES]);
    assert_eq!(read(Shape::List(boxed(Shape::Bool)), &more).unwrap_err().0, ErrorCode::PayloadTooLarge);
    let bytes = json!("AAAA".repeat(MAX_VALUES / 3));
    assert_eq!(read(Shape::Bytes, &bytes).map(|_| ()), Ok(()));
    let bytes = json!("AAAA".repeat(MAX_VALUES / 3 + 1));
    assert_eq!(read(Shape::Bytes, &bytes).unwrap_err().0, ErrorCode::PayloadTooLarge);
}

/// Any type with a value of it.
fn typed() -> BoxedStrategy<(WitType, WitValue)> {
    types().prop_flat_map(|ty| (Just(ty.clone()), of(&ty))).boxed()
}

/// JSON, of words that types use.
fn any_json() -> BoxedStrategy<Value> {
    let word = prop_oneof![
        "case-[0-3]",
        "field-[0-3]",
        "some|ok|error",
        "-?[0-9]{1,21}",
        "[A-Za-z0-9+/]{0,8}={0,2}",
        ".{0,3}"
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-300_i64..300).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((word.clone(), inner), 0..3)
                .prop_map(|members| json!(members.into_iter().collect::<serde_json::Map<_, _>>())),
        ]
    })
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// A value is written as JSON that this host reads, that fits the schemas of both ways, and that is read back as itself.
    #[test]
    fn what_is_written_is_read_back((ty, value) in typed()) {
        let listed = Function { params: vec![field("v", ty.clone())].into(), result: Some(Shape::Tuple(vec![ty]).into()) };
        let output = listed.output(Some(&WitValue::Tuple(vec![value.clone()]))).unwrap();
        let text = output.to_string();
        prop_assert_eq!(&json::read(&text).unwrap(), &output);
        Schema::new(listed.output_schema()).unwrap().check(&output, ErrorCode::OutputSchemaViolation).unwrap();
        let input = json!({ "v": output[0] });
        Schema::new(listed.input_schema()).unwrap().check(&input, ErrorCode::InputSchemaViolation).unwrap();
        prop_assert_eq!(listed.arguments(&input).unwrap(), vec![value]);
    }

    /// Whatever JSON comes, it is read or refused with a place that is in it; and what is read fits the schema.
    #[test]
    fn any_json_is_read_or_refused((ty, input) in (types(), any_json())) {
        let function = Function { params: vec![field("v", ty)].into(), result: None };
        let input = json!({ "v": input });
        let fits = Schema::new(function.input_schema()).unwrap().check(&input, ErrorCode::InputSchemaViolation);
        match function.arguments(&input) {
            Ok(_) => prop_assert!(fits.is_ok(), "{:?}", fits),
            Err(failure) => {
                let pointer = failure.pointer.unwrap();
                prop_assert!(input.pointer(&pointer).is_some(), "{pointer} of {input}");
                // What JSON Schema cannot say: how large a quoted integer is, and what a float of 32 bits holds.
                let beyond = ["digits", "32 bits"].iter().any(|word| failure.message.contains(word));
                prop_assert!(fits.is_err() || beyond, "{}", failure.message);
            }
        }
    }

    /// A value with something else in one place is refused, or is another value.
    #[test]
    fn another_value_is_another_json((ty, value, other) in types().prop_flat_map(|ty| (Just(ty.clone()), of(&ty), of(&ty)))) {
        let function = gives(Shape::Tuple(vec![ty]));
        let write = |value: &WitValue| function.output(Some(&WitValue::Tuple(vec![value.clone()]))).unwrap();
        prop_assert_eq!(value == other, write(&value) == write(&other));
    }
}
