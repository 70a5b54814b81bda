//! An answer's JSON, taken apart far enough to spoil it. Scalars stay the text that they are, so that nothing is lost
//! on the way, and may become text that is no JSON at all.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Tree {
    /// As it is written: `4.2`, `"text"`, `null`.
    Scalar(String),
    List(Vec<Tree>),
    /// In the order of writing; a key may stand twice.
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// Takes a text apart; `None` if it is no JSON.
    pub(in crate::sandbox) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        Some(match text.as_bytes().first()? {
            b'{' => {
                let Pairs(pairs) = serde_json::from_str(text).ok()?;
                let read = pairs.into_iter().map(|(key, raw)| Some((key, Self::read(raw.get())?)));
                Self::Object(read.collect::<Option<_>>()?)
            }
            b'[' => {
                let Rows(rows) = serde_json::from_str(text).ok()?;
                Self::List(rows.into_iter().map(|raw| Self::read(raw.get())).collect::<Option<_>>()?)
            }
            _ => Self::Scalar(serde_json::from_str::<&RawValue>(text).ok()?.get().to_owned()),
        })
    }

    /// Takes an answer apart, and leaves the rows of its lists closed: each is the text that it is until it is opened,
    /// for a catalog of 100,000 packages is some 100 MB of text, and ten times that as a tree.
    pub(in crate::sandbox) fn read_rows_closed(text: &str) -> Option<Self> {
        let text = text.trim();
        match text.as_bytes().first()? {
            b'{' => {
                let Pairs(pairs) = serde_json::from_str(text).ok()?;
                let read = |(key, raw): (String, Box<RawValue>)| {
                    let value = match key.as_str() {
                        "data" | "packages" => Self::read_rows_closed(raw.get()),
                        "countries" if raw.get().starts_with('[') => Self::read_countries(raw.get()),
                        _ => Self::read(raw.get()),
                    };
                    Some((key, value?))
                };
                pairs.into_iter().map(read).collect::<Option<_>>().map(Self::Object)
            }
            b'[' => {
                let Rows(rows) = serde_json::from_str(text).ok()?;
                let closed = |raw: Box<RawValue>| Self::Scalar(String::from(Box::<str>::from(raw)));
                Some(Self::List(rows.into_iter().map(closed).collect()))
            }
            _ => Self::read(text),
        }
    }

    /// The countries of a price list, of which each holds a list of packages.
    fn read_countries(text: &str) -> Option<Self> {
        let Rows(rows) = serde_json::from_str(text).ok()?;
        rows.into_iter().map(|raw| Self::read_rows_closed(raw.get())).collect::<Option<_>>().map(Self::List)
    }

    /// What a closed row holds; anything else as it is.
    pub(in crate::sandbox) fn opened(&self) -> Self {
        let closed = self.written().filter(|text| text.starts_with(['{', '[']));
        closed.and_then(Self::read).unwrap_or_else(|| self.clone())
    }

    /// A text as a value, written as PHP writes it.
    pub(in crate::sandbox) fn text(text: &str) -> Self {
        Self::Scalar(crate::sandbox::answers::php_json(&text).unwrap_or_default())
    }

    pub(in crate::sandbox) fn raw(written: impl Into<String>) -> Self {
        Self::Scalar(written.into())
    }

    pub(in crate::sandbox) fn null() -> Self {
        Self::raw("null")
    }

    pub(in crate::sandbox) fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(text) if text == "null")
    }

    /// The text of a scalar, as it is written.
    pub(in crate::sandbox) fn written(&self) -> Option<&str> {
        match self {
            Self::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// A text without its quotation marks, or a number as it stands.
    pub(in crate::sandbox) fn bare(&self) -> Option<String> {
        let written = self.written()?;
        serde_json::from_str::<String>(written).ok().or_else(|| Some(written.to_owned()))
    }

    pub(in crate::sandbox) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(pairs) => pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    pub(in crate::sandbox) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        match self {
            Self::Object(pairs) => pairs.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Sets a key that there is, else adds it at the end.
    pub(in crate::sandbox) fn set(&mut self, key: &str, value: Self) {
        match self.get_mut(key) {
            Some(there) => *there = value,
            None => self.push(key, value),
        }
    }

    /// Adds a key at the end, even if there is one of that name.
    pub(in crate::sandbox) fn push(&mut self, key: &str, value: Self) {
        if let Self::Object(pairs) = self {
            pairs.push((key.to_owned(), value));
        }
    }

    pub(in crate::sandbox) fn remove(&mut self, key: &str) {
        if let Self::Object(pairs) = self {
            pairs.retain(|(name, _)| name != key);
        }
    }

    /// The rows of a list.
    pub(in crate::sandbox) fn rows_mut(&mut self) -> Option<&mut Vec<Self>> {
        match self {
            Self::List(rows) => Some(rows),
            _ => None,
        }
    }

    /// The rows of a list, also where it is a page: then they stand in its `data`.
    pub(in crate::sandbox) fn listed_mut(&mut self) -> Option<&mut Vec<Self>> {
        match self {
            Self::List(rows) => Some(rows),
            page => page.get_mut("data")?.rows_mut(),
        }
    }

    /// The way to each field below this value, as `esim.iccid` or `3.id`.
    pub(in crate::sandbox) fn ways(&self) -> Vec<String> {
        let mut ways = Vec::new();
        self.walk(&mut String::new(), &mut ways);
        ways
    }

    fn walk(&self, way: &mut String, ways: &mut Vec<String>) {
        let mut step = |name: &str, value: &Self, is_field: bool| {
            let length = way.len();
            if !way.is_empty() {
                way.push('.');
            }
            way.push_str(name);
            if is_field {
                ways.push(way.clone());
            }
            value.walk(way, ways);
            way.truncate(length);
        };
        match self {
            Self::Scalar(_) => {}
            Self::List(rows) => rows.iter().enumerate().for_each(|(n, row)| step(&n.to_string(), row, false)),
            Self::Object(pairs) => pairs.iter().for_each(|(name, value)| step(name, value, true)),
        }
    }

    /// The value at the end of a way, and what it lies in with its own name.
    pub(in crate::sandbox) fn at_mut(&mut self, way: &str) -> Option<&mut Self> {
        way.split('.').try_fold(self, |place, step| match place {
            Self::List(rows) => rows.get_mut(step.parse::<usize>().ok()?),
            place => place.get_mut(step),
        })
    }

    /// Does something to every text below, and to this one.
    pub(in crate::sandbox) fn each_text(&mut self, spared: &[&str], act: &mut impl FnMut(&mut String)) {
        match self {
            Self::Scalar(written) if written.starts_with('"') => act(written),
            Self::Scalar(_) => {}
            Self::List(rows) => rows.iter_mut().for_each(|row| row.each_text(spared, act)),
            Self::Object(pairs) => pairs
                .iter_mut()
                .filter(|(name, _)| !spared.contains(&name.as_str()))
                .for_each(|(_, value)| value.each_text(spared, act)),
        }
    }
}

/// Written without spaces, as PHP does it.
impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scalar(text) => f.write_str(text),
            Self::List(rows) => {
                f.write_str("[")?;
                for (n, row) in rows.iter().enumerate() {
                    f.write_str(if n == 0 { "" } else { "," })?;
                    row.fmt(f)?;
                }
                f.write_str("]")
            }
            Self::Object(pairs) => {
                f.write_str("{")?;
                for (n, (name, value)) in pairs.iter().enumerate() {
                    f.write_str(if n == 0 { "\"" } else { ",\"" })?;
                    write!(f, "{name}\":{value}")?;
                }
                f.write_str("}")
            }
        }
    }
}

