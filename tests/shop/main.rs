//! The whole shop against the whole sandbox: every promise of the contract that money depends on, under every fault
//! that breaks it. Nothing sleeps and nothing is tried until it is green: the clock is moved by hand, and jobs run
//! when the test says so.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic, and stand for visitors and senders that are not the shop"
)]

mod bank;
mod catalog;
mod checkout;
mod contradictions;
mod database;
mod decisions;
mod doubts;
mod fees;
mod flips;
mod floor;
mod hang_ups;
mod happy;
mod jobs;
mod ledgers;
mod limits;
mod lists;
mod outages;
mod payments;
mod places;
mod post;
mod prices;
mod quotes;
mod rates;
mod readiness;
mod refunds;
mod staff;
mod standing;
mod storm;
mod stripe;
mod stripe_money;
mod stripe_webhooks;
mod support;
mod tabs;
mod tax;
mod turns;
mod upstream;
mod wallet;
mod webhooks;
mod webhooks_bodies;
mod webhooks_signatures;
mod webhooks_table;
mod window;
mod window_facts;
mod window_pages;
