//! `simfront sandbox`: the eSIMDual sandbox alone.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use crate::ground::Currency;
use crate::ground::money::exact_decimal;
use crate::sandbox::{self, Settings};

/// A stand-in for the eSIMDual reseller API on 127.0.0.1, with a control page at /_sandbox/.
#[derive(Args)]
pub struct SandboxArgs {
    /// The port; 0 takes any free one.
    #[arg(long, default_value_t = 4010)]
    port: u16,
    /// How many packages the catalog has.
    #[arg(long, default_value_t = 2400)]
    packages: usize,
    /// The catalog's seed: the same seed makes the same catalog.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The account's e-mail address.
    #[arg(long, default_value = "partner@example.com")]
    email: String,
    /// The account's password.
    #[arg(long, default_value = "StrongPassword123!")]
    password: String,
    /// The wallet's opening balance in USD.
    #[arg(long, default_value = "250", value_parser = amount)]
    balance: rust_decimal::Decimal,
    /// Where webhooks are sent; without it none are.
    #[arg(long, value_parser = web_address)]
    webhook_url: Option<String>,
    /// The secret that signs webhooks.
    #[arg(long, default_value = "sandbox-webhook-secret")]
    webhook_secret: String,
    /// Keep orders, wallet, keys and tokens in this directory; without it they are forgotten at the end.
    #[arg(long)]
    state_dir: Option<PathBuf>,
}

fn amount(text: &str) -> Result<rust_decimal::Decimal, String> {
    exact_decimal(text).ok_or_else(|| "write an amount such as 250 or 12.50".to_owned())
}

fn web_address(text: &str) -> Result<String, String> {
    match url::Url::parse(text) {
        Ok(address) if matches!(address.scheme(), "http" | "https") => Ok(text.to_owned()),
        _ => Err("write an address that begins with http:// or https://".to_owned()),
    }
}

/// Runs the sandbox until Ctrl-C or SIGTERM.
///
/// # Errors
/// When the port is taken, or the state directory cannot be used.
pub async fn run(args: SandboxArgs) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let settings = Settings {
        port: args.port,
        packages: args.packages,
        seed: args.seed,
        email: args.email,
        password: args.password,
        balance: args.balance,
        currency: Currency::USD,
        webhook_url: args.webhook_url,
        webhook_secret: args.webhook_secret,
        state_dir: args.state_dir,
        ..Settings::default()
    };
    let running = sandbox::start(settings).await?;
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
