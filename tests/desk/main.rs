//! The desk of eSIMDual and the rooms behind it, over HTTP on loopback and on a real database.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "tests may panic, and stand outside the program"
)]

mod answers;
mod breaker;
mod catalog;
mod documents;
mod faults_answers;
mod faults_sending;
mod faults_tls;
mod limits;
mod logins;
mod metrics;
mod operations;
mod pace;
mod pricing;
mod purchases;
mod reading;
mod refusals;
mod retries;
mod support;
mod tokens;
