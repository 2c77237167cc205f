//! Which filters there are.
//!
//! jaq offers its formats, mathematics and regular expressions only together with its clock and environment, so
//! this crate has its own; everything else of jaq that depends on the input alone is taken over.

use jaq_core::data::JustLut;
use jaq_core::load::parse::Def;
use jaq_core::native::{self, Fun};
use jaq_core::{RunPtr, load};
use jaq_json::Val;

use super::{formats, math, patterns};

/// What filters run on: values alone, without inputs to come.
pub(super) type Data = JustLut<Val>;

/// A filter written in Rust, before jaq wraps it.
pub(super) type Native = native::Filter<RunPtr<Data>>;

/// Filters and variables of jq that are not there, and why.
const LEFT_OUT: [(&str, &[&str]); 5] = [
    ("it would read the clock", &["now/0", "localtime/0", "strflocaltime/1"]),
    ("dates are not part of this skill", &DATES),
    ("there is no environment", &["env/0", "$ENV", "input_filename/0", "get_search_list/0"]),
    ("data is the only input", &["input/0", "inputs/0", "input_line_number/0"]),
    (
        "there is nothing to write to and nothing to end; error raises an error",
        &["debug/0", "debug/1", "stderr/0", "halt/0", "halt/1", "halt_error/0", "halt_error/1"],
    ),
];

/// Filters of dates. Some need no clock, but jaq has them only together with a database of time zones.
const DATES: [&str; 11] = [
    "date/0",
    "dateadd/2",
    "datesub/2",
    "todate/0",
    "fromdate/0",
    "todateiso8601/0",
    "fromdateiso8601/0",
    "gmtime/0",
    "mktime/0",
    "strftime/1",
    "strptime/1",
];

/// Why a filter or variable of jq is not there, if it is one of jq's.
pub(super) fn reason_left_out(name: &str) -> Option<&'static str> {
    let mut groups = LEFT_OUT.iter();
    groups.find(|(_, names)| names.contains(&name)).map(|(reason, _)| *reason)
}

/// The filters that are written in jq.
pub(super) fn definitions() -> impl Iterator<Item = Def<&'static str>> {
    let own = load::parse(include_str!("definitions.jq"), |parser| parser.defs()).unwrap_or_default();
    let standard = jaq_std::defs().filter(|def| is_kept(def.name, def.args.len()));
    jaq_core::defs().chain(standard).chain(jaq_json::defs()).chain(own)
}

/// The filters that are written in Rust.
pub(super) fn natives() -> impl Iterator<Item = Fun<Data>> {
    let standard = jaq_std::base_funs().filter(|(name, args, _)| is_kept(name, args.len()));
    let own = formats::natives().into_iter().chain(math::natives()).chain(patterns::natives());
    jaq_core::funs().chain(standard).chain(jaq_json::funs()).chain(own.map(native::run::<Data>))
}

fn is_kept(name: &str, arguments: usize) -> bool {
    reason_left_out(&format!("{name}/{arguments}")).is_none()
}
