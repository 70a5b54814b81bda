//! The seam between the shop and whoever holds the money: what each way to pay must be able to do, in words that are
//! nobody's in particular.
//!
//! A provider is asked to open a payment, to tell the truth about it, to close it and to pay money back; and it reads its
//! own webhooks. Nothing that it pushes is believed: a webhook and a returning browser are hints that lead to a fetched
//! [`Truth`], which [`super::judge`] compares with what was sold. What stands behind the seam may be a hosted session
//! (Stripe), a payment that is fetched by its id (Mollie), an order that is captured when it is fetched (PayPal), an
//! account's statement that a person reads (bank transfer), or nobody (the test page).

use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;
use time::OffsetDateTime;

use crate::ground::{Language, Price};

/// What came of asking somebody outside. There are these four and no others, as for eSIMDual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said<T> {
    /// This.
    Done(T),
    /// Definitely not, and why.
    Refused(String),
    /// It was not carried out and may be asked again under the same key, after so long where that was said.
    Later(Option<Duration>),
    /// It was sent, and no reply came that can be trusted. Asked again under the same key.
    Doubt(String),
}

/// What a payment is opened with.
#[derive(Debug)]
pub struct Purchase<'a> {
    /// The order's number: it comes back in the truth and must be the same.
    pub number: &'a str,
    /// What is bought, as the customer sees it.
    pub name: &'a str,
    /// Whom it is for, to fill in what the customer would type again.
    pub email: &'a str,
    /// The language of the purchase.
    pub language: Language,
    /// How much.
    pub amount: Price,
    /// The order's page, as a whole address.
    pub order_url: &'a str,
    /// When the order ends unpaid.
    pub expires_at: OffsetDateTime,
    /// Now.
    pub now: OffsetDateTime,
}

/// A payment that was opened outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// What the provider calls it.
    pub reference: String,
    /// Where the customer pays, as a whole address.
    pub url: String,
}

/// Where a payment stands at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It can be paid, there where the address says.
    Open(Option<String>),
    /// The customer did their part; the money is on its way and may not come.
    Underway,
    /// The money arrived.
    Paid,
    /// The money will not come.
    Failed,
    /// Nobody paid in time, and nobody can any more.
    Closed,
}

/// Everything that a provider says of one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    /// Where it stands.
    pub standing: Standing,
    /// The order's number, as it was given to the provider.
    pub order: Option<String>,
    /// How much; none where the provider's sum cannot be read in a currency that is known.
    pub amount: Option<Price>,
    /// What the provider calls the money that arrived.
    pub charge: Option<String>,
    /// What went back or is on its way.
    pub refunds: Vec<SeenRefund>,
    /// What the payer's bank asked back.
    pub disputes: Vec<SeenDispute>,
    /// Signs of fraud, each in the provider's words: a person looks.
    pub warnings: Vec<String>,
    /// Two letters: where the card is from, where there is one.
    pub card_country: Option<String>,
    /// Two letters: the country of the address that the payer gave.
    pub buyer_country: Option<String>,
    /// What the provider calls the last try that was declined while the payment can still be made.
    pub declined: Option<String>,
}

/// What is paid back.
#[derive(Debug)]
pub struct Payout<'a> {
    /// Stored before anybody is asked, and the same at each asking.
    pub key: &'a str,
    /// What the provider calls the payment.
    pub reference: Option<&'a str>,
    /// What the provider calls the money that arrived.
    pub charge: Option<&'a str>,
    /// The order's number.
    pub number: &'a str,
    /// How much.
    pub amount: Price,
}

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundStanding {
    /// It was taken and is on its way.
    Pending,
    /// It arrived.
    Done,
    /// It will not arrive: the money is still the shop's.
    Failed,
    /// This method pays nothing out: a person must, and says when it is done.
    ByHand,
}

/// A refund, as the provider tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenRefund {
    /// What the provider calls it; none where nobody outside knows it.
    pub reference: Option<String>,
    /// Our key, where the provider kept it: none of a refund that was made elsewhere.
    pub key: Option<String>,
    /// How much; none where it cannot be read.
    pub amount: Option<Price>,
    /// Where it stands.
    pub standing: RefundStanding,
    /// Why it failed.
    pub why: Option<String>,
}

/// Where a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisputeStanding {
    /// A question of the bank: no money is gone yet.
    Inquiry,
    /// The money is gone until it is decided.
    Open,
    /// The shop keeps the money.
    Won,
    /// The payer has it.
    Lost,
}

impl DisputeStanding {
    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Inquiry => "inquiry",
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }

    /// Whether it is over.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Won | Self::Lost)
    }
}

/// A dispute, as the provider tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenDispute {
    /// What the provider calls it.
    pub reference: String,
    /// How much; none where it cannot be read.
    pub amount: Option<Price>,
    /// Where it stands.
    pub standing: DisputeStanding,
    /// The bank's word for why.
    pub reason: String,
    /// Until when evidence is taken.
    pub due_by: Option<OffsetDateTime>,
}

/// What a webhook hints at: payments to look at. Never what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// The sender's id of it.
    pub id: Option<String>,
    /// The sender's word for what happened.
    pub event: String,
    /// The provider's names of payments or of money that arrived.
    pub references: Vec<String>,
    /// The order's number, where the notice has it.
    pub order: Option<String>,
    /// Why nobody needs to look, where that is sure: an event of another mode, or of no payment.
    pub idle: Option<&'static str>,
}

/// What may be said of a webhook before anything in it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It is the provider's, by the secret at this place among those configured.
    Signed(usize),
    /// It is not, or not now.
    Wrong,
}

/// A request's headers: names in lower case, each as often as it came.
pub type Headers<'a> = [(&'a str, &'a [u8])];

/// One way to pay.
pub trait Provider: Send + Sync {
    /// Whether a sum can be paid this way: it is not too little, and can be written there exactly.
    fn takes(&self, amount: Price) -> bool;

    /// What the provider will be asked, to be stored before it is asked and repeated unchanged; `None` where nobody
    /// outside is asked and the customer pays at a page of the shop.
    fn prepare(&self, purchase: &Purchase<'_>) -> Option<Value>;

    /// Opens a payment under a stored key, with what [`Provider::prepare`] gave.
    fn start<'a>(&'a self, key: &'a str, request: &'a Value) -> BoxFuture<'a, Said<Started>>;

    /// Fetches everything about a payment.
    fn truth<'a>(&'a self, reference: &'a str) -> BoxFuture<'a, Said<Truth>>;

    /// Sees to it that nobody can pay it any more, and tells how it stands then: it may have been paid meanwhile.
    fn close<'a>(&'a self, reference: &'a str) -> BoxFuture<'a, Said<Truth>>;

    /// Pays money back under a stored key.
    fn refund<'a>(&'a self, payout: &'a Payout<'a>) -> BoxFuture<'a, Said<SeenRefund>>;

    /// Whether webhooks can be proved at all: their secret is known here.
    fn hears_webhooks(&self) -> bool;

    /// Whether the headers carry a proof at all: without one the body is not read.
    fn bears_proof(&self, headers: &Headers<'_>) -> bool;

    /// Checks a webhook's proof over its raw body.
    fn prove(&self, headers: &Headers<'_>, body: &[u8], now: OffsetDateTime) -> Proof;

    /// Reads a webhook that was proved; `None` for one that is not readable.
    fn notice(&self, body: &[u8]) -> Option<Notice>;
}
