//! What each variable means, group by group.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rust_decimal::Decimal;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::PgConnectOptions;
use url::{Host, Url};

use super::reader::Reader;
use super::{Config, LogSettings, Mistake, ShopSettings, Source};
use crate::esimdual::{self, Credentials};
use crate::ground::{Currency, EmailAddress, money::exact_decimal};
use crate::payments;
use crate::plumbing::mailer::Mailer;
use crate::plumbing::telemetry::{self, LogFormat};
use crate::pricing::Rounding;
use crate::shop::{FirstMarkup, Times};

const DEFAULT_BIND: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 3000);

pub(super) fn log(source: &Source) -> Result<LogSettings, Vec<Mistake>> {
    let mut reader = Reader::new(source);
    let format = reader.parsed("LOG_FORMAT", "text or json", |text| match text {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    });
    let should_be = "a log filter such as info,sqlx=warn";
    let filter =
        reader.parsed("RUST_LOG", should_be, |text| telemetry::is_filter(text).then(|| text.to_owned()));
    finish(reader, LogSettings { format: format.unwrap_or_default(), filter })
}

pub(super) fn config(source: &Source) -> Result<Config, Vec<Mistake>> {
    let mut reader = Reader::new(source);
    let bind_addr =
        reader.parsed("BIND_ADDR", "an address and port such as 127.0.0.1:3000", |text| text.parse().ok());
    let bind_addr: SocketAddr = bind_addr.unwrap_or(DEFAULT_BIND);
    let public_url = public_url(&mut reader, bind_addr);
    let upstream = upstream(&mut reader);
    let payment_methods = payment_methods(&mut reader, &public_url, &upstream.base_url);
    let bank_transfer_instructions = bank_transfer_instructions(&mut reader, &payment_methods);
    let (stripe, payment_origins) = super::stripe::stripe(&mut reader, &payment_methods);
    let config = Config {
        data_dir: reader.text("DATA_DIR").unwrap_or("./data").into(),
        pg_bin_dir: reader.text("PG_BIN_DIR").map(Into::into),
        database_url: database(&mut reader),
        bind_addr,
        metrics_addr: metrics_addr(&mut reader, bind_addr),
        secret_key: secret_key(&mut reader),
        auto_migrate: reader.flag("AUTO_MIGRATE", true),
        upstream,
        stripe,
        smtp_url: smtp(&mut reader),
        mail_from: mail_from(&mut reader),
        first_admin: first_admin(&mut reader),
        shop: ShopSettings {
            public_url,
            trusted_proxies: trusted_proxies(&mut reader),
            currency: reader.parsed("CURRENCY", "a currency's three letters such as EUR", Currency::parse),
            first_markup: first_markup(&mut reader),
            webhook_secrets: listed(reader.secret("ESIMDUAL_WEBHOOK_SECRET")),
            payment_methods,
            bank_transfer_instructions,
            payment_origins,
            payment_fees: super::limits::payment_fees(&mut reader),
            order_limits: super::limits::order_limits(&mut reader),
            rate_limits: reader.flag("RATE_LIMITS", true),
            rates: super::limits::rates(&mut reader),
            require_second_factor: reader.flag("REQUIRE_SECOND_FACTOR", false),
            sync_max_vanish_percent: percent(reader.number("SYNC_MAX_VANISH_PERCENT", 30, 0..=100)),
            sync_max_leap_percent: percent(reader.number("SYNC_MAX_LEAP_PERCENT", 30, 0..=100)),
            sync_leap_factor: u32::try_from(reader.number("SYNC_LEAP_FACTOR", 3, 2..=1_000)).unwrap_or(3),
            wallet_low_days: u32::try_from(reader.number("WALLET_LOW_DAYS", 3, 0..=365)).unwrap_or(3),
            times: times(&mut reader),
        },
    };
    // Read here only so that a mistake in them is reported with all the others.
    if let Err(mistakes) = log(source) {
        reader.mistakes.extend(mistakes);
    }
    finish(reader, config)
}

