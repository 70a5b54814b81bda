//! What a sandbox is told at its start.

use std::path::PathBuf;
use std::time::Duration;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::ground::Currency;

/// How an accepted order goes on where no fault says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderMode {
    /// Completed in the answer to `POST /orders`.
    #[default]
    Completed,
    /// Accepted as `processing`, completed after [`Settings::processing_delay`].
    CompletedLater,
    /// Accepted as `processing`, failed after [`Settings::processing_delay`].
    FailedLater,
    /// Accepted as `processing`; only the control page moves it.
    Processing,
}

/// How a list in pages looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PageForm {
    /// `paginate()` as it is: an object in `data`, with the items in its own `data`.
    #[default]
    Paginator,
    /// A resource collection: the items in `data`, `links` and `meta` beside it.
    Resource,
}

/// What a sandbox is told at its start. It has no `Debug`, for it holds a password and a secret.
#[derive(Clone)]
pub struct Settings {
    /// The port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// How many packages the catalog has.
    pub packages: usize,
    /// The catalog's seed: the same seed and number make the same catalog.
    pub seed: u64,
    /// The only account's e-mail address.
    pub email: String,
    /// Its password.
    pub password: String,
    /// The wallet's opening balance, in `currency`; a state directory that already has a wallet keeps its own.
    pub balance: Decimal,
    /// The account's currency.
    pub currency: Currency,
    /// Where webhooks go; without it none are made.
    pub webhook_url: Option<String>,
    /// The secret that signs them.
    pub webhook_secret: String,
    /// Where the journal lies; without it everything is forgotten at the end.
    pub state_dir: Option<PathBuf>,
    /// How an accepted order goes on.
    pub mode: OrderMode,
    /// How long an order is `processing` before it is completed or failed.
    pub processing_delay: Duration,
    /// How long one attempt to deliver a webhook may take.
    pub webhook_timeout: Duration,
    /// How often a webhook is tried in all.
    pub webhook_tries: u32,
    /// The wait after the first failed attempt; it doubles after each.
    pub webhook_retry: Duration,
    /// How long a token lasts from its making; for ever if absent.
    pub token_lifetime: Option<Duration>,
    /// How many items a page of a list has; if absent, lists come whole, as the documents show them.
    pub page_size: Option<usize>,
    /// How such a page looks.
    pub page_form: PageForm,
    /// Whether an order that fails gives its debit back. The published documents do not say.
    pub credit_failed: bool,
}

/// Whether webhooks can be sent there.
pub fn is_web_address(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|address| matches!(address.scheme(), "http" | "https"))
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            packages: 2400,
            seed: 1,
            email: "partner@example.com".to_owned(),
            password: "StrongPassword123!".to_owned(),
            balance: Decimal::from(250),
            currency: Currency::USD,
            webhook_url: None,
            webhook_secret: "sandbox-webhook-secret".to_owned(),
            state_dir: None,
            mode: OrderMode::Completed,
            processing_delay: Duration::from_secs(3),
            // The widespread Laravel sender gives up after 3 s and waits longer each time (RELIABILITY G16).
            webhook_timeout: Duration::from_secs(3),
            webhook_tries: 6,
            webhook_retry: Duration::from_secs(5),
            token_lifetime: None,
            page_size: None,
            page_form: PageForm::Paginator,
            credit_failed: true,
        }
    }
}

impl Settings {
    /// Small and quick: a free port, 120 packages, memory only, and waits of milliseconds.
    pub fn for_tests() -> Self {
        Self {
            packages: 120,
            balance: Decimal::from(1000),
            processing_delay: Duration::from_millis(150),
            webhook_retry: Duration::from_millis(50),
            ..Self::default()
        }
    }
}
