//! The long run: thousands of units bought on two nodes while three in ten calls fail, webhooks are lost, doubled and
//! reordered, nodes are killed and PostgreSQL is restarted; then everything heals, and not a cent may be adrift.

mod cluster;
mod dice;
mod nodes;
mod report;
mod shoppers;
mod weather;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rust_decimal::Decimal;
use simfront::ground::Clock;
use simfront::sandbox::{self, Running, Settings};
use sqlx::PgPool;
use time::OffsetDateTime;

use self::cluster::{Cluster, End};
use self::dice::Dice;
use self::nodes::Nodes;
use self::shoppers::{Shoppers, plan};
use crate::journey::hurry;
use crate::post_office::PostOffice;
use crate::stripe::{self, Stripe};
use crate::trap::Trap;

/// What the wallet opens with: more than any run spends.
const WALLET: i64 = 10_000_000;
const A_LOOK: Duration = Duration::from_millis(250);
/// Without one more unit at its end for so long, the run is stuck.
const PATIENCE: Duration = Duration::from_secs(180);
/// So long a finding may take to close by itself: long books are matched less often.
const BOOKS: Duration = Duration::from_secs(180);
/// How long the upstream owes an eSIM that only somebody's hand gives out.
const OWED: time::Duration = time::Duration::seconds(4);

/// What strikes the machines.
#[derive(Clone, Copy, Debug)]
enum Blow {
    Kill(usize),
    Postgres(End),
}

/// When blows fall, counted in units that are final: evenly spread, each drawn from the seed.
fn blows(seed: u64, units: u64) -> Vec<(u64, Blow)> {
    let mut dice = Dice::of(seed, 1);
    let number = (units / 50).clamp(8, 400);
    let drawn = (1..=number).map(|n| {
        let blow = match dice.below(10) {
            0 => Blow::Postgres(End::Immediate),
            1 => Blow::Postgres(End::Fast),
            _ => Blow::Kill(usize::try_from(dice.below(2)).unwrap()),
        };
        (n * units / (number + 1), blow)
    });
    let mut drawn: Vec<_> = drawn.collect();
    // However few there are, each kind is among them.
    for (at, blow) in [(1, Blow::Postgres(End::Immediate)), (3, Blow::Postgres(End::Fast))] {
        drawn[at].1 = blow;
    }
    drawn
}

/// How often each blow fell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fallen {
    pub kills: u32,
    pub immediate: u32,
    pub fast: u32,
}

/// Buys so many units in the storm, heals, and judges. Panics where a promise was broken; the report is written before.
pub async fn run(seed: u64, units: u64) {
    let began = Instant::now();
    let mut cluster = Cluster::start().await;
    let post = PostOffice::open(Trap::default()).await;
    let upstream =
        Settings { packages: 20, balance: WALLET.into(), webhook_tries: 4, ..Settings::for_tests() };
    let sandbox = sandbox::start(upstream).await.unwrap();
    let stripe = Stripe::start(Clock::running(OffsetDateTime::now_utc())).await;
    let outside = Outside { sandbox, stripe, post };
    let Outside { sandbox, stripe, .. } = &outside;
    let database = cluster.url.clone();
    let mut nodes = Nodes::start(|url| settings(url, &database, &outside)).await;
    sandbox.set_webhook_url(Some(format!("{}/webhooks/esimdual", nodes.door.url)));
    stripe.post_events_to(format!("{}/webhooks/stripe", nodes.door.url));

    let packages: Vec<i64> = sqlx::query_scalar("select id from packages order by id limit 6")
        .fetch_all(&cluster.pool)
        .await
        .unwrap();
    let orders = plan(seed, units, &packages);
    let planned = orders.len();
    weather::storm(sandbox, seed);
    stripe.set_weather(Some(weather::at_the_bank(seed)));
    let mut shoppers = Shoppers::go(&nodes.door.url, orders);
    let mut fallen = Fallen::default();
    let (mut coming, mut looked) = (blows(seed, units).into_iter().peekable(), Instant::now());
    let mut progress = Progress::new();
    while (!shoppers.buying.is_empty() || coming.peek().is_some()) && !progress.stuck() {
        tokio::time::sleep(A_LOOK).await;
        while let Some(bought) = shoppers.buying.try_join_next() {
            bought.expect("customers get through");
        }
        nodes.look_after();
        if looked.elapsed() > Duration::from_secs(2) {
            looked = Instant::now();
            weather::hand_out(sandbox, OWED);
        }
        let Some((done, open)) = standing(&cluster.pool).await else { continue };
        shoppers.open.store(open, Ordering::Relaxed);
        progress.note(done, open);
        if coming.peek().is_some_and(|(at, _)| *at <= done) {
            let (_, blow) = coming.next().expect("it was seen");
            strike(blow, &mut nodes, &mut cluster, &mut fallen).await;
        }
    }
    let stormed = began.elapsed();
    sandbox.clear_faults();
    stripe.set_weather(None);
    let rested = heal(&mut nodes, &cluster.pool, &outside, &mut progress).await;
    let bill = report::Bill { seed, units, planned, stormed, took: began.elapsed(), fallen, rested };
    let verdict = report::write(&bill, &cluster.pool, &outside, nodes.ended_by_themselves).await;
    assert!(verdict.is_empty(), "seed {seed}, {units} units:\n{}", verdict.join("\n"));
    nodes.stop().await;
    outside.sandbox.stop().await;
    cluster.stop().await;
}

/// Everybody whom the nodes ask.
pub struct Outside {
    sandbox: Running,
    stripe: Stripe,
    post: PostOffice,
}

