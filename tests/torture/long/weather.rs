//! What goes wrong, how often: faults of the upstream by chance, each drawn from the seed.

use rust_decimal::Decimal;
use simfront::sandbox::{Fault, Injection, Operation, OrderStatus, Running};
use time::OffsetDateTime;

use super::dice::Dice;
use crate::stripe::post::Mishap;
use crate::stripe::{self, Weather};

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
    (Fault::FailsLater, 50),
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

/// Of a thousand calls that change something at Stripe.
const CHARGES: &[(stripe::Fault, u64)] = &[
    (stripe::Fault::LoseAnswer, 100),
    (stripe::Fault::LoseRequest, 60),
    (stripe::Fault::Status(500), 60),
    (stripe::Fault::Status(503), 40),
    (stripe::Fault::Status(429), 20),
    (stripe::Fault::Silence, 20),
];
/// Of a thousand calls that only read there.
const LOOKS: &[(stripe::Fault, u64)] = &[
    (stripe::Fault::LoseRequest, 80),
    (stripe::Fault::Status(500), 80),
    (stripe::Fault::Status(503), 40),
    (stripe::Fault::Silence, 5),
];
/// Of a thousand of its events.
const EVENTS: &[(Mishap, u64)] = &[(Mishap::Lost, 150), (Mishap::Doubled, 150), (Mishap::Late, 300)];

/// One of a table, or nothing, as the dice fall.
fn drawn<T: Copy>(dice: &mut Dice, table: &[(T, u64)]) -> Option<T> {
    let mut fallen = dice.below(1000);
    table.iter().find_map(|(one, permille)| match fallen.checked_sub(*permille) {
        Some(rest) => {
            fallen = rest;
            None
        }
        None => Some(*one),
    })
}

/// What goes wrong at Stripe.
pub fn at_the_bank(seed: u64) -> Weather {
    let (mut calls, mut events) = (Dice::of(seed, 2), Dice::of(seed, 3));
    Weather {
        calls: Box::new(move |method| drawn(&mut calls, if method == "POST" { CHARGES } else { LOOKS })),
        events: Box::new(move || drawn(&mut events, EVENTS)),
    }
}

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
