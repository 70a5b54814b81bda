//! staff: the people who run the shop, and how they prove who they are.
//!
//! Owns `admins`, `admin_sessions` and `audit_log`. Promises that a password is only ever kept as an Argon2id hash and
//! a session only as the hash of its token; that a guess costs as much time for an unknown address as for a known one;
//! that a session ends after 30 idle minutes, after 8 hours, at sign-out and when its password changes. Never knows an
//! order, a price or a customer.

pub mod accounts;
pub mod audit;
pub mod password;
pub mod role;
pub mod session;
pub mod sign_in;
mod store;
pub mod throttle;
pub mod web;

pub use accounts::{Account, AccountRefusal, NewAccount, create, ensure_first, list, reset_password};
pub use audit::record;
pub use password::{Password, PasswordRefusal};
pub use role::{Act, Role};
pub use web::{Staff, routes};
