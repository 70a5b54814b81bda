//! What goes wrong, how often: faults of the upstream by chance, each drawn from the seed.

use rust_decimal::Decimal;
use simfront::sandbox::{Fault, Injection, Operation, OrderStatus, Running};
use time::OffsetDateTime;

/// Of a thousand purchases so many fail or are lied about: each is drawn for what those before it left over. Those that
/// cost a whole timeout, or that keep every node quiet, are rare; together well over three in ten.
const PURCHASES: &[(Fault, i64)] = &[
    (Fault::ResetBeforeCommit, 70),
    (Fault::ServerErrorBeforeCommit, 70),
    (Fault::BadGateway, 70),
    (Fault::SilentBeforeCommit, 4),
    (Fault::TooManyRequests, 4),
    (Fault::TokenRevoked, 8),
    (Fault::LoginRedirect, 8),
    (Fault::InsufficientBalance, 20),
    (Fault::DroppedAfterCommit, 40),
    (Fault::ResetAfterCommit, 40),
    (Fault::ResetAfterHead, 30),
    (Fault::ResetInBody, 30),
    (Fault::SilentAfterCommit, 4),
    (Fault::ServerErrorAfterCommit, 40),
    (Fault::BadGatewayAfterCommit, 40),
    (Fault::MalformedAfterCommit, 40),
];
/// Of a thousand orders so many go on in another way than at once; the calls are answered, and truly.
const COURSES: &[(Fault, i64)] = &[
    (Fault::CompletesLater, 30),
    (Fault::FailsLater, 15),
    (Fault::CompletedWithoutEsim, 5),
    (Fault::StaysProcessing, 5),
];
/// Of a thousand other calls.
const READS: &[(Fault, Operation, i64)] = &[
    (Fault::BadGateway, Operation::Orders, 250),
    (Fault::ResetBeforeCommit, Operation::Orders, 200),
    (Fault::BadGateway, Operation::Order, 250),
    (Fault::ResetBeforeCommit, Operation::Order, 200),
    (Fault::BadGateway, Operation::Wallet, 400),
];
/// Of a thousand webhooks.
const WEBHOOKS: &[(Fault, i64)] = &[
    (Fault::WebhookBeforeAnswer, 20),
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
    for (fault, permille) in PURCHASES.iter().chain(COURSES).chain(WEBHOOKS) {
        sandbox.inject(brew(*fault, *permille));
    }
    for (fault, operation, permille) in READS {
        sandbox.inject(brew(*fault, *permille).on(*operation));
    }
    // A list that lags, but less than a doubt must be old.
    sandbox.inject(Injection { delay_ms: Some(500), ..brew(Fault::OrdersLag, 100) });
}

/// Whether a call that it strikes fails, or is answered with something that is not so.
pub fn fails_or_lies(fault: Fault) -> bool {
    PURCHASES.iter().any(|(one, _)| *one == fault) || READS.iter().any(|(one, ..)| *one == fault)
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
