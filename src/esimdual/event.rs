//! The body of a webhook. Its event is the body's own: the headers are not signed.

use super::answer::Order;
use super::fields::EventFields;
use super::reading::{event_order, event_parts};
use super::undocumented::Undocumented;
use super::wire::text;

/// A webhook, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `ping`, `order.completed` …, at most 64 characters.
    pub name: String,
    /// The order that it is about, with its package and eSIM.
    pub order: Option<Order>,
}

/// Reads a signed body; `None` where it is no JSON object or names no event.
pub fn read(body: &[u8]) -> Option<Event> {
    read_noting(body, &mut Undocumented::default())
}

/// The same, and notes what the documents do not say.
pub fn read_noting(body: &[u8], seen: &mut Undocumented) -> Option<Event> {
    let body = std::str::from_utf8(body).ok()?.trim_start_matches('\u{feff}').trim();
    let fields = EventFields::read_json(body, seen)?;
    let name: String = text(fields.event)?.chars().filter(|c| !c.is_control()).take(64).collect();
    if name.is_empty() {
        return None;
    }
    let order = event_order(fields.order, seen).map(|order| {
        let (package_id, esim) = event_parts(fields.package, fields.esim, seen);
        Order { package_id: order.package_id.or(package_id), esim: order.esim.or(esim), ..order }
    });
    Some(Event { name, order })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::esimdual::OrderStatus;

    #[test]
    fn the_documents_example() {
        let body = br#"{"event":"order.completed","occurred_at":"2026-03-15T10:00:00Z",
            "order":{"id":45,"external_order_id":"SF-22222222-1-1","status":"completed","price":4.2},
            "package":{"id":1120},"esim":{"id":108,"iccid":"8988207000000000001","qr_code":"LPA:1$example.com$CODE"}}"#;
        let order = read(body).unwrap().order.unwrap();
        assert_eq!((order.id, order.package_id, order.status), (45, Some(1120), OrderStatus::Completed));
        assert_eq!(order.esim.unwrap().qr_code.as_deref(), Some("LPA:1$example.com$CODE"));
    }

    #[test]
    fn bodies_that_are_no_event() {
        for body in [&b"[]"[..], b"", b"{}", b"{\"event\":null}", b"\xff\xfe", b"{\"event\":\"ping\""] {
            assert_eq!(read(body), None);
        }
        assert_eq!(read(b"{\"event\":\"ping\",\"reseller_id\":3}").unwrap().order, None);
    }
}
