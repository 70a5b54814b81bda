//! Settings: `.env.example` says what the program reads, and the program says everything that is wrong at once.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;

use secrecy::ExposeSecret as _;
use simfront::config::{Config, LogSettings, Mistake, Source, VARIABLES, Variable};

/// A line of `.env.example` that names a variable.
#[derive(Debug, PartialEq, Eq)]
struct Listed {
    name: String,
    default: String,
    optional: bool,
    explained: bool,
}

fn listed() -> Vec<Listed> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/.env.example");
    let text = fs::read_to_string(path).unwrap();
    let mut found = Vec::new();
    let mut before = "";
    for line in text.lines() {
        let is_name = |name: &str| name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        let (optional, rest) = line.strip_prefix("# ").map_or((false, line), |rest| (true, rest));
        if let Some((name, default)) = rest.split_once('=').filter(|(name, _)| is_name(name)) {
            let explained = before.starts_with("# ") && before.trim_end().ends_with('.');
            found.push(Listed { name: name.to_owned(), default: default.to_owned(), optional, explained });
        }
        before = line;
    }
    found
}

fn source(values: &[(&str, &str)]) -> Source {
    values.iter().fold(Source::default(), |source, (name, value)| source.with([(name, (*value).to_owned())]))
}

fn mistakes(values: &[(&str, &str)]) -> Vec<String> {
    let wrong = Config::read(&source(values)).err().unwrap_or_default();
    wrong.iter().map(Mistake::to_string).collect()
}