/// An object's pairs as they stand.
struct Pairs(Vec<(String, Box<RawValue>)>);

/// A list's rows as they stand.
struct Rows(Vec<Box<RawValue>>);

struct InOrder;

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

impl<'de> Visitor<'de> for InOrder {
    type Value = Pairs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &str =
        r#"{"status":true,"data":{"id":7,"price":4.20,"esim":{"iccid":"89"},"rows":[{"a":1e2},null]}}"#;

    #[test]
    fn what_is_not_touched_stays_as_it_was_written() {
        assert_eq!(Tree::read(ORDER).unwrap().to_string(), ORDER);
        assert_eq!(
            Tree::read(r#"{"u":"https:\/\/a\u00e9"}"#).unwrap().to_string(),
            r#"{"u":"https:\/\/a\u00e9"}"#
        );
        assert_eq!(Tree::read("{\"a\":1"), None);
    }

    #[test]
    fn closed_rows_are_the_same_text_and_hold_the_same_when_opened() {
        let priced = r#"{"status":true,"data":{"countries":[{"name":"A","packages":[{"id":1},{"id":2}]}]}}"#;
        for text in [ORDER, r#"{"data":[{"id":1,"a":[{}]},7]}"#, r#"{"data":{"data":[{"id":1}]}}"#, priced] {
            let mut tree = Tree::read_rows_closed(text).unwrap();
            assert_eq!(tree.to_string(), text);
            for row in tree.get_mut("data").and_then(Tree::listed_mut).into_iter().flatten() {
                assert!(row.written().is_some());
                *row = row.opened();
            }
            assert_eq!(tree.to_string(), text);
        }
        let mut closed = Tree::read_rows_closed(r#"{"data":[{"id":1}]}"#).unwrap();
        let rows = closed.get_mut("data").unwrap().listed_mut().unwrap();
        assert_eq!((rows[0].get("id"), rows[0].opened().get("id")), (None, Some(&Tree::raw("1"))));
        assert_eq!(Tree::read_rows_closed(r#"{"data":[{]}"#), None);
    }

    #[test]
    fn every_field_has_a_way_and_can_be_spoiled_alone() {
        let mut tree = Tree::read(ORDER).unwrap();
        let ways = tree.get("data").unwrap().ways();
        assert_eq!(ways, ["id", "price", "esim", "esim.iccid", "rows", "rows.0.a"]);
        *tree.at_mut("data.rows.0.a").unwrap() = Tree::raw("NaN");
        tree.get_mut("data").unwrap().push("id", Tree::raw("8"));
        tree.get_mut("data").unwrap().remove("esim");
        assert_eq!(
            tree.to_string(),
            r#"{"status":true,"data":{"id":7,"price":4.20,"rows":[{"a":NaN},null],"id":8}}"#
        );
    }
}
