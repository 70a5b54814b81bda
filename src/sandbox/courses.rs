//! How orders go on after they were accepted: the eSIM, the money that comes back, and what only waits for its time.

use std::sync::Arc;

use time::OffsetDateTime;

use super::book::{Book, letters};
use super::desk::Desk;
use super::ledger::{Due, Esim, Order, OrderStatus, PackageSnapshot, Transaction, TransactionKind};
use super::moment;
use super::webhooks;
use super::world::Event;
use crate::ground::Entropy;

/// An eSIM under a free id. Its ICCID is made of the id, so no two are alike.
pub(super) fn new_esim(id: u64, package: &PackageSnapshot, at: OffsetDateTime) -> Esim {
    let matching_id = letters(&Entropy::system(), b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789", 16);
    let groups: Vec<&str> = (0..4).filter_map(|n| matching_id.get(n * 4..n * 4 + 4)).collect();
    Esim {
        id,
        iccid: with_check_digit(&format!("8988207{:011}", id % 100_000_000_000)),
        serial_number: format!("SIM-{id}"),
        qr_code: format!("LPA:1$smdp.example.com${}", groups.join("-")),
        qr_code_image: format!("https://cdn.example.com/qr/{id}.png"),
        phone_number: package.has_voice.then(|| format!("+336{:08}", id % 100_000_000)),
        expiry_date: (at + time::Duration::days(i64::from(package.days))).date(),
        made_at: Some(at),
    }
}

/// Appends the Luhn digit (ITU-T E.118).
fn with_check_digit(digits: &str) -> String {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            let weighted = if place % 2 == 0 { digit * 2 } else { digit };
            weighted / 10 + weighted % 10
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// Moves an order to another state, with its eSIM and its money, and tells the shop. `None` if there is no such
/// order. Any state may follow any other: a judge must be able to misbehave.
///
/// # Errors
/// When the journal cannot be written; then nothing has changed.
pub(super) fn move_order(desk: &Arc<Desk>, id: u64, to: OrderStatus) -> anyhow::Result<Option<Order>> {
    move_on(desk, id, to, None)
}

/// The same, with what time alone makes of the order afterwards.
fn move_on(desk: &Arc<Desk>, id: u64, to: OrderStatus, due: Option<Due>) -> anyhow::Result<Option<Order>> {
    let order = {
        let mut book = desk.book();
        let Some(order) = book.world().orders.get(&id).cloned() else { return Ok(None) };
        let (mut order, money) = moved(&book, order, to, desk.settings.credit_failed);
        order.due = due;
        book.record(Event::OrderChanged { order: Box::new(order.clone()), money })?;
        order
    };
    webhooks::announce(desk, &order)?;
    Ok(Some(order))
}

/// The order in its new state, and the money that goes with it: a failed order gives its debit back once, and is
/// charged again if it is completed after all.
fn moved(
    book: &Book,
    mut order: Order,
    to: OrderStatus,
    credit_failed: bool,
) -> (Order, Option<Transaction>) {
    let free = book.world().next_id;
    let money = match to {
        OrderStatus::Failed if credit_failed && !order.credited => {
            order.credited = true;
            Some(book.movement(free, TransactionKind::Credit, order.price, Some(order.id)))
        }
        OrderStatus::Completed if order.credited => {
            order.credited = false;
            Some(book.movement(free, TransactionKind::Debit, order.price, Some(order.id)))
        }
        _ => None,
    };
    if to == OrderStatus::Completed && order.esim.is_none() {
        order.esim = Some(new_esim(free + 1, &order.package, moment::now()));
    }
    (order.status, order.due) = (to, None);
    (order, money)
}

/// Lets an order that waits for its time go on when it has come.
pub(super) fn wait_for(desk: &Arc<Desk>, id: u64, due: Due) {
    let desk = Arc::clone(desk);
    let tasks = desk.tasks.clone();
    tasks.spawn(async move {
        let wait = (due.at - moment::now()).max(time::Duration::ZERO).unsigned_abs();
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = desk.stopping.cancelled() => return,
        }
        // Someone may have moved it by hand in the meantime.
        let still_due = desk.book().world().orders.get(&id).is_some_and(|order| order.due.is_some());
        let next = due.then.map(|becomes| {
            let at = moment::now() + std::time::Duration::from_millis(due.step_ms);
            Due { at, becomes, then: None, ..due }
        });
        if !still_due {
            return;
        }
        match move_on(&desk, id, due.becomes, next) {
            Ok(_) => next.into_iter().for_each(|next| wait_for(&desk, id, next)),
            Err(error) => {
                tracing::error!(
                    order = id,
                    error = format!("{error:#}"),
                    "the sandbox could not move an order"
                );
            }
        }
    });
}

/// After a restart: takes up the orders that wait and the webhooks that were under way.
pub(super) fn resume(desk: &Arc<Desk>) {
    let (waiting, undelivered) = {
        let book = desk.book();
        let world = book.world();
        let waiting: Vec<_> =
            world.orders.values().filter_map(|order| order.due.map(|due| (order.id, due))).collect();
        let undelivered: Vec<_> = world
            .deliveries
            .iter()
            .filter(|delivery| delivery.state == super::ledger::DeliveryState::Pending)
            .cloned()
            .collect();
        (waiting, undelivered)
    };
    waiting.into_iter().for_each(|(id, due)| wait_for(desk, id, due));
    undelivered.into_iter().for_each(|delivery| drop(webhooks::deliver(desk, delivery)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iccids_have_nineteen_digits_and_a_valid_last_one() {
        // The textbook Luhn number 7992739871 has the check digit 3.
        assert_eq!(with_check_digit("7992739871"), "79927398713");
        let package = PackageSnapshot {
            id: 1120,
            provider_plan_id: "FR-5GB-30D".into(),
            name: "France 5 GB - 30 Days".into(),
            slug: "france-5gb-30-days".into(),
            days: 30,
            data: Some("5 GB".into()),
            data_volume: Some(5 << 30),
            has_voice: false,
        };
        let esim = new_esim(280_000_001, &package, moment::now());
        assert_eq!(esim.iccid.len(), 19);
        assert!(esim.iccid.starts_with("89"));
        assert_ne!(esim.iccid, new_esim(280_000_002, &package, moment::now()).iccid);
        assert_eq!(esim.qr_code.len(), "LPA:1$smdp.example.com$".len() + 19);
    }
}
