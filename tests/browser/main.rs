//! Journeys of people: a real Chromium on the built program, from the home page to a QR code that decodes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests stand for clients that are not the shop's")]

mod card;
mod chromium;
mod forms;
mod policy;
mod purchase;
mod staff;
#[path = "../program/stand.rs"]
#[allow(dead_code, reason = "it serves the program's own journeys too")]
mod stand;
#[path = "../support/stripe/mod.rs"]
mod stripe;
mod window;
