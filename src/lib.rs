//! simfront: the shop that an eSIM reseller puts on one small server.
//!
//! The table of contents, floor by floor; a file imports only from below (`tests/architecture.rs` holds that).
//! `ARCHITECTURE.md` walks through a sync, a purchase and a webhook.

// ── the top floor: putting things together ──
pub mod cli;
pub mod config;
pub mod crew;
pub mod site;

// ── the rooms: what the shop is ──
pub mod backoffice;
pub mod catalog;
pub mod checkout;
pub mod esims;
pub mod fulfilment;
pub mod inbox;
pub mod ledgers;
pub mod orders;
pub mod payments;
pub mod pricing;
pub mod settings;
pub mod staff;
pub mod supply;
pub mod tax;
pub mod wallet;
pub mod window;

// ── the shell of every page, and what everyone is handed ──
pub mod shop;
pub mod web;

// ── the foreign desks: one outside API each ──
pub mod esimdual;
pub mod stripe;

// ── the machines: they know no shop word ──
pub mod plumbing;

// ── the ground: words everyone may use ──
pub mod ground;

// ── the upstream's stand-in; shares nothing with esimdual/ but the published description ──
pub mod sandbox;
