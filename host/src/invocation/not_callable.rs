//! Why a function that a component exports is no skill. The words are for people, and stand beside the function's name.

use aos_core::ids::NameInvalid;
use aos_core::wit::{MAX_NESTING, MAX_PARTS};

use super::exports::{MAX_CALLABLE, MAX_FUNCTIONS, MAX_PARTS_OF_ALL};

/// Why a function that a component exports is no skill.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotCallable {
    #[error("it and all after it are not looked at: a component has {MAX_FUNCTIONS} functions")]
    TooMany,
    #[error("{MAX_CALLABLE} functions of the component can be called, and those come before it")]
    TooManyCallable,
    #[error("the types of the component's functions have more than {MAX_PARTS_OF_ALL} parts")]
    TypesOfAll,
    #[error("it is asynchronous, and this host calls functions that return")]
    Asynchronous,
    #[error("its parameter {name} {why}")]
    Parameter { name: String, why: NotJson },
    #[error("its result {0}")]
    Result(NotJson),
    /// What a toolchain leaves.
    #[error("{0}")]
    LeftByTools(&'static str),
    #[error("it belongs to a resource, which lives in the component")]
    OfResource,
    #[error("its name is longer than a journal takes")]
    LongName,
    #[error("the engine does not find it")]
    NotFound,
    #[error("it has no name")]
    Unnamed,
    #[error("another export of the component has the same name")]
    SameName,
    #[error("{0}; give the component a shorter name")]
    Name(NameInvalid),
}

/// Why a value of a type is not written as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotJson {
    #[error("is of more than {MAX_PARTS} parts, or nested deeper than {MAX_NESTING}")]
    TooLarge,
    #[error("is of more than {MAX_PARTS} parts")]
    TooManyNames,
    #[error("has a resource, which lives in the component and cannot be written as JSON")]
    Resource,
    #[error("has a stream, which cannot be written as JSON")]
    Stream,
    #[error("has a type that this host does not know")]
    Unknown,
}
