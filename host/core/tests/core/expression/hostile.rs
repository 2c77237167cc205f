//! Texts that are out to do harm: deep, broken and random ones, on the stack of a worker thread.

use serde_json::json;

use super::{
    Dice, generator, on_a_worker_stack,
    room::{Expression, FaultKind, References, Template, limit},
};

/// What can be nested.
const SHAPES: &[(&str, &str)] = &[
    ("[", "]"),
    ("(", ")?"),
    ("[-", "]"),
    ("{a:", "}"),
    ("{a:(1,", ")}|"),
    ("\"\\(", ")\""),
    ("map(", ")"),
    ("first(", ")"),
    ("select(", ")"),
    ("sort_by(", ")"),
    ("any(", ")"),
    (".[", "]"),
    (".[1:", "]"),
    ("(1//", ")"),
    ("has(", ")"),
    ("if ", " then 1 else 2 end"),
    ("if 1 then ", " end"),
    ("[.|.|", "]"),
];

/// The deepest texts that the bounds let through, one shape at a time.
fn deepest() -> Vec<String> {
    let nested = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(limit::NESTING), close.repeat(limit::NESTING))
    };
    let chain = |link: &str, times: usize| link.repeat(times);
    let mut texts = vec![
        format!("{}1", chain("-", 128)),
        format!("{}.", chain(".|", 128)),
        format!("{}1", chain("1+", 128)),
        format!("{}1", chain("1,", 128)),
        format!("[{}1]", chain("1,", 126)),
        format!("{}1", chain("null//", 128)),
        format!("{}1", chain("1 and ", 128)),
        format!("{}1", chain("1==", 128)),
        format!(".{}", chain("[0]", 64)),
        format!(".{}", chain("[]?", 42)),
        format!(".{}", chain("[.a:.b]", 64)),
        format!(".{}", chain(".a", 1_000)),
        format!(".{}", chain(".a?", 128)),
        format!("if 1 then 1 {} end", chain("elif null then 1 ", 120)),
        format!("\"{}\"", chain("\\(1)", 64)),
        format!("{{{}}}", chain("a:(1,2),", 30)),
    ];
    for (open, close) in SHAPES {
        for inner in [".", "1", "(.|.|.|.|.|.|.|.)", "1+1+1+1+1+1+1+1", "----1"] {
            texts.push(nested(open, inner, close));
        }
    }
    texts
}

/// As many shapes as the bounds let through, in one another.
fn mixed(dice: &mut Dice) -> String {
    let mut text = (*dice.pick(&[".", ".a", "1", "-.", ".|.", "1+.", "[.,.]", ".[0]?"])).to_owned();
    loop {
        let (open, close) = dice.pick(SHAPES);
        let next = format!("{open}{text}{close}");
        if Expression::parse(&next).is_err() {
            return text;
        }
        text = next;
    }
}

#[test]
fn the_deepest_texts_fit_the_stack_of_a_worker() {
    on_a_worker_stack(|| {
        let deep = (0..100).fold(json!([1]), |inner, _| json!([inner]));
        let mut dice = Dice(7);
        let mixed: Vec<String> = (0..1_000).map(|_| mixed(&mut dice)).collect();
        for text in deepest().into_iter().chain(mixed) {
            let Ok(expression) = Expression::parse(&text) else {
                continue;
            };
            expression.references();
            for root in [json!(null), json!({"a": {"a": 1}}), deep.clone()] {
                drop(expression.clone().evaluate(&root));
            }
        }
    });
}

