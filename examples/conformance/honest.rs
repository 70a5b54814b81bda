//! The client's honest traffic before the strict proxy, and the lies that the same proxy must not overlook.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail, ensure};
use axum::http::StatusCode;
use rust_decimal::Decimal;
use simfront::esimdual::{
    Answer, Client, Credentials, Filter, NewOrder, Order, OrderStatus, PackageRow, PackageType,
};
use simfront::sandbox::{self, OrderMode};

use crate::Stage;
use crate::relay::{Exchange, Relay};

/// The client, the relay behind it, and the sandbox at the other end.
struct Scene {
    upstream: sandbox::Running,
    /// Between Prism and the sandbox: where lies are told.
    behind: Relay,
    /// Between the client and Prism: where the verdicts are read.
    before: Relay,
    client: Client,
}

/// Shows what the client does to the judge.
///
/// # Errors
/// With the first thing that any party did wrong, in one sentence.
pub async fn run(stage: &Stage) -> anyhow::Result<()> {
    let settings = sandbox::Settings { packages: 600, ..sandbox::Settings::for_tests() };
    let upstream = sandbox::start(settings).await?;
    let behind = Relay::start(&upstream.base_url()).await?;
    let prism = stage.prism.proxy(&behind.url).await?;
    let before = Relay::start(&prism.url).await?;
    let client = stage.client(&before.url, login(&upstream))?;
    let scene = Scene { upstream, behind, before, client };

    traffic(&scene).await.context("honest traffic")?;
    refusals(stage, &scene).await.context("honest refusals")?;
    let exchanges = scene.before.take();
    for exchange in &exchanges {
        if let Some(verdict) = exchange.verdict() {
            bail!("Prism found a violation in honest traffic: {verdict}");
        }
    }
    let covered = covered(stage, &exchanges)?;
    println!("ok: {} honest requests, {covered} operations, no violation", exchanges.len());
    let lies = lies(stage, &scene).await?;
    println!("ok: the judge saw each of {lies} lies");
    scene.upstream.stop().await;
    Ok(())
}

fn login(upstream: &sandbox::Running) -> Credentials {
    let known = upstream.settings();
    Credentials::Login {
        email: known.email.clone(),
        password: known.password.clone().into(),
        device_name: "conformance".to_owned(),
    }
}

/// What a call gave that had to be done.
fn done<T: std::fmt::Debug>(what: &str, answer: Answer<T>) -> anyhow::Result<T> {
    match answer {
        Answer::Done(value) => Ok(value),
        other => bail!("{what} was not done: {other:?}"),
    }
}

fn refused<T: std::fmt::Debug>(what: &str, answer: Answer<T>, status: u16) -> anyhow::Result<()> {
    match answer {
        Answer::Refused(refusal) if refusal.http_status == status => Ok(()),
        other => bail!("{what} was not refused with {status}: {other:?}"),
    }
}

/// Every operation that the client has, and a purchase of each kind of package.
async fn traffic(scene: &Scene) -> anyhow::Result<()> {
    let client = &scene.client;
    done("the login", client.log_in().await)?;
    done("the API's own words", client.root().await)?;
    done("ping", client.ping().await)?;
    done("the account", client.me().await)?;
    let before = done("the wallet", client.wallet().await)?;
    let catalog = done("the catalog", client.packages().await)?;
    filters(client, catalog.rows.len()).await?;
    let mut spent = Decimal::ZERO;
    for (kind, id) in kinds(&catalog.rows) {
        let row = done(&kind, client.package(id).await)?;
        ensure!(row.id == Some(id), "{kind}: asked for package {id}, read {:?}", row.id);
        let order = buy(client, id, &format!("CONF-{id}-1-1")).await.context(kind)?;
        ensure!(order.status == OrderStatus::Completed && order.esim.is_some(), "{order:?}");
        spent += order.price.context("a price")?;
    }
    let after = done("the wallet", client.wallet().await)?;
    ensure!(before.balance - after.balance == spent, "the wallet shows every purchase once");
    pending(scene, &catalog.rows).await?;
    esims(client).await
}

