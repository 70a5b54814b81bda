//! The desk against the sandbox, which keeps the ledger of what was really sold.

use rust_decimal::Decimal;
use simfront::esimdual::{Answer, NewOrder, OrderStatus};
use simfront::sandbox::{self, Fault, Injection, Operation};

use crate::support::{Database, ORDER, client, clock, login, word};

#[tokio::test]
async fn a_purchase_repeated_under_its_key_is_one_purchase() {
    let db = Database::new().await;
    let upstream = sandbox::start(sandbox::Settings::for_tests()).await.unwrap();
    let client = client(&upstream.base_url(), login(), db.pool.clone(), &clock());
    assert_eq!(word(&client.ping().await), "done");
    let Answer::Done(account) = client.me().await else { panic!("done") };
    assert_eq!(account.currency.as_deref(), Some("USD"));
    let Answer::Done(before) = client.wallet().await else { panic!("done") };
    let Answer::Done(bought) = client.place_order(&ORDER).await else { panic!("done") };
    let Answer::Done(again) = client.place_order(&ORDER).await else { panic!("done") };
    assert_eq!((bought.id, bought.esim.clone()), (again.id, again.esim));
    assert_eq!(bought.status, OrderStatus::Completed);
    assert_eq!(bought.external_order_id.as_deref(), Some(ORDER.external_order_id));
    assert!(bought.esim.unwrap().qr_code.unwrap().starts_with("LPA:1$"));
    let Answer::Done(after) = client.wallet().await else { panic!("done") };
    assert_eq!(before.balance - after.balance, Decimal::new(42, 1));
    assert_eq!(bought.price, Some(Decimal::new(42, 1)));
    let Answer::Done(shown) = client.order(bought.id).await else { panic!("done") };
    assert_eq!(shown.package_id, Some(1120));
    let Answer::Done(listing) = client.orders().await else { panic!("done") };
    assert_eq!((listing.orders.len(), listing.unreadable), (1, 0));
    assert_eq!(upstream.ledger().purchases_of(ORDER.external_order_id).len(), 1);
    upstream.stop().await;
    db.drop().await;
}

#[tokio::test]
async fn definite_refusals_and_a_revoked_token() {
    let db = Database::new().await;
    let upstream = sandbox::start(sandbox::Settings::for_tests()).await.unwrap();
    let client = client(&upstream.base_url(), login(), db.pool.clone(), &clock());
    let unknown = NewOrder { package_id: 999_999, ..ORDER };
    assert_eq!(word(&client.place_order(&unknown).await), "refused");
    assert_eq!(word(&client.package(999_999).await), "refused");
    upstream.set_balance(Decimal::ONE).unwrap();
    let poor = NewOrder { idempotency_key: "key-2", ..ORDER };
    let Answer::Refused(refusal) = client.place_order(&poor).await else { panic!("refused") };
    assert_eq!(refusal.http_status, 422);
    upstream.set_balance(Decimal::ONE_HUNDRED).unwrap();
    upstream.revoke_tokens().unwrap();
    let rich = NewOrder { idempotency_key: "key-3", ..ORDER };
    assert_eq!(word(&client.place_order(&rich).await), "done");
    assert_eq!(upstream.ledger().calls_of(Operation::Login), 2);
    assert_eq!(upstream.ledger().purchases_of(ORDER.external_order_id).len(), 1);
    upstream.stop().await;
    db.drop().await;
}

#[tokio::test]
async fn after_every_fault_the_list_tells_what_was_bought_and_the_key_keeps_it_one() {
    let table = [
        (Fault::SilentBeforeCommit, "doubt", 0),
        (Fault::ServerErrorBeforeCommit, "doubt", 0),
        (Fault::BadGateway, "doubt", 0),
        (Fault::LoginRedirect, "doubt", 0),
        (Fault::AccountDisabled, "later", 0),
        (Fault::InsufficientBalance, "refused", 0),
        (Fault::PackageGone, "refused", 0),
        // The token is renewed and the request repeated, within the one call.
        (Fault::TokenRevoked, "done", 1),
        (Fault::SilentAfterCommit, "doubt", 1),
        (Fault::DroppedAfterCommit, "doubt", 1),
        (Fault::ServerErrorAfterCommit, "doubt", 1),
        (Fault::BadGatewayAfterCommit, "doubt", 1),
        (Fault::MalformedAfterCommit, "doubt", 1),
        (Fault::CompletedWithoutEsim, "done", 1),
        (Fault::FailsLater, "done", 1),
    ];
    let db = Database::new().await;
    for (fault, wanted, bought) in table {
        let upstream = sandbox::start(sandbox::Settings::for_tests()).await.unwrap();
        let client = client(&upstream.base_url(), login(), db.pool.clone(), &clock());
        assert_eq!(word(&client.wallet().await), "done");
        upstream.inject(Injection::times(fault, 1).on(Operation::CreateOrder));
        let answer = client.place_order(&ORDER).await;
        assert_eq!(word(&answer), wanted, "{fault:?}: {answer:?}");
        let Answer::Done(listing) = client.orders().await else { panic!("{fault:?}") };
        let ours = |order: &&simfront::esimdual::Order| {
            order.external_order_id.as_deref() == Some(ORDER.external_order_id)
        };
        assert_eq!(listing.orders.iter().filter(ours).count(), bought, "{fault:?}");
        if wanted == "doubt" {
            assert_eq!(word(&client.place_order(&ORDER).await), "done", "{fault:?}, the same key again");
            assert_eq!(upstream.ledger().purchases_of(ORDER.external_order_id).len(), 1, "{fault:?}");
        }
        upstream.stop().await;
    }
    db.drop().await;
}