fn finish<T>(reader: Reader<'_>, value: T) -> Result<T, Vec<Mistake>> {
    if reader.mistakes.is_empty() { Ok(value) } else { Err(reader.mistakes) }
}

fn percent(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(100)
}

fn database(reader: &mut Reader<'_>) -> Option<SecretString> {
    let private = reader.flag("PRIVATE_POSTGRES", true);
    let url = reader.secret("DATABASE_URL");
    let holds = url.as_ref().map(|url| url.expose_secret().to_owned());
    match holds {
        Some(text) if !text.starts_with("postgres") || text.parse::<PgConnectOptions>().is_err() => {
            reader.wrong("DATABASE_URL", "another kind of address", "postgres://user:password@host/database");
        }
        None if !private => {
            reader.wrong("DATABASE_URL", "nothing", "set, because PRIVATE_POSTGRES is false");
        }
        _ => {}
    }
    url
}

fn smtp(reader: &mut Reader<'_>) -> Option<SecretString> {
    let url = reader.secret("SMTP_URL");
    let understood = |url: &SecretString| Mailer::to_server(url.expose_secret(), String::new()).is_ok();
    if url.as_ref().is_some_and(|url| !understood(url)) {
        reader.wrong("SMTP_URL", "another kind of address", "smtps://user:password@host, or smtp://host");
    }
    url
}

fn secret_key(reader: &mut Reader<'_>) -> Option<SecretString> {
    let key = reader.secret("SECRET_KEY");
    if key.as_ref().is_some_and(|key| key.expose_secret().len() < 32) {
        reader.wrong("SECRET_KEY", "fewer than 32 characters", "at least 32 random characters, or unset");
    }
    key
}

fn public_url(reader: &mut Reader<'_>, bind: SocketAddr) -> String {
    let should_be = "an address such as https://shop.example, without a path";
    let given = reader.parsed("PUBLIC_URL", should_be, |text| {
        let url = Url::parse(text).ok()?;
        let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let web = text.starts_with("http://") || text.starts_with("https://");
        (plain && web && url.has_host() && url.username().is_empty())
            .then(|| url.origin().ascii_serialization())
    });
    if given.is_none() && reader.text("PUBLIC_URL").is_none() && bind.ip().is_unspecified() {
        let holds = "nothing, while BIND_ADDR listens everywhere";
        reader.wrong("PUBLIC_URL", holds, "the address by which customers reach the shop");
    }
    given.unwrap_or_else(|| format!("http://{bind}"))
}

/// Never the public address: what is counted is nobody's business.
fn metrics_addr(reader: &mut Reader<'_>, bind: SocketAddr) -> Option<SocketAddr> {
    let should_be = "an address and port of its own such as 127.0.0.1:9464";
    reader.parsed("METRICS_ADDR", should_be, |text| {
        text.parse().ok().filter(|addr: &SocketAddr| addr.port() == 0 || *addr != bind)
    })
}

fn trusted_proxies(reader: &mut Reader<'_>) -> Vec<ipnet::IpNet> {
    let read = |text: &str| {
        let network =
            |part: &str| part.parse().ok().or_else(|| part.parse::<IpAddr>().ok().map(ipnet::IpNet::from));
        text.split(',').map(|part| network(part.trim())).collect::<Option<Vec<_>>>()
    };
    reader.parsed("TRUSTED_PROXIES", "networks such as 10.0.0.0/8, comma-separated", read).unwrap_or_default()
}

