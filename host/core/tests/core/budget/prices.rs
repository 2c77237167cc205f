//! A price list says what is wrong with it, and finds a price by the name that fits best.

use aos_core::budget::{HttpPrice, PriceList};
use url::Url;

const HEAD: &str = "as_of = \"2026-01-31\"\nfuel = 500\n";

fn read(rest: &str) -> PriceList {
    PriceList::from_toml(&format!("{HEAD}{rest}")).unwrap()
}

fn fault(text: &str) -> String {
    PriceList::from_toml(text).unwrap_err().to_string()
}

fn fault_after_head(rest: &str) -> String {
    fault(&format!("{HEAD}{rest}"))
}

/// A fault of the format names the line and the column, and says what is wrong.
fn assert_at(rest: &str, (line, column): (u32, u32), what: &str) {
    let fault = fault_after_head(rest);
    let place = format!("TOML parse error at line {line}, column {column}\n");
    assert!(fault.starts_with(&place), "{fault}");
    assert!(fault.contains(what), "{fault}");
}

#[test]
fn a_fault_of_the_format_is_told_with_its_line_and_column() {
    assert_at("[models.m\n", (3, 10), "unclosed table");
    assert_at("[models.m]\ninput = \n", (4, 9), "string values must be quoted");
    assert_at("[models.m]\ninput = 1\ninput = 2\n", (5, 1), "duplicate key");
    assert_at("[models.m]\ninput = 1\n", (3, 1), "missing field `output`");
    assert_at("[models.m]\ninput = -1\noutput = 1\n", (4, 9), "invalid value: integer `-1`, expected u64");
    assert_at(
        "[models.m]\ninput = 0.15\noutput = 1\n",
        (4, 9),
        "invalid type: floating point `0.15`, expected u64",
    );
    assert_at("[models.m]\ninput = \"1\"\noutput = 1\n", (4, 9), "invalid type: string \"1\", expected u64");
    assert_at("[models.m]\ninput = 1\noutput = 1\ncache = 1\n", (6, 1), "unknown field `cache`");
    assert_at("[[models.m.tiers]]\nabove = 1\n", (3, 1), "missing field");
    assert_at("[http.\"a.example\"]\nkb = 1\n", (4, 1), "unknown field `kb`, expected `request` or `kib`");
    assert_at("tokens = 1\n", (3, 1), "unknown field `tokens`");
    assert!(fault("as_of = \"2026-01-31\"\n").contains("missing field `fuel`"));
    assert!(fault("fuel = 1\n").contains("missing field `as_of`"));
}

#[test]
fn a_price_ends_at_the_largest_number_that_its_digest_can_tell_from_the_next() {
    let most = read("[models.m]\ninput = 9007199254740991\noutput = 0\n");
    assert_eq!(most.model("m").unwrap().input, 9_007_199_254_740_991);
    let beyond = "9007199254740992";
    for key in ["input", "output", "cached_input", "cache_write", "request"] {
        let rest = ["input", "output"]
            .into_iter()
            .filter(|other| *other != key)
            .map(|other| format!("{other} = 1\n"));
        let list = format!("[models.m]\n{key} = {beyond}\n{}", rest.collect::<String>());
        assert_at(&list, (4, key.len() as u32 + 4), "9007199254740992 is more than 9007199254740991");
    }
    for key in ["above", "input", "output", "cached_input", "cache_write"] {
        let rest = ["above", "input", "output"].into_iter().filter(|other| *other != key);
        let rest: String = rest.map(|other| format!("{other} = 1\n")).collect();
        let list = format!("[models.m]\ninput = 1\noutput = 1\n[[models.m.tiers]]\n{key} = {beyond}\n{rest}");
        assert_at(&list, (7, key.len() as u32 + 4), "9007199254740992 is more than 9007199254740991");
    }
    for key in ["request", "kib"] {
        let list = format!("[http.\"*\"]\n{key} = {beyond}\n");
        assert_at(&list, (4, key.len() as u32 + 4), "9007199254740992 is more than 9007199254740991");
    }
    let fuel = fault(&format!("as_of = \"2026-01-31\"\nfuel = {beyond}\n"));
    assert!(fuel.contains("line 2, column 8") && fuel.contains("is more than"), "{fuel}");
}

#[test]
fn a_day_is_one_of_the_calendar_in_ten_characters() {
    for day in
        ["", "2026-02-29", "2026-1-31", "20260131", "2026-01-31T00:00", "2026-W05-6", "+002026-01-31", "soon"]
    {
        let expected = format!("as_of = {day:?} is no day, such as \"2026-01-31\"");
        assert_eq!(fault(&format!("as_of = \"{day}\"\nfuel = 1\n")), expected);
    }
    assert_eq!(PriceList::from_toml("as_of = \"2024-02-29\"\nfuel = 1\n").unwrap().as_of, "2024-02-29");
}

