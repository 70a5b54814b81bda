//! What webhooks do to orders, whatever their senders and the network do to them.

use axum::body::Body;
use axum::http::{Request, header};
use futures_util::future::join_all;
use serde_json::json;
use simfront::crew;
use simfront::sandbox::{DeliveryState, Fault, Injection, OrderMode};

use crate::support::post::{PING, deliver, made_of, post, signed, stored, two_events};
use crate::support::{FRANCE, LEASE, Plan, Stand};

#[tokio::test]
async fn f52_a_webhook_that_comes_before_the_answer_is_the_same_purchase() {
    let stand = Stand::with_webhooks().await;
    stand.sandbox.inject_once(Fault::WebhookBeforeAnswer);
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(made_of(&stand).await, ["done"]);
    assert_eq!(stand.count("select count(*) from order_history where event = 'delivered'").await, 1);
    stand.end().await;
}

#[tokio::test]
async fn f52_a_webhook_delivers_while_the_answer_never_comes() {
    let patience = std::time::Duration::from_secs(60);
    let mut stand = Stand::with(Plan { webhooks: true, patience, ..Plan::default() }).await;
    stand.sandbox.inject_once(Fault::WebhookBeforeAnswer);
    stand.sandbox.inject_once(Fault::SilentAfterCommit);
    let token = stand.buy(FRANCE, 1).await;
    let asking = {
        let crew = crew::crew(&stand.shop);
        tokio::spawn(async move { crew.drain(LEASE).await.unwrap() })
    };
    stand.handed_over(1).await;
    stand.drain().await;
    assert!(!asking.is_finished(), "the purchase is still waiting for its answer");
    assert_eq!(stand.units(&token).await, ["completed"]);
    let port = stand.upstream_goes_away().await;
    asking.await.unwrap();
    stand.upstream_comes_back(port).await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.mails().len(), 2, "told once that it is there");
    stand.end().await;
}

#[tokio::test]
async fn f54_fifty_duplicates_at_once_deliver_once() {
    let (stand, token, [_, completed]) = two_events().await;
    let ids: Vec<String> =
        (0..50).map(|n| if n % 2 == 0 { "same".to_owned() } else { format!("fresh-{n}") }).collect();
    let answers = join_all(ids.iter().map(|id| deliver(&stand, id, &completed))).await;
    assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    assert_eq!(stored(&stand).await, 26);
    let crews: Vec<_> = (0..3).map(|_| crew::crew(&stand.shop)).collect();
    join_all(crews.iter().map(|crew| crew.drain(LEASE)))
        .await
        .into_iter()
        .for_each(|ran| assert!(ran.is_ok()));
    stand.pass(30).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert!(made_of(&stand).await.iter().all(|status| status == "done"));
    assert_eq!(stand.count("select count(*) from esims").await, 1);
    assert_eq!(stand.count("select count(*) from order_history where event = 'delivered'").await, 1);
    assert_eq!(stand.mails().len(), 2);
    stand.end().await;
}

#[tokio::test]
async fn f55_events_out_of_order_never_lead_backwards() {
    let (stand, token, [processing, completed]) = two_events().await;
    assert_eq!(deliver(&stand, "2", &completed).await, 200);
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["completed"]);
    assert_eq!(deliver(&stand, "1", &processing).await, 200);
    let failed =
        completed.replace("order.completed", "order.failed").replace(r#""completed""#, r#""failed""#);
    assert_eq!(deliver(&stand, "3", &failed).await, 200);
    stand.pass(120).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.count("select count(*) from refunds").await, 0);
    stand.end().await;
}

#[tokio::test]
async fn f40_a_failure_that_only_a_webhook_tells_of_is_checked_upstream_before_money_goes_back() {
    let (stand, token, [processing, _]) = two_events().await;
    let failed =
        processing.replace("order.processing", "order.failed").replace(r#""processing""#, r#""failed""#);
    assert_eq!(deliver(&stand, "lie", &failed).await, 200);
    stand.pass(30).await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()), "upstream it is completed");
    stand.end().await;
}

#[tokio::test]
async fn f59_a_replay_under_a_fresh_id_changes_nothing() {
    let (stand, token, [_, completed]) = two_events().await;
    for id in ["first", "replay-1", "replay-2"] {
        assert_eq!(deliver(&stand, id, &completed).await, 200);
        stand.drain().await;
    }
    stand.shop.clock.advance(time::Duration::days(3));
    assert_eq!(deliver(&stand, "days later", &completed).await, 200);
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    assert_eq!(stand.count("select count(*) from order_history where event = 'delivered'").await, 1);
    stand.end().await;
}