/// Packages and prices, narrowed in each documented way.
async fn filters(client: &Client, all: usize) -> anyhow::Result<()> {
    let text = |text: &str| Some(text.to_owned());
    let filters = [
        Filter::default(),
        Filter { package_type: Some(PackageType::Data), ..Filter::default() },
        Filter { package_type: Some(PackageType::DataVoiceSms), ..Filter::default() },
        Filter { country_code: text("fr"), ..Filter::default() },
        Filter { country_slug: text("france"), ..Filter::default() },
        Filter { region_slug: text("europe"), ..Filter::default() },
        Filter { search: text("5 GB & more?"), ..Filter::default() },
    ];
    for filter in filters {
        let some = done("a part of the catalog", client.packages_matching(&filter).await)?;
        ensure!(some.rows.len() <= all, "{filter:?} widens the catalog");
        let priced = done("prices", client.pricing(&filter).await)?;
        ensure!(priced.unreadable.is_empty(), "{filter:?}: {:?}", priced.unreadable);
    }
    Ok(())
}

/// Every eSIM that was bought, with its usage where the upstream tells it.
async fn esims(client: &Client) -> anyhow::Result<()> {
    let bought = done("the eSIMs", client.esims().await)?;
    ensure!(bought.unreadable.is_empty() && !bought.rows.is_empty(), "{:?}", bought.unreadable);
    for row in bought.rows {
        let one = done("an eSIM", client.esim(row.id).await)?;
        ensure!(one.id == row.id, "asked for eSIM {}, read {}", row.id, one.id);
        match client.usage(row.id).await {
            Answer::Done(_) => {}
            // Unlimited plans have no figures: the document's 400.
            Answer::Refused(refusal) if refusal.http_status == 400 => {}
            other => bail!("the usage of eSIM {} was answered {other:?}", row.id),
        }
    }
    Ok(())
}

/// Orders that are not complete at once: pending for ever, completed later, failed later.
async fn pending(scene: &Scene, rows: &[PackageRow]) -> anyhow::Result<()> {
    let id = rows.iter().find_map(|row| row.id).context("a package")?;
    for (mode, name) in [(OrderMode::Processing, "stay"), (OrderMode::Processing, "fail")] {
        scene.upstream.set_mode(mode);
        let order = buy(&scene.client, id, &format!("CONF-{name}-1-1")).await?;
        ensure!(order.esim.is_none(), "an order that is pending has no eSIM");
        let upstream_id = u64::try_from(order.id)?;
        let moved = match name {
            "fail" => scene.upstream.fail_order(upstream_id)?,
            _ => scene.upstream.complete_order(upstream_id)?,
        };
        ensure!(moved.is_some(), "the sandbox knows order {upstream_id}");
        let seen = done("the order", scene.client.order(order.id).await)?;
        let wanted = if name == "fail" { OrderStatus::Failed } else { OrderStatus::Completed };
        ensure!(seen.status == wanted, "{name}: {:?}", seen.status);
    }
    scene.upstream.set_mode(OrderMode::Completed);
    let listing = done("the list of orders", scene.client.orders().await)?;
    ensure!(listing.unreadable == 0, "every row of the list is readable");
    Ok(())
}

async fn buy(client: &Client, package_id: i64, name: &str) -> anyhow::Result<Order> {
    let key = format!("key-{name}");
    let order = NewOrder {
        package_id,
        external_order_id: name,
        idempotency_key: &key,
        device_imei: Some("356938035643809"),
        doubted: false,
    };
    let first = done(name, client.place_order(&order).await)?;
    let again = done(name, client.place_order(&order).await)?;
    ensure!(first.id == again.id, "{name}: the same key bought twice");
    Ok(first)
}

/// One package of each kind: where it works, what it carries, and whether it has an end.
fn kinds(rows: &[PackageRow]) -> BTreeMap<String, i64> {
    let mut kinds = BTreeMap::new();
    for row in rows {
        let Some(id) = row.id else { continue };
        let unlimited = if row.data_volume == Some(-1) { " unlimited" } else { "" };
        let area = row.area_coverage.as_deref().unwrap_or_default();
        let kind = format!("{area} {}{unlimited}", row.package_type.as_deref().unwrap_or_default());
        kinds.entry(kind).or_insert(id);
    }
    kinds
}

