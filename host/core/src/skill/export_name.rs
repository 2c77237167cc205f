//! Which export of a component is called.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes of the longest name: that of an interface and that of a function in it.
const MAX_BYTES: usize = 512;

/// How a longer one ends.
const CUT: &str = "…";

/// An exported function: `INTERFACE#FUNCTION`, such as `demo:pages/reader@1.2.0#fetch`, or the name alone of one that is
/// in no interface.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExportName(String);

impl ExportName {
    /// The name of a function in an interface, or in none. One that is too long for a journal is cut off, and says so: no
    /// function is called by it.
    #[must_use]
    pub fn new(interface: Option<&str>, function: &str) -> Self {
        let name = |interface| format!("{interface}#{function}");
        let mut name = interface.map_or_else(|| function.to_owned(), name);
        if name.len() > MAX_BYTES {
            let most = MAX_BYTES - CUT.len();
            let end = (0..=most).rev().find(|end| name.is_char_boundary(*end)).unwrap_or_default();
            name.truncate(end);
            name.push_str(CUT);
        }
        Self(name)
    }

    /// Whether it was too long.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.0.ends_with(CUT)
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

    /// Whether another name is that of the same function in a version that is compatible by Semantic Versioning 2.0.0: of
    /// the same major one, or before 1.0.0 of the same minor one.
    #[must_use]
    pub fn is_compatible(&self, other: &Self) -> bool {
        let path = |name: &Self| {
            name.interface().and_then(|interface| interface.split('@').next().map(ToOwned::to_owned))
        };
        let track = |name: &Self| {
            let mut parts = name.version()?.split(['.', '-', '+']);
            let (major, minor) = (parts.next()?.to_owned(), parts.next().unwrap_or_default().to_owned());
            Some(if major == "0" { (major, minor) } else { (major, String::new()) })
        };
        path(self) == path(other) && self.function() == other.function() && track(self) == track(other)
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
