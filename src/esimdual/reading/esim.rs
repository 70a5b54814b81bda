//! eSIMs: inside an order, inside a webhook, and by themselves.

use serde_json::value::RawValue;

use super::{Undocumented, Unreadable, filled};
use crate::esimdual::answer::{Esim, EsimDetails};
use crate::esimdual::fields::{EsimFields, EsimPackageFields, EventEsimFields, OrderEsimFields};
use crate::esimdual::wire::{Envelope, Token, date, integer, moment, text, whole_text};

/// What an order delivered.
pub(super) fn order_esim(token: Token<'_>, seen: &mut Undocumented) -> Option<Esim> {
    let fields = OrderEsimFields::read(token, seen)?;
    Some(Esim {
        id: integer(fields.id),
        iccid: filled(text(fields.iccid)),
        qr_code: filled(whole_text(fields.qr_code)),
        phone_number: filled(text(fields.phone_number)),
        expires_on: date(fields.expiry_date),
        extra: fields.extra,
    })
}

/// What a webhook says that an order delivered.
pub(super) fn event_esim(token: Token<'_>, seen: &mut Undocumented) -> Option<Esim> {
    let fields = EventEsimFields::read(token, seen)?;
    Some(Esim {
        id: integer(fields.id),
        iccid: filled(text(fields.iccid)),
        qr_code: filled(whole_text(fields.qr_code)),
        phone_number: filled(text(fields.phone_number)),
        expires_on: date(fields.expiry_date),
        extra: fields.extra,
    })
}

/// One row of `GET /esims`; needs at least its id.
///
/// # Errors
/// When it is no object, or has no id.
pub fn esim_row(row: &RawValue, seen: &mut Undocumented) -> Result<EsimDetails, Unreadable> {
    let fields = EsimFields::read(Some(row), seen).ok_or(Unreadable("an eSIM that is no object"))?;
    let package = EsimPackageFields::read(fields.package, seen).unwrap_or_default();
    let id = integer(fields.id).filter(|id| *id > 0).ok_or(Unreadable("an eSIM without its id"))?;
    Ok(EsimDetails {
        id,
        esim: Esim {
            id: Some(id),
            iccid: filled(text(fields.iccid)),
            qr_code: filled(whole_text(fields.qr_code)),
            phone_number: filled(text(fields.phone_number)),
            expires_on: date(fields.expiry_date),
            extra: fields.extra,
        },
        serial_number: filled(text(fields.serial_number)),
        provider_status: filled(text(fields.provider_status)),
        activated_at: moment(fields.activated_at),
        installed_at: moment(fields.installed_at),
        provider_expiry_at: moment(fields.provider_expiry_at),
        package_id: integer(package.id),
    })
}

/// The answer to `GET /esims/{id}`.
///
/// # Errors
/// When it is no success with an eSIM in it.
pub fn esim(body: &[u8], seen: &mut Undocumented) -> Result<EsimDetails, Unreadable> {
    esim_row(Envelope::success(body, seen)?.data()?, seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_example_and_a_card_that_says_nearly_nothing() {
        let mut seen = Undocumented::default();
        let whole = br#"{"status":true,"message":"Success","data":{"id":108,"serial_number":"SIM-100001",
            "iccid":"8988207000000000001","phone_number":"+33600000000","qr_code":"LPA:1$example.com$CODE",
            "qr_code_image":"https://cdn.example.com/qr.png","provider_status":"ACTIVE","expiry_date":"2026-04-14",
            "activated_at":"2026-03-15T10:00:00Z","installed_at":null,"provider_expiry_at":"2026-04-14T10:00:00+02:00",
            "package":{"id":1120,"provider_plan_id":"FR-5GB-30D","name":"France 5 GB - 30 Days"}}}"#;
        let card = esim(whole, &mut seen).unwrap();
        assert!(seen.is_empty(), "{seen:?}");
        assert_eq!(
            (card.id, card.package_id, card.provider_status.as_deref()),
            (108, Some(1120), Some("ACTIVE"))
        );
        assert_eq!(card.esim.qr_code.as_deref(), Some("LPA:1$example.com$CODE"));
        assert_eq!((card.activated_at.is_some(), card.installed_at), (true, None));
        let bare =
            esim(br#"{"data":{"id":"7","activated_at":"2026-03-15 10:00:00","package":[]}}"#, &mut seen);
        assert!(bare.unwrap().activated_at.is_some(), "a moment as PHP writes it is read, and noted");
        assert!(seen.sightings().any(|met| met.field == "activated_at"));
        assert!(esim(br#"{"data":{"iccid":"1"}}"#, &mut seen).is_err());
    }

    #[test]
    fn no_code_is_shown_by_debug() {
        let body = br#"{"data":{"id":1,"qr_code":"LPA:1$example.com$CODE","iccid":"8988","pin":"SECRET"}}"#;
        let shown = format!("{:?}", esim(body, &mut Undocumented::default()).unwrap());
        assert!(!shown.contains("CODE") && !shown.contains("8988") && !shown.contains("SECRET"), "{shown}");
    }
}
