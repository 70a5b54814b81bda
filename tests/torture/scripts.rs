//! What goes on while the program is killed: the happy path, and the ways in which the upstream misbehaves.

use rust_decimal::Decimal;
use serde_json::Value;
use simfront::sandbox::{Fault, Injection, OrderStatus, Running};

use crate::stripe::post::Mishap;
use crate::stripe::{self, Stripe, Weather};

/// Which part of the shop's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// Somebody buys one eSIM; the trap is armed from the post of the form on.
    Purchase,
    /// The program starts and finds that the catalog changed; armed from the start on.
    Sync,
    /// The program starts on an empty database; armed from the start on.
    FirstStart,
}

/// How the order ends, whatever happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Delivered,
    Refunded,
    /// One of its two units goes back: twice that is still no more than was paid, so that nobody outside would refuse it.
    PartlyRefunded,
}

/// How the customer pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pays {
    /// At the test payment's page: what the bank answers.
    Test(&'static str),
    /// At Stripe's page: whether the browser comes back from it.
    ByCard { returns: bool },
}

impl Pays {
    /// The form's word for it.
    pub fn method(self) -> &'static str {
        match self {
            Self::Test(_) => "test",
            Self::ByCard { .. } => "stripe",
        }
    }
}

pub struct Script {
    pub name: &'static str,
    pub scene: Scene,
    pub fate: Fate,
    /// How many eSIMs are bought.
    pub quantity: usize,
    pub pays: Pays,
    /// Done before the form is posted.
    pub prepare: fn(&Running),
    /// Done when the order stands, before it is paid.
    pub placed: fn(&Running),
    /// What Stripe does besides.
    pub bank: fn(&Stripe),
    /// Done again and again while the order is open, with the order as its page shows it: what the owner or the
    /// upstream does at last.
    pub help: fn(&Running, &Value),
    /// The kinds of findings that stay open in the books, because what the script does is one.
    pub finds: &'static [&'static str],
}

/// The happy path.
const HAPPY: Script = Script {
    name: "happy",
    scene: Scene::Purchase,
    fate: Fate::Delivered,
    quantity: 1,
    pays: Pays::Test("pay"),
    prepare: |_| {},
    placed: |_| {},
    bank: |_| {},
    help: |_, _| {},
    finds: &[],
};

