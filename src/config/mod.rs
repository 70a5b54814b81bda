//! Reads every setting, and reports every mistake at once.
//!
//! From the environment, then from `.env`; a secret `X` may come as `X_FILE`. The table in `variables.rs` is what
//! `.env.example` is checked against.

mod limits;
mod read;
mod reader;
mod stripe;
mod variables;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::esimdual;
use crate::ground::EmailAddress;
use crate::plumbing::telemetry::LogFormat;
use crate::shop;

pub use reader::Mistake;
pub use variables::{VARIABLES, Variable};

/// Everything that the program was told.
pub struct Config {
    /// `DATA_DIR`
    pub data_dir: PathBuf,
    /// `PG_BIN_DIR`
    pub pg_bin_dir: Option<PathBuf>,
    /// `DATABASE_URL`; `None`: the private PostgreSQL.
    pub database_url: Option<SecretString>,
    /// `BIND_ADDR`
    pub bind_addr: SocketAddr,
    /// `METRICS_ADDR`; `None`: nothing is collected.
    pub metrics_addr: Option<SocketAddr>,
    /// `SECRET_KEY`; `None`: one is made and kept in `DATA_DIR`.
    pub secret_key: Option<SecretString>,
    /// `AUTO_MIGRATE`
    pub auto_migrate: bool,
    /// The desk's settings.
    pub upstream: esimdual::Settings,
    /// `STRIPE_*`; `None` where it is not configured.
    pub stripe: Option<crate::stripe::Settings>,
    /// `SMTP_URL`
    pub smtp_url: Option<SecretString>,
    /// `MAIL_FROM`
    pub mail_from: String,
    /// `ADMIN_EMAIL` and `ADMIN_PASSWORD`
    pub first_admin: Option<(EmailAddress, SecretString)>,
    /// The shop's settings, all but the sealing key, which needs `DATA_DIR`.
    pub shop: ShopSettings,
}

/// What [`shop::Settings`] is made of.
pub struct ShopSettings {
    /// `PUBLIC_URL`
    pub public_url: String,
    /// `TRUSTED_PROXIES`
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// `CURRENCY`
    pub currency: Option<crate::ground::Currency>,
    /// `MARKUP_*`
    pub first_markup: shop::FirstMarkup,
    /// `ESIMDUAL_WEBHOOK_SECRET`
    pub webhook_secrets: Vec<SecretString>,
    /// `PAYMENT_METHODS`
    pub payment_methods: Vec<String>,
    /// `BANK_TRANSFER_INSTRUCTIONS`
    pub bank_transfer_instructions: String,
    /// `STRIPE_CHECKOUT_ORIGIN`, and a `STRIPE_API_BASE` on this machine; none without Stripe.
    pub payment_origins: Vec<String>,
    /// `PAYMENT_FEE_*`
    pub payment_fees: Vec<shop::PaymentFee>,
    /// `ORDER_MAX_QUANTITY`, `UNPAID_ORDERS_*`, `DECLINED_PAYMENTS_PER_HOUR`, `SPEND_PER_EMAIL_PER_DAY`
    pub order_limits: shop::OrderLimits,
    /// `RATE_LIMITS`
    pub rate_limits: bool,
    /// `*_PER_MINUTE`
    pub rates: shop::RateLimits,
    /// `REQUIRE_SECOND_FACTOR`
    pub require_second_factor: bool,
    /// `SYNC_MAX_VANISH_PERCENT`
    pub sync_max_vanish_percent: u32,
    /// `SYNC_MAX_LEAP_PERCENT`
    pub sync_max_leap_percent: u32,
    /// `SYNC_LEAP_FACTOR`
    pub sync_leap_factor: u32,
    /// `WALLET_LOW_DAYS`
    pub wallet_low_days: u32,
    /// The limits and rhythms.
    pub times: shop::Times,
}

/// How the log looks and what it holds.
pub struct LogSettings {
    /// `LOG_FORMAT`
    pub format: LogFormat,
    /// `RUST_LOG`
    pub filter: Option<String>,
}

/// Where settings come from.
#[derive(Clone, Debug, Default)]
pub struct Source {
    values: HashMap<String, String>,
}

impl Source {
    /// The process's environment, and behind it the file `.env` of the working directory.
    ///
    /// # Errors
    /// A `.env` that cannot be read or understood.
    pub fn of_process() -> Result<Self, Mistake> {
        let mut values = HashMap::new();
        match dotenvy::from_path_iter(".env") {
            Ok(lines) => {
                for line in lines {
                    let wrong =
                        |_| Mistake::new(".env", "a line that cannot be understood", "NAME=value lines");
                    let (name, value) = line.map_err(wrong)?;
                    values.insert(name, value);
                }
            }
            Err(error) if error.not_found() => {}
            Err(_) => return Err(Mistake::new(".env", "a file that cannot be read", "readable, or absent")),
        }
        values.extend(environment());
        Ok(Self { values })
    }

    /// The environment alone: for the demo, which must never touch a real shop.
    pub fn of_environment(names: &[&str]) -> Self {
        let wanted = environment().filter(|(name, _)| names.contains(&name.as_str()));
        Self { values: wanted.collect() }
    }

    /// Given values, for tests and for the demo.
    pub fn of<const N: usize>(values: [(&str, String); N]) -> Self {
        Self { values: values.map(|(name, value)| (name.to_owned(), value)).into() }
    }

    /// This source with more values over it.
    pub fn with<const N: usize>(mut self, values: [(&str, String); N]) -> Self {
        self.values.extend(values.map(|(name, value)| (name.to_owned(), value)));
        self
    }

    /// A value; empty ones count as unset.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
}

fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

impl Config {
    /// Reads everything, or says everything that is wrong.
    ///
    /// # Errors
    /// Every mistake.
    pub fn read(source: &Source) -> Result<Self, Vec<Mistake>> {
        read::config(source)
    }
}

impl LogSettings {
    /// Reads how to log: before everything else, so that everything else can be logged.
    ///
    /// # Errors
    /// Every mistake.
    pub fn read(source: &Source) -> Result<Self, Vec<Mistake>> {
        read::log(source)
    }
}