/// Everything that was read, as text that two readings can be compared by.
fn reading(source: &Source) -> Vec<(&'static str, String)> {
    let config = Config::read(source).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let log = LogSettings::read(source).unwrap();
    let shop = &config.shop;
    let fee = |number: usize, percent: bool| {
        let fee = shop.payment_fees[number];
        if percent { fee.percent } else { fee.fixed }.to_string()
    };
    vec![
        ("DATA_DIR", config.data_dir.display().to_string()),
        ("PG_BIN_DIR", format!("{:?}", config.pg_bin_dir)),
        ("DATABASE_URL", config.database_url.is_some().to_string()),
        ("AUTO_MIGRATE", config.auto_migrate.to_string()),
        ("BIND_ADDR", config.bind_addr.to_string()),
        ("PUBLIC_URL", shop.public_url.clone()),
        ("TRUSTED_PROXIES", format!("{:?}", shop.trusted_proxies)),
        ("METRICS_ADDR", format!("{:?}", config.metrics_addr)),
        ("SECRET_KEY", config.secret_key.is_some().to_string()),
        ("ESIMDUAL_BASE_URL", config.upstream.base_url.clone()),
        ("ESIMDUAL_EMAIL", config.upstream.credentials.is_some().to_string()),
        ("ESIMDUAL_TIMEOUT_SECONDS", config.upstream.timeout.as_secs().to_string()),
        ("ESIMDUAL_LIST_TIMEOUT_SECONDS", config.upstream.list_timeout.as_secs().to_string()),
        ("ESIMDUAL_CATALOG_TIMEOUT_SECONDS", config.upstream.catalog_timeout.as_secs().to_string()),
        ("ESIMDUAL_REQUESTS_PER_MINUTE", config.upstream.requests_per_minute.to_string()),
        ("ESIMDUAL_LOGIN_PAUSE_SECONDS", config.upstream.login_pause.as_secs().to_string()),
        ("ESIMDUAL_REST_SECONDS", config.upstream.longest_rest.as_secs().to_string()),
        ("ESIMDUAL_KEY_HORIZON_SECONDS", shop.times.key_horizon.as_secs().to_string()),
        ("DOUBT_SETTLING_SECONDS", shop.times.doubt_settling.as_secs().to_string()),
        ("SYNC_INTERVAL_SECONDS", shop.times.sync_interval.as_secs().to_string()),
        ("RECONCILE_INTERVAL_SECONDS", shop.times.reconcile_interval.as_secs().to_string()),
        ("CATALOG_MAX_AGE_SECONDS", shop.times.catalog_max_age.as_secs().to_string()),
        ("DELIVERY_DEADLINE_SECONDS", shop.times.delivery_deadline.as_secs().to_string()),
        ("PAYMENT_EXPIRY_SECONDS", shop.times.payment_expiry.as_secs().to_string()),
        ("PAY_PAGE_PATIENCE_SECONDS", shop.times.pay_page_patience.as_secs().to_string()),
        ("BANK_TRANSFER_EXPIRY_SECONDS", shop.times.bank_transfer_expiry.as_secs().to_string()),
        ("BANK_TRANSFER_REMINDER_SECONDS", shop.times.bank_transfer_reminder.as_secs().to_string()),
        ("BANK_TRANSFER_INSTRUCTIONS", shop.bank_transfer_instructions.clone()),
        ("JOB_LEASE_SECONDS", shop.times.job_lease.as_secs().to_string()),
        ("SHUTDOWN_GRACE_SECONDS", shop.times.shutdown_grace.as_secs().to_string()),
        ("HEADER_READ_TIMEOUT_SECONDS", shop.times.header_read.as_secs().to_string()),
        ("SYNC_MAX_VANISH_PERCENT", shop.sync_max_vanish_percent.to_string()),
        ("SYNC_MAX_LEAP_PERCENT", shop.sync_max_leap_percent.to_string()),
        ("SYNC_LEAP_FACTOR", shop.sync_leap_factor.to_string()),
        ("WALLET_LOW_DAYS", shop.wallet_low_days.to_string()),
        ("MARKUP_PERCENT", shop.first_markup.percent.to_string()),
        ("MARKUP_FIXED", shop.first_markup.fixed.to_string()),
        ("MARKUP_ROUNDING", shop.first_markup.rounding.to_owned()),
        ("CURRENCY", format!("{:?}", shop.currency)),
        ("PAYMENT_METHODS", shop.payment_methods.join(",")),
        ("PAYMENT_FEE_STRIPE_PERCENT", fee(0, true)),
        ("PAYMENT_FEE_STRIPE_FIXED", fee(0, false)),
        ("PAYMENT_FEE_BANK_TRANSFER_PERCENT", fee(1, true)),
        ("PAYMENT_FEE_BANK_TRANSFER_FIXED", fee(1, false)),
        ("PAYMENT_FEE_TEST_PERCENT", fee(2, true)),
        ("PAYMENT_FEE_TEST_FIXED", fee(2, false)),
        ("ORDER_MAX_QUANTITY", shop.order_limits.quantity.to_string()),
        ("UNPAID_ORDERS_PER_EMAIL", shop.order_limits.unpaid_per_email.to_string()),
        ("UNPAID_ORDERS_PER_ADDRESS", shop.order_limits.unpaid_per_address.to_string()),
        ("DECLINED_PAYMENTS_PER_HOUR", shop.order_limits.declines_per_hour.to_string()),
        ("SPEND_PER_EMAIL_PER_DAY", shop.order_limits.spend_per_day.to_string()),
        ("SEARCHES_PER_MINUTE", shop.rates.searches.to_string()),
        ("CHECKOUTS_PER_MINUTE", shop.rates.checkouts.to_string()),
        ("SIGN_INS_PER_MINUTE", shop.rates.sign_ins.to_string()),
        ("LOOK_UPS_PER_MINUTE", shop.rates.look_ups.to_string()),
        ("FAILED_SIGNATURES_PER_MINUTE", shop.rates.failed_signatures.to_string()),
        ("ESIMDUAL_WEBHOOK_SECRET", shop.webhook_secrets.len().to_string()),
        ("SMTP_URL", config.smtp_url.is_some().to_string()),
        ("MAIL_FROM", config.mail_from.clone()),
        ("ADMIN_EMAIL", config.first_admin.is_some().to_string()),
        ("RATE_LIMITS", if shop.rate_limits { "on" } else { "off" }.to_owned()),
        ("REQUIRE_SECOND_FACTOR", shop.require_second_factor.to_string()),
        ("LOG_FORMAT", format!("{:?}", log.format).to_lowercase()),
    ]
}

#[test]
fn the_example_lists_every_variable_with_its_default_and_a_sentence() {
    let listed = listed();
    let names = |all: &[Listed]| all.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    let known: Vec<String> = VARIABLES.iter().map(|variable| variable.name.to_owned()).collect();
    assert_eq!(names(&listed), known, "the same names, in the same order, once each");
    for (line, variable) in listed.iter().zip(VARIABLES) {
        assert_eq!(line.default, variable.default, "{}", variable.name);
        assert_eq!(line.optional, variable.default.is_empty(), "{} without default", variable.name);
        assert!(line.explained, "{} has no sentence above it", variable.name);
    }
}

