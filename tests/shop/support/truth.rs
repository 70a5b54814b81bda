//! What must hold whatever happened: the shop's tables against the sandbox's ledger.

use std::collections::BTreeMap;

use super::Stand;

#[derive(sqlx::FromRow)]
struct Unit {
    external_order_id: String,
    status: String,
    upstream_order_id: Option<i64>,
    activation_code: Option<String>,
    refunds: i64,
    gift: bool,
}

/// One purchase a unit, the very eSIM that was bought, a refund for each failure, and never more back than came in.
pub async fn check(stand: &Stand) {
    let ledger = stand.ledger();
    let mut purchases = BTreeMap::new();
    for order in &ledger.orders {
        let name = order.external_order_id.clone().expect("every purchase has a name");
        assert!(purchases.insert(name.clone(), order).is_none(), "{name} was bought twice");
    }
    assert_eq!(ledger.debits().len(), ledger.orders.len(), "one debit a purchase");
    let units: Vec<Unit> = sqlx::query_as(
        "select u.external_order_id, u.status, u.upstream_order_id, e.activation_code,
                (select count(*) from refunds r where r.unit_id = u.id) as refunds,
                o.replaces_unit_id is not null as gift
         from units u
         join orders o on o.id = u.order_id
         left join esims e on e.id = u.esim_id",
    )
    .fetch_all(&stand.shop.db)
    .await
    .unwrap();
    for unit in &units {
        let bought = purchases.remove(&unit.external_order_id);
        let name = &unit.external_order_id;
        match unit.status.as_str() {
            "completed" => {
                let bought = bought.unwrap_or_else(|| panic!("{name} is completed, but was never bought"));
                let true_code = bought.esim.as_ref().map(|esim| esim.qr_code.clone());
                assert_eq!(unit.activation_code, true_code, "{name} shows what was bought");
                assert_eq!(unit.upstream_order_id, i64::try_from(bought.id).ok(), "{name}");
                assert_eq!(unit.refunds, 0, "{name} was delivered and refunded");
            }
            "failed" if unit.gift => assert_eq!(unit.refunds, 0, "{name} was given away: nothing goes back"),
            "failed" => assert_eq!(unit.refunds, 1, "{name} failed, so it is refunded once"),
            _ => assert_eq!(unit.refunds, 0, "{name} is open and refunded"),
        }
    }
    assert!(purchases.is_empty(), "bought for nobody: {:?}", purchases.keys());
    money(stand).await;
}

async fn money(stand: &Stand) {
    let wrong = stand
        .count(
            "select count(*)
             from payments p
             where p.refunded_minor <> (
                       select coalesce(sum(r.amount_minor), 0) from refunds r where r.payment_id = p.id)
                or p.refunded_minor > p.amount_minor",
        )
        .await;
    assert_eq!(wrong, 0, "what went back adds up, and is no more than came in");
    let unpaid = stand
        .count(
            "select count(*)
             from units u
             join orders o on o.id = u.order_id
             where u.status not in ('pending') and o.paid_at is null",
        )
        .await;
    assert_eq!(unpaid, 0, "nothing is bought for an order that is not paid");
    let backwards = stand
        .count(
            "select count(*)
             from units u
             join orders o on o.id = u.order_id
             where o.status in ('completed', 'failed') and u.status not in ('completed', 'failed')",
        )
        .await;
    assert_eq!(backwards, 0, "an order that is final has no unit that is not");
}
