//! How a documented object is read: its fields are told once, in `fields.rs`, and whatever else an answer holds is
//! noted on the way. What is as documented costs a look at the first byte of each value and no allocation.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer as _, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::extra::{Extra, Keeping};
use super::undocumented::Undocumented;
use super::wire::Token;

/// The type that the documents give a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A string such as `2026-04-14`.
    Date,
    /// A string such as `2026-03-15T10:00:00Z`.
    Moment,
    /// An object.
    Object,
    /// A list.
    List,
    /// The documents leave it open, or it differs from answer to answer.
    Open,
}

impl Kind {
    /// Whether a value, which is no null, is written as this type.
    fn fits(self, json: &[u8]) -> bool {
        let first = json.first().copied().unwrap_or(0);
        match self {
            Self::Text => first == b'"',
            Self::Integer => number(first) && !json.iter().any(|b| matches!(b, b'.' | b'e' | b'E')),
            Self::Number => number(first),
            Self::Boolean => matches!(first, b't' | b'f'),
            Self::Date => matches!(json, [b'"', day @ .., b'"'] if is_date(day)),
            Self::Moment => {
                matches!(json, [b'"', moment @ .., b'"'] if moment.get(..10).is_some_and(is_date)
                    && moment.get(10) == Some(&b'T'))
            }
            Self::Object => first == b'{',
            Self::List => first == b'[',
            Self::Open => true,
        }
    }
}

fn number(first: u8) -> bool {
    first == b'-' || first.is_ascii_digit()
}

fn is_date(day: &[u8]) -> bool {
    day.len() == 10
        && day
            .iter()
            .enumerate()
            .all(|(at, b)| if at == 4 || at == 7 { *b == b'-' } else { b.is_ascii_digit() })
}

/// Who says that a field exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The published OpenAPI description, version 1.0.0.
    OpenApi,
    /// The quick start's text.
    QuickStart,
    /// Nobody; it is read where it stands because similar upstreams send it, and noted as new.
    Nobody,
}

/// One field of an object.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// As it stands in JSON.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether it may be null.
    pub nullable: bool,
    /// The only values that are documented; empty where all are allowed.
    pub values: &'static [&'static str],
    /// Who says so.
    pub source: Source,
}

impl Field {
    /// A field of the OpenAPI description that is never null. `r#type` is named `type`.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        let name = match name.as_bytes() {
            [b'r', b'#', ..] => name.split_at(2).1,
            _ => name,
        };
        Self { name, kind, nullable: false, values: &[], source: Source::OpenApi }
    }

    /// It may be null.
    pub const fn nullable(self) -> Self {
        Self { nullable: true, ..self }
    }

    /// Its values are listed.
    pub const fn of(self, values: &'static [&'static str]) -> Self {
        Self { values, ..self }
    }

    /// Only the quick start names it.
    pub const fn quick_start(self) -> Self {
        Self { source: Source::QuickStart, ..self }
    }

    /// Nobody names it.
    pub const fn nobody(self) -> Self {
        Self { source: Source::Nobody, ..self }
    }
}

/// An object of the documents.
#[derive(Clone, Copy, Debug)]
pub struct Object {
    /// How staff read where something was met.
    pub place: &'static str,
    /// Where it stands in the OpenAPI description; several are read as one.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "a test compares the table with the description by it")
    )]
    pub pointers: &'static [&'static str],
    /// Its fields, in the order in which the documents show them.
    pub fields: &'static [Field],
    /// Its values could be secret or personal: no example of them is ever kept.
    pub private: bool,
    /// Fields that nobody documents are kept beside it.
    pub keeps_extra: bool,
    /// It is an open object: a field of any name is as documented.
    pub open: bool,
}

impl Object {
    /// An object in which unknown fields are noted and not kept.
    pub const fn new(
        place: &'static str,
        pointers: &'static [&'static str],
        fields: &'static [Field],
    ) -> Self {
        Self { place, pointers, fields, private: false, keeps_extra: false, open: false }
    }

    /// No example of its values is ever kept.
    pub const fn private(self) -> Self {
        Self { private: true, ..self }
    }

    /// Its unknown fields are kept.
    pub const fn keeps_extra(self) -> Self {
        Self { keeps_extra: true, ..self }
    }

    /// It may have any field.
    pub const fn open(self) -> Self {
        Self { open: true, ..self }
    }

    /// Reads the values of its fields into `tokens`, one for each field. `None` for what is no object, and for one
    /// that names a documented field twice: which of the two would count?
    pub fn read<'a>(
        &'static self,
        json: &'a str,
        tokens: &mut [Token<'a>],
        seen: &mut Undocumented,
    ) -> Option<Extra> {
        if !json.starts_with('{') {
            return None;
        }
        let mut extra = Keeping::default();
        let mut reader = serde_json::Deserializer::from_str(json);
        reader.deserialize_map(Reading { object: self, tokens, extra: &mut extra, seen }).ok()?;
        reader.end().ok()?;
        Some(extra.done())
    }

    fn note(&self, field: &Field, json: &str, seen: &mut Undocumented) {
        if field.source == Source::Nobody {
            seen.new_field(self, field.name, json);
        }
        let bytes = json.as_bytes();
        match bytes {
            b"null" if field.nullable || field.source == Source::Nobody => {}
            _ if bytes == b"null" || !field.kind.fits(bytes) => seen.other_type(self, field.name, json),
            [b'"', word @ .., b'"']
                if !field.values.is_empty() && !field.values.iter().any(|value| value.as_bytes() == word) =>
            {
                seen.new_value(self, field.name, json);
            }
            _ => {}
        }
    }
}