fn upstream(reader: &mut Reader<'_>) -> esimdual::Settings {
    let base_url = reader.parsed("ESIMDUAL_BASE_URL", "an http or https address", |text| {
        let url = Url::parse(text).ok()?;
        let fine = matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none();
        fine.then(|| text.trim_end_matches('/').to_owned())
    });
    let budget = reader.number("ESIMDUAL_REQUESTS_PER_MINUTE", 60, 1..=100_000);
    let timeout = reader.seconds("ESIMDUAL_TIMEOUT_SECONDS", 10, 1);
    esimdual::Settings {
        base_url: base_url.unwrap_or_else(|| "https://esimdual.com/api/reseller/v1".to_owned()),
        credentials: credentials(reader),
        connect_timeout: timeout.min(Duration::from_secs(5)),
        timeout,
        list_timeout: reader.seconds("ESIMDUAL_LIST_TIMEOUT_SECONDS", 60, 1),
        catalog_timeout: reader.seconds("ESIMDUAL_CATALOG_TIMEOUT_SECONDS", 300, 1),
        requests_per_minute: u32::try_from(budget).unwrap_or(60),
        login_pause: reader.seconds("ESIMDUAL_LOGIN_PAUSE_SECONDS", 30, 1),
        longest_rest: reader.seconds("ESIMDUAL_REST_SECONDS", 30, 1),
    }
}

fn credentials(reader: &mut Reader<'_>) -> Option<Credentials> {
    let email = reader.text("ESIMDUAL_EMAIL").map(str::to_owned);
    let password = reader.secret("ESIMDUAL_PASSWORD");
    let token = reader.secret("ESIMDUAL_TOKEN");
    let device_name = reader.text("ESIMDUAL_DEVICE_NAME").unwrap_or("simfront").to_owned();
    match (email, password, token) {
        (None, None, None) => None,
        (None, None, Some(token)) => Some(Credentials::Token(token)),
        (Some(email), Some(password), None) => Some(Credentials::Login { email, password, device_name }),
        (_, _, Some(_)) => {
            let holds = "a token, beside an e-mail or a password";
            reader.wrong(
                "ESIMDUAL_TOKEN",
                holds,
                "alone, or unset where ESIMDUAL_EMAIL and ESIMDUAL_PASSWORD are set",
            );
            None
        }
        (Some(_), None, None) => {
            reader.wrong("ESIMDUAL_PASSWORD", "nothing", "the password of ESIMDUAL_EMAIL");
            None
        }
        (None, Some(_), None) => {
            reader.wrong("ESIMDUAL_EMAIL", "nothing", "the e-mail that ESIMDUAL_PASSWORD belongs to");
            None
        }
    }
}

/// Secrets, comma-separated: several while one is being changed.
pub(super) fn listed(all: Option<SecretString>) -> Vec<SecretString> {
    let Some(all) = all else { return Vec::new() };
    let each = all.expose_secret().split(',').map(str::trim).filter(|secret| !secret.is_empty());
    each.map(|secret| SecretString::from(secret.to_owned())).collect()
}

fn payment_methods(reader: &mut Reader<'_>, public_url: &str, base_url: &str) -> Vec<String> {
    let allowed = reader.flag("ALLOW_TEST_PAYMENTS", false);
    let read = |text: &str| {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        words.map(|word| payments::Method::from_word(word).map(|method| method.word().to_owned())).collect()
    };
    let should_be = "of stripe, bank_transfer and test, comma-separated";
    let methods: Vec<String> = reader.parsed("PAYMENT_METHODS", should_be, read).unwrap_or_default();
    let here_alone = is_loopback(public_url) && is_loopback(base_url);
    if methods.iter().any(|method| method == payments::Method::Test.word()) && !here_alone && !allowed {
        let should_be = "without test, unless PUBLIC_URL and ESIMDUAL_BASE_URL are both on this machine \
            or ALLOW_TEST_PAYMENTS is true";
        reader.wrong("PAYMENT_METHODS", "test", should_be);
    }
    methods
}

/// Line by line; a line's end may be written as `\n`, since not every way to set a variable takes real ones.
fn bank_transfer_instructions(reader: &mut Reader<'_>, methods: &[String]) -> String {
    let read = reader.text("BANK_TRANSFER_INSTRUCTIONS").unwrap_or_default().replace("\\n", "\n");
    let lines: Vec<&str> = read.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let offered = methods.iter().any(|method| method == payments::Method::BankTransfer.word());
    if offered && lines.is_empty() {
        let should_be = "the account that customers transfer to, as PAYMENT_METHODS has bank_transfer";
        reader.wrong("BANK_TRANSFER_INSTRUCTIONS", "nothing", should_be);
    }
    lines.join("\n")
}

