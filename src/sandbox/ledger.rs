//! What the sandbox remembers: orders, eSIMs, money, requests and webhooks. Values only.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::amounts;
use super::dress::Dress;
use super::faults::{Call, Strikes};
use super::moment;
use super::operation::Operation;

/// The upstream's states of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Accepted, not begun.
    Pending,
    /// Accepted, its eSIM is not there yet.
    Processing,
    /// Done.
    Completed,
    /// Will not be done.
    Failed,
}

impl OrderStatus {
    /// The word in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }
}

/// One purchase: exactly one of these exists per committed `POST /orders`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    /// The upstream's id.
    pub id: u64,
    /// The reseller's own name for it.
    pub external_order_id: Option<String>,
    /// The `Idempotency-Key` that it was made under.
    pub idempotency_key: Option<String>,
    /// Where it stands.
    pub status: OrderStatus,
    /// The currency of its amounts.
    pub currency: String,
    /// What the wallet paid.
    #[serde(with = "amounts::text")]
    pub price: Decimal,
    /// What eSIMDual itself paid.
    #[serde(with = "amounts::text")]
    pub provider_cost: Decimal,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// The package as it was at that moment.
    pub package: PackageSnapshot,
    /// The device that it is for, as sent.
    pub device_imei: Option<String>,
    /// Its eSIM, once there is one.
    pub esim: Option<Esim>,
    /// What time alone will make of it, and when.
    pub due: Option<Due>,
    /// Whether its debit was given back.
    pub credited: bool,
}

/// A package as an order remembers it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PackageSnapshot {
    /// The package id.
    pub id: u64,
    /// The provider's own name for it.
    pub provider_plan_id: String,
    /// Its name.
    pub name: String,
    /// Its name in addresses.
    pub slug: String,
    /// How many days it is valid.
    pub days: u32,
    /// How much data it has, in words: `5 GB`; `None` where it is unlimited or has none.
    pub data: Option<String>,
    /// The same in bytes; −1 for unlimited, 0 for none; `None` where it was not kept.
    #[serde(default)]
    pub data_volume: Option<i64>,
    /// Whether its eSIM has a phone number.
    pub has_voice: bool,
}

/// A change of state that only waits for its time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Due {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What the order then becomes.
    pub becomes: OrderStatus,
    /// What it becomes after that, as long after it as `step_ms` says.
    #[serde(default)]
    pub then: Option<OrderStatus>,
    /// How long each step takes, in milliseconds.
    #[serde(default)]
    pub step_ms: u64,
}

/// One eSIM. Whoever knows its `qr_code` owns the line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Esim {
    /// The upstream's id.
    pub id: u64,
    /// 19 digits with a valid last one.
    pub iccid: String,
    /// The reseller's stock number.
    pub serial_number: String,
    /// `LPA:1$…$…`.
    pub qr_code: String,
    /// A picture of it, somewhere else.
    pub qr_code_image: String,
    /// Its number, where the package has voice.
    pub phone_number: Option<String>,
    /// The last day to install it.
    #[serde(with = "moment::day_text")]
    pub expiry_date: Date,
    /// When it was made; `None` where that was not kept.
    #[serde(with = "time::serde::rfc3339::option", default)]
    pub made_at: Option<OffsetDateTime>,
}

/// Whether money left the wallet or came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionKind {
    /// Out of the wallet.
    Debit,
    /// Into it.
    Credit,
}

/// One movement of the wallet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Transaction {
    /// The upstream's id.
    pub id: u64,
    /// Its direction.
    pub kind: TransactionKind,
    /// How much, never negative.
    #[serde(with = "amounts::text")]
    pub amount: Decimal,
    /// The balance after it.
    #[serde(with = "amounts::text")]
    pub post_balance: Decimal,
    /// Twelve capitals and digits.
    pub reference: String,
    /// In words.
    pub description: String,
    /// The order that it belongs to.
    pub order_id: Option<u64>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// One `POST /orders` that reached the order desk, whatever became of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrderRequest {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The `Idempotency-Key` that it carried.
    pub idempotency_key: Option<String>,
    /// The reseller's own name for the order.
    pub external_order_id: Option<String>,
    /// The package that it asked for.
    pub package_id: Option<u64>,
    /// `bought`, `replayed`, or why it was refused.
    pub outcome: String,
    /// The order that it made or found.
    pub order_id: Option<u64>,
}

/// One webhook and every attempt to deliver it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// The `X-eSIMDual-Delivery`.
    pub id: Uuid,
    /// The `X-eSIMDual-Event`.
    pub event: String,
    /// The order that it tells of; none for a ping.
    pub order_id: Option<u64>,
    /// Exactly the bytes that are signed and sent.
    pub body: String,
    /// Whether it carries a wrong signature on purpose.
    pub forged: bool,
    /// What else is not as it should be about it.
    #[serde(default)]
    pub dress: Dress,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// What became of it.
    pub state: DeliveryState,
    /// Each attempt, the first first.
    pub attempts: Vec<Attempt>,
}

/// What became of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Still being tried.
    Pending,
    /// Answered with a 2xx.
    Delivered,
    /// Tried as often as it may be.
    GivenUp,
    /// Never sent, by a fault.
    Lost,
}

/// One attempt to deliver a webhook.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The HTTP status of the answer, if there was one.
    pub status: Option<u16>,
    /// Why there was none.
    pub error: Option<String>,
}

/// Everything that the sandbox has committed, as of one moment: the truth that tests compare the shop with.
#[derive(Clone, Debug, Serialize)]
pub struct Ledger {
    /// The wallet's balance.
    #[serde(with = "amounts::text")]
    pub balance: Decimal,
    /// The wallet's currency.
    pub currency: String,
    /// Every purchase, the oldest first.
    pub orders: Vec<Order>,
    /// Every `POST /orders` that was understood or refused at the order desk, the oldest first.
    pub order_requests: Vec<OrderRequest>,
    /// Every movement of the wallet, the oldest first.
    pub transactions: Vec<Transaction>,
    /// Every webhook, the oldest first.
    pub webhooks: Vec<Delivery>,
    /// How often each operation was called, logins included, whatever was answered.
    pub calls: BTreeMap<Operation, u64>,
    /// The newest calls since the start, the first that ended first: when each came, and what it got.
    pub call_log: Vec<Call>,
    /// What misbehaved.
    pub faults: Strikes,
}

impl Ledger {
    /// The purchases made under one external id; the promise of the shop is at most one.
    pub fn purchases_of(&self, external_order_id: &str) -> Vec<&Order> {
        let is_it = |order: &&Order| order.external_order_id.as_deref() == Some(external_order_id);
        self.orders.iter().filter(is_it).collect()
    }

    /// The debits for orders, the oldest first.
    pub fn debits(&self) -> Vec<&Transaction> {
        let paid = |t: &&Transaction| t.kind == TransactionKind::Debit && t.order_id.is_some();
        self.transactions.iter().filter(paid).collect()
    }

    /// How often an operation was called since the start.
    pub fn calls_of(&self, operation: Operation) -> u64 {
        self.calls.get(&operation).copied().unwrap_or(0)
    }
}
