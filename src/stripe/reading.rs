//! What Stripe's objects hold of what we need. Everything else in them is passed over.

use std::collections::HashMap;

use serde::Deserialize;

/// One of a thing's names, or the thing itself where it was asked to be expanded.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
enum Expandable {
    Name(String),
    Whole { id: String },
}

impl Expandable {
    fn into_id(self) -> String {
        match self {
            Self::Name(id) | Self::Whole { id } => id,
        }
    }
}

fn id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Expandable>::deserialize(deserializer)?.map(Expandable::into_id))
}

/// A session of the hosted page.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Session {
    /// `cs_…`
    pub id: String,
    /// Where it is paid, while it is open.
    #[serde(default)]
    pub url: Option<String>,
    /// `open`, `complete`, `expired`.
    #[serde(default)]
    pub status: Option<String>,
    /// `paid`, `unpaid`, `no_payment_required`.
    pub payment_status: String,
    /// The order's number, as we gave it.
    #[serde(default)]
    pub client_reference_id: Option<String>,
    /// The sum in Stripe's smallest unit.
    #[serde(default)]
    pub amount_total: Option<i64>,
    /// Three letters, lower case.
    #[serde(default)]
    pub currency: Option<String>,
    /// What we gave.
    #[serde(default)]
    pub metadata: Option<HashMap<String, String>>,
    /// What the customer gave at the page.
    #[serde(default)]
    pub customer_details: Option<CustomerDetails>,
    /// The intent that it made, once the customer began to pay.
    #[serde(default)]
    pub payment_intent: Option<Intent>,
}

/// A payment intent, whole or by its name.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
pub enum Intent {
    /// Its name alone.
    Name(String),
    /// As it was expanded.
    Whole {
        /// `pi_…`
        id: String,
        /// `succeeded`, `processing`, `requires_payment_method` …
        #[serde(default)]
        status: Option<String>,
        /// The last try.
        #[serde(default)]
        latest_charge: Option<Charge>,
    },
}

/// What the customer gave at the page.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct CustomerDetails {
    /// The address, as far as it was asked for.
    #[serde(default)]
    pub address: Option<Address>,
}

/// An address.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Address {
    /// Two letters.
    #[serde(default)]
    pub country: Option<String>,
}

/// One try to charge, whole or by its name.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
pub enum Charge {
    /// Its name alone.
    Name(String),
    /// As it was expanded.
    Whole {
        /// `ch_…`
        id: String,
        /// `succeeded`, `pending`, `failed`.
        #[serde(default)]
        status: Option<String>,
        /// How it was paid.
        #[serde(default)]
        payment_method_details: Option<MethodDetails>,
    },
}

/// How a charge was paid.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct MethodDetails {
    /// The card, where it was one.
    #[serde(default)]
    pub card: Option<Card>,
}

/// What is told of a card.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct Card {
    /// Where its bank is, in two letters.
    #[serde(default)]
    pub country: Option<String>,
}

impl Intent {
    /// `pi_…`
    pub fn id(&self) -> &str {
        match self {
            Self::Name(id) | Self::Whole { id, .. } => id,
        }
    }

    /// The last try, where that was expanded.
    pub fn latest_charge(&self) -> Option<&Charge> {
        match self {
            Self::Name(_) => None,
            Self::Whole { latest_charge, .. } => latest_charge.as_ref(),
        }
    }

    /// Where it stands, where that was expanded.
    pub fn status(&self) -> Option<&str> {
        match self {
            Self::Name(_) => None,
            Self::Whole { status, .. } => status.as_deref(),
        }
    }
}

/// Money that goes back.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Refund {
    /// `re_…`
    pub id: String,
    /// The sum in Stripe's smallest unit.
    pub amount: i64,
    /// Three letters, lower case.
    pub currency: String,
    /// `pending`, `requires_action`, `succeeded`, `failed`, `canceled`.
    #[serde(default)]
    pub status: Option<String>,
    /// Why it failed.
    #[serde(default)]
    pub failure_reason: Option<String>,
    /// What we gave.
    #[serde(default)]
    pub metadata: Option<HashMap<String, String>>,
}

/// Money that the payer's bank asks back.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Dispute {
    /// `du_…` or `dp_…`
    pub id: String,
    /// The sum in Stripe's smallest unit.
    pub amount: i64,
    /// Three letters, lower case.
    pub currency: String,
    /// `needs_response`, `under_review`, `won`, `lost`, or one of the inquiry's words.
    pub status: String,
    /// The bank's word.
    #[serde(default)]
    pub reason: Option<String>,
    /// Until when evidence is taken.
    #[serde(default)]
    pub evidence_details: Option<EvidenceDetails>,
}

/// What is known of a dispute's evidence.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct EvidenceDetails {
    /// Seconds since 1970.
    #[serde(default)]
    pub due_by: Option<i64>,
}

/// A card network's early warning of fraud.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Warning {
    /// `issfr_…`
    pub id: String,
    /// The network's word.
    #[serde(default)]
    pub fraud_type: Option<String>,
}

/// A page of a list.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct List<T> {
    pub data: Vec<T>,
    #[serde(default)]
    pub has_more: bool,
}

/// What an event is about: one of many kinds of object.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct About {
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub object: Option<String>,
    #[serde(default, deserialize_with = "id")]
    pub payment_intent: Option<String>,
    #[serde(default)]
    pub client_reference_id: Option<String>,
    #[serde(default)]
    pub metadata: Option<HashMap<String, serde_json::Value>>,
}
