//! What is next for this order? Asked by a payment, a webhook, a clock and a sweep; safe to ask any number of times.

use std::time::Duration;

use rust_decimal::Decimal;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::refund::end_refunded;
use crate::catalog;
use crate::fulfilment::{self, Failure, Means, Progress, Today};
use crate::ground::Price;
use crate::orders::{self, Actor, Event, Happened, Order, OrderStatus, Unit};
use crate::payments::{self, NotRefunded, Payment};
use crate::plumbing::jobs::Verdict;
use crate::pricing::{self, PriceList, Subject};
use crate::shop::Shop;

/// A unit that goes on moving this long in one round is looked at again in the next: nothing may spin.
const STEPS: usize = 12;

/// Takes every step of an order that can be taken now, and says when to come back.
///
/// # Errors
/// The database's; nothing is lost, the order is asked again.
pub async fn advance(shop: &Shop, order_id: i64) -> anyhow::Result<Verdict> {
    let Some(order) = orders::by_id(&mut *shop.db.acquire().await?, order_id).await? else {
        return Ok(Verdict::GiveUp("no such order".to_owned()));
    };
    send_surplus_back(shop, &order).await?;
    let Some(order) = orders::by_id(&mut *shop.db.acquire().await?, order_id).await? else {
        return Ok(Verdict::Done);
    };
    match order.status {
        OrderStatus::AwaitingPayment => await_payment(shop, &order).await,
        OrderStatus::Processing => deliver(shop, &order).await,
        OrderStatus::Completed | OrderStatus::Failed => {
            tell_the_end(shop, &order).await?;
            Ok(Verdict::Done)
        }
        OrderStatus::Cancelled => Ok(Verdict::Done),
    }
}

/// Cancels an order whose time is over, with its payments; else waits for that time.
async fn await_payment(shop: &Shop, order: &Order) -> anyhow::Result<Verdict> {
    let now = shop.now();
    if order.expires_at > now {
        let wait = Duration::try_from(order.expires_at - now).unwrap_or_default();
        return Ok(Verdict::Again(wait));
    }
    let mut tx = shop.db.begin().await?;
    if orders::cancel(&mut tx, order.id, now).await? {
        payments::expire_of_order(&mut tx, order.id, now).await?;
        payments::return_parts(&mut tx, &shop.entropy, order.id, &shop.settings.public_url, now).await?;
    }
    tx.commit().await?;
    // A payment may have been faster: then the order is asked again by it.
    Ok(Verdict::Done)
}

/// Takes the steps of every open unit, one unit after the other.
async fn deliver(shop: &Shop, order: &Order) -> anyhow::Result<Verdict> {
    stop_disputed(shop, order).await?;
    let units = orders::open_units(&mut *shop.db.acquire().await?, order.id).await?;
    let mut wait: Option<Duration> = None;
    let mut fault = None;
    for unit in units {
        match deliver_unit(shop, order, unit).await {
            Ok(Some(pause)) => wait = Some(wait.map_or(pause, |shortest| shortest.min(pause))),
            Ok(None) => {}
            // One unit's fault does not keep the others waiting.
            Err(error) => fault = fault.or(Some(error)),
        }
    }
    if let Some(fault) = fault {
        return Err(fault);
    }
    if let Some(pause) = wait {
        return Ok(Verdict::Again(pause));
    }
    // Every unit is final; whoever was last wrote the order's status. A crash between the two is mended here.
    let mut tx = shop.db.begin().await?;
    orders::settle_status(&mut tx, order.id, shop.now()).await?;
    tx.commit().await?;
    if let Some(order) = orders::by_id(&mut *shop.db.acquire().await?, order.id).await? {
        tell_the_end(shop, &order).await?;
    }
    Ok(Verdict::Done)
}

