//! Many orders while everything goes wrong at once, by chance from a seed: whatever happened, each ends right.

use std::time::Duration;

use futures_util::future::join_all;
use simfront::crew;
use simfront::sandbox::{Fault, Injection, Operation, OrderStatus};

use crate::support::{FRANCE, LEASE, Plan, Stand};

const FAULTS: [Fault; 15] = [
    Fault::ServerErrorBeforeCommit,
    Fault::BadGateway,
    Fault::TooManyRequests,
    Fault::TokenRevoked,
    Fault::LoginRedirect,
    Fault::InsufficientBalance,
    Fault::DroppedAfterCommit,
    Fault::ServerErrorAfterCommit,
    Fault::BadGatewayAfterCommit,
    Fault::MalformedAfterCommit,
    Fault::WebhookBeforeAnswer,
    Fault::CompletedWithoutEsim,
    Fault::StaysProcessing,
    Fault::WebhooksDoubled,
    Fault::WebhookForged,
];

fn chance(fault: Fault, seed: u64, percent: i64) -> Injection {
    let probability = Some(rust_decimal::Decimal::new(percent, 2));
    Injection { times: None, probability, seed: Some(seed), ..Injection::times(fault, 0) }
}

/// Two nodes work on whatever is due, at the same time.
async fn work(stand: &Stand) {
    let crews = [crew::crew(&stand.shop), crew::crew(&stand.second_node().0)];
    for ran in join_all(crews.iter().map(|crew| crew.drain(LEASE))).await {
        ran.unwrap();
    }
}

async fn storm(seed: u64) {
    let patience = Duration::from_secs(2);
    let stand = Stand::with(Plan { webhooks: true, patience, ..Plan::default() }).await;
    for (n, fault) in (0..).zip(FAULTS) {
        stand.sandbox.inject(chance(fault, seed * 100 + n, 8));
    }
    // Each silence costs the test the shop's whole patience.
    for fault in [Fault::SilentBeforeCommit, Fault::SilentAfterCommit] {
        stand.sandbox.inject(Injection { times: Some(1), ..chance(fault, seed, 20) });
    }
    stand.sandbox.inject(chance(Fault::BadGateway, seed + 7, 30).on(Operation::Orders));
    stand.sandbox.inject(chance(Fault::BadGateway, seed + 8, 30).on(Operation::Order));
    stand.sandbox.inject(chance(Fault::BadGateway, seed + 9, 30).on(Operation::Wallet));
    let mut tokens = Vec::new();
    for n in 0..8 {
        let pay = stand.order(FRANCE, 1 + n % 3).await;
        let outcome = ["pay", "pay", "twice", "late"][usize::try_from(n % 4).unwrap()];
        tokens.push(stand.answer(&pay, outcome).await);
        work(&stand).await;
    }
    for _ in 0..20 {
        stand.shop.clock.advance(time::Duration::seconds(45));
        work(&stand).await;
    }
    // The weather clears, and upstream ends what it still had in work.
    stand.sandbox.clear_faults();
    for order in stand.ledger().orders {
        if order.status != OrderStatus::Failed && order.esim.is_none() {
            stand.sandbox.complete_order(order.id).unwrap();
        }
    }
    for _ in 0..30 {
        stand.shop.clock.advance(time::Duration::seconds(60));
        work(&stand).await;
    }
    for token in &tokens {
        let (status, payment) = stand.state(token).await;
        let ended = matches!(
            (status.as_str(), payment.as_str()),
            ("completed", "paid" | "partially_refunded") | ("failed", "refunded")
        );
        assert!(ended, "seed {seed}: {status} {payment}");
    }
    assert_eq!(stand.count("select count(*) from refunds where status <> 'done'").await, 0);
    assert_eq!(stand.count("select count(*) from mails where sent_at is null").await, 0);
    stand.end().await;
}

#[tokio::test]
async fn in_a_storm_of_faults_every_unit_is_bought_at_most_once_and_ends_delivered_or_refunded() {
    storm(1).await;
}

#[tokio::test]
async fn in_another_storm_too() {
    storm(2).await;
}