struct Reading<'s, 'a> {
    object: &'static Object,
    tokens: &'s mut [Token<'a>],
    extra: &'s mut Keeping,
    seen: &'s mut Undocumented,
}

impl<'a> Visitor<'a> for Reading<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<(), M::Error> {
        let Self { object, tokens, extra, seen } = self;
        // Honest answers keep one order, so that the next field is nearly always the one after the last.
        let mut next = 0;
        while let Some(slot) = map.next_key_seed(Name { fields: object.fields, next })? {
            let token: &'a RawValue = map.next_value()?;
            match slot {
                Slot::Known(at) => {
                    next = at + 1;
                    let (Some(field), Some(place)) = (object.fields.get(at), tokens.get_mut(at)) else {
                        continue;
                    };
                    if place.replace(token).is_some() {
                        return Err(M::Error::duplicate_field(field.name));
                    }
                    object.note(field, token.get(), seen);
                }
                Slot::Unknown(_) if object.open => {}
                Slot::Unknown(name) => {
                    seen.new_field(object, &name, token.get());
                    if object.keeps_extra {
                        extra.add(&name, token.get());
                    }
                }
            }
        }
        Ok(())
    }
}

enum Slot<'a> {
    Known(usize),
    Unknown(Cow<'a, str>),
}

/// Reads a key, and which field it names.
struct Name {
    fields: &'static [Field],
    next: usize,
}

impl Name {
    fn find(&self, name: &str) -> Option<usize> {
        let is = |at: &usize| self.fields.get(*at).is_some_and(|field| field.name == name);
        Some(self.next).filter(is).or_else(|| (0..self.fields.len()).find(is))
    }
}

impl<'a> DeserializeSeed<'a> for Name {
    type Value = Slot<'a>;

    fn deserialize<D: serde::Deserializer<'a>>(self, deserializer: D) -> Result<Slot<'a>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Name {
    type Value = Slot<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_borrowed_str<E>(self, name: &'a str) -> Result<Slot<'a>, E> {
        Ok(self.find(name).map_or(Slot::Unknown(Cow::Borrowed(name)), Slot::Known))
    }

    fn visit_str<E>(self, name: &str) -> Result<Slot<'a>, E> {
        Ok(self.find(name).map_or_else(|| Slot::Unknown(Cow::Owned(name.to_owned())), Slot::Known))
    }
}

/// Makes, of each documented object, a table of its fields and a struct of their tokens that is read by that table.
macro_rules! documented {
    ($(
        $(#[$about:meta])*
        $table:ident, $name:ident: $place:literal in [$($pointer:literal),*] $($mark:ident)* {
            $($field:ident: $kind:ident $([$($value:literal),+])? $($flag:ident)*),* $(,)?
        }
    )+) => {
        $(
            #[doc = concat!("The fields of: ", $place, ".")]
            pub static $table: Object = Object::new($place, &[$($pointer),*], &[
                $(Field::new(stringify!($field), Kind::$kind)$(.of(&[$($value),+]))?$(.$flag())*),*
            ])$(.$mark())*;

            $(#[$about])*
            #[allow(dead_code, reason = "some documented fields are only compared with their documented type")]
            #[derive(Default)]
            pub struct $name<'a> {
                $(pub $field: Token<'a>,)*
                pub extra: Extra,
            }

            #[allow(dead_code, reason = "some objects are read from a token, others from their text")]
            impl<'a> $name<'a> {
                /// Reads an object; `None` for anything else.
                pub fn read(token: Token<'a>, seen: &mut Undocumented) -> Option<Self> {
                    Self::read_json(token?.get(), seen)
                }

                /// Reads an object as it was written; `None` for anything else.
                pub fn read_json(json: &'a str, seen: &mut Undocumented) -> Option<Self> {
                    let mut tokens = [None; $table.fields.len()];
                    let extra = $table.read(json, &mut tokens, seen)?;
                    let [$($field),*] = tokens;
                    Some(Self { $($field,)* extra })
                }
            }
        )+

        /// Every object of the documents.
        #[cfg(test)]
        pub static ALL: &[&Object] = &[$(&$table),+];
    };
}
pub(super) use documented;
