//! One refresh: first contact where there was none, then one sync.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::jobs::note_job;
use crate::catalog::{self, Brake, Outcome, Progress, Summary, SyncError};
use crate::esimdual::Answer;
use crate::ground::Currency;
use crate::plumbing::apart;
use crate::plumbing::bell::Ring;
use crate::plumbing::{db, jobs};
use crate::pricing::{self, Markup, Rounding, Subject};
use crate::settings;
use crate::shop::Shop;

/// Why a refresh did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// No credentials are configured.
    #[error(
        "eSIMDual's credentials are missing: set ESIMDUAL_EMAIL and ESIMDUAL_PASSWORD, or ESIMDUAL_TOKEN"
    )]
    NoCredentials,
    /// The upstream could not be asked, in words for staff.
    #[error("{0}")]
    Upstream(String),
    /// Another sync is under way, on whichever node.
    #[error("another sync is under way")]
    UnderWay,
    /// Another sync took over while this one was cut off from the database.
    #[error("another sync took over while this one was cut off")]
    Overtaken,
    /// The database's.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Brings currency, first rule and catalog up to date, and tells every window.
///
/// # Errors
/// [`Failed`]; what the shop sells stays as it was.
pub async fn refresh(
    shop: &Shop,
    report: &'static (dyn Fn(Progress) + Send + Sync),
) -> Result<Summary, Failed> {
    if !shop.upstream.configured() {
        return Err(Failed::NoCredentials);
    }
    make_contact(shop).await?;
    let brake = Brake {
        max_vanish_percent: shop.settings.sync_max_vanish_percent,
        max_leap_percent: shop.settings.sync_max_leap_percent,
        leap_factor: shop.settings.sync_leap_factor,
    };
    let synced = catalog::sync(&shop.db, &shop.upstream, &shop.clock, brake, report).await;
    if matches!(synced, Err(SyncError::Upstream(_))) {
        // A publication may have left its noting to this.
        note_prices(shop).await?;
    }
    let summary = synced.map_err(|error| match error {
        SyncError::UnderWay => Failed::UnderWay,
        SyncError::Overtaken => Failed::Overtaken,
        SyncError::Upstream(why) => Failed::Upstream(why),
        SyncError::Database(error) => Failed::Database(error),
    })?;
    // One after the other: both read the whole catalog, and visitors need a processor too. Where noting fails, the window
    // looks by itself soon enough.
    note_prices(shop).await?;
    if summary.outcome == Outcome::Applied {
        shop.bell.ring(Ring::Window);
    }
    Ok(summary)
}

/// Notes what every package on sale costs and is sold for, where that is news: after each sync, whatever came of it, and
/// after each publication; and asks for the same at the next date of a rule or rate. A program that is killed before this
/// leaves it to the next sync.
///
/// # Errors
/// The database's; nothing is noted then.
pub async fn note_prices(shop: &Shop) -> sqlx::Result<()> {
    if let Some(next) = note_prices_now(shop).await? {
        jobs::enqueue(&mut *shop.db.acquire().await?, &note_job(next), shop.now()).await?;
    }
    Ok(())
}

/// The same, of this moment alone; and the next date of a rule or rate.
pub(super) async fn note_prices_now(shop: &Shop) -> sqlx::Result<Option<OffsetDateTime>> {
    let (now, mut conn) = (shop.now(), shop.db.acquire().await?);
    // A hundred thousand packages are priced here: nobody who is answered waits for that.
    let noting = async move { note_changed_prices(&mut conn, now).await };
    let (changed, next) = apart::run(noting).await.map_err(sqlx::Error::Io)??;
    if changed > 0 {
        tracing::info!(changed, "costs and prices were noted");
    }
    Ok(next)
}

async fn note_changed_prices(
    conn: &mut PgConnection,
    now: OffsetDateTime,
) -> sqlx::Result<(u64, Option<OffsetDateTime>)> {
    // Read before the rest: whatever changes meanwhile is noted the next time.
    let version = catalog::version(conn).await?;
    let rules = pricing::rules(conn).await?;
    let exchange = pricing::exchange(conn, now).await?;
    let prices = rules.prices(now).exchanged(&exchange, now);
    if let Some(noted) = pricing::noted_of(conn).await?
        && (noted.catalog_version, noted.revision) == (version, prices.revision())
        && !rules.changes_between(noted.noted_at, now)
        && !exchange.changes_between(noted.noted_at, now)
    {
        return Ok((0, prices.next_change()));
    }
    let mut tx = sqlx::Connection::begin(conn).await?;
    db::on_one_processor(&mut tx).await?;
    let listings = catalog::listings(&mut tx).await?;
    let subjects = listings.iter().map(Subject::from);
    let changed = pricing::note(&mut tx, &prices, subjects, version, now).await?;
    tx.commit().await?;
    Ok((changed, prices.next_change()))
}

/// Fixes the currency and makes the first rule, once.
async fn make_contact(shop: &Shop) -> Result<(), Failed> {
    let mut conn = shop.db.acquire().await?;
    let known = settings::installation(&mut conn).await?;
    if known.currency.is_none() || known.upstream_currency.is_none() {
        drop(conn);
        let account = account_currency(shop).await?;
        conn = shop.db.acquire().await?;
        settings::fix_currency(&mut conn, account, shop.settings.currency).await?;
    }
    make_first_terms(shop, &mut conn).await?;
    make_first_rule(shop, &mut conn).await
}

/// Where customers pay in another currency than the account's, prices are made from exchange rates from then on; once.
async fn make_first_terms(shop: &Shop, conn: &mut PgConnection) -> Result<(), Failed> {
    let mut tx = sqlx::Connection::begin(conn).await?;
    // The installation's row is held, so that two nodes which start at once make them once.
    let Some(to) = settings::lock_currency(&mut tx).await? else { return Ok(()) };
    let from = settings::installation(&mut tx).await?.upstream_currency;
    if let Some(from) = from.filter(|from| *from != to)
        && pricing::exchange(&mut tx, shop.now()).await?.terms.is_none()
    {
        pricing::first_terms(&mut tx, from, to, shop.now()).await?;
        shop.bell.ring(Ring::Window);
    }
    Ok(tx.commit().await?)
}

async fn account_currency(shop: &Shop) -> Result<Currency, Failed> {
    let code = match shop.upstream.me().await {
        Answer::Done(account) => account.currency,
        Answer::Refused(refusal) => {
            return Err(Failed::Upstream(format!("it refused ({})", refusal.http_status)));
        }
        Answer::Later(later) => return Err(Failed::Upstream(later.reason)),
        Answer::Doubt(doubt) => return Err(Failed::Upstream(doubt.reason)),
    };
    let unknown = || Failed::Upstream("the account names no currency".to_owned());
    code.as_deref().and_then(Currency::parse).ok_or_else(unknown)
}

/// The rule from MARKUP_*, when there is none yet. Two nodes that start at once make one: the row of the installation
/// is held meanwhile.
async fn make_first_rule(shop: &Shop, conn: &mut PgConnection) -> Result<(), Failed> {
    let mut tx = sqlx::Connection::begin(conn).await?;
    let Some(currency) = settings::lock_currency(&mut tx).await? else { return Ok(()) };
    if pricing::current(&mut tx).await?.is_none() {
        let first = shop.settings.first_markup;
        let rounding = Rounding::from_word(first.rounding).unwrap_or(Rounding::None);
        let rule = Markup { percent: first.percent, fixed: first.fixed, currency, rounding };
        pricing::publish(&mut tx, &rule, "first start", shop.now()).await?;
        shop.bell.ring(Ring::Window);
    }
    Ok(tx.commit().await?)
}
