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

mod checkout;
mod contradictions;
mod doubts;
mod floor;
mod happy;
mod jobs;
mod ledgers;
mod lists;
mod outages;
mod payments;
mod readiness;
mod staff;
mod storm;
mod support;
mod upstream;
mod wallet;
mod webhooks;
mod window;
