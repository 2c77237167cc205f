//! One invocation through the host, and each of many, against the same in the bare engine.

use aos_host::Runtime;
use serde_json::json;

use crate::bench::{Bench, Pair};
use crate::floor::{self, Bare};
use crate::scene::{self, Shape, Skill};
use crate::table::Aim;

/// What the host may add to an invocation.
const AIM: Aim = Aim::Times(1.5);

/// Steps of a run whose beginning and end count for little.
const STEPS: u32 = 500;

pub(crate) fn measure(bench: &mut Bench, runtime: &Runtime) {
    if !bench.is_wanted("invocation") {
        return;
    }
    for skill in [Skill::Tiny, Skill::JsonTransform] {
        let bare = bare(bench, runtime, skill);
        one_run(bench, runtime, skill, &bare);
        each_of_many(bench, runtime, skill, &bare);
    }
}

/// The skill without a host. Output and fuel are what the host has, or the two were not the same.
fn bare(bench: &Bench, runtime: &Runtime, skill: Skill) -> Bare {
    let contract = scene::contract(runtime, skill.name());
    let bare = Bare::new(&floor::engine(), &skill.component(), &contract);
    let workflow = scene::workflow(skill, Shape::Chain, 1);
    let outcome = bench.thread.block_on(runtime.run(&workflow, json!({})));
    let (output, fuel) = bench.thread.block_on(bare.once(&skill.input().to_string()));
    assert_eq!(outcome.output["s0"], serde_json::from_str::<serde_json::Value>(&output).unwrap());
    assert_eq!(outcome.fuel.units(), fuel, "the floor has other settings than the host");
    bare
}

fn one_run(bench: &mut Bench, runtime: &Runtime, skill: Skill, bare: &Bare) {
    let pair = Pair {
        id: &format!("invocation/{}/run", skill.name()),
        name: &format!("a run of one step, {}", skill.name()),
        against: "the component, bare",
        operations: 1,
        aim: AIM,
    };
    let (workflow, input) = (scene::workflow(skill, Shape::Chain, 1), skill.input().to_string());
    let thread = bench.thread;
    let floor = |turns| thread.block_on(bare.invoke(turns, &input));
    bench.pair(&pair, floor, |turns| thread.block_on(scene::run(runtime, &workflow, turns)));
}

fn each_of_many(bench: &mut Bench, runtime: &Runtime, skill: Skill, bare: &Bare) {
    for shape in [Shape::Chain, Shape::Elements] {
        let pair = Pair {
            id: &format!("invocation/{}/{}", skill.name(), shape.name()),
            name: &format!("each of {STEPS} {}, {}", shape.parts(), skill.name()),
            against: "the component, bare",
            operations: STEPS,
            aim: AIM,
        };
        let (workflow, input) = (scene::workflow(skill, shape, STEPS), skill.input().to_string());
        let thread = bench.thread;
        let floor = |turns| thread.block_on(bare.invoke(turns * u64::from(STEPS), &input));
        bench.pair(&pair, floor, |turns| thread.block_on(scene::run(runtime, &workflow, turns)));
    }
}
