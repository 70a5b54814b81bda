//! Takes values one by one, and collects what is wrong with them.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;

use super::Source;

/// A variable that is wrong: its name, what it holds (never a secret's value) and what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    name: String,
    holds: String,
    should_be: String,
}

impl Mistake {
    /// A mistake.
    pub fn new(name: &str, holds: &str, should_be: &str) -> Self {
        Self { name: name.to_owned(), holds: holds.to_owned(), should_be: should_be.to_owned() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} holds {}; it should be {}", self.name, self.holds, self.should_be)
    }
}

/// Reads from a source, collecting mistakes.
pub(super) struct Reader<'a> {
    source: &'a Source,
    pub mistakes: Vec<Mistake>,
}

impl<'a> Reader<'a> {
    pub fn new(source: &'a Source) -> Self {
        Self { source, mistakes: Vec::new() }
    }

    pub fn wrong(&mut self, name: &str, holds: &str, should_be: &str) {
        self.mistakes.push(Mistake::new(name, holds, should_be));
    }

    /// A value as text.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.source.get(name)
    }

    /// A value that must be understood; `should_be` says what it should be.
    pub fn parsed<T>(&mut self, name: &str, should_be: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(name)?;
        let parsed = parse(text);
        if parsed.is_none() {
            let holds = format!("{:?}", text.chars().take(60).collect::<String>());
            self.wrong(name, &holds, should_be);
        }
        parsed
    }

    /// A secret, from its variable or from the file that `X_FILE` names. A mistake never shows its value.
    pub fn secret(&mut self, name: &str) -> Option<SecretString> {
        let file_name = format!("{name}_FILE");
        match (self.text(name), self.text(&file_name)) {
            (Some(_), Some(_)) => {
                self.wrong(name, "a value, and so does its _FILE", "set in one of the two");
                None
            }
            (Some(value), None) => Some(SecretString::from(value.to_owned())),
            (None, Some(path)) => match std::fs::read_to_string(path) {
                Ok(text) if !text.trim().is_empty() => Some(SecretString::from(text.trim().to_owned())),
                Ok(_) | Err(_) => {
                    self.wrong(
                        &file_name,
                        &format!("{path:?}"),
                        "the name of a readable file that is not empty",
                    );
                    None
                }
            },
            (None, None) => None,
        }
    }

    pub fn flag(&mut self, name: &str, default: bool) -> bool {
        let read = |text: &str| match text {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => None,
        };
        self.parsed(name, "true or false", read).unwrap_or(default)
    }

    pub fn number(&mut self, name: &str, default: u64, range: std::ops::RangeInclusive<u64>) -> u64 {
        let should_be = format!("a whole number from {} to {}", range.start(), range.end());
        let read = |text: &str| text.parse().ok().filter(|number| range.contains(number));
        self.parsed(name, &should_be, read).unwrap_or(default)
    }

    /// Seconds, up to a year.
    pub fn seconds(&mut self, name: &str, default: u64, least: u64) -> Duration {
        Duration::from_secs(self.number(name, default, least..=31_536_000))
    }
}