/// Where the payer's bank asks for the money, nothing more is bought: a unit that was not sent ends, and its refund waits
/// until the dispute is decided. One that is bound, or may be, goes its way.
async fn stop_disputed(shop: &Shop, order: &Order) -> anyhow::Result<()> {
    let mut conn = shop.db.acquire().await?;
    if order.is_gift() || !payments::is_disputed(&mut conn, order.id).await? {
        return Ok(());
    }
    let mut unsent = Vec::new();
    for unit in orders::open_units(&mut conn, order.id).await? {
        let sent = fulfilment::attempts(&mut conn, unit.id).await?.iter().any(fulfilment::Attempt::in_doubt);
        if !sent && unit.state.upstream_order_id().is_none() {
            unsent.push(unit);
        }
    }
    // Each is judged again in a transaction of its own, for which this connection must be free.
    drop(conn);
    for unit in &unsent {
        refund(shop, unit, Failure::Disputed).await?;
    }
    Ok(())
}

/// Takes a unit's steps until it waits (for how long) or is final (`None`).
async fn deliver_unit(shop: &Shop, order: &Order, mut unit: Unit) -> anyhow::Result<Option<Duration>> {
    let paid_at = order.paid_at.unwrap_or(order.created_at);
    let means = Means {
        db: &shop.db,
        desk: &shop.upstream,
        clock: &shop.clock,
        entropy: &shop.entropy,
        times: &shop.settings.times,
    };
    let today = today(shop, order, &unit).await?;
    for _ in 0..STEPS {
        let progress = fulfilment::take_step(&means, &unit, paid_at, today).await?;
        shop.bell.ring(crate::plumbing::bell::Ring::Thing(order.id));
        match progress {
            Progress::Final => return Ok(None),
            Progress::Wait(pause) => return Ok(Some(pause)),
            Progress::Refund(failure) => refund(shop, &unit, failure).await?,
            Progress::Moved => {}
        }
        let fresh = orders::unit_by_id(&mut *shop.db.acquire().await?, unit.id).await?;
        match fresh {
            Some(fresh) if !fresh.state.status().is_final() => unit = fresh,
            _ => return Ok(None),
        }
    }
    Ok(Some(Duration::from_secs(1)))
}

/// What the unit costs now, where eSIMDual lists its package and it is still to be bought.
async fn today(shop: &Shop, order: &Order, unit: &Unit) -> sqlx::Result<Today> {
    if unit.state.upstream_order_id().is_some() {
        return Ok(Today { cost: None, taken: Decimal::ZERO, rate: None });
    }
    let mut conn = shop.db.acquire().await?;
    let line = orders::line_of(&mut conn, unit).await?;
    let cost = catalog::listed_cost(&mut conn, line.package_id).await?;
    let fee = payments::fee_on(&mut conn, unit.order_id, line.unit_price).await?;
    let rate = pricing::newest_rate(&mut conn, shop.now()).await?;
    Ok(Today { cost, taken: fee + order.tax_within(line.unit_price).amount(), rate })
}

/// The unit becomes `failed` in the transaction that records its refund.
async fn refund(shop: &Shop, unit: &Unit, failure: Failure) -> anyhow::Result<()> {
    let now = shop.now();
    let mut tx = shop.db.begin().await?;
    let fresh = orders::lock_unit(&mut tx, unit).await?;
    // Whoever moved it meanwhile (a webhook that bound it, say) knew more than this decision did.
    let moved = failure != Failure::UpstreamFailed && fresh.state != unit.state;
    if moved || fresh.state.status().is_final() {
        return Ok(());
    }
    // A sleeper may have decided before somebody else asked again: what is in doubt now is not refunded by time.
    let in_doubt = fulfilment::attempts(&mut tx, fresh.id).await?.iter().any(fulfilment::Attempt::in_doubt);
    if in_doubt && failure != Failure::UpstreamFailed {
        return Ok(());
    }
    match end_refunded(&mut tx, &shop.entropy, &fresh, failure, &Actor::Shop, now).await {
        Ok(true) => tx.commit().await?,
        Ok(false) => return Ok(()),
        Err(NotRefunded::Fault(error)) => return Err(error.into()),
        Err(refused) => {
            drop(tx);
            let mut conn = shop.db.acquire().await?;
            orders::raise_alarm(&mut conn, unit.order_id, &refused.to_string(), now).await?;
            anyhow::bail!(
                "unit {} is due a refund that cannot be recorded: {refused}",
                unit.external_order_id
            );
        }
    }
    shop.bell.ring(crate::plumbing::bell::Ring::Jobs);
    Ok(())
}

