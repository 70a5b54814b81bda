//! What the documents say of one field: its name, its type, whether it may be null, and who says so.

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
    pub fn fits(self, json: &[u8]) -> bool {
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
