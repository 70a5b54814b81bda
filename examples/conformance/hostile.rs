//! Answers that keep to the document and to nothing else. Whether the client was right is decided here by a reading of
//! the raw answer that shares nothing with the client's.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::Future;

use anyhow::{Context as _, bail, ensure};
use axum::http::StatusCode;
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use simfront::esimdual::{
    Amount, Answer, CatalogRows, Client, Credentials, Filter, Listing, NewOrder, Order,
};
use simfront::ground::Entropy;

use crate::Stage;
use crate::relay::{Exchange, Relay};

const SEEDS: u32 = 30;
const ORDER: NewOrder<'static> = NewOrder {
    package_id: 1120,
    external_order_id: "SF-7K3M9QWX-1-1",
    idempotency_key: "key-of-a-hostile-run",
    device_imei: None,
    doubted: false,
};

/// How the mock's answers reach the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// As they are: amounts of forty digits, years of long ago, null where null may be.
    AsTheyAre,
    /// Tempered, so that they can be believed: amounts without their exponents, and an order that names our unit.
    Tempered,
    /// A documented refusal.
    Refusing(&'static str),
}

const MANNERS: [Manner; 5] = [
    Manner::AsTheyAre,
    Manner::Tempered,
    Manner::Refusing("code=401, dynamic=true"),
    Manner::Refusing("code=404, dynamic=true"),
    Manner::Refusing("code=422, dynamic=true"),
];

/// How often each word was the answer.
type Tally = BTreeMap<&'static str, usize>;

/// Lets the client ask everything of every seed.
///
/// # Errors
/// With the seed and the answer that the client was wrong about.
pub async fn run(stage: &Stage) -> anyhow::Result<()> {
    let mut tally = Tally::new();
    for seed in 1..=SEEDS {
        let mock = stage.prism.mock(seed).await?;
        let relay = Relay::start(&mock.url).await?;
        for manner in MANNERS {
            set(&relay, manner);
            let asking = Asking { stage, relay: &relay };
            asking.everything(&mut tally).await.with_context(|| format!("seed {seed}, {manner:?}"))?;
        }
    }
    // A run in which nothing was ever believed would prove nothing about what is believed. One order alone is never:
    // the client takes no answer about another id than the one it asked for, and these ids are drawn.
    for word in ["purchase done", "wallet done", "catalog done", "orders done"] {
        ensure!(tally.contains_key(word), "no {word} in {SEEDS} seeds: {tally:?}");
    }
    let asked: usize = tally.values().sum();
    println!("ok: {SEEDS} seeds, {asked} hostile answers, no panic, no wrong success: {tally:?}");
    Ok(())
}

fn set(relay: &Relay, manner: Manner) {
    relay.twist(None);
    relay.prefer(None);
    match manner {
        Manner::AsTheyAre => {}
        Manner::Tempered => relay.twist(Some(Box::new(temper))),
        Manner::Refusing(prefer) => relay.prefer(Some(prefer)),
    }
}