/// Payments that arrived too late or twice: reopen the order, or go back whole.
async fn send_surplus_back(shop: &Shop, order: &Order) -> anyhow::Result<()> {
    let surplus = payments::surplus(&mut *shop.db.acquire().await?, order.id).await?;
    for payment in surplus {
        let now = shop.now();
        let mut tx = shop.db.begin().await?;
        // Somebody else may have counted it or sent it back meanwhile: judged again with the order's row in hand.
        orders::lock_order(&mut tx, order.id).await?;
        let Some(order) = &orders::by_id(&mut tx, order.id).await? else { continue };
        if !payments::surplus(&mut tx, order.id).await?.iter().any(|still| still.id == payment.id) {
            continue;
        }
        let late = order.status == OrderStatus::Cancelled;
        if late
            && still_holds(&mut tx, order, &payment, now).await?
            && orders::reopen(&mut tx, order.id, now).await?
        {
            payments::count_late(&mut tx, &payment).await?;
            let entry = Happened::to_order(Actor::Payment, Event::Reopened);
            orders::append(&mut tx, order.id, &entry, now).await?;
            orders::mail::received(&mut tx, order, &shop.settings.public_url, now).await?;
        } else {
            let reason = if late { "late" } else { "second" };
            match payments::back_whole(&mut tx, &shop.entropy, &payment, reason, now).await {
                Ok(()) | Err(NotRefunded::Before) => {}
                Err(NotRefunded::Fault(error)) => return Err(error.into()),
                Err(NotRefunded::NotCovered | NotRefunded::Held | NotRefunded::Disputed) => {
                    anyhow::bail!("a surplus payment of order {} is not covered", order.number)
                }
            }
        }
        tx.commit().await?;
        shop.bell.ring(crate::plumbing::bell::Ring::Jobs);
        shop.bell.ring(crate::plumbing::bell::Ring::Thing(order.id));
    }
    Ok(())
}

/// A late payment's plan and price still hold if every plan is on sale, what was paid for it, less its tax and what its
/// payment costs, is at least today's cost plus the minimum margin, and the amount is the order's.
async fn still_holds(
    conn: &mut PgConnection,
    order: &Order,
    payment: &Payment,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    if payment.amount != order.total {
        return Ok(false);
    }
    let prices = pricing::price_list(conn, now).await?;
    for line in orders::lines(conn, order.id).await? {
        let Some(package) = catalog::package_for_sale(conn, line.package_id).await? else { return Ok(false) };
        let fee = payments::share(payment.fee, line.unit_price.minor, payment.amount.minor);
        let taken = fee + order.tax_within(line.unit_price).amount();
        if !covers(line.unit_price, taken, &package, &prices) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a price less what is taken of it, fee and tax, is at least today's cost plus the minimum margin of the rule that
/// prices the package now.
pub(super) fn covers(price: Price, taken: Decimal, package: &catalog::Package, prices: &PriceList) -> bool {
    let earned = price.amount().saturating_sub(taken);
    let floor = prices.floor(&Subject::from(package));
    floor.is_ok_and(|(floor, currency)| currency == price.currency && earned >= floor)
}

/// The mail that ends a purchase; the outbox knows what was sent before.
async fn tell_the_end(shop: &Shop, order: &Order) -> anyhow::Result<()> {
    let now: OffsetDateTime = shop.now();
    let mut tx = shop.db.begin().await?;
    match order.status {
        OrderStatus::Completed => {
            orders::mail::delivered(&mut tx, order, &shop.settings.public_url, now).await?
        }
        // Nobody paid for a gift; staff were called.
        OrderStatus::Failed if order.is_gift() => {}
        OrderStatus::Failed => orders::mail::failed(&mut tx, order, &shop.settings.public_url, now).await?,
        OrderStatus::AwaitingPayment | OrderStatus::Processing | OrderStatus::Cancelled => {}
    }
    payments::tell_refunds(&mut tx, order.id, &shop.settings.public_url, now).await?;
    tx.commit().await?;
    shop.bell.ring(crate::plumbing::bell::Ring::Jobs);
    shop.bell.ring(crate::plumbing::bell::Ring::Thing(order.id));
    Ok(())
}
