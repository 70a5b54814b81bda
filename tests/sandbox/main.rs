//! The sandbox judges the shop in fault tests, so it is judged here first, over HTTP as a stranger sees it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests may panic, and stand for a client that is not the shop's"
)]

mod answer_forms;
mod catalog_faults;
mod client;
mod connection_faults;
mod drills;
mod honest;
mod list_faults;
mod order_faults;
mod status_faults;
mod webhook_faults;