#[test]
fn the_sources_read_no_variable_that_is_not_listed() {
    let known: BTreeSet<&str> = VARIABLES.iter().map(|variable| variable.name).collect();
    let sources = ["limits", "read", "stripe"].map(|name| {
        fs::read_to_string(format!("{}/src/config/{name}.rs", env!("CARGO_MANIFEST_DIR"))).unwrap()
    });
    let text = sources.concat();
    let mut read = BTreeSet::new();
    for call in [".text(\"", ".parsed(\"", ".secret(\"", ".flag(\"", ".number(\"", ".seconds(\""] {
        read.extend(text.split(call).skip(1).filter_map(|rest| rest.split('"').next()));
    }
    assert_eq!(read, known);
}

#[test]
fn unset_means_the_documented_default() {
    let unset = reading(&Source::default());
    let documented: Vec<(&str, &str)> =
        VARIABLES.iter().map(|variable| (variable.name, variable.default)).collect();
    assert_eq!(unset, reading(&source(&documented)), "saying the defaults changes nothing");
    for (name, value) in &unset {
        let variable = VARIABLES.iter().find(|variable| variable.name == *name).unwrap();
        if !variable.default.is_empty() {
            assert_eq!(value, variable.default, "{name}");
        }
    }
    assert!(unset.contains(&("PUBLIC_URL", "http://127.0.0.1:3000".to_owned())));
    assert!(unset.contains(&("DATABASE_URL", "false".to_owned())));
    assert!(unset.contains(&("PAYMENT_METHODS", String::new())));
}

/// What any text is good for; a wrong one shows only when it is used.
const FREE: [&str; 6] = [
    "BANK_TRANSFER_INSTRUCTIONS",
    "DATA_DIR",
    "PG_BIN_DIR",
    "ESIMDUAL_EMAIL",
    "ESIMDUAL_DEVICE_NAME",
    "RUST_LOG",
];

#[test]
fn every_mistake_is_reported_at_once() {
    let checked = |variable: &&Variable| !variable.secret && !FREE.contains(&variable.name);
    let names: Vec<&str> = VARIABLES.iter().filter(checked).map(|variable| variable.name).collect();
    let nonsense: Vec<(&str, &str)> = names.iter().map(|name| (*name, "!nonsense!")).collect();
    let said = mistakes(&nonsense);
    for name in names {
        let lines: Vec<_> = said.iter().filter(|line| line.starts_with(&format!("{name} holds "))).collect();
        assert_eq!(lines.len(), 1, "{name}: {said:#?}");
        assert!(lines[0].contains("!nonsense!") && lines[0].contains("it should be "), "{}", lines[0]);
    }
}

#[test]
fn wrong_values_are_refused_and_each_names_its_variable() {
    let test_payments = ("PAYMENT_METHODS", "test");
    let public = ("PUBLIC_URL", "https://shop.example");
    let table: &[(&str, &[(&str, &str)])] = &[
        ("PAYMENT_METHODS", &[test_payments]),
        ("PAYMENT_METHODS", &[test_payments, public, ("ESIMDUAL_BASE_URL", "http://127.0.0.1:4010/v1")]),
        ("PAYMENT_METHODS", &[("PAYMENT_METHODS", "test,gold")]),
        ("ESIMDUAL_PASSWORD", &[("ESIMDUAL_EMAIL", "a@example.com")]),
        ("ESIMDUAL_EMAIL", &[("ESIMDUAL_PASSWORD", "a password")]),
        ("ESIMDUAL_TOKEN", &[("ESIMDUAL_TOKEN", "t"), ("ESIMDUAL_EMAIL", "a@example.com")]),
        ("ESIMDUAL_TOKEN", &[("ESIMDUAL_TOKEN", "t"), ("ESIMDUAL_PASSWORD", "a password")]),
        ("BANK_TRANSFER_INSTRUCTIONS", &[("PAYMENT_METHODS", "bank_transfer")]),
        (
            "BANK_TRANSFER_INSTRUCTIONS",
            &[("PAYMENT_METHODS", "bank_transfer"), ("BANK_TRANSFER_INSTRUCTIONS", " \\n ")],
        ),
        ("PUBLIC_URL", &[("BIND_ADDR", "0.0.0.0:3000")]),
        ("PUBLIC_URL", &[("BIND_ADDR", "[::]:3000")]),
        ("PUBLIC_URL", &[("PUBLIC_URL", "https://shop.example/shop")]),
        ("PUBLIC_URL", &[("PUBLIC_URL", "shop.example")]),
        ("DATABASE_URL", &[("PRIVATE_POSTGRES", "false")]),
        ("DATABASE_URL", &[("DATABASE_URL", "mysql://root@localhost/shop")]),
        ("SECRET_KEY", &[("SECRET_KEY", "thirty-one characters long, not")]),
        ("ADMIN_PASSWORD", &[("ADMIN_EMAIL", "owner@example.com")]),
        ("ADMIN_EMAIL", &[("ADMIN_PASSWORD", "a quiet harbour at dawn")]),
        ("TRUSTED_PROXIES", &[("TRUSTED_PROXIES", "10.0.0.0/8, everywhere")]),
        ("MARKUP_PERCENT", &[("MARKUP_PERCENT", "-1")]),
        ("MARKUP_FIXED", &[("MARKUP_FIXED", "0,50")]),
        ("SYNC_MAX_VANISH_PERCENT", &[("SYNC_MAX_VANISH_PERCENT", "101")]),
        ("JOB_LEASE_SECONDS", &[("JOB_LEASE_SECONDS", "0")]),
        ("ESIMDUAL_WEBHOOK_SECRET_FILE", &[("ESIMDUAL_WEBHOOK_SECRET_FILE", "/nowhere/at/all")]),
    ];
    for (name, values) in table {
        let said = mistakes(values);
        assert_eq!(said.len(), 1, "{values:?}: {said:?}");
        assert!(said[0].starts_with(&format!("{name} holds ")), "{values:?}: {said:?}");
    }
}

