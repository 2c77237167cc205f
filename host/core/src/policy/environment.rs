//! The environment that a skill is granted: variables with the values that someone wrote down. None comes from the
//! process of the host.

use super::Environment;

/// Bytes of all names and values together. They stand in the journal of each run.
const MAX_BYTES: usize = 64 * 1024;

/// Variables of one environment.
const MAX_VARIABLES: usize = 256;

/// Variables that no environment can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentInvalid {
    /// A name that is empty, or has a character that names cannot have.
    #[error("{0:?} is no name of a variable: it has at least one character, and neither = nor NUL")]
    Name(String),
    /// A value with a NUL.
    #[error("the variable {0:?} has a NUL in its value")]
    Value(String),
    /// Too many, or too long.
    #[error("an environment has at most {MAX_VARIABLES} variables of {MAX_BYTES} bytes in all")]
    Size,
}

/// Checks the variables of an environment.
///
/// # Errors
///
/// [`EnvironmentInvalid`].
pub fn check_environment(environment: &Environment) -> Result<(), EnvironmentInvalid> {
    for (name, value) in environment {
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(EnvironmentInvalid::Name(name.chars().take(80).collect()));
        }
        if value.contains('\0') {
            return Err(EnvironmentInvalid::Value(name.chars().take(80).collect()));
        }
    }
    let bytes: usize = environment.iter().map(|(name, value)| name.len() + value.len()).sum();
    if environment.len() > MAX_VARIABLES || bytes > MAX_BYTES {
        return Err(EnvironmentInvalid::Size);
    }
    Ok(())
}