pub const SCRIPTS: &[Script] = &[
    HAPPY,
    Script { name: "processing", prepare: |sandbox| later(sandbox, Fault::CompletesLater), ..HAPPY },
    Script {
        name: "fails-later",
        fate: Fate::Refunded,
        prepare: |sandbox| later(sandbox, Fault::FailsLater),
        ..HAPPY
    },
    Script {
        name: "silence-after-commit",
        prepare: |sandbox| sandbox.inject_once(Fault::SilentAfterCommit),
        ..HAPPY
    },
    Script {
        name: "reset-after-commit",
        prepare: |sandbox| sandbox.inject_once(Fault::ResetAfterCommit),
        ..HAPPY
    },
    Script {
        name: "500-after-commit",
        prepare: |sandbox| sandbox.inject_once(Fault::ServerErrorAfterCommit),
        ..HAPPY
    },
    Script {
        name: "reset-before-commit",
        prepare: |sandbox| sandbox.inject_once(Fault::ResetBeforeCommit),
        ..HAPPY
    },
    Script { name: "429", prepare: |sandbox| sandbox.inject_once(Fault::TooManyRequests), ..HAPPY },
    Script { name: "token-revoked", prepare: |sandbox| sandbox.inject_once(Fault::TokenRevoked), ..HAPPY },
    Script {
        name: "without-esim",
        prepare: |sandbox| sandbox.inject_once(Fault::CompletedWithoutEsim),
        help: |sandbox, order| {
            if ["processing", "on_hold"].contains(&unit(order)) {
                complete_all(sandbox);
            }
        },
        ..HAPPY
    },
    Script {
        name: "webhooks-lost",
        prepare: |sandbox| {
            sandbox.inject(Injection::times(Fault::WebhooksLost, 20));
            later(sandbox, Fault::CompletesLater);
        },
        ..HAPPY
    },
    Script {
        name: "webhooks-doubled",
        prepare: |sandbox| {
            sandbox.inject(Injection::times(Fault::WebhooksDoubled, 20));
            later(sandbox, Fault::CompletesLater);
        },
        ..HAPPY
    },
    Script {
        name: "webhook-first",
        prepare: |sandbox| sandbox.inject_once(Fault::WebhookBeforeAnswer),
        ..HAPPY
    },
    Script {
        name: "no-balance",
        // The wallet is emptied by a debit that is for no purchase; a shop that knew it before would sell nothing.
        finds: &["debit_surplus"],
        placed: |sandbox| sandbox.set_balance(Decimal::ZERO).unwrap(),
        help: |sandbox, order| {
            if unit(order) == "on_hold" {
                sandbox.set_balance(Decimal::from(1000)).unwrap();
            }
        },
        ..HAPPY
    },
    Script {
        name: "package-gone",
        fate: Fate::Refunded,
        prepare: |sandbox| sandbox.inject(Injection::times(Fault::PackageGone, 50)),
        ..HAPPY
    },
    Script { name: "paid-twice", pays: Pays::Test("twice"), ..HAPPY },
    Script { name: "paid-late", pays: Pays::Test("late"), ..HAPPY },
    Script { name: "stripe-happy", pays: Pays::ByCard { returns: true }, ..HAPPY },
    // Neither a browser nor an event tells of the payment.
    Script {
        name: "stripe-never-told",
        pays: Pays::ByCard { returns: false },
        bank: |stripe| {
            let events = || Some(Mishap::Lost);
            stripe.set_weather(Some(Weather { calls: Box::new(|_| None), events: Box::new(events) }));
        },
        ..HAPPY
    },
    Script {
        name: "stripe-refund-of-a-failed-unit",
        pays: Pays::ByCard { returns: false },
        fate: Fate::PartlyRefunded,
        quantity: 2,
        prepare: |sandbox| later(sandbox, Fault::FailsLater),
        ..HAPPY
    },
    Script {
        name: "stripe-answers-lost",
        pays: Pays::ByCard { returns: true },
        fate: Fate::PartlyRefunded,
        quantity: 2,
        prepare: |sandbox| later(sandbox, Fault::FailsLater),
        bank: |stripe| {
            stripe.fault("/v1/checkout/sessions", stripe::Fault::LoseAnswer);
            stripe.fault("/v1/refunds", stripe::Fault::LoseAnswer);
            stripe.fault("/v1/refunds", stripe::Fault::Status(503));
        },
        ..HAPPY
    },
    // The key keeps the 500: only what Stripe lists tells that the money went back.
    Script {
        name: "stripe-refund-500-kept",
        pays: Pays::ByCard { returns: false },
        fate: Fate::PartlyRefunded,
        quantity: 2,
        prepare: |sandbox| later(sandbox, Fault::FailsLater),
        bank: |stripe| stripe.fault("/v1/refunds", stripe::Fault::Keep500),
        ..HAPPY
    },
    Script { name: "sync", scene: Scene::Sync, ..HAPPY },
    Script { name: "first-start", scene: Scene::FirstStart, ..HAPPY },
];

pub fn named(name: &str) -> &'static Script {
    SCRIPTS.iter().find(|script| script.name == name).unwrap_or_else(|| {
        let known: Vec<&str> = SCRIPTS.iter().map(|script| script.name).collect();
        panic!("there is no script {name}; there are {}", known.join(", "))
    })
}

/// A fault of an order's course that strikes a third of a second after the order was accepted.
fn later(sandbox: &Running, fault: Fault) {
    sandbox.inject(Injection::times(fault, 1).with("delay_ms", "300").unwrap());
}

fn unit(order: &Value) -> &str {
    order["lines"][0]["units"][0]["status"].as_str().unwrap_or_default()
}

/// The upstream hands out what it owes.
fn complete_all(sandbox: &Running) {
    for order in sandbox.ledger().orders {
        if order.esim.is_none() && order.status != OrderStatus::Failed {
            sandbox.complete_order(order.id).unwrap();
        }
    }
}
