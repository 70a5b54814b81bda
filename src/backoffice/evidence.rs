//! What answers a bank that asks a payment back: the order's facts as plain text, to be copied into the provider's form.
//! No activation code, and of a card's number the end alone. Pure.

use std::fmt::Write as _;

use time::OffsetDateTime;

use super::store::{Details, DisputeRow, HistoryRow};
use super::words::{minor, sentence};

/// The text for an order that a bank asks about; `None` where none does.
pub(super) fn evidence(details: &Details) -> Option<String> {
    if details.disputes.is_empty() {
        return None;
    }
    let order = &details.order;
    let mut text = String::new();
    let mut line = |words: String| {
        let _written = writeln!(text, "{words}");
    };
    line(format!("Order {} of {}", order.number, moment(order.created_at)));
    line(format!("Customer: {} (language: {})", order.email, order.language));
    line(format!("Total: {}", minor(order.total_minor, &order.currency)));
    if let Some(at) = order.terms_accepted_at {
        line(format!("Terms accepted by the customer: {}", moment(at)));
    }
    if let Some(at) = order.paid_at {
        line(format!("Paid: {}", moment(at)));
    }
    for payment in details.payments.iter().filter(|payment| payment.counted) {
        let sum = minor(payment.amount_minor, &payment.currency);
        line(format!("Payment: {sum} by {}", sentence(&payment.method).to_lowercase()));
        if let (Some(card), Some(buyer)) = (&payment.card_country, &payment.buyer_country) {
            line(format!("Card issued in {card}, billing address in {buyer}"));
        }
    }
    for refund in details.refunds.iter().filter(|refund| refund.status == "done") {
        line(format!("Already paid back: {}", minor(refund.amount_minor, &refund.currency)));
    }
    line("\nSold: a digital good, delivered by e-mail and on the order's page".to_owned());
    for sold in &details.lines {
        line(format!("{} x {} (plan {})", sold.quantity, sold.name, sold.package_id));
    }
    line("\nDelivery".to_owned());
    for unit in &details.units {
        let end =
            unit.iccid_end.as_ref().map_or_else(String::new, |end| format!(", card number ending in {end}"));
        let until = unit.expires_on.map_or_else(String::new, |day| format!(", valid until {day}"));
        let place = format!("{}.{}", unit.position, unit.unit);
        let when = delivered_at(&details.history, &place);
        let state = when.map_or_else(|| sentence(&unit.status), |at| format!("Delivered {}", moment(at)));
        line(format!("eSIM {place}: {state}{end}{until}"));
    }
    for mail in &details.mails {
        if let Some(at) = mail.sent_at {
            line(format!("Mail to the customer, sent {}: {}", moment(at), mail.subject));
        }
    }
    line("Usage of the eSIM: the shop keeps none; the network's records are at eSIMDual.".to_owned());
    for dispute in &details.disputes {
        line(format!("\n{}", asked(dispute)));
    }
    Some(text)
}

fn asked(dispute: &DisputeRow) -> String {
    let until =
        dispute.due_by.map_or_else(String::new, |at| format!(", evidence taken until {}", moment(at)));
    format!(
        "Dispute {}: {}, {}, {}, opened {}{until}",
        dispute.reference,
        minor(dispute.amount_minor, &dispute.currency),
        dispute.reason,
        dispute.status,
        moment(dispute.opened_at),
    )
}

fn delivered_at(history: &[HistoryRow], place: &str) -> Option<OffsetDateTime> {
    let of_unit = |row: &&HistoryRow| row.event == "delivered" && row.unit.as_deref() == Some(place);
    history.iter().find(of_unit).map(|row| row.at)
}

fn moment(at: OffsetDateTime) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    at.to_offset(time::UtcOffset::UTC).format(format).unwrap_or_default()
}
