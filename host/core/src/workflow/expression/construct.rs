//! The part of the walk that builds strings, arrays and objects.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    json, kind,
    meter::{Site, Stop},
    tree::{Entry, Node, Piece},
    walk::{Flow, Sink, Walk},
};

/// An interpolation on its way: the pieces, and the texts of the last of them, in reverse.
struct Interpolation<'t> {
    site: Site<'t>,
    pieces: &'t [Piece],
    input: &'t Value,
    texts: Vec<String>,
}

/// An object on its way: its members so far.
struct Construction<'t> {
    site: Site<'t>,
    input: &'t Value,
    members: Vec<(String, Value)>,
}

impl Walk<'_> {
    /// `"a \(f) b"`, of which the last interpolation varies slowest.
    pub(super) fn text(&self, site: Site<'_>, pieces: &[Piece], input: &Value, out: &mut Sink<'_>) -> Flow {
        let mut interpolation = Interpolation { site, pieces, input, texts: Vec::new() };
        self.interpolate(&mut interpolation, pieces, out)
    }

    fn interpolate(&self, made: &mut Interpolation<'_>, left: &[Piece], out: &mut Sink<'_>) -> Flow {
        match left.split_last() {
            None => out(Cow::Owned(made.assemble()?)),
            Some((Piece::Literal(_), rest)) => self.interpolate(made, rest, out),
            Some((Piece::Value(node), rest)) => self.eval(node, made.input, &mut |value| {
                made.texts.push(json::text(made.site, &value)?);
                self.interpolate(made, rest, out)?;
                made.texts.pop();
                Ok(())
            }),
        }
    }

    /// `[f]`
    pub(super) fn array(
        &self,
        site: Site<'_>,
        inner: Option<&Node>,
        input: &Value,
        out: &mut Sink<'_>,
    ) -> Flow {
        site.make(0)?;
        let mut items = Vec::new();
        if let Some(inner) = inner {
            self.eval(inner, input, &mut |value| {
                items.push(site.own(value)?);
                Ok(())
            })?;
        }
        out(Cow::Owned(Value::Array(items)))
    }

    /// `{a: f}`, of which the first member varies slowest.
    pub(super) fn object(
        &self,
        site: Site<'_>,
        entries: &[Entry],
        input: &Value,
        out: &mut Sink<'_>,
    ) -> Flow {
        if entries.iter().all(Entry::is_single) {
            return self.single_object(site, entries, input, out);
        }
        let mut construction = Construction { site, input, members: Vec::new() };
        self.objects(&mut construction, entries, out)
    }

    /// Moves the values in, because they are used once.
    fn single_object(&self, site: Site<'_>, entries: &[Entry], input: &Value, out: &mut Sink<'_>) -> Flow {
        site.make(0)?;
        let mut object = Map::new();
        for entry in entries {
            let Some(key) = self.once(&entry.key, input)? else {
                return Ok(());
            };
            let Some(value) = self.once(&entry.value, input)? else {
                return Ok(());
            };
            let name = name(self.site(&entry.key), &key)?;
            site.insert(&mut object, name, value)?;
        }
        out(Cow::Owned(Value::Object(object)))
    }

    fn objects(&self, made: &mut Construction<'_>, entries: &[Entry], out: &mut Sink<'_>) -> Flow {
        let Some((entry, rest)) = entries.split_first() else {
            return out(Cow::Owned(made.assemble()?));
        };
        let input = made.input;
        self.eval(&entry.key, input, &mut |key| {
            self.eval(&entry.value, input, &mut |value| {
                let name = name(self.site(&entry.key), &key)?;
                made.members.push((name.to_owned(), made.site.own(value)?));
                self.objects(made, rest, out)?;
                made.members.pop();
                Ok(())
            })
        })
    }
}

impl Interpolation<'_> {
    fn assemble(&self) -> Result<Value, Stop> {
        let mut texts = self.texts.iter().rev();
        let parts = self.pieces.iter().map(|piece| match piece {
            Piece::Literal(text) => text.as_str(),
            Piece::Value(_) => texts.next().map(String::as_str).unwrap_or_default(),
        });
        let parts: Vec<&str> = parts.collect();
        self.site.make(parts.iter().map(|part| part.len()).sum())?;
        Ok(Value::String(parts.concat()))
    }
}

impl Construction<'_> {
    fn assemble(&self) -> Result<Value, Stop> {
        self.site.make(0)?;
        let mut object = Map::new();
        for (name, value) in &self.members {
            let value = self.site.copy(value)?;
            self.site.insert(&mut object, name, value)?;
        }
        Ok(Value::Object(object))
    }
}

fn name<'v>(site: Site<'_>, key: &'v Value) -> Result<&'v str, Stop> {
    key.as_str().ok_or_else(|| site.fail(format!("cannot name a member with {}", kind::describe(key))))
}
