//! Expressions made at random, each in two spellings: ours, and one for jaq that means what jq means by it.

use super::Dice;

/// One expression in two spellings.
#[derive(Clone)]
pub(super) struct Pair {
    pub(super) ours: String,
    pub(super) jaq: String,
    /// Whether a part of a path can be written right behind it.
    is_path: bool,
}

/// Every function that takes nothing.
const PLAIN: &[&str] = &[
    "add",
    "all",
    "any",
    "first",
    "flatten",
    "from_entries",
    "fromjson",
    "keys",
    "last",
    "length",
    "max",
    "min",
    "not",
    "reverse",
    "sort",
    "to_entries",
    "tojson",
    "tonumber",
    "tostring",
    "type",
    "unique",
];

const LITERALS: &[&str] = &[
    "0", "1", "2", "3", "1.5", "-1", "null", "true", "false", r#""a""#, r#""b""#, r#"",""#, r#""""#,
    r#""7""#, r#""a,b""#, "[]", "{}", "empty",
];

const NAMES: &[&str] = &["a", "b", "x", "one", "two", "three", "input", "steps", "outcomes"];

/// An expression that starts from the root, to at most `depth` levels.
pub(super) fn expression(dice: &mut Dice, depth: usize) -> Pair {
    if depth == 0 || dice.below(6) == 0 {
        return leaf(dice);
    }
    match dice.below(15) {
        0 => wrapped(dice, depth, ("-(", ")")),
        1 => wrapped(dice, depth, ("[", "]")),
        2 | 3 => infix(dice, depth),
        4 | 5 => arithmetic(dice, depth),
        6 => branch(dice, depth),
        7 => object(dice, depth),
        8 => text(dice, depth),
        9 => plain(dice, depth),
        10 => valued(dice, depth),
        11 => filtered(dice, depth),
        12 => wrapped(dice, depth, ("(", ")?")),
        _ => path(dice, depth),
    }
}

fn both(ours: impl Into<String>, jaq: impl Into<String>) -> Pair {
    Pair { ours: ours.into(), jaq: jaq.into(), is_path: false }
}

fn leaf(dice: &mut Dice) -> Pair {
    match dice.below(4) {
        0 => {
            let literal = dice.pick(LITERALS);
            both(format!("({literal})"), format!("({literal})"))
        }
        1 => Pair { ours: ".".into(), jaq: ".".into(), is_path: false },
        2 => name(dice),
        _ => {
            let root = dice.pick(&[".input", ".steps.one", ".steps.two", ".steps.three", ".outcomes.one"]);
            Pair { ours: (*root).into(), jaq: (*root).into(), is_path: true }
        }
    }
}

fn name(dice: &mut Dice) -> Pair {
    let name = dice.pick(NAMES);
    Pair { ours: format!(".{name}"), jaq: format!("q_index(\"{name}\")"), is_path: true }
}

fn wrapped(dice: &mut Dice, depth: usize, (open, close): (&str, &str)) -> Pair {
    let inner = expression(dice, depth - 1);
    both(format!("({open}{}{close})", inner.ours), format!("({open}{}{close})", inner.jaq))
}

fn infix(dice: &mut Dice, depth: usize) -> Pair {
    let (left, right) = (expression(dice, depth - 1), expression(dice, depth - 1));
    let operator = dice.pick(&["|", "|", "|", ",", "//", "and", "or"]);
    both(
        format!("({} {operator} {})", left.ours, right.ours),
        format!("(({}) {operator} ({}))", left.jaq, right.jaq),
    )
}

