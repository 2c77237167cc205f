//! Workflow files.

use aos_core::failure::{ErrorCategory, Failure};
use aos_core::workflow::{MAX_STEPS, Workflow, WorkflowInvalid};

pub(super) fn parse(data: &[u8]) {
    match Workflow::parse(data) {
        Ok(workflow) => assert_right(&workflow),
        Err(invalid) => assert_told(invalid),
    }
}

fn assert_right(workflow: &Workflow) {
    let steps = workflow.steps();
    assert!((1..=MAX_STEPS).contains(&steps.len()), "{} steps", steps.len());
    let known = |id| steps.iter().filter(|step| step.id == id).count();
    for step in steps {
        assert_eq!(known(step.id.clone()), 1, "{} stands twice", step.id);
        assert!(step.needs.iter().all(|need| *need != step.id && known(need.clone()) == 1), "{step:?}");
    }
    let again = Workflow::parse(workflow.text().as_bytes()).expect("what was read is read again");
    assert_eq!((again.name(), again.digest()), (workflow.name(), workflow.digest()));
    assert_eq!(format!("{:?}", again.steps()), format!("{steps:?}"));
}

fn assert_told(invalid: WorkflowInvalid) {
    assert!(!invalid.faults().is_empty());
    for fault in invalid.faults() {
        let of_the_file = matches!(
            fault.code.row().category,
            ErrorCategory::Validation | ErrorCategory::Resource | ErrorCategory::Permission
        );
        assert!(of_the_file && !fault.message.is_empty(), "{fault:?}");
        assert!(invalid.text().get(fault.span.clone()).is_some(), "{fault:?} lies outside of the file");
        assert!(fault.line >= 1 && fault.column >= 1, "{fault:?}");
        assert!(fault.pointer.is_empty() || fault.pointer.starts_with('/'), "{fault:?}");
    }
    super::assert_sound(&Failure::from(invalid));
}
