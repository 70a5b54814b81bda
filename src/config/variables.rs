//! Every variable that the program reads, with its default: what `.env.example` must say.

/// One variable.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it is when it is unset; empty: nothing.
    pub default: &'static str,
    /// Whether it is a secret, which may come as `NAME_FILE` too.
    pub secret: bool,
}

const fn plain(name: &'static str, default: &'static str) -> Variable {
    Variable { name, default, secret: false }
}

const fn secret(name: &'static str) -> Variable {
    Variable { name, default: "", secret: true }
}

/// All of them, in the order of `.env.example`.
pub const VARIABLES: &[Variable] = &[
    secret("DATABASE_URL"),
    plain("DATA_DIR", "./data"),
    plain("PG_BIN_DIR", ""),
    plain("PRIVATE_POSTGRES", "true"),
    plain("AUTO_MIGRATE", "true"),
    plain("BIND_ADDR", "127.0.0.1:3000"),
    plain("PUBLIC_URL", ""),
    plain("TRUSTED_PROXIES", ""),
    plain("METRICS_ADDR", ""),
    secret("SECRET_KEY"),
    plain("ESIMDUAL_BASE_URL", "https://esimdual.com/api/reseller/v1"),
    plain("ESIMDUAL_EMAIL", ""),
    secret("ESIMDUAL_PASSWORD"),
    plain("ESIMDUAL_DEVICE_NAME", "simfront"),
    secret("ESIMDUAL_TOKEN"),
    secret("ESIMDUAL_WEBHOOK_SECRET"),
    plain("ESIMDUAL_TIMEOUT_SECONDS", "10"),
    plain("ESIMDUAL_LIST_TIMEOUT_SECONDS", "60"),
    plain("ESIMDUAL_CATALOG_TIMEOUT_SECONDS", "300"),
    plain("ESIMDUAL_REQUESTS_PER_MINUTE", "60"),
    plain("ESIMDUAL_LOGIN_PAUSE_SECONDS", "30"),
    plain("ESIMDUAL_REST_SECONDS", "30"),
    plain("ESIMDUAL_KEY_HORIZON_SECONDS", "72000"),
    plain("DOUBT_SETTLING_SECONDS", "60"),
    plain("SYNC_INTERVAL_SECONDS", "900"),
    plain("RECONCILE_INTERVAL_SECONDS", "30"),
    plain("SYNC_MAX_VANISH_PERCENT", "30"),
    plain("SYNC_MAX_LEAP_PERCENT", "30"),
    plain("SYNC_LEAP_FACTOR", "3"),
    plain("CATALOG_MAX_AGE_SECONDS", "86400"),
    plain("WALLET_LOW_DAYS", "3"),
    plain("DELIVERY_DEADLINE_SECONDS", "4200"),
    plain("QUOTE_LIFETIME_SECONDS", "1800"),
    plain("PAYMENT_EXPIRY_SECONDS", "3600"),
    plain("PAY_PAGE_PATIENCE_SECONDS", "5"),
    plain("BANK_TRANSFER_EXPIRY_SECONDS", "604800"),
    plain("BANK_TRANSFER_REMINDER_SECONDS", "172800"),
    plain("JOB_LEASE_SECONDS", "60"),
    plain("SHUTDOWN_GRACE_SECONDS", "25"),
    plain("HEADER_READ_TIMEOUT_SECONDS", "10"),
    plain("MARKUP_PERCENT", "25"),
    plain("MARKUP_FIXED", "0"),
    plain("MARKUP_ROUNDING", "none"),
    plain("CURRENCY", ""),
    plain("PAYMENT_METHODS", ""),
    plain("ALLOW_TEST_PAYMENTS", "false"),
    plain("BANK_TRANSFER_INSTRUCTIONS", ""),
    secret("STRIPE_SECRET_KEY"),
    secret("STRIPE_WEBHOOK_SECRET"),
    plain("STRIPE_API_BASE", "https://api.stripe.com"),
    plain("STRIPE_CHECKOUT_ORIGIN", "https://checkout.stripe.com"),
    plain("STRIPE_TIMEOUT_SECONDS", "10"),
    plain("PAYMENT_FEE_STRIPE_PERCENT", "0"),
    plain("PAYMENT_FEE_STRIPE_FIXED", "0"),
    plain("PAYMENT_FEE_BANK_TRANSFER_PERCENT", "0"),
    plain("PAYMENT_FEE_BANK_TRANSFER_FIXED", "0"),
    plain("PAYMENT_FEE_TEST_PERCENT", "0"),
    plain("PAYMENT_FEE_TEST_FIXED", "0"),
    plain("ORDER_MAX_QUANTITY", "10"),
    plain("UNPAID_ORDERS_PER_EMAIL", "20"),
    plain("UNPAID_ORDERS_PER_ADDRESS", "100"),
    plain("DECLINED_PAYMENTS_PER_HOUR", "10"),
    plain("SPEND_PER_EMAIL_PER_DAY", "0"),
    secret("SMTP_URL"),
    plain("MAIL_FROM", "simfront@localhost.localdomain"),
    plain("ADMIN_EMAIL", ""),
    secret("ADMIN_PASSWORD"),
    plain("RATE_LIMITS", "on"),
    plain("SEARCHES_PER_MINUTE", "300"),
    plain("CHECKOUTS_PER_MINUTE", "60"),
    plain("SIGN_INS_PER_MINUTE", "60"),
    plain("LOOK_UPS_PER_MINUTE", "60"),
    plain("FAILED_SIGNATURES_PER_MINUTE", "300"),
    plain("REQUIRE_SECOND_FACTOR", "false"),
    plain("LOG_FORMAT", "text"),
    plain("RUST_LOG", "info,sqlx=warn"),
];
