//! One injection: a fault, when it strikes, and its parameters; read from JSON, from a form, or from a flag.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::cards::Parameter;
use super::kinds::Fault;
use super::text::Text;
use crate::ground::money::exact_decimal;
use crate::sandbox::amounts;
use crate::sandbox::book::fits_a_wallet;
use crate::sandbox::operation::Operation;

/// A fault, and when it strikes. With neither `times` nor `probability` it strikes once. Which parameters a fault
/// takes, and what they are if they are not given, stands on its [card](super::Card).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Text>")]
pub struct Injection {
    /// What goes wrong.
    pub fault: Fault,
    /// The only operation that it strikes; each fault has its own otherwise, mostly `create_order`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// How often it strikes before it is spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// How likely each call is struck, from 0 to 1.
    #[serde(with = "amounts::maybe_text", skip_serializing_if = "Option::is_none")]
    pub probability: Option<Decimal>,
    /// The seed that the chances, and whatever else is drawn, come from (1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The `Retry-After`, as it is sent; `none` sends none, `date+7` an HTTP-date seven seconds ahead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<String>,
    /// How late or how long, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// The pause of a drip, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_ms: Option<u64>,
    /// The HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The form of an answer: `envelope`, `bare`, `html`, `empty`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
    /// A body, as it is sent, in place of the form's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The byte at which something ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_byte: Option<u64>,
    /// `length` for a `Content-Length`, `chunked` for chunks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framing: Option<String>,
    /// `reset` for a reset after the cut, `close` for an early end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ending: Option<String>,
    /// From where on an answer drips: `head` or `body`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// How many bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// How many things.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// How many percent are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<u32>,
    /// Which way, of those on the fault's card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// A field of an answer, with its way through the data: `esim.iccid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// `one` or `all`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// An amount, in the wallet's currency.
    #[serde(with = "amounts::maybe_text", skip_serializing_if = "Option::is_none")]
    pub amount: Option<Decimal>,
    /// A currency's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// A header's value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Another value, as the fault's card says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// Why something is no injection.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum WrongInjection {
    /// It names no fault.
    #[error("no fault is named")]
    Nameless,
    /// Nothing is called that.
    #[error("there is no fault called {0:?}; see /_sandbox/faults/cards")]
    NoSuchFault(String),
    /// It has a part that is not `key=value`.
    #[error("{0:?} is not key=value")]
    NoPair(String),
    /// The fault does not take that parameter.
    #[error("{fault} does not take {parameter:?}")]
    NotTaken {
        /// The fault's name.
        fault: &'static str,
        /// The parameter.
        parameter: String,
    },
    /// The parameter cannot be that.
    #[error("{parameter} cannot be {value:?}")]
    Unfit {
        /// The parameter.
        parameter: String,
        /// What it was to be.
        value: String,
    },
}

impl Injection {
    /// A fault that strikes the next `times` calls that it can.
    pub fn times(fault: Fault, times: u32) -> Self {
        Self { times: Some(times), ..Self::of(fault) }
    }

    /// A fault without anything else: it strikes once.
    pub fn of(fault: Fault) -> Self {
        Self {
            fault,
            operation: None,
            times: None,
            probability: None,
            seed: None,
            retry_after: None,
            delay_ms: None,
            interval_ms: None,
            status: None,
            form: None,
            body: None,
            at_byte: None,
            framing: None,
            ending: None,
            part: None,
            bytes: None,
            count: None,
            percent: None,
            kind: None,
            field: None,
            scope: None,
            amount: None,
            currency: None,
            header: None,
            value: None,
        }
    }

    /// The same, and once where it says neither how often nor how likely.
    pub(super) fn counted(mut self) -> Self {
        if self.times.is_none() && self.probability.is_none() {
            self.times = Some(1);
        }
        self
    }

    /// The same on one operation only.
    pub fn on(self, operation: Operation) -> Self {
        Self { operation: Some(operation), ..self }
    }

    /// The same with one parameter set, checked against the fault's card.
    ///
    /// # Errors
    /// When the fault does not take it, or not as that.
    pub fn with(mut self, parameter: &str, value: &str) -> Result<Self, WrongInjection> {
        self.set(parameter, value)?;
        Ok(self)
    }

    fn set(&mut self, name: &str, text: &str) -> Result<(), WrongInjection> {
        let unfit = || WrongInjection::Unfit { parameter: name.to_owned(), value: text.to_owned() };
        match name {
            "operation" => self.operation = Some(word(text).ok_or_else(unfit)?),
            "times" => self.times = Some(text.parse().map_err(|_| unfit())?),
            "seed" => self.seed = Some(text.parse().map_err(|_| unfit())?),
            "probability" => {
                let within = |chance: &Decimal| (Decimal::ZERO..=Decimal::ONE).contains(chance);
                self.probability = Some(exact_decimal(text).filter(within).ok_or_else(unfit)?);
            }
            _ => return self.set_parameter(name, text),
        }
        Ok(())
    }

