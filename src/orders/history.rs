//! What happens to an order: one word each, appended where it happens.

use std::borrow::Cow;

use serde_json::{Value, json};

/// Who made it happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The customer.
    Customer,
    /// The shop itself.
    Shop,
    /// eSIMDual.
    Upstream,
    /// The way of payment.
    Payment,
    /// A member of staff, by e-mail.
    Admin(String),
}

impl Actor {
    /// The word in the database; an admin's e-mail.
    pub fn word(&self) -> Cow<'_, str> {
        match self {
            Self::Customer => "customer".into(),
            Self::Shop => "shop".into(),
            Self::Upstream => "upstream".into(),
            Self::Payment => "payment".into(),
            Self::Admin(email) => email.as_str().into(),
        }
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The customer placed the order.
    Placed,
    /// A payment was declined.
    PaymentDeclined,
    /// A payment arrived in full.
    Paid,
    /// A payment arrived after the order had ended, or a second time.
    PaidTooMuch,
    /// Not paid in time.
    Cancelled,
    /// A late payment was accepted.
    Reopened,
    /// The intention to buy a unit was committed.
    Attempted,
    /// eSIMDual answered an attempt.
    Answered,
    /// A doubt was settled by the list of orders.
    DoubtSettled,
    /// A unit was bound to an upstream order.
    Bound,
    /// A unit waits.
    Held,
    /// A unit's eSIM was stored.
    Delivered,
    /// A unit will not come.
    Failed,
    /// A refund was recorded.
    RefundRequested,
    /// A refund arrived.
    Refunded,
    /// A refund will not arrive, though it was taken or looked done.
    RefundFailed,
    /// A person read on the account's statement that a transfer arrived.
    TransferReceived,
    /// The payer's bank asks the money back.
    Disputed,
    /// What the payer's bank asked was decided.
    DisputeClosed,
    /// The order became final.
    Finished,
    /// Something needs a person.
    NeedsAttention,
    /// A person decided about a unit that the shop could not settle by itself.
    Decided,
    /// Another eSIM was given for one that was delivered.
    Replaced,
    /// The order was given away, to make good for an eSIM of another.
    Given,
}

impl Event {
    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::PaymentDeclined => "payment_declined",
            Self::Paid => "paid",
            Self::PaidTooMuch => "paid_too_much",
            Self::Cancelled => "cancelled",
            Self::Reopened => "reopened",
            Self::Attempted => "attempted",
            Self::Answered => "answered",
            Self::DoubtSettled => "doubt_settled",
            Self::Bound => "bound",
            Self::Held => "held",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::RefundRequested => "refund_requested",
            Self::Refunded => "refunded",
            Self::RefundFailed => "refund_failed",
            Self::TransferReceived => "transfer_received",
            Self::Disputed => "disputed",
            Self::DisputeClosed => "dispute_closed",
            Self::Finished => "finished",
            Self::NeedsAttention => "needs_attention",
            Self::Decided => "decided",
            Self::Replaced => "replaced",
            Self::Given => "given",
        }
    }
}

/// One entry to append.
#[derive(Clone, Debug)]
pub struct Happened {
    /// To which unit, where it is about one.
    pub unit_id: Option<i64>,
    /// Who did it.
    pub actor: Actor,
    /// What.
    pub event: Event,
    /// Facts; never a code, an address or a secret.
    pub detail: Value,
}

impl Happened {
    /// An entry about the whole order.
    pub fn to_order(actor: Actor, event: Event) -> Self {
        Self { unit_id: None, actor, event, detail: json!({}) }
    }

    /// An entry about one unit.
    pub fn to_unit(unit_id: i64, actor: Actor, event: Event) -> Self {
        Self { unit_id: Some(unit_id), actor, event, detail: json!({}) }
    }

    /// With facts.
    pub fn with(self, detail: Value) -> Self {
        Self { detail, ..self }
    }
}
