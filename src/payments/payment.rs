//! What a payment is.

use std::time::Duration;

use time::OffsetDateTime;

use crate::ground::{Price, token::Token};
use crate::shop::Times;

/// A way to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The test payment page: no money moves. Refused where the shop is not on this machine alone.
    Test,
    /// A transfer to the reseller's account, whose statement a person reads.
    BankTransfer,
    /// Stripe Checkout: cards, wallets and local methods at its hosted page.
    Stripe,
}

impl Method {
    /// Every method of this version.
    pub const ALL: [Self; 3] = [Self::Test, Self::BankTransfer, Self::Stripe];

    /// The contract's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::BankTransfer => "bank_transfer",
            Self::Stripe => "stripe",
        }
    }

    /// Reads the contract's word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.word() == word)
    }

    /// Where the customer pays, or is led to where they pay: a path of the shop.
    pub fn page(self, token: &Token) -> String {
        format!("/pay/{}/{}", self.word(), token.as_str())
    }

    /// Whether it is paid outside of the shop, at an address that is asked for.
    pub fn is_elsewhere(self) -> bool {
        matches!(self, Self::Stripe)
    }
}

/// How long an order waits that is paid this way.
pub fn expiry(method: Method, times: &Times) -> Duration {
    match method {
        Method::BankTransfer => times.bank_transfer_expiry,
        Method::Test | Method::Stripe => times.payment_expiry,
    }
}

/// How long any order waits that is not paid.
pub fn longest_expiry(times: &Times) -> Duration {
    times.bank_transfer_expiry.max(times.payment_expiry)
}

/// Where one payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    /// Nothing has arrived.
    Pending,
    /// It arrived in full.
    Paid,
    /// The last try was declined; a new one may succeed.
    Failed,
    /// Its order's time was over. Money may still arrive.
    Expired,
}

impl PaymentStatus {
    const ALL: [Self; 4] = [Self::Pending, Self::Paid, Self::Failed, Self::Expired];

    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }

    /// Reads the database's word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

/// One payment of one order.
#[derive(Clone, Debug)]
pub struct Payment {
    /// Our own id.
    pub id: i64,
    /// The order it is for.
    pub order_id: i64,
    /// How.
    pub method: Method,
    /// Names its page.
    pub token: Token,
    /// Where it stands.
    pub status: PaymentStatus,
    /// How much.
    pub amount: Price,
    /// What its method takes of it, by the configuration of when it was opened.
    pub fee: Price,
    /// Whether it is the one that paid its order.
    pub counted: bool,
    /// When it arrived.
    pub settled_at: Option<OffsetDateTime>,
    /// When it was opened.
    pub created_at: OffsetDateTime,
    /// What its provider calls it, once it was opened there.
    pub reference: Option<String>,
    /// What its provider calls the money that arrived.
    pub charge: Option<String>,
    /// Where the customer pays outside, while that is possible.
    pub url: Option<String>,
    /// Why money that arrived outside is not counted.
    pub parked: Option<String>,
}

impl Payment {
    /// Whether a customer can still pay it.
    pub fn is_open(&self) -> bool {
        matches!(self.status, PaymentStatus::Pending | PaymentStatus::Failed)
    }
}

/// A payment to be opened.
#[derive(Debug)]
pub struct NewPayment<'a> {
    /// The order it is for.
    pub order_id: i64,
    /// How.
    pub method: Method,
    /// Names its page.
    pub token: &'a Token,
    /// How much.
    pub amount: Price,
    /// What its method takes of it.
    pub fee: Price,
    /// When it is opened.
    pub now: OffsetDateTime,
    /// When its order ends unpaid.
    pub expires_at: OffsetDateTime,
}
