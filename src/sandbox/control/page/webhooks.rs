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
            body: delivery.body.clone(),
        }
    }
}
