//! What a fetched truth means for a payment. Pure.

use super::provider::{Standing, Truth};
use super::{Payment, PaymentStatus};

/// What is to be done with a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The money is there, and it is what was asked: it arrives.
    Settle,
    /// Money is there, and not what was asked: it never counts, a person looks.
    Park(&'static str),
    /// This try is over; another may succeed.
    Decline,
    /// Nothing arrived, and it can still be paid.
    Wait,
    /// The order's time is over, and it can still be paid: to be closed at the provider.
    Close,
    /// Nothing arrived, and nothing can any more.
    Over,
    /// What arrived was noted before.
    Known,
}

/// Compares what a provider says with what was asked: payment, order, amount and currency must be the same.
pub fn judge(payment: &Payment, number: &str, truth: &Truth) -> Judgement {
    if payment.status == PaymentStatus::Paid {
        return Judgement::Known;
    }
    match &truth.standing {
        Standing::Paid => match differs(payment, number, truth) {
            Some(why) => Judgement::Park(why),
            None => Judgement::Settle,
        },
        Standing::Open(_) if payment.status == PaymentStatus::Expired => Judgement::Close,
        Standing::Open(_) | Standing::Underway => Judgement::Wait,
        Standing::Failed if payment.status == PaymentStatus::Pending => Judgement::Decline,
        Standing::Closed if payment.status == PaymentStatus::Pending => Judgement::Decline,
        Standing::Failed | Standing::Closed => Judgement::Over,
    }
}

fn differs(payment: &Payment, number: &str, truth: &Truth) -> Option<&'static str> {
    if truth.order.as_deref() != Some(number) {
        return Some("a payment outside names another order");
    }
    match truth.amount {
        None => Some("a payment outside has a sum that cannot be read"),
        Some(amount) if amount.currency != payment.amount.currency => {
            Some("a payment outside is in another currency")
        }
        Some(amount) if amount.minor != payment.amount.minor => Some("a payment outside has another amount"),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::{Currency, Entropy, Price};
    use crate::payments::Method;
    use time::OffsetDateTime;

    fn payment(status: PaymentStatus) -> Payment {
        Payment {
            id: 1,
            order_id: 1,
            method: Method::Test,
            token: Entropy::seeded(1).token(),
            status,
            amount: Price::new(590, Currency::USD),
            fee: Price::new(0, Currency::USD),
            counted: false,
            settled_at: None,
            created_at: OffsetDateTime::UNIX_EPOCH,
            reference: Some("p_1".to_owned()),
            charge: None,
            url: None,
            parked: None,
        }
    }

    fn truth(standing: Standing) -> Truth {
        Truth {
            standing,
            order: Some("SF-1".to_owned()),
            amount: Some(Price::new(590, Currency::USD)),
            charge: None,
            refunds: Vec::new(),
            disputes: Vec::new(),
            warnings: Vec::new(),
            card_country: None,
            buyer_country: None,
            declined: None,
        }
    }

    #[test]
    fn money_counts_only_where_order_amount_and_currency_are_what_was_asked() {
        let euro = Currency::parse("EUR").unwrap();
        let paid = truth(Standing::Paid);
        let all = [
            (paid.clone(), true),
            (Truth { order: None, ..paid.clone() }, false),
            (Truth { order: Some("SF-2".to_owned()), ..paid.clone() }, false),
            (Truth { amount: None, ..paid.clone() }, false),
            (Truth { amount: Some(Price::new(589, Currency::USD)), ..paid.clone() }, false),
            (Truth { amount: Some(Price::new(591, Currency::USD)), ..paid.clone() }, false),
            (Truth { amount: Some(Price::new(590, euro)), ..paid }, false),
        ];
        for status in [PaymentStatus::Pending, PaymentStatus::Failed, PaymentStatus::Expired] {
            for (truth, counts) in &all {
                let judged = judge(&payment(status), "SF-1", truth);
                assert_eq!(judged == Judgement::Settle, *counts, "{truth:?}");
                assert_eq!(matches!(judged, Judgement::Park(_)), !counts, "{truth:?}");
            }
        }
        for (truth, _) in &all {
            assert_eq!(judge(&payment(PaymentStatus::Paid), "SF-1", truth), Judgement::Known);
        }
    }

    #[test]
    fn what_was_not_paid_waits_is_closed_or_over() {
        use Judgement::{Close, Decline, Over, Wait};
        use PaymentStatus::{Expired, Failed, Pending};
        let table = [
            (Pending, Standing::Open(None), Wait),
            (Failed, Standing::Open(None), Wait),
            (Expired, Standing::Open(None), Close),
            (Pending, Standing::Underway, Wait),
            (Expired, Standing::Underway, Wait),
            (Pending, Standing::Failed, Decline),
            (Pending, Standing::Closed, Decline),
            (Failed, Standing::Closed, Over),
            (Expired, Standing::Failed, Over),
        ];
        for (status, standing, wanted) in table {
            assert_eq!(
                judge(&payment(status), "SF-1", &truth(standing.clone())),
                wanted,
                "{status:?} {standing:?}"
            );
        }
    }
}
