//! What most commands stand on: the database (ours or the reseller's), the clock, the key, and the shop made of them.

use std::sync::Arc;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use tokio_util::sync::CancellationToken;

use super::Ending;
use crate::config::Config;
use crate::esimdual;
use crate::ground::{Clock, Entropy};
use crate::plumbing::bell::Bell;
use crate::plumbing::data_dir::DataDir;
use crate::plumbing::db::{self, SchemaState, Shares};
use crate::plumbing::mailer::Mailer;
use crate::plumbing::private_postgres::{self, Owned, Session};
use crate::plumbing::sealed::SealingKey;
use crate::settings::{self, AnotherKey};
use crate::shop::{Settings, Shop};

/// Of each share: enough for the pages of two cores, and for the workers, the bell and the clock beside them.
const CONNECTIONS: u32 = 12;

/// An open shop, with the PostgreSQL below it where that is ours.
pub(super) struct Foundation {
    /// For requests and commands.
    pub shop: Shop,
    /// The same shop for workers, on their own share of the connections.
    pub at_work: Shop,
    pub postgres: Option<Session>,
}

impl Foundation {
    /// For programs that stay: they own the private PostgreSQL, and migrate unless AUTO_MIGRATE is off.
    pub async fn own(config: &Config) -> Result<Self, Ending> {
        let postgres = match config.database_url {
            Some(_) => None,
            None => Some(Session::Owned(Box::new(start_private(config).await?))),
        };
        Self::stand_on(config, postgres, config.auto_migrate).await
    }

    /// For commands that go: they attach to a running private PostgreSQL, or start and stop one.
    pub async fn borrow(config: &Config) -> Result<Self, Ending> {
        Self::stand_on(config, Self::session(config).await?, config.auto_migrate).await
    }

    /// The same, migrated whatever AUTO_MIGRATE says.
    pub async fn borrow_migrated(config: &Config) -> Result<Self, Ending> {
        Self::stand_on(config, Self::session(config).await?, true).await
    }

    async fn session(config: &Config) -> Result<Option<Session>, Ending> {
        match config.database_url {
            Some(_) => Ok(None),
            None => Ok(Some(
                private_postgres::attach_or_start(&private(config)).await.map_err(anyhow::Error::from)?,
            )),
        }
    }

    /// Builds on a PostgreSQL; where that fails, a private one is stopped again.
    pub async fn stand_on(config: &Config, postgres: Option<Session>, migrate: bool) -> Result<Self, Ending> {
        let own = postgres.as_ref().map(|session| session.url().to_owned());
        let url = own.or_else(|| config.database_url.as_ref().map(|url| url.expose_secret().to_owned()));
        match open_shop(config, &url.unwrap_or_default(), migrate).await {
            Ok((shop, at_work)) => Ok(Self { shop, at_work, postgres }),
            Err(ending) => {
                if let Some(session) = postgres {
                    session.stop().await;
                }
                Err(ending)
            }
        }
    }

    /// Both shares of the connections.
    pub fn shares(&self) -> Shares {
        Shares { requests: self.shop.db.clone(), work: self.at_work.db.clone() }
    }

    /// Closes the pools, then stops a PostgreSQL that this program started.
    pub async fn close(self) {
        if let Err(error) = self.shop.upstream.write_down_notes().await {
            tracing::debug!(%error, "what eSIMDual's documents do not say was not written down");
        }
        self.shares().close().await;
        if let Some(session) = self.postgres {
            session.stop().await;
        }
    }
}

/// The private PostgreSQL's settings.
fn private(config: &Config) -> private_postgres::Settings {
    private_postgres::Settings {
        data_dir: config.data_dir.clone(),
        bin_dir: config.pg_bin_dir.clone(),
        durable: true,
    }
}

/// Starts the private PostgreSQL, and says so where its data had to move.
pub(super) async fn start_private(config: &Config) -> anyhow::Result<Owned> {
    let owned = Owned::start(&private(config)).await?;
    if let Some(place) = owned.moved_to() {
        tracing::info!(place = %place.display(), "PostgreSQL's files are here: its user may not pass DATA_DIR");
    }
    Ok(owned)
}