/// What a well-behaved client is told no about.
async fn refusals(stage: &Stage, scene: &Scene) -> anyhow::Result<()> {
    let client = &scene.client;
    refused("an unknown package", client.package(999_999_999).await, 404)?;
    refused("an unknown order", client.order(999_999_999).await, 404)?;
    refused("an unknown eSIM", client.esim(999_999_999).await, 404)?;
    refused("the usage of an unknown eSIM", client.usage(999_999_999).await, 404)?;
    let unknown = NewOrder {
        package_id: 999_999_999,
        external_order_id: "CONF-unknown-1-1",
        idempotency_key: "key-unknown",
        device_imei: None,
        doubted: false,
    };
    refused("an order of an unknown package", client.place_order(&unknown).await, 422)?;
    let balance = scene.upstream.ledger().orders.first().map(|order| order.price);
    let id = scene.upstream.ledger().orders.first().map(|order| order.package.id);
    let (Some(_), Some(id)) = (balance, id) else { bail!("nothing was bought") };
    scene.upstream.set_balance(Decimal::new(1, 2))?;
    let poor = NewOrder { package_id: i64::try_from(id)?, idempotency_key: "key-poor", ..unknown };
    refused("an order without balance", client.place_order(&poor).await, 422)?;
    // A token that is no longer known: the document has a 401 for the account, and the client logs in again.
    scene.upstream.revoke_tokens()?;
    done("the account after its token was revoked", client.me().await)?;
    let wrong = Credentials::Login {
        email: scene.upstream.settings().email.clone(),
        password: "not the password".into(),
        device_name: "conformance".to_owned(),
    };
    // The database keeps the token by account; another address makes another account.
    let stranger =
        stage.client(&format!("{}/", scene.before.url.replace("127.0.0.1", "localhost")), wrong)?;
    match stranger.me().await {
        Answer::Later(_) => {}
        other => bail!("a wrong password was answered {other:?}"),
    }
    done("the logout", client.log_out().await)
}

/// Fails when the document has an operation that the traffic did not touch.
fn covered(stage: &Stage, exchanges: &[Exchange]) -> anyhow::Result<usize> {
    let paths = stage.document["paths"].as_object().context("the document has paths")?;
    let mut missed = BTreeSet::new();
    let mut covered = 0_usize;
    for (template, methods) in paths {
        for method in methods.as_object().context("the document has methods")?.keys() {
            let touched = |exchange: &&Exchange| {
                exchange.method.eq_ignore_ascii_case(method) && fits(template, &exchange.path)
            };
            match exchanges.iter().find(touched) {
                Some(_) => covered += 1,
                None => drop(missed.insert(format!("{} {template}", method.to_uppercase()))),
            }
        }
    }
    ensure!(missed.is_empty(), "the honest traffic does not touch {missed:?}");
    Ok(covered)
}

fn fits(template: &str, path: &str) -> bool {
    let (wanted, found) = (template.trim_matches('/').split('/'), path.trim_matches('/').split('/'));
    wanted.clone().count() == found.clone().count()
        && wanted.zip(found).all(|(wanted, found)| wanted == found || wanted.starts_with('{'))
}

/// Answers that break the document, told one after the other behind Prism's back.
async fn lies(stage: &Stage, scene: &Scene) -> anyhow::Result<usize> {
    type Lie = fn(&str, &mut StatusCode, &mut Vec<u8>);
    let lies: [(&str, Lie); 5] = [
        ("a balance that is a text", |_, _, body| swap(body, r#""balance":"#, r#""balance":"x","was":"#)),
        ("an answer without its envelope", |_, _, body| *body = br#"{"balance":1}"#.to_vec()),
        ("a page of HTML", |_, _, body| *body = b"<html>Welcome</html>".to_vec()),
        ("a currency that is a number", |_, _, body| swap(body, r#""currency":"USD""#, r#""currency":7"#)),
        ("a status that is not in the document", |_, status, _| *status = StatusCode::TOO_MANY_REQUESTS),
    ];
    let told = lies.len();
    for (name, lie) in lies {
        // A client that has heard no lie yet, with its token at hand: it asks without hesitation.
        let client = stage.client(&scene.before.url, login(&scene.upstream))?;
        done("the login", client.log_in().await)?;
        drop(scene.before.take());
        scene.behind.twist(Some(Box::new(lie)));
        let _whatever_the_client_makes_of_it = client.wallet().await;
        scene.behind.twist(None);
        let seen = scene.before.take();
        ensure!(
            seen.iter().any(|exchange| exchange.verdict().is_some()),
            "the judge overlooked {name}: {seen:?}"
        );
    }
    Ok(told)
}

fn swap(body: &mut Vec<u8>, from: &str, to: &str) {
    *body = String::from_utf8_lossy(body).replace(from, to).into_bytes();
}