#[test]
fn what_is_right_is_taken() {
    let local = ("ESIMDUAL_BASE_URL", "http://127.0.0.1:4010/api/reseller/v1");
    let right: &[&[(&str, &str)]] = &[
        &[("PAYMENT_METHODS", "test"), local],
        &[("PAYMENT_METHODS", "test"), local, ("PUBLIC_URL", "http://localhost:3000/")],
        &[("PAYMENT_METHODS", "test"), ("ALLOW_TEST_PAYMENTS", "true")],
        &[("PAYMENT_METHODS", "bank_transfer"), ("BANK_TRANSFER_INSTRUCTIONS", "Example Ltd\\nIBAN XX00")],
        &[("ESIMDUAL_TOKEN", "t")],
        &[("ESIMDUAL_EMAIL", "a@example.com"), ("ESIMDUAL_PASSWORD", "p")],
        &[("BIND_ADDR", "0.0.0.0:3000"), ("PUBLIC_URL", "https://shop.example")],
        &[("PRIVATE_POSTGRES", "false"), ("DATABASE_URL", "postgres://shop@localhost/shop")],
        &[("SECRET_KEY", "exactly thirty-two characters, ok")],
        &[("TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7")],
        &[("JOB_LEASE_SECONDS", "  7 "), ("MARKUP_PERCENT", "")],
    ];
    for values in right {
        assert_eq!(mistakes(values), Vec::<String>::new(), "{values:?}");
    }
}

#[test]
fn a_secret_is_never_shown() {
    let secret = "hunter2-hunter2";
    let said = mistakes(&[
        ("SECRET_KEY", secret),
        ("DATABASE_URL", &format!("mysql://root:{secret}@localhost/shop")),
        ("ESIMDUAL_TOKEN", secret),
        ("ESIMDUAL_PASSWORD", secret),
        ("ADMIN_PASSWORD", secret),
    ]);
    assert_eq!(said.len(), 4, "{said:?}");
    assert!(!said.join("\n").contains("hunter2"), "{said:?}");
}

#[test]
fn a_secret_may_come_from_a_file_but_not_from_two_places() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("secrets");
    fs::write(&path, " one , two \n").unwrap();
    let path = path.to_str().unwrap();
    let config = Config::read(&source(&[("ESIMDUAL_WEBHOOK_SECRET_FILE", path)])).ok().unwrap();
    let secrets: Vec<_> = config.shop.webhook_secrets.iter().map(|secret| secret.expose_secret()).collect();
    assert_eq!(secrets, ["one", "two"]);
    for variable in VARIABLES.iter().filter(|variable| variable.secret) {
        let file = format!("{}_FILE", variable.name);
        let said = mistakes(&[(variable.name, "value"), (&file, path)]);
        let told = said.iter().any(|line| line.starts_with(&format!("{} holds a value", variable.name)));
        assert!(told, "{}: {said:?}", variable.name);
    }
    let empty = temp.path().join("empty");
    fs::write(&empty, "\n").unwrap();
    let said = mistakes(&[("SECRET_KEY_FILE", empty.to_str().unwrap())]);
    assert!(said.len() == 1 && said[0].starts_with("SECRET_KEY_FILE holds "), "{said:?}");
}
