//! Orders, as an answer or a webhook tells of them.

use serde_json::value::RawValue;

use super::esim::{event_esim, order_esim};
use super::{Undocumented, Unreadable};
use crate::esimdual::answer::{Esim, NewOrder, Order, OrderStatus};
use crate::esimdual::fields::{EventOrderFields, EventPackageFields, OrderFields, OrderPackageFields};
use crate::esimdual::wire::{Envelope, Token, decimal, integer, moment, text};

/// One order in a list or by itself; needs at least its id.
///
/// # Errors
/// When it is no object, or has no id.
pub fn order_row(row: &RawValue, seen: &mut Undocumented) -> Result<Order, Unreadable> {
    let fields = OrderFields::read(Some(row), seen).ok_or(Unreadable("an order that is no object"))?;
    let package = OrderPackageFields::read(fields.package, seen).unwrap_or_default();
    Ok(Order {
        id: id(fields.id)?,
        external_order_id: text(fields.external_order_id).filter(|name| !name.is_empty()),
        package_id: integer(package.id).or_else(|| integer(fields.package_id)),
        status: status(fields.status),
        price: decimal(fields.price),
        currency: text(fields.currency),
        created_at: moment(fields.created_at),
        esim: order_esim(fields.esim, seen),
        extra: fields.extra,
    })
}

fn id(token: Token<'_>) -> Result<i64, Unreadable> {
    integer(token).filter(|id| *id > 0).ok_or(Unreadable("an order without its id"))
}

fn status(token: Token<'_>) -> OrderStatus {
    match text(token).unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "pending" => OrderStatus::Pending,
        "processing" => OrderStatus::Processing,
        "completed" => OrderStatus::Completed,
        "failed" => OrderStatus::Failed,
        other => OrderStatus::Other(other.chars().filter(|c| !c.is_control()).take(64).collect()),
    }
}

/// The answer to `GET /orders/{id}`.
///
/// # Errors
/// When it is no success with an order in it.
pub fn order(body: &[u8], seen: &mut Undocumented) -> Result<Order, Unreadable> {
    order_row(Envelope::success(body, seen)?.data()?, seen)
}

/// The answer to a purchase: proof only if it names this very unit and this package.
///
/// # Errors
/// When it is anything else; then nobody knows what was bought.
pub fn placed_order(
    body: &[u8],
    wanted: &NewOrder<'_>,
    seen: &mut Undocumented,
) -> Result<Order, Unreadable> {
    let order = order(body, seen)?;
    let ours = order.external_order_id.as_deref() == Some(wanted.external_order_id);
    let same_package = order.package_id == Some(wanted.package_id);
    match (ours, same_package) {
        (true, true) => Ok(order),
        (false, _) => Err(Unreadable("the answer does not name this order")),
        (true, false) => Err(Unreadable("the answer does not name this package")),
    }
}

/// Package and eSIM, which a webhook tells beside the order.
pub(in crate::esimdual) fn event_parts(
    package: Token<'_>,
    esim: Token<'_>,
    seen: &mut Undocumented,
) -> (Option<i64>, Option<Esim>) {
    let package = EventPackageFields::read(package, seen).unwrap_or_default();
    (integer(package.id), event_esim(esim, seen))
}

