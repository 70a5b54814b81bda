//! What must hold when everything has come to rest: the shop's tables against the upstream's ledger and the post
//! office. A broken sentence panics with it.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use simfront::sandbox::{DeliveryState, Ledger, OrderStatus, TransactionKind};
use sqlx::{FromRow, PgConnection};

use crate::post_office::PostOffice;
use crate::scripts::Fate;

/// One line of an order's history; lines are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Happened {
    pub id: i64,
    pub order_id: i64,
    pub unit_id: Option<i64>,
    pub event: String,
    pub detail: String,
}

pub async fn history(conn: &mut PgConnection) -> Vec<Happened> {
    let read = "select id, order_id, unit_id, event, detail::text as detail from order_history order by id";
    sqlx::query_as(read).fetch_all(conn).await.unwrap()
}

/// The number that a statement finds.
pub async fn count(conn: &mut PgConnection, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(conn).await.unwrap()
}

/// Fails with the sentence unless the statement finds nothing.
async fn none(conn: &mut PgConnection, sentence: &str, statement: &'static str) {
    let found = count(conn, statement).await;
    assert_eq!(found, 0, "broken: {sentence}");
}

#[derive(Debug, FromRow)]
struct Unit {
    external_order_id: String,
    status: String,
    upstream_order_id: Option<i64>,
    failure: Option<String>,
    real_cost: Option<Decimal>,
    activation_code: Option<String>,
    refunds: i64,
    keys: i64,
    refusals: i64,
}

/// Money and eSIMs: each unit was bought at most once, and is delivered or refunded, never both.
pub async fn units(conn: &mut PgConnection, ledger: &Ledger) {
    let mut bought = BTreeMap::new();
    let (mut debits, mut credits): (BTreeMap<u64, u32>, BTreeMap<u64, u32>) = Default::default();
    for movement in &ledger.transactions {
        let Some(order) = movement.order_id else { continue };
        let of_its_kind = match movement.kind {
            TransactionKind::Debit => &mut debits,
            TransactionKind::Credit => &mut credits,
        };
        *of_its_kind.entry(order).or_insert(0) += 1;
    }
    for order in &ledger.orders {
        let name = order.external_order_id.clone().expect("every purchase has our name");
        assert!(bought.insert(name.clone(), order).is_none(), "{name} was bought twice");
        assert_eq!(debits.get(&order.id), Some(&1), "{name} was paid once");
        let back = credits.get(&order.id).copied().unwrap_or(0);
        let failed = order.status == OrderStatus::Failed;
        assert_eq!(back, u32::from(failed), "{name}: what the upstream gave back for {:?}", order.status);
    }
    let read = "select u.external_order_id, u.status, u.upstream_order_id, u.failure, u.real_cost, e.activation_code,
                       (select count(*) from refunds r where r.unit_id = u.id and r.status = 'done') as refunds,
                       (select count(distinct a.idempotency_key) from attempts a where a.unit_id = u.id) as keys,
                       (select count(*) from attempts a
                        where a.unit_id = u.id
                          and (a.outcome = 'refused' or (a.settled = 'absent' and a.http_status in (400, 404, 422)))) as refusals
                from units u
                left join esims e on e.id = u.esim_id";
    let units: Vec<Unit> = sqlx::query_as(read).fetch_all(&mut *conn).await.unwrap();
    for unit in &units {
        let name = &unit.external_order_id;
        let order = bought.remove(name);
        assert!(unit.keys <= 1 + unit.refusals, "{name}: a new key without a refusal before it: {unit:?}");
        match unit.status.as_str() {
            "completed" => {
                let order = order.unwrap_or_else(|| panic!("{name} is completed and was never bought"));
                let code = order.esim.as_ref().map(|esim| esim.qr_code.clone());
                assert_eq!(unit.activation_code, code, "{name} shows another eSIM than was bought");
                assert_eq!(
                    unit.upstream_order_id,
                    i64::try_from(order.id).ok(),
                    "{name} is bound to another order"
                );
                assert_eq!(unit.real_cost, Some(order.price), "{name} cost what the upstream took");
                assert_eq!(unit.refunds, 0, "{name} was delivered and refunded");
            }
            "failed" => {
                assert_eq!(unit.refunds, 1, "{name} failed and was refunded {} times", unit.refunds);
                let lost = order.filter(|order| order.status != OrderStatus::Failed || order.esim.is_some());
                assert!(
                    lost.is_none(),
                    "{name} was bought and refunded: {:?}",
                    lost.map(|order| order.status)
                );
                let told = unit.failure.as_deref() == Some("upstream_failed");
                assert_eq!(told, order.is_some(), "{name} failed for another reason: {unit:?}");
            }
            open => panic!("{name} is neither delivered nor refunded: {open}"),
        }
    }
    assert!(bought.is_empty(), "bought for nobody: {:?}", bought.keys());
    let mut keys: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for request in &ledger.order_requests {
        if let (Some(key), Some(name)) = (&request.idempotency_key, &request.external_order_id) {
            keys.entry(key).or_default().insert(name);
        }
    }
    for (key, names) in keys {
        assert_eq!(names.len(), 1, "one key for several units: {key}");
    }
}

