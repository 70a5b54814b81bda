//! A program that stays: it starts everything, waits for the word to stop, and stops in order.

use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use super::Ending;
use super::foundation::Foundation;
use crate::config::Config;
use crate::esimdual;
use crate::plumbing::jobs::Stop;
use crate::plumbing::metrics::Collected;
use crate::plumbing::private_postgres::Session;
use crate::plumbing::{apart, db, serve_http};
use crate::shop::Shop;
use crate::site::{self, Stage};
use crate::staff::{self, AccountRefusal};
use crate::web::assets;
use crate::{crew, ledgers, settings, window};

/// How often the clock is set by the database's.
const FOLLOW_EVERY: Duration = Duration::from_secs(10);
/// What is left for counts and pools where the time to stop is over.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How long handing back what was cut off may take.
const HAND_OVER: Duration = Duration::from_secs(2);
/// How often what webhooks were counted, and what was met upstream that is not documented, are written down.
const COUNT_EVERY: Duration = Duration::from_secs(5);

/// Which parts of the shop this program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Web server and workers.
    Whole,
    /// The web server alone.
    Web,
    /// Workers alone.
    Worker,
}

impl Part {
    pub fn serve(with_worker: bool) -> Self {
        if with_worker { Self::Whole } else { Self::Web }
    }
}

/// Runs until SIGTERM, Ctrl-C, or the end of our own PostgreSQL.
pub(super) async fn run(config: &Config, foundation: Foundation, part: Part) -> Result<(), Ending> {
    match open(config, &foundation, part).await {
        Ok(open) => {
            tracing::info!(address = %config.bind_addr, url = config.shop.public_url, "open");
            open.until_told(foundation).await
        }
        Err(ending) => {
            foundation.close().await;
            Err(ending)
        }
    }
}

/// A program that runs.
pub(super) struct Open {
    stage: Stage,
    grace: Duration,
    server: JoinHandle<()>,
    workers: JoinHandle<()>,
    stop_workers: Stop,
    background: Vec<JoinHandle<()>>,
}

/// Starts everything; from here on pages are answered.
pub(super) async fn open(config: &Config, foundation: &Foundation, part: Part) -> Result<Open, Ending> {
    let (shop, at_work) = (&foundation.shop, &foundation.at_work);
    make_first_admin(config, shop).await?;
    tell_currency(shop).await?;
    let listener = TcpListener::bind(config.bind_addr)
        .await
        .with_context(|| format!("BIND_ADDR {} cannot be listened on", config.bind_addr))?;
    let stage = Stage::default();
    let collecting = collect_metrics(config, shop).await?;
    let mut background = vec![
        tokio::spawn(shop.bell.clone().carry(at_work.db.clone())),
        tokio::spawn(follow_clock(at_work.clone())),
        tokio::spawn(write_counts(at_work.clone(), stage.clone())),
    ];
    background.extend(collecting);
    let router = if part == Part::Worker {
        site::worker_site(shop)
    } else {
        if let Err(error) = window::reload(shop, &stage.window).await {
            tracing::warn!(error = format!("{error:#}"), "the window is empty for now");
        }
        background.push(tokio::spawn(window::keep_fresh(at_work.clone(), stage.window.clone())));
        background.push(tokio::spawn(async {
            if let Err(error) = apart::compute(assets::warm).await {
                tracing::debug!(%error, "files are compressed as they are asked for");
            }
        }));
        site::site(shop, &stage)?
    };
    let times = &shop.settings.times;
    // The streams of order pages watch the same token, so that they end when the server is to stop.
    let serving = serve_http::serve(
        listener,
        router,
        times.header_read,
        shop.stop.clone(),
        to_finish(times.shutdown_grace),
    );
    let stop_workers = Stop::default();
    let workers = match part {
        Part::Web => tokio::spawn(async {}),
        Part::Whole | Part::Worker => tokio::spawn(crew::work(at_work.clone(), stop_workers.clone())),
    };
    let grace = times.shutdown_grace;
    Ok(Open { stage, grace, server: tokio::spawn(serving), workers, stop_workers, background })
}

impl Open {
    /// Whether the window has something to show.
    pub fn shows_catalog(&self) -> bool {
        !self.stage.window.now().is_empty()
    }