/// Makes an answer believable without making it true: amounts keep their digits and lose their exponents, and every
/// other purchase names our unit.
fn temper(path: &str, _: &mut StatusCode, body: &mut Vec<u8>) {
    let mut text = String::from_utf8_lossy(body).into_owned();
    for exponent in (1..=40).rev() {
        text = text.replace(&format!("e+{exponent}"), "");
    }
    text = text.replace(r#""status":false"#, r#""status":true"#);
    if path == "/orders" && text.len().is_multiple_of(2) {
        let ours = r#""package":{"id":1120},"external_order_id":"SF-7K3M9QWX-1-1""#;
        if let Some((head, fields)) = text.split_once(r#""data":{"#) {
            let fields =
                fields.replace(r#""external_order_id""#, r#""was""#).replace(r#""package""#, r#""pack""#);
            text = format!(r#"{head}"data":{{{ours},{fields}"#);
        }
    }
    *body = text.into_bytes();
}

struct Asking<'a> {
    stage: &'a Stage,
    relay: &'a Relay,
}

impl Asking<'_> {
    async fn everything(&self, tally: &mut Tally) -> anyhow::Result<()> {
        self.one(tally, "login", |client| async move { client.log_in().await }, |_, _| Ok(())).await?;
        self.one(tally, "ping", |client| async move { client.ping().await }, |(), _| Ok(())).await?;
        self.one(tally, "purchase", |client| async move { client.place_order(&ORDER).await }, ours).await?;
        self.one(tally, "order", |client| async move { client.order(7).await }, priced).await?;
        self.one(tally, "orders", |client| async move { client.orders().await }, listed).await?;
        self.one(tally, "esims", |client| async move { client.esims().await }, |_, _| Ok(())).await?;
        self.one(tally, "esim", |client| async move { client.esim(7).await }, |_, _| Ok(())).await?;
        self.one(tally, "usage", |client| async move { client.usage(7).await }, |_, _| Ok(())).await?;
        let prices = |client: Client| async move { client.pricing(&Filter::default()).await };
        self.one(tally, "pricing", prices, |_, _| Ok(())).await?;
        self.one(tally, "root", |client| async move { client.root().await }, |_, _| Ok(())).await?;
        self.one(tally, "logout", |client| async move { client.log_out().await }, |_, _| Ok(())).await?;
        self.one(tally, "catalog", |client| async move { client.packages().await }, costs).await?;
        self.one(tally, "package", |client| async move { client.package(7).await }, |_, _| Ok(())).await?;
        let wallet =
            |wallet: simfront::esimdual::Wallet, data: &RawValue| exact(data, "balance", wallet.balance);
        self.one(tally, "wallet", |client| async move { client.wallet().await }, wallet).await?;
        let account = |account: simfront::esimdual::Account, data: &RawValue| match account.balance {
            Some(balance) => exact(data, "balance", balance),
            None => Ok(()),
        };
        self.one(tally, "account", |client| async move { client.me().await }, account).await
    }

    /// Asks once with a fresh client and judges what it made of the answer.
    async fn one<T, F>(
        &self,
        tally: &mut Tally,
        what: &'static str,
        ask: impl FnOnce(Client) -> F,
        judge: impl FnOnce(T, &RawValue) -> anyhow::Result<()>,
    ) -> anyhow::Result<()>
    where
        T: Debug + Send + 'static,
        F: Future<Output = Answer<T>> + Send + 'static,
    {
        let client = self.stage.client(&self.relay.url, credentials(what))?;
        drop(self.relay.take());
        let answer = match tokio::spawn(ask(client)).await {
            Ok(answer) => answer,
            Err(ended) => bail!("{what}: the client panicked: {ended}; it had heard {:?}", self.relay.take()),
        };
        let heard = self.relay.take();
        let (word, value) = match answer {
            Answer::Done(value) => ("done", Some(value)),
            Answer::Refused(_) => ("refused", None),
            Answer::Later(_) => ("later", None),
            Answer::Doubt(_) => ("doubt", None),
        };
        *tally.entry(name(what, word)).or_default() += 1;
        let Some(value) = value else { return Ok(()) };
        let last = heard.last().with_context(|| format!("{what} was done without asking"))?;
        // A token that is refused at the logout is as dead as one that was given back.
        let was_dead = what == "logout" && last.status == 401;
        ensure!(was_dead || (200..300).contains(&last.status), "{what} was done on status {}", last.status);
        let shown = format!("{what}: {value:?}");
        judge(value, &data(last)).with_context(|| format!("{shown} from {}", text(last)))
    }
}

/// Only what is asserted at the end needs its own entry.
fn name(what: &'static str, word: &'static str) -> &'static str {
    match (what, word) {
        ("purchase", "done") => "purchase done",
        ("purchase", "doubt") => "purchase doubt",
        ("purchase", "refused") => "purchase refused",
        ("wallet", "done") => "wallet done",
        ("catalog", "done") => "catalog done",
        ("order", "done") => "order done",
        ("orders", "done") => "orders done",
        (_, word) => word,
    }
}

