//! Which export of a component is called.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes of the longest name: that of an interface and that of a function in it.
const MAX_BYTES: usize = 512;

/// An exported function: `INTERFACE#FUNCTION`, such as `demo:pages/reader@1.2.0#fetch`, or the name alone of one that is
/// in no interface.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExportName(String);

impl ExportName {
    /// The name of a function in an interface, or in none.
    #[must_use]
    pub fn new(interface: Option<&str>, function: &str) -> Self {
        Self(interface.map_or_else(|| function.to_owned(), |interface| format!("{interface}#{function}")))
    }

    /// The interface that it is in, with its package and version.
    #[must_use]
    pub fn interface(&self) -> Option<&str> {
        self.0.split_once('#').map(|(interface, _)| interface)
    }

    /// The function.
    #[must_use]
    pub fn function(&self) -> &str {
        self.0.split_once('#').map_or(self.0.as_str(), |(_, function)| function)
    }

    /// The version of the package that its interface is in.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.interface()?.split_once('@').map(|(_, version)| version)
    }
}

impl fmt::Display for ExportName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for ExportName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ExportName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        if name.len() > MAX_BYTES {
            return Err(serde::de::Error::custom(format!(
                "the name of an export has at most {MAX_BYTES} bytes"
            )));
        }
        Ok(Self(name))
    }
}