/// The order of a webhook, without what stands beside it.
pub(in crate::esimdual) fn event_order(row: Token<'_>, seen: &mut Undocumented) -> Option<Order> {
    let fields = EventOrderFields::read(row, seen)?;
    let package = OrderPackageFields::read(fields.package, seen).unwrap_or_default();
    Some(Order {
        id: id(fields.id).ok()?,
        external_order_id: text(fields.external_order_id).filter(|name| !name.is_empty()),
        package_id: integer(package.id).or_else(|| integer(fields.package_id)),
        status: status(fields.status),
        price: decimal(fields.price),
        currency: text(fields.currency),
        created_at: moment(fields.created_at),
        esim: order_esim(fields.esim, seen),
        extra: fields.extra,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: NewOrder<'_> = NewOrder {
        package_id: 1120,
        external_order_id: "SF-1-1-1",
        idempotency_key: "k",
        device_imei: None,
        doubted: false,
    };

    fn read(body: &[u8]) -> Result<Order, Unreadable> {
        placed_order(body, &WANTED, &mut Undocumented::default())
    }

    fn shown(body: &[u8]) -> Order {
        order(body, &mut Undocumented::default()).unwrap()
    }

    fn placed(data: &str) -> Result<Order, Unreadable> {
        read(format!(r#"{{"status":true,"message":"ok","data":{data}}}"#).as_bytes())
    }

    #[test]
    fn an_order_is_read_from_every_way_to_write_it() {
        let plain = r#"{"id":45,"external_order_id":"SF-1-1-1","status":"completed","currency":"USD","price":4.2,
            "package":{"id":1120},"esim":{"id":108,"iccid":"8988207000000000001","qr_code":"LPA:1$example.com$CODE",
            "phone_number":null,"expiry_date":"2026-04-14"}}"#;
        let odd = r#"{"id":"45","external_order_id":"SF-1-1-1","status":" Completed ","currency":"USD","price":"4.2",
            "package":{"id":"1120"},"esim":{"id":108.0,"iccid":8988207000000000001,"qr_code":"LPA:1$example.com$CODE",
            "phone_number":"","expiry_date":"2026-04-14T00:00:00Z"},"provider_response":{"x":[1,2]}}"#;
        let (plain, odd) = (placed(plain).unwrap(), placed(odd).unwrap());
        assert_eq!(plain, odd);
        assert_eq!(plain.price.unwrap().to_string(), "4.2");
        assert_eq!(plain.esim.unwrap().qr_code.as_deref(), Some("LPA:1$example.com$CODE"));
    }

    #[test]
    fn an_order_that_is_read_needs_only_its_id_and_a_purchase_its_names_too() {
        let bare = shown(br#"{"data":{"id":45}}"#);
        assert_eq!((bare.id, bare.status, bare.esim), (45, OrderStatus::Other(String::new()), None));
        let unknown = r#"{"data":{"id":45,"status":"refunded","price":null,"esim":[],"package":7}}"#;
        let unknown = shown(unknown.as_bytes());
        assert_eq!(unknown.status, OrderStatus::Other("refunded".to_owned()));
        assert_eq!((unknown.price, unknown.package_id), (None, None));
        assert!(placed(r#"{"id":45,"external_order_id":"SF-1-1-1","package":{"id":1120}}"#).is_ok());
        let nul = shown(b"{\"data\":{\"id\":45,\"external_order_id\":\"SF\\u0000-1\"}}");
        assert_eq!(nul.external_order_id, None, "no database takes a NUL");
    }

    #[test]
    fn anothers_order_is_no_proof() {
        for bad in [
            r#"{"id":45,"external_order_id":"SF-2-1-1"}"#,
            r#"{"id":45,"external_order_id":7}"#,
            r#"{"id":45}"#,
            r#"{"id":45,"external_order_id":"SF-1-1-1"}"#,
            r#"{"id":45,"package":{"id":1120}}"#,
            r#"{"id":45,"external_order_id":"SF-1-1-1","package":{"id":1121}}"#,
            r#"{"external_order_id":"SF-1-1-1"}"#,
            r#"{"id":null}"#,
            r#"{"id":-1}"#,
            r#"{"id":1.5}"#,
            r#"{"id":1,"id":2}"#,
            "[]",
            "null",
            "\"45\"",
        ] {
            assert!(placed(bad).is_err(), "{bad}");
        }
        for body in ["", " ", "[]", "{", "\u{feff}{}", "<html>", r#"{"status":false,"data":{"id":45}}"#, "{}"]
        {
            assert!(read(body.as_bytes()).is_err(), "{body}");
        }
        let without_status = br#"{"data":{"id":45,"external_order_id":"SF-1-1-1","package_id":1120}}"#;
        assert!(read(without_status).is_ok(), "a missing status is no no");
    }

    #[test]
    fn no_beginning_of_a_good_answer_is_proof() {
        let whole =
            r#"{"status":true,"data":{"id":45,"external_order_id":"SF-1-1-1","package":{"id":1120}}}"#;
        assert!(read(whole.as_bytes()).is_ok());
        for end in 0..whole.len() {
            assert!(read(&whole.as_bytes()[..end]).is_err(), "cut at {end}");
        }
    }

    proptest::proptest! {
        #[test]
        fn garbage_is_unreadable_and_no_panic(bytes: Vec<u8>, token in "[\\[{\"0-9eE.,:a-z}\\]-]{0,40}") {
            proptest::prop_assert!(read(&bytes).is_err());
            let mut seen = Undocumented::default();
            let _ = (placed(&token), super::super::wallet(&bytes, &mut seen));
            let _ = super::super::account(token.as_bytes(), &mut seen);
            let _ = super::super::access_token(&bytes, &mut seen);
            let _ = placed(&format!(r#"{{"id":{token},"esim":{{"expiry_date":"{token}"}}}}"#));
        }
    }
}
