//! What a program that ended came to: its status, and what it wrote.

use aos_core::failure::{ErrorCode, Failure};
use serde_json::{Value, json};

use crate::doors::{Program, value_of};

/// Bytes of the end of a stream that a failure tells.
const MAX_TOLD: usize = 2048;

/// The output, where the status is one that the input accepts.
///
/// # Errors
///
/// `SKILL_EXIT` for any other status, with the end of what it wrote.
pub(super) fn output(status: i32, program: &Program, input: &Value) -> Result<Value, Failure> {
    let accepted = input.get("accept_exit_codes").and_then(Value::as_array);
    let is_accepted = accepted
        .map_or(status == 0, |codes| codes.iter().any(|code| code.as_f64() == Some(f64::from(status))));
    let (stdout, stderr) = program.written();
    if is_accepted {
        return Ok(json!({"exit_code": status, "stdout": value_of(&stdout), "stderr": value_of(&stderr)}));
    }
    let words = String::from_utf8_lossy(end_of(&stderr)).trim().to_owned();
    let last =
        words.lines().next_back().map_or_else(String::new, |line| format!(": {}", line.escape_debug()));
    let message = format!("the program ended with status {status}{last}");
    let details = json!({
        "exit_code": status, "stdout": String::from_utf8_lossy(end_of(&stdout)), "stderr": words,
    });
    Err(Failure::new(ErrorCode::SkillExit, message).with_details(details))
}

fn end_of(bytes: &[u8]) -> &[u8] {
    bytes.get(bytes.len().saturating_sub(MAX_TOLD)..).unwrap_or_default()
}