#[test]
fn a_star_stands_at_the_end_of_a_models_name() {
    for name in ["", "*-mini", "gpt-*-mini", "gpt**"] {
        let expected = format!("models.{name:?}: a name is that of a model, or the beginning of one and a *");
        assert_eq!(fault_after_head(&format!("[models.\"{name}\"]\ninput = 1\noutput = 1\n")), expected);
    }
    assert_eq!(read("[models.\"*\"]\ninput = 1\noutput = 2\n").model("any").unwrap().output, 2);
}

#[test]
fn tiers_stand_in_order() {
    let tiers = |bounds: [u64; 3]| {
        let tier = |above| format!("[[models.m.tiers]]\nabove = {above}\ninput = 1\noutput = 1\n");
        format!("{HEAD}[models.m]\ninput = 1\noutput = 1\n{}", bounds.map(tier).concat())
    };
    for bounds in [[1, 1, 2], [1, 2, 2], [2, 1, 3], [1, 3, 2]] {
        let expected = "models.\"m\": tiers stand in the order of `above`, each above the one before it";
        assert_eq!(fault(&tiers(bounds)), expected);
    }
    assert_eq!(PriceList::from_toml(&tiers([0, 1, 2])).unwrap().model("m").unwrap().tiers.len(), 3);
}

#[test]
fn a_host_is_named_as_in_a_grant() {
    for host in ["", "a b", "https://", "*.*"] {
        let fault = fault_after_head(&format!("[http.\"{host}\"]\nrequest = 1\n"));
        assert!(
            fault.starts_with(&format!("http.{host:?}: ")) && fault.ends_with("; or \"*\" for every host"),
            "{fault}"
        );
    }
}

#[test]
fn a_model_is_found_by_its_name_or_by_the_longest_beginning() {
    let list = read(
        "[models.\"gpt-4\"]\ninput = 1\noutput = 1\n[models.\"gpt-*\"]\ninput = 2\noutput = 1\n\
         [models.\"gpt-4*\"]\ninput = 3\noutput = 1\n[models.\"gpt-4-turbo-*\"]\ninput = 4\noutput = 1\n",
    );
    let input = |name: &str| list.model(name).map(|price| price.input);
    assert_eq!(input("gpt-4"), Some(1));
    assert_eq!(input("gpt-3"), Some(2));
    assert_eq!(input("gpt-"), Some(2));
    assert_eq!(input("gpt-4o"), Some(3));
    assert_eq!(input("gpt-4-turbo-1"), Some(4));
    assert_eq!(input("gpt"), None);
    assert_eq!(input("o4"), None);
}

#[test]
fn a_request_costs_the_dearest_of_the_prices_that_name_its_host() {
    let list = read(
        "[http.\"*\"]\nrequest = 7\n[http.\"*.a.example\"]\nrequest = 2\nkib = 5\n\
         [http.\"b.a.example\"]\nrequest = 3\n[http.\"free.example\"]\n",
    );
    let of = |list: &PriceList, url: &str| list.http(&Url::parse(url).unwrap());
    assert_eq!(of(&list, "https://c.a.example/"), HttpPrice { request: 2, kib: 5 });
    assert_eq!(of(&list, "https://b.a.example/"), HttpPrice { request: 3, kib: 5 });
    assert_eq!(of(&list, "https://free.example/"), HttpPrice::default());
    assert_eq!(of(&list, "https://other.example/"), HttpPrice { request: 7, kib: 0 });
    assert_eq!(of(&read(""), "https://other.example/"), HttpPrice::default());
}

#[test]
fn a_lists_digest_is_that_of_its_prices_and_not_of_its_text() {
    let model = |name: &str, input: u64| format!("[models.{name}]\ninput = {input}\noutput = 1\n");
    let one = read(&[model("a", 1), model("b", 2)].concat());
    let other = read(&format!("# the same\n{}", [model("b", 2), model("a", 1)].concat()));
    assert_eq!(one.digest(), other.digest());
    assert_ne!(one.digest(), read(&[model("a", 2), model("b", 2)].concat()).digest());
    assert_eq!(PriceList::from_toml(PriceList::bundled_text()).unwrap(), PriceList::bundled().unwrap());
}

#[test]
fn a_price_is_written_without_what_it_does_not_say() {
    let list = read(
        "[models.m]\ninput = 1\noutput = 2\n[models.n]\ninput = 1\ncached_input = 0\noutput = 2\nrequest = 3\n",
    );
    let models = serde_json::json!({
        "m": {"input": 1, "output": 2}, "n": {"input": 1, "cached_input": 0, "output": 2, "request": 3},
    });
    let expected = serde_json::json!({"as_of": "2026-01-31", "fuel": 500, "models": models});
    assert_eq!(serde_json::to_value(&list).unwrap(), expected);
    assert_eq!(serde_json::from_value::<PriceList>(expected).unwrap(), list);
}
