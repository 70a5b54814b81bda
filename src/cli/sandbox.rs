//! `simfront sandbox`: the eSIMDual sandbox alone.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use tokio::signal::unix::{SignalKind, signal};

use crate::ground::money::exact_decimal;
use crate::ground::{Currency, EmailAddress};
use crate::sandbox::{self, Injection, MOST_PACKAGES, OrderMode, PageForm, Settings};

/// A stand-in for the eSIMDual reseller API on 127.0.0.1, with a control page at /_sandbox/.
#[derive(Args)]
pub struct SandboxArgs {
    /// The port; 0 takes any free one.
    #[arg(long, default_value_t = 4010)]
    port: u16,
    /// How many packages the catalog has, up to 200000.
    #[arg(long, value_name = "NUMBER", default_value_t = 2400, value_parser = packages)]
    packages: usize,
    /// The catalog's seed: the same seed makes the same catalog, everywhere.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,

    /// The account's e-mail address.
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "partner@example.com",
        value_parser = mail_address,
        help_heading = "Account"
    )]
    email: String,
    /// The account's password.
    #[arg(long, default_value = "StrongPassword123!", value_parser = something, help_heading = "Account")]
    password: String,
    /// The wallet's opening balance in USD.
    #[arg(
        long,
        value_name = "AMOUNT",
        default_value = "250",
        value_parser = amount,
        allow_negative_numbers = true,
        help_heading = "Account"
    )]
    balance: rust_decimal::Decimal,
    /// How long a token lasts; without it, until it is revoked.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Account")]
    token_lifetime: Option<u64>,

    /// Where webhooks are sent; without it none are.
    #[arg(long, value_name = "ADDRESS", value_parser = web_address, help_heading = "Webhooks")]
    webhook_url: Option<String>,
    /// The secret that signs them.
    #[arg(
        long,
        value_name = "SECRET",
        default_value = "sandbox-webhook-secret",
        value_parser = something,
        help_heading = "Webhooks"
    )]
    webhook_secret: String,
    /// How often a webhook is tried in all.
    #[arg(long, value_name = "NUMBER", default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=100), help_heading = "Webhooks")]
    webhook_tries: u32,
    /// The wait after a webhook's first failed attempt; it doubles after each.
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = wait(), help_heading = "Webhooks")]
    webhook_retry_seconds: u64,
    /// How long one attempt to deliver a webhook may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=LONGEST), help_heading = "Webhooks")]
    webhook_timeout_seconds: u64,

    /// What becomes of an order that is accepted.
    #[arg(long, value_enum, default_value_t = Mode::Completed, help_heading = "Behaviour")]
    mode: Mode,
    /// How long an order is processed before it is completed or failed a little later.
    #[arg(long, value_name = "SECONDS", default_value_t = 3, value_parser = wait(), help_heading = "Behaviour")]
    processing_seconds: u64,
    /// Keep the debit of an order that fails; without it, it is given back.
    #[arg(long, help_heading = "Behaviour")]
    keep_failed_debits: bool,
    /// Misbehave: a fault's name and its parameters, as in too_many_requests:times=3,retry_after=7. May be repeated;
    /// the control page lists every fault. What the state directory holds unspent of it is not armed again.
    #[arg(long, value_name = "NAME[:KEY=VALUE,…]", help_heading = "Behaviour")]
    fault: Vec<Injection>,
    /// Answer lists in pages of so many items; without it they come whole, as the documents show them.
    #[arg(long, value_name = "NUMBER", value_parser = page_size, help_heading = "Behaviour")]
    page_size: Option<usize>,
    /// How such a page looks: Laravel's paginator inside `data`, or a resource with `links` and `meta` beside it.
    #[arg(long, value_enum, default_value_t = Form::Paginator, help_heading = "Behaviour")]
    page_form: Form,
    /// Keep orders, wallet, keys, tokens and faults in this directory; without it they are forgotten at the end.
    #[arg(long, value_name = "DIRECTORY", help_heading = "Behaviour")]
    state_dir: Option<PathBuf>,
}

/// A day: nobody waits longer for a rehearsal.
const LONGEST: u64 = 86_400;

fn wait() -> impl clap::builder::TypedValueParser<Value = u64> {
    clap::value_parser!(u64).range(0..=LONGEST)
}

/// [`OrderMode`], as a flag.
#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    /// Completed in the answer to the purchase.
    Completed,
    /// Processed first, completed a little later.
    CompletedLater,
    /// Processed first, failed a little later.
    FailedLater,
    /// Waits until the control page moves it.
    Processing,
}

/// [`PageForm`], as a flag.
#[derive(Clone, Copy, ValueEnum)]
enum Form {
    Paginator,
    Resource,
}

impl From<Mode> for OrderMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Completed => Self::Completed,
            Mode::CompletedLater => Self::CompletedLater,
            Mode::FailedLater => Self::FailedLater,
            Mode::Processing => Self::Processing,
        }
    }
}

impl From<Form> for PageForm {
    fn from(form: Form) -> Self {
        match form {
            Form::Paginator => Self::Paginator,
            Form::Resource => Self::Resource,
        }
    }
}

fn amount(text: &str) -> Result<rust_decimal::Decimal, String> {
    let within = |amount: &rust_decimal::Decimal| {
        !amount.is_sign_negative() && *amount <= rust_decimal::Decimal::from(1_000_000_000)
    };
    let amount = exact_decimal(text).filter(within);
    amount.ok_or_else(|| "write an amount from 0 to 1000000000, such as 250 or 12.50".to_owned())
}