#[tokio::test]
async fn f65_f66_unknown_events_and_foreign_orders_are_stored_for_staff_and_change_nothing() {
    let stand = Stand::new().await;
    let token = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    let event = |name: &str, order: &str| {
        json!({ "event": name, "order": { "id": 77, "external_order_id": order, "status": "completed",
            "currency": "USD", "price": 4.2 }, "package": { "id": FRANCE } })
        .to_string()
    };
    assert_eq!(deliver(&stand, "a", &event("order.teleported", "SF-AAAAAAAA-1-1")).await, 200);
    assert_eq!(deliver(&stand, "b", &event("order.completed", "another shop's 17")).await, 200);
    assert_eq!(deliver(&stand, "c", &event("order.completed", "SF-22222222-1-1")).await, 200);
    assert_eq!(deliver(&stand, "d", r#"{"event":"order.completed"}"#).await, 200);
    assert_eq!(deliver(&stand, "e", PING).await, 200);
    stand.pass(660).await;
    assert_eq!(made_of(&stand).await, ["ignored", "unmatched", "unmatched", "unmatched", "done"]);
    let cookie = stand.owner().await;
    let request = Request::get("/admin/webhooks").header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    let page = stand.ask(request).await;
    assert!(page.body.contains("order.teleported"), "{}", page.body);
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn a_report_about_a_unit_that_was_never_paid_for_delivers_nothing_and_calls_a_person() {
    let stand = Stand::new().await;
    let pay = stand.order(FRANCE, 1).await;
    let name = stand.texts("select external_order_id from units").await.remove(0);
    for status in ["processing", "completed", "failed"] {
        let body = json!({ "event": format!("order.{status}"),
            "order": { "id": 77, "external_order_id": name, "status": status, "currency": "USD", "price": 4.2 },
            "package": { "id": FRANCE },
            "esim": { "id": 5, "iccid": "8988207000000000001", "qr_code": "LPA:1$rsp.example.com$GIFT" } });
        assert_eq!(deliver(&stand, status, &body.to_string()).await, 200);
        stand.drain().await;
        assert_eq!(stand.texts("select status from units").await, ["pending"], "{status}");
    }
    let token = stand.texts("select token from orders").await.remove(0);
    assert_eq!(stand.state(&token).await, ("awaiting_payment".into(), "pending".into()));
    assert_eq!(stand.order_json(&token).await["attention"], true);
    stand.answer(&pay, "pay").await;
    stand.drain().await;
    assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()));
    stand.end().await;
}

#[tokio::test]
async fn a_report_of_another_package_is_held_until_the_upstreams_own_answer() {
    let (stand, token, [_, completed]) = two_events().await;
    let other = completed.replace(&format!(r#""package":{{"id":{FRANCE}"#), r#""package":{"id":1121"#);
    assert_ne!(other, completed);
    assert_eq!(deliver(&stand, "other", &other).await, 200);
    stand.drain().await;
    let order = stand.order_json(&token).await;
    // The hold asks the upstream at once, whose own answer is right; a person looks all the same.
    assert_eq!((&order["status"], &order["attention"]), (&json!("completed"), &json!(true)));
    assert_eq!(stand.count("select count(*) from order_history where event = 'held'").await, 1);
    assert_eq!(stand.count("select count(*) from refunds").await, 0);
    stand.end().await;
}

#[tokio::test]
async fn one_esim_is_never_handed_to_two_customers() {
    let (stand, token, [_, completed]) = two_events().await;
    assert_eq!(deliver(&stand, "first", &completed).await, 200);
    stand.drain().await;
    assert_eq!(stand.units(&token).await, ["completed"]);
    stand.sandbox.inject_once(Fault::StaysProcessing);
    stand.sandbox.inject(Injection::times(Fault::WebhooksLost, 10));
    let second = stand.buy(FRANCE, 1).await;
    stand.drain().await;
    let ledger = stand.ledger();
    let (one, two) = (&ledger.orders[0], &ledger.orders[1]);
    // The first one's eSIM under the second one's name.
    let stolen = completed
        .replace(&one.id.to_string(), &two.id.to_string())
        .replace(one.external_order_id.as_deref().unwrap(), two.external_order_id.as_deref().unwrap());
    assert_eq!(deliver(&stand, "stolen", &stolen).await, 200);
    stand.drain().await;
    assert_eq!(stand.units(&second).await, ["on_hold"]);
    let view = stand.order_json(&second).await;
    assert_eq!((&view["attention"], &view["lines"][0]["units"][0]["esim"]), (&true.into(), &json!(null)));
    assert_eq!(stand.count("select count(*) from esims").await, 1);
    stand.end().await;
}

#[tokio::test]
async fn f53_an_answer_that_its_webhook_overtook_overwrites_nothing() {
    let stand = Stand::with_webhooks().await;
    stand.sandbox.set_mode(OrderMode::Processing);
    let mut overtaken = 0;
    for (orders, delay) in (1..).zip(["1", "5", "20", "50", "100", "1500"]) {
        stand.sandbox.inject(Injection::of(Fault::LateAnswer).with("delay_ms", delay).unwrap());
        let token = stand.buy(FRANCE, 1).await;
        let asking = {
            let crew = crew::crew(&stand.shop);
            tokio::spawn(async move { crew.drain(LEASE).await.unwrap() })
        };
        stand.eventually("it is bought", || stand.ledger().orders.len() == orders).await;
        // The answer on its way says "processing", as it was when it was written.
        stand.sandbox.complete_order(stand.ledger().orders[orders - 1].id).unwrap().unwrap();
        stand.handed_over(2 * orders).await;
        stand.drain().await;
        overtaken += usize::from(!asking.is_finished() && stand.units(&token).await == ["completed"]);
        asking.await.unwrap();
        stand.drain().await;
        assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()), "{delay} ms");
    }
    assert!(overtaken > 0, "at least the slowest answer came after its webhook was worked on");
    let backwards = "select count(*)
                     from order_history later
                     join order_history delivered on delivered.unit_id = later.unit_id
                     where delivered.event = 'delivered'
                       and later.event in ('bound', 'held', 'delivered')
                       and later.id > delivered.id";
    assert_eq!(stand.count(backwards).await, 0);
    stand.end().await;
}

#[tokio::test]
async fn f55_every_order_of_the_same_events_ends_the_same() {
    let stand = Stand::with_webhooks().await;
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        stand.sandbox.inject(Injection::times(Fault::WebhooksLost, 2));
        stand.sandbox.inject_once(Fault::StaysProcessing);
        let token = stand.buy(FRANCE, 1).await;
        stand.drain().await;
        stand.sandbox.complete_order(stand.ledger().orders.last().unwrap().id).unwrap().unwrap();
        let mut bodies: Vec<_> = stand.ledger().webhooks.into_iter().map(|webhook| webhook.body).collect();
        let completed = bodies.pop().unwrap();
        let processing = bodies.pop().unwrap();
        let failed =
            completed.replace("order.completed", "order.failed").replace(r#""completed""#, r#""failed""#);
        let events = [processing, completed, failed];
        for which in order {
            assert_eq!(
                deliver(&stand, &format!("{order:?}{which}").replace(' ', ""), &events[which]).await,
                200
            );
            stand.drain().await;
        }
        stand.pass(60).await;
        assert_eq!(stand.state(&token).await, ("completed".into(), "paid".into()), "{order:?}");
    }
    assert_eq!(stand.count("select count(*) from refunds").await, 0);
    assert_eq!(stand.count("select count(*) from esims").await, 6);
    assert_eq!(stand.mails().len(), 12, "each paid once and delivered once");
    stand.end().await;
}

#[tokio::test]
async fn f59_every_captured_webhook_again_in_any_order_changes_nothing() {
    let stand = Stand::with_webhooks().await;
    for fault in [None, Some(Fault::StaysProcessing), Some(Fault::FailsLater), None] {
        fault.into_iter().for_each(|fault| stand.sandbox.inject_once(fault));
        stand.buy(FRANCE, 1).await;
        stand.drain().await;
        if fault == Some(Fault::StaysProcessing) {
            stand.sandbox.complete_order(stand.ledger().orders.last().unwrap().id).unwrap().unwrap();
        }
        stand.pass(60).await;
    }
    stand
        .eventually("every webhook is handed over", || {
            stand.ledger().webhooks.iter().all(|webhook| webhook.state == DeliveryState::Delivered)
        })
        .await;
    stand.pass(60).await;
    let truth = async || {
        stand
            .texts(
                "select concat_ws(' ', u.external_order_id, u.status, u.esim_id, o.status, o.payment_status,
                                  (select count(*) from refunds r where r.unit_id = u.id),
                                  (select count(*) from order_history h where h.unit_id = u.id))
                 from units u
                 join orders o on o.id = u.order_id
                 order by u.id",
            )
            .await
    };
    let (before, mails) = (truth().await, stand.mails().len());
    let captured: Vec<_> = stand.ledger().webhooks.into_iter().map(|webhook| webhook.body).collect();
    assert!(captured.len() >= 5, "{}", captured.len());
    stand.shop.clock.advance(time::Duration::days(1));
    // Twice over, in two drawn orders, under fresh ids and with a header that says something else.
    for (round, step) in [(0, 3), (1, 7)] {
        for n in 0..captured.len() {
            let body = &captured[(n * step + round) % captured.len()];
            let (signature, id) = (signed(body), format!("replay-{round}-{n}"));
            let headers = [
                ("x-esimdual-signature", signature.as_str()),
                ("x-esimdual-delivery", id.as_str()),
                ("x-esimdual-event", "order.failed"),
            ];
            assert_eq!(post(&stand, &headers, body.clone()).await.status.as_u16(), 200);
        }
        stand.drain().await;
    }
    assert_eq!(truth().await, before);
    assert_eq!(stand.mails().len(), mails);
    stand.end().await;
}
