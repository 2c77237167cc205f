//! A workflow whose input has a field of every kind, and gives it back.

use super::super::client::Service;
use super::look;
use crate::program::process::Home;
use crate::support::browser::Look;

const KINDS: &str = r##"
aos: 1
name: kinds
input:
  type: object
  required: [address, count, fixed, mode, sure, title]
  properties:
    address: {$ref: "#/$defs/address"}
    count: {type: integer, minimum: 1, maximum: 9}
    fixed: {const: 7}
    mode: {enum: [fast, slow, null]}
    sure: {type: boolean}
    title: {type: string, minLength: 1, description: What it is called}
    either: {oneOf: [{type: integer}, {type: object}]}
    maybe: {type: boolean}
    other: {$ref: "#/$defs/address"}
    perhaps: {const: only}
    ratio: {type: number, exclusiveMinimum: 0}
    tags: {type: array, items: {type: string}}
    unused: {type: string}
    usual: {type: integer, default: 3}
  $defs:
    address: {type: object, required: [street], properties: {street: {type: string}, floor: {type: integer}}}
steps:
  - {id: echo, skill: json_transform, with: {data: "${ .input }", filter: .}}
"##;

/// Puts it into the folder of workflows.
pub(super) fn with_kinds(home: Home) -> Home {
    std::fs::create_dir_all(home.path(".aos/workflows")).unwrap();
    home.write(".aos/workflows/kinds.yaml", KINDS);
    home
}

/// The field with a label.
pub(super) fn named(label: &str) -> String {
    format!("label:has(bdi:text-is('{label}')) + :is(input, select, textarea)")
}

/// The form, with all that is needed filled in by the keyboard alone.
pub(super) fn filled(service: &Service) -> Look {
    let form = look(service, "start/kinds").click("label:has(bdi:text-is('street'))");
    let keys = ["A", "Tab", "3", "Tab", "4", "Tab", "ArrowDown", "Tab", "Space", "Tab", "T"];
    keys.into_iter().fold(form, Look::press)
}

/// What the run got whose page is open, when it is over.
pub(super) const GOT: &str = "fetch('v1/runs/' + location.hash.split('/')[2] + '/document').then((answer) => answer.json()).then((found) => found.request)";

/// Starts the run, and waits for its end.
pub(super) fn started(form: Look) -> Look {
    form.click("button:text-is('Start the run')").wait("h1 .chip:has-text('succeeded')").eval(GOT)
}
