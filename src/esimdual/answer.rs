//! What comes back over the desk: four answers and no others. Every verb that asks must match all four.

use std::time::Duration;

use rust_decimal::Decimal;
use time::{Date, OffsetDateTime};

pub use super::extra::Extra;

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
    /// When it was made, by the upstream's clock.
    pub created_at: Option<OffsetDateTime>,
    /// The eSIM, once there is one.
    pub esim: Option<Esim>,
    /// Fields that no document names; never `provider_response`, and never for customers.
    pub extra: Extra,
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

impl OrderStatus {
    /// The upstream's word.
    pub fn word(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Other(word) => word,
        }
    }
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
    /// Fields that no document names; never for customers.
    pub extra: Extra,
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

/// A list of which every row that could be read is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows<T> {
    /// The readable ones, in their order.
    pub rows: Vec<T>,
    /// The first hundred of the others.
    pub unreadable: Vec<BadRow>,
    /// How many others there are.
    pub unreadable_count: usize,
}

/// A row that was set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Its place in the list, from 1.
    pub position: usize,
    /// Why, in words for staff.
    pub reason: &'static str,
}

/// The reseller's balance and its movements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// Exact, in `currency`.
    pub balance: Decimal,
    /// As written by the upstream.
    pub currency: String,
    /// The movements, as far as the upstream shows them.
    pub transactions: Rows<WalletTransaction>,
}

/// One movement of the wallet, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletTransaction {
    /// The upstream's id.
    pub id: Option<i64>,
    /// `debit` … ; the documents list no others.
    pub kind: Option<String>,
    /// Exact, in `currency`.
    pub amount: Option<Decimal>,
    /// As written.
    pub currency: Option<String>,
    /// The balance after it, exact.
    pub post_balance: Option<Decimal>,
    /// The upstream's own reference.
    pub reference: Option<String>,
    /// The upstream's own words, for staff.
    pub description: Option<String>,
    /// When it happened.
    pub created_at: Option<OffsetDateTime>,
    /// Fields that no document names.
    pub extra: Extra,
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

/// The reseller's account, as far as it could be read. Its `Debug` shows nothing personal.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The upstream's id.
    pub id: Option<i64>,
    /// The reseller's name.
    pub name: Option<String>,
    /// The e-mail address of the login.
    pub email: Option<String>,
    /// The currency in which it is kept, as written.
    pub currency: Option<String>,
    /// Its balance, exact.
    pub balance: Option<Decimal>,
    /// The brand, where it has one.
    pub brand_name: Option<String>,
    /// The shop's address, where it has one.
    pub domain: Option<String>,
    /// As written; the documents show 1 and explain no other.
    pub status: Option<i64>,
    /// Whether its e-mail address is verified, without which the upstream answers 403; `None` where it does not say.
    pub verified: Option<bool>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("id", &self.id).field("status", &self.status).finish_non_exhaustive()
    }
}

/// What the API says of itself at `GET /`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// `reseller`
    pub api: Option<String>,
    /// `1`
    pub version: Option<String>,
}

/// A country of `GET /pricing`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedCountry {
    /// `France`
    pub name: Option<String>,
    /// `fr`
    pub code: Option<String>,
    /// What is sold for it.
    pub packages: Rows<PricedPackage>,
}

/// A package of a country of `GET /pricing`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PricedPackage {
    /// The package's id.
    pub id: i64,
    /// `France 5 GB - 30 Days`
    pub name: Option<String>,
    /// What it costs the reseller, exact; `None` where it cannot be read.
    pub price: Option<Decimal>,
    /// The currency of `price`, as written.
    pub currency: Option<String>,
    /// In `data_unit`.
    pub data_quantity: Option<Decimal>,
    /// `GB`, `MB` …
    pub data_unit: Option<String>,
    /// In `validity_unit`.
    pub validity: Option<i64>,
    /// `Day`, `Month` …
    pub validity_unit: Option<String>,
}

/// An eSIM by itself, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EsimDetails {
    /// The upstream's id.
    pub id: i64,
    /// What was delivered.
    pub esim: Esim,
    /// The supplier's own serial number of it.
    pub serial_number: Option<String>,
    /// The supplier's word, such as `ACTIVE`; the documents explain none.
    pub provider_status: Option<String>,
    /// When it was first used.
    pub activated_at: Option<OffsetDateTime>,
    /// When it was installed on a phone.
    pub installed_at: Option<OffsetDateTime>,
    /// When the supplier ends it.
    pub provider_expiry_at: Option<OffsetDateTime>,
    /// The package that it came with.
    pub package_id: Option<i64>,
}

/// How much of an eSIM is used. The documents promise no field: what could be understood, and the whole as written.
#[derive(Clone, PartialEq, Eq)]
pub struct Usage {
    /// What it began with.
    pub total: Option<Volume>,
    /// What is left.
    pub remaining: Option<Volume>,
    /// What is gone.
    pub used: Option<Volume>,
    /// The last day.
    pub expires_on: Option<Date>,
    /// All of it as JSON, cut from nothing but dropped over 16 KiB; for staff.
    pub raw: Option<Box<str>>,
}

impl std::fmt::Debug for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Usage")
            .field("total", &self.total)
            .field("remaining", &self.remaining)
            .field("used", &self.used)
            .field("expires_on", &self.expires_on)
            .finish_non_exhaustive()
    }
}

/// An amount of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volume {
    /// 1 GB is 1024³ of them, as in the upstream's own example.
    Bytes(u64),
    /// No limit is stated.
    Unlimited,
}

/// A row of `GET /vpn/plans`, whose schema nobody has published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VpnRow {
    /// The plan, where id, name, price and currency can all be read.
    pub plan: Option<VpnPlan>,
    /// The row as it was written, where it is no larger than 16 KiB.
    pub raw: Option<Box<str>>,
}

/// A VPN plan. There is no documented way to order one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VpnPlan {
    /// As written, number or text.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `price_for_reseller`: what eSIMDual charges, exact and positive, in `currency`.
    pub price: Decimal,
    /// As written.
    pub currency: String,
}
