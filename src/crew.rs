//! Collects every room's jobs, and puts workers to them.

use std::time::Duration;

use crate::checkout;
use crate::inbox;
use crate::ledgers;
use crate::payments::{self, Providers};
use crate::plumbing::bell::Ring;
use crate::plumbing::jobs::{self, Crew, Kind, Rhythm, Stop, Verdict, run};
use crate::plumbing::mailer::SEND_MAIL;
use crate::shop::Shop;
use crate::supply;
use crate::wallet;

/// How many jobs that ask the upstream one node runs at once: few enough for two cores.
const WORKERS: usize = 4;
/// Those that work on what the database has already, and ask nobody: an upstream that does not answer holds up no webhook.
const SHORT_WORKERS: usize = 2;
/// What they do.
const SHORT: [&str; 2] = [inbox::DELIVERY, checkout::SWEEP];
/// Those that ask whoever holds the money: a payment provider that does not answer holds up no delivery.
const MONEY_WORKERS: usize = 2;
/// What they do.
const MONEY: [&str; 2] = [payments::SEND_REFUND, payments::LOOK];
/// Those that send mail, and nothing else: a mail server that does not answer holds up no delivery, and an upstream that
/// does not answer holds up no mail.
const MAIL_WORKERS: usize = 2;
/// How often a worker looks by itself when no bell rings.
const POLL: Duration = Duration::from_secs(2);

/// The crew of a shop, with every kind of job.
pub fn crew(shop: &Shop) -> Crew<Shop> {
    let mut kinds = checkout::kinds();
    kinds.extend(payments::kinds());
    kinds.extend(supply::kinds());
    kinds.extend([wallet::kind(), ledgers::kind(), deliveries(), mails()]);
    Crew {
        context: shop.clone(),
        kinds,
        db: shop.db.clone(),
        clock: shop.clock.clone(),
        entropy: shop.entropy.clone(),
        bell: shop.bell.clone(),
    }
}

/// Makes sure that the jobs which come back by themselves are there, and works until it is told to stop.
pub async fn work(shop: Shop, told: Stop) {
    while let Err(error) = start_rounds(&shop).await {
        tracing::warn!(%error, "the recurring jobs could not be written; trying again");
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
            () = told.stop.cancelled() => return,
        }
    }
    let lane = |workers, of: fn(&str) -> bool| {
        let mut crew = crew(&shop);
        crew.kinds.retain(|kind| of(kind.name));
        crew.work(Rhythm { lease: shop.settings.times.job_lease, poll: POLL, workers }, told.clone())
    };
    tokio::join!(
        lane(WORKERS, |kind| kind != SEND_MAIL && !SHORT.contains(&kind) && !MONEY.contains(&kind)),
        lane(MONEY_WORKERS, |kind| MONEY.contains(&kind)),
        lane(SHORT_WORKERS, |kind| SHORT.contains(&kind)),
        lane(MAIL_WORKERS, |kind| kind == SEND_MAIL),
    );
}

/// Asks now for a sync, a sweep, a reading of the wallet and a matching of the ledgers; all of them come back by themselves
/// from then on.
///
/// # Errors
/// The database's.
pub async fn start_rounds(shop: &Shop) -> sqlx::Result<()> {
    let mut tx = shop.db.begin().await?;
    let now = shop.now();
    let rounds =
        [supply::sync_job(now), checkout::sweep_job(now), wallet::read_job(now), ledgers::match_job(now)];
    for job in rounds {
        jobs::enqueue(&mut tx, &job, now).await?;
    }
    tx.commit().await
}

fn deliveries() -> Kind<Shop> {
    Kind {
        name: inbox::DELIVERY,
        run: |shop, payload| {
            run(async move {
                let (verdict, order) =
                    inbox::work(&shop.db, Providers::of_shop(&shop), shop.now(), &payload).await?;
                Ok(told(&shop, verdict, order))
            })
        },
        // What was acknowledged is worked on. A delivery that never can be ends by itself, for staff to see.
        give_up_after: None,
    }
}

fn mails() -> Kind<Shop> {
    Kind {
        name: SEND_MAIL,
        run: |shop, payload| run(async move { shop.mailer.send_job(&shop.db, shop.now(), &payload).await }),
        // A day and a half of tries.
        give_up_after: Some(400),
    }
}

/// Rings for the order that a job changed.
fn told(shop: &Shop, verdict: Verdict, order: Option<i64>) -> Verdict {
    if let Some(order) = order {
        shop.bell.ring(Ring::Thing(order));
        shop.bell.ring(Ring::Jobs);
    }
    verdict
}
