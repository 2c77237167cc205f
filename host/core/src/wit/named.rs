//! Fields and cases in their order, found by name: a type may have a thousand of them, and a list a million values.

use std::collections::BTreeMap;
use std::ops::Deref;

use super::{Case, Field};

/// What has a name in its type.
pub trait HasName {
    /// The name.
    fn name(&self) -> &str;
}

/// Things with names, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<T> {
    all: Vec<T>,
    places: BTreeMap<String, usize>,
}

impl<T> Named<T> {
    /// The place of a name.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }
}

impl<T: HasName> From<Vec<T>> for Named<T> {
    fn from(all: Vec<T>) -> Self {
        let places = all.iter().enumerate().map(|(place, one)| (one.name().to_owned(), place)).collect();
        Self { all, places }
    }
}

impl<T> Deref for Named<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.all
    }
}

impl HasName for Field {
    fn name(&self) -> &str {
        &self.name
    }
}

impl HasName for Case {
    fn name(&self) -> &str {
        &self.name
    }
}
