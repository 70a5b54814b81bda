//! What an order is.

use rust_decimal::Decimal;
use serde_json::Value;
use time::OffsetDateTime;

use super::{OrderNumber, Unit};
use crate::ground::{Cost, Currency, EmailAddress, Language, Price, Rate, tax, token::Token};

/// Where an order stands (CONTRACT section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStatus {
    /// Nothing was paid yet.
    AwaitingPayment,
    /// Paid; at least one unit is not final.
    Processing,
    /// Every unit is final and at least one was delivered.
    Completed,
    /// Every unit failed, and was refunded.
    Failed,
    /// Not paid in time.
    Cancelled,
}

impl OrderStatus {
    const ALL: [Self; 5] =
        [Self::AwaitingPayment, Self::Processing, Self::Completed, Self::Failed, Self::Cancelled];

    /// The contract's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::AwaitingPayment => "awaiting_payment",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the contract's word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }

    /// Whether nothing can happen any more (but for a late payment of a cancelled order).
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// Where an order's money stands (CONTRACT section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentStatus {
    /// Nothing has arrived.
    Pending,
    /// Paid in full. A refund that is under way is still this.
    Paid,
    /// A part went back.
    PartiallyRefunded,
    /// All of it went back.
    Refunded,
    /// The last try was declined; another may succeed.
    Failed,
    /// Not paid in time.
    Expired,
}

impl PaymentStatus {
    const ALL: [Self; 6] =
        [Self::Pending, Self::Paid, Self::PartiallyRefunded, Self::Refunded, Self::Failed, Self::Expired];

    /// The contract's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paid => "paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }

    /// Reads the contract's word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

/// An order, without its lines.
#[derive(Clone, Debug)]
pub struct Order {
    /// Our own id.
    pub id: i64,
    /// The number.
    pub number: OrderNumber,
    /// Names its page.
    pub token: Token,
    /// Whom to write to.
    pub email: EmailAddress,
    /// The language of the purchase, for mail.
    pub language: Language,
    /// The traveller's device, until the order is final.
    pub device_imei: Option<String>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Where its money stands.
    pub payment_status: PaymentStatus,
    /// A person is needed.
    pub attention: bool,
    /// What the customer pays, after discount, tax included.
    pub total: Price,
    /// What was taken off.
    pub discount: Price,
    /// The tax within the total.
    pub tax: Price,
    /// By what that was reckoned; `None` where no tax was told.
    pub tax_terms: Option<TaxTerms>,
    /// The unit that it makes good for: then it is a gift, which nobody paid and for which nothing goes back.
    pub replaces_unit_id: Option<i64>,
    /// When it was placed.
    pub created_at: OffsetDateTime,
    /// When it ends unpaid.
    pub expires_at: OffsetDateTime,
    /// When it was paid.
    pub paid_at: Option<OffsetDateTime>,
    /// When it became final.
    pub finished_at: Option<OffsetDateTime>,
}

impl Order {
    /// Whether it was given away, so that no payment stands behind it.
    pub fn is_gift(&self) -> bool {
        self.replaces_unit_id.is_some()
    }

    /// The tax within a part of what was paid, by the rate that it was sold with.
    pub fn tax_within(&self, part: Price) -> Price {
        let percent = self.tax_terms.as_ref().map_or(Decimal::ZERO, |terms| terms.percent);
        Price::new(tax::within(part.minor, percent), part.currency)
    }
}

/// The tax that an order was sold with: frozen, whatever the rates become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxTerms {
    /// Where the customer lives: ISO 3166-1 alpha-2, lower case.
    pub country: String,
    /// Percent of the net price; nothing for a country without a rate.
    pub percent: Decimal,
}

/// A line: a plan in a quantity, with what was promised and what it cost then.
#[derive(Clone, Debug)]
pub struct Line {
    /// Our own id.
    pub id: i64,
    /// From 1.
    pub position: i32,
    /// The upstream's package.
    pub package_id: i64,
    /// Its name at the purchase.
    pub name: String,
    /// Its facts at the purchase.
    pub facts: Value,
    /// How many.
    pub quantity: i32,
    /// The price of one.
    pub unit_price: Price,
    /// The cost of one, as it was when it was sold.
    pub cost: Cost,
    /// What that was exchanged at; `None` where price and cost are in one currency.
    pub exchange: Option<LineRate>,
}

/// What was counted of one e-mail, or of one network.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted {
    /// Orders that are not paid yet.
    pub unpaid: i64,
    /// What was ordered and paid, or may still be, in minor units; of an e-mail only.
    pub spent: i64,
    /// Tries to pay that were declined.
    pub declines: i64,
    /// When the last one of the order was whose last one is the oldest.
    pub first_decline: Option<OffsetDateTime>,
}

/// An order to be written.
#[derive(Debug)]
pub struct NewOrder<'a> {
    /// The number.
    pub number: &'a OrderNumber,
    /// Names its page.
    pub token: &'a Token,
    /// The form's hidden key.
    pub form_key: &'a str,
    /// What was bought under that key.
    pub form_fingerprint: &'a [u8],
    /// Whom to write to.
    pub email: &'a EmailAddress,
    /// The language of the purchase.
    pub language: Language,
    /// The traveller's device, if given.
    pub device_imei: Option<&'a str>,
    /// The total.
    pub total: Price,
    /// The tax within it.
    pub tax: Price,
    /// By what that was reckoned; `None` where no tax is told.
    pub tax_terms: Option<&'a TaxTerms>,
    /// When it ends unpaid.
    pub expires_at: OffsetDateTime,
    /// A keyed hash of the network that orders, where that is known.
    pub client: Option<&'a str>,
}

/// A replacement to be written: one eSIM of the same plan, for the same customer, for nothing.
#[derive(Debug)]
pub struct NewGift<'a> {
    /// The order of the unit that it replaces.
    pub order: &'a Order,
    /// The line of that unit.
    pub line: &'a Line,
    /// That unit.
    pub unit: &'a Unit,
    /// The number.
    pub number: &'a OrderNumber,
    /// Names its page.
    pub token: &'a Token,
    /// The form's hidden key.
    pub form_key: &'a str,
    /// Who gives it, by e-mail.
    pub granted_by: &'a str,
    /// Why.
    pub reason: &'a str,
    /// When.
    pub now: OffsetDateTime,
}

/// The exchange rate by which a line was sold, frozen with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineRate {
    /// Pricing's row.
    pub id: i64,
    /// As it was entered: what the cost was expected to be worth.
    pub rate: Rate,
    /// Percent on top of it, of which the price was made.
    pub margin: Decimal,
}

/// A line to be written.
#[derive(Debug)]
pub struct NewLine<'a> {
    /// From 1.
    pub position: i32,
    /// The upstream's package.
    pub package_id: i64,
    /// Its name.
    pub name: &'a str,
    /// Its facts.
    pub facts: Value,
    /// From 1 to 50.
    pub quantity: i32,
    /// The price of one.
    pub unit_price: Price,
    /// The tax within the price of all, in minor units; of an order's lines they add up to its own.
    pub tax_minor: i64,
    /// The cost of one.
    pub cost: Decimal,
    /// The currency of the cost.
    pub cost_currency: Currency,
    /// The rule that made the price.
    pub markup_rule_id: i64,
    /// What the cost was exchanged at; `None` where price and cost are in one currency.
    pub exchange: Option<LineRate>,
}