/// The shop's own books.
pub async fn books(conn: &mut PgConnection) {
    none(
        conn,
        "each paid order is paid by exactly one payment",
        "select count(*) from orders o
         where o.paid_at is not null
           and (select count(*) from payments p where p.order_id = o.id and p.counted) <> 1",
    )
    .await;
    none(
        conn,
        "what was promised back is what the refunds say, and no more than came in",
        "select count(*) from payments p
         where p.refunded_minor > p.amount_minor
            or p.refunded_minor <> (
                select coalesce(sum(r.amount_minor), 0) from refunds r where r.payment_id = p.id)",
    )
    .await;
    none(conn, "every cent that came in is an eSIM or went back",
        "select count(*) from orders o
         where (select coalesce(sum(p.amount_minor), 0) from payments p where p.order_id = o.id and p.status = 'paid')
            <> (select coalesce(sum(l.unit_price_minor), 0)
                from units u join order_lines l on l.id = u.line_id
                where u.order_id = o.id and u.status = 'completed')
             + (select coalesce(sum(r.amount_minor), 0) from refunds r where r.order_id = o.id and r.status = 'done')")
        .await;
    none(
        conn,
        "no order is open",
        "select count(*) from orders where status in ('awaiting_payment', 'processing')",
    )
    .await;
    none(conn, "nobody is called: all orders are final", "select count(*) from orders where attention").await;
    none(conn, "no refund is owed", "select count(*) from refunds where status <> 'done'").await;
    none(conn, "no job was given up", "select count(*) from jobs where dead_at is not null").await;
    // Where the upstream's order is bound, what became of the attempt that made it is of no interest any more.
    none(
        conn,
        "no attempt is open or in doubt where no upstream order is known",
        "select count(*) from attempts a join units u on u.id = a.unit_id
         where u.upstream_order_id is null
           and (a.outcome is null or (a.outcome = 'doubt' and a.settled is null))",
    )
    .await;
}

/// The ledgers were matched since everything came to rest; what is open still was found by design.
pub async fn ledgers(conn: &mut PgConnection, by_design: &[&str]) {
    let open = open_findings(conn, by_design).await;
    assert!(open.is_empty(), "the ledgers do not agree: {open:?}");
}

/// What the last matching found wrong, other than by design.
pub async fn open_findings(conn: &mut PgConnection, by_design: &[&str]) -> Vec<String> {
    let read = "select concat_ws(' ', kind, key, facts) from ledger_findings
                where closed_at is null and kind <> all($1)
                order by id";
    sqlx::query_scalar(read).bind(by_design).fetch_all(conn).await.unwrap()
}

/// Whatever was answered with 200 was stored and worked on.
pub async fn webhooks(conn: &mut PgConnection, ledger: &Ledger) {
    let read = "select delivery_id from webhook_deliveries where status in ('done', 'ignored')";
    let worked: Vec<Option<String>> = sqlx::query_scalar(read).fetch_all(&mut *conn).await.unwrap();
    let worked: BTreeSet<String> = worked.into_iter().flatten().collect();
    for delivery in ledger.webhooks.iter().filter(|one| one.state == DeliveryState::Delivered && !one.forged)
    {
        // Copies under fresh ids are told apart by their body alone.
        let id = delivery.id.to_string();
        assert!(worked.contains(&id), "webhook {id} ({}) was answered with 200 and is lost", delivery.event);
    }
    none(
        conn,
        "every webhook was worked on",
        "select count(*) from webhook_deliveries where status in ('received', 'unmatched')",
    )
    .await;
}

/// History is only added to, and tells of each end once.
pub async fn story(conn: &mut PgConnection, before: &[Happened]) {
    let told = history(conn).await;
    for line in before {
        assert!(told.contains(line), "history lost or changed a line: {line:?}");
    }
    none(conn, "each order was placed and paid once",
        "select count(*) from orders o
         where (select count(*) from order_history h where h.order_id = o.id and h.event = 'placed') <> 1
            or (select count(*) from order_history h where h.order_id = o.id and h.event in ('paid', 'reopened')) <> 1")
        .await;
    none(
        conn,
        "each unit's end is told once",
        "select count(*)
         from units u
         left join (
             select unit_id,
                    count(*) filter (where event = 'delivered') as delivered,
                    count(*) filter (where event = 'failed') as failed
             from order_history
             group by unit_id) h on h.unit_id = u.id
         where coalesce(h.delivered, 0) <> (u.status = 'completed')::int
            or coalesce(h.failed, 0) <> (u.status = 'failed')::int",
    )
    .await;
    none(
        conn,
        "each refund's beginning and end are told once",
        "select count(*) from orders o
         where (select count(*) from order_history h where h.order_id = o.id and h.event = 'refund_requested')
            <> (select count(*) from refunds r where r.order_id = o.id)
            or (select count(*) from order_history h where h.order_id = o.id and h.event = 'refunded')
            <> (select count(*) from refunds r where r.order_id = o.id)",
    )
    .await;
    // A step's time is taken before it waits for a connection and for its order's row, which may take some seconds.
    none(
        conn,
        "history is in order",
        "select count(*) from (
             select at < lag(at) over (partition by order_id order by id) - interval '10 seconds' as back
             from order_history) h
         where back",
    )
    .await;
}

/// Every mail of an order was taken at least once, and at most once more for each kill.
pub async fn mails(conn: &mut PgConnection, post: &PostOffice, recipient: &str, kills: u32) {
    let keys: Vec<String> = sqlx::query_scalar("select key from mails where recipient = $1 order by id")
        .bind(recipient)
        .fetch_all(&mut *conn)
        .await
        .unwrap();
    let taken = post.to(recipient);
    assert_eq!(taken.len(), keys.len(), "the mails {keys:?} were taken as {taken:?}");
    for (subject, times) in &taken {
        assert!(*times >= 1, "{subject} was never taken");
        // Mails are sent beside each other: one kill may fall between the sending and the note of several.
        assert!(*times <= 1 + kills, "{subject} came {times} times after {kills} kills: {taken:?}");
    }
    none(conn, "every mail left", "select count(*) from mails where sent_at is null").await;
}

/// Every mail of everybody was taken.
pub async fn all_mails(conn: &mut PgConnection, post: &PostOffice) {
    none(conn, "every mail left", "select count(*) from mails where sent_at is null").await;
    let read = "select recipient, count(*) from mails group by recipient";
    let written: Vec<(String, i64)> = sqlx::query_as(read).fetch_all(conn).await.unwrap();
    for (recipient, mails) in written {
        let taken = post.to(&recipient);
        assert_eq!(i64::try_from(taken.len()).ok(), Some(mails), "mails to {recipient}: {taken:?}");
    }
}

/// How the one order of a run ended.
pub async fn fate(conn: &mut PgConnection, fate: Fate) {
    assert_eq!(count(conn, "select count(*) from orders").await, 1, "one form is one order");
    let read = "select o.status, (select count(*) from mails where key like 'delivered:%') from orders o";
    let (status, ready): (String, i64) = sqlx::query_as(read).fetch_one(conn).await.unwrap();
    let expected = match fate {
        Fate::Delivered => ("completed".to_owned(), 1),
        Fate::Refunded => ("failed".to_owned(), 0),
        Fate::PartlyRefunded => ("completed".to_owned(), 1),
    };
    assert_eq!((status, ready), expected, "the order's end, and its mail");
}
