//! The upstream's JSON, read with suspicion: numbers or strings for money and ids, 0 and 1 for booleans, anything
//! missing or null, unknown fields ignored. Field names and types: the published OpenAPI description, version 1.0.0.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::value::RawValue;
use time::Date;
use time::macros::format_description;

use super::answer::{Account, Esim, NewOrder, Order, OrderStatus, Wallet};
use crate::ground::money::exact_decimal;

/// A field as it was written: the JSON token itself, so that no number passes through a float.
pub type Token<'a> = Option<&'a RawValue>;

/// Why an answer could not be used, in words for staff; never a part of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable(pub &'static str);

/// Longest text kept of any field that is shown; names are cut shorter still where they are accepted.
const TEXT_LIMIT: usize = 1_000;
/// Longest text kept of the upstream's own words.
const MESSAGE_LIMIT: usize = 300;

/// What every answer is wrapped in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Envelope<'a> {
    #[serde(borrow)]
    status: Token<'a>,
    #[serde(borrow)]
    message: Token<'a>,
    #[serde(borrow)]
    errors: Token<'a>,
    /// What was asked for.
    #[serde(borrow)]
    pub data: Token<'a>,
    /// Beside a list that comes in pages.
    #[serde(borrow)]
    pub meta: Token<'a>,
    /// Beside a list that comes in pages.
    #[serde(borrow)]
    pub links: Token<'a>,
    /// Only of `POST /login`.
    #[serde(borrow)]
    access_token: Token<'a>,
}

impl<'a> Envelope<'a> {
    /// Reads a body that must be one JSON object.
    pub fn read(body: &'a [u8]) -> Result<Self, Unreadable> {
        // serde would also take an array for a struct.
        match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => {
                serde_json::from_slice(body).map_err(|_| Unreadable("not the JSON that was expected"))
            }
            Some(_) => Err(Unreadable("not a JSON object")),
            None => Err(Unreadable("an empty answer")),
        }
    }

    /// Reads a body that claims success.
    pub fn success(body: &'a [u8]) -> Result<Self, Unreadable> {
        let envelope = Self::read(body)?;
        match boolean(envelope.status) {
            Some(false) => Err(Unreadable("a success that says status: false")),
            _ => Ok(envelope),
        }
    }

    /// Whether it says `status: false`, exactly.
    pub fn says_no(&self) -> bool {
        self.status.is_some_and(|token| token.get() == "false")
    }

    /// The string `message`, bounded and without control characters.
    pub fn message(&self) -> Option<String> {
        let words: String = serde_json::from_str(self.message?.get()).ok()?;
        Some(words.chars().filter(|c| !c.is_control()).take(MESSAGE_LIMIT).collect())
    }

    /// The keys of an object `errors`, sorted; `None` where `errors` is no object.
    pub fn error_fields(&self) -> Option<Vec<String>> {
        let errors: BTreeMap<String, &RawValue> = serde_json::from_str(self.errors?.get()).ok()?;
        let bounded = |key: String| key.chars().filter(|c| !c.is_control()).take(64).collect();
        Some(errors.into_keys().take(32).map(bounded).collect())
    }

    fn data(&self) -> Result<&'a RawValue, Unreadable> {
        self.data.ok_or(Unreadable("an answer without data"))
    }
}

/// Reads an object's fields; `None` for anything but an object.
pub fn object<'a, T: Deserialize<'a>>(token: Token<'a>) -> Option<T> {
    let json = token?.get();
    json.starts_with('{').then(|| serde_json::from_str(json).ok()).flatten()
}

/// A string, or a number as it was written; cut at a bound that no honest text reaches.
pub fn text(token: Token<'_>) -> Option<String> {
    let mut text = whole_text(token)?;
    if let Some((end, _)) = text.char_indices().nth(TEXT_LIMIT) {
        text.truncate(end);
    }
    Some(text)
}

/// A string, or a number as it was written; never cut. One with a NUL, which no database takes, is none.
fn whole_text(token: Token<'_>) -> Option<String> {
    let json = token?.get();
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str(json).ok().filter(|text: &String| !text.contains('\0')),
        b'-' | b'0'..=b'9' => Some(json.to_owned()),
        _ => None,
    }
}

/// An exact amount, written as a number or as a string.
pub fn decimal(token: Token<'_>) -> Option<Decimal> {
    exact_decimal(&whole_text(token)?)
}

/// A whole number, written as a number or as a string; `30.0` counts.
pub fn integer(token: Token<'_>) -> Option<i64> {
    let value = decimal(token)?;
    value.fract().is_zero().then(|| i64::try_from(value.trunc()).ok()).flatten()
}

