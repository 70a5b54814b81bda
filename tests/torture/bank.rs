//! Stripe's books against the shop's, when everything has come to rest: what was paid there counts here once, and what
//! went back there is what was promised here, once and never more than was paid.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sqlx::{FromRow, PgConnection};

use crate::stripe::Stripe;
use crate::stripe::post::Standing;

/// The minor units of both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Paid sessions.
    pub sessions: usize,
    pub paid: i64,
    pub refunds: usize,
    pub refunded: i64,
    /// Of how many intents more went back than was paid, and of how many units twice.
    pub over: usize,
}

#[derive(Debug, FromRow)]
struct Payment {
    provider_reference: Option<String>,
    amount_minor: i64,
    status: String,
}

#[derive(Debug, FromRow)]
struct Refund {
    key: String,
    amount_minor: i64,
    status: String,
    provider_reference: Option<String>,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn minor(value: &Value) -> i64 {
    value.as_i64().expect("a whole number")
}

fn is_paid(session: &&Value) -> bool {
    session["payment_status"] == "paid"
}

/// What Stripe's books come to.
pub fn sums(stripe: &Stripe) -> Sums {
    let (sessions, refunds) = (stripe.sessions(), stripe.refunds());
    let mut back: BTreeMap<&str, i64> = BTreeMap::new();
    let mut keys: BTreeMap<&str, usize> = BTreeMap::new();
    for refund in &refunds {
        *back.entry(text(&refund["payment_intent"])).or_insert(0) += minor(&refund["amount"]);
        *keys.entry(text(&refund["metadata"]["refund_key"])).or_insert(0) += 1;
    }
    let paid: Vec<&Value> = sessions.iter().filter(is_paid).collect();
    let most = |session: &&Value| {
        let gone = back.get(text(&session["payment_intent"]["id"])).copied().unwrap_or(0);
        gone > minor(&session["amount_total"])
    };
    Sums {
        sessions: paid.len(),
        paid: paid.iter().map(|session| minor(&session["amount_total"])).sum(),
        refunds: refunds.len(),
        refunded: refunds.iter().map(|refund| minor(&refund["amount"])).sum(),
        over: paid.iter().copied().filter(most).count() + keys.values().filter(|times| **times > 1).count(),
    }
}

/// Panics with the first promise that is broken.
pub async fn agrees(conn: &mut PgConnection, stripe: &Stripe) {
    assert_eq!(sums(stripe).over, 0, "more went back than was paid: {:?}", stripe.refunds());
    payments(conn, stripe).await;
    refunds(conn, stripe).await;
    events(conn, stripe).await;
}

/// Each session that was paid is one payment of the shop, in its amount, and no other payment by card arrived; what the
/// shop knows of cannot be paid any more.
async fn payments(conn: &mut PgConnection, stripe: &Stripe) {
    let read = "select provider_reference, amount_minor, status from payments where method = 'stripe'";
    let known: Vec<Payment> = sqlx::query_as(read).fetch_all(conn).await.unwrap();
    let sessions = stripe.sessions();
    let mut arrived: BTreeMap<&str, i64> = BTreeMap::new();
    for payment in &known {
        let name = payment.provider_reference.as_deref().unwrap_or_default();
        if payment.status == "paid" {
            assert!(arrived.insert(name, payment.amount_minor).is_none(), "{name} counts twice");
        } else if let Some(session) = sessions.iter().find(|session| session["id"] == name) {
            assert_ne!(session["status"], "open", "{name} can still be paid: {payment:?}");
        }
    }
    let paid = sessions.iter().filter(is_paid);
    let paid: BTreeMap<&str, i64> =
        paid.map(|session| (text(&session["id"]), minor(&session["amount_total"]))).collect();
    assert_eq!(arrived, paid, "what the shop says arrived, and what was paid");
}

/// Each refund of the shop is one at Stripe, in its amount, asked under one key; there are no others.
async fn refunds(conn: &mut PgConnection, stripe: &Stripe) {
    let read = "select r.key, r.amount_minor, r.status, r.provider_reference
                from refunds r join payments p on p.id = r.payment_id
                where p.method = 'stripe'";
    let promised: Vec<Refund> = sqlx::query_as(read).fetch_all(conn).await.unwrap();
    let made = stripe.refunds();
    for refund in &promised {
        let like = |one: &&Value| one["metadata"]["refund_key"] == refund.key.as_str();
        let found: Vec<&Value> = made.iter().filter(like).collect();
        let [one] = found.as_slice() else { panic!("{refund:?} was paid out {} times", found.len()) };
        assert_eq!(minor(&one["amount"]), refund.amount_minor, "{refund:?}");
        assert_eq!(refund.provider_reference.as_deref(), one["id"].as_str(), "{refund:?}");
        assert_eq!((refund.status.as_str(), text(&one["status"])), ("done", "succeeded"), "{refund:?}");
    }
    assert_eq!(made.len(), promised.len(), "refunds that nobody promised: {made:?}");
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for asked in stripe.books().asked.iter().filter(|asked| asked.path == "/v1/refunds") {
        let (own, sent) = (asked.form["metadata[refund_key]"].clone(), asked.key.clone().unwrap());
        keys.entry(own).or_default().insert(sent);
    }
    for (own, sent) in keys {
        assert!(
            promised.iter().any(|refund| refund.key == own),
            "{own} was asked for, and promised to nobody"
        );
        assert_eq!(sent, BTreeSet::from([own]), "a refund is asked under one key, its own");
    }
}

/// Whatever event was answered with 2xx is stored and was worked on.
async fn events(conn: &mut PgConnection, stripe: &Stripe) {
    let read = "select delivery_id from webhook_deliveries where source = 'stripe' and status in ('done', 'ignored')";
    let worked: Vec<Option<String>> = sqlx::query_scalar(read).fetch_all(conn).await.unwrap();
    let worked: BTreeSet<String> = worked.into_iter().flatten().collect();
    for told in stripe.books().told.iter() {
        assert_ne!(told.standing, Standing::GivenUp, "nobody took {told:?}");
        let taken = told.standing == Standing::Taken;
        assert!(!taken || worked.contains(&told.id), "{told:?} was answered with 200 and is lost");
    }
}
