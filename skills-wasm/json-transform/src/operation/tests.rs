//! What each of the eight operations does, case by case.

use serde_json::{Value, json};

use super::{Name, run};
use crate::fault::Fault;

fn result(name: &str, args: Value, data: &Value) -> Result<Value, Fault> {
    let name: Name = serde_json::from_value(json!(name)).unwrap();
    run(name, Some(args), data.clone())
}

fn all(name: &str, data: Value, cases: impl IntoIterator<Item = (Value, Value)>) {
    for (args, expected) in cases {
        assert_eq!(result(name, args.clone(), &data).unwrap(), expected, "{name} {args}");
    }
}

#[test]
fn extract_finds_a_value_or_falls_back() {
    let cases = [
        (json!({"path": "a.0.b"}), json!(1)),
        (json!({"path": "/a/0/b"}), json!(1)),
        (json!({"path": ""}), json!({"a": [{"b": 1}], "n": null})),
        (json!({"path": "n", "default": 2}), json!(null)),
        (json!({"path": "x", "default": null}), json!(null)),
    ];
    all("extract", json!({"a": [{"b": 1}], "n": null}), cases);
    let fault = result("extract", json!({"path": "a.7"}), &json!({"a": []})).unwrap_err();
    assert_eq!(fault.to_string(), "data has nothing at /a/7, and no default is given");
}

#[test]
fn map_reshapes_each_element() {
    let cases = [
        (json!({"path": "a"}), json!([1, null, null])),
        (json!({"path": "a", "default": 0}), json!([1, 0, null])),
        (json!({"pick": ["b", "c"]}), json!([{"b": 2}, {}, {"c": 3}])),
    ];
    all("map", json!([{"a": 1, "b": 2}, {}, {"a": null, "c": 3}]), cases);
    assert!(matches!(result("map", json!({"pick": []}), &json!([1])), Err(Fault::Data { .. })));
    assert!(matches!(result("map", json!({"path": "a"}), &json!({})), Err(Fault::Data { .. })));
}

#[test]
fn filter_keeps_what_fits() {
    let data = json!([{"v": 1}, {"v": 2.0}, {"v": "2"}, {"v": ["x", 2]}, {"v": {"k": 0}}, {"v": null}, {}]);
    let keeps = |op: &str, value: Value| {
        let kept = result("filter", json!({"path": "v", "op": op, "value": value}), &data).unwrap();
        let kept = kept.as_array().unwrap().clone();
        let all = data.as_array().unwrap();
        kept.iter().map(|element| all.iter().position(|other| other == element).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(keeps("eq", json!(2)), [1]);
    assert_eq!(keeps("ne", json!(2)), [0, 2, 3, 4, 5, 6]);
    assert_eq!(keeps("eq", json!(null)), [5]);
    assert_eq!((keeps("lt", json!(2)), keeps("le", json!(2))), (vec![0], vec![0, 1]));
    assert_eq!((keeps("gt", json!(1)), keeps("ge", json!("2"))), (vec![1], vec![2]));
    assert_eq!((keeps("contains", json!(2.0)), keeps("contains", json!("k"))), (vec![3], vec![4]));
    assert_eq!((keeps("contains", json!("2")), keeps("in", json!([1.0, "2"]))), (vec![2], vec![0, 2]));
    assert_eq!(
        (keeps("exists", json!(true)), keeps("exists", json!(false))),
        (vec![0, 1, 2, 3, 4, 5], vec![6])
    );
    let own = result("filter", json!({"op": "gt", "value": 1}), &json!([1, 2, "3"])).unwrap();
    assert_eq!(own, json!([2]));
    for args in [json!({"op": "eq"}), json!({"op": "in", "value": 1}), json!({"op": "exists", "value": 1})] {
        assert!(matches!(result("filter", args.clone(), &data), Err(Fault::FilterValue(_))), "{args}");
    }
}

#[test]
fn pick_and_omit_go_by_keys() {
    let args = || json!({"keys": ["a", "x"]});
    all("pick", json!({"a": 1, "b": 2}), [(args(), json!({"a": 1}))]);
    all("omit", json!({"a": 1, "b": 2}), [(args(), json!({"b": 2}))]);
    all("pick", json!([{"a": 1, "b": 2}, {}]), [(args(), json!([{"a": 1}, {}]))]);
    all("omit", json!([{"a": 1, "b": 2}, {}]), [(args(), json!([{"b": 2}, {}]))]);
    let fault = result("omit", args(), &json!([{}, 1])).unwrap_err();
    assert_eq!(fault.to_string(), "omit needs an object, or an array of objects, and finds a number");
}

#[test]
fn merge_lets_the_new_members_win() {
    let with = || json!({"a": {"y": 3, "z": null}, "b": [2], "d": {"e": 1}});
    let cases = [
        (json!({"with": with()}), json!({"a": {"x": 1, "y": 3, "z": null}, "b": [2], "c": 1, "d": {"e": 1}})),
        (
            json!({"with": with(), "deep": false}),
            json!({"a": {"y": 3, "z": null}, "b": [2], "c": 1, "d": {"e": 1}}),
        ),
    ];
    all("merge", json!({"a": {"x": 1, "y": 2, "z": 0}, "b": [1, 1], "c": 1, "d": 0}), cases);
    assert!(matches!(result("merge", json!({"with": {}}), &json!([])), Err(Fault::Data { .. })));
}

#[test]
fn flatten_takes_levels_away() {
    let array = [
        (json!({}), json!([1, 2, [3, [4]], {"a": [5]}])),
        (json!({"depth": 0}), json!([1, [2, [3, [4]]], {"a": [5]}])),
        (json!({"depth": 9}), json!([1, 2, 3, 4, {"a": [5]}])),
    ];
    all("flatten", json!([1, [2, [3, [4]]], {"a": [5]}]), array);
    let object = [
        (json!({}), json!({"a.b.c": 1, "a.d": [{"e": 2}], "f": {}})),
        (json!({"depth": 1, "separator": "_"}), json!({"a_b": {"c": 1}, "a_d": [{"e": 2}], "f": {}})),
    ];
    all("flatten", json!({"a": {"b": {"c": 1}, "d": [{"e": 2}]}, "f": {}}), object);
    let twice = json!({"a": {"b": 1}, "a.b": 2});
    assert!(matches!(result("flatten", json!({}), &twice), Err(Fault::SameKey(key)) if key == "a.b"));
}

#[test]
fn sort_is_stable_both_ways() {
    let data =
        json!([{"k": 2, "n": 0}, {"k": "1", "n": 1}, {"n": 2}, {"k": 2.0, "n": 3}, {"k": null, "n": 4}]);
    let order = |args: Value| {
        let sorted = result("sort", args, &data).unwrap();
        sorted.as_array().unwrap().iter().map(|element| element["n"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(order(json!({"by": "k"})), [2, 4, 0, 3, 1]);
    assert_eq!(order(json!({"by": "k", "order": "desc"})), [1, 0, 3, 2, 4]);
    all("sort", json!([[], 1, "a", null, true]), [(json!({}), json!([null, true, 1, "a", []]))]);
}
