//! esims: what was delivered, and how it is shown.
//!
//! Owns `esims`. Promises that a stored code is one that a phone can read, shown byte for byte as the upstream gave
//! it, and that no card is stored twice. Never fetches a picture: the QR is drawn from the code.

pub mod activation_code;
mod store;

pub use activation_code::{ActivationCode, BadCode};
pub use store::{Esim, NewEsim, by_id, by_ids, insert};
