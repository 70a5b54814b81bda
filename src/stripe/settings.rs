//! What the desk is told.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

/// The account and where it is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `STRIPE_SECRET_KEY`
    pub secret_key: SecretString,
    /// `STRIPE_API_BASE`, without a slash at its end.
    pub api_base: String,
    /// `STRIPE_WEBHOOK_SECRET`: several while one is being rolled, none where webhooks are not set up.
    pub webhook_secrets: Vec<SecretString>,
    /// `STRIPE_TIMEOUT_SECONDS`: the limit of one request.
    pub timeout: Duration,
}

impl Settings {
    /// Whether the key moves real money: events of the other mode are none of ours.
    pub fn live(&self) -> bool {
        let key = self.secret_key.expose_secret();
        key.starts_with("sk_live_") || key.starts_with("rk_live_")
    }
}