fn arithmetic(dice: &mut Dice, depth: usize) -> Pair {
    let (left, right) = (expression(dice, depth - 1), expression(dice, depth - 1));
    let operators = &["+", "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">="];
    let operator = *dice.pick(operators);
    let applied = match operator {
        "*" => "q_times($r)".into(),
        "/" => "q_over($r)".into(),
        "%" => "q_rest($r)".into(),
        _ => format!(". {operator} $r"),
    };
    both(
        format!("(({}) {operator} ({}))", left.ours, right.ours),
        format!("(({}) as $r | ({}) | {applied})", right.jaq, left.jaq),
    )
}

fn branch(dice: &mut Dice, depth: usize) -> Pair {
    let (condition, then) = (expression(dice, depth - 1), expression(dice, depth - 1));
    let mut ours = format!("if {} then {}", condition.ours, then.ours);
    let mut jaq = format!("if {} then {}", condition.jaq, then.jaq);
    if dice.below(3) > 0 {
        let otherwise = expression(dice, depth - 1);
        ours.push_str(&format!(" else {}", otherwise.ours));
        jaq.push_str(&format!(" else {}", otherwise.jaq));
    }
    both(format!("{ours} end"), format!("({jaq} end)"))
}

fn object(dice: &mut Dice, depth: usize) -> Pair {
    let (key, value, other) =
        (expression(dice, depth - 1), expression(dice, depth - 1), expression(dice, depth - 1));
    both(
        format!("{{({}): ({}), b: ({})}}", key.ours, value.ours, other.ours),
        format!(
            "(({}) as $k | ({}) as $v | ($k | q_string) as $k | ({}) as $b | {{($k): $v, b: $b}})",
            key.jaq, value.jaq, other.jaq
        ),
    )
}

fn text(dice: &mut Dice, depth: usize) -> Pair {
    let (first, last) = (expression(dice, depth - 1), expression(dice, depth - 1));
    both(
        format!("\"<\\({})-\\({})>\"", first.ours, last.ours),
        format!(
            "(({}) as $b | ({}) as $a | \"<\" + ($a | q_tostring) + \"-\" + ($b | q_tostring) + \">\")",
            last.jaq, first.jaq
        ),
    )
}

fn plain(dice: &mut Dice, depth: usize) -> Pair {
    let inner = expression(dice, depth - 1);
    let function = *dice.pick(PLAIN);
    let own = ["max", "min", "not", "sort", "type"];
    let jaq = if own.contains(&function) { function.to_owned() } else { format!("q_{function}") };
    both(format!("({} | {function})", inner.ours), format!("(({}) | {jaq})", inner.jaq))
}

fn valued(dice: &mut Dice, depth: usize) -> Pair {
    let (inner, argument) = (expression(dice, depth - 1), expression(dice, depth - 1));
    let functions = [
        ("has", "q_has"),
        ("join", "q_joined"),
        ("split", "q_split"),
        ("startswith", "q_starts"),
        ("endswith", "q_ends"),
        ("flatten", "q_flatten"),
    ];
    let (ours, jaq) = *dice.pick(&functions);
    both(
        format!("({} | {ours}({}))", inner.ours, argument.ours),
        format!("(({}) | ({}) as $a | {jaq}($a))", inner.jaq, argument.jaq),
    )
}

fn filtered(dice: &mut Dice, depth: usize) -> Pair {
    let (inner, filter) = (expression(dice, depth - 1), expression(dice, depth - 1));
    let functions = [
        ("map", "q_map"),
        ("map", "q_map"),
        ("select", "select"),
        ("any", "q_any"),
        ("all", "q_all"),
        ("first", "first"),
        ("last", "last"),
        ("sort_by", "q_sort_by"),
        ("group_by", "q_group_by"),
    ];
    let (ours, jaq) = *dice.pick(&functions);
    both(
        format!("({} | {ours}({}))", inner.ours, filter.ours),
        format!("(({}) | {jaq}({}))", inner.jaq, filter.jaq),
    )
}

fn path(dice: &mut Dice, depth: usize) -> Pair {
    let base = expression(dice, depth - 1);
    let start = if base.is_path { base.ours.clone() } else { format!("({})", base.ours) };
    let (optional, suffix) = if dice.below(3) == 0 { ("?", "?") } else { ("", "") };
    let made = match dice.below(5) {
        0 => {
            let name = dice.pick(NAMES);
            (format!("{start}.{name}"), format!("(({}) | (q_index(\"{name}\")){suffix})", base.jaq))
        }
        1 => {
            let key = expression(dice, depth - 1);
            let jaq = format!("(({}) as $k | ({}) | (q_index($k)){suffix})", key.jaq, base.jaq);
            (format!("{start}[{}]", key.ours), jaq)
        }
        2 => {
            let (from, upto) = (expression(dice, depth - 1), expression(dice, depth - 1));
            let jaq = format!(
                "(({}) as $f | ({}) as $t | ({}) | (q_slice($f; $t)){suffix})",
                from.jaq, upto.jaq, base.jaq
            );
            (format!("{start}[{}:{}]", from.ours, upto.ours), jaq)
        }
        3 => {
            let position = dice.pick(&["0", "1", "-1"]);
            (format!("{start}[{position}]"), format!("(({}) | (q_index({position})){suffix})", base.jaq))
        }
        // An error inside `q_each` is only that of the value itself, so `?` may stand behind it.
        _ => (format!("{start}[]"), format!("(({}) | (q_each){suffix})", base.jaq)),
    };
    Pair { ours: format!("{}{optional}", made.0), jaq: made.1, is_path: true }
}