async fn open_shop(config: &Config, url: &str, migrate: bool) -> Result<(Shop, Shop), Ending> {
    let entropy = Entropy::system();
    let Shares { requests: pool, work } =
        Shares::connect(url, CONNECTIONS).await.context("the database of DATABASE_URL cannot be reached")?;
    prepare_schema(&pool, migrate).await?;
    let clock = Clock::running(db::now(&pool).await?);
    let sealing_key = SealingKey::derive(&secret_key(config, &entropy)?);
    let met = settings::meet(&mut *pool.acquire().await?, &sealing_key.fingerprint(), clock.now()).await;
    met.map_err(|error| match error.downcast::<AnotherKey>() {
        Ok(another) => Ending::Misconfigured(vec![format!("{another}; set the first one again")]),
        Err(fault) => Ending::Failed(fault),
    })?;
    let upstream = esimdual::Client::new(
        config.upstream.clone(),
        // Purchases are made by workers; a request asks the upstream only about a catalog that is too old.
        work.clone(),
        sealing_key.clone(),
        clock.clone(),
        entropy.clone(),
    )?;
    let shop = Shop {
        db: pool,
        clock,
        entropy,
        settings: Arc::new(shop_settings(config, sealing_key)),
        upstream,
        stripe: config.stripe.clone().map(crate::stripe::Client::new).transpose()?,
        bell: Bell::default(),
        mailer: mailer(config)?,
        stop: CancellationToken::new(),
    };
    let at_work = Shop { db: work, ..shop.clone() };
    Ok((shop, at_work))
}

async fn prepare_schema(pool: &sqlx::PgPool, migrate: bool) -> anyhow::Result<()> {
    if migrate {
        return Ok(db::migrate(pool).await?);
    }
    match db::schema_state(pool).await? {
        SchemaState::Current => Ok(()),
        SchemaState::Behind(_) => {
            anyhow::bail!("the schema is older than this program: run simfront migrate")
        }
        SchemaState::Newer => Err(db::SchemaError::Newer.into()),
    }
}

/// SECRET_KEY, or the one that was made at the first start and is kept in DATA_DIR.
fn secret_key(config: &Config, entropy: &Entropy) -> anyhow::Result<SecretString> {
    if let Some(key) = &config.secret_key {
        return Ok(key.clone());
    }
    let made = DataDir::open(&config.data_dir)
        .and_then(|dir| dir.secret("secret_key", || hex::encode(entropy.bytes::<32>())))
        .with_context(|| format!("no secret can be kept in DATA_DIR ({})", config.data_dir.display()))?;
    Ok(made.into())
}

fn mailer(config: &Config) -> anyhow::Result<Mailer> {
    match &config.smtp_url {
        Some(url) => Mailer::to_server(url.expose_secret(), config.mail_from.clone()),
        None => {
            let dir = DataDir::open(&config.data_dir).with_context(|| {
                format!("mail cannot be written to DATA_DIR ({})", config.data_dir.display())
            })?;
            Ok(Mailer::to_folder(dir, config.mail_from.clone()))
        }
    }
}

fn shop_settings(config: &Config, sealing_key: SealingKey) -> Settings {
    let given = &config.shop;
    Settings {
        public_url: given.public_url.clone(),
        trusted_proxies: given.trusted_proxies.clone(),
        sealing_key,
        currency: given.currency,
        first_markup: given.first_markup,
        webhook_secrets: given.webhook_secrets.clone(),
        payment_methods: given.payment_methods.clone(),
        bank_transfer_instructions: given.bank_transfer_instructions.clone(),
        payment_origins: given.payment_origins.clone(),
        payment_fees: given.payment_fees.clone(),
        order_limits: given.order_limits,
        rate_limits: given.rate_limits,
        rates: given.rates,
        require_second_factor: given.require_second_factor,
        times: given.times,
        sync_max_vanish_percent: given.sync_max_vanish_percent,
        sync_max_leap_percent: given.sync_max_leap_percent,
        sync_leap_factor: given.sync_leap_factor,
        wallet_low_days: given.wallet_low_days,
        sandbox_page: None,
    }
}
