//! What does not match: its kinds, and what staff are told of each. Pure.

use serde_json::Value;
use time::OffsetDateTime;

/// A kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A paid order whose payment is not what was sold.
    PaymentMismatch,
    /// A payment of which more went back than came in, or whose refunds do not add up.
    RefundMismatch,
    /// A second or late payment that was not given back.
    SurplusKept,
    /// A unit that failed and has no refund.
    FailedWithoutRefund,
    /// A refund by the shop of a unit that did not fail.
    RefundedWithoutFailure,
    /// Two upstream orders under the name of one unit.
    BoughtTwice,
    /// A unit whose money went back, and which the upstream sold all the same.
    BoughtAndRefunded,
    /// An upstream order with a name of ours, of which we know no unit.
    OrderWithoutUnit,
    /// An upstream order of a unit that does not know it.
    OrderNotBound,
    /// A unit's order that the upstream's list does not have any more.
    OrderVanished,
    /// Money that left the wallet for no purchase.
    DebitSurplus,
    /// A purchase that no movement of the wallet paid.
    DebitMissing,
    /// A purchase that cost more than it was listed at, and less than the customer paid.
    CostAboveQuote,
    /// A purchase that cost more than the customer paid.
    CostAbovePrice,
    /// A purchase in another currency than it was listed in.
    CostInOtherCurrency,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::PaymentMismatch,
        Self::RefundMismatch,
        Self::SurplusKept,
        Self::FailedWithoutRefund,
        Self::RefundedWithoutFailure,
        Self::BoughtTwice,
        Self::BoughtAndRefunded,
        Self::OrderWithoutUnit,
        Self::OrderNotBound,
        Self::OrderVanished,
        Self::DebitSurplus,
        Self::DebitMissing,
        Self::CostAboveQuote,
        Self::CostAbovePrice,
        Self::CostInOtherCurrency,
    ];

    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::PaymentMismatch => "payment_mismatch",
            Self::RefundMismatch => "refund_mismatch",
            Self::SurplusKept => "surplus_kept",
            Self::FailedWithoutRefund => "failed_without_refund",
            Self::RefundedWithoutFailure => "refunded_without_failure",
            Self::BoughtTwice => "bought_twice",
            Self::BoughtAndRefunded => "bought_and_refunded",
            Self::OrderWithoutUnit => "order_without_unit",
            Self::OrderNotBound => "order_not_bound",
            Self::OrderVanished => "order_vanished",
            Self::DebitSurplus => "debit_surplus",
            Self::DebitMissing => "debit_missing",
            Self::CostAboveQuote => "cost_above_quote",
            Self::CostAbovePrice => "cost_above_price",
            Self::CostInOtherCurrency => "cost_in_other_currency",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether it tells of something that happened and stays so, until a person closes it; the others hold or do not.
    pub fn stays(self) -> bool {
        matches!(self, Self::CostAboveQuote | Self::CostAbovePrice | Self::CostInOtherCurrency)
    }

    /// Whether it is about payments and refunds.
    pub fn is_of_money(self) -> bool {
        matches!(
            self,
            Self::PaymentMismatch
                | Self::RefundMismatch
                | Self::SurplusKept
                | Self::FailedWithoutRefund
                | Self::RefundedWithoutFailure
        )
    }

    /// Whether it is about debits of the wallet.
    pub fn is_of_the_wallet(self) -> bool {
        matches!(self, Self::DebitSurplus | Self::DebitMissing)
    }

    /// What staff read: what it means, and what to do.
    pub fn told(self) -> &'static str {
        match self {
            Self::PaymentMismatch => "What was paid is not what was sold. Look at the order and its payment.",
            Self::RefundMismatch => "The refunds of this payment do not add up. Look at the order.",
            Self::SurplusKept => "A second or late payment was not given back. Look at the order's payments.",
            Self::FailedWithoutRefund => "This eSIM failed and its money did not go back. Refund it.",
            Self::RefundedWithoutFailure => "The money of this eSIM went back although it did not fail.",
            Self::BoughtTwice => {
                "eSIMDual has two orders for one eSIM. Ask eSIMDual to cancel and credit the second."
            }
            Self::BoughtAndRefunded => {
                "The customer has the money back, and eSIMDual sold the eSIM all the same."
            }
            Self::OrderWithoutUnit => "eSIMDual has an order under a name of ours that this shop never gave.",
            Self::OrderNotBound => {
                "eSIMDual has an order for an eSIM that does not know of it. Look at the order."
            }
            Self::OrderVanished => {
                "eSIMDual does not list this order any more. Ask eSIMDual what became of it."
            }
            Self::DebitSurplus => {
                "Money left the wallet for no purchase that we know of. Ask eSIMDual what it was for."
            }
            Self::DebitMissing => "eSIMDual sold this and took nothing for it. It may still be charged.",
            Self::CostAboveQuote => {
                "eSIMDual charged more than it had listed. The customer pays what was agreed."
            }
            Self::CostAbovePrice => {
                "We lost money: eSIMDual charged more than the customer paid. The plan is not sold until this is closed."
            }
            Self::CostInOtherCurrency => {
                "eSIMDual charged in another currency than it had listed. The plan is not sold until this is closed."
            }
        }
    }
}

/// One thing that does not match.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// What it is about: a unit's name, an order's number, a currency with an amount.
    pub key: String,
    /// Facts for staff; never an address, a code or a secret.
    pub facts: Value,
    /// The oldest moment that is needed to judge it again: the upstream's clock for movements, ours for orders.
    pub reaches_back_to: Option<OffsetDateTime>,
    /// The package whose sale it stops.
    pub stops: Option<i64>,
}

impl Finding {
    /// One that stops nothing.
    pub fn new(kind: Kind, key: impl Into<String>, facts: Value, since: Option<OffsetDateTime>) -> Self {
        Self { kind, key: key.into(), facts, reaches_back_to: since, stops: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_word() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.word()), Some(kind));
        }
        assert_eq!(Kind::from_word("stray"), None);
    }
}
