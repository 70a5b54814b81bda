//! The body of a webhook: what it is about. Read after its signature was checked, and believed no further than that.

use serde::Deserialize;
use serde_json::Value;

use super::reading::About;

/// The events that say something of a payment of ours.
const KNOWN: [&str; 14] = [
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "charge.refunded",
    "charge.refund.updated",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "radar.early_fraud_warning.created",
    "radar.early_fraud_warning.updated",
];

/// A webhook, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `evt_…`
    pub id: String,
    /// `checkout.session.completed` …, at most 64 characters.
    pub name: String,
    /// Whether it is of real money; none where it does not say.
    pub live: Option<bool>,
    /// Whether this version knows what it says.
    pub known: bool,
    /// The names of the session and of the intent that it is about.
    pub references: Vec<String>,
    /// The order's number, as we gave it to Stripe.
    pub order: Option<String>,
}

#[derive(Deserialize)]
struct Body {
    id: String,
    #[serde(rename = "type")]
    name: String,
    #[serde(default)]
    livemode: Option<bool>,
    #[serde(default)]
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    object: Option<Value>,
}

/// Reads a signed body; `None` where it is no JSON object or names no event.
pub fn read(body: &[u8]) -> Option<Event> {
    let body: Body = serde_json::from_slice(body).ok()?;
    let name: String = body.name.chars().filter(|c| !c.is_control()).take(64).collect();
    if name.is_empty() || body.id.is_empty() {
        return None;
    }
    let object = body.data.and_then(|data| data.object);
    let about = object.and_then(|object| serde_json::from_value::<About>(object).ok());
    let mut references = Vec::new();
    let mut order = None;
    if let Some(about) = about {
        let named_itself = matches!(about.object.as_deref(), Some("checkout.session" | "payment_intent"));
        references.extend(about.id.filter(|_| named_itself));
        references.extend(about.payment_intent);
        let in_metadata = about.metadata.and_then(|all| Some(all.get("order_number")?.as_str()?.to_owned()));
        order = about.client_reference_id.or(in_metadata);
    }
    let known = KNOWN.contains(&name.as_str());
    Some(Event { id: body.id, name, live: body.livemode, known, references, order })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_names_its_session_its_intent_and_its_order() {
        let body = br#"{"id":"evt_1","object":"event","type":"checkout.session.completed","livemode":false,
            "data":{"object":{"id":"cs_1","object":"checkout.session","payment_intent":"pi_1",
                              "client_reference_id":"SF-22222222","payment_status":"paid"}}}"#;
        let event = read(body).unwrap();
        assert_eq!(
            (event.references.as_slice(), event.live),
            (&["cs_1".to_owned(), "pi_1".to_owned()][..], Some(false))
        );
        assert!(event.known && event.order.as_deref() == Some("SF-22222222"));
    }

    #[test]
    fn a_refund_and_a_dispute_name_the_intent_alone() {
        for (kind, name) in [("refund", "refund.failed"), ("dispute", "charge.dispute.created")] {
            let body = format!(
                r#"{{"id":"evt_2","type":"{name}","data":{{"object":{{"id":"x_1","object":"{kind}",
                    "payment_intent":{{"id":"pi_1"}},"metadata":{{"order_number":"SF-33333333"}}}}}}}}"#
            );
            let event = read(body.as_bytes()).unwrap();
            assert_eq!(event.references, ["pi_1"]);
            assert!(event.known && event.order.as_deref() == Some("SF-33333333"));
        }
    }

    #[test]
    fn bodies_that_are_no_event() {
        for body in [&b"[]"[..], b"", b"{}", b"{\"id\":\"evt_1\"}", b"{\"id\":1,\"type\":\"x\"}", b"\xff"] {
            assert_eq!(read(body), None);
        }
        let strange = read(br#"{"id":"evt_3","type":"price.created","data":{"object":7}}"#).unwrap();
        assert!(!strange.known && strange.references.is_empty());
    }
}