    fn set_parameter(&mut self, name: &str, text: &str) -> Result<(), WrongInjection> {
        let unfit = || WrongInjection::Unfit { parameter: name.to_owned(), value: text.to_owned() };
        let card = self.fault.card();
        let parameter = card
            .parameter(name)
            .ok_or_else(|| WrongInjection::NotTaken { fault: card.name, parameter: name.to_owned() })?;
        let of_choice = parameter.choices.is_empty() || parameter.choices.contains(&text);
        let default_in_words = text == parameter.default && (!of_choice || is_wordy(parameter));
        if default_in_words {
            return Ok(());
        }
        if !of_choice {
            return Err(unfit());
        }
        let number = || text.parse::<u64>().map_err(|_| unfit());
        let small = |most: u32| text.parse::<u32>().ok().filter(|n| *n <= most).ok_or_else(unfit);
        let kept = || Some(text.to_owned());
        match name {
            "delay_ms" => self.delay_ms = Some(number()?),
            "interval_ms" => self.interval_ms = Some(number()?),
            "at_byte" => self.at_byte = Some(number()?),
            "bytes" => self.bytes = Some(number()?),
            "count" => self.count = Some(small(u32::MAX)?),
            "percent" => self.percent = Some(small(100)?),
            "status" => {
                let status = text.parse().ok().filter(|status| (200..=599).contains(status));
                self.status = Some(status.ok_or_else(unfit)?);
            }
            "amount" => {
                let within = |amount: &Decimal| !amount.is_sign_negative() && fits_a_wallet(*amount);
                self.amount = Some(exact_decimal(text).filter(within).ok_or_else(unfit)?);
            }
            "retry_after" => self.retry_after = kept(),
            "form" => self.form = kept(),
            "body" => self.body = kept(),
            "framing" => self.framing = kept(),
            "ending" => self.ending = kept(),
            "part" => self.part = kept(),
            "kind" => self.kind = kept(),
            "field" => self.field = kept(),
            "scope" => self.scope = kept(),
            "currency" => self.currency = kept(),
            "header" => self.header = kept(),
            _ => self.value = kept(),
        }
        Ok(())
    }

    fn default(&self, parameter: &str) -> &'static str {
        self.fault.card().parameter(parameter).map_or("", |parameter| parameter.default)
    }

    fn number(&self, given: Option<u64>, parameter: &str) -> Option<u64> {
        given.or_else(|| self.default(parameter).parse().ok())
    }

    /// How late or how long; `None` where the sandbox's own delay counts.
    pub(in crate::sandbox) fn delay(&self) -> Option<Duration> {
        self.number(self.delay_ms, "delay_ms").map(Duration::from_millis)
    }

    pub(in crate::sandbox) fn interval(&self) -> Duration {
        Duration::from_millis(self.number(self.interval_ms, "interval_ms").unwrap_or_default())
    }

    /// How many bytes; `None` where they never end.
    pub(in crate::sandbox) fn bytes(&self) -> Option<u64> {
        self.number(self.bytes, "bytes")
    }

    pub(in crate::sandbox) fn count(&self) -> usize {
        let count = self.number(self.count.map(u64::from), "count").unwrap_or_default();
        usize::try_from(count).unwrap_or(usize::MAX)
    }

    pub(in crate::sandbox) fn percent(&self) -> usize {
        let percent = self.number(self.percent.map(u64::from), "percent").unwrap_or_default();
        usize::try_from(percent).unwrap_or(100)
    }

    pub(in crate::sandbox) fn status(&self) -> u16 {
        self.status.or_else(|| self.default("status").parse().ok()).unwrap_or(503)
    }

    /// A parameter in words, or its default: `form`, `kind`, `part`, `framing`, `ending`, `scope`, `currency`, `header`,
    /// `retry_after`, `value`.
    pub(in crate::sandbox) fn text(&self, parameter: &str) -> &str {
        let given = match parameter {
            "form" => &self.form,
            "kind" => &self.kind,
            "part" => &self.part,
            "framing" => &self.framing,
            "ending" => &self.ending,
            "scope" => &self.scope,
            "currency" => &self.currency,
            "header" => &self.header,
            "retry_after" => &self.retry_after,
            _ => &self.value,
        };
        given.as_deref().unwrap_or_else(|| self.default(parameter))
    }
}

/// Whether a parameter's default is a word that is no value: `drawn`, `endless`.
fn is_wordy(parameter: &Parameter) -> bool {
    parameter.default.is_empty()
        || matches!(parameter.default, "drawn" | "endless" | "the sandbox's own" | "twice the listed")
}

/// What a word of JSON names.
fn word<T: for<'de> Deserialize<'de>>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

/// `NAME` or `NAME:key=value,key=value`, as the flag `--fault` takes it.
impl FromStr for Injection {
    type Err = WrongInjection;

    fn from_str(text: &str) -> Result<Self, WrongInjection> {
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        let mut injection = Self::of(named(name.trim())?);
        for pair in rest.split(',').filter(|pair| !pair.trim().is_empty()) {
            let (key, value) = pair.split_once('=').ok_or_else(|| WrongInjection::NoPair(pair.to_owned()))?;
            injection.set(key.trim(), value.trim())?;
        }
        if injection.times == Some(0) {
            return Err(WrongInjection::Unfit { parameter: "times".to_owned(), value: "0".to_owned() });
        }
        Ok(injection)
    }
}

/// The fault of a name, or the first one that provokes a row of the fault matrix: `F7`, `f07`.
fn named(name: &str) -> Result<Fault, WrongInjection> {
    let of_row = || {
        let number: u32 = name.strip_prefix(['F', 'f'])?.parse().ok()?;
        let row = format!("F{number}");
        Fault::cards().iter().find(|card| card.rows.contains(&row.as_str())).map(|card| card.fault)
    };
    word(name).or_else(of_row).ok_or_else(|| WrongInjection::NoSuchFault(name.to_owned()))
}

impl TryFrom<BTreeMap<String, Text>> for Injection {
    type Error = WrongInjection;

    fn try_from(pairs: BTreeMap<String, Text>) -> Result<Self, WrongInjection> {
        let name = pairs.get("fault").and_then(|name| name.0.as_deref()).ok_or(WrongInjection::Nameless)?;
        let mut injection = Self::of(named(name)?);
        for (key, value) in pairs.iter().filter(|(key, _)| key.as_str() != "fault") {
            if let Some(text) = value.0.as_deref().filter(|text| !text.is_empty()) {
                injection.set(key, text)?;
            }
        }
        Ok(injection)
    }
}
