//! One matching of the three ledgers: read what is needed, judge, write what does not match.

use std::time::Duration;

use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use super::finding::{Finding, Kind};
use super::funds::{Outlook, Standing};
use super::judge::{self, Judged};
use super::matching::{self, Debit, Purchase, Scope};
use super::{listed, mail, store};
use crate::catalog;
use crate::esimdual::{self, Answer, Listing};
use crate::fulfilment;
use crate::ground::Clock;
use crate::shop::Times;
use crate::staff;
use crate::wallet::{self, Reading};

/// Over so long the books are matched. What is older was matched before, many times.
pub const LOOKBACK: time::Duration = time::Duration::days(40);
/// A unit's change may be committed so long after its time: it is looked at again.
const LATE_COMMITS: time::Duration = time::Duration::minutes(10);

/// What a matching needs.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// The database.
    pub db: &'a PgPool,
    /// The desk.
    pub desk: &'a esimdual::Client,
    /// The one clock.
    pub clock: &'a Clock,
    /// The time limits.
    pub times: &'a Times,
    /// Fewer days of sales than this are an alarm.
    pub low_days: u32,
    /// The shop's address, for the mail.
    pub public_url: &'a str,
}

impl Means<'_> {
    /// How long a purchase may take until all three ledgers have it.
    fn settling(&self) -> Duration {
        self.times.doubt_settling.max(self.times.reconcile_interval)
    }
}

/// What a matching found.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// Findings that are new.
    pub fresh: Vec<Finding>,
    /// How many are open.
    pub open: i64,
    /// A package was stopped: the window must be told.
    pub stopped: bool,
    /// How the wallet stands; `None` where nobody knows.
    pub wallet: Option<Outlook>,
}

/// Matches once. An upstream that cannot be asked is asked in the next cycle; what is known is matched all the same.
///
/// # Errors
/// The database's, and a template's; nothing is lost, the next cycle matches again.
pub async fn match_once(means: &Means<'_>) -> anyhow::Result<Round> {
    let vanished = match wants_list(means).await? {
        true => read_list(means).await?,
        false => None,
    };
    let now = means.clock.now();
    // As of one moment: a refund and the failure that it belongs to are seen together or not at all.
    let mut moment = means.db.begin_with("begin isolation level repeatable read read only").await?;
    let before = store::matching(&mut moment).await?;
    let mut judged = judge(&mut moment, means, now).await?;
    if let Some(vanished) = vanished {
        judged.kinds.push(Kind::OrderVanished);
        judged.findings.extend(vanished);
    }
    let since = before.as_ref().map_or(now - LOOKBACK, |before| before.units_seen_until - LATE_COMMITS);
    judged.findings.extend(judge::costs(store::odd_costs(&mut moment, since).await?));
    let sums = store::sums(&mut moment, now - LOOKBACK).await?;
    let outlook = outlook(&mut moment, means, now).await?;
    moment.commit().await?;
    let was_low = before.is_some_and(|before| before.wallet_low);
    write(means, &judged, &sums, outlook, was_low, now).await
}

/// What both lists of the upstream say, and how far they can be believed.
struct Books {
    debits: Vec<Debit>,
    purchases: Vec<Purchase>,
    scope: Scope,
}

