//! JSON as values of WIT types.

use aos_core::json;
use aos_core::wit::{Case, Field, Function, Shape, WitType};

/// A function that takes and gives a list of a type which has all others in it.
fn function() -> Function {
    let field = |name: &str, shape: Shape| Field { name: name.to_owned(), docs: None, ty: shape.into() };
    let case = |name: &str, shape: Option<Shape>| Case {
        name: name.to_owned(),
        docs: None,
        ty: shape.map(WitType::from),
    };
    let boxed = |shape: Shape| Box::new(WitType::from(shape));
    let names = || vec![case("a", None), case("b", None)];
    let all = Shape::Variant(
        vec![
            case("none", None),
            case("bool", Some(Shape::Bool)),
            case("s8", Some(Shape::Signed(8))),
            case("s64", Some(Shape::Signed(64))),
            case("u16", Some(Shape::Unsigned(16))),
            case("u64", Some(Shape::Unsigned(64))),
            case("f32", Some(Shape::Float32)),
            case("f64", Some(Shape::Float64)),
            case("char", Some(Shape::Char)),
            case("string", Some(Shape::String)),
            case("bytes", Some(Shape::Bytes)),
            case("tuple", Some(Shape::Tuple(vec![Shape::Bool.into(), Shape::Char.into()]))),
            case(
                "record",
                Some(Shape::Record(
                    vec![field("x", Shape::Bool), field("y", Shape::Option(boxed(Shape::Char)))].into(),
                )),
            ),
            case("enum", Some(Shape::Enum(names().into()))),
            case("flags", Some(Shape::Flags(names().into()))),
            case("twice", Some(Shape::Option(boxed(Shape::Option(boxed(Shape::Bool)))))),
            case("result", Some(Shape::Result { ok: Some(boxed(Shape::Bool)), error: None })),
        ]
        .into(),
    );
    let list = Shape::List(boxed(all));
    Function { params: vec![field("v", list.clone())].into(), result: Some(list.into()) }
}

/// Reads an input. What is read is written, and is read back as itself.
pub(super) fn read(data: &[u8]) {
    let Some(Ok(input)) = super::text(data).map(json::read) else { return };
    let function = function();
    let input = serde_json::json!({ "v": input });
    match function.arguments(&input) {
        Ok(values) => {
            let written = function.output(values.first()).unwrap();
            let text = written.to_string();
            let again = serde_json::json!({ "v": json::read(&text).unwrap() });
            assert_eq!(function.arguments(&again).unwrap(), values, "{text}");
        }
        Err(failure) => {
            super::assert_sound(&failure);
            let pointer = failure.pointer.unwrap();
            assert!(input.pointer(&pointer).is_some() || pointer.ends_with('…'), "{pointer}");
        }
    }
}