pub(super) fn is_loopback(address: &str) -> bool {
    match Url::parse(address).ok().as_ref().and_then(Url::host) {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

fn first_markup(reader: &mut Reader<'_>) -> FirstMarkup {
    let thousand = Decimal::ONE_THOUSAND;
    let within =
        move |text: &str| exact_decimal(text).filter(|value| !value.is_sign_negative() && *value <= thousand);
    let percent = reader.parsed("MARKUP_PERCENT", "a number from 0 to 1000", within);
    let fixed = reader.parsed("MARKUP_FIXED", "an amount from 0 to 1000, with a dot", within);
    let should_be = "none, 99, 95, 90, 50 or whole";
    let rounding = reader.parsed("MARKUP_ROUNDING", should_be, Rounding::from_word).unwrap_or(Rounding::None);
    FirstMarkup {
        percent: percent.unwrap_or_else(|| Decimal::from(25)),
        fixed: fixed.unwrap_or(Decimal::ZERO),
        rounding: rounding.word(),
    }
}

fn mail_from(reader: &mut Reader<'_>) -> String {
    let read = |text: &str| text.parse::<lettre::message::Mailbox>().ok().map(|_| text.to_owned());
    let given = reader.parsed("MAIL_FROM", "a mail address, or Name <address>", read);
    given.unwrap_or_else(|| "simfront@localhost.localdomain".to_owned())
}

fn first_admin(reader: &mut Reader<'_>) -> Option<(EmailAddress, SecretString)> {
    let email = reader.parsed("ADMIN_EMAIL", "an e-mail address", EmailAddress::parse);
    let password = reader.secret("ADMIN_PASSWORD");
    match (reader.text("ADMIN_EMAIL"), password) {
        (Some(_), Some(password)) => email.map(|email| (email, password)),
        (Some(_), None) => {
            reader.wrong("ADMIN_PASSWORD", "nothing", "the first owner's password, or ADMIN_EMAIL unset");
            None
        }
        (None, Some(_)) => {
            reader.wrong("ADMIN_EMAIL", "nothing", "the first owner's e-mail, or ADMIN_PASSWORD unset");
            None
        }
        (None, None) => None,
    }
}

fn times(reader: &mut Reader<'_>) -> Times {
    Times {
        key_horizon: reader.seconds("ESIMDUAL_KEY_HORIZON_SECONDS", 72_000, 1),
        doubt_settling: reader.seconds("DOUBT_SETTLING_SECONDS", 60, 0),
        sync_interval: reader.seconds("SYNC_INTERVAL_SECONDS", 900, 1),
        reconcile_interval: reader.seconds("RECONCILE_INTERVAL_SECONDS", 30, 1),
        catalog_max_age: reader.seconds("CATALOG_MAX_AGE_SECONDS", 86_400, 1),
        delivery_deadline: reader.seconds("DELIVERY_DEADLINE_SECONDS", 4_200, 1),
        pay_page_patience: reader.seconds("PAY_PAGE_PATIENCE_SECONDS", 5, 0),
        quote_lifetime: reader.seconds("QUOTE_LIFETIME_SECONDS", 1_800, 0),
        payment_expiry: reader.seconds("PAYMENT_EXPIRY_SECONDS", 3_600, 1),
        bank_transfer_expiry: reader.seconds("BANK_TRANSFER_EXPIRY_SECONDS", 604_800, 1),
        bank_transfer_reminder: reader.seconds("BANK_TRANSFER_REMINDER_SECONDS", 172_800, 0),
        job_lease: reader.seconds("JOB_LEASE_SECONDS", 60, 1),
        shutdown_grace: reader.seconds("SHUTDOWN_GRACE_SECONDS", 25, 1),
        header_read: reader.seconds("HEADER_READ_TIMEOUT_SECONDS", 10, 1),
    }
}
