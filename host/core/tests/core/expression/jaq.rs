//! jaq itself, as the oracle: as it is, and with the definitions of jq 1.7 where it has its own.

use jaq_core::{
    Compiler, Ctx, Vars,
    data::JustLut,
    load::{Arena, File, Loader},
    unwrap_valr,
};
use jaq_json::{Val, read};
use serde_json::Value;

/// What jaq defines in jq itself, of what expressions may call and of what that needs.
const DEFINITIONS: &[&str] = &[
    "add",
    "all",
    "any",
    "empty",
    "error",
    "false",
    "first",
    "flatten",
    "from_entries",
    "isboolean",
    "isempty",
    "isarray",
    "isnumber",
    "isstring",
    "join",
    "keys",
    "last",
    "map",
    "max",
    "max_by",
    "min",
    "min_by",
    "not",
    "null",
    "recurse",
    "select",
    "split",
    "to_entries",
    "tonumber",
    "tostring",
    "totype",
    "true",
    "type",
    "unique",
    "unique_by",
    "arrays",
    "isobject",
];

/// The values of the filters, each of which gives one; nothing where it fails.
pub(super) fn run_all(definitions: &str, filters: &[String], input: &Value) -> Vec<Option<Value>> {
    let attempts: Vec<String> =
        filters.iter().map(|filter| format!("(try [{filter}\n] catch null)")).collect();
    let values = run(&format!("{definitions}[{}]", joined(&attempts)), input);
    let values = values.expect("what is tried does not fail");
    let values = values.as_array().expect("an array").iter();
    values.map(|value| value.get(0).cloned()).collect()
}

/// The filters with commas between them, as a tree that is not deep: jaq recurses through it.
fn joined(filters: &[String]) -> String {
    match filters {
        [] => "empty".into(),
        [only] => only.clone(),
        _ => {
            let (left, right) = filters.split_at(filters.len() / 2);
            format!("({},{})", joined(left), joined(right))
        }
    }
}

/// The last value of the filter, or nothing where it fails.
pub(super) fn run(filter: &str, input: &Value) -> Option<Value> {
    let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let known = |name: &str, arity: usize| DEFINITIONS.contains(&name) && (name, arity) != ("split", 2);
    let loader = Loader::new(definitions.filter(|definition| known(definition.name, definition.args.len())));
    let arena = Arena::default();
    let file = File { code: filter, path: () };
    let modules = loader.load(&arena, file).unwrap_or_else(|errors| panic!("{filter}: {errors:?}"));
    let functions = jaq_core::funs().chain(jaq_std::base_funs()).chain(jaq_json::funs());
    let compiled = Compiler::default().with_funs(functions).compile(modules);
    let compiled = compiled.unwrap_or_else(|errors| panic!("{filter}: {errors:?}"));
    let input = read::parse_single(input.to_string().as_bytes()).expect("JSON is JSON");
    let context = Ctx::<JustLut<Val>>::new(&compiled.lut, Vars::new([]));
    let mut last = None;
    for value in compiled.id.run((context, input)).map(unwrap_valr) {
        last = Some(serde_json::from_str(&value.ok()?.to_string()).ok()?);
    }
    last
}

/// Whether two values are the same to jq: `2` and `2.0` are.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, left)| right.get(name).is_some_and(|right| same(left, right)))
        }
        _ => left == right,
    }
}

/// jq 1.7 in terms of jaq, for whatever jaq does in a way of its own.
///
/// The names begin with `q_`, and the bodies are those of jq's `builtin.jq` where it has them.
pub(super) const JQ: &str = r#"
def q_each: if type == "object" then . as $o | keys[] as $k | $o[$k] else .[] end;
def q_whole: if . < 0 then ceil else floor end;
def q_number: if type == "number" then (if . == floor then floor else . end) else . end;
def q_sorted:
  if type == "object" then . as $o | reduce keys[] as $k ({}; . + {($k): ($o[$k] | q_sorted)})
  elif type == "array" then map(q_sorted)
  else q_number end;
def q_tojson: q_sorted | tojson;
def q_tostring: if type == "string" then . else q_tojson end;
def q_string: if type == "string" then . else error("not a string") end;
def q_array: if type == "array" then . else error("not an array") end;
def q_times($r): if type == "string" or ($r | type) == "string" then error("repetition") else . * $r end;
def q_over($r):
  if type == "number" and $r == 0 then error("zero") else . / $r | q_number end;
def q_rest($r):
  if type == "number" and ($r | type) == "number" then (q_whole) % ($r | q_whole) else error("rest") end;
def q_index($k):
  if type == "array" and ($k | type) == "number" then .[$k | q_whole]
  elif (type == "object" or . == null) and ($k | type) == "string" then .[$k]
  elif . == null and ($k | type) == "number" then null
  else error("index") end;
def q_from: if . == null then null elif type == "number" then floor else error("bound") end;
def q_upto: if . == null then null elif type == "number" then ceil else error("bound") end;
def q_slice($f; $t):
  if . == null then null
  elif type == "array" or type == "string" then .[($f | q_from):($t | q_upto)]
  else error("slice") end;
def q_map(f): [q_each | f];
def q_any(f): isempty(q_each | f or empty) | not;
def q_all(f): isempty(q_each | f and empty);
def q_any: q_any(.);
def q_all: q_all(.);
def q_add: reduce q_each as $x (null; . + $x);
def q_first: q_index(0);
def q_last: q_index(-1);
def q_has($k):
  if . == null then false
  elif type == "array" and ($k | type) == "number" then $k >= 0 and has($k | q_whole)
  elif type == "object" and ($k | type) == "string" then has($k)
  else error("has") end;
def q_reverse: if . == null then [] else q_array | reverse end;
def q_keys: if type == "object" or type == "array" then keys else error("keys") end;
def q_to_entries: . as $o | [q_keys[] as $k | {key: $k, value: $o[$k]}];
def q_from_entries:
  q_map({(.key // .Key // .name // .Name | q_string): (if q_has("value") then .value else .Value end)})
  | q_add | if . == null then {} else . end;
def q_joined($x): ($x | q_string) as $s | reduce q_each as $i (null;
    (if . == null then "" else . + $s end) +
    ($i | if type == "boolean" or type == "number" then q_tojson elif . == null then "" else . end)
  ) // "";
def q_split($x): ($x | q_string) as $s | q_string | . / $s;
def q_flat($x): reduce q_each as $i ([];
  if ($i | type) == "array" and $x != 0 then . + ($i | q_flat($x - 1)) else . + [$i] end);
def q_flatten: q_flat(-1);
def q_flatten($x): if ($x | type) != "number" or $x < 0 then error("depth") else q_flat($x | floor) end;
def q_starts($x): q_string | startswith($x | q_string);
def q_ends($x): q_string | endswith($x | q_string);
def q_fromjson: q_string | [fromjson] | if length == 1 then .[0] else error("not one") end;
def q_tonumber: if type == "number" then . else q_fromjson | if type == "number" then . else error("number") end end;
def q_keyed(f): [q_array[] | [[f], .]];
def q_sort_by(f): q_keyed(f) | sort_by(.[0]) | map(.[1]);
def q_group_by(f): q_keyed(f) | group_by(.[0]) | map(map(.[1]));
def q_unique: q_array | unique;
def q_length: if type == "boolean" then error("length") else length end;
"#;
