//! Where each value of a YAML or JSON text stands.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use crate::yaml;

/// Places in the text by JSON pointer (RFC 6901).
#[derive(Debug, Default)]
pub(super) struct Positions(BTreeMap<String, Range<usize>>);

impl Positions {
    /// Reads the places of a text that parses; of one that does not, none.
    pub(super) fn read(text: &str) -> Self {
        let mut positions = Self::default();
        if let Ok(root) = yaml::read::<Spanned<Tree>>(text) {
            positions.add(text, &mut String::new(), &root);
        }
        positions
    }

    /// Where the value of a pointer stands, or the nearest one around it.
    pub(super) fn of(&self, pointer: &str) -> Range<usize> {
        let mut pointer = pointer;
        loop {
            if let Some(span) = self.0.get(pointer) {
                return span.clone();
            }
            match pointer.rfind('/') {
                Some(end) => pointer = pointer.get(..end).unwrap_or_default(),
                None => return 0..0,
            }
        }
    }

    fn add(&mut self, text: &str, pointer: &mut String, node: &Spanned<Tree>) {
        self.0.insert(pointer.clone(), yaml::span_of(text, node.referenced));
        let length = pointer.len();
        for (token, child) in &node.value.children {
            pointer.push('/');
            pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
            self.add(text, pointer, child);
            pointer.truncate(length);
        }
    }
}

/// A value of which only the places of its parts matter.
#[derive(Debug, Default)]
struct Tree {
    children: Vec<(String, Spanned<Tree>)>,
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

macro_rules! leaf {
    ($($method:ident($($type:ty)?);)*) => {
        $(fn $method<E>(self $(, _: $type)?) -> Result<Tree, E> {
            Ok(Tree::default())
        })*
    };
}

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    leaf! {
        visit_unit(); visit_none(); visit_bool(bool); visit_u64(u64); visit_i64(i64); visit_f64(f64);
        visit_u128(u128); visit_i128(i128); visit_str(&str);
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Tree, A::Error> {
        let mut children = Vec::new();
        while let Some(child) = elements.next_element()? {
            children.push((children.len().to_string(), child));
        }
        Ok(Tree { children })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Tree, A::Error> {
        let mut children = Vec::new();
        while let Some(member) = members.next_entry()? {
            children.push(member);
        }
        Ok(Tree { children })
    }
}
