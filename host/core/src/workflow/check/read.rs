//! From bytes to the shape of a file. A fault of syntax or type stands alone, as nothing after it can be trusted.

use std::sync::Arc;

use super::checker::Checker;
use crate::failure::ErrorCode;
use crate::workflow::file::WorkflowFile;
use crate::workflow::positions::Positions;
use crate::workflow::{Fault, MAX_WORKFLOW_BYTES, Workflow, WorkflowInvalid};
use crate::yaml;

/// Reads and checks a file.
pub(in crate::workflow) fn check(bytes: &[u8]) -> Result<Workflow, WorkflowInvalid> {
    let text = read_text(bytes)?;
    let file = yaml::read::<WorkflowFile>(&text).map_err(|invalid| {
        let fault = Fault::new(ErrorCode::WorkflowInvalid, invalid.message, &text, invalid.span);
        WorkflowInvalid::new(text.clone(), vec![fault])
    })?;
    let mut checker = Checker::new(text.clone(), Positions::read(&text));
    let workflow = checker.workflow(file);
    match (workflow, checker.into_faults()) {
        (Some(workflow), faults) if faults.is_empty() => Ok(workflow),
        (_, faults) => Err(WorkflowInvalid::new(text, faults)),
    }
}

fn read_text(bytes: &[u8]) -> Result<Arc<str>, WorkflowInvalid> {
    let refuse = |code, message: String, text: &str| {
        let end = text.len();
        WorkflowInvalid::new(text.into(), vec![Fault::new(code, message, text, end..end)])
    };
    if bytes.len() > MAX_WORKFLOW_BYTES {
        let message =
            format!("the file has {} bytes, and at most {MAX_WORKFLOW_BYTES} are read", bytes.len());
        return Err(refuse(ErrorCode::WorkflowLimit, message, ""));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = bytes.get(..error.valid_up_to()).and_then(|good| std::str::from_utf8(good).ok());
        let message = format!("the file is not UTF-8 text (at byte {})", error.valid_up_to());
        refuse(ErrorCode::WorkflowInvalid, message, good.unwrap_or_default())
    })?;
    if text.trim().is_empty() {
        return Err(refuse(ErrorCode::WorkflowInvalid, "the file is empty".to_owned(), ""));
    }
    Ok(text.into())
}
