//! A form of the control page as it was sent, and what may be wrong with it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::ground::money::exact_decimal;

/// The fields of a form, without the blanks around them.
#[derive(Clone, Debug, Default)]
pub(super) struct Filled(BTreeMap<String, String>);

/// A mistake in a form: which form, which field, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// The form's id on the page.
    pub form: String,
    pub field: String,
    pub sentence: String,
    /// Other fields of the same form, and what to do about them.
    pub others: Vec<(String, String)>,
}

impl Mistake {
    /// What is wrong at a field, and whether it is the first mistake.
    pub(super) fn at(&self, field: &str) -> Option<(&str, bool)> {
        let other =
            || self.others.iter().find(|(name, _)| name == field).map(|(_, told)| (told.as_str(), false));
        if self.field == field { Some((&self.sentence, true)) } else { other() }
    }

    /// All mistakes of one form as one.
    pub(super) fn all(mistakes: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut mistakes = mistakes.into_iter();
        let mut first = mistakes.next()?;
        first.others.extend(mistakes.map(|mistake| (mistake.field, mistake.sentence)));
        Some(first)
    }
}

impl Filled {
    pub(super) fn parse(body: &[u8]) -> Self {
        let pairs = url::form_urlencoded::parse(body);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.trim().to_owned())).collect())
    }

    /// A field; empty where it was not sent.
    pub(super) fn get(&self, field: &str) -> &str {
        self.0.get(field).map(String::as_str).unwrap_or_default()
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A mistake in one of its fields.
    pub(super) fn mistake(form: &str, field: &str, sentence: impl Into<String>) -> Mistake {
        let (form, field, sentence) = (form.to_owned(), field.to_owned(), sentence.into());
        Mistake { form, field, sentence, others: Vec::new() }
    }

    /// An amount above zero.
    pub(super) fn price(&self, form: &str, field: &str) -> Result<Decimal, Mistake> {
        match exact_decimal(self.get(field)) {
            Some(amount) if amount > Decimal::ZERO => Ok(amount),
            _ => Err(Self::mistake(form, field, "Write an amount above zero, such as 4.20.")),
        }
    }

    /// A whole number of at least `least` and at most `most`.
    pub(super) fn whole(&self, form: &str, field: &str, (least, most): (u64, u64)) -> Result<u64, Mistake> {
        match self.get(field).parse() {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => {
                let sentence = format!("Write a whole number from {least} to {most}.");
                Err(Self::mistake(form, field, sentence))
            }
        }
    }

    /// A seed, if one is given.
    pub(super) fn seed(&self, form: &str) -> Result<Option<u64>, Mistake> {
        match self.get("seed") {
            "" => Ok(None),
            _ => self.whole(form, "seed", (0, u64::MAX)).map(Some),
        }
    }
}
