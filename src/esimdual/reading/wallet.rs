//! The wallet and its movements.

use serde_json::value::RawValue;

use super::{Room, Undocumented, Unreadable, each, filled};
use crate::esimdual::answer::{Wallet, WalletTransaction};
use crate::esimdual::fields::{TransactionFields, WalletFields};
use crate::esimdual::wire::{Envelope, decimal, integer, moment, rows, text};

/// The answer to `GET /wallet`: both the balance and its currency, or nothing. Its movements are what can be read of
/// them.
///
/// # Errors
/// When balance or currency cannot be read, or the movements are more than any honest account has.
pub fn wallet(body: &[u8], seen: &mut Undocumented) -> Result<Wallet, Unreadable> {
    let data = Envelope::success(body, seen)?.data()?;
    let fields = WalletFields::read(Some(data), seen).ok_or(Unreadable("a wallet that is no object"))?;
    let balance = decimal(fields.balance).ok_or(Unreadable("a wallet without a readable balance"))?;
    let currency = filled(text(fields.currency)).ok_or(Unreadable("a wallet without its currency"))?;
    let listed = rows(fields.transactions).unwrap_or_default();
    let transactions = each(listed, "wallet transaction", &mut Room::of_a_list(), seen, transaction)?;
    Ok(Wallet { balance, currency, transactions })
}

fn transaction(row: &RawValue, seen: &mut Undocumented) -> Result<WalletTransaction, Unreadable> {
    let fields =
        TransactionFields::read(Some(row), seen).ok_or(Unreadable("a transaction that is no object"))?;
    Ok(WalletTransaction {
        id: integer(fields.id),
        kind: filled(text(fields.r#type)),
        amount: decimal(fields.amount),
        currency: filled(text(fields.currency)),
        post_balance: decimal(fields.post_balance),
        reference: filled(text(fields.reference)),
        description: filled(text(fields.description)),
        created_at: moment(fields.created_at),
        extra: fields.extra,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_exact_and_never_a_float() {
        let read = |token: &str| {
            let body = format!(r#"{{"data":{{"balance":{token},"currency":"USD"}}}}"#);
            wallet(body.as_bytes(), &mut Undocumented::default()).map(|wallet| wallet.balance.to_string())
        };
        assert_eq!(read("245.8").as_deref(), Ok("245.8"));
        assert_eq!(read("0.10000000000000001").as_deref(), Ok("0.10000000000000001"));
        assert_eq!(read("\"12345678901234567890.12\"").as_deref(), Ok("12345678901234567890.12"));
        assert_eq!(read("-3").as_deref(), Ok("-3"));
        for bad in ["null", "\"\"", "\"1,5\"", "1e400", "1e308", "\"NaN\"", "true", "{}"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(wallet(br#"{"data":{"balance":1}}"#, &mut Undocumented::default()).is_err());
    }

    #[test]
    fn a_bad_movement_is_set_aside_and_the_others_are_read() {
        let mut seen = Undocumented::default();
        let body = br#"{"data":{"balance":245.8,"currency":"USD","transactions":[
            {"id":501,"type":"debit","amount":4.2,"currency":"USD","post_balance":245.8,"reference":"ABCD12345678",
             "description":"eSIM order payment","created_at":"2026-03-15T10:00:00Z"},
            7, {"id":"502","amount":"1.10","type":"refund","order_id":45}]}}"#;
        let wallet = wallet(body, &mut seen).unwrap();
        let amounts: Vec<_> =
            wallet.transactions.rows.iter().map(|row| row.amount.unwrap().to_string()).collect();
        assert_eq!(amounts, ["4.2", "1.10"]);
        assert_eq!(wallet.transactions.unreadable[0].position, 2);
        assert_eq!(wallet.transactions.rows[1].extra.get("order_id"), Some("45"));
        assert_eq!(seen.sightings().count(), 4, "a row, an id, an amount and a field: {seen:?}");
    }
}
