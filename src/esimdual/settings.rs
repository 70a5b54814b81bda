//! Where eSIMDual is, as whom we speak to it, and how patient we are.

use std::time::Duration;

use secrecy::SecretString;

/// Where eSIMDual is and how patient we are with it.
///
/// The three limits count the time spent asking: connecting, waiting for answers, reading them, and the pauses before a
/// repetition. Waiting for a place in the budget, or for a login, is not counted, but a call with everything that it
/// waited for, its own login included, is over after three times its limit.
#[derive(Clone)]
pub struct Settings {
    /// `https://esimdual.com/api/reseller/v1`
    pub base_url: String,
    /// Without them nothing is asked, and every answer is *later*.
    pub credentials: Option<Credentials>,
    /// Limit for the connection alone.
    pub connect_timeout: Duration,
    /// Limit of every call but those below.
    pub timeout: Duration,
    /// Limit of one list of orders or eSIMs, all its pages together.
    pub list_timeout: Duration,
    /// Limit of the catalog, all its pages together.
    pub catalog_timeout: Duration,
    /// The budget.
    pub requests_per_minute: u32,
    /// How long nobody logs in after a refused login; each further refusal doubles it, up to thirty times as long.
    pub login_pause: Duration,
    /// The longest time for which an upstream that fails is left alone.
    pub longest_rest: Duration,
}

/// How the reseller is known upstream.
#[derive(Clone)]
pub enum Credentials {
    /// A ready token.
    Token(SecretString),
    /// For `POST /login`.
    Login {
        /// The account.
        email: String,
        /// Its password.
        password: SecretString,
        /// How the token is called in the reseller's account.
        device_name: String,
    },
}