    /// Waits for the word to stop, then stops in order: requests, the jobs that run, the pools, PostgreSQL.
    pub async fn until_told(mut self, mut foundation: Foundation) -> Result<(), Ending> {
        let ended = tokio::select! {
            told = told_to_stop() => told.map_err(Ending::from),
            () = died(&mut foundation.postgres) => {
                Err(anyhow::anyhow!("our PostgreSQL ended by itself; its log is in DATA_DIR").into())
            }
        };
        tracing::info!("stopping");
        let gone_by = tokio::time::Instant::now() + self.grace;
        foundation.shop.stop.cancel();
        self.stop_workers.stop.cancel();
        self.stage.carried.close();
        let finish = async {
            let _served = (&mut self.server).await;
            self.stage.carried.wait().await;
            let _worked = (&mut self.workers).await;
        };
        if tokio::time::timeout(to_finish(self.grace), finish).await.is_err() {
            tracing::warn!("some work was cut off; it goes on at the next start");
            self.stop_workers.cut.cancel();
            let handed_over = gone_by.min(tokio::time::Instant::now() + HAND_OVER);
            if !self.workers.is_finished()
                && tokio::time::timeout_at(handed_over, self.workers).await.is_err()
            {
                tracing::warn!("a job could not be handed back; it goes on when its lease is over");
            }
        }
        for task in self.background {
            task.abort();
        }
        let shop = &foundation.at_work;
        let last_words = async {
            let _kept_for_later = write_tally(shop, &self.stage).await;
            let _lost_at_worst = shop.upstream.write_down_notes().await;
            foundation.shares().close().await;
        };
        // With the database away nobody waits for it; a moment is left in any case, and is enough where it is there.
        let over = gone_by.max(tokio::time::Instant::now() + LAST_WORDS);
        if tokio::time::timeout_at(over, last_words).await.is_err() {
            tracing::debug!("the pools were left open");
        }
        if let Some(session) = foundation.postgres {
            session.stop().await;
        }
        tracing::info!("stopped");
        ended
    }
}

/// What of the time for stopping is left to requests and jobs: a fifth, and no more than it needs, is kept for handing back
/// what does not finish.
fn to_finish(grace: Duration) -> Duration {
    grace - (grace / 5).min(HAND_OVER)
}

/// Serves `/metrics` on METRICS_ADDR alone; without it nothing is collected.
async fn collect_metrics(config: &Config, shop: &Shop) -> Result<Vec<JoinHandle<()>>, Ending> {
    let Some(address) = config.metrics_addr else { return Ok(Vec::new()) };
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("METRICS_ADDR {address} cannot be listened on"))?;
    let collected = Collected::start()?;
    esimdual::describe_metrics();
    ledgers::describe_metrics();
    tracing::info!(%address, "metrics are served");
    let times = &shop.settings.times;
    let site = site::metrics_site(collected.clone());
    let serving = serve_http::serve(listener, site, times.header_read, shop.stop.clone(), times.header_read);
    Ok(vec![tokio::spawn(serving), tokio::spawn(collected.keep_small(shop.stop.clone()))])
}

/// Says that `CURRENCY` came too late, once for each start.
async fn tell_currency(shop: &Shop) -> Result<(), Ending> {
    let mut conn = shop.db.acquire().await.map_err(anyhow::Error::from)?;
    let installation = settings::installation(&mut conn).await.map_err(anyhow::Error::from)?;
    if let Some(fixed) = installation.currency_instead_of(shop.settings.currency) {
        tracing::warn!(
            currency = fixed.code(),
            "CURRENCY names another currency than this shop sells in since its first contact with eSIMDual; it stays"
        );
    }
    Ok(())
}

async fn make_first_admin(config: &Config, shop: &Shop) -> Result<(), Ending> {
    use secrecy::ExposeSecret as _;
    let Some((email, password)) = &config.first_admin else { return Ok(()) };
    let made =
        staff::ensure_first(&shop.db, &shop.clock, &shop.entropy, email, password.expose_secret()).await;
    match made {
        Ok(_) => Ok(()),
        Err(AccountRefusal::Password(why)) => {
            Err(Ending::Misconfigured(vec![format!("ADMIN_PASSWORD: {why}")]))
        }
        Err(refusal) => Err(Ending::Failed(refusal.into())),
    }
}

async fn told_to_stop() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be listened for")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("Ctrl-C cannot be listened for")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

async fn died(postgres: &mut Option<Session>) {
    match postgres {
        Some(Session::Owned(owned)) => drop(owned.died().await),
        Some(Session::Attached { .. }) | None => std::future::pending().await,
    }
}

async fn follow_clock(shop: Shop) {
    loop {
        tokio::time::sleep(FOLLOW_EVERY).await;
        if let Ok(now) = db::now(&shop.db).await {
            shop.clock.follow(now);
        }
    }
}

async fn write_tally(shop: &Shop, stage: &Stage) -> sqlx::Result<()> {
    let settings = &shop.settings;
    let secrets = &settings.webhook_secrets;
    stage.inbox.tally.write(&shop.db, &settings.sealing_key, secrets, shop.now()).await?;
    let secrets = shop.stripe.as_ref().map_or(&[][..], |stripe| &stripe.settings().webhook_secrets);
    stage.inbox.stripe_tally.write(&shop.db, &settings.sealing_key, secrets, shop.now()).await
}

async fn write_counts(shop: Shop, stage: Stage) {
    loop {
        tokio::time::sleep(COUNT_EVERY).await;
        if let Err(error) = write_tally(&shop, &stage).await {
            tracing::debug!(%error, "webhooks could not be counted; trying again");
        }
        if let Err(error) = shop.upstream.write_down_notes().await {
            tracing::debug!(%error, "what eSIMDual's documents do not say was not written down; trying again");
        }
    }
}