#[test]
fn no_text_however_deep_is_more_than_a_fault() {
    on_a_worker_stack(|| {
        let openers = [
            "if end | ",
            "if end, ",
            "if 1 then end | ",
            "if 1 then 1 else end - ",
            "(",
            "[",
            "{",
            "{a:",
            "\"\\(",
            "if ",
            "-",
            ".[",
            "map(",
            "try ",
            "reduce ",
            "foreach ",
            "def f: ",
            "label $x | ",
            "..",
            ".a",
            "?",
            "|",
            "\"",
            "#",
            "\\",
            "$",
            "@",
            "}",
            "]",
            ")",
            "${",
            "elif ",
            "then ",
            "end ",
            "as [",
            "//",
            "\u{e9}",
            "\u{1f4a3}",
            "\0",
            "1e",
            "0.",
            ",",
            ";",
            ":",
            "break ",
            "import ",
            "not ",
            "and ",
            "or ",
        ];
        for opener in openers {
            for times in [1, 31, 33, 129, 1_000, 100_000] {
                let text = opener.repeat(times);
                drop(Expression::parse(&text).map(|expression| expression.evaluate(&json!({}))));
                drop(Template::parse(&format!("${{{text}}}")));
                drop(Template::parse(&text));
            }
        }
    });
}

/// What random texts are made of.
const TOKENS: &[&str] = &[
    ".",
    "..",
    ".a",
    ".steps",
    ".input",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "\"",
    "\\(",
    "\\",
    "|",
    ",",
    ":",
    ";",
    "?",
    "//",
    "+",
    "-",
    "*",
    "/",
    "%",
    "=",
    "==",
    "!=",
    "<",
    "<=",
    "|=",
    "and",
    "or",
    "not",
    "if",
    "then",
    "elif",
    "else",
    "end",
    "as",
    "$x",
    "@text",
    "def",
    "reduce",
    "try",
    "catch",
    "map(",
    "select(",
    "length",
    "keys",
    "first(",
    "0",
    "1",
    "1.5",
    "\"a\"",
    "null",
    "#",
    "\n",
    " ",
    "a",
    "é",
    "f::g",
    "[]",
    "{}",
    "[0]",
    "[1:]",
    "\"\\(1)\"",
    "empty",
];

#[test]
fn random_tokens_are_parsed_refused_or_evaluated_and_nothing_else() {
    on_a_worker_stack(|| {
        let mut dice = Dice(3);
        let root = json!({"input": {"a": [1, 2]}, "steps": {"a": 1}, "outcomes": {}});
        let mut parsed = 0;
        for _ in 0..20_000 {
            let separator = if dice.below(2) == 0 { " " } else { "" };
            let length = 1 + dice.below(14);
            let tokens: Vec<&str> = (0..length).map(|_| *dice.pick(TOKENS)).collect();
            let text = tokens.join(separator);
            match Expression::parse(&text) {
                Ok(expression) => {
                    parsed += 1;
                    let references = expression.references();
                    if !text.contains('#') {
                        // The scanner of templates and the lexer of jaq agree on where an expression ends.
                        let template = Template::parse(&format!("${{{text}}}")).expect(&text);
                        let names = |references: References| references.steps.into_keys().collect::<Vec<_>>();
                        assert_eq!(names(template.references()), names(references), "{text}");
                    }
                    if let Err(error) = expression.evaluate(&root) {
                        assert!(text.get(error.span.clone()).is_some(), "{text}: {error:?}");
                    }
                }
                Err(fault) => {
                    assert!(text.get(fault.span.clone()).is_some(), "{text}: {fault:?}");
                    assert_ne!(fault.message, "expression cannot be read", "{text}");
                }
            }
            drop(Template::parse(&format!("a ${{ {text} }} b")));
        }
        assert!(parsed > 500, "only {parsed} of the texts are expressions");
    });
}

#[test]
fn random_expressions_end() {
    on_a_worker_stack(|| {
        let mut dice = Dice(5);
        let root = json!({"input": {"a": [1, 2, [3]], "b": "x"}, "steps": {"one": {"a": 1}}, "outcomes": {}});
        for _ in 0..5_000 {
            let text = generator::expression(&mut dice, 6).ours;
            match Expression::parse(&text) {
                Ok(expression) => drop(expression.evaluate(&root)),
                Err(fault) => assert_ne!(fault.kind, FaultKind::Syntax, "{text}: {fault:?}"),
            }
        }
    });
}