/// Only one of the operations logs in; the others have a ready token.
fn credentials(what: &str) -> Credentials {
    match what {
        "login" => Credentials::Login {
            // An account of its own: a token that an earlier answer gave is not at hand.
            email: format!("{}@example.com", Entropy::system().uuid()),
            password: "a password of sixteen".into(),
            device_name: "conformance".to_owned(),
        },
        _ => Credentials::Token("1|ready".into()),
    }
}

/// The fields of an object, each as its own text.
type Fields = BTreeMap<String, Box<RawValue>>;

fn text(exchange: &Exchange) -> String {
    String::from_utf8_lossy(&exchange.body).into_owned()
}

/// What stands in `data`, byte for byte; `null` where there is none.
fn data(exchange: &Exchange) -> Box<RawValue> {
    let mut envelope: Fields = serde_json::from_slice(&exchange.body).unwrap_or_default();
    envelope.remove("data").unwrap_or_else(|| RawValue::NULL.to_owned())
}

fn within(value: &RawValue) -> Fields {
    serde_json::from_str(value.get()).unwrap_or_default()
}

/// An amount must be what stands in the token, digit by digit.
fn exact(object: &RawValue, field: &str, read: Decimal) -> anyhow::Result<()> {
    let fields = within(object);
    let token = fields.get(field).with_context(|| format!("{read} was read from no {field}"))?;
    let written = token.get().trim_matches('"');
    let written = written.parse().or_else(|_| Decimal::from_scientific(written)).ok();
    ensure!(written == Some(read), "{field} is written {token} and was read {read}");
    Ok(())
}

fn priced(order: Order, data: &RawValue) -> anyhow::Result<()> {
    let written = within(data).get("id").map(|id| id.get().to_owned());
    ensure!(written == Some(order.id.to_string()), "the id is written {written:?}");
    match order.price {
        Some(price) => exact(data, "price", price),
        None => Ok(()),
    }
}

/// Every order of a list is one of its rows, with that row's price.
fn listed(listing: Listing, data: &RawValue) -> anyhow::Result<()> {
    let rows: Vec<Box<RawValue>> = serde_json::from_str(data.get())?;
    ensure!(
        listing.orders.len() + listing.unreadable == rows.len(),
        "{} rows of {}",
        listing.orders.len(),
        rows.len()
    );
    for order in listing.orders {
        let id = order.id.to_string();
        let row = rows.iter().find(|row| within(row).get("id").is_some_and(|written| written.get() == id));
        priced(order, row.with_context(|| format!("no row has the id {id}"))?)?;
    }
    Ok(())
}

/// A purchase is done only by an answer that names our unit and our package.
fn ours(order: Order, data: &RawValue) -> anyhow::Result<()> {
    let fields = within(data);
    let name = fields.get("external_order_id").map(|name| name.get().to_owned());
    ensure!(name.as_deref() == Some(r#""SF-7K3M9QWX-1-1""#), "it names {name:?}");
    let package = fields.get("package").map(|package| within(package)).unwrap_or_default();
    let package = package.get("id").map(|id| id.get().to_owned());
    ensure!(package.as_deref() == Some("1120"), "it is of package {package:?}");
    priced(order, data)
}

/// Every row is read, and every cost is its token's.
fn costs(catalog: CatalogRows, data: &RawValue) -> anyhow::Result<()> {
    let written: Vec<Box<RawValue>> = serde_json::from_str(data.get())?;
    ensure!(written.len() == catalog.rows.len(), "{} rows of {}", catalog.rows.len(), written.len());
    for (row, written) in catalog.rows.iter().zip(written) {
        if let Amount::Exact(amount) = row.pricing_reseller_price {
            let fields = within(&written);
            exact(fields.get("pricing").context("a price out of nothing")?, "reseller_price", amount)?;
        }
    }
    Ok(())
}
