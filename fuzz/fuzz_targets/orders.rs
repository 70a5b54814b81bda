//! Answers about orders: one that is taken always names its id, and as proof of a purchase its unit and package too;
//! its price is what its token says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde_json::value::RawValue;
use simfront::esimdual::NewOrder;
use simfront::esimdual::reading::{
    Undocumented, account, esim, order, placed_order, priced_countries, root, usage, wallet,
};
use simfront_fuzz::{notes_are_fit_to_keep, same_money};

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    data: Priced<'a>,
}

#[derive(Deserialize)]
struct Priced<'a> {
    #[serde(borrow, default)]
    price: Option<&'a RawValue>,
    #[serde(borrow, default)]
    balance: Option<&'a RawValue>,
}

const PACKAGE: i64 = 1120;
const UNIT: &str = "NOANET-20260315-0001";

fn wanted() -> NewOrder<'static> {
    NewOrder { package_id: PACKAGE, external_order_id: UNIT, idempotency_key: "k", device_imei: None, doubted: false }
}

fuzz_target!(|body: &[u8]| {
    let mut seen = Undocumented::default();
    let written: Option<Body<'_>> = serde_json::from_slice(body).ok();
    if let Ok(order) = order(body, &mut seen) {
        assert!(order.id > 0);
        let token = written.as_ref().and_then(|body| body.data.price);
        if let (Some(token), Some(price)) = (token, order.price) {
            same_money(token, &price.to_string());
        }
    }
    if let Ok(order) = placed_order(body, &wanted(), &mut seen) {
        assert!(order.id > 0);
        assert_eq!(order.external_order_id.as_deref(), Some(UNIT));
        assert_eq!(order.package_id, Some(PACKAGE));
    }
    if let Ok(wallet) = wallet(body, &mut seen) {
        if let Some(token) = written.as_ref().and_then(|body| body.data.balance) {
            same_money(token, &wallet.balance.to_string());
        }
        assert!(!wallet.currency.trim().is_empty());
    }
    let _ = (account(body, &mut seen), esim(body, &mut seen), usage(body, &mut seen), root(body, &mut seen));
    let _ = priced_countries(body, &mut seen);
    notes_are_fit_to_keep(&seen);
});
