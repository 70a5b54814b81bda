//! Journeys of the built program: real processes that are started, killed, stopped and started again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests stand for clients that are not the shop's")]

mod clocks;
mod crashes;
mod database;
mod demo;
mod endings;
mod mail;
mod metrics;
mod nodes;
mod private;
#[allow(dead_code, reason = "it serves the journeys of the browser too")]
mod stand;
mod stopping;
mod versions;
mod webhooks;