/// The books of the wallet; `None` before its first reading.
async fn books(
    conn: &mut PgConnection,
    means: &Means<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Books>> {
    let Some(reading) = wallet::last(conn).await? else { return Ok(None) };
    let upstream_now = store::upstream_now(conn).await?.unwrap_or(now);
    // What is open is judged until it is explained, however old it is.
    let needed = store::oldest_open(conn).await?.map(|open| open - matching::TOLERANCE);
    let looked_back_to = needed.unwrap_or(upstream_now).min(upstream_now - LOOKBACK);
    let mut debits = store::debits(conn, looked_back_to, now - LOOKBACK).await?;
    let mut purchases = store::purchases(conn, looked_back_to, now - LOOKBACK).await?;
    let (movements, orders) = store::explained(conn).await?;
    debits.retain(|debit| !movements.contains(&debit.key));
    purchases.retain(|purchase| !orders.contains(&purchase.id));
    let listing = store::listing(conn).await?;
    let scope =
        Scope { read_from: Some(looked_back_to), ..scope(&reading, listing.as_ref(), means.settling()) };
    Ok(Some(Books { debits, purchases, scope }))
}

fn scope(reading: &Reading, listing: Option<&store::ListingRow>, settling: Duration) -> Scope {
    let orders_from = listing.and_then(|listing| listing.known_from);
    Scope {
        currency: reading.currency.to_ascii_uppercase(),
        from: reading.known_from.max(orders_from),
        read_from: None,
        orders_known_for: listing.map(|listing| listing.asked_at - settling),
        debits_known_for: reading.movements_readable.then(|| reading.asked_at - settling),
    }
}

/// Whether the list of orders must be read: never read; a debit that nothing explains had time to find its order; a
/// surplus is open, and a list that lagged may explain it by now; or long ago. Each list is long, so a healthy shop, whose
/// every debit belongs to an order that it bought itself, reads it seldom.
async fn wants_list(means: &Means<'_>) -> sqlx::Result<bool> {
    if !means.desk.configured() {
        return Ok(false);
    }
    let now = means.clock.now();
    let mut conn = means.db.acquire().await?;
    let Some(listing) = store::listing(&mut conn).await? else { return Ok(true) };
    let (age, interval) = (now - listing.asked_at, means.times.reconcile_interval);
    if age < interval {
        return Ok(false);
    }
    let unexplained = books(&mut conn, means, now)
        .await?
        .and_then(|books| matching::waits_for_orders(&books.debits, &books.purchases, &books.scope));
    let had_time = unexplained.is_some_and(|seen| now - seen >= means.settling());
    let may_be_explained = age >= interval * 5 && store::oldest_open(&mut conn).await?.is_some();
    Ok(had_time || may_be_explained || age >= (interval * 20).max(Duration::from_secs(600)))
}

/// Reads the list, remembers what it names, and finds whose order is not in it any more; `None` where it could not be
/// read or is not believed.
async fn read_list(means: &Means<'_>) -> sqlx::Result<Option<Vec<Finding>>> {
    let asked_at = means.clock.now();
    let Listing { orders, unreadable } = match means.desk.orders().await {
        Answer::Done(listing) => listing,
        Answer::Refused(_) | Answer::Later(_) | Answer::Doubt(_) => {
            tracing::info!("the list of upstream orders could not be read; it is asked for again");
            return Ok(None);
        }
    };
    let now = means.clock.now();
    let mut tx = means.db.begin().await?;
    store::take_turn(&mut tx).await?;
    let before = store::listing(&mut tx).await?.map(|row| row.before());
    let oldest_known = store::oldest_known(&mut tx).await?;
    fulfilment::remember(&mut tx, &orders, now).await?;
    let reach = listed::reach(before, &orders, oldest_known, now).filter(|_| unreadable == 0);
    let mut vanished = None;
    if let Some(reach) = reach {
        store::keep_listing(&mut tx, reach, asked_at, now).await?;
        let ids: Vec<i64> = orders.iter().map(|order| order.id).collect();
        let missing = match ids.iter().min() {
            Some(oldest) => store::vanished(&mut tx, &ids, *oldest, asked_at - means.settling()).await?,
            None => Vec::new(),
        };
        vanished = Some(judge::vanished(missing));
    }
    tx.commit().await?;
    Ok(vanished)
}

/// Everything that is judged by what the database holds.
async fn judge(conn: &mut PgConnection, means: &Means<'_>, now: OffsetDateTime) -> sqlx::Result<Judged> {
    let settled = now - means.settling();
    let since = now - LOOKBACK;
    let mut judged = Judged::since(since);
    judged.money(
        store::odd_orders(conn, since).await?,
        store::odd_payments(conn, since, settled).await?,
        store::odd_units(conn, since).await?,
    );
    // A doubt is settled by fulfilment's own reading of the list; what is unbound long after that is nobody's.
    let unbound = settled - means.times.reconcile_interval * 4;
    let after = store::first_listing_at(conn).await?.unwrap_or(now);
    judged.purchases(store::bought_twice(conn).await?, store::odd_purchases(conn, after, unbound).await?);
    if let Some(books) = books(conn, means, now).await? {
        judged.wallet(&books.debits, &books.purchases, &books.scope);
    }
    Ok(judged)
}

/// What the wallet can pay by its last reading, and for how long; `None` where no reading is young enough to tell.
async fn outlook(
    conn: &mut PgConnection,
    means: &Means<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Outlook>> {
    let Some(funds) = super::funds(conn).await? else { return Ok(None) };
    if now - funds.read_at > super::stale_after(means.times.reconcile_interval) {
        return Ok(None);
    }
    let pace = super::pace(conn, &funds.currency, now).await?;
    let available = funds.available();
    Ok(Some(Outlook {
        available,
        days_left: pace.days_left(available),
        standing: Standing::of(available, pace, means.low_days),
        currency: funds.currency,
    }))
}

async fn write(
    means: &Means<'_>,
    judged: &Judged,
    sums: &Value,
    outlook: Option<Outlook>,
    was_low: bool,
    now: OffsetDateTime,
) -> anyhow::Result<Round> {
    let alarm = outlook.as_ref().filter(|outlook| outlook.standing != Standing::Fine);
    let accounts = if alarm.is_some() { staff::list(means.db).await? } else { Vec::new() };
    let mut tx = means.db.begin().await?;
    store::take_turn(&mut tx).await?;
    let (mut fresh, mut stopped) = (Vec::new(), false);
    for finding in &judged.findings {
        if !store::note(&mut tx, finding, now).await? {
            continue;
        }
        tracing::warn!(kind = finding.kind.word(), about = finding.key, "the ledgers do not agree");
        if let Some(package) = finding.stops {
            stopped |= catalog::stop(&mut tx, package, finding.kind.word(), now).await?;
        }
        fresh.push(finding.clone());
    }
    let (money, others): (Vec<Kind>, Vec<Kind>) = judged.kinds.iter().partition(|kind| kind.is_of_money());
    let (debits, others): (Vec<Kind>, Vec<Kind>) = others.iter().partition(|kind| kind.is_of_the_wallet());
    store::close_the_rest(&mut tx, &money, &judged.findings, Some(judged.since), now).await?;
    // What lies before a gap in what is known cannot be judged any more, and stays until a person has looked.
    store::close_the_rest(&mut tx, &debits, &judged.findings, judged.wallet_known_from, now).await?;
    store::close_the_rest(&mut tx, &others, &judged.findings, None, now).await?;
    // What nobody knows stays as it was told last.
    let low = outlook.as_ref().map_or(was_low, |outlook| outlook.standing != Standing::Fine);
    store::keep_matching(&mut tx, sums, now, low, now).await?;
    if let Some(outlook) = alarm {
        mail::low_balance(&mut tx, &accounts, outlook, means.public_url, now).await?;
        if !was_low {
            tracing::warn!(available = %outlook.available, currency = outlook.currency, "the wallet is low");
        }
    }
    let open = store::open_count(&mut tx).await?;
    tx.commit().await?;
    Ok(Round { fresh, open, stopped, wallet: outlook })
}
