//! The one way from a guest to the world. Doors call it; policy, money and journal are here and nowhere else.

mod behind;
mod call;
mod course;
mod crossing;
mod http_call;
mod llm_call;
mod looks;
mod progress;
mod recall;
mod settle;
mod traced;

pub(crate) use call::{HostCall, Sending};
pub(crate) use course::{Behind, Course, LiveRun, Mode, Rehearsing, RunTime};
pub(crate) use crossing::{Gate, GateLimits};
pub(crate) use http_call::{HttpAnswer, HttpCall};
pub(crate) use llm_call::{LlmAnswer, LlmCall};
