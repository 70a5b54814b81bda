//! `Shop`: the handles that every request, job and command is given. No room's types.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::ground::{Clock, Currency, Entropy};
use crate::plumbing::bell::Bell;
use crate::plumbing::mailer::Mailer;
use crate::plumbing::sealed::SealingKey;
use crate::{esimdual, stripe};

/// What everyone is handed; a clone is cheap.
#[derive(Clone)]
pub struct Shop {
    /// The database.
    pub db: PgPool,
    /// The one clock.
    pub clock: Clock,
    /// The one source of randomness.
    pub entropy: Entropy,
    /// What the reseller configured.
    pub settings: Arc<Settings>,
    /// The desk of eSIMDual.
    pub upstream: esimdual::Client,
    /// The desk of Stripe, where it is configured.
    pub stripe: Option<stripe::Client>,
    /// Wakes workers, windows and order pages.
    pub bell: Bell,
    /// Sends mail, or writes it to a folder.
    pub mailer: Mailer,
    /// Cancelled when the program is asked to stop.
    pub stop: CancellationToken,
}

impl Shop {
    /// The time now, by the database's clock.
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }
}

/// What the reseller configured, beyond the machines' and desks' own settings. Each field names its variable in
/// `config.rs`, where the defaults stand.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The shop's address as customers and webhooks see it, without a slash at its end.
    pub public_url: String,
    /// Proxies whose forwarded headers count.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Seals secrets at rest and signs.
    pub sealing_key: SealingKey,
    /// What customers pay in, where the reseller fixed it; else the upstream account's currency.
    pub currency: Option<Currency>,
    /// The first markup rule.
    pub first_markup: FirstMarkup,
    /// Secrets of eSIMDual's webhooks: several while one is being rotated, none where webhooks are not set up.
    pub webhook_secrets: Vec<secrecy::SecretString>,
    /// The ways to pay, in the order in which checkout offers them.
    pub payment_methods: Vec<String>,
    /// The reseller's bank account, line by line, as customers who transfer are shown it; empty where nobody can.
    pub bank_transfer_instructions: String,
    /// Origins of pages elsewhere at which customers pay: forms may lead there.
    pub payment_origins: Vec<String>,
    /// What each way to pay takes.
    pub payment_fees: Vec<PaymentFee>,
    /// How much one customer may order before paying.
    pub order_limits: OrderLimits,
    /// Whether limits on how often somebody asks apply.
    pub rate_limits: bool,
    /// How often one network may ask for what.
    pub rates: RateLimits,
    /// Whether staff must set up a second factor before anything opens.
    pub require_second_factor: bool,
    /// The time limits and rhythms.
    pub times: Times,
    /// A sync that would withdraw more of the catalog than this is held.
    pub sync_max_vanish_percent: u32,
    /// A sync that would make more costs leap than this is held.
    pub sync_max_leap_percent: u32,
    /// From which factor on a cost leaps.
    pub sync_leap_factor: u32,
    /// Fewer days of sales than this in the wallet are an alarm.
    pub wallet_low_days: u32,
    /// Demo only: the control page of the sandbox, shown to staff.
    pub sandbox_page: Option<String>,
}

/// The first shop-wide rule, as configured.
#[derive(Clone, Copy, Debug)]
pub struct FirstMarkup {
    /// Percent on top of the cost.
    pub percent: rust_decimal::Decimal,
    /// Fixed amount on top, in whole units.
    pub fixed: rust_decimal::Decimal,
    /// The contract's word for the price ending.
    pub rounding: &'static str,
}

/// What a way to pay takes of each payment.
#[derive(Clone, Copy, Debug)]
pub struct PaymentFee {
    /// The contract's word for the way.
    pub method: &'static str,
    /// Percent of the sum.
    pub percent: rust_decimal::Decimal,
    /// A fixed amount besides, in whole units of what customers pay in.
    pub fixed: rust_decimal::Decimal,
}

/// How much one customer may order; 0 is no limit.
#[derive(Clone, Copy, Debug)]
pub struct OrderLimits {
    /// So many of one plan at once; never 0.
    pub quantity: u32,
    /// So many unpaid orders of one e-mail.
    pub unpaid_per_email: u32,
    /// So many unpaid orders of one network.
    pub unpaid_per_address: u32,
    /// After so many declined payments of one e-mail or network within an hour, no order for a while.
    pub declines_per_hour: u32,
    /// What one e-mail may order within a day, in whole units of what customers pay in.
    pub spend_per_day: rust_decimal::Decimal,
}

/// How often one network may ask, a minute; 0 is no limit.
#[derive(Clone, Copy, Debug)]
pub struct RateLimits {
    /// Searches.
    pub searches: u32,
    /// Checkout forms, each counted once.
    pub checkouts: u32,
    /// Passwords and codes.
    pub sign_ins: u32,
    /// Orders and payments that do not exist.
    pub look_ups: u32,
    /// Webhooks that are signed wrongly or not at all.
    pub failed_signatures: u32,
}

/// Time limits and rhythms.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// How long an idempotency key is trusted.
    pub key_horizon: Duration,
    /// How old an attempt in doubt must be before an absent order counts as absent.
    pub doubt_settling: Duration,
    /// Between two syncs.
    pub sync_interval: Duration,
    /// Between two looks at an open unit.
    pub reconcile_interval: Duration,
    /// An older catalog is asked about upstream before a plan is sold.
    pub catalog_max_age: Duration,
    /// A paid unit that still waits this long after its payment is refunded.
    pub delivery_deadline: Duration,
    /// How long the price of a checkout form is honoured.
    pub quote_lifetime: Duration,
    /// How long an unpaid order waits.
    pub payment_expiry: Duration,
    /// How long a customer waits for the address of a payment page outside.
    pub pay_page_patience: Duration,
    /// How long an order waits for a bank transfer.
    pub bank_transfer_expiry: Duration,
    /// So long before that a customer is reminded.
    pub bank_transfer_reminder: Duration,
    /// How long a worker may hold a job without a sign of life.
    pub job_lease: Duration,
    /// How long a stop may take.
    pub shutdown_grace: Duration,
    /// How long a request's header may take to arrive.
    pub header_read: Duration,
}
