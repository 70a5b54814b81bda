//! What goes wrong, how often: faults of the upstream by chance, each drawn from the seed.

use rust_decimal::Decimal;
use simfront::sandbox::{Fault, Injection, Operation, OrderStatus, Running};
use time::OffsetDateTime;

/// Of a thousand purchases so many are struck. Those that cost a whole timeout, or that keep every node quiet, are rare;
/// together a bit more than three in ten.
const PURCHASES: &[(Fault, i64)] = &[
    (Fault::ResetBeforeCommit, 40),
    (Fault::ServerErrorBeforeCommit, 40),
    (Fault::BadGateway, 40),
    (Fault::SilentBeforeCommit, 4),
    (Fault::TooManyRequests, 4),
    (Fault::TokenRevoked, 8),
    (Fault::LoginRedirect, 8),
    (Fault::InsufficientBalance, 20),
    (Fault::DroppedAfterCommit, 25),
    (Fault::ResetAfterCommit, 25),
    (Fault::ResetAfterHead, 15),
    (Fault::ResetInBody, 15),
    (Fault::SilentAfterCommit, 4),
    (Fault::ServerErrorAfterCommit, 25),
    (Fault::BadGatewayAfterCommit, 25),
    (Fault::MalformedAfterCommit, 25),
    (Fault::WebhookBeforeAnswer, 20),
    (Fault::CompletesLater, 30),
    (Fault::FailsLater, 15),
    (Fault::CompletedWithoutEsim, 5),
    (Fault::StaysProcessing, 5),
];
/// Of a thousand other calls.
const READS: &[(Fault, Operation, i64)] = &[
    (Fault::BadGateway, Operation::Orders, 200),
    (Fault::ResetBeforeCommit, Operation::Orders, 100),
    (Fault::BadGateway, Operation::Order, 200),
    (Fault::ResetBeforeCommit, Operation::Order, 100),
    (Fault::BadGateway, Operation::Wallet, 300),
];
/// Of a thousand webhooks.
const WEBHOOKS: &[(Fault, i64)] = &[
    (Fault::WebhooksLost, 100),
    (Fault::WebhooksDoubled, 100),
    (Fault::WebhooksShuffled, 100),
    (Fault::WebhooksLate, 50),
    (Fault::WebhookForged, 10),
    (Fault::WebhookReplayed, 20),
];

/// Everything begins to go wrong.
pub fn storm(sandbox: &Running, seed: u64) {
    let mut number = 0;
    let mut brew = |fault: Fault, permille: i64| {
        number += 1;
        Injection {
            probability: Some(Decimal::new(permille, 3)),
            seed: Some(seed.wrapping_mul(1000).wrapping_add(number)),
            delay_ms: matches!(
                fault,
                Fault::CompletesLater | Fault::FailsLater | Fault::WebhooksShuffled | Fault::WebhooksLate
            )
            .then_some(500),
            ..Injection::of(fault)
        }
    };
    for (fault, permille) in PURCHASES.iter().chain(WEBHOOKS) {
        sandbox.inject(brew(*fault, *permille));
    }
    for (fault, operation, permille) in READS {
        sandbox.inject(brew(*fault, *permille).on(*operation));
    }
    // A list that lags, but less than a doubt must be old.
    sandbox.inject(Injection { delay_ms: Some(500), ..brew(Fault::OrdersLag, 100) });
}

/// The upstream hands out what it has owed for a while.
pub fn hand_out(sandbox: &Running, after: time::Duration) {
    let now = OffsetDateTime::now_utc();
    for order in sandbox.ledger().orders {
        let owed = order.esim.is_none() && order.status != OrderStatus::Failed && order.due.is_none();
        if owed && now - order.created_at >= after {
            sandbox.complete_order(order.id).unwrap();
        }
    }
}