fn settings(url: &str, database: &str, outside: &Outside) -> Vec<(&'static str, String)> {
    let Outside { sandbox, stripe, post } = outside;
    let upstream = sandbox.settings();
    let settings = [
        ("SECRET_KEY", "a key that is long enough for tests"),
        ("PUBLIC_URL", url),
        ("SMTP_URL", &post.url()),
        ("DATABASE_URL", database),
        ("ESIMDUAL_BASE_URL", &sandbox.base_url()),
        ("ESIMDUAL_EMAIL", &upstream.email),
        ("ESIMDUAL_PASSWORD", &upstream.password),
        ("ESIMDUAL_WEBHOOK_SECRET", &upstream.webhook_secret),
        ("ESIMDUAL_REQUESTS_PER_MINUTE", "100000"),
        ("ESIMDUAL_TIMEOUT_SECONDS", "1"),
        ("ESIMDUAL_REST_SECONDS", "1"),
        ("ESIMDUAL_LOGIN_PAUSE_SECONDS", "1"),
        ("DOUBT_SETTLING_SECONDS", "1"),
        ("RECONCILE_INTERVAL_SECONDS", "1"),
        ("JOB_LEASE_SECONDS", "3"),
        ("PAYMENT_METHODS", "test,stripe"),
        ("STRIPE_SECRET_KEY", stripe::KEY),
        ("STRIPE_WEBHOOK_SECRET", stripe::SECRET),
        ("STRIPE_API_BASE", &stripe.base),
        ("STRIPE_TIMEOUT_SECONDS", "1"),
        ("RATE_LIMITS", "off"),
    ];
    settings.map(|(name, value)| (name, value.to_owned())).into()
}

/// How many units are final, and how many paid ones are not; nothing while the database is away.
async fn standing(pool: &PgPool) -> Option<(u64, usize)> {
    let read = "select count(*) filter (where u.status in ('completed', 'failed')),
                       count(*) filter (where u.status not in ('completed', 'failed'))
                from units u";
    let (done, open): (i64, i64) = sqlx::query_as(read).fetch_one(pool).await.ok()?;
    Some((u64::try_from(done).ok()?, usize::try_from(open).ok()?))
}

async fn strike(blow: Blow, nodes: &mut Nodes, cluster: &mut Cluster, fallen: &mut Fallen) {
    match blow {
        Blow::Kill(node) => {
            fallen.kills += 1;
            nodes.kill(node).await;
        }
        Blow::Postgres(end) => {
            match end {
                End::Immediate => fallen.immediate += 1,
                End::Fast => fallen.fast += 1,
            }
            cluster.restart(end).await;
        }
    }
}

/// Tells now and then how far it is, and whether it is stuck.
struct Progress {
    begun: Instant,
    told: Instant,
    moved: Instant,
    last: (u64, usize),
}

impl Progress {
    fn new() -> Self {
        let now = Instant::now();
        Self { begun: now, told: now, moved: now, last: (0, 0) }
    }

    fn note(&mut self, done: u64, open: usize) {
        if self.last != (done, open) {
            (self.last, self.moved) = ((done, open), Instant::now());
        }
        if self.told.elapsed() > Duration::from_secs(20) {
            self.told = Instant::now();
            println!("after {} s: {done} units final, {open} open", self.begun.elapsed().as_secs());
        }
    }

    fn stuck(&self) -> bool {
        self.moved.elapsed() > PATIENCE
    }
}

/// Waits until nobody has anything to do any more; false where that does not come.
async fn heal(nodes: &mut Nodes, pool: &PgPool, outside: &Outside, progress: &mut Progress) -> bool {
    nodes.ready().await;
    progress.moved = Instant::now();
    let owing = "select (select count(*) from orders where status in ('awaiting_payment', 'processing'))
                      + (select count(*) from refunds where status = 'pending')
                      + (select count(*) from mails where sent_at is null)
                      + (select count(*) from webhook_deliveries where status = 'received')
                      + (select count(*) from payments p
                         where p.status = 'paid' and not p.counted and p.refunded_minor < p.amount_minor)";
    loop {
        nodes.look_after();
        weather::hand_out(&outside.sandbox, time::Duration::ZERO);
        if let Ok(mut conn) = pool.acquire().await {
            hurry(&mut conn).await;
        }
        if let (Some((done, _)), Ok(owed)) =
            (standing(pool).await, sqlx::query_scalar::<_, i64>(owing).fetch_one(pool).await)
        {
            progress.note(done, usize::try_from(owed).unwrap());
            if owed == 0 && !outside.stripe.is_telling() {
                books_settle(nodes, pool).await;
                return true;
            }
        }
        if progress.stuck() {
            return false;
        }
        tokio::time::sleep(A_LOOK * 2).await;
    }
}

/// Waits until the ledgers were matched by a reading of the wallet from after the rest, and by what is old enough to be
/// judged; and, for a while, until what was found in the storm has closed by itself.
async fn books_settle(nodes: &mut Nodes, pool: &PgPool) {
    let read = "select (select count(*)
                        from ledger_matching m, wallet_reading w
                        where w.asked_at > $1 and m.matched_at > w.read_at) = 1
                       and not exists (select from ledger_findings where closed_at is null)";
    // Two seconds after the rest, a purchase of its last moment is old enough for both lists.
    let old_enough = OffsetDateTime::now_utc() + time::Duration::seconds(3);
    let began = Instant::now();
    while began.elapsed() < BOOKS {
        nodes.look_after();
        if sqlx::query_scalar(read).bind(old_enough).fetch_one(pool).await.unwrap_or(false) {
            return;
        }
        tokio::time::sleep(A_LOOK).await;
    }
}

/// What the sandbox's wallet opened with.
fn opening() -> Decimal {
    WALLET.into()
}