/// `true`, `1`, `"1"`, `"true"` and their opposites.
pub fn boolean(token: Token<'_>) -> Option<bool> {
    match token?.get().trim_matches('"') {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// A date, with or without a time behind it.
fn date(token: Token<'_>) -> Option<Date> {
    let text = whole_text(token)?;
    Date::parse(text.get(..10)?, format_description!("[year]-[month]-[day]")).ok()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OrderFields<'a> {
    #[serde(borrow)]
    id: Token<'a>,
    #[serde(borrow)]
    external_order_id: Token<'a>,
    #[serde(borrow)]
    status: Token<'a>,
    #[serde(borrow)]
    currency: Token<'a>,
    #[serde(borrow)]
    price: Token<'a>,
    #[serde(borrow)]
    package: Token<'a>,
    #[serde(borrow)]
    package_id: Token<'a>,
    #[serde(borrow)]
    esim: Token<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct IdField<'a> {
    #[serde(borrow)]
    pub(super) id: Token<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct EsimFields<'a> {
    #[serde(borrow)]
    id: Token<'a>,
    #[serde(borrow)]
    iccid: Token<'a>,
    #[serde(borrow)]
    qr_code: Token<'a>,
    #[serde(borrow)]
    phone_number: Token<'a>,
    #[serde(borrow)]
    expiry_date: Token<'a>,
}

/// One order in a list or by itself; needs at least its id.
pub fn order_row(row: Token<'_>) -> Result<Order, Unreadable> {
    let fields: OrderFields<'_> = object(row).ok_or(Unreadable("an order that is no object"))?;
    let id = integer(fields.id).filter(|id| *id > 0).ok_or(Unreadable("an order without its id"))?;
    let package: IdField<'_> = object(fields.package).unwrap_or_default();
    Ok(Order {
        id,
        external_order_id: text(fields.external_order_id).filter(|name| !name.is_empty()),
        package_id: integer(package.id).or_else(|| integer(fields.package_id)),
        status: order_status(&text(fields.status).unwrap_or_default()),
        price: decimal(fields.price),
        currency: text(fields.currency),
        esim: object(fields.esim).map(esim),
    })
}

fn order_status(word: &str) -> OrderStatus {
    match word.trim().to_ascii_lowercase().as_str() {
        "pending" => OrderStatus::Pending,
        "processing" => OrderStatus::Processing,
        "completed" => OrderStatus::Completed,
        "failed" => OrderStatus::Failed,
        other => OrderStatus::Other(other.chars().filter(|c| !c.is_control()).take(64).collect()),
    }
}

/// What an order delivered, or a webhook says so.
pub(super) fn esim(fields: EsimFields<'_>) -> Esim {
    let filled = |value: Option<String>| value.filter(|text| !text.trim().is_empty());
    Esim {
        id: integer(fields.id),
        iccid: filled(text(fields.iccid)),
        qr_code: filled(whole_text(fields.qr_code)),
        phone_number: filled(text(fields.phone_number)),
        expires_on: date(fields.expiry_date),
    }
}

/// The answer to `GET /orders/{id}`.
pub fn order(body: &[u8]) -> Result<Order, Unreadable> {
    order_row(Some(Envelope::success(body)?.data()?))
}

/// The answer to a purchase: proof only if it names this very unit and this package.
pub fn placed_order(body: &[u8], wanted: &NewOrder<'_>) -> Result<Order, Unreadable> {
    let order = order(body)?;
    let ours = order.external_order_id.as_deref() == Some(wanted.external_order_id);
    let same_package = order.package_id == Some(wanted.package_id);
    match (ours, same_package) {
        (true, true) => Ok(order),
        (false, _) => Err(Unreadable("the answer does not name this order")),
        (true, false) => Err(Unreadable("the answer does not name this package")),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MoneyFields<'a> {
    #[serde(borrow)]
    balance: Token<'a>,
    #[serde(borrow)]
    currency: Token<'a>,
}

/// The answer to `GET /wallet`: both the balance and its currency, or nothing.
pub fn wallet(body: &[u8]) -> Result<Wallet, Unreadable> {
    let fields: MoneyFields<'_> =
        object(Some(Envelope::success(body)?.data()?)).ok_or(Unreadable("a wallet that is no object"))?;
    let balance = decimal(fields.balance).ok_or(Unreadable("a wallet without a readable balance"))?;
    let currency = text(fields.currency).filter(|code| !code.trim().is_empty());
    Ok(Wallet { balance, currency: currency.ok_or(Unreadable("a wallet without its currency"))? })
}

/// The answer to `GET /me`.
pub fn account(body: &[u8]) -> Result<Account, Unreadable> {
    let fields: MoneyFields<'_> =
        object(Some(Envelope::success(body)?.data()?)).ok_or(Unreadable("an account that is no object"))?;
    Ok(Account { currency: text(fields.currency), balance: decimal(fields.balance) })
}

/// The answer to `GET /ping`: any object that does not say no.
pub fn pong(body: &[u8]) -> Result<(), Unreadable> {
    Envelope::success(body).map(|_| ())
}

/// The token in the answer to `POST /login`, at its top level or inside `data`.
pub fn access_token(body: &[u8]) -> Result<String, Unreadable> {
    let envelope = Envelope::success(body)?;
    let inside: Envelope<'_> = object(envelope.data).unwrap_or_default();
    whole_text(envelope.access_token)
        .or_else(|| whole_text(inside.access_token))
        .filter(|token| {
            !token.is_empty() && token.len() <= 4096 && token.bytes().all(|b| b.is_ascii_graphic())
        })
        .ok_or(Unreadable("a login without a token"))
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

    fn placed(data: &str) -> Result<Order, Unreadable> {
        placed_order(format!(r#"{{"status":true,"message":"ok","data":{data}}}"#).as_bytes(), &WANTED)
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
        let bare = order(br#"{"data":{"id":45}}"#).unwrap();
        assert_eq!((bare.id, bare.status, bare.esim), (45, OrderStatus::Other(String::new()), None));
        let unknown = r#"{"data":{"id":45,"status":"refunded","price":null,"esim":[],"package":7}}"#;
        let unknown = order(unknown.as_bytes()).unwrap();
        assert_eq!(unknown.status, OrderStatus::Other("refunded".to_owned()));
        assert_eq!((unknown.price, unknown.package_id), (None, None));
        assert!(placed(r#"{"id":45,"external_order_id":"SF-1-1-1","package":{"id":1120}}"#).is_ok());
        let nul = order(b"{\"data\":{\"id\":45,\"external_order_id\":\"SF\\u0000-1\"}}").unwrap();
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
            assert!(placed_order(body.as_bytes(), &WANTED).is_err(), "{body}");
        }
        let without_status = br#"{"data":{"id":45,"external_order_id":"SF-1-1-1","package_id":1120}}"#;
        assert!(placed_order(without_status, &WANTED).is_ok(), "a missing status is no no");
    }

    #[test]
    fn no_beginning_of_a_good_answer_is_proof() {
        let whole =
            r#"{"status":true,"data":{"id":45,"external_order_id":"SF-1-1-1","package":{"id":1120}}}"#;
        assert!(placed_order(whole.as_bytes(), &WANTED).is_ok());
        for end in 0..whole.len() {
            assert!(placed_order(&whole.as_bytes()[..end], &WANTED).is_err(), "cut at {end}");
        }
    }

    proptest::proptest! {
        #[test]
        fn garbage_is_unreadable_and_no_panic(bytes: Vec<u8>, token in "[\\[{\"0-9eE.,:a-z}\\]-]{0,40}") {
            proptest::prop_assert!(placed_order(&bytes, &WANTED).is_err());
            let _ = (placed(&token), wallet(&bytes), account(token.as_bytes()), access_token(&bytes));
            let _ = placed(&format!(r#"{{"id":{token},"esim":{{"expiry_date":"{token}"}}}}"#));
        }
    }

    #[test]
    fn money_is_exact_and_never_a_float() {
        let read = |token: &str| {
            wallet(format!(r#"{{"data":{{"balance":{token},"currency":"USD"}}}}"#).as_bytes())
                .map(|wallet| wallet.balance.to_string())
        };
        assert_eq!(read("245.8").as_deref(), Ok("245.8"));
        assert_eq!(read("0.10000000000000001").as_deref(), Ok("0.10000000000000001"));
        assert_eq!(read("\"12345678901234567890.12\"").as_deref(), Ok("12345678901234567890.12"));
        assert_eq!(read("-3").as_deref(), Ok("-3"));
        for bad in ["null", "\"\"", "\"1,5\"", "1e400", "true", "{}"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(wallet(br#"{"data":{"balance":1}}"#).is_err());
    }

    #[test]
    fn a_token_is_found_where_it_may_stand() {
        assert_eq!(access_token(br#"{"status":true,"access_token":"1|abc"}"#).as_deref(), Ok("1|abc"));
        assert_eq!(access_token(br#"{"status":1,"data":{"access_token":"1|abc"}}"#).as_deref(), Ok("1|abc"));
        assert!(access_token(br#"{"status":true,"access_token":"a\r\nb"}"#).is_err());
        assert!(access_token(br#"{"status":true}"#).is_err());
    }
}