/// Another address could not log in: the sandbox refuses it as the upstream does.
fn mail_address(text: &str) -> Result<String, String> {
    let fits = EmailAddress::parse(text).is_some();
    fits.then(|| text.to_owned())
        .ok_or_else(|| "write an e-mail address such as partner@example.com".to_owned())
}

/// A password or secret that is empty, or that spaces would hide in the printed line, is a slip.
fn something(text: &str) -> Result<String, String> {
    let fits = !text.is_empty() && text.trim() == text;
    fits.then(|| text.to_owned())
        .ok_or_else(|| "write one that is not empty, without spaces around it".to_owned())
}

fn web_address(text: &str) -> Result<String, String> {
    sandbox::is_web_address(text)
        .then(|| text.to_owned())
        .ok_or_else(|| "write an address that begins with http:// or https://".to_owned())
}

fn packages(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=MOST_PACKAGES).contains(number));
    number.ok_or_else(|| format!("write a number from 1 to {MOST_PACKAGES}"))
}

fn page_size(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|size| *size > 0).ok_or_else(|| "write a number from 1".to_owned())
}

/// Runs the sandbox until Ctrl-C or SIGTERM.
///
/// # Errors
/// When the port is taken, or the state directory cannot be used.
pub async fn run(args: SandboxArgs) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let faults = args.fault.clone();
    let running = sandbox::start(settings(args)).await?;
    running.inject_at_start(faults);
    println!("sandbox: {}", running.base_url());
    println!("login: {} {}", running.settings().email, running.settings().password);
    println!("webhook secret: {}", running.settings().webhook_secret);
    println!("control page: {}/_sandbox/", running.origin());
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot listen for Ctrl-C")?,
        _ = terminate.recv() => {}
    }
    running.stop().await;
    Ok(())
}

fn settings(args: SandboxArgs) -> Settings {
    Settings {
        port: args.port,
        packages: args.packages,
        seed: args.seed,
        email: args.email,
        password: args.password,
        balance: args.balance,
        currency: Currency::USD,
        webhook_url: args.webhook_url,
        webhook_secret: args.webhook_secret,
        webhook_tries: args.webhook_tries,
        webhook_retry: Duration::from_secs(args.webhook_retry_seconds),
        webhook_timeout: Duration::from_secs(args.webhook_timeout_seconds),
        state_dir: args.state_dir,
        mode: args.mode.into(),
        processing_delay: Duration::from_secs(args.processing_seconds),
        credit_failed: !args.keep_failed_debits,
        token_lifetime: args.token_lifetime.map(Duration::from_secs),
        page_size: args.page_size,
        page_form: args.page_form.into(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: SandboxArgs,
    }

    #[test]
    fn what_nobody_could_log_in_or_sign_with_is_refused_with_a_sentence() {
        for (flag, value, sentence) in [
            ("--email", "nobody", "write an e-mail address such as partner@example.com"),
            ("--email", "", "write an e-mail address such as partner@example.com"),
            ("--password", "", "write one that is not empty, without spaces around it"),
            ("--webhook-secret", " ", "write one that is not empty, without spaces around it"),
            ("--balance", "-5", "write an amount from 0 to 1000000000, such as 250 or 12.50"),
            ("--webhook-tries", "0", "0 is not in 1..=100"),
            ("--webhook-timeout-seconds", "0", "0 is not in 1..=86400"),
            ("--processing-seconds", "86401", "86401 is not in 0..=86400"),
            ("--webhook-url", "nonsense", "write an address that begins with http:// or https://"),
            ("--fault", "bad_gateway:times=0", "times cannot be \"0\""),
            ("--token-lifetime", "0", "0 is not in 1.."),
        ] {
            let refusal = Line::try_parse_from(["sandbox", flag, value]).err().map(|error| error.to_string());
            assert!(refusal.as_deref().is_some_and(|told| told.contains(sentence)), "{flag}: {refusal:?}");
        }
        // As the help spells it.
        let fault = ["sandbox", "--fault", "too_many_requests:times=3,retry_after=7"];
        assert!(Line::try_parse_from(fault).is_ok_and(|line| line.args.fault.len() == 1));
        let line = Line::try_parse_from(["sandbox", "--balance", "0", "--token-lifetime", "1"]).ok();
        assert!(line.is_some_and(|line| line.args.balance.is_zero() && line.args.token_lifetime == Some(1)));
    }

    #[test]
    fn the_flags_are_the_settings_and_without_them_the_usual_ones_count() {
        let read = |flags: &str| {
            let words = std::iter::once("sandbox").chain(flags.split_whitespace());
            settings(Line::try_parse_from(words).ok().unwrap().args)
        };
        let told = |settings: &Settings| {
            let waits = [settings.processing_delay, settings.webhook_retry, settings.webhook_timeout];
            (waits.map(|wait| wait.as_secs()), settings.webhook_tries, settings.credit_failed)
        };
        assert_eq!(told(&read("")), told(&Settings::default()));
        let flags = "--processing-seconds 0 --webhook-retry-seconds 1 --webhook-timeout-seconds 2 \
                     --webhook-tries 4 --keep-failed-debits";
        assert_eq!(told(&read(flags)), ([0, 1, 2], 4, false));
    }
}
