//! How a documented object is read: its fields are told once, in `fields.rs`, and whatever else an answer holds is
//! noted on the way. What is as documented costs a look at the first byte of each value and no allocation.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer as _, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::extra::{Extra, Keeping};
pub use super::field::{Field, Kind, Source};
use super::undocumented::Undocumented;
use super::wire::Token;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::esimdual::fields::{ORDER, OrderFields, PackageFields};
    use crate::esimdual::undocumented::Oddity;

    fn noted(json: &str) -> Vec<(String, Oddity)> {
        let mut seen = Undocumented::default();
        assert!(OrderFields::read_json(json, &mut seen).is_some(), "{json}");
        seen.sightings().map(|met| (met.field, met.kind)).collect()
    }

    #[test]
    fn what_is_as_documented_is_not_noted_in_any_order_and_however_its_keys_are_written() {
        for json in [
            "{}",
            r#"{"price":4.2,"id":45,"status":"failed","esim":null,"created_at":"2026-03-15T10:00:00Z"}"#,
            r#"{"\u0069d":45,"provider_response":{"any":["thing"]},"external_order_id":null}"#,
        ] {
            assert_eq!(noted(json), [], "{json}");
        }
        let mut seen = Undocumented::default();
        let fields = OrderFields::read_json(r#"{"\u0069d":45}"#, &mut seen).unwrap();
        assert_eq!(fields.id.map(RawValue::get), Some("45"));
    }

    #[test]
    fn what_is_not_as_documented_is_noted_by_its_kind() {
        for (json, field, kind) in [
            (r#"{"id":"45"}"#, "id", Oddity::OtherType),
            (r#"{"id":45.0}"#, "id", Oddity::OtherType),
            (r#"{"id":null}"#, "id", Oddity::OtherType),
            (r#"{"price":"4.2"}"#, "price", Oddity::OtherType),
            (r#"{"created_at":"yesterday"}"#, "created_at", Oddity::OtherType),
            (r#"{"package":[]}"#, "package", Oddity::OtherType),
            (r#"{"status":"refunded"}"#, "status", Oddity::NewValue),
            (r#"{"status":"Completed"}"#, "status", Oddity::NewValue),
            (r#"{"status":1}"#, "status", Oddity::OtherType),
            (r#"{"package_id":1120}"#, "package_id", Oddity::NewField),
            (r#"{"novel":1}"#, "novel", Oddity::NewField),
        ] {
            assert_eq!(noted(json), [(field.to_owned(), kind)], "{json}");
        }
    }

    #[test]
    fn a_field_that_comes_twice_makes_the_object_unreadable_and_an_unknown_one_does_not() {
        let mut seen = Undocumented::default();
        assert!(OrderFields::read_json(r#"{"id":1,"price":1,"id":1}"#, &mut seen).is_none());
        assert!(OrderFields::read_json(r#"{"id":1,"\u0069d":2}"#, &mut seen).is_none());
        let twice =
            OrderFields::read_json(r#"{"id":1,"novel":"first","novel":"second"}"#, &mut seen).unwrap();
        assert_eq!(twice.extra.get("novel"), Some("\"first\""));
        for bad in ["", "[]", "{", "{}x", "{\"id\":}", "null", "{\"id\":1,}"] {
            assert!(OrderFields::read_json(bad, &mut seen).is_none(), "{bad}");
        }
    }

    #[test]
    fn what_is_kept_of_unknown_fields_is_bounded_and_never_a_suppliers_response() {
        let many: Vec<String> =
            (0..1_000).map(|number| format!("\"field_{number}\":\"{}\"", "x".repeat(500))).collect();
        let json = format!(
            r#"{{"id":1,"provider_response":{{"pin":"1"}},"huge":"{}",{}}}"#,
            "x".repeat(5_000),
            many.join(",")
        );
        let mut seen = Undocumented::default();
        let order = OrderFields::read_json(&json, &mut seen).unwrap();
        assert!(order.extra.size() <= 4_096 && order.extra.iter().count() >= 4);
        assert_eq!((order.extra.get("provider_response"), order.extra.get("huge")), (None, None));
        assert!(PackageFields::read_json(&json, &mut seen).unwrap().extra.size() <= 4_096);
        assert!(ORDER.keeps_extra);
    }
}
