//! Who we are upstream, and whether it answers at all.

use super::{Undocumented, Unreadable, filled};
use crate::esimdual::answer::{Account, Root};
use crate::esimdual::fields::{AccountFields, LoginFields, RootFields};
use crate::esimdual::wire::{Envelope, claims_success, decimal, integer, text, there, whole_text};

/// The answer to `GET /me`.
///
/// # Errors
/// When it is no success with an object in it.
pub fn account(body: &[u8], seen: &mut Undocumented) -> Result<Account, Unreadable> {
    let data = Envelope::success(body, seen)?.data()?;
    let fields = AccountFields::read(Some(data), seen).ok_or(Unreadable("an account that is no object"))?;
    Ok(Account {
        id: integer(fields.id),
        name: filled(text(fields.name)),
        email: filled(text(fields.email)),
        currency: text(fields.currency),
        balance: decimal(fields.balance),
        brand_name: filled(text(fields.brand_name)),
        domain: filled(text(fields.domain)),
        status: integer(fields.status),
        verified: fields.email_verified_at.map(|token| there(Some(token)).is_some()),
    })
}

/// The answer to `GET /`: an object that does not say no.
///
/// # Errors
/// When it is anything else.
pub fn root(body: &[u8], seen: &mut Undocumented) -> Result<Root, Unreadable> {
    let envelope = Envelope::success(body, seen)?;
    let fields = envelope.data().ok().and_then(|data| RootFields::read(Some(data), seen)).unwrap_or_default();
    Ok(Root { api: filled(text(fields.api)), version: filled(text(fields.version)) })
}

/// The answer to `GET /ping`: any object that does not say no.
///
/// # Errors
/// When it is anything else.
pub fn pong(body: &[u8], seen: &mut Undocumented) -> Result<(), Unreadable> {
    Envelope::success(body, seen).map(|_| ())
}

/// The token in the answer to `POST /login`, at its top level or inside `data`.
///
/// # Errors
/// When there is none that could stand in a header.
pub fn access_token(body: &[u8], seen: &mut Undocumented) -> Result<String, Unreadable> {
    let json = std::str::from_utf8(body).map_err(|_| Unreadable("a login that is no text"))?;
    let top =
        LoginFields::read_json(json.trim(), seen).ok_or(Unreadable("a login that is no JSON object"))?;
    claims_success(top.status)?;
    let inside = LoginFields::read(top.data, seen).unwrap_or_default();
    whole_text(top.access_token)
        .or_else(|| whole_text(inside.access_token))
        .filter(|token| {
            !token.is_empty() && token.len() <= 4096 && token.bytes().all(|b| b.is_ascii_graphic())
        })
        .ok_or(Unreadable("a login without a token"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(body: &[u8]) -> Result<String, Unreadable> {
        access_token(body, &mut Undocumented::default())
    }

    #[test]
    fn a_token_is_found_where_it_may_stand() {
        assert_eq!(token(br#"{"status":true,"access_token":"1|abc"}"#).as_deref(), Ok("1|abc"));
        assert_eq!(token(br#"{"status":1,"data":{"access_token":"1|abc"}}"#).as_deref(), Ok("1|abc"));
        assert!(token(br#"{"status":true,"access_token":"a\r\nb"}"#).is_err());
        assert!(token(br#"{"status":false,"access_token":"1|abc"}"#).is_err());
        assert!(token(br#"{"status":true}"#).is_err());
    }

    #[test]
    fn an_account_says_whether_it_is_verified_or_says_nothing() {
        let read = |fields: &str| {
            account(format!(r#"{{"data":{{{fields}}}}}"#).as_bytes(), &mut Undocumented::default()).unwrap()
        };
        assert_eq!(read(r#""email_verified_at":"2026-01-01T00:00:00Z""#).verified, Some(true));
        assert_eq!(read(r#""email_verified_at":null"#).verified, Some(false));
        assert_eq!(read("").verified, None);
        let odd = read(r#""id":"3","status":"1","balance":"250.00","currency":"USD","domain":"""#);
        assert_eq!((odd.id, odd.status, odd.domain), (Some(3), Some(1), None));
        assert_eq!(odd.balance.unwrap().to_string(), "250.00");
    }

    #[test]
    fn nothing_of_an_account_or_a_login_becomes_an_example() {
        let mut seen = Undocumented::default();
        let body = br#"{"data":{"nick":"Ann","email":7,"note":"private words"}}"#;
        let _ = account(body, &mut seen);
        let _ = access_token(br#"{"access_token":"1|abc","refresh":"2|def"}"#, &mut seen);
        assert!(seen.sightings().count() >= 4);
        assert!(seen.sightings().all(|met| met.example.starts_with('(')), "{seen:?}");
    }

    #[test]
    fn the_root_tells_its_version_or_nothing() {
        let mut seen = Undocumented::default();
        let root_of = |body: &str, seen: &mut Undocumented| root(body.as_bytes(), seen);
        let known =
            root_of(r#"{"status":true,"message":"OK","data":{"api":"reseller","version":"1"}}"#, &mut seen);
        assert_eq!(known, Ok(Root { api: Some("reseller".into()), version: Some("1".into()) }));
        assert!(seen.is_empty());
        assert_eq!(root_of("{}", &mut seen), Ok(Root { api: None, version: None }));
        assert!(root_of(r#"{"status":false}"#, &mut seen).is_err());
    }
}
