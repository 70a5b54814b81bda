//! `simfront demo`: the whole shop with its upstream's sandbox, in one program. It lives in `data/demo` and hears of no
//! variable that could lead it to a real shop.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use super::foundation::{self, Foundation};
use super::{Ending, program, start_log};
use crate::config::{Config, Mistake, Source};
use crate::ground::{Currency, Entropy};
use crate::plumbing::data_dir::DataDir;
use crate::plumbing::private_postgres::{self, Session};
use crate::sandbox::{self, Running};

const HOME: &str = "data/demo";
const ADMIN: &str = "admin@example.com";
/// A first sync takes about a second.
const FILLED_WITHIN: Duration = Duration::from_secs(60);
const PARTNER: &str = "partner@example.com";
/// What the demo hears of its environment.
const HEARD: [&str; 4] = ["PORT", "PG_BIN_DIR", "LOG_FORMAT", "RUST_LOG"];

/// Runs the demo until Ctrl-C.
pub(super) async fn run() -> Result<(), Ending> {
    let source = Source::of_environment(&HEARD);
    let port = port(&source)?;
    // Quiet unless asked: the lines that a newcomer should see are few.
    let quiet = source.get("RUST_LOG").unwrap_or("warn,simfront::cli=info").to_owned();
    start_log(&source.clone().with([("RUST_LOG", quiet)]))?;
    let secrets = Secrets::of_home()?;
    let bare = source.with([("DATA_DIR", HOME.to_owned()), ("BIND_ADDR", address(port).to_string())]);
    let postgres = foundation::start_private(&Config::read(&bare)?).await?;
    let postgres = Session::Owned(Box::new(postgres));
    let sandbox = match start_sandbox(port, &secrets).await {
        Ok(sandbox) => sandbox,
        Err(fault) => {
            postgres.stop().await;
            return Err(fault.into());
        }
    };
    let ended = run_shop(bare, &secrets, postgres, &sandbox).await;
    sandbox.stop().await;
    ended
}

/// Forgets everything that the demo knows.
pub(super) async fn forget() -> anyhow::Result<()> {
    let home = Path::new(HOME);
    private_postgres::forget(home).await?;
    match std::fs::remove_dir_all(home) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{HOME} cannot be removed"))
        }
        _ => {
            println!("the demo's data is gone");
            Ok(())
        }
    }
}

async fn run_shop(
    bare: Source,
    secrets: &Secrets,
    postgres: Session,
    sandbox: &Running,
) -> Result<(), Ending> {
    let config = match Config::read(&settings(bare, secrets, sandbox)) {
        Ok(config) => config,
        Err(mistakes) => {
            postgres.stop().await;
            return Err(mistakes.into());
        }
    };
    let mut foundation = Foundation::stand_on(&config, Some(postgres), true).await?;
    Arc::make_mut(&mut foundation.shop.settings).sandbox_page =
        Some(format!("{}/_sandbox/", sandbox.origin()));
    // The shop opens first, so that a webhook which the sandbox still owes is taken at once.
    let open = match program::open(&config, &foundation, program::Part::Whole).await {
        Ok(open) => open,
        Err(ending) => {
            foundation.close().await;
            return Err(ending);
        }
    };
    if tokio::time::timeout(FILLED_WITHIN, filled(&open)).await.is_err() {
        tracing::warn!("the catalog is not filled yet; the shop keeps trying");
    }
    println!("shop: {}", config.shop.public_url);
    println!("admin: {}/admin {ADMIN} {}", config.shop.public_url, secrets.admin);
    println!("sandbox: {}/_sandbox/", sandbox.origin());
    println!("Ctrl-C stops everything; make demo-reset forgets it.");
    open.until_told(foundation).await
}

/// Waits for the first sync, which the workers have begun, to be in the window.
async fn filled(open: &program::Open) {
    while !open.shows_catalog() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The demo's secrets, made once and kept in files that only this user reads.
struct Secrets {
    admin: String,
    partner: String,
    webhook: String,
}

impl Secrets {
    fn of_home() -> anyhow::Result<Self> {
        let entropy = Entropy::system();
        let home = DataDir::open(Path::new(HOME)).with_context(|| format!("{HOME} cannot be made"))?;
        let secret = |name: &str| home.secret(name, || entropy.token().as_str()[..20].to_owned());
        Ok(Self {
            admin: secret("admin_password").context("the admin's password cannot be kept")?,
            partner: secret("partner_password").context("the sandbox's password cannot be kept")?,
            webhook: secret("webhook_secret").context("the webhook secret cannot be kept")?,
        })
    }
}

fn port(source: &Source) -> Result<u16, Ending> {
    let Some(text) = source.get("PORT") else { return Ok(3000) };
    let parsed = text.parse().ok().filter(|port| (1..u16::MAX).contains(port));
    parsed.ok_or_else(|| vec![Mistake::new("PORT", &format!("{text:?}"), "a port from 1 to 65534")].into())
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// On the port after the shop's, so that its address stays the same; on any other where that one is taken.
async fn start_sandbox(port: u16, secrets: &Secrets) -> anyhow::Result<Running> {
    let beside = port + 1;
    let taken = tokio::net::TcpListener::bind(address(beside)).await.is_err();
    let settings = sandbox::Settings {
        port: if taken { 0 } else { beside },
        email: PARTNER.to_owned(),
        password: secrets.partner.clone(),
        balance: rust_decimal::Decimal::from(1000),
        currency: Currency::USD,
        webhook_url: Some(format!("http://{}/webhooks/esimdual", address(port))),
        webhook_secret: secrets.webhook.clone(),
        state_dir: Some(Path::new(HOME).join("sandbox")),
        ..sandbox::Settings::default()
    };
    sandbox::start(settings).await.context("the sandbox does not start")
}

fn settings(bare: Source, secrets: &Secrets, sandbox: &Running) -> Source {
    bare.with([
        ("ESIMDUAL_BASE_URL", sandbox.base_url()),
        ("ESIMDUAL_EMAIL", PARTNER.to_owned()),
        ("ESIMDUAL_PASSWORD", secrets.partner.clone()),
        ("ESIMDUAL_WEBHOOK_SECRET", secrets.webhook.clone()),
        ("ESIMDUAL_REQUESTS_PER_MINUTE", "600".to_owned()),
        ("RECONCILE_INTERVAL_SECONDS", "5".to_owned()),
        ("DOUBT_SETTLING_SECONDS", "15".to_owned()),
        ("PAYMENT_METHODS", "test".to_owned()),
        ("ADMIN_EMAIL", ADMIN.to_owned()),
        ("ADMIN_PASSWORD", secrets.admin.clone()),
        ("MAIL_FROM", "Demo shop <shop@example.com>".to_owned()),
    ])
}
