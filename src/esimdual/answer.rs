//! What comes back over the desk: four answers and no others. Every verb that asks must match all four.

use std::time::Duration;

use rust_decimal::Decimal;
use time::Date;

/// The outcome of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// It happened, and this is readable proof.
    Done(T),
    /// eSIMDual definitely said no (400, 404 or 422 in its envelope), and no earlier attempt was in doubt.
    Refused(Refusal),
    /// Nothing happened and nothing was harmed: try again later, with the same key.
    Later(Later),
    /// It may have happened: find out before acting.
    Doubt(Doubt),
}

impl<T> Answer<T> {
    /// The same answer about something made of its value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Answer<U> {
        match self {
            Self::Done(value) => Answer::Done(f(value)),
            Self::Refused(refusal) => Answer::Refused(refusal),
            Self::Later(later) => Answer::Later(later),
            Self::Doubt(doubt) => Answer::Doubt(doubt),
        }
    }
}

/// A definite no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// 400, 404 or 422.
    pub http_status: u16,
    /// The upstream's own words, at most 300 characters: for staff, never for customers.
    pub message: String,
    /// The keys of `errors`: the fields that were found wrong.
    pub fields: Vec<String>,
}

/// Not now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Later {
    /// What happened, in words for staff.
    pub reason: String,
    /// The status, where there was an answer.
    pub http_status: Option<u16>,
    /// How long the upstream asks us to wait (`Retry-After`), capped.
    pub after: Option<Duration>,
}

/// Nobody knows yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// What happened, in words for staff.
    pub reason: String,
    /// The status, where there was an answer.
    pub http_status: Option<u16>,
    /// The plain no that came after an earlier doubt: it counts once a list confirms that nothing was bought.
    pub refusal: Option<Refusal>,
}

/// An upstream order, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The upstream's id.
    pub id: i64,
    /// Our name for the unit, if the upstream repeats it.
    pub external_order_id: Option<String>,
    /// The package that it says it sold.
    pub package_id: Option<i64>,
    /// Where it stands.
    pub status: OrderStatus,
    /// What it really cost, exactly as written.
    pub price: Option<Decimal>,
    /// The currency of `price`, as written.
    pub currency: Option<String>,
    /// The eSIM, once there is one.
    pub esim: Option<Esim>,
}

/// The upstream's word for where an order stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderStatus {
    /// `pending`
    Pending,
    /// `processing`
    Processing,
    /// `completed`
    Completed,
    /// `failed`
    Failed,
    /// A word that the documents do not know.
    Other(String),
}

/// What an upstream order delivered. Its `Debug` shows no code.
#[derive(Clone, PartialEq, Eq)]
pub struct Esim {
    /// The upstream's id.
    pub id: Option<i64>,
    /// The card's number.
    pub iccid: Option<String>,
    /// The activation code, byte for byte as the upstream wrote it.
    pub qr_code: Option<String>,
    /// A phone number, where the plan has one.
    pub phone_number: Option<String>,
    /// The last day.
    pub expires_on: Option<Date>,
}

impl std::fmt::Debug for Esim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Esim").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The whole list of orders, as far as the upstream shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The readable ones.
    pub orders: Vec<Order>,
    /// Rows that could not be read: with any, absence of an order proves nothing.
    pub unreadable: usize,
}

/// The reseller's balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// Exact, in `currency`.
    pub balance: Decimal,
    /// As written by the upstream.
    pub currency: String,
}

/// A purchase to make.
#[derive(Clone, Copy, Debug)]
pub struct NewOrder<'a> {
    /// What to buy.
    pub package_id: i64,
    /// Our name for the unit.
    pub external_order_id: &'a str,
    /// The stored key.
    pub idempotency_key: &'a str,
    /// The traveller's device, where it was given.
    pub device_imei: Option<&'a str>,
    /// Whether an earlier attempt of this unit ended in doubt, settled or not: then a no may only mean that the
    /// earlier one took the money, and is no refusal.
    pub doubted: bool,
}

/// The reseller's account, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The currency in which it is kept, as written.
    pub currency: Option<String>,
    /// Its balance, exact.
    pub balance: Option<Decimal>,
}
