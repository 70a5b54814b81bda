//! Webhooks as the page shows them, with every attempt and its answer.

use crate::sandbox::ledger::{Attempt, Delivery, DeliveryState};
use crate::sandbox::moment::legible;

pub(super) struct WebhookRow {
    pub id: String,
    pub made: String,
    pub event: String,
    pub order: String,
    pub state: &'static str,
    pub tone: &'static str,
    pub forged: bool,
    pub attempts: Vec<AttemptRow>,
    pub body: String,
}

pub(super) struct AttemptRow {
    pub at: String,
    pub answer: String,
}

impl AttemptRow {
    fn of(attempt: &Attempt) -> Self {
        let answer = match (attempt.status, &attempt.error) {
            (Some(status), _) => status.to_string(),
            (None, error) => error.clone().unwrap_or_else(|| "no answer".to_owned()),
        };
        Self { at: legible(attempt.at), answer }
    }
}

/// A body as it may be shown: whoever sees an activation code owns the line, so the ledger alone tells it.
fn without_codes(body: &str) -> String {
    let mut parts = body.split("LPA:");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(['"', '\\']).unwrap_or(part.len());
        shown.push_str("(activation code)");
        shown.push_str(&part[end..]);
    }
    shown
}

impl WebhookRow {
    pub(super) fn of(delivery: &Delivery) -> Self {
        let (state, tone) = match delivery.state {
            DeliveryState::Pending => ("on its way", "wait"),
            DeliveryState::Delivered => ("delivered", "good"),
            DeliveryState::GivenUp => ("given up", "bad"),
            DeliveryState::Lost => ("lost by a fault", "bad"),
        };
        Self {
            id: delivery.id.to_string(),
            made: legible(delivery.created_at),
            event: delivery.event.clone(),
            order: delivery.order_id.map(|id| id.to_string()).unwrap_or_default(),
            state,
            tone,
            forged: delivery.forged,
            attempts: delivery.attempts.iter().map(AttemptRow::of).collect(),
            body: without_codes(&delivery.body),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_activation_code_is_shown() {
        let shown = without_codes(r#"{"qr_code":"LPA:1$smdp.example.com$AAAA-BBBB","id":7}"#);
        assert_eq!(shown, r#"{"qr_code":"(activation code)","id":7}"#);
        assert_eq!(without_codes("cut off LPA:1$smdp"), "cut off (activation code)");
        assert_eq!(without_codes(r#"{"event":"ping"}"#), r#"{"event":"ping"}"#);
    }
}
